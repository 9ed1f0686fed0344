"""What all sections are made of: a heading with a note, tables that keep their meaning on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One section of the page and its place in the list of contents."""

    slug: str
    title: str
    html: str


def part(slug: str, title: str, note: str, body: str) -> Part:
    """A section; all three texts are HTML already."""
    words = f'<p class="note">{note}</p>' if note else ""
    html = (
        f'<section aria-labelledby="{slug}"><h2 id="{slug}">{title}</h2>{words}{body}</section>\n'
    )
    return Part(slug, title, html)


def cell(html: str, css: str = "", *, span: int = 1) -> str:
    """A cell. The roles are said because a phone's layout would take them away."""
    wide = f' colspan="{span}"' if span > 1 else ""
    return f'<td role="cell"{_class(css)}{wide}>{html}</td>'


def row(header: str, cells: Sequence[str], css: str = "") -> str:
    """A row with its header."""
    return (
        f'<tr role="row"{_class(css)}><th role="rowheader" scope="row">{header}</th>'
        f"{''.join(cells)}</tr>"
    )


def table(css: str, heads: Sequence[str], rows: Sequence[str], *, label: str) -> str:
    """A table with column headers; `label` names it for those who hear the page."""
    head = "".join(f'<th role="columnheader" scope="col">{text}</th>' for text in heads)
    return (
        f'<table role="table" class="{css}" aria-label="{label}"><thead role="rowgroup">'
        f'<tr role="row">{head}</tr></thead><tbody role="rowgroup">{"".join(rows)}</tbody></table>'
    )


def scrolling(html: str, label: str) -> str:
    """What may be wider than a phone scrolls in a box of its own, by keyboard too."""
    return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">{html}</div>'


def beside(words: str, picture: str) -> str:
    """Words and their picture, side by side where there is room."""
    return f'<div class="beside"><div>{words}</div><figure>{picture}</figure></div>'


def folded(summary: str, html: str) -> str:
    """Opens on a click, without a script; paper shows it open."""
    return f"<details><summary>{summary}</summary>{html}</details>"


def small(html: str) -> str:
    """A second line, if there is one."""
    return f"<small>{html}</small>" if html else ""


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""

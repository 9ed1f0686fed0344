"""Top and bottom of the page: the verdict, what to know before the figures, how to repeat the run."""

from __future__ import annotations

from collections.abc import Sequence

from deepen.report.data import Notice, Report
from deepen.report.parts import Part
from deepen.report.text import counted, named, shown, unbroken

MOST_NOTICES = 12
LONGEST_SENTENCE = 1200
LONGEST_COMMAND = 2000


def head(report: Report, parts: Sequence[Part]) -> str:
    """The verdict first, then warnings, facts and the list of contents."""
    lead, _, rest = report.sentence.partition(". ")
    lead = lead if not rest else lead + "."
    rest_html = f'<p class="rest">{shown(rest, LONGEST_SENTENCE)}</p>' if rest else ""
    facts = "".join(
        f"<li>{shown(name, 80)} <b>{shown(value, 80)}</b></li>"
        for name, value in report.facts.items()
    )
    links = "".join(f'<li><a href="#{part.slug}">{part.title}</a></li>' for part in parts)
    return (
        f'<header><p class="kicker">deepen ladder</p><h1>{named(report.title)}</h1>'
        f'<div class="verdict{" open" if report.is_open else ""}">'
        f'<p class="lead">{shown(lead, LONGEST_SENTENCE)}</p>{rest_html}</div>'
        f'{_notices(report.notices)}<ul class="facts">{facts}</ul>'
        f'<nav aria-label="Contents"><ul>{links}</ul></nav></header>'
    )


def _notices(notices: Sequence[Notice]) -> str:
    """Serious ones first, each kind beside its text."""
    if not notices:
        return ""
    in_order = sorted(notices, key=lambda notice: not notice.is_serious)
    items = [
        f'<li class="{"serious" if n.is_serious else "mild"}"><b>{shown(n.kind, 60)}</b>'
        f"<span>{unbroken(shown(n.text, 600))}</span></li>"
        for n in in_order[:MOST_NOTICES]
    ]
    if rest := len(in_order) - len(items):
        items.append(
            f'<li class="mild"><b>More</b><span>{counted(rest, "warning")} in ladder.json.</span></li>'
        )
    return f'<ul class="notices" aria-label="Warnings">{"".join(items)}</ul>'


def foot(report: Report) -> str:
    """What it takes to repeat the run."""
    rows = "".join(
        f"<dt>{shown(name, 80)}</dt><dd><code>{unbroken(shown(value, LONGEST_COMMAND))}</code></dd>"
        for name, value in report.footer.items()
    )
    return f"<footer><dl>{rows}</dl></footer>"

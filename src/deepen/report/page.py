"""The page made of a report: one file, no script, nothing fetched, below 1 MB for any table."""

from __future__ import annotations

import base64
import hashlib

from deepen.report import comparison, curves, diagnosis, explanation, pretrained, table_of_columns
from deepen.report.data import Limits, Report
from deepen.report.head import foot, head
from deepen.report.parts import Part
from deepen.report.style import STYLE
from deepen.report.text import shown

LARGEST_PAGE = 950_000  # bytes


def content_policy(style: str = STYLE) -> str:
    """Nothing but this very style and pictures inside the page: no script at all, no address."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def render(report: Report) -> str:
    """The whole page as one text, under 1 MB for any table.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        HTML without scripts and without addresses to fetch. Lists that would make it too large
        are cut further, and the page says by how much.

    Examples
    --------
    >>> from deepen.report import RungRow
    >>> row = RungRow("linear", "3 %", "2 to 4 %", 0.03, (0.02, 0.04), [0.03], "", "", "1 s")
    >>> report = Report("<b>", "Fine.", False, "error", 0.01, "1 point", {}, [row])
    >>> page = render(report)
    >>> "<h1><b>" in page, "<h1>&lt;b&gt;" in page
    (False, True)
    """
    limits = Limits()
    page = _page(report, limits)
    while len(page.encode()) > LARGEST_PAGE and limits.columns > 1:
        limits = limits.halved()
        page = _page(report, limits)
    return page


def _page(report: Report, limits: Limits) -> str:
    parts = parts_of(report, limits)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        # An icon in the page, so that a browser asks nobody for one.
        '<link rel="icon" href="data:,">\n'
        f"<title>{shown(report.title, 120)} \N{MIDDLE DOT} deepen ladder</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{head(report, parts)}\n<main>\n{''.join(part.html for part in parts)}</main>\n"
        f"{foot(report)}\n</body>\n</html>\n"
    )


def parts_of(report: Report, limits: Limits) -> list[Part]:
    """The sections that have something to show, from top to bottom."""
    parts = [
        comparison.ladder(report),
        comparison.differences(report),
        curves.learning_curves(report, limits),
        curves.labels(report),
        diagnosis.mistakes_by_class(report, limits),
        diagnosis.calibration(report),
        diagnosis.threshold(report),
        explanation.importances(report, limits),
        explanation.worst_mistakes(report, limits),
        explanation.first_layer(report, limits),
        pretrained.layers(report, limits),
        table_of_columns.columns(report, limits),
        table_of_columns.rows_used(report),
    ]
    return [part for part in parts if part is not None]

"""The report as plain data, and the page made of it; every text is escaped on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from deepen.report import sections
from deepen.report.style import STYLE

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; "
CONTENT_POLICY += "img-src data:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class RungRow:
    """One rung: words for the table, numbers for the picture."""

    title: str
    loss: str
    interval: str
    mean: float
    ends: tuple[float, float]
    scores: Sequence[float]
    gain: str
    outcome: str
    effort: str
    is_chosen: bool = False
    remark: str = ""
    is_compared: bool = True


@dataclass(frozen=True)
class GainRow:
    """One comparison of two rungs."""

    candidate: str
    reference: str
    gain: str
    interval: str
    mean: float
    ends: tuple[float, float]
    outcome: str
    smallest_gap: str


@dataclass(frozen=True)
class ColumnRow:
    """What was found in a column and what became of it."""

    name: str
    kind: str
    treatment: str
    reason: str


@dataclass(frozen=True)
class Report:
    """Everything that the page shows.

    Parameters
    ----------
    title, sentence : str
        Name of the data; the verdict in words.
    is_open : bool
        Whether the verdict is that the rows cannot tell.
    metric : str
        Name of the loss with its unit.
    min_gain, min_gain_text : float, str
        The least gain that counts.
    reference : str
        Title of the rung over which the first table's gains are.
    facts : mapping of str to str
        Short facts under the verdict.
    warnings : sequence of str
        Said above the tables.
    rungs, gains, columns : sequences of rows
    curves : mapping of str to list of dict
        Learning curves by rung title.
    targets, predictions : array-like or None
        Test rows of the chosen rung.
    is_classification : bool
    chosen_title : str
    footer : mapping of str to str
        Seed, versions, hash, command.
    """

    title: str
    sentence: str
    is_open: bool
    metric: str
    min_gain: float
    min_gain_text: str
    reference: str
    facts: Mapping[str, str]
    rungs: Sequence[RungRow]
    gains: Sequence[GainRow] = ()
    columns: Sequence[ColumnRow] = ()
    curves: Mapping[str, Sequence[Mapping[str, Sequence[float]]]] = field(default_factory=dict)
    targets: Any = None
    predictions: Any = None
    is_classification: bool = True
    chosen_title: str = ""
    warnings: Sequence[str] = ()
    footer: Mapping[str, str] = field(default_factory=dict)


def render(report: Report) -> str:
    """The whole page as one text, under 1 MB for any table.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        HTML without scripts and without addresses to fetch.

    Examples
    --------
    >>> row = RungRow("linear", "3 %", "2 to 4 %", 0.03, (0.02, 0.04), [0.03], "", "", "1 s")
    >>> report = Report("<b>", "Fine.", False, "error", 0.01, "1 point", "linear", {}, [row])
    >>> page = render(report)
    >>> "<b>" in page.split("<header>")[1].split("</header>")[0], "&lt;b&gt;" in page
    (False, True)
    """
    parts = [
        sections.rungs(report),
        sections.gains(report),
        sections.curves(report),
        sections.mistakes(report),
        sections.columns(report),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)} \N{MIDDLE DOT} deepen ladder</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{sections.head(report)}\n<main>\n{''.join(parts)}</main>\n{sections.foot(report)}\n</body>\n</html>\n"
    )

"""What was found in each column, what became of it, and which rows did what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from deepen.report.data import ColumnRow, Limits, Report
from deepen.report.parts import Part, cell, folded, part, row, table
from deepen.report.text import counted, named, shown

OPEN_UP_TO = 25  # columns; a longer table is folded away
LEFT_OUT = "left out"


def columns(report: Report, limits: Limits) -> Part | None:
    """Those left out always in sight; a long table folded."""
    if not report.columns:
        return None
    n, left_out = len(report.columns), [c for c in report.columns if c.treatment == LEFT_OUT]
    body = f'<p class="answer">{_summary(report.columns)}</p>'
    if n <= OPEN_UP_TO:
        body += _table(report.columns, "All columns")
    else:
        half = max(1, limits.columns // 2)
        used = [c for c in report.columns if c.treatment != LEFT_OUT]
        if used and left_out:
            body += _table(left_out[:half], "Columns left out") + _rest(left_out, half, "left out")
        rest, what = (used, "used") if used else (left_out, "left out")
        some = rest[: limits.columns - (min(len(left_out), half) if used else 0)]
        count = counted(len(rest), "column")
        summary = count if len(some) == len(rest) else f"{len(some):,} of {count}"
        body += folded(
            f"{summary} {what}", _table(some, f"Columns {what}") + _rest(rest, len(some), what)
        )
    note = (
        "Types come from all labelled rows; means, medians and categories from training rows only."
    )
    if any(column.flag for column in report.columns):
        note += " Where a type is wrong, the flag in the last column sets it."
    return part("columns", "Columns", note, body)


def _summary(found: Sequence[ColumnRow]) -> str:
    """What all columns are, in words, commonest first; those left out by themselves."""
    used = Counter(c.kind for c in found if c.treatment != LEFT_OUT)
    left_out = Counter(c.kind for c in found if c.treatment == LEFT_OUT)
    words = [
        ", ".join(f"{n:,} {shown(kind, 30)}" for kind, n in kinds.most_common())
        for kinds in (used, left_out)
    ]
    said = f"{counted(len(found), 'column')}: {words[0] or 'none used'}"
    return f"{said}; left out: {words[1]}." if left_out else f"{said}."


def _table(found: Sequence[ColumnRow], label: str) -> str:
    has_flags = any(c.flag for c in found)
    rows = [
        row(named(c.name), [
            cell(shown(c.kind, 40), "kind"),
            cell(shown(c.treatment, 120), "out" if c.treatment == LEFT_OUT else ""),
            cell(shown(c.reason, 200), "reason"),
            *([cell(f"<code>{shown(c.flag, 120)}</code>" if c.flag else "")] if has_flags else []),
        ])
        for c in found
    ]  # fmt: skip
    heads = ["column", "type", "treatment", "reason", *(["to override"] if has_flags else [])]
    return table("columns", heads, rows, label=label)


def _rest(found: Sequence[ColumnRow], n_shown: int, what: str) -> str:
    rest = len(found) - n_shown
    if rest <= 0:
        return ""
    return f'<p class="note">and {counted(rest, "more column")} {what}, listed in ladder.json.</p>'


def rows_used(report: Report) -> Part | None:
    """Which rows trained, tuned, stopped and judged."""
    if not report.rows_used:
        return None
    rows = [
        row(shown(use.name, 80), [
            cell(shown(use.count, 80), "number"),
            cell(shown(use.purpose), "reason"),
        ])
        for use in report.rows_used
    ]  # fmt: skip
    note = "No row stands in two of the parts of one repeat."
    body = table("rows", ["part", "rows", "what for"], rows, label="Which rows did what")
    return part("rows", "Which rows did what", note, body)

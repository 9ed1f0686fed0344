"""What is known of the chosen rung beside its loss, in words for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepen.datasets.task import FEW_ROWS
from deepen.model_selection.calibration import CalibrationBin
from deepen.model_selection.figures import show, show_interval
from deepen.report import (
    Calibration,
    ImportanceRow,
    LabelCurve,
    LabelLine,
    MistakeRow,
    Threshold,
)
from deepen.report import CalibrationBin as Bin

if TYPE_CHECKING:
    from deepen.model_selection.ladder import Ladder

NAMES_SHOWN = 3
LOW, HIGH = 0.005, 0.995  # shares beyond are not shown as 0 or 100 %
LONGEST_IN_FULL = 1e15  # from here on a power of ten says more
LEAST_WITH_MARKS = 1e4


def label_curve(ladder: Ladder) -> LabelCurve | None:
    """Loss against labels: the chosen rung first, whose answer is the words."""
    curves = ladder.findings_.label_curves
    if not curves:
        return None
    lines = [
        LabelLine(
            curve.title,
            [point.n_labels for point in curve.points],
            [point.mean for point in curve.points],
            [point.interval[0] for point in curve.points],
            [point.interval[1] for point in curve.points],
        )
        for curve in curves
    ]
    words = _together([curve.sentence for curve in curves])
    first = ladder.findings_.pretraining_by_labels
    return LabelCurve(lines, f"{first} {words}" if first else words)


def _together(sentences: Sequence[str]) -> str:
    """Sentences with the same answer as one: what stands before the colon is said once."""
    changes: dict[str, list[str]] = {}
    for sentence in sentences:
        answer, _, change = sentence.removesuffix(".").partition(": ")
        changes.setdefault(answer, []).append(change)
    found = [": ".join([answer, "; ".join(part)] if any(part) else [answer])
             for answer, part in changes.items()]  # fmt: skip
    return " ".join(f"{text}." for text in found)


def importance_rows(ladder: Ladder) -> list[ImportanceRow]:
    """Loss added by shuffling, each rounded to its interval."""
    metric, rows = ladder.metric_, []
    for found in ladder.findings_.importances:
        low, high = found.interval
        loss = show(found.mean, (high - low) / 2, metric, is_gain=True)
        interval = show_interval(low, high, metric, is_gain=True)
        if low == high == 0:
            loss, interval = "nothing", ""  # no prediction changed
        rows.append(ImportanceRow(found.columns, loss, interval, found.mean, (low, high)))
    return rows


def importance_words(rows: Sequence[ImportanceRow]) -> str:
    """Which columns surely matter, the first ones by name."""
    if not rows:
        return ""
    sure = [row for row in rows if row.ends[0] > 0]
    if not sure:
        return (
            "No column is shown to matter by itself: the others make up for any one of them, or none of "
            "them tells anything."
        )
    names = [" with ".join(map(_short, row.names[:2])) for row in sure[:NAMES_SHOWN]]
    joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    verb = "matters" if len(sure) == 1 else "matter"
    if len(sure) <= NAMES_SHOWN:
        return f"{joined} surely {verb}; of the rest it is not shown."
    return f"{joined} matter most, of {len(sure):,} that surely matter."


def importance_map(ladder: Ladder, shape: tuple[int, int] | None) -> NDArray[np.float64] | None:
    """Importances at their pixels, where rows are pictures; pixels that go together share theirs."""
    found = ladder.findings_.importances
    if shape is None or not found:
        return None
    means = {name: one.mean for one in found for name in one.columns}
    values = [means.get(str(name), 0.0) for name in ladder.feature_names_in_]
    return np.array(values).reshape(shape)


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "\N{HORIZONTAL ELLIPSIS}"


def mistake_rows(ladder: Ladder, shape: tuple[int, int] | None) -> list[MistakeRow]:
    """Rows with the columns that matter most first, or as pictures of `shape`."""
    table = ladder.mistake_rows_
    names, cells = _cells(table)
    order = _by_importance(ladder, names)
    # One scale of grey for all of them.
    low, span = 0.0, 1.0
    if shape is not None and len(cells):
        pixels = np.asarray(table, dtype=np.float64)
        low, span = float(np.nanmin(pixels)), float(np.nanmax(pixels) - np.nanmin(pixels)) or 1.0
    rows = []
    for found, values in zip(ladder.findings_.mistakes, cells, strict=True):
        picture = None
        if shape is not None:
            picture = ((np.asarray(values, dtype=np.float64) - low) / span).reshape(shape)
        rows.append(
            MistakeRow(
                str(found.row),
                _value(found.target),
                _value(found.predicted),
                _how_wrong(found),
                [] if shape is not None else [(names[i], _value(values[i])) for i in order],
                picture,
            )
        )
    return rows


def _cells(table: Any) -> tuple[list[str], list[Sequence[Any]]]:
    if hasattr(table, "columns"):
        return [str(name) for name in table.columns], list(table.itertuples(index=False, name=None))
    return [f"column {i}" for i in range(table.shape[1])], list(np.asarray(table))


def _by_importance(ladder: Ladder, names: Sequence[str]) -> list[int]:
    """Places of the columns: what names the row, the most important ones, those that no model saw."""
    rank = {
        name: place
        for place, found in enumerate(ladder.findings_.importances)
        for name in found.columns
    }
    unused = {str(c.name): c.kind for c in ladder.columns_ if c.treatment == "left out"}
    last = len(names)

    def place(i: int) -> tuple[bool, bool, int]:
        kind = unused.get(names[i], "")
        return kind != "id", bool(kind), rank.get(names[i], last)

    return sorted(range(len(names)), key=place)


def _value(value: Any) -> str:
    if isinstance(value, float | np.floating):
        if math.isnan(value):
            return ""
        return _amount(float(value), "", 5)
    # A time of midnight is no time: a column of dates holds days.
    return "" if value is None else str(value).removesuffix(" 00:00:00")


def _amount(value: float, sign: str, n_figures: int) -> str:
    """A number to some figures; a large one in full, and not as a power of ten."""
    text = f"{value:{sign}.{n_figures}g}"
    if not sign and value.is_integer() and abs(value) < LONGEST_IN_FULL:
        # As it stands in the table; what may be a year has no mark of thousands.
        text = f"{value:.0f}" if abs(value) < LEAST_WITH_MARKS else f"{value:,.0f}"
    elif "e+" in text and abs(value) < LONGEST_IN_FULL:
        text = f"{float(text):{sign},.0f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _how_wrong(found: Any) -> str:
    if found.probability is None:
        error = float(found.target) - float(found.predicted)
        return f"off by {_amount(error, '+', 3)}"
    return f"{_share(found.probability)} sure"


def _share(share: float) -> str:
    if share < LOW or share > HIGH:
        return "under 1 %" if share < LOW else "over 99 %"
    return f"{100 * share:.0f} %"


def calibration(ladder: Ladder) -> Calibration | None:
    """The bins with what is surely off."""
    bins = ladder.findings_.calibration
    if not bins:
        return None
    off = [b for b in bins if not b.lower <= b.predicted <= b.upper]
    error = ladder.findings_.calibration_error
    named = (
        f" of \N{LEFT DOUBLE QUOTATION MARK}{_short(found.label)}\N{RIGHT DOUBLE QUOTATION MARK}"
        if (found := ladder.findings_.threshold)
        else ""
    )
    words = f"Its probabilities{named} are {100 * error:.2g} points off on average"
    if not off:
        words += ", in no group by more than chance."
    else:
        worst = max(off, key=lambda b: abs(b.predicted - b.observed))
        words += (
            f", in {len(off)} of {len(bins)} groups by more than chance. Where it says "
            f"{_share(worst.predicted)}, {_share(worst.observed)} come true ({_ends(worst)})."
        )
    return Calibration([Bin(b.predicted, b.observed, (b.lower, b.upper), b.n) for b in bins], words)


def _ends(found: CalibrationBin) -> str:
    return f"{_share(found.lower).removesuffix(' %')} to {_share(found.upper)}"


def how_to_say(value: float) -> str:
    """What has the model say a class from this probability on."""
    return f"deepen predict and evaluate do so with --threshold {value:.2g}."


def threshold(ladder: Ladder) -> Threshold | None:
    """Precision and recall with the chosen threshold, where two classes are uneven."""
    found = ladder.findings_.threshold
    if found is None or min(found.base_rate, 1 - found.base_rate) > FEW_ROWS:
        return None
    recall, precision = found.at
    words = (
        f"Say \N{LEFT DOUBLE QUOTATION MARK}{_short(found.label)}\N{RIGHT DOUBLE QUOTATION MARK} from a "
        f"probability of {found.value:.2g} on: balanced error {100 * found.balanced_error:.2g} %, "
        f"{100 * found.balanced_error_at_half:.2g} % at 0.5. "
    )
    if found.balanced_error >= found.balanced_error_at_half:
        words = f"{words.rstrip()[:-1]}, which serves as well. "
    if math.isfinite(precision):
        words += (
            f"It finds {_share(recall)} of them, and {_share(precision)} of its calls are right."
        )
    if found.balanced_error < found.balanced_error_at_half:
        words = f"{words.rstrip()} {how_to_say(found.value)}"
    at = found.at if math.isfinite(precision) else None
    return Threshold(found.label, found.recall, found.precision, found.base_rate, words, at)

"""How the chosen rung goes wrong: confusion matrix or residuals, calibration, threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepen.report.chart import Chart, Span, key
from deepen.report.data import Limits, Report
from deepen.report.parts import Part, beside, cell, part, row, scrolling, table
from deepen.report.text import capital, counted, named, shown

MOST_CLASSES = 15
SHADES = 20  # steps of the matrix's colour
CURVE_POINTS = 120
N_FARTHEST = 10  # residuals that no draw of rows leaves out
HUNDREDS = 100.0  # in which a figure of three digits has no decimals
CORNER = 0.4  # above it, both axes of a calibration begin later than at 0


def mistakes_by_class(report: Report, limits: Limits) -> Part | None:
    """Confusion matrix, or residuals, of the chosen rung on its verdict rows."""
    if report.targets is None or not len(report.targets):
        return None
    who = f"{shown(capital(report.chosen_title), 80)}, verdict rows of all repeats together"
    if report.is_classification:
        note = f"{who}. Percent of each true class; each line adds up to 100."
        matrix = scrolling(_matrix(report), "Confusion matrix")
        return part("confusion", "Which class is taken for which", note, matrix)
    picture, n_shown, beyond = _residuals(report, limits.residuals)
    n = len(report.targets)
    share = f"; {n_shown:,} of {n:,} are drawn" if n_shown < n else ""
    note = f"{who}{share}. Above zero the prediction was too low.{beyond}"
    return part("residuals", "Residuals", note, f'<figure class="single">{picture}</figure>')


def _residuals(report: Report, most: int) -> tuple[str, int, str]:
    """Picture, the number of rows in it, and which of them lie beyond its edge."""
    targets = np.asarray(report.targets, dtype=np.float64)
    predictions = np.asarray(report.predictions, dtype=np.float64)
    sizes = np.abs(targets - predictions)
    n_evenly = len(targets) if len(targets) <= most else most - N_FARTHEST
    evenly = np.linspace(0, len(targets) - 1, n_evenly).astype(int)
    keep = np.union1d(evenly, np.argsort(sizes)[-N_FARTHEST:])
    predicted = predictions[keep]
    residuals = targets[keep] - predicted
    # A few far points would flatten the rest: they are drawn at the edge.
    reach = float(np.quantile(sizes, 0.995)) * 1.15 or 1.0
    chart = Chart(
        Span(predicted.tolist()),
        Span([-reach, reach]),
        x_label="predicted",
        y_label="target \N{MINUS SIGN} predicted",
    )
    chart.line([chart.x.low, chart.x.high], [0.0, 0.0], "zero")
    is_far = np.abs(residuals) > reach
    chart.dots(predicted[~is_far].tolist(), residuals[~is_far].tolist(), "cloud")
    beyond = ""
    if n_far := int(is_far.sum()):
        edges = np.copysign(reach, residuals[is_far])
        chart.dots(predicted[is_far].tolist(), edges.tolist(), "points s2")
        verb, dots = ("is", "dot stands") if n_far == 1 else ("are", "dots stand")
        farthest = float(f"{sizes.max():.3g}")
        end = f"{farthest:,.0f}" if farthest >= HUNDREDS else f"{farthest:g}"
        beyond = (
            f" {n_far:,} of these {verb} farther off, up to {end}: the coloured {dots} at the edge."
        )
    words = f"Residuals against predictions of {len(keep):,} verdict rows.{beyond}"
    return chart.render(words), len(keep), beyond


def _matrix(report: Report) -> str:
    """Classes beyond the 15 commonest are taken together."""
    targets = np.asarray(report.targets).astype(str)
    predictions = np.asarray(report.predictions).astype(str)
    targets, predictions, names = _commonest(targets, predictions)
    rows = []
    for name in names:
        is_class = targets == name
        n = int(is_class.sum())
        cells = []
        for predicted in names:
            share = float(np.mean(predictions[is_class] == predicted)) if n else 0.0
            text = "" if share == 0 else "&lt;1" if share < 0.005 else f"{100 * share:.0f}"
            css = f"shade{round(SHADES * share)}" + (" right" if predicted == name else "")
            cells.append(cell(text, css))
        rows.append(row(named(name, 24), [*cells, cell(f"{n:,}", "count")]))
    heads = ["true \N{DOWNWARDS ARROW}<br>as \N{RIGHTWARDS ARROW}"]
    heads += [named(name, 12) for name in names]
    return table("matrix", [*heads, "rows"], rows, label="Confusion matrix, percent of each line")


def _commonest(
    targets: NDArray[np.str_], predictions: NDArray[np.str_]
) -> tuple[NDArray[np.str_], NDArray[np.str_], list[str]]:
    classes, counts = np.unique(targets, return_counts=True)
    names: list[str] = classes.tolist()
    if len(names) > MOST_CLASSES:
        kept = classes[np.sort(np.argsort(-counts, kind="stable")[: MOST_CLASSES - 1])]
        other = f"{len(names) - len(kept)} others"
        targets = np.where(np.isin(targets, kept), targets, other)
        predictions = np.where(np.isin(predictions, kept), predictions, other)
        return targets, predictions, [*kept.tolist(), other]
    if all(name.lstrip("-").isdecimal() for name in names):
        names.sort(key=int)
    return targets, predictions, names


def calibration(report: Report) -> Part | None:
    """Predicted probability against observed share, with intervals."""
    found = report.calibration
    if found is None or not found.bins:
        return None
    # A model that is nearly always sure would have all its dots in one corner.
    least = min(min(b.predicted, b.ends[0]) for b in found.bins)
    low = np.floor(10 * least) / 10 if least > CORNER else 0.0
    span = Span([low, 1.0], is_percent=True)
    chart = Chart(span, span, x_label="predicted probability", y_label="came true")
    chart.line([low, 1.0], [low, 1.0], "zero")
    x = [b.predicted for b in found.bins]
    y = [b.observed for b in found.bins]
    chart.whiskers(x, [b.ends[0] for b in found.bins], [b.ends[1] for b in found.bins], "whisker")
    chart.line(x, y, "series s1")
    chart.dots(x, y, "points s1")
    note = (
        "On the dashed line a probability of 70&nbsp;% comes true in 70 of 100 rows. "
        f"{counted(sum(b.n_rows for b in found.bins), 'verdict row')} in "
        f"{counted(len(found.bins), 'group')}; bars are 95&nbsp;% intervals."
    )
    body = beside(
        f'<p class="answer">{shown(found.words)}</p>', chart.render(f"Calibration. {found.words}")
    )
    return part("calibration", "Are its probabilities to be trusted?", note, body)


def threshold(report: Report) -> Part | None:
    """Precision against recall, the guess, and the point that was chosen."""
    found = report.threshold
    if found is None or not len(found.recall):
        return None
    index = np.linspace(
        0, len(found.recall) - 1, min(len(found.recall), CURVE_POINTS)
    ).astype(int)  # fmt: skip
    chart = Chart(
        Span([0.0, 1.0], is_percent=True),
        Span([0.0, 1.0], is_percent=True),
        x_label="recall: found among the true ones",
        y_label="precision",
    )
    chart.line([0.0, 1.0], [found.base_rate, found.base_rate], "zero")
    recall, precision = np.asarray(found.recall)[index], np.asarray(found.precision)[index]
    chart.line(recall.tolist(), precision.tolist(), "series s1")
    entries = [(f"precision for {named(found.positive, 40)}", "series s1"), ("a guess", "zero")]
    if found.at is not None:
        chart.dots([found.at[0]], [found.at[1]], "big s2")
        entries.append(("the chosen threshold", "big s2"))
    note = (
        "Precision: which share of the rows called so are so. The threshold was chosen on tuning "
        "rows; the curve and its point are of verdict rows."
    )
    words = f'<p class="answer">{shown(found.words)}</p>{key(entries)}'
    body = beside(words, chart.render(f"Precision against recall. {found.words}"))
    return part("threshold", "Where to draw the line", note, body)

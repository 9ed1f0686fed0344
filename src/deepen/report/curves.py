"""Loss over the epochs, and loss over the number of labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from deepen.report.chart import SMALL, Chart, Span, key
from deepen.report.data import LabelCurve, Limits, Report
from deepen.report.parts import Part, beside, part
from deepen.report.text import counted, named, shown

LOG_RATIO = 30.0  # losses that span more than this are drawn on a logarithmic axis
MOST_LINES = 6
LONGEST_ANSWER = 1000  # one sentence for each rung
MOST_RUNGS = 12
_KINDS = (("loss", "training"), ("validation_loss", "validation"))
History = Mapping[str, Sequence[float]]


def learning_curves(report: Report, limits: Limits) -> Part | None:
    """One small picture per rung; one line per repeat."""
    figures = []
    for title, histories in list(report.curves.items())[:MOST_RUNGS]:
        picture = _curves(
            title,
            histories[: limits.repeats],
            limits.curve_points,
            report.steps.get(title, "epoch"),
        )
        if picture:
            figures.append(f"<figure><figcaption>{named(title)}</figcaption>{picture}</figure>")
    if not figures:
        return None
    most = max(len(histories) for histories in report.curves.values())
    which = "one line per repeat"
    if most > limits.repeats:
        which = f"one line for each of the first {counted(limits.repeats, 'repeat')} of {most:,}"
    note = (
        "Loss while training goes on, in the setting that tuning chose; "
        f"{which}. The loss is the one that is minimised, not the one of the table above."
    )
    legend = key([("training rows", "training"), ("stopping rows", "validation")])
    return part(
        "curves", "Learning curves", note, f'{legend}<div class="pictures">{"".join(figures)}</div>'
    )


def _curves(title: str, histories: Sequence[History], n_points: int, step: str) -> str:
    values = [v for h in histories for name, _ in _KINDS for v in h.get(name, ())]
    finite = [v for v in values if math.isfinite(v)]
    longest = max((len(h.get(name, ())) for h in histories for name, _ in _KINDS), default=0)
    if longest < 2 or not finite:
        return ""
    is_log = min(finite) > 0 and max(finite) > LOG_RATIO * min(finite)
    y_label = "loss, log scale" if is_log else "loss"
    chart = Chart(
        Span([1, longest]), Span(finite, is_log=is_log), x_label=step, y_label=y_label, size=SMALL
    )
    for name, css in _KINDS:
        for history in histories:
            index = _thin(len(history.get(name, ())), n_points)
            chart.line([i + 1 for i in index], [history[name][i] for i in index], css)
    scale = ", on a logarithmic axis" if is_log else ""
    return chart.render(
        f"{title}: loss over {counted(longest, step)}, {counted(len(histories), 'repeat')}{scale}"
    )


def _thin(n: int, n_points: int) -> list[int]:
    """At most `n_points` places of `n`, evenly taken, the last one kept."""
    return (
        np.unique(np.linspace(0, n - 1, min(n, max(2, n_points))).astype(int)).tolist() if n else []
    )


def labels(report: Report) -> Part | None:
    """Loss against the number of labels, with bands; the words come first."""
    curve = report.labels
    if curve is None or not curve.lines:
        return None
    lines = curve.lines[:MOST_LINES]
    legend = key([(named(line.title), f"series s{i + 1}") for i, line in enumerate(lines)])
    note = (
        "The same rungs trained on fewer labelled rows and judged on the same verdict rows; "
        "bands are 95&nbsp;% intervals."
    )
    words = f'<p class="answer">{shown(curve.words, LONGEST_ANSWER)}</p>{legend}'
    body = beside(words, _label_chart(report, curve))
    return part("labels", "Would more labels help?", note, body)


def _label_chart(report: Report, curve: LabelCurve) -> str:
    lines = curve.lines[:MOST_LINES]
    heights = [v for line in lines for v in (*line.means, *line.lows, *line.highs)]
    counts = [float(n) for line in lines for n in line.counts]
    chart = Chart(
        Span(counts, is_log=True),
        Span(heights, is_percent=report.is_percent),
        x_label="labelled training rows, log scale",
        y_label=report.metric.removesuffix(", %"),
    )
    for number, line in enumerate(lines, start=1):
        chart.band(line.counts, line.lows, line.highs, f"band s{number}")
    for number, line in enumerate(lines, start=1):
        chart.line(line.counts, line.means, f"series s{number}")
        chart.dots(line.counts, line.means, f"points s{number}")
    return chart.render(f"Loss against the number of labels. {curve.words}")

"""The parts of the page, from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from deepen.report.svg import Scale, figure_svg, interval_svg, unique_ids

if TYPE_CHECKING:
    from deepen.report.page import Report

MOST_COLUMNS = 300
LONGEST_NAME = 120
MOST_CLASSES = 15
CURVE_POINTS = 80
RESIDUAL_POINTS = 800
OUTCOME_CLASSES = {"pays": "pays", "does not pay": "not", "cannot tell": "open-answer"}


def head(report: Report) -> str:
    """The verdict first."""
    lead, _, rest = report.sentence.partition(". ")
    lead = lead if not rest else lead + "."
    rest_html = f'<p class="rest">{escape(rest)}</p>' if rest else ""
    facts = "".join(
        f"<li>{escape(name)} <b>{escape(value)}</b></li>" for name, value in report.facts.items()
    )
    return (
        f'<header><p class="kicker">deepen ladder</p><h1>{escape(clip(report.title))}</h1>'
        f'<div class="verdict{" open" if report.is_open else ""}">'
        f'<p class="lead">{escape(lead)}</p>{rest_html}</div>'
        f'<ul class="facts">{facts}</ul>{_warnings(report.warnings)}</header>'
    )


def _warnings(warnings: Sequence[str]) -> str:
    return "".join(
        f'<p class="note"><span class="open-answer">Note:</span> {escape(w)}</p>' for w in warnings
    )


def rungs(report: Report) -> str:
    """The ladder table; its last column is the ladder plot."""
    finite = [row for row in report.rungs if np.isfinite(row.mean)]
    # The baseline would squeeze the rest into a corner; its dot stays at the edge.
    shown = [row for row in finite if row.is_compared] or finite
    ends = [end for row in shown for end in (*row.ends, *row.scores) if np.isfinite(end)]
    scale = Scale(ends or [0.0, 1.0])
    body = []
    for row in report.rungs:
        is_off = bool(ends) and np.isfinite(row.mean) and not scale.low <= row.mean <= scale.high
        picture = ""
        if is_off:
            picture = "<small>off this scale</small>"
        elif np.isfinite(row.mean):
            usable = row.ends if all(np.isfinite(row.ends)) else (row.mean, row.mean)
            label = escape(f"{row.title}: {row.loss}", quote=True)
            picture = interval_svg(
                scale, row.mean, usable, specks=row.scores, is_chosen=row.is_chosen, label=label
            )
        remark = f"<small>{escape(row.remark)}</small>" if row.remark else ""
        chosen = ' class="chosen"' if row.is_chosen else ""
        body.append(
            f'<tr{chosen}><th scope="row">{escape(row.title)}{remark}</th>'
            f'<td class="number">{escape(row.loss)}<small>{escape(row.interval)}</small></td>'
            f'<td class="number">{_outcome(row.outcome)}<small>{escape(row.gain)}</small></td>'
            f'<td class="number time">{escape(row.effort)}</td><td class="plot">{picture}</td></tr>'
        )
    body.append(_axis(scale, 4, "%" in report.metric))
    note = (
        "Smaller is better. Each small dot is one repeat on rows that neither training nor tuning saw; "
        f"the bar is the 95 % interval of the mean. Gains are over {report.reference}."
    )
    return _section(
        "The rungs", note,
        '<table class="rungs"><thead><tr><th>rung</th>'
        f"<th>{escape(report.metric)}<small>95 % interval</small></th>"
        f"<th>against {escape(report.reference)}</th><th>effort</th><th></th></tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>",
    )  # fmt: skip


def gains(report: Report) -> str:
    """All comparisons, simultaneous."""
    if not report.gains:
        return ""
    scale = Scale([end for row in report.gains for end in row.ends] + [0.0, report.min_gain])
    body = []
    for row in report.gains:
        label = escape(f"{row.candidate} over {row.reference}: {row.gain}", quote=True)
        picture = interval_svg(
            scale,
            row.mean,
            row.ends,
            is_chosen=row.outcome == "pays",
            min_gain=report.min_gain,
            label=label,
        )
        gap = (
            f"<small>smallest gap to show: {escape(row.smallest_gap)}</small>"
            if row.outcome == "cannot tell"
            else ""
        )
        body.append(
            f'<tr><th scope="row">{escape(row.candidate)}'
            f"<small>over {escape(row.reference)}</small></th>"
            f'<td class="number">{escape(row.gain)}<small>{escape(row.interval)}</small></td>'
            f'<td>{_outcome(row.outcome)}{gap}</td><td class="plot">{picture}</td></tr>'
        )
    body.append(_axis(scale, 3, "%" in report.metric))
    note = (
        "The difference on the same rows, positive where the first rung is better. The 95 % "
        "intervals hold all together (Bonferroni) and allow for repeats that share rows (Nadeau and "
        "Bengio 2003). Pays: surely above zero, by Holm's test over all differences, which can show "
        "a sign before its interval leaves out zero. Does not pay: surely below "
        f"{report.min_gain_text}, the shaded band, or below zero."
    )
    return _section(
        "Differences", note,
        '<table class="gains"><thead><tr><th>rung</th><th>gain<small>interval</small></th>'
        "<th>so it</th><th></th>"
        f"</tr></thead><tbody>{''.join(body)}</tbody></table>",
    )  # fmt: skip


def curves(report: Report) -> str:
    """Learning curves of each rung, all repeats in one picture."""
    from deepen.plotting import plot_learning_curves
    from deepen.plotting._axes import new_axes

    pictures = []
    for number, (title, histories) in enumerate(report.curves.items()):
        thin = [{name: _thin(values) for name, values in history.items()} for history in histories]
        if not any(len(values) > 1 for history in thin for values in history.values()):
            continue
        ax = plot_learning_curves(thin, ax=new_axes(None, 4.4, 2.8))
        _stretch(ax, histories)
        picture = unique_ids(figure_svg(ax.figure), f"curve{number}")
        pictures.append(f"<figure><figcaption>{escape(title)}</figcaption>{picture}</figure>")
    if not pictures:
        return ""
    note = "Loss over the epochs (trees, for boosting) of the chosen setting; one line per repeat."
    return _section("Learning curves", note, f'<div class="pictures">{"".join(pictures)}</div>')


def mistakes(report: Report) -> str:
    """Confusion matrix, or residuals, of the chosen rung on its test rows."""
    if report.targets is None or not len(report.targets):
        return ""
    note = f"{report.chosen_title}, test rows of all repeats together."
    if not report.is_classification:
        from deepen.plotting import plot_residuals

        keep = np.linspace(
            0, len(report.targets) - 1, min(len(report.targets), RESIDUAL_POINTS)
        ).astype(int)
        ax = plot_residuals(np.asarray(report.targets)[keep], np.asarray(report.predictions)[keep])
        return _section(
            "Residuals", note, f"<figure>{unique_ids(figure_svg(ax.figure), 'residuals')}</figure>"
        )
    return _section(
        "Which class is taken for which",
        f"{note} Percent of each true class (rows).",
        _matrix(report),
    )


def _matrix(report: Report) -> str:
    """Classes beyond the 15 commonest are taken together."""
    targets, predictions = (
        np.asarray(report.targets).astype(str),
        np.asarray(report.predictions).astype(str),
    )
    classes, counts = np.unique(targets, return_counts=True)
    names = classes.tolist()
    if len(names) > MOST_CLASSES:
        kept = classes[np.sort(np.argsort(-counts, kind="stable")[: MOST_CLASSES - 1])]
        other = f"{len(names) - len(kept)} others"
        targets = np.where(np.isin(targets, kept), targets, other)
        predictions = np.where(np.isin(predictions, kept), predictions, other)
        names = [*kept.tolist(), other]
    elif all(name.lstrip("-").isdigit() for name in names):
        names.sort(key=int)
    rows = []
    for name in names:
        is_class = targets == name
        cells = []
        for predicted in names:
            share = float(np.mean(predictions[is_class] == predicted)) if is_class.any() else 0.0
            text = "" if share == 0 else "&lt;1" if share < 0.005 else f"{100 * share:.0f}"
            strong = ' class="strong"' if share > 0.5 else ""
            cells.append(f'<td{strong} style="--share:{share:.3f}">{text}</td>')
        rows.append(f'<tr><th scope="row">{escape(clip(name, 30))}</th>{"".join(cells)}</tr>')
    header = "".join(f"<th>{escape(clip(name, 12))}</th>" for name in names)
    return (
        f'<div class="scroll"><table class="matrix"><thead><tr>'
        f"<th>true \N{DOWNWARDS ARROW} as \N{RIGHTWARDS ARROW}"
        f"</th>{header}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def columns(report: Report) -> str:
    """What was found in each column and what became of it."""
    if not report.columns:
        return ""
    shown = report.columns[:MOST_COLUMNS]
    body = "".join(
        f'<tr><th scope="row">{escape(clip(row.name))}</th><td>{escape(row.kind)}</td>'
        f"<td>{escape(row.treatment)}</td>"
        f'<td class="reason">{escape(clip(row.reason))}</td></tr>'
        for row in shown
    )
    rest = len(report.columns) - len(shown)
    more = f'<p class="note">and {rest:,} more columns, listed in ladder.json.</p>' if rest else ""
    return _section(
        "Columns", "Types come from all labelled rows; means, medians and categories from training rows.",
        '<table class="columns"><thead><tr><th>column</th><th>type</th><th>treatment</th>'
        '<th class="reason">reason'
        f"</th></tr></thead><tbody>{body}</tbody></table>{more}",
    )  # fmt: skip


def foot(report: Report) -> str:
    """What it takes to repeat the run."""
    rows = "".join(
        f"<dt>{escape(k)}</dt><dd><code>{escape(v)}</code></dd>" for k, v in report.footer.items()
    )
    return f"<footer><dl>{rows}</dl></footer>"


def clip(text: str, length: int = LONGEST_NAME) -> str:
    """A text of at most `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _section(title: str, note: str, body: str) -> str:
    return f'<section><h2>{escape(title)}</h2><p class="note">{escape(note)}</p>{body}</section>\n'


def _outcome(outcome: str) -> str:
    return f'<span class="{OUTCOME_CLASSES[outcome]}">{escape(outcome)}</span>' if outcome else ""


def _axis(scale: Scale, n_before: int, is_percent: bool) -> str:
    factor, unit = (100.0, " %") if is_percent else (1.0, "")
    middle = (scale.low + scale.high) / 2
    ticks = "".join(
        f"<span>{_tick(v * factor)}{unit}</span>" for v in (scale.low, middle, scale.high)
    )
    return f'<tr class="axis">{"<td></td>" * n_before}<td class="plot"><div>{ticks}</div></td></tr>'


def _tick(value: float) -> str:
    return f"{value:.2g}".replace("-", "\N{MINUS SIGN}") if abs(value) < 100 else f"{value:,.0f}"


def _thin(values: Sequence[float]) -> list[float]:
    """At most 80 points, evenly taken, the last one kept."""
    if len(values) <= CURVE_POINTS:
        return list(values)
    index = np.linspace(0, len(values) - 1, CURVE_POINTS).astype(int)
    return [values[i] for i in index]


def _stretch(ax: object, histories: Sequence[Mapping[str, Sequence[float]]]) -> None:
    """Give thinned curves back their own epochs on the horizontal axis."""
    lines = iter(ax.lines)  # type: ignore[attr-defined]
    for name in ("loss", "validation_loss"):
        for history in histories:
            n = len(history.get(name, ()))
            if n:
                line = next(lines)
                line.set_xdata(np.linspace(1, n, len(line.get_xdata())))
    ax.relim()  # type: ignore[attr-defined]
    ax.autoscale_view()  # type: ignore[attr-defined]

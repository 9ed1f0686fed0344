"""The ladder as table and plot, and the differences against its best rung."""

from __future__ import annotations

import numpy as np

from deepen.report.chart import round_steps, tick_text
from deepen.report.data import GainRow, Report, RungRow
from deepen.report.parts import Part, cell, part, row, small, table
from deepen.report.svg import Scale, interval_svg
from deepen.report.text import named, quoted, shown

# Of a rung, by what the best one's gain over it is: its word and its colour.
WORDS = {"pays": "falls short", "does not pay": "close enough", "cannot tell": "cannot tell"}
COLOURS = {"pays": "not", "does not pay": "pays", "cannot tell": "open-answer"}
MOST_RUNGS = 30


def ladder(report: Report) -> Part:
    """The ladder table; its last column is the ladder plot."""
    rungs = report.rungs[:MOST_RUNGS]
    finite = [rung for rung in rungs if np.isfinite(rung.mean)]
    # The baseline would squeeze the rest into a corner; words say where it is.
    compared = [rung for rung in finite if rung.is_compared] or finite
    ends = [end for rung in compared for end in (*rung.ends, *rung.scores) if np.isfinite(end)]
    scale = Scale(ends or [0.0, 1.0])
    rows = [_rung(report, rung, scale, is_empty=not ends) for rung in rungs]
    rows.append(_axis(scale, 4, report.is_percent, " %", "lower is better"))
    note = (
        "In the order of cost; <b>lower is better</b>. Each small dot is one repeat on its verdict "
        "rows, which nothing was fitted, stopped or tuned on; the bar is the 95&nbsp;% interval of the mean."
    )
    if len({len(rung.scores) for rung in rungs if rung.scores}) > 1:
        note += " Of a rung with fewer repeats than others, no further one fitted into its share of the time."
    heads = [
        "rung",
        f"{shown(report.metric.removesuffix(', %'), 80)}{small('95&nbsp;% interval')}",
        "behind the best",
        "effort",
        "\N{LEFTWARDS ARROW} better",
    ]
    return part("ladder", "The rungs", note, table("rungs", heads, rows, label="The rungs"))


def _rung(report: Report, rung: RungRow, scale: Scale, *, is_empty: bool) -> str:
    remark = small(shown(rung.remark))
    if not np.isfinite(rung.mean):
        reason = rung.remark or "it did not finish"
        return row(named(rung.title), [
            cell(f'<span class="na">n/a: {shown(reason)}</span>', "number wide", span=2),
            cell(shown(rung.effort, 60), "number time"), cell("", "plot"),
        ])  # fmt: skip
    if not is_empty and not scale.low <= rung.mean <= scale.high:
        picture = '<small class="off">off this scale \N{RIGHTWARDS ARROW}</small>'
    else:
        usable = rung.ends if all(np.isfinite(rung.ends)) else (rung.mean, rung.mean)
        words = f"{rung.title}: {rung.loss}" + (f", {rung.interval}" if rung.interval else "")
        picture = interval_svg(scale, rung.mean, usable, specks=rung.scores,
                               is_chosen=rung.is_chosen, label=quoted(words))  # fmt: skip
    so_far = "lowest so far" if rung.title == report.best else "to use so far"
    badge = so_far if report.is_open else "chosen"
    chosen = f'<small class="badge">{badge}</small>' if rung.is_chosen else ""
    outcome = _outcome(rung.outcome)
    return row(f"{named(rung.title)}{chosen}{remark}", [
        cell(f"{shown(rung.loss, 60)}{small(shown(rung.interval, 60))}", "number"),
        cell(f"{outcome}{small(shown(rung.gain, 80))}", "number"),
        cell(shown(rung.effort, 60), "number time"),
        cell(picture, "plot"),
    ], "chosen" if rung.is_chosen else "")  # fmt: skip


def differences(report: Report) -> Part | None:
    """The best against every other rung, largest difference first."""
    if not report.gains:
        return None
    gains = sorted(report.gains, key=lambda gain: -gain.mean)[:MOST_RUNGS]
    scale = Scale(
        [end for gain in gains for end in (*gain.ends, gain.mean)] + [0.0, report.min_gain]
    )
    rows = [_gain(report, gain, scale) for gain in gains]
    unit = "percentage points" if report.is_percent else shown(report.metric, 80)
    rows.append(_axis(scale, 3, report.is_percent, "", unit))
    heads = ["rung", f"behind by{small('surely, and at most')}", "so it", ""]
    body = table("gains", heads, rows, label="Differences against the best")
    least = shown(report.min_gain_text, 40)
    note = (
        f"How far each rung is behind the best on the same rows. <b>{shown(report.best, 80)}</b> has the "
        "lowest mean loss, each pair on the repeats that both have. The intervals hold at 95&nbsp;% all "
        "together and whichever rung truly is the best (Hsu 1984); they count rows and repeats. A rung "
        f"is close enough when it is surely less than {least} behind, the shaded band (another one: "
        "<code>--min-gain</code>), and falls short when it is surely behind."
    )
    return part("differences", "Against the best", note, body)


def _gain(report: Report, gain: GainRow, scale: Scale) -> str:
    label = quoted(f"{gain.reference} behind {gain.candidate}: {gain.gain}, {gain.interval}")
    picture = interval_svg(scale, gain.mean, gain.ends, is_chosen=gain.outcome == "does not pay",
                           min_gain=report.min_gain, label=label)  # fmt: skip
    gap = ""
    if gain.outcome == "cannot tell":
        gap = small(f"smallest gap to show: {shown(gain.smallest_gap, 40)}")
    if gain.remark:
        gap += small(shown(gain.remark, 80))
    return row(named(gain.reference), [
        cell(f"{shown(gain.gain, 60)}{small(shown(gain.interval, 60))}", "number"),
        cell(_outcome(gain.outcome) + gap),
        cell(picture, "plot"),
    ])  # fmt: skip


def _outcome(outcome: str) -> str:
    if not outcome:
        return ""
    css, words = COLOURS.get(outcome, "not"), WORDS.get(outcome, outcome)
    return f'<span class="{css}">{shown(words, 80)}</span>'


def _axis(scale: Scale, n_before: int, is_percent: bool, unit: str, words: str) -> str:
    """Round ticks under the plots, as a last row that is not read aloud."""
    factor = 100.0 if is_percent else 1.0
    values = round_steps(scale.low * factor, scale.high * factor, 4)
    step = values[1] - values[0] if len(values) > 1 else factor * (scale.high - scale.low)
    ticks = "".join(
        f'<text x="{scale.percent(v / factor)}" y="1em">{tick_text(v, step)}'
        f"{unit if is_percent else ''}</text>"
        for v in values
    )
    empty = "<td></td>" * n_before
    return (
        f'<tr class="axis" aria-hidden="true">{empty}<td class="plot">'
        f"<svg>{ticks}</svg><small>{words}</small></td></tr>"
    )

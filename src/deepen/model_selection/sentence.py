"""The verdict in words, with figures rounded to their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from deepen.model_selection.metrics import Metric
from deepen.model_selection.results import RungResult
from deepen.model_selection.verdict import Gain, Verdict
from deepen.report.text import counted

MOST_DECIMALS, HUNDREDS = 6, 100.0
# How far off, in parts of itself, a loss from one repeat may easily be: two figures are shown.
FROM_ONE_REPEAT = 0.3


def decimals_for(uncertainty: float) -> int:
    """Decimals that show an uncertainty with one figure, or two where the first is a 1 or a 2.

    Below zero: tens, hundreds and so on are what is known, from an uncertainty of hundreds on.

    Examples
    --------
    >>> decimals_for(0.42), decimals_for(0.23), decimals_for(12.0), decimals_for(7950.0)
    (1, 2, 0, -3)
    """
    if not math.isfinite(uncertainty) or uncertainty <= 0:
        return 3
    exponent = math.floor(math.log10(uncertainty))
    leading = uncertainty / 10.0**exponent
    decimals = -exponent + (1 if leading < 3 else 0)
    return min(MOST_DECIMALS, decimals if uncertainty >= HUNDREDS else max(0, decimals))


def show(value: float, uncertainty: float, metric: Metric, *, is_gain: bool = False) -> str:
    """One loss or gain; rates in percent, their gains in percentage points.

    Examples
    --------
    >>> from deepen.model_selection.metrics import METRICS
    >>> show(0.0312, 0.004, METRICS["error"])
    '3.1 %'
    >>> [show(gain, 0.01, METRICS["error"], is_gain=True) for gain in (0.01, 0.02)]
    ['1.0 points', '2.0 points']
    """
    scale = 100.0 if metric.is_rate else 1.0
    text = _figure(value * scale, decimals_for(uncertainty * scale))
    return text + _unit(text, metric, is_gain=is_gain)


def show_exact(gain: float, metric: Metric) -> str:
    """A gain that somebody has set, such as the least one: no more figures than it has.

    Examples
    --------
    >>> from deepen.model_selection.metrics import METRICS
    >>> [show_exact(gain, METRICS["error"]) for gain in (0.01, 0.005)]
    ['1 point', '0.5 points']
    >>> show_exact(14005.2, METRICS["rmse"])
    '14,000'
    """
    amount = gain * (100.0 if metric.is_rate else 1.0)
    text = f"{amount:.3g}" if amount < 1000 else f"{float(f'{amount:.3g}'):,.0f}"
    return text + _unit(text, metric, is_gain=True)


def _figure(value: float, n_decimals: int) -> str:
    known = round(float(value), n_decimals)
    text = f"{known:,.{max(0, n_decimals)}f}"
    return text.replace("-", "\N{MINUS SIGN}") if known else text.lstrip("-")


def _unit(text: str, metric: Metric, *, is_gain: bool) -> str:
    if not metric.is_rate:
        return ""
    points = " point" if text.lstrip("\N{MINUS SIGN}") == "1" else " points"
    return points if is_gain else " %"


def show_interval(
    low: float, high: float, metric: Metric, *, is_gain: bool = False, is_above_zero: bool = False
) -> str:
    """Both ends of an interval, "n/a" where there is none; a lower end above zero is not shown as zero.

    A gain that `is_above_zero` surely, though nobody can tell by how much, has a lower end of zero.

    Examples
    --------
    >>> from deepen.model_selection.metrics import METRICS
    >>> show_interval(0.021, 0.044, METRICS["error"])
    '2.1 to 4.4 %'
    >>> show_interval(0.003, 0.08, METRICS["error"], is_gain=True)
    '0.3 to 8.0 points'
    >>> show_interval(0.0001, 0.08, METRICS["error"])
    'above 0 to 8 %'
    >>> show_interval(0.0, 0.08, METRICS["error"], is_gain=True, is_above_zero=True)
    'above 0 to 8 points'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "n/a"
    scale = 100.0 if metric.is_rate else 1.0
    low, high = low * scale, high * scale
    n_decimals = decimals_for((high - low) / 2)
    if low > 0 and not round(low, n_decimals) and round(low, n_decimals + 1):
        n_decimals += 1
    unit = "" if not metric.is_rate else " points" if is_gain else " %"
    is_above_zero = (low > 0 or is_above_zero) and not round(low, n_decimals)
    start = "above 0" if is_above_zero else _figure(low, n_decimals)
    return f"{start} to {_figure(high, n_decimals)}{unit}"


def show_result(result: RungResult, metric: Metric) -> str:
    """Mean loss with its interval; of one repeat the mean alone, to two figures."""
    low, high = result.interval
    shown = show(result.mean, uncertainty_of(result), metric)
    has_width = math.isfinite(high - low) and high > low
    return f"{shown} ({show_interval(low, high, metric)})" if has_width else shown


def uncertainty_of(result: RungResult) -> float:
    """Half the interval of a rung's loss; a part of the loss where there is none."""
    low, high = result.interval
    half = (high - low) / 2 if math.isfinite(high - low) else 0.0
    return half or FROM_ONE_REPEAT * result.mean or 1.0


def uncertainty_of_gain(gain: Gain) -> float:
    """What a gain is rounded to: as its interval, or where that is a point, as what could show."""
    return (gain.upper - gain.lower) / 2 or gain.smallest_gap


def show_gain(gain: Gain, metric: Metric) -> str:
    """How far another rung is behind the best, with its interval."""
    interval = show_interval_of(gain, metric).removesuffix(" points")
    return f"{show_behind(gain, metric)} ({interval})"


def show_behind(gain: Gain, metric: Metric) -> str:
    """How far another rung is behind the best.

    On the repeats that both have, it may have been ahead: then it is behind by nothing.
    """
    return show(max(0.0, gain.mean), uncertainty_of_gain(gain), metric, is_gain=True)


def show_interval_of(gain: Gain, metric: Metric) -> str:
    """How far a rung surely, and at most, is behind the best."""
    is_behind = gain.outcome == "pays"
    return show_interval(gain.lower, gain.upper, metric, is_gain=True, is_above_zero=is_behind)


def with_sentence(
    verdict: Verdict,
    results: Mapping[str, RungResult],
    metric: Metric,
    rows_text: str,
    baseline: RungResult | None,
    left_out: Sequence[str] = (),
) -> Verdict:
    """The verdict with its words: what to use, its loss, what is forgone or open.

    Parameters
    ----------
    verdict : Verdict
    results : mapping of str to RungResult
        The rungs compared.
    metric : Metric
    rows_text : str
        Which rows judged, such as "1,797 rows".
    baseline : RungResult or None
    left_out : sequence of str
        Titles of rungs that have too few repeats to be compared.
    """
    titles = {name: result.title for name, result in results.items()}
    chosen = results[verdict.chosen]
    loss = f"{metric.title} {show_result(chosen, metric)}"
    if verdict.status == "alone":
        lead = f"Only {chosen.title} finished: {loss}. There is no other rung to compare it with."
    elif verdict.status == "suffices":
        lead = f"{_lead(verdict, chosen)} {loss}. {_forgone(verdict, titles, metric, left_out)}"
    else:
        lead = _cannot_tell(verdict, results, metric, rows_text)
    parts = [lead, *_uneven_repeats(verdict, results, metric)]
    if left_out and verdict.status != "alone":
        parts.append(f"Not compared, with fewer than two repeats: {_join(left_out)}.")
    parts += _baseline_warning(chosen, baseline, metric)
    return replace(verdict, sentence=" ".join(parts))


def _lead(verdict: Verdict, chosen: RungResult) -> str:
    name = _capital(chosen.title)
    if verdict.chosen == verdict.best and len(verdict.short) == len(verdict.gains):
        return f"{name} wins:"
    if chosen.name == "linear":
        return f"No deep learning needed: {chosen.title} suffices,"
    return f"{name} suffices:"


def _forgone(
    verdict: Verdict, titles: Mapping[str, str], metric: Metric, left_out: Sequence[str]
) -> str:
    least = show_exact(verdict.min_gain, metric)
    parts = []
    if verdict.best != verdict.chosen:
        gain = verdict.behind(verdict.chosen)
        parts.append(
            f"Forgone: the best, {titles[verdict.best]}, gains {show_gain(gain, metric)}, "
            f"surely below {least}."
        )
    elif len(verdict.short) < len(verdict.gains):
        others = "Nothing else that was compared" if left_out else "Nothing else"
        parts.append(f"{others} is better by {least} or more.")
    if verdict.short:
        parts.append(f"Surely behind the best: {_behind(verdict, titles, metric)}.")
    return " ".join(parts)


def _behind(verdict: Verdict, titles: Mapping[str, str], metric: Metric) -> str:
    """The rungs that fall short, with by how much."""
    gains = sorted(verdict.short, key=lambda gain: gain.mean)
    return _join([f"{titles[g.reference]} by {show_gain(g, metric)}" for g in gains])


def _cannot_tell(
    verdict: Verdict, results: Mapping[str, RungResult], metric: Metric, rows_text: str
) -> str:
    titles = {name: result.title for name, result in results.items()}
    best, chosen = results[verdict.best], results[verdict.chosen]
    lowest = f"{best.title}, {metric.title} {show_result(best, metric)}"
    parts = [f"Cannot tell with these {rows_text} which rung suffices. Lowest so far: {lowest}."]
    if chosen is not best:
        parts.append(
            f"That is over {len(best.scores)} repeats only; until more is known, use {chosen.title}, "
            f"{show_result(chosen, metric)} over {len(chosen.scores)}."
        )
    if verdict.short:
        parts.append(f"Surely behind the best: {_behind(verdict, titles, metric)}.")
    rivals = [gain for gain in verdict.gains if gain.outcome != "pays"]
    by_gap: dict[str, list[str]] = {}
    for gain in sorted(rivals, key=lambda gain: gain.smallest_gap):
        shown = show(gain.smallest_gap, gain.smallest_gap / 2, metric, is_gain=True)
        by_gap.setdefault(shown, []).append(titles[gain.reference])
    if by_gap:
        gaps = "; ".join(f"below {gap} against {_join(names)}" for gap, names in by_gap.items())
        parts.append(f"A gap would not show {gaps}.")
    return " ".join(parts)


def _uneven_repeats(
    verdict: Verdict, results: Mapping[str, RungResult], metric: Metric
) -> list[str]:
    """Why a rung with fewer repeats, or more, may show a lower loss than the best."""
    best = results[verdict.best]
    parts = []
    for gain in verdict.gains:
        other = results[gain.reference]
        if other.mean >= best.mean:
            continue
        shown = show_result(other, metric).partition(" (")[0]
        words = show(abs(gain.mean), gain.smallest_gap, metric, is_gain=True)
        parts.append(
            f"{_capital(other.title)} has {shown} over {counted(len(other.scores), 'repeat')}, "
            f"{best.title} has {len(best.scores)}: over the {gain.n_repeats} that both have, "
            f"{best.title} is {words} {'lower' if gain.mean >= 0 else 'higher'}."
        )
    return parts


def provisional(verdict: Verdict, results: Mapping[str, RungResult], metric: Metric) -> str:
    """The answer so far, while other rungs still run; one repeat is shown and decides nothing."""
    shown = [
        f"{result.title} {show_result(result, metric)}"
        + ("" if result.is_finished else " (one repeat)")
        for result in sorted(results.values(), key=lambda result: result.mean)
    ]
    text = f"So far, {metric.title}: {_join(shown)}."
    if verdict.status == "alone":
        return text
    best = results[verdict.best].title
    if verdict.short:
        return f"{text} {_capital(best)} leads surely; whether a network pays is still open."
    return f"{text} Neither is surely better; whether a network pays is still open."


def _baseline_warning(chosen: RungResult, base: RungResult | None, metric: Metric) -> list[str]:
    """A rung that does not clear the reference has learnt nothing that shows by this metric."""
    if base is None or not base.is_finished or chosen.interval[1] < base.mean:
        return []
    more = "; its probabilities may tell more: --metric log_loss" if metric.key == "error" else ""
    return [f"It is not shown to be better than the {base.title}, which looks at no column{more}."]


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

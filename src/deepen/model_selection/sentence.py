"""The verdict in words, with figures rounded to their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from deepen.model_selection.metrics import Metric
from deepen.model_selection.results import RungResult
from deepen.model_selection.verdict import Gain, Verdict

MOST_DECIMALS = 6
# How far off, in parts of itself, a loss from one repeat may easily be.
FROM_ONE_REPEAT = 0.1


def decimals_for(uncertainty: float) -> int:
    """Decimals that show an uncertainty with one figure, or two where the first is a 1 or a 2.

    Examples
    --------
    >>> decimals_for(0.42), decimals_for(0.23), decimals_for(12.0)
    (1, 2, 0)
    """
    if not math.isfinite(uncertainty) or uncertainty <= 0:
        return 3
    exponent = math.floor(math.log10(uncertainty))
    leading = uncertainty / 10.0**exponent
    return min(MOST_DECIMALS, max(0, -exponent + (1 if leading < 3 else 0)))


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
    """
    text = f"{gain * (100.0 if metric.is_rate else 1.0):.3g}"
    return text + _unit(text, metric, is_gain=True)


def _figure(value: float, n_decimals: int) -> str:
    text = f"{value:.{n_decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.lstrip("-")


def _unit(text: str, metric: Metric, *, is_gain: bool) -> str:
    if not metric.is_rate:
        return ""
    points = " point" if text.lstrip("\N{MINUS SIGN}") == "1" else " points"
    return points if is_gain else " %"


def show_interval(low: float, high: float, metric: Metric, *, is_gain: bool = False) -> str:
    """Both ends of an interval, "n/a" where there is none; an end above zero is not shown as zero.

    Examples
    --------
    >>> from deepen.model_selection.metrics import METRICS
    >>> show_interval(0.021, 0.044, METRICS["error"])
    '2.1 to 4.4 %'
    >>> show_interval(0.003, 0.08, METRICS["error"], is_gain=True)
    '0.3 to 8.0 points'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "n/a"
    scale = 100.0 if metric.is_rate else 1.0
    low, high = low * scale, high * scale
    n_decimals = decimals_for((high - low) / 2)
    while low > 0 and n_decimals < MOST_DECIMALS and not float(_figure(low, n_decimals)):
        n_decimals += 1
    unit = "" if not metric.is_rate else " points" if is_gain else " %"
    return f"{_figure(low, n_decimals)} to {_figure(high, n_decimals)}{unit}"


def show_result(result: RungResult, metric: Metric) -> str:
    """Mean loss with its interval; of one repeat the mean alone, to two figures."""
    low, high = result.interval
    if not math.isfinite(high - low):
        return show(result.mean, FROM_ONE_REPEAT * result.mean, metric)
    half_width = (high - low) / 2
    return f"{show(result.mean, half_width, metric)} ({show_interval(low, high, metric)})"


def _show_gain(gain: Gain, metric: Metric) -> str:
    half_width = max((gain.upper - gain.lower) / 2, gain.smallest_gap)
    interval = show_interval(gain.lower, gain.upper, metric, is_gain=True)
    return (
        f"{show(gain.mean, half_width, metric, is_gain=True)} ({interval.removesuffix(' points')})"
    )


def with_sentence(
    verdict: Verdict,
    results: Mapping[str, RungResult],
    metric: Metric,
    rows_text: str,
    baseline: RungResult | None,
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
    """
    titles = {name: result.title for name, result in results.items()}
    chosen = results[verdict.chosen]
    loss = f"{metric.title} {show_result(chosen, metric)}"
    if verdict.status == "alone":
        lead = f"Only {chosen.title} finished: {loss}. There is nothing to compare it with."
    elif verdict.status == "suffices":
        lead = f"{_lead(verdict, chosen)} {loss}. {_forgone(verdict, titles, metric)}"
    else:
        lead = _cannot_tell(verdict, titles, loss, metric, rows_text)
    return replace(verdict, sentence=" ".join([lead, *_baseline_warning(chosen, baseline)]))


def _lead(verdict: Verdict, chosen: RungResult) -> str:
    name = _capital(chosen.title)
    if verdict.chosen == verdict.best and len(verdict.short) == len(verdict.gains):
        return f"{name} wins:"
    if chosen.name == "linear":
        return f"No deep learning needed: {chosen.title} suffices,"
    return f"{name} suffices:"


def _forgone(verdict: Verdict, titles: Mapping[str, str], metric: Metric) -> str:
    least = show_exact(verdict.min_gain, metric)
    parts = []
    if verdict.best != verdict.chosen:
        gain = verdict.behind(verdict.chosen)
        parts.append(
            f"Forgone: the best, {titles[verdict.best]}, gains {_show_gain(gain, metric)}, "
            f"surely below {least}."
        )
    elif len(verdict.short) < len(verdict.gains):
        parts.append(f"Nothing else is better by {least} or more.")
    if verdict.short:
        parts.append(f"Surely behind the best: {_behind(verdict, titles, metric)}.")
    return " ".join(parts)


def _behind(verdict: Verdict, titles: Mapping[str, str], metric: Metric) -> str:
    """The rungs that fall short, with by how much."""
    gains = sorted(verdict.short, key=lambda gain: gain.mean)
    return _join([f"{titles[g.reference]} by {_show_gain(g, metric)}" for g in gains])


def _cannot_tell(
    verdict: Verdict, titles: Mapping[str, str], loss: str, metric: Metric, rows_text: str
) -> str:
    parts = [f"Cannot tell with these {rows_text} which rung suffices."]
    parts.append(f"Lowest so far: {titles[verdict.chosen]}, {loss}.")
    if verdict.short:
        parts.append(f"Surely behind the best: {_behind(verdict, titles, metric)}.")
    rivals = [gain for gain in verdict.gains if gain.outcome != "pays"]
    if rivals:
        gap = max(gain.smallest_gap for gain in rivals)
        shown = show(gap, gap / 2, metric, is_gain=True)
        names = _join([titles[gain.reference] for gain in rivals])
        parts.append(f"Against {names} a gap below {shown} would not show.")
    return " ".join(parts)


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


def _baseline_warning(chosen: RungResult, baseline: RungResult | None) -> list[str]:
    """A rung that does not clear the reference has learnt nothing that shows."""
    if baseline is None or not baseline.is_finished or chosen.interval[1] < baseline.mean:
        return []
    return [f"It is not shown to be better than the {baseline.title}, which looks at no column."]


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

"""The verdict in words, with figures rounded to their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from deepen.model_selection.metrics import Metric
from deepen.model_selection.results import RungResult
from deepen.model_selection.verdict import Gain, Verdict


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
    return min(6, max(0, -exponent + (1 if leading < 3 else 0)))


def show(value: float, uncertainty: float, metric: Metric, *, is_gain: bool = False) -> str:
    """One loss or gain; rates in percent, their gains in percentage points.

    Examples
    --------
    >>> from deepen.model_selection.metrics import METRICS
    >>> show(0.0312, 0.004, METRICS["error"])
    '3.1 %'
    """
    scale, unit = (100.0, " %") if metric.is_rate else (1.0, "")
    text = f"{value * scale:.{decimals_for(uncertainty * scale)}f}"
    text = text.replace("-", "\N{MINUS SIGN}") if float(text) else text.lstrip("-")
    return text + (" points" if is_gain and metric.is_rate else unit)


def show_interval(low: float, high: float, metric: Metric, *, is_gain: bool = False) -> str:
    """Both ends of an interval, "n/a" where there is none.

    Examples
    --------
    >>> from deepen.model_selection.metrics import METRICS
    >>> show_interval(0.021, 0.044, METRICS["error"])
    '2.1 to 4.4 %'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "n/a"
    half_width = (high - low) / 2
    first = show(low, half_width, metric, is_gain=is_gain)
    for unit in (" points", " %"):
        first = first.removesuffix(unit)
    return f"{first} to {show(high, half_width, metric, is_gain=is_gain)}"


def show_result(result: RungResult, metric: Metric) -> str:
    """Mean loss with its interval."""
    low, high = result.interval
    half_width = (high - low) / 2
    return f"{show(result.mean, half_width, metric)} ({show_interval(low, high, metric)})"


def _show_gain(gain: Gain, metric: Metric) -> str:
    half_width = (gain.upper - gain.lower) / 2
    interval = show_interval(gain.lower, gain.upper, metric, is_gain=True)
    return (
        f"{show(gain.mean, half_width, metric, is_gain=True)} ({interval.removesuffix(' points')})"
    )


def with_sentence(
    verdict: Verdict,
    results: Mapping[str, RungResult],
    metric: Metric,
    n_rows: int,
    baseline: RungResult | None,
) -> Verdict:
    """The verdict with its words: what to use, its loss, what is forgone or open."""
    titles = {name: result.title for name, result in results.items()}
    chosen = results[verdict.chosen]
    loss = f"{metric.title} {show_result(chosen, metric)}"
    if verdict.status == "alone":
        lead = f"Only {chosen.title} finished: {loss}. There is nothing to compare it with."
    elif verdict.status == "suffices":
        lead = f"{_lead(verdict, chosen)} {loss}. {_forgone(verdict, titles, metric)}"
    else:
        lead = _cannot_tell(verdict, titles, loss, metric, n_rows)
    return replace(verdict, sentence=" ".join([lead, *_baseline_warning(chosen, baseline)]))


def _lead(verdict: Verdict, chosen: RungResult) -> str:
    others = {g.candidate for g in verdict.gains} | {g.reference for g in verdict.gains}
    outcomes = [verdict.gain(verdict.chosen, other).outcome for other in others - {verdict.chosen}]
    name = _capital(chosen.title)
    if all(outcome == "pays" for outcome in outcomes):
        return f"{name} wins:"
    if chosen.name == "linear":
        return f"No deep learning needed: {chosen.title} suffices,"
    return f"{name} suffices:"


def _forgone(verdict: Verdict, titles: Mapping[str, str], metric: Metric) -> str:
    least = show(verdict.min_gain, verdict.min_gain / 2, metric, is_gain=True)
    parts = []
    if verdict.best != verdict.chosen:
        gain = verdict.gain(verdict.best, verdict.chosen)
        parts.append(
            f"The best, {titles[verdict.best]}, would gain {_show_gain(gain, metric)}, "
            f"surely below {least}."
        )
    else:
        parts.append(f"Nothing else gains {least} or more.")
    if verdict.chosen != "linear" and "linear" in titles:
        gain = verdict.gain(verdict.chosen, "linear")
        if gain.outcome == "pays":
            parts.append(f"Over {titles['linear']} it gains {_show_gain(gain, metric)}.")
    return " ".join(parts)


def _cannot_tell(
    verdict: Verdict, titles: Mapping[str, str], loss: str, metric: Metric, n_rows: int
) -> str:
    beaten = [
        n
        for n in titles
        if n != verdict.chosen and verdict.gain(verdict.chosen, n).outcome == "pays"
    ]
    undecided = verdict.open
    parts = [f"Cannot tell with these {n_rows:,} rows which rung suffices."]
    chosen = titles[verdict.chosen]
    parts.append(f"Lowest so far: {chosen}, {loss}.")
    if beaten:
        parts.append(f"It surely beats {_join([titles[name] for name in beaten])}.")
    rivals = [n for n in titles if n != verdict.chosen and n not in beaten]
    gaps = [verdict.gain(verdict.chosen, name).smallest_gap for name in rivals]
    if gaps:
        gap = max(gaps)
        shown = show(gap, gap / 2, metric, is_gain=True)
        parts.append(
            f"Against {_join([titles[n] for n in rivals])} a gap below {shown} would not show."
        )
    elif undecided:
        parts.append("No rung is shown to be within the least gain of the best.")
    return " ".join(parts)


def _baseline_warning(chosen: RungResult, baseline: RungResult | None) -> list[str]:
    """A rung that does not clear the reference has learnt nothing that shows."""
    if baseline is None or not baseline.is_finished or chosen.interval[1] < baseline.mean:
        return []
    return [f"It is not shown to be better than the {baseline.title}, which looks at no column."]


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

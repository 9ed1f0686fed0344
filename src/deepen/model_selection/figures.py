"""Losses and gains as they are shown: rounded to their uncertainty, with their unit."""

from __future__ import annotations

import math

from deepen.model_selection.metrics import Metric
from deepen.model_selection.results import RungResult
from deepen.model_selection.verdict import Gain

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

"""Intervals of figures on independent rows: shares, means, balanced errors, areas under the ROC curve.

Share: Wilson (1927), doi:10.1080/01621459.1927.10502953. Mean: Student's. Balanced error: mean_k e_k, with
variance sum_k e_k (1 - e_k) / n_k / K^2, where 2 / K wrong rows and as many right ones are added to each of K
classes (Price and Bonett 2004, doi:10.1016/S0167-9473(03)00007-0). Area: of its logit, with the variance of
its two sorts of placements and Student's quantile (DeLong, DeLong and Clarke-Pearson 1988,
doi:10.2307/2531595); where all pairs are in their order, as if one were half out of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri, stdtrit
from scipy.stats import rankdata

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Interval = tuple[float, float]

LEVEL = 0.95


def wilson_interval(share: float, n_rows: int, level: float = LEVEL) -> Interval:
    """Interval of Wilson of a share that was seen in ``n_rows`` rows.

    Examples
    --------
    >>> low, high = wilson_interval(0.0, 10)
    >>> low, round(high, 3)
    (0.0, 0.278)
    """
    z = float(ndtri((1 + level) / 2))
    shrunk = 1 + z**2 / n_rows
    center = (share + z**2 / (2 * n_rows)) / shrunk
    half = z / shrunk * np.sqrt(share * (1 - share) / n_rows + z**2 / (4 * n_rows**2))
    low, high = max(0.0, float(center - half)), min(1.0, float(center + half))
    return (0.0 if share == 0 else low), (1.0 if share == 1 else high)


def mean_interval(values: FloatArray, level: float = LEVEL, *, floor: float = 0.0) -> Interval:
    """Student's interval of a mean; ``floor`` is the least variance of a value."""
    n_rows = len(values)
    if n_rows < 2:
        return float("-inf"), float("inf")
    error = np.sqrt(max(float(values.var(ddof=1)), floor) / n_rows)
    half = float(stdtrit(n_rows - 1, (1 + level) / 2)) * float(error)
    return float(values.mean()) - half, float(values.mean()) + half


def balanced_interval(confusion: IntArray, level: float = LEVEL) -> Interval:
    """Interval of the mean of the classes' error rates.

    Parameters
    ----------
    confusion : ndarray of shape (n_classes, n_classes)
        Rows: true classes; those without a row do not count.

    Examples
    --------
    >>> low, high = balanced_interval(np.array([[90, 10], [3, 7]]))
    >>> round(low, 2), round(high, 2)
    (0.08, 0.36)
    """
    n_true = confusion.sum(axis=1)
    n_wrong = (n_true - np.diag(confusion))[n_true > 0]
    added = 2 / len(n_wrong)
    n_true = n_true[n_true > 0] + 2 * added
    rate = (n_wrong + added) / n_true
    error = np.sqrt(np.sum(rate * (1 - rate) / n_true)) / len(n_true)
    half = float(ndtri((1 + level) / 2) * error)
    return max(0.0, float(rate.mean()) - half), min(1.0, float(rate.mean()) + half)


def placements(is_positive: NDArray[np.bool_], score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of the negatives that each positive is above, and of the positives that each negative is.

    Equal scores count half. The mean of the first, and 1 minus that of the second, is the area under the
    ROC curve.
    """
    ranks, parts = rankdata(score), []
    for own in (is_positive, ~is_positive):
        parts.append((ranks[own] - rankdata(score[own])) / np.count_nonzero(~own))
    return parts[0], parts[1]


def area_under_roc(
    is_positive: NDArray[np.bool_], score: FloatArray, level: float = LEVEL
) -> tuple[float, Interval]:
    """Area under the ROC curve, the share of pairs in their order, and its interval.

    Parameters
    ----------
    is_positive : ndarray of shape (n_samples,)
        At least one is, and one is not.
    score : ndarray of shape (n_samples,)

    Examples
    --------
    >>> area, (low, high) = area_under_roc(np.array([True, True, False, False]), np.array([4.0, 2, 3, 1]))
    >>> area, low < area < high
    (0.75, True)
    """
    both = placements(is_positive, score)
    area, n_least = float(both[0].mean()), min(map(len, both))
    if n_least < 2:
        return area, (0.0, 1.0)
    if area in (0.0, 1.0):
        for part, other in zip(both, both[::-1], strict=True):
            part[0] += (0.5 - area) / len(other)
    variance = sum(part.var(ddof=1) / len(part) for part in both)
    quantile = stdtrit(n_least - 1, (1 + level) / 2)  # few rows know their variance badly
    center = float(both[0].mean())
    half = quantile * np.sqrt(variance) / (center * (1 - center))
    low, high = expit(logit(center) + half * np.array([-1.0, 1.0]))
    return area, (min(float(low), area), max(float(high), area))

"""Intervals of means over repeats that share rows, one at a time and as a family.

The equations stand in `deepen.model_selection.verdict`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

FloatArray = NDArray[np.float64]


def corrected_standard_error(
    values: ArrayLike, test_train_ratio: float, variance_floor: float = 0.0
) -> FloatArray:
    """Standard error of the mean over the last axis, corrected for repeats that share rows.

    Parameters
    ----------
    values : array-like of shape (..., n_repeats)
        One value per repeat, at least two.
    test_train_ratio : float
        Test rows divided by training rows of one repeat.
    variance_floor : float, default=0
        Least variance of one repeat. Counts are coarse: no disagreement between two models on 30
        rows does not prove that there never is one.

    Returns
    -------
    ndarray of shape (...)

    Examples
    --------
    >>> float(corrected_standard_error([1.0, 2.0, 3.0], test_train_ratio=2 / 3))
    1.0
    """
    values = np.asarray(values, dtype=np.float64)
    n_repeats = values.shape[-1]
    if n_repeats < 2:
        raise ValueError(f"values must hold at least 2 repeats, got {n_repeats}.")
    variance = np.maximum(values.var(axis=-1, ddof=1), variance_floor)
    return np.asarray(np.sqrt((1 / n_repeats + test_train_ratio) * variance))


def corrected_interval(
    values: ArrayLike, test_train_ratio: float, level: float = 0.95, variance_floor: float = 0.0
) -> tuple[float, float]:
    """Corrected t interval of the mean of `values` of shape (n_repeats,).

    Examples
    --------
    >>> low, high = corrected_interval([0.1, 0.2, 0.3], test_train_ratio=0.25)
    >>> round(low, 3), round(high, 3)
    (-0.129, 0.529)
    """
    values = np.asarray(values, dtype=np.float64)
    error = float(corrected_standard_error(values, test_train_ratio, variance_floor))
    half_width = float(stats.t.ppf((1 + level) / 2, values.size - 1)) * error
    return float(values.mean()) - half_width, float(values.mean()) + half_width


def holm_bounds(
    means: ArrayLike, standard_errors: ArrayLike, degrees: ArrayLike, alpha: float = 0.05
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper ends for a family of means, each side at alpha / 2 over the whole family.

    The m one-sided tests of "mean <= 0" are taken in the order of their p values, the i-th at the
    level alpha / 2 / (m - i + 1), until the first fails; the same on the other side for "mean >=
    0". An end that its test has put on one side of zero is drawn at the level of its own step:
    that it lies on that side is what the whole family guarantees. The other ends stand at the
    level where the steps stopped, and all of them hold at once (Guilbaud 2008).

    Parameters
    ----------
    means, standard_errors, degrees : array-like of shape (..., n_comparisons)
        Means, their standard errors, and Student's degrees of freedom.
    alpha : float, default=0.05
        Probability, at most, that any statement of the family is false.

    Returns
    -------
    lower, upper : ndarrays of shape (..., n_comparisons)

    Examples
    --------
    >>> lower, upper = holm_bounds([1.0, 0.1], [0.1, 0.1], [9, 9])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.731, -0.126], [1.269, 0.369])
    """
    means = np.asarray(means, dtype=np.float64)
    errors = np.broadcast_to(np.asarray(standard_errors, dtype=np.float64), means.shape)
    degrees = np.broadcast_to(np.asarray(degrees, dtype=np.float64), means.shape)
    lower = means - _holm_quantiles(means, errors, degrees, alpha / 2) * errors
    upper = means + _holm_quantiles(-means, errors, degrees, alpha / 2) * errors
    return lower, upper


def _holm_quantiles(
    means: FloatArray, errors: FloatArray, degrees: FloatArray, alpha: float
) -> FloatArray:
    """Student quantile of each one-sided test of "mean <= 0" at the level of its Holm step."""
    n_comparisons = means.shape[-1]
    # 0 / 0 is a gain that is exactly nothing; any other mean without spread is certain.
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where((errors == 0) & (means == 0), 0.0, means / errors)
    p = stats.t.sf(t, degrees)
    order = np.argsort(p, axis=-1, kind="stable")
    levels = np.broadcast_to(alpha / np.arange(n_comparisons, 0, -1), means.shape)
    rejected = np.logical_and.accumulate(np.take_along_axis(p, order, -1) <= levels, axis=-1)
    n_left = np.maximum(n_comparisons - rejected.sum(axis=-1, keepdims=True), 1)
    level = np.empty(means.shape)
    np.put_along_axis(level, order, np.where(rejected, levels, alpha / n_left), axis=-1)
    return np.asarray(stats.t.isf(level, degrees))

"""Intervals of means over repeats that share rows, one at a time and as a family.

The equations stand in `deepen.model_selection.verdict`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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


def simultaneous_bounds(
    means: ArrayLike, standard_errors: ArrayLike, degrees: ArrayLike, alpha: float = 0.05
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper ends that all hold at once, each at alpha / 2 / n_comparisons (Bonferroni).

    Parameters
    ----------
    means, standard_errors, degrees : array-like of shape (..., n_comparisons)
        Means, their standard errors, and Student's degrees of freedom.
    alpha : float, default=0.05
        Probability, at most, that any mean lies outside its interval.

    Returns
    -------
    lower, upper : ndarrays of shape (..., n_comparisons)

    Examples
    --------
    >>> lower, upper = simultaneous_bounds([1.0, 0.1], [0.1, 0.1], [9, 9])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.731, -0.169], [1.269, 0.369])
    """
    means = np.asarray(means, dtype=np.float64)
    quantiles = stats.t.isf(alpha / 2 / means.shape[-1], np.asarray(degrees, dtype=np.float64))
    half_widths = np.asarray(quantiles * np.asarray(standard_errors, dtype=np.float64))
    return means - half_widths, means + half_widths


def holm_signs(
    means: ArrayLike, standard_errors: ArrayLike, degrees: ArrayLike, alpha: float = 0.05
) -> IntArray:
    """Which means are shown to be above or below zero, by Holm's steps, alpha / 2 a side.

    The m one-sided tests of "mean <= 0" are taken in the order of their p values, the i-th at the
    level alpha / 2 / (m - i + 1), until the first fails; the same on the other side for "mean >=
    0". At least as many signs are found as intervals of `simultaneous_bounds` leave out zero.

    Parameters
    ----------
    means, standard_errors, degrees, alpha
        As in `simultaneous_bounds`; alpha bounds the probability of any wrong sign.

    Returns
    -------
    ndarray of shape (..., n_comparisons)
        1 above zero, -1 below zero, 0 not shown.

    Examples
    --------
    >>> holm_signs([1.0, 0.1, -2.0], [0.1, 0.1, 0.1], [9, 9, 9]).tolist()
    [1, 0, -1]
    """
    means = np.asarray(means, dtype=np.float64)
    errors = np.broadcast_to(np.asarray(standard_errors, dtype=np.float64), means.shape)
    degrees = np.broadcast_to(np.asarray(degrees, dtype=np.float64), means.shape)
    above = _holm_rejects(means, errors, degrees, alpha / 2).astype(np.int64)
    return above - _holm_rejects(-means, errors, degrees, alpha / 2)


def _holm_rejects(
    means: FloatArray, errors: FloatArray, degrees: FloatArray, alpha: float
) -> NDArray[np.bool_]:
    """Whether each one-sided test of "mean <= 0" is rejected at the level of its Holm step."""
    # 0 / 0 is a gain that is exactly nothing; any other mean without spread is certain.
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where((errors == 0) & (means == 0), 0.0, means / errors)
    p = stats.t.sf(t, degrees)
    order = np.argsort(p, axis=-1, kind="stable")
    levels = alpha / np.arange(means.shape[-1], 0, -1)
    in_order = np.logical_and.accumulate(np.take_along_axis(p, order, -1) <= levels, axis=-1)
    rejected = np.empty(means.shape, dtype=np.bool_)
    np.put_along_axis(rejected, order, in_order, axis=-1)
    return rejected

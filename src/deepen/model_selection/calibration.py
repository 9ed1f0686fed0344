"""Whether probabilities can be believed, and from which one on to say "yes".

bins        p sorted into ten bins of equal counts: mean p against the share that came true
threshold   the p of the second class from which on it is said, for the least balanced error
            (FPR + FNR) / 2 on the tuning rows; the verdict rows only report what came of it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.intervals import wilson_interval

Array = NDArray[Any]
N_BINS = 10


@dataclass(frozen=True)
class CalibrationBin:
    """Rows of about one probability.

    Parameters
    ----------
    n : int
        Rows in the bin.
    predicted, observed : float
        Mean probability; share of rows of which it came true.
    lower, upper : float
        95 % interval of that share (Wilson).
    """

    n: int
    predicted: float
    observed: float
    lower: float
    upper: float


def calibration_bins(is_true: Array, proba: Array, n_bins: int = N_BINS) -> list[CalibrationBin]:
    """Bins of equal counts of probabilities (n_samples,) against what came true (n_samples,).

    Examples
    --------
    >>> bins = calibration_bins(np.array([0, 1, 1, 1]), np.array([0.1, 0.6, 0.7, 0.9]), n_bins=2)
    >>> [(b.n, round(b.predicted, 2), b.observed) for b in bins]
    [(2, 0.35, 0.5), (2, 0.8, 1.0)]
    """
    order = np.argsort(proba, kind="stable")
    bins = []
    for part in np.array_split(order, min(n_bins, len(order))):
        n, share = len(part), float(np.mean(is_true[part]))
        bins.append(
            CalibrationBin(n, float(np.mean(proba[part])), share, *wilson_interval(share, n))
        )
    return bins


def expected_calibration_error(bins: list[CalibrationBin]) -> float:
    """Mean distance between predicted and observed, weighted by rows."""
    n = sum(b.n for b in bins)
    return float(sum(b.n * abs(b.predicted - b.observed) for b in bins) / n)


def best_threshold(is_second: Array, proba: Array) -> float:
    """Probability from which on to say the second class, for the least balanced error.

    Midway between neighbouring probabilities; of equally good ones the one nearest to 0.5.

    Examples
    --------
    >>> best_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.9]))
    0.25
    """
    is_second = np.asarray(is_second, dtype=bool)
    if is_second.all() or not is_second.any():
        return 0.5
    values = np.unique(np.asarray(proba, np.float64))
    cuts = np.concatenate([[values[0]], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-9]])
    second, first = np.sort(proba[is_second]), np.sort(proba[~is_second])
    misses = np.searchsorted(second, cuts, side="left") / len(second)
    alarms = 1 - np.searchsorted(first, cuts, side="left") / len(first)
    errors = (misses + alarms) / 2
    good = cuts[errors <= errors.min() + 1e-12]
    return float(good[np.argmin(np.abs(good - 0.5))])


def balanced_error_at(is_second: Array, proba: Array, threshold: float) -> float:
    """(FPR + FNR) / 2 of saying the second class from `threshold` on; NaN where a class is missing."""
    is_second, says = np.asarray(is_second, dtype=bool), np.asarray(proba) >= threshold
    if is_second.all() or not is_second.any():
        return float("nan")
    return float((np.mean(~says[is_second]) + np.mean(says[~is_second])) / 2)


def precision_recall(
    is_second: Array, proba: Array, n_most: int = 100
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Recall and precision at `n_most` thresholds, from the highest to the lowest.

    Examples
    --------
    >>> precision_recall(np.array([0, 1, 1]), np.array([0.2, 0.6, 0.9]))
    ((0.5, 1.0, 1.0), (1.0, 1.0, 0.6666666666666666))
    """
    order = np.argsort(-np.asarray(proba), kind="stable")
    truth, sorted_proba = np.asarray(is_second, dtype=bool)[order], np.asarray(proba)[order]
    # Rows of one probability are said together.
    ends = np.flatnonzero(np.append(np.diff(sorted_proba) != 0, True))
    ends = ends[np.unique(np.linspace(0, len(ends) - 1, n_most).astype(np.intp))]
    hits = np.cumsum(truth)[ends]
    recall, precision = hits / max(1, int(truth.sum())), hits / (ends + 1)
    return tuple(recall.tolist()), tuple(precision.tolist())


def natural_probabilities(proba: Array, y_codes: Array, *, is_balanced: bool) -> Array:
    """Probabilities for classes as common as they are, of a model that counted them equally.

    p_k ∝ q_k π_k (Saerens et al. 2002, eq. 2.4); untouched where training did not weigh classes.
    """
    if not is_balanced:
        return proba
    shares = np.bincount(y_codes, minlength=proba.shape[1]) / len(y_codes)
    weighted = np.asarray(proba, np.float64) * shares
    return np.asarray(weighted / weighted.sum(axis=1, keepdims=True))

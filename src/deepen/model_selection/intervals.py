r"""How surely a mean loss is known, from losses of single rows over repeats that share rows.

    m         = mean over repeats r = 1 .. J of the repeat's mean loss m_r
    within_r  = variance of m_r from its rows alone, sum_g u_g^2 G_r / (G_r - 1),
                u_g = sum over the rows of group g of (loss - m_r) / n_r
    rows      = mean_r within_r G_r / G + 2 (unit / N)^2
    models    = max(0, S^2 - mean_r within_r),     S^2 the sample variance of the m_r
    var(m)    = rows + (1 / J + n_test / n_train) models

Two things make a mean loss uncertain. The rows that judge are a sample: N rows in G groups (a row alone
is a group), and a row that judges again in another repeat adds nothing. And the models are a sample, of
training rows and of seeds: what the repeats' means scatter more (S^2) than their rows alone explain is
noise of training, which repeats that share training rows do not average away; Nadeau and Bengio's
correction stands for that. With their correction for all of S^2 the same is safe, and a third wider; that
is left where one group alone judges in a repeat. Two rows that tell the rungs apart, one for either, are
added where losses are counts (Bonett and Price): no disagreement on 30 rows does not prove that there
never is one. Student's degrees of freedom are Satterthwaite's, at most 3 (J - 1).

References: C. Nadeau and Y. Bengio, Inference for the generalization error, Machine Learning 52
(2003), section 3.3, doi:10.1023/A:1024068626366. D. G. Bonett and R. M. Price, Adjusted Wald
confidence interval for a difference of binomial proportions based on paired data, J. Educ. Behav.
Stat. 37 (2012), doi:10.3102/1076998611411915. P. Bayle et al., Cross-validation confidence intervals
for test error, NeurIPS 2020, arXiv:2007.12671 (rows of a cross-validation as one sample).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


# The noise of training, seen in few repeats, is at times far too small by luck: degrees are never more
# than if it made more than half (1 / sqrt 3) of the variance.
MOST_DEGREES = 3


class RowLosses(NamedTuple):
    """One repeat: numbers of the rows that judged, and the loss of each; their mean is the score."""

    rows: IntArray
    values: FloatArray


@dataclass(frozen=True)
class Judging:
    """What the rows that judge have in common.

    Parameters
    ----------
    groups : ndarray of shape (n_samples,)
        Rows with the same number, from 0 on, count as one observation.
    ratio : float
        Test rows divided by all other rows of one repeat.
    unit : float, default=0
        Loss of one wrong row where losses are counts, 0 elsewhere.
    is_fixed : bool, default=False
        Whether every repeat is judged on the same rows.
    """

    groups: IntArray
    ratio: float
    unit: float = 0.0
    is_fixed: bool = False


@dataclass(frozen=True)
class Estimate:
    """A mean, its standard error and Student's degrees of freedom."""

    mean: float
    error: float
    degrees: float
    n_repeats: int

    def half_width(self, alpha: float) -> float:
        """Half the length of the interval that misses with probability alpha / 2 on either side."""
        return -float(stdtrit(self.degrees, alpha / 2)) * self.error

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Both ends."""
        half = self.half_width(alpha)
        return self.mean - half, self.mean + half


def estimate(repeats: Sequence[RowLosses], judging: Judging) -> Estimate:
    """Mean loss over repeats with its standard error.

    Parameters
    ----------
    repeats : sequence of RowLosses
        At least two.
    judging : Judging

    Examples
    --------
    >>> first = RowLosses(np.arange(4), np.array([0.0, 1.0, 0.0, 1.0]))
    >>> second = RowLosses(np.arange(4, 8), np.array([1.0, 0.0, 0.0, 1.0]))
    >>> found = estimate([first, second], Judging(np.arange(8), ratio=0.25))
    >>> found.mean, round(found.error, 4)
    (0.5, 0.2041)
    """
    n_repeats = len(repeats)
    if n_repeats < 2:
        raise ValueError(f"repeats must be at least 2, got {n_repeats}.")
    means = np.array([repeat.values.mean() for repeat in repeats])
    mean = float(means.mean())
    has_judged = np.zeros(len(judging.groups), dtype=bool)
    has_judged[np.concatenate([repeat.rows for repeat in repeats])] = True
    n_rows, n_groups = int(has_judged.sum()), _n_different(judging.groups[has_judged])
    found = [_within(repeat, judging.groups) for repeat in repeats]
    if n_groups < 2 or (judging.is_fixed and found[0][1] < 2):
        return Estimate(mean, float("inf"), 1.0, n_repeats)
    if min(size for _, size in found) < 2:
        # One group alone in a repeat has no scatter to see: all is taken for that of the models.
        found = [(0.0, size) for _, size in found]
    within = float(np.mean([variance for variance, _ in found]))
    of_rows = float(np.mean([variance * size for variance, size in found])) / n_groups
    of_rows += 2 * (judging.unit / n_rows) ** 2
    of_models = max(0.0, float(means.var(ddof=1)) - (0.0 if judging.is_fixed else within))
    of_models *= 1 / n_repeats + judging.ratio
    variance = of_rows + of_models
    if variance == 0:
        return Estimate(mean, 0.0, n_repeats - 1, n_repeats)
    inverse = of_rows**2 / (n_groups - 1) + of_models**2 / (n_repeats - 1)
    degrees = min(variance**2 / inverse, MOST_DEGREES * (n_repeats - 1), n_groups - 1)
    return Estimate(mean, float(np.sqrt(variance)), degrees, n_repeats)


def difference(
    first: Sequence[RowLosses], second: Sequence[RowLosses], judging: Judging
) -> Estimate:
    """Mean of first minus second on the same rows of the repeats that both have done.

    Examples
    --------
    >>> rows = np.arange(3)
    >>> worse = [RowLosses(rows, np.ones(3)), RowLosses(rows, np.ones(3))]
    >>> better = [RowLosses(rows, np.zeros(3)), RowLosses(rows, np.zeros(3))]
    >>> difference(worse, better, Judging(np.arange(3), ratio=0.25)).mean
    1.0
    """
    n = min(len(first), len(second))
    pairs = zip(first[:n], second[:n], strict=True)
    return estimate([RowLosses(a.rows, a.values - b.values) for a, b in pairs], judging)


def _within(repeat: RowLosses, groups: IntArray) -> tuple[float, int]:
    """Variance that a repeat's mean has from its rows alone, and its number of groups."""
    parts = (repeat.values - repeat.values.mean()) / len(repeat.values)
    own = groups[repeat.rows]
    n_groups = _n_different(own)
    if n_groups < 2:
        return float("inf"), n_groups
    sums = np.bincount(own, weights=parts)
    return float(np.sum(sums**2)) * n_groups / (n_groups - 1), n_groups


def _n_different(groups: IntArray) -> int:
    return int(np.count_nonzero(np.bincount(groups)))

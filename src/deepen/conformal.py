"""Prediction intervals from the errors on rows that the model has not seen.

    [f(x) - q, f(x) + q],   q the ceil((n + 1) level)-th smallest of n held-out |y - f(x)|

holds a new row's target with at least the probability ``level``, whatever the distribution, for the
model that made the residuals (split conformal prediction; Lei et al. 2018, Theorem 2.2, JASA
113:1094). A model trained again on all rows errs less as a rule, so that its intervals are wide
rather than narrow; that part is no theorem.

Errors grow with what is predicted, as those of prices do. So the held-out rows are cut into equal parts
by f(x), and a new row has the q of the part that it falls into: the same promise for every part (Mondrian
conformal prediction; Vovk, Gammerman and Shafer 2005, section 4.5), but for the cuts, which are found on
the same rows. Few rows stay together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_KEPT = 999
LEAST_IN_PART, MOST_PARTS = 100, 5

FloatArray = NDArray[np.float64]


def residual_quantiles(residuals: ArrayLike, predicted: ArrayLike | None = None) -> dict[str, Any]:
    """What a model file keeps of held-out residuals, as plain values, under ``info["residuals"]``.

    Parameters
    ----------
    residuals : array-like of shape (n_samples,)
        Target minus prediction on rows that the model was not trained on.
    predicted : array-like of shape (n_samples,), optional
        The predictions, by which 200 rows and more are cut into parts of at least 100, five at most.

    Returns
    -------
    quantiles : dict
        ``n``, and ``absolute``: of m values, the k-th is the order statistic of level k / (m + 1).
        All residuals up to 999 of them, else those of levels 0.001, 0.002 and so on. With parts also
        ``edges``, the predictions between them, and ``parts``, such values for each.

    Examples
    --------
    >>> residual_quantiles([0.5, -2.0, 1.0])
    {'n': 3, 'absolute': [0.5, 1.0, 2.0]}
    """
    absolute = np.abs(np.asarray(residuals, dtype=np.float64))
    found = {"n": len(absolute), "absolute": _order_statistics(absolute)}
    n_parts = min(MOST_PARTS, len(absolute) // LEAST_IN_PART)
    if predicted is None or n_parts < 2:
        return found
    predicted = np.asarray(predicted, dtype=np.float64)
    edges = np.quantile(predicted, np.arange(1, n_parts) / n_parts)
    numbers = np.searchsorted(edges, predicted, side="right")
    if np.bincount(numbers, minlength=n_parts).min() < LEAST_IN_PART // 2:
        return found  # many rows have the same prediction
    parts = [_order_statistics(absolute[numbers == part]) for part in range(n_parts)]
    return found | {"edges": edges.tolist(), "parts": parts}


def _order_statistics(absolute: FloatArray) -> list[float]:
    n, ordered = len(absolute), np.sort(absolute)
    if n > MOST_KEPT:
        ranks = np.ceil(np.arange(1, MOST_KEPT + 1) * (n + 1) / (MOST_KEPT + 1)).astype(np.int64)
        ordered = ordered[np.minimum(ranks, n) - 1]
    return [float(value) for value in ordered]


def half_width(
    quantiles: dict[str, Any], level: float, predicted: ArrayLike | None = None
) -> float | FloatArray:
    """Half the width of the intervals of a level.

    Parameters
    ----------
    quantiles : dict
        Of ``residual_quantiles``.
    level : float in (0, 1)
        Probability that a target lies inside.
    predicted : array-like of shape (n_samples,), optional
        Predictions to have intervals around.

    Returns
    -------
    half_width : float, or ndarray of shape (n_samples,) where ``predicted`` is given
        In the target's units. One for all where there are no parts, or too few rows in one of them
        for this level.

    Raises
    ------
    ValueError
        If the level is out of range, or there are too few residuals for it.

    Examples
    --------
    >>> half_width({"n": 3, "absolute": [0.5, 1.0, 2.0]}, 0.5)
    1.0
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}.")
    everywhere = _quantile(quantiles["absolute"], level)
    if everywhere is None:
        needed = math.ceil(level / (1 - level) * (1 - 1e-9))
        raise ValueError(
            f"an interval of level {level:g} needs {needed} held-out rows, and the model was made"
            f" with {quantiles['n']}; ask for a lower level or fit with more rows."
        )
    if predicted is None:
        return everywhere
    predicted = np.asarray(predicted, dtype=np.float64)
    widths = [_quantile(part, level) for part in quantiles.get("parts", ())]
    if not widths or None in widths:
        return np.full(predicted.shape, everywhere)
    numbers = np.searchsorted(quantiles["edges"], predicted, side="right")
    return np.asarray(widths, dtype=np.float64)[numbers]


def _quantile(absolute: list[float], level: float) -> float | None:
    """The order statistic that bounds a new row's error; None where there are too few."""
    rank = math.ceil((len(absolute) + 1) * level - 1e-9)
    return float(absolute[rank - 1]) if rank <= len(absolute) else None

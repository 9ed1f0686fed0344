"""Prediction intervals from the errors on rows that the model has not seen.

    [f(x) - q, f(x) + q],   q the ceil((n + 1) level)-th smallest of n held-out |y - f(x)|

holds a new row's target with at least the probability ``level``, whatever the distribution, for the
model that made the residuals (split conformal prediction; Lei et al. 2018, Theorem 2.2, JASA
113:1094). A model trained again on all rows errs less as a rule, so that its intervals are wide
rather than narrow; that part is no theorem.

Where all rows are held out in turn, each by a model of the others, their residuals are taken together, which
is nearly the same for a model that changes little with a fifth of its rows (stability; Barber et al. 2021,
doi:10.1214/20-AOS1965), and promises nothing for one with as many parameters as rows.

Errors grow with what is predicted, as those of prices do. So the held-out rows are cut into parts by
f(x), and a new row has the q of the part that it falls into: the same promise for every part (Mondrian
conformal prediction; Vovk, Gammerman and Shafer 2005, section 4.5), but for the cuts, which are found on
the same rows. Few rows stay together. A level that the n of one part cannot bear, above n / (n + 1), has
there the q of all rows or the largest error of the part, whichever is larger: then the promise is that
of all rows together.
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
        The predictions, by which the rows are cut into parts of at least 100, five at most.

    Returns
    -------
    quantiles : dict
        ``n``, and ``absolute``: of m values, the k-th is the order statistic of level k / (m + 1).
        All residuals up to 999 of them, else those of levels 0.001, 0.002 and so on. With parts also
        ``edges``, the least prediction of each but the first, and ``parts``, such values for each.

    Examples
    --------
    >>> residual_quantiles([0.5, -2.0, 1.0])
    {'n': 3, 'absolute': [0.5, 1.0, 2.0]}
    """
    absolute = np.abs(np.asarray(residuals, dtype=np.float64))
    found = {"n": len(absolute), "absolute": _order_statistics(absolute)}
    if predicted is None:
        return found
    predicted = np.asarray(predicted, dtype=np.float64)
    edges = _edges(np.sort(predicted))
    if not edges:
        return found
    numbers = np.searchsorted(edges, predicted, side="right")
    parts = [_order_statistics(absolute[numbers == part]) for part in range(len(edges) + 1)]
    return found | {"edges": edges, "parts": parts}


def _edges(ordered: FloatArray) -> list[float]:
    """Where the predictions are cut; none falls between equal ones."""
    n = len(ordered)
    n_parts = min(MOST_PARTS, n // LEAST_IN_PART)
    edges, n_below = [], 0
    for wanted in np.unique(ordered[[k * n // n_parts for k in range(1, n_parts)]]):
        place = int(np.searchsorted(ordered, wanted))
        if place - n_below >= LEAST_IN_PART and n - place >= LEAST_IN_PART:
            edges.append(float(wanted))
            n_below = place
    return edges


def _order_statistics(absolute: FloatArray) -> list[float]:
    n, ordered = len(absolute), np.sort(absolute)
    if n > MOST_KEPT:
        ranks = np.ceil(np.arange(1, MOST_KEPT + 1) * (n + 1) / (MOST_KEPT + 1)).astype(np.int64)
        ordered = ordered[np.minimum(ranks, n) - 1]
    return [float(value) for value in ordered]


def half_width(quantiles: dict[str, Any], level: float) -> float:
    """Half the width of an interval of a level, of all rows alike.

    Parameters
    ----------
    quantiles : dict
        Of ``residual_quantiles``.
    level : float in (0, 1)
        Probability that a target lies inside.

    Returns
    -------
    half_width : float
        In the target's units.

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
        hint = f": {level / 100:g}?" if 1 < level < 100 else "."
        raise ValueError(f"level must be between 0 and 1, got {level!r}{hint}")
    found = _quantile(quantiles["absolute"], level)
    if found is None:
        needed = math.ceil(level / (1 - level) * (1 - 1e-9))
        if needed <= quantiles["n"]:
            raise ValueError(f"level must be at most 0.999, which a file keeps, got {level!r}.")
        raise ValueError(
            f"an interval of level {level:g} needs {needed} held-out rows, and the model was made"
            f" with {quantiles['n']}; ask for a lower level or fit with more rows."
        )
    return found


def intervals(
    quantiles: dict[str, Any], level: float, predicted: ArrayLike, least: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Both ends of the interval around each prediction.

    Parameters
    ----------
    quantiles : dict
        Of ``residual_quantiles``.
    level : float in (0, 1)
        Probability that a target lies inside.
    predicted : array-like of shape (n_samples,)
    least : float, optional
        Least target of the training rows. Where it is not negative, targets are taken to be amounts
        that never are, and ends below zero are zero; or the prediction, where that is.

    Returns
    -------
    low, high : ndarrays of shape (n_samples,)
        In the target's units.

    Raises
    ------
    ValueError
        As ``half_width``.

    Examples
    --------
    >>> low, high = intervals({"n": 3, "absolute": [0.5, 1.0, 2.0]}, 0.5, [3.0, 0.5], least=0.0)
    >>> low.tolist(), high.tolist()
    ([2.0, 0.0], [4.0, 1.5])
    """
    everywhere = half_width(quantiles, level)
    predicted = np.asarray(predicted, dtype=np.float64)
    half = np.full(predicted.shape, everywhere)
    if parts := quantiles.get("parts"):
        found = [_quantile(part, level) for part in parts]
        widths = [max(everywhere, part[-1]) if q is None else q
                  for q, part in zip(found, parts, strict=True)]  # fmt: skip
        half = np.array(widths)[np.searchsorted(quantiles["edges"], predicted, side="right")]
    low, high = predicted - half, predicted + half
    if least is not None and least >= 0:
        low, high = np.maximum(low, np.minimum(predicted, 0)), np.maximum(high, 0)
    return low, high


def are_quantiles(found: Any) -> bool:
    """Whether a value read from a file is what ``residual_quantiles`` gives."""
    if not isinstance(found, dict) or type(found.get("n")) is not int:
        return False
    if not _are_ordered(found.get("absolute"), 0.0):
        return False
    if found.keys() == {"n", "absolute"}:
        return True
    edges, parts = found.get("edges"), found.get("parts")
    return (
        _are_ordered(edges, -math.inf)
        and isinstance(edges, list)
        and isinstance(parts, list)
        and len(parts) == len(edges) + 1
        and all(_are_ordered(part, 0.0) and part for part in parts)
    )


def _are_ordered(values: Any, least: float) -> bool:
    """Whether a list holds finite numbers, none below `least`, that do not fall."""
    if not isinstance(values, list) or not all(type(value) is float for value in values):
        return False
    return all(map(math.isfinite, values)) and all(
        a <= b for a, b in zip([least, *values], values, strict=False)
    )


def _quantile(absolute: list[float], level: float) -> float | None:
    """The order statistic that bounds a new row's error; None where there are too few."""
    rank = math.ceil((len(absolute) + 1) * level - 1e-9)
    return float(absolute[rank - 1]) if rank <= len(absolute) else None

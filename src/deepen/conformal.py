"""Prediction intervals from the errors on rows that the model has not seen.

    [f(x) - q, f(x) + q],   q the ceil((n + 1) level)-th smallest of n held-out |y - f(x)|

holds a new row's target with at least the probability ``level``, whatever the distribution, for the
model that made the residuals (split conformal prediction; Lei et al. 2018, Theorem 2.2, JASA
113:1094). A model trained again on all rows errs less as a rule, so that its intervals are wide
rather than narrow; that part is no theorem.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

MOST_KEPT = 999


def residual_quantiles(residuals: ArrayLike) -> dict[str, Any]:
    """What a model file keeps of held-out residuals, as plain values, under ``info["residuals"]``.

    Parameters
    ----------
    residuals : array-like of shape (n_samples,)
        Target minus prediction on rows that the model was not trained on.

    Returns
    -------
    quantiles : dict
        ``n``, and ``absolute``: of m values, the k-th is the order statistic of level k / (m + 1).
        All residuals up to 999 of them, else those of levels 0.001, 0.002 and so on.

    Examples
    --------
    >>> residual_quantiles([0.5, -2.0, 1.0])
    {'n': 3, 'absolute': [0.5, 1.0, 2.0]}
    """
    absolute = np.sort(np.abs(np.asarray(residuals, dtype=np.float64)))
    n = len(absolute)
    if n > MOST_KEPT:
        ranks = np.ceil(np.arange(1, MOST_KEPT + 1) * (n + 1) / (MOST_KEPT + 1)).astype(np.int64)
        absolute = absolute[np.minimum(ranks, n) - 1]
    return {"n": n, "absolute": absolute.tolist()}


def half_width(quantiles: dict[str, Any], level: float) -> float:
    """Half the width of the intervals of a level.

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
        raise ValueError(f"level must be between 0 and 1, got {level!r}.")
    absolute = quantiles["absolute"]
    rank = math.ceil((len(absolute) + 1) * level - 1e-9)
    if rank > len(absolute):
        needed = math.ceil(level / (1 - level) * (1 - 1e-9))
        raise ValueError(
            f"an interval of level {level:g} needs {needed} held-out rows, and the model was made"
            f" with {quantiles['n']}; ask for a lower level or fit with more rows."
        )
    return float(absolute[rank - 1])

"""Temperature scaling: a network's logits are divided by one number that calibrates its probabilities.

    T = argmin - sum_i w_i log softmax(z_i / T)[y_i] + (log T)^2 / (2 S^2),      p = softmax(z / T)

over rows that did not train; w_i are the weights of the classes, S lets few rows say little. Smoothed
labels and dropout leave a network less sure than it may be, T < 1, long training surer, T > 1. Which class
is the likeliest does not change. (Guo et al. 2017, "On calibration of modern neural networks",
arXiv:1706.04599, section 4.2; the prior of log T is ours.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PRIOR_DEVIATION = 0.5  # of log T, "S": about what 20 temperatures on four tables had, .45 to 1.80
MOST = 3.0  # |log T|, where to look


def temperature_of(z: Array, codes: Array, weights: Array | None = None) -> float:
    """The temperature T of rows.

    Parameters
    ----------
    z : ndarray of shape (n_samples, n_classes)
        Logits.
    codes : int ndarray of shape (n_samples,)
        Which class is true.
    weights : ndarray of shape (n_samples,), optional
        By default each row counts once.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(20_000, 2)) * 3
    >>> codes = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    >>> round(temperature_of(z, codes), 1), round(temperature_of(z / 2, codes), 1)
    (1.0, 0.5)
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    z = np.asarray(z, np.float64)
    weights = np.ones(len(z)) if weights is None else weights
    rows = np.arange(len(z))

    def cost(log_t: float) -> float:
        surprise = -log_softmax(z * np.exp(-log_t), axis=1)[rows, codes]
        return float(weights @ surprise + (log_t / PRIOR_DEVIATION) ** 2 / 2)

    return float(np.exp(minimize_scalar(cost, bounds=(-MOST, MOST), method="bounded").x))


def temperature_of_network(model: Any, X: Array, y: Array, *, is_balanced: bool = False) -> float:
    """The temperature of a classifier on rows that did not train.

    Rows of a class that the classifier has never seen say nothing; balanced, classes count equally, and all
    rows together for as many as their uneven weights are worth, (sum w)^2 / sum w^2 (Kish 1965).
    """
    from sklearn.utils.class_weight import compute_sample_weight

    is_known = np.isin(y, model.classes_)
    X, y = X[is_known], y[is_known]
    if not len(y):
        return 1.0
    z = model._outputs(X, "identity")
    if not np.isfinite(z).all():
        return 1.0
    weights = compute_sample_weight("balanced" if is_balanced else None, y)
    weights = weights * weights.sum() / (weights @ weights)
    z = np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z
    return temperature_of(z, np.searchsorted(model.classes_, y), weights)

"""Whether rows suit a visible layer: probabilities in [0, 1], or columns that are about standardised."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepen.functions.moments import column_means, column_variances

Array = NDArray[Any]
# Standardised columns have mean 0 and deviation 1. Steps of the usual size suit means and deviations up to
# the first, where at least one column deviates by the second.
LARGEST, LEAST_DEVIATION = 10.0, 0.1


def are_probabilities(X: Any) -> bool:
    """Whether all values are in [0, 1]."""
    return bool(X.min() >= 0 and X.max() <= 1)


def are_counts(X: Any) -> bool:
    """Whether all values are whole numbers that are not negative."""
    return bool(X.min() >= 0 and not np.any((X.data if sparse.issparse(X) else X) % 1))


def warn_of_scale(X: Any, column_names: Any, learner: str, stacklevel: int) -> None:
    """Say what to do about rows that are neither probabilities nor about standardised.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
    column_names : array of str, or None
    learner : str
        Name of the model that is about to learn from them.
    stacklevel : int
        Of the warning, as seen from the caller.
    """
    if are_probabilities(X):
        return
    mean = column_means(X)
    deviation = np.sqrt(column_variances(X, mean))
    size = np.maximum(np.abs(mean), deviation)
    if size.max() <= LARGEST and deviation.max() >= LEAST_DEVIATION:
        return
    worst = int(np.argmax(size))
    name = worst if column_names is None else repr(str(column_names[worst]))
    advice = (
        "Divide pixels by their largest value; of counts take numpy.log1p, then StandardScaler."
        if are_counts(X)
        else "Use StandardScaler, or MinMaxScaler where values have ends."
    )
    warnings.warn(
        f"X is neither in [0, 1] nor standardised: column {name} has mean {mean[worst]:.3g} and"
        f" standard deviation {deviation[worst]:.3g}. {learner} takes it as it is, and will learn"
        f" little from columns of such size. {advice}",
        UserWarning,
        stacklevel=stacklevel + 1,
    )

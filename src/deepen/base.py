"""What every estimator shares: unlabelled rows, weights, seeds, warnings, evaluation on held-out rows.

No JAX at import: the engine is imported by the first fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.class_weight import compute_sample_weight

Array = NDArray[Any]


def labelled_rows(y: Any, marker: Any) -> Array:
    """Which rows have a target: those whose y is not the marker (NaN marks by being NaN).

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    marker : scalar
        What ``unlabeled`` of an estimator names.

    Returns
    -------
    mask : bool array of shape (n_samples,)

    Raises
    ------
    ValueError
        Where no row has a target.
    """
    values = np.asarray(y)
    if isinstance(marker, float) and np.isnan(marker):
        missing = np.array([v is None or v != v for v in values.ravel()]).reshape(values.shape)
    else:
        missing = np.asarray(values == marker)
    mask = ~missing if values.ndim == 1 else ~missing.any(axis=1)
    if not mask.any():
        raise ValueError(
            f"Every row of y is marked as unlabelled (unlabeled={marker!r}); at least one row needs a"
            " target."
        )
    return mask


def combined_weights(
    sample_weight: Array | None, class_weight: Any, y: Any
) -> Array | None:
    """Sample weights times class weights; None where neither is given."""
    if class_weight is None:
        return sample_weight
    by_class = compute_sample_weight(class_weight, y)
    return by_class if sample_weight is None else sample_weight * by_class


def held_out_figures(
    objective: Any,
    X: Array,
    y: Array,
    weights: Array | None,
    score: Callable[[Array, Array, Array | None], float],
) -> Callable[[Any], tuple[float, float]]:
    """Function of the parameters that gives the score and the mean cost on held-out rows.

    ``score`` takes the network's outputs, shape (n_samples, n_outputs), before the output activation,
    then y and the weights.
    """
    from deepen.engine.evaluate import outputs_and_cost

    def figures(params: Any) -> tuple[float, float]:
        outputs, cost = outputs_and_cost(objective, params, X, y, weights)
        return float(score(outputs, y, weights)), cost

    return figures


def warn_not_converged(solver: str, progress: Any, max_iter: int, max_fun_hit: bool) -> None:
    """Warn, in scikit-learn's words, that a run ended at a limit and what to change."""
    if solver in ("lbfgs", "cg"):
        message = (
            f"{solver} failed to converge after {progress.n_iter} iteration(s) (status=1):\n"
            f"{progress.stop_reason}\n\n"
            f"Increase the number of iterations to improve the convergence (max_iter={max_iter}"
            + (" or max_fun" if max_fun_hit else "")
            + ").\nYou might also want to scale the data as shown in:\n"
            "    https://scikit-learn.org/stable/modules/preprocessing.html"
        )
    else:
        message = (
            f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization"
            " hasn't converged yet. Increase max_iter, or raise the learning rate."
        )
    warnings.warn(message, ConvergenceWarning, stacklevel=4)

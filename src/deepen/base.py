"""What every estimator shares: unlabelled rows, weights, seeds, warnings, evaluation on held-out rows.

No JAX at import: the engine is imported by the first fit.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.class_weight import compute_sample_weight

Array = NDArray[Any]


def check_parameters(estimator: Any) -> None:
    """Validate the constructor's parameters, unless scikit-learn's configuration says not to."""
    if not get_config()["skip_parameter_validation"]:
        estimator._validate_params()


def check_held_out(X_val: Any, y_val: Any) -> None:
    """Raise where one of the two is given without the other."""
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val belong together; pass both to fit, or neither.")


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
    # A list as objects: NumPy would make the string "nan" of a NaN among strings.
    values = np.asarray(y, None if hasattr(y, "__array__") else object)
    if isinstance(marker, float) and np.isnan(marker):
        from pandas import isna

        missing = np.asarray(isna(values))
    else:
        # As objects: a number never equals a string, and NumPy does not warn about the question.
        missing = np.asarray(values.astype(object) == marker, bool)
    mask: Array = ~missing if values.ndim == 1 else ~np.any(missing, axis=1)
    if not mask.any():
        raise ValueError(
            f"Every row of y is marked as unlabelled (unlabeled={marker!r}); at least one row needs a"
            " target."
        )
    return mask


def drop_unlabelled(marker: Any, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """X, y and the weights without the rows whose y is the marker; as they are where it is None.

    A target of objects becomes one of their own type, as if the marked rows had never been there.

    Raises
    ------
    ValueError
        Where y has NaN and no marker says what it means, or no row has a target.
    """
    if marker is None:
        _refuse_nan(y)
        return X, y, sample_weight
    rows = np.flatnonzero(labelled_rows(y, marker))
    X, y, sample_weight = (
        values if values is None else _safe_indexing(values, rows)
        for values in indexable(X, y, sample_weight)
    )
    values = np.asarray(y)
    return X, np.array(values.tolist()) if values.dtype == object else y, sample_weight


def _refuse_nan(y: Any) -> None:
    """What scikit-learn refuses too, with the remedy that there is here."""
    values = np.asarray(y)
    if values.dtype == object and values.ndim:  # no y at all is told elsewhere
        from pandas import isna  # None and pandas' NA as well

        has_gaps = bool(np.any(isna(values)))
    else:
        has_gaps = values.dtype.kind == "f" and bool(np.isnan(values).any())
    if has_gaps:
        raise ValueError(
            "Input y contains NaN. Leave those rows out, or give unlabeled=float('nan'): a row without a "
            "target then serves where an estimator learns from X alone, and else is left out."
        )


def combined_weights(sample_weight: Array | None, class_weight: Any, y: Array) -> Array | None:
    """Sample weights times class weights; None where neither is given.

    'balanced' gives every class the same total weight, so that a weight of two equals a row twice.
    """
    if class_weight is None:
        return sample_weight
    if isinstance(class_weight, str):
        columns = y.reshape(len(y), -1).T
        by_class = np.prod([_balanced(column, sample_weight) for column in columns], axis=0)
    elif y.ndim == 1:  # a chunk of rows may lack a class that the dict names
        classes, index = np.unique(y, return_inverse=True)
        by_class = np.array([class_weight.get(label, 1.0) for label in classes.tolist()])[index]
    else:
        by_class = compute_sample_weight(class_weight, y)
    return by_class if sample_weight is None else sample_weight * by_class


def _balanced(y: Array, sample_weight: Array | None) -> Array:
    """Weight of each row's class, n / (n_classes n_k) with n_k the weight of the class's rows."""
    classes, index = np.unique(y, return_inverse=True)
    n_k = np.bincount(index, sample_weight)
    return np.divide(n_k.sum(), len(classes) * n_k, out=np.zeros(len(n_k)), where=n_k > 0)[index]


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
        if not np.isfinite(outputs).all():  # which no metric takes; the engine stops at the cost
            return np.nan, np.nan
        return float(score(outputs, y, weights)), cost

    return figures


def print_epoch(event: Any) -> None:
    """Print an epoch's figures in scikit-learn's words: what ``verbose`` asks for."""
    score = (
        "" if event.validation_score is None else f"\nValidation score: {event.validation_score:f}"
    )
    sys.stdout.write(f"Iteration {event.epoch}, loss = {event.loss:.8f}{score}\n")


def warn_not_converged(optimizer: Any, progress: Any, max_iter: int, stacklevel: int = 5) -> None:
    """Warn, in scikit-learn's words, that a run ended at a limit and what to change."""
    names = {"LBFGS": "lbfgs", "ConjugateGradient": "cg"}
    solver, max_fun_hit = names.get(type(optimizer).__name__), hasattr(optimizer, "max_fun")
    if solver is not None:
        remedy = (
            f"Increase the number of iterations to improve the convergence (max_iter={max_iter}"
            + (" or max_fun)." if max_fun_hit else ").")
        )
        if "precision loss" in progress.stop_reason:
            remedy = "The gradient cannot be made smaller with this precision: raise tol."
        message = (
            f"{solver} failed to converge after {progress.n_iter} iteration(s) (status=1):\n"
            f"{progress.stop_reason}\n\n{remedy}\n"
            "You might also want to scale the data as shown in:\n"
            "    https://scikit-learn.org/stable/modules/preprocessing.html"
        )
    else:
        message = (
            f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization"
            " hasn't converged yet. Increase max_iter, or raise the learning rate."
        )
    warnings.warn(message, ConvergenceWarning, stacklevel=stacklevel)

"""Rows, first parameters and training of :class:`deepen.neural_network.RBMClassifier`."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, column_or_1d, validate_data

from deepen._callbacks_of_sklearn import callback_session
from deepen.base import (
    combined_weights,
    drop_unlabelled,
    held_out_figures,
    labelled_rows,
    print_epoch,
    warn_not_converged,
)
from deepen.functions.bernoulli_energy import PSEUDO_COUNT, initial_visible_bias
from deepen.functions.class_energy import Params
from deepen.neural_network._network_run import rows_of_a_batch
from deepen.solvers import is_deterministic, resolve_solver

Array = NDArray[Any]
Rows = tuple[Any, Array, Array | None]  # X, class numbers with -1 where there is none, weights
FLOATS = (np.float64, np.float32)


def validated_rows(estimator: Any, X: Any, y: Any, sample_weight: Any) -> Rows:
    """Checked rows, class numbers and weights; sets ``classes_``."""
    marker = estimator.unlabeled
    if marker is not None and estimator.objective == "discriminative":
        X, y, sample_weight = drop_unlabelled(marker, X, y, sample_weight)
        marker = None
    checks = {"accept_sparse": "csr", "dtype": FLOATS, "order": "C"}
    if marker is None:
        X, labels = validate_data(estimator, X, y, **checks)
        is_known = np.ones(len(labels), bool)
    else:
        X = validate_data(estimator, X, **checks)
        check_consistent_length(X, y)
        is_known = labelled_rows(y, marker)
        # As if the marked rows had never been there: the labels' own type, not that of the marker.
        labels = column_or_1d(np.array(np.asarray(y, object)[is_known].tolist()), warn=True)
    check_classification_targets(labels)
    estimator.classes_, numbers = np.unique(labels, return_inverse=True)
    if len(estimator.classes_) < 2:
        raise ValueError(
            "RBMClassifier needs samples of at least 2 classes in the data, but the data contains only"
            f" one class: {estimator.classes_[0]!r}"
        )
    index = np.full(len(is_known), -1, np.int32)
    index[is_known] = numbers
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype)
    if estimator.class_weight is None:
        return X, index, sample_weight
    weights = np.ones(len(index), X.dtype) if sample_weight is None else sample_weight.copy()
    weights[is_known] = combined_weights(weights[is_known], estimator.class_weight, labels)
    return X, index, weights


def validated_held_out(estimator: Any, X: Any, y: Any) -> Rows:
    """Checked rows to stop on, whose classes the training rows have.

    Raises
    ------
    ValueError
        Where a class has no training row.
    """
    X, y, _ = drop_unlabelled(estimator.unlabeled, X, y, None)
    X, y = validate_data(estimator, X, y, accept_sparse="csr", dtype=FLOATS, reset=False)
    index = np.searchsorted(estimator.classes_, y).clip(max=len(estimator.classes_) - 1)
    if np.any(estimator.classes_[index] != y):
        raise ValueError("`y_val` has classes that `y` has not; each class needs rows to train on.")
    return X, index.astype(np.int32), None


def initialize(rng: np.random.RandomState, rows: Rows, n_hidden: int, n_classes: int) -> Params:
    """First parameters, of the dtype of X: the data's log-odds as biases, small uniform weights.

    W and U ~ U(-m^-1/2, m^-1/2), m the larger side of the matrix (Larochelle and Bengio 2008,
    section 7).
    """
    X, index, weights = rows
    dtype = X.dtype
    weights = np.ones(len(index)) if weights is None else weights.astype(np.float64)
    mean = np.asarray(weights @ X).ravel().astype(dtype) / dtype.type(weights.sum())
    is_known = index >= 0
    counts = np.bincount(index[is_known], weights[is_known], minlength=n_classes)

    def uniform(n_rows: int) -> Array:
        bound = max(n_rows, n_hidden) ** -0.5
        return rng.uniform(-bound, bound, (n_rows, n_hidden)).astype(dtype)

    W = uniform(X.shape[1])
    return Params(
        W,
        uniform(n_classes),
        initial_visible_bias(mean, max(1, round(float(weights.sum())))),
        np.log(counts + PSEUDO_COUNT).astype(dtype),
        -(mean @ W),  # every hidden unit begins at 1/2 on the mean row
    )


def train(estimator: Any, rows: Rows, held_out: Rows | None) -> None:
    """Minimise the estimator's objective and keep what was found."""
    from deepen.engine import Batches, Run, Stopping, minimize
    from deepen.engine.stopping import Progress

    X, index, weights = rows
    rng = check_random_state(estimator.random_state)
    optimizer = resolve_solver(estimator)
    if is_deterministic(estimator.solver) and estimator.objective != "discriminative":
        raise ValueError(
            f"solver={estimator.solver!r} needs a cost without randomness: use a stochastic solver, such"
            " as 'adam', or objective='discriminative'."
        )
    if estimator.objective != "discriminative" and (X.min() < 0 or X.max() > 1):
        warnings.warn(
            f"X has values outside [0, 1] (from {X.min():g} to {X.max():g}), which the generative term's"
            " binary units cannot take. Scale X with MinMaxScaler, or use objective='discriminative'.",
            UserWarning,
            stacklevel=3,
        )
    params = initialize(rng, rows, int(estimator.n_components), len(estimator.classes_))
    batch_size = rows_of_a_batch(estimator, X.shape[0])
    batches = Batches(X, index, weights, batch_size=batch_size, shuffle=estimator.shuffle, rng=rng)
    objective = _objective(estimator, batches)
    with callback_session(estimator, (X, index), "epoch", params, attributes) as callbacks:
        own = (print_epoch,) if estimator.verbose else ()
        run = Run(
            penalty=_penalty(estimator, batches),
            stopping=Stopping(int(estimator.max_iter), estimator.tol, estimator.n_iter_no_change),
            validate=_validation(held_out),
            callbacks=(*own, *(estimator.callbacks or ()), *callbacks),
            seed=int(rng.randint(np.iinfo(np.int32).max)),
        )
        progress = Progress(best=np.inf if held_out is None else -np.inf)
        result = minimize(objective, params, batches, optimizer, run, progress=progress)
    for name, value in attributes(result.params).items():
        setattr(estimator, name, value)
    estimator.history_ = copy.deepcopy(result.progress.history)
    estimator.loss_curve_ = list(estimator.history_.get("loss", []))
    estimator.n_iter_, estimator.stop_reason_ = result.progress.n_iter, result.progress.stop_reason
    if not result.converged:
        warn_not_converged(optimizer, result.progress, estimator.max_iter, stacklevel=4)


def attributes(params: Params) -> dict[str, Array]:
    """Fitted attributes of some parameters."""
    return {
        "components_": params.weights.T,
        "class_components_": params.class_weights.T,
        "intercept_visible_": params.visible_bias,
        "intercept_class_": params.class_bias,
        "intercept_hidden_": params.hidden_bias,
    }


def _objective(estimator: Any, batches: Any) -> Any:
    from deepen.layers.class_contrast import ClassContrast

    weights, is_known = batches.weights.astype(np.float64), batches.y >= 0
    weight = {"hybrid": estimator.generative_weight or None, "generative": 1.0}
    return ClassContrast(
        n_steps=int(estimator.n_steps),
        is_discriminative=estimator.objective != "generative",
        generative_weight=weight.get(estimator.objective),
        label_weight=float(weights.sum() / max(weights[is_known].sum(), np.finfo(float).tiny)),
    )


def _penalty(estimator: Any, batches: Any) -> Any:
    from deepen.engine import Penalty

    l2 = estimator.alpha / batches.nominal_weight if estimator.alpha else None
    return Penalty(l2=l2, fields=("weights", "class_weights"))


def _validation(held_out: Rows | None) -> Any:
    from deepen.layers.class_contrast import ClassContrast

    if held_out is None:
        return None
    return held_out_figures(ClassContrast(), *held_out, _accuracy)


def _accuracy(scores: Array, y: Array, weights: Array | None) -> float:
    return float(accuracy_score(y, scores.argmax(axis=1), sample_weight=weights))

"""The estimator behind each rung: ``make(task, params, seed, is_balanced)``, unfitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepen.model_selection.metrics import Task

MAX_EPOCHS, MODERN_EPOCHS = 120, 80
MODERN: dict[str, Any] = {
    "max_iter": MODERN_EPOCHS,
    "max_norm": 3.0,
    "learning_rate": "cosine",
    "input_dropout": 0.1,
}
# After pre-training: few labels make few steps an epoch, and logistic units need some hundreds.
FINE_TUNING_STEPS, MOST_FINE_TUNING = 400, 400
# Coarse bins and a fast rate halve the time of boosting and cost no accuracy that showed.
MAX_TREES, TREE_PATIENCE, TREE_BINS = 400, 10, 63


def baseline(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    """The commonest class, or the mean."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyClassifier(strategy="prior") if task == "classification" else DummyRegressor()


def linear(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    """Logistic or linear regression."""
    from deepen.linear_model import LinearRegression, LogisticRegression

    if task == "regression":
        return LinearRegression(**params)
    return LogisticRegression(max_iter=500, class_weight=weight_of(is_balanced), **params)


def boosting(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    """Gradient boosting, stopped by rows of its own."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    fixed: dict[str, Any] = {
        "max_iter": MAX_TREES,
        "max_bins": TREE_BINS,
        "early_stopping": True,
        "n_iter_no_change": TREE_PATIENCE,
        "random_state": seed,
    }
    if task == "regression":
        return HistGradientBoostingRegressor(**fixed, **params)
    return HistGradientBoostingClassifier(**fixed, class_weight=weight_of(is_balanced), **params)


def network(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    """A plain perceptron."""
    from deepen.neural_network import MLPClassifier, MLPRegressor

    # Only the callbacks of `training` decide when a network has trained enough.
    settings = {
        "max_iter": MAX_EPOCHS,
        "n_iter_no_change": np.inf,
        "random_state": seed,
        **params,
    }
    if task == "regression":
        return MLPRegressor(**settings)
    return MLPClassifier(class_weight=weight_of(is_balanced), **settings)


def modern(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    """A perceptron with dropout, max-norm and a cosine schedule."""
    return network(task, {**MODERN, **params}, seed, is_balanced)


def denoising(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    """Stacked denoising autoencoders of rectified units, fine-tuned by the modern recipe."""
    from deepen.neural_network import MLPRegressor, StackedAutoencoderClassifier

    settings = {"activation": "relu", "pretrainer": "autoencoder", **_fine_tuning(seed), **params}
    if task == "regression":
        return MLPRegressor(**settings)
    return StackedAutoencoderClassifier(class_weight=weight_of(is_balanced), **settings)


def belief(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    """Deep belief network, fine-tuned by the modern recipe."""
    from deepen.neural_network import DBNClassifier, DBNRegressor

    settings = {**_fine_tuning(seed), **params}
    if task == "regression":
        return DBNRegressor(**settings)
    return DBNClassifier(class_weight=weight_of(is_balanced), **settings)


def _fine_tuning(seed: int) -> dict[str, Any]:
    return {**MODERN, "centered": True, "n_iter_no_change": np.inf, "random_state": seed}


def weight_of(is_balanced: bool) -> str | None:
    """Weights of the classes."""
    return "balanced" if is_balanced else None

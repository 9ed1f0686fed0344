"""Which models ``deepen fit`` trains, and how their parameters are written."""

from __future__ import annotations

import ast
import importlib
from typing import Any, NamedTuple

FEATURES = "features"  # the task of a model that has no target


class Model(NamedTuple):
    """What stands behind a name.

    Attributes
    ----------
    module : str
    classifier, regressor, features : str
        Classes for targets that are classes, for amounts, and for rows without a target; or empty.
    is_binary : bool
        Whether its values must lie in [0, 1].
    """

    module: str
    classifier: str = ""
    regressor: str = ""
    features: str = ""
    is_binary: bool = False


_NETWORKS = "deepen.neural_network"
MODELS: dict[str, Model] = {
    "mlp": Model(_NETWORKS, "MLPClassifier", "MLPRegressor"),
    "logistic": Model("deepen.linear_model", "LogisticRegression"),
    "linear": Model("deepen.linear_model", "", "LinearRegression"),
    "dbn": Model(_NETWORKS, "DBNClassifier", "DBNRegressor"),
    "rbm-classifier": Model(_NETWORKS, "RBMClassifier", is_binary=True),
    "rbm": Model(_NETWORKS, features="BernoulliRBM", is_binary=True),
    "gaussian-rbm": Model(_NETWORKS, features="GaussianRBM"),
    "autoencoder": Model(_NETWORKS, features="Autoencoder"),
}


def task_of(model: str) -> str | None:
    """Task of a model that knows only one, or None."""
    _, classifier, regressor, features, _ = MODELS[model]
    if features:
        return FEATURES
    return "regression" if not classifier else "classification" if not regressor else None


def parsed_settings(settings: list[str]) -> dict[str, Any]:
    """Values as Python literals where they are, words otherwise; 100,50 is a tuple, true is True.

    Examples
    --------
    >>> parsed_settings(["hidden_layer_sizes=100,50", "solver=sgd", "alpha=1e-3", "centered=true"])
    {'hidden_layer_sizes': (100, 50), 'solver': 'sgd', 'alpha': 0.001, 'centered': True}
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise ValueError(f"--set {setting!r}: write name=value.")
        try:
            parsed[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            parsed[name] = {"true": True, "false": False, "none": None}.get(text.lower(), text)
    return parsed


def new_estimator(model: str, task: str, params: dict[str, Any], seed: int) -> Any:
    """Unfitted estimator of a model with parameters set.

    Raises
    ------
    ValueError
        If it has no such parameter; the closest is proposed.
    """
    entry = MODELS[model]
    name = {"classification": entry.classifier, "regression": entry.regressor}.get(task)
    estimator = getattr(importlib.import_module(entry.module), name or entry.features)()
    known = estimator.get_params()
    if "hidden_layer_sizes" in params:
        params = {**params, "hidden_layer_sizes": _sizes(params["hidden_layer_sizes"])}
    for name in params:
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"--set {name}: {type(estimator).__name__} has no such parameter.{hint}"
            )
    if "random_state" in known:
        params = {"random_state": seed, **params}
    return estimator.set_params(**params)


def _sizes(value: Any) -> tuple[int, ...]:
    sizes = tuple(value) if isinstance(value, list | tuple) else (value,)
    if any(type(size) is not int or size < 1 for size in sizes):
        raise ValueError(f"--set hidden_layer_sizes: write whole numbers, 100,50; got {value!r}.")
    return sizes

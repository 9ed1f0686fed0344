"""The rungs: what each one is, the settings it tries, and how one setting is trained.

0 majority | mean      1 logistic | linear regression      2 one hidden layer      3 deep
4 deep, modern training: dropout, max-norm, cosine schedule; early stopping as on 2 and 3
beside the ladder: gradient boosting
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepen.model_selection.metrics import Task
from deepen.model_selection.results import Role

MAX_EPOCHS, MODERN_EPOCHS = 120, 80
RIDGE_PENALTIES = (0.0, 1.0, 10.0, 100.0, 1000.0)
MAX_TREES, TREE_PATIENCE = 500, 10
NETWORKS = frozenset({"one_hidden", "deep", "modern"})


@dataclass(frozen=True)
class Rung:
    """Name in code, name in words for each task, and its place."""

    name: str
    title: str
    regression_title: str
    role: Role
    is_default: bool = True

    def title_for(self, task: Task) -> str:
        """Name in words."""
        return self.title if task == "classification" else self.regression_title


RUNGS: tuple[Rung, ...] = (
    Rung("baseline", "majority class", "mean of the target", "baseline"),
    Rung("linear", "logistic regression", "linear regression", "ladder"),
    Rung("one_hidden", "one hidden layer", "one hidden layer", "ladder"),
    Rung("deep", "deep network", "deep network", "ladder"),
    Rung(
        "modern", "deep network with modern training", "deep network with modern training", "ladder"
    ),
    Rung("boosting", "gradient boosting", "gradient boosting", "beside"),
)
# A provisional answer from regression and boosting stands before the networks start.
RUNNING_ORDER = ("baseline", "linear", "boosting", "one_hidden", "deep", "modern")


def select_rungs(names: str | Sequence[str]) -> tuple[Rung, ...]:
    """Rungs by name, in the order of their cost; "auto" is all of them."""
    if isinstance(names, str) and names == "auto":
        return RUNGS
    known = [rung.name for rung in RUNGS]
    wanted = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"rungs must be 'auto' or among {', '.join(known)}, got {unknown[0]!r}.")
    return tuple(rung for rung in RUNGS if rung.name in wanted)


_SPACES: dict[str, dict[str, Callable[[np.random.Generator], Any]]] = {
    "baseline": {},
    "linear": {"C": lambda rng: _log_uniform(rng, 1e-3, 1e3)},
    "one_hidden": {
        "hidden_layer_sizes": lambda rng: [(64,), (128,)][rng.integers(2)],
        "learning_rate_init": lambda rng: _log_uniform(rng, 5e-4, 1e-2),
        "alpha": lambda rng: _log_uniform(rng, 1e-5, 1e-1),
    },
    "deep": {
        "hidden_layer_sizes": lambda rng: [(128, 128), (128, 128, 128)][rng.integers(2)],
        "learning_rate_init": lambda rng: _log_uniform(rng, 3e-4, 5e-3),
        "alpha": lambda rng: _log_uniform(rng, 1e-5, 1e-1),
    },
    "modern": {
        "hidden_layer_sizes": lambda rng: [(256, 256), (256, 256, 256)][rng.integers(2)],
        "learning_rate_init": lambda rng: _log_uniform(rng, 1e-3, 1e-2),
        "alpha": lambda rng: _log_uniform(rng, 1e-5, 1e-2),
        "dropout": lambda rng: float(rng.choice([0.1, 0.2, 0.35, 0.5])),
    },
    "boosting": {
        "learning_rate": lambda rng: _log_uniform(rng, 0.08, 0.3),
        "max_leaf_nodes": lambda rng: int(rng.choice([7, 15, 31])),
        "l2_regularization": lambda rng: _log_uniform(rng, 1e-3, 1e1),
    },
}
_FIRST: dict[str, dict[str, Any]] = {
    "baseline": {},
    "linear": {"C": 1.0},
    "one_hidden": {"hidden_layer_sizes": (128,), "learning_rate_init": 2e-3, "alpha": 1e-4},
    "deep": {"hidden_layer_sizes": (128, 128), "learning_rate_init": 1e-3, "alpha": 1e-4},
    "modern": {
        "hidden_layer_sizes": (256, 256),
        "learning_rate_init": 3e-3,
        "alpha": 1e-4,
        "dropout": 0.35,
    },
    "boosting": {"learning_rate": 0.15, "max_leaf_nodes": 31, "l2_regularization": 0.0},
}


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """One draw, uniform in the logarithm, kept to three digits so that it can be typed again."""
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.3g}")


def candidates(rung: Rung, task: Task, n_candidates: int, seed: int) -> list[dict[str, Any]]:
    """The first `n_candidates` settings of a rung: its default, then draws from `seed`.

    Examples
    --------
    >>> candidates(RUNGS[1], "classification", 1, seed=0)
    [{'C': 1.0}]
    """
    if rung.name == "baseline":
        return [{}]
    if rung.name == "linear" and task == "regression":
        return [{"alpha": alpha} for alpha in RIDGE_PENALTIES[:n_candidates]]
    rng = np.random.default_rng([seed, [r.name for r in RUNGS].index(rung.name)])
    space = _SPACES[rung.name]
    draws = [{name: draw(rng) for name, draw in space.items()} for _ in range(n_candidates - 1)]
    return [dict(_FIRST[rung.name]), *draws]


def build(rung: Rung, task: Task, params: Mapping[str, Any], seed: int) -> Any:
    """An unfitted estimator of this rung."""
    is_classifier = task == "classification"
    if rung.name == "baseline":
        from sklearn.dummy import DummyClassifier, DummyRegressor

        return DummyClassifier(strategy="prior") if is_classifier else DummyRegressor()
    if rung.name == "linear":
        from deepen.linear_model import LinearRegression, LogisticRegression

        return (
            LogisticRegression(max_iter=500, **params)
            if is_classifier
            else LinearRegression(**params)
        )
    if rung.name == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        boosting = (
            HistGradientBoostingClassifier if is_classifier else HistGradientBoostingRegressor
        )
        return boosting(
            max_iter=MAX_TREES,
            early_stopping=True,
            n_iter_no_change=TREE_PATIENCE,
            random_state=seed,
            **params,
        )
    from deepen.neural_network import MLPClassifier, MLPRegressor

    network = MLPClassifier if is_classifier else MLPRegressor
    extra: dict[str, Any] = {"max_iter": MAX_EPOCHS}
    if rung.name == "modern":
        extra = {
            "max_iter": MODERN_EPOCHS,
            "max_norm": 3.0,
            "learning_rate": "cosine",
            "input_dropout": 0.1,
        }
    # Only the callbacks of this module decide when a network has trained enough.
    return network(n_iter_no_change=np.inf, random_state=seed, **extra, **params)

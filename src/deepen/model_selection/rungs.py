"""The rungs: what each one is, the settings it tries, and the estimator behind it.

0 majority | mean      1 logistic | linear regression      2 one hidden layer      3 deep
4 deep, modern training: dropout, max-norm, a cosine schedule walked to its end
beside the ladder: gradient boosting

A rung is one entry of `RUNGS`; nothing else names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepen.model_selection.metrics import Task
from deepen.model_selection.results import Role

Draw = Callable[[np.random.Generator], Any]

MAX_EPOCHS, MODERN_EPOCHS, PATIENCE = 120, 80, 20
RIDGE_PENALTIES = (0.0, 1.0, 10.0, 100.0, 1000.0)
# Coarse bins and a fast rate halve the time of boosting and cost no accuracy that showed.
MAX_TREES, TREE_PATIENCE, TREE_BINS = 400, 10, 63


@dataclass(frozen=True)
class Rung:
    """One rung, complete.

    Parameters
    ----------
    name : str
        In code and for ``rungs=``.
    title, regression_title : str
        In words.
    role : {"baseline", "ladder", "beside"}
    make : callable
        ``make(task, params, seed, is_balanced)``: an unfitted estimator; balanced ones weigh the
        classes equally.
    first : mapping
        The setting that is tried first.
    space : mapping of str to callable
        How each parameter of a further setting is drawn from a generator.
    turn : int
        When it runs; a provisional answer from regression and boosting comes before the networks.
    kind : {"plain", "trees", "network"}
        A network is stopped on the stopping rows by callbacks; trees too, by their own rule, and
        take categories as codes.
    patience : float
        Epochs without progress on the stopping rows that a network is given.
    walks_to_end : bool
        Whether the weights of the last epoch are taken, not the best ones on the stopping rows.
    takes_unlabelled : bool
        Whether ``fit`` takes ``X_unlabelled``, rows without a target.
    max_epochs : int
        Most epochs or rounds; 0 where it counts none.
    is_default : bool
        Whether "auto" has it.
    """

    name: str
    title: str
    regression_title: str
    role: Role
    make: Callable[[Task, Mapping[str, Any], int, bool], Any]
    first: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Draw] = field(default_factory=dict)
    turn: int = 0
    kind: str = "plain"
    patience: float = PATIENCE
    walks_to_end: bool = False
    takes_unlabelled: bool = False
    max_epochs: int = 0
    is_default: bool = True

    @property
    def is_network(self) -> bool:
        """Whether it trains in epochs, with callbacks."""
        return self.kind == "network"

    def title_for(self, task: Task) -> str:
        """Name in words."""
        return self.title if task == "classification" else self.regression_title


def _log_uniform(low: float, high: float) -> Draw:
    """Draws uniform in the logarithm, kept to three digits so that they can be typed again."""
    return lambda rng: float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.3g}")


def _one_of(*values: Any) -> Draw:
    return lambda rng: values[int(rng.integers(len(values)))]


def _baseline(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyClassifier(strategy="prior") if task == "classification" else DummyRegressor()


def _linear(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    from deepen.linear_model import LinearRegression, LogisticRegression

    if task == "regression":
        return LinearRegression(**params)
    return LogisticRegression(max_iter=500, class_weight=_weight(is_balanced), **params)


def _boosting(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
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
    return HistGradientBoostingClassifier(**fixed, class_weight=_weight(is_balanced), **params)


def _network(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
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
    return MLPClassifier(class_weight=_weight(is_balanced), **settings)


def _modern(task: Task, params: Mapping[str, Any], seed: int, is_balanced: bool) -> Any:
    recipe = {
        "max_iter": MODERN_EPOCHS,
        "max_norm": 3.0,
        "learning_rate": "cosine",
        "input_dropout": 0.1,
    }
    return _network(task, {**recipe, **params}, seed, is_balanced)


def _weight(is_balanced: bool) -> str | None:
    return "balanced" if is_balanced else None


RUNGS: tuple[Rung, ...] = (
    Rung("baseline", "majority class", "mean of the target", "baseline", _baseline, turn=0),
    Rung(
        "linear", "logistic regression", "linear regression", "ladder", _linear,
        first={"C": 1.0},
        space={"C": _log_uniform(1e-3, 1e3)},
        turn=1,
    ),
    Rung(
        "one_hidden", "one hidden layer", "one hidden layer", "ladder", _network,
        first={"hidden_layer_sizes": (128,), "learning_rate_init": 2e-3, "alpha": 1e-4},
        space={
            "hidden_layer_sizes": _one_of((64,), (128,)),
            "learning_rate_init": _log_uniform(5e-4, 1e-2),
            "alpha": _log_uniform(1e-5, 1e-1),
        },
        turn=3, kind="network", max_epochs=MAX_EPOCHS,
    ),
    Rung(
        "deep", "deep network", "deep network", "ladder", _network,
        first={"hidden_layer_sizes": (128, 128), "learning_rate_init": 1e-3, "alpha": 1e-4},
        space={
            "hidden_layer_sizes": _one_of((128, 128), (128, 128, 128)),
            "learning_rate_init": _log_uniform(3e-4, 5e-3),
            "alpha": _log_uniform(1e-5, 1e-1),
        },
        turn=4, kind="network", max_epochs=MAX_EPOCHS,
    ),
    Rung(
        "modern", "deep network with modern training", "deep network with modern training",
        "ladder", _modern,
        first={
            "hidden_layer_sizes": (256, 256), "learning_rate_init": 3e-3, "alpha": 1e-4,
            "dropout": 0.35, "activation": "relu",
        },
        space={
            "hidden_layer_sizes": _one_of((256, 256), (256, 256, 256)),
            "learning_rate_init": _log_uniform(1e-3, 1e-2),
            "alpha": _log_uniform(1e-5, 1.0),
            "dropout": _one_of(0.1, 0.2, 0.35, 0.5),
            "activation": _one_of("relu", "relu", "gelu", "selu"),
        },
        # The last, slow epochs of its cosine schedule are its gain; the best of noisy scores is none.
        turn=5, kind="network", patience=float("inf"), walks_to_end=True, max_epochs=MODERN_EPOCHS,
    ),
    Rung(
        "boosting", "gradient boosting", "gradient boosting", "beside", _boosting,
        first={"learning_rate": 0.2, "max_leaf_nodes": 15, "l2_regularization": 0.0,
               "max_features": 0.5},
        space={
            "learning_rate": _log_uniform(0.08, 0.3),
            "max_leaf_nodes": _one_of(7, 15, 31),
            "l2_regularization": _log_uniform(1e-3, 1e1),
            "max_features": _one_of(0.3, 0.5, 1.0),
        },
        turn=2, kind="trees", max_epochs=MAX_TREES,
    ),
)  # fmt: skip


def select_rungs(names: str | Sequence[str]) -> tuple[Rung, ...]:
    """Rungs by name, in the order of their cost; "auto" is all of them but the special ones."""
    if isinstance(names, str) and names == "auto":
        return tuple(rung for rung in RUNGS if rung.is_default)
    known = [rung.name for rung in RUNGS]
    wanted = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"rungs must be 'auto' or among {', '.join(known)}, got {unknown[0]!r}.")
    return tuple(rung for rung in RUNGS if rung.name in wanted)


def candidates(rung: Rung, task: Task, n_candidates: int, seed: int) -> list[dict[str, Any]]:
    """The first `n_candidates` settings of a rung: its default, then draws from `seed`.

    Examples
    --------
    >>> candidates(RUNGS[1], "classification", 1, seed=0)
    [{'C': 1.0}]
    """
    if not rung.space:
        return [dict(rung.first)]
    if rung.name == "linear" and task == "regression":
        return [{"alpha": alpha} for alpha in RIDGE_PENALTIES[:n_candidates]]
    rng = np.random.default_rng([seed, *rung.name.encode()])
    draws = [{k: draw(rng) for k, draw in rung.space.items()} for _ in range(n_candidates - 1)]
    return [dict(rung.first), *draws]


def build(
    rung: Rung, task: Task, params: Mapping[str, Any], seed: int, *, is_balanced: bool = False
) -> Any:
    """An unfitted estimator of this rung."""
    return rung.make(task, params, seed, is_balanced)

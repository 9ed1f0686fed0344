"""The rungs: what each one is, the settings it tries, and the estimator behind it.

0 majority | mean      1 logistic | linear regression      2 one hidden layer      3 deep
4 deep, modern training: dropout, max-norm, smoothed labels, a cosine schedule walked to its end
5 stacked denoising autoencoder, fine-tuned      6 deep belief network, fine-tuned
beside the ladder: gradient boosting

A rung is one entry of `RUNGS`; nothing else names it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from deepen.datasets._errors import did_you_mean
from deepen.model_selection.metrics import Task
from deepen.model_selection.results import Role
from deepen.model_selection.rung_models import (
    MAX_EPOCHS,
    MAX_TREES,
    MODERN_EPOCHS,
    MOST_FINE_TUNING,
    baseline,
    belief,
    boosting,
    denoising,
    linear,
    modern,
    network,
)

Form = Literal["columns", "clipped", "layers", "codes"]
Draw = Callable[[np.random.Generator], Any]

PATIENCE = 20
# Parameters that a regression has not.
OF_CLASSES = ("label_smoothing",)
# On standardised columns. The first are those that a short time tries: without a penalty, as many rows as
# columns give anything.
RIDGE_PENALTIES = (1.0, 100.0, 0.0, 10.0, 1000.0)
# With a target in every row and less time than this, in seconds, "auto" has no pre-trained rungs.
ENOUGH_TO_PRETRAIN = 300.0
WHY_NONE_PRETRAINED = (
    "Pre-trained networks are left out: no row, or hardly one, lacks a target, and the time is short "
    "(--rungs names them, or give 5 minutes)."
)


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
    is_clipped : bool
        Whether numbers reach it smoothly clipped instead of standardised.
    pretraining : {"", "autoencoder", "rbm"}
        What its layers are trained with before they see a target, on the rows without one too.
    max_epochs : int
        Most epochs or rounds; 0 where it counts none.
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
    is_clipped: bool = False
    pretraining: str = ""
    max_epochs: int = 0

    @property
    def is_network(self) -> bool:
        """Whether it trains in epochs, with callbacks."""
        return self.kind == "network"

    @property
    def form(self) -> Form:
        """Numbers standardised, clipped or as `pretraining` has them, or categories as codes."""
        if self.kind == "trees":
            return "codes"
        if self.pretraining:
            return "layers"
        return "clipped" if self.is_clipped else "columns"

    def title_for(self, task: Task) -> str:
        """Name in words."""
        return self.title if task == "classification" else self.regression_title


def _log_uniform(low: float, high: float) -> Draw:
    """Draws uniform in the logarithm, kept to three digits so that they can be typed again."""
    return lambda rng: float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.3g}")


def _one_of(*values: Any) -> Draw:
    return lambda rng: values[int(rng.integers(len(values)))]


RUNGS: tuple[Rung, ...] = (
    Rung("baseline", "majority class", "mean of the target", "baseline", baseline, turn=0),
    Rung(
        "linear", "logistic regression", "linear regression", "ladder", linear,
        first={"C": 1.0},
        space={"C": _log_uniform(1e-3, 1e3)},
        turn=1,
    ),
    Rung(
        "one_hidden", "one hidden layer", "one hidden layer", "ladder", network,
        first={"hidden_layer_sizes": (128,), "learning_rate_init": 2e-3, "alpha": 1e-4},
        space={
            "hidden_layer_sizes": _one_of((64,), (128,)),
            "learning_rate_init": _log_uniform(5e-4, 1e-2),
            "alpha": _log_uniform(1e-5, 1e-1),
        },
        turn=3, kind="network", max_epochs=MAX_EPOCHS,
    ),
    Rung(
        "deep", "deep network", "deep network", "ladder", network,
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
        "ladder", modern,
        first={
            "hidden_layer_sizes": (256, 256), "learning_rate_init": 3e-3, "alpha": 1e-4,
            "dropout": 0.35, "activation": "relu", "label_smoothing": 0.1,
        },
        space={
            "hidden_layer_sizes": _one_of((256, 256), (256, 256, 256)),
            "learning_rate_init": _log_uniform(1e-3, 1e-2),
            "alpha": _log_uniform(1e-5, 0.3),
            "dropout": _one_of(0.1, 0.2, 0.35, 0.5),
            "activation": _one_of("relu", "relu", "gelu", "selu"),
            "label_smoothing": _one_of(0.0, 0.1),
        },
        # The last, slow epochs of its cosine schedule are its gain; the best of noisy scores is none.
        turn=5, kind="network", patience=float("inf"), walks_to_end=True, is_clipped=True,
        max_epochs=MODERN_EPOCHS,
    ),
    *(
        Rung(
            name, title, title, "ladder", make,
            # One stack of layers serves all settings of a repeat, so that all have its sizes.
            first={"hidden_layer_sizes": (256, 256), "learning_rate_init": rate, "alpha": 1e-4,
                   "dropout": 0.35, "noise": 0.0, "label_smoothing": 0.1},
            space={
                "hidden_layer_sizes": _one_of((256, 256)),
                "learning_rate_init": _log_uniform(rate / 3, 3 * rate),
                "alpha": _log_uniform(1e-5, 1.0),
                "dropout": _one_of(0.0, 0.2, 0.35, 0.5),
                "noise": _one_of(0.0, 0.1, 0.2),
                "label_smoothing": _one_of(0.0, 0.1),
            },
            turn=turn, kind="network", patience=float("inf"), walks_to_end=True,
            pretraining=pretraining, max_epochs=MOST_FINE_TUNING,
        )
        for name, title, make, rate, turn, pretraining in (
            ("sae", "stacked denoising autoencoder", denoising, 3e-3, 6, "autoencoder"),
            # Logistic units pass on smaller gradients than rectifiers do.
            ("dbn", "deep belief network", belief, 1e-2, 7, "rbm"),
        )
    ),
    Rung(
        "boosting", "gradient boosting", "gradient boosting", "beside", boosting,
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


def select_rungs(
    names: str | Sequence[str],
    *,
    has_unlabelled: bool = True,
    seconds: float | None = None,
    begun: Collection[str] = (),
) -> tuple[tuple[Rung, ...], str]:
    """Rungs by name, in the order of their cost, and why some are left out, in words.

    "auto" is all of them, with one exception: pre-training pays where rows without a target outnumber
    those with one, and rarely elsewhere (what it gains, dropout gains too), so that without such rows a
    short time goes to the others.

    Those that are named run with the baseline, which costs nothing and without which a loss says little.

    Parameters
    ----------
    names : "auto", str or sequence of str
    has_unlabelled : bool, default=True
        Whether there are rows without a target, more than a few.
    seconds : float or None, default=None
        Time for everything; None is no limit.
    begun : collection of str
        Rungs of which an earlier sitting has kept repeats: "auto" leaves none of them out.

    Examples
    --------
    >>> rungs, reason = select_rungs("auto", has_unlabelled=False, seconds=60.0)
    >>> [rung.name for rung in rungs]
    ['baseline', 'linear', 'one_hidden', 'deep', 'modern', 'boosting']
    >>> [rung.name for rung in select_rungs(["dbn"])[0]]
    ['baseline', 'dbn']
    """
    if isinstance(names, str) and names == "auto":
        is_short = seconds is not None and seconds < ENOUGH_TO_PRETRAIN
        if has_unlabelled or not is_short:
            return RUNGS, ""
        kept = tuple(rung for rung in RUNGS if not rung.pretraining or rung.name in begun)
        has_pretrained = any(rung.pretraining for rung in kept)
        return kept, "" if has_pretrained else WHY_NONE_PRETRAINED
    known = [rung.name for rung in RUNGS]
    wanted = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        hint = did_you_mean(unknown[0], known) or "."
        names = ", ".join(known)
        raise ValueError(f"rungs must be 'auto' or among {names}, got {unknown[0]!r}{hint}")
    return tuple(r for r in RUNGS if r.name in wanted or r.role == "baseline"), ""


def candidates(rung: Rung, task: Task, n_candidates: int, seed: int) -> list[dict[str, Any]]:
    """The first `n_candidates` settings of a rung: its default, then draws from `seed`.

    Examples
    --------
    >>> candidates(RUNGS[1], "classification", 1, seed=0)
    [{'C': 1.0}]
    """
    if rung.name == "linear" and task == "regression":
        return [{"alpha": alpha} for alpha in RIDGE_PENALTIES[:n_candidates]]
    left_out = OF_CLASSES if task == "regression" else ()
    first, space = (
        {k: v for k, v in part.items() if k not in left_out} for part in (rung.first, rung.space)
    )
    rng = np.random.default_rng([seed, *rung.name.encode()])
    n_draws = n_candidates - 1 if space else 0
    return [first, *({k: draw(rng) for k, draw in space.items()} for _ in range(n_draws))]


def build(
    rung: Rung, task: Task, params: Mapping[str, Any], seed: int, *, is_balanced: bool = False
) -> Any:
    """An unfitted estimator of this rung."""
    return rung.make(task, params, seed, is_balanced)

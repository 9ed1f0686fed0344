"""Parameters that every feed-forward estimator has, and the engine's run that they ask for."""

from __future__ import annotations

import numbers
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from deepen.base import held_out_figures, print_epoch
from deepen.functions.activations import ACTIVATIONS
from deepen.functions.initializers import INITIALIZERS
from deepen.solvers import is_deterministic, resolve_solver

Array = NDArray[Any]
Rows = tuple[Any, Array, Array | None]  # X, targets, weights

positive = Interval(numbers.Real, 0, None, closed="neither")
not_negative = Interval(numbers.Real, 0, None, closed="left")
share = Interval(numbers.Real, 0, 1, closed="left")

NETWORK_CONSTRAINTS: dict[str, Any] = {
    "hidden_layer_sizes": ["array-like", Interval(numbers.Integral, 1, None, closed="left")],
    "activation": [StrOptions(set(ACTIVATIONS)), "array-like"],
    "solver": "no_validation",
    "alpha": [not_negative],
    "batch_size": [
        StrOptions({"auto", "full"}),
        Interval(numbers.Integral, 1, None, closed="left"),
    ],
    "learning_rate": "no_validation",
    "learning_rate_init": [positive],
    "power_t": [not_negative],
    "max_iter": [Interval(numbers.Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [not_negative],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(numbers.Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [share],
    "beta_1": [share],
    "beta_2": [share],
    "epsilon": [positive],
    "n_iter_no_change": [
        Interval(numbers.Integral, 1, None, closed="left"),
        Options(numbers.Real, {np.inf}),
    ],
    "max_fun": [Interval(numbers.Integral, 1, None, closed="left")],
    "l1": [not_negative],
    "max_norm": [positive, None],
    "gradient_tol": [not_negative, None],
    "callbacks": ["array-like", HasMethods("__iter__"), None],
    "checkpoint": "no_validation",
    "init": [StrOptions(set(INITIALIZERS))],
    "centered": ["boolean"],
    "pretrainer": [
        StrOptions({"rbm", "autoencoder"}),
        HasMethods(["fit", "transform"]),
        list,
        tuple,
        None,
    ],
}
# Parameters that a resumed run may change: they do not change the bits of the epochs. What a
# pretrainer did shows in the starting weights, which count.
_NOT_IDENTITY = {"checkpoint", "callbacks", "verbose", "max_iter", "warm_start", "pretrainer"}


def network_run(
    network: Any,
    coordinates: Any,
    objective: Any,
    batches: Any,
    held_out: Rows | None,
    rng: np.random.RandomState,
    callbacks: tuple[Any, ...],
    is_incremental: bool,
) -> Any:
    """Penalties, stopping, validation, callbacks and checkpoint around the minimisation."""
    from deepen.engine import Penalty, Run, Stopping

    # scikit-learn divides alpha by the rows of a batch, as it divides their losses.
    nominal = batches.nominal_weight
    if is_deterministic(network.solver):
        nominal = float(batches.weights.sum(dtype=np.float64))
    validate = None
    if held_out is not None:
        score = network._held_out_score
        clean = coordinates.cost(network._objective(is_training=False))
        validate = held_out_figures(clean, *held_out, score)
    checkpoint, identity = network.checkpoint, ""
    if checkpoint is not None:
        checkpoint, identity = _checkpoint(network, batches, held_out)
    n_epochs_seen = getattr(network, "_n_epochs_seen", 0)
    return Run(
        penalty=Penalty(
            l2=network.alpha / nominal if network.alpha else None,
            l1=network.l1 / nominal if network.l1 else None,
            max_norm=network.max_norm,
        ),
        stopping=Stopping(
            max_iter=1 if is_incremental else int(network.max_iter),
            tol=network.tol,
            n_iter_no_change=network.n_iter_no_change,
            gradient_tol=network.gradient_tol,
        ),
        validate=validate,
        callbacks=coordinates.callbacks((*_own_callbacks(network), *callbacks)),
        checkpoint=checkpoint,
        identity=identity,
        seed=int(rng.randint(np.iinfo(np.int32).max)) if objective.is_random else 0,
        n_rows_seen=network.t_,
        n_epochs_seen=n_epochs_seen,
        first_epoch=n_epochs_seen if is_incremental else 0,
    )


def _own_callbacks(network: Any) -> tuple[Any, ...]:
    callbacks = tuple(network.callbacks or ())
    return (print_epoch, *callbacks) if network.verbose else callbacks


def _checkpoint(network: Any, batches: Any, held_out: Rows | None) -> tuple[Any, str]:
    """The run's checkpoint, and the digest of all that its bits depend on."""
    from deepen.engine.checkpoints import digest

    own = {k: v for k, v in network.get_params(deep=False).items() if k not in _NOT_IDENTITY}
    start = (network.coefs_, network.intercepts_, network._n_epochs_seen)
    rows = (batches.X, batches.y, batches.weights, held_out)
    identity = digest(repr(sorted(own.items())), repr(resolve_solver(network)), start, rows)
    return checkpoint_of(network), identity


def checkpoint_of(network: Any) -> Any:
    """The estimator's checkpoint as an object of the engine.

    Raises
    ------
    ValueError
        Where ``random_state`` is not an int.
    """
    from deepen.engine import Checkpoint

    if not isinstance(network.random_state, numbers.Integral):
        raise ValueError(
            "checkpoint needs an int random_state, without which a run cannot be resumed,"
            f" got {network.random_state!r}."
        )
    checkpoint = network.checkpoint
    return checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)


def rows_of_a_batch(network: Any, n_rows: int) -> int:
    """Rows of a minibatch, at most n_rows."""
    if network.batch_size == "full" or is_deterministic(network.solver):
        return n_rows
    if network.batch_size == "auto":
        return min(200, n_rows)
    if network.batch_size > n_rows:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            UserWarning,
            stacklevel=5,
        )
    return int(np.clip(network.batch_size, 1, n_rows))


def has_minibatches(estimator: Any) -> bool:
    """Whether ``partial_fit`` exists: not for a solver that needs all rows at once."""
    if not is_deterministic(estimator.solver):
        return True
    raise AttributeError(
        "partial_fit is only available for stochastic optimizers."
        f" {estimator.solver} is not stochastic."
    )

"""Training of a restricted Boltzmann machine: its contrast, solver and settings to the engine."""

from __future__ import annotations

import copy
import inspect
import numbers
import sys
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepen.neural_network._network_run import checkpoint_of
from deepen.solvers import is_deterministic, resolve_solver

Array = NDArray[Any]
ROWS_PRINTED_OF = 100  # whose pseudo-likelihood ``verbose`` prints
# Whether visible and hidden units are centred, by the parameter ``centered``.
CENTRED = {True: (True, True), "visible": (True, False), False: (False, False)}

# Parameters that a resumed run may change: they do not change the bits of the epochs.
_NOT_IDENTITY = {"checkpoint", "callbacks", "verbose", "n_iter"}


class Machine(NamedTuple):
    """A machine and what the next epoch goes on from.

    Attributes
    ----------
    params : Params of the energy
    state : tuple, offsets of the visible and the hidden units, chains, fast weights; or None
    optimizer_state : (name, list of arrays) or None
    n_epochs : int, epochs seen
    history : dict of lists, one entry per epoch of the last run
    """

    params: Any
    state: tuple[Any, ...]
    optimizer_state: tuple[str, list[Array]] | None = None
    n_epochs: int = 0
    history: Any = None


def train(
    estimator: Any,
    machine: Machine,
    X: Any,
    rng: np.random.RandomState,
    *,
    n_epochs: int,
    is_incremental: bool = False,
) -> Machine:
    """The machine after n_epochs over the rows, or after one step on them all."""
    import jax

    from deepen.engine import Batches, Run, Stopping, minimize

    optimizer = optimizer_of(estimator)
    n_rows = X.shape[0]
    batch_size = n_rows if is_incremental else min(int(estimator.batch_size), n_rows)
    y = np.zeros(n_rows, X.dtype)
    shuffle = estimator.shuffle and not is_incremental
    batches = Batches(X, y, None, batch_size=batch_size, shuffle=shuffle, rng=rng)
    objective = _objective(estimator, optimizer, batches.nominal_weight)
    state = _state(estimator, machine, X, rng)
    checkpoint, identity = _checkpoint(estimator, machine, batches, is_incremental)
    run = Run(
        penalty=_penalty(estimator),
        stopping=Stopping(max_iter=n_epochs, tol=0.0, n_iter_no_change=np.inf),
        callbacks=_callbacks(estimator, X, machine),
        checkpoint=checkpoint,
        identity=identity,
        seed=int(rng.randint(np.iinfo(np.int32).max)),
        n_rows_seen=machine.n_epochs * n_rows,
        n_epochs_seen=machine.n_epochs,
        first_epoch=machine.n_epochs if is_incremental else 0,
    )
    earlier = _earlier_state(optimizer, machine, has_l1=bool(estimator.l1))
    result = minimize(
        objective,
        machine.params,
        batches,
        optimizer,
        run,
        optimizer_state=earlier,
        objective_state=state,
    )
    return Machine(
        result.params,
        _plain(result.objective_state),
        (type(optimizer).__name__, jax.tree.leaves(result.optimizer_state)),
        machine.n_epochs + result.progress.n_iter,
        copy.deepcopy(result.progress.history),
    )


def _plain(state: Any) -> tuple[Any, ...]:
    """State whose pickle names no class that needs a compiler."""
    chains = tuple(state.chains) if isinstance(state.chains, tuple) else state.chains
    return state.visible_offset, state.hidden_offset, chains, state.fast


class _SolverSettings:
    """What :func:`deepen.solvers.resolve_solver` asks an estimator for."""

    def __init__(
        self,
        solver: Any,
        momentum: float = 0.0,
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.1,
    ) -> None:
        self.solver, self.momentum = solver, momentum
        self.learning_rate, self.learning_rate_init = learning_rate, learning_rate_init

    def get_params(self, deep: bool) -> dict[str, Any]:
        return {}


def optimizer_of(estimator: Any) -> Any:
    """Optimiser of an estimator whose ``learning_rate`` is a number or a schedule.

    Raises
    ------
    ValueError
        For an unknown solver or one that needs all rows at once, for a rate that is none, and for a
        rate beside an optimiser object, which carries its own.
    """
    from deepen.engine.schedules import Adaptive, Schedule

    rate, solver = estimator.learning_rate, estimator.solver
    if is_deterministic(solver):
        raise ValueError(
            f"solver={solver!r} needs a cost without randomness; train with a stochastic one, such"
            " as 'sgd' or 'adam'."
        )
    if not isinstance(solver, str):
        if rate != inspect.signature(type(estimator)).parameters["learning_rate"].default:
            raise ValueError(
                f"learning_rate is given beside solver={solver!r}, which carries its own; leave it"
                " out, or give the solver by its name."
            )
        return resolve_solver(_SolverSettings(solver))
    if solver in ("momentum", "nesterov") and not estimator.momentum:
        raise ValueError(f"solver={solver!r} needs a positive momentum, such as momentum=0.9.")
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if is_number and rate > 0:
        return resolve_solver(_SolverSettings(solver, estimator.momentum, "constant", float(rate)))
    if isinstance(rate, Schedule) and not isinstance(rate, Adaptive):
        return resolve_solver(_SolverSettings(solver, estimator.momentum, rate, rate.learning_rate))
    raise ValueError(
        "learning_rate must be a positive number, or a schedule object of deepen.engine such as"
        f" Step(0.1, every=10), got {rate!r}. (Adaptive waits for a cost that stops falling, which"
        " the contrast of free energies is not.)"
    )


def _objective(estimator: Any, optimizer: Any, nominal_weight: float) -> Any:
    from deepen.engine.optimizers import SGD
    from deepen.engine.schedules import as_schedule
    from deepen.layers.contrastive import ContrastiveDivergence

    has_target = estimator.sparsity_target is not None
    is_fast = estimator.algorithm == "fpcd"
    return ContrastiveDivergence(
        units=estimator._units,
        algorithm=estimator.algorithm,
        n_steps=int(estimator.n_steps),
        # The centred gradient couples weights and biases; rescaled each by itself it descends no more.
        centred=CENTRED[estimator.centered] if isinstance(optimizer, SGD) else CENTRED[False],
        learns_variance=bool(getattr(estimator, "learn_variance", False)),
        is_binarized=bool(getattr(estimator, "binarize", False)),
        nominal_weight=nominal_weight,
        fast_rate=as_schedule(optimizer.learning_rate).learning_rate if is_fast else None,
        sparsity_target=estimator.sparsity_target,
        sparsity_cost=estimator.sparsity_cost if has_target else None,
    )


def _penalty(estimator: Any) -> Any:
    from deepen.engine import Penalty

    return Penalty(
        l2=estimator.alpha or None,
        l1=estimator.l1 or None,
        max_norm=estimator.max_norm,
        fields=("weights",),
        least=estimator._least(),
    )


def _state(estimator: Any, machine: Machine, X: Any, rng: np.random.RandomState) -> Any:
    """Offsets, chains and fast weights to start from: the machine's own where their shapes agree."""
    import jax

    from deepen.layers.contrastive import State

    params, algorithm = machine.params, estimator.algorithm
    visible_offset, hidden_offset, chains, fast = machine.state
    n_chains = int(estimator.n_chains or estimator.batch_size)
    if algorithm in ("cd", "exact"):
        chains = None
    elif algorithm == "pt":
        chains = _tempered_chains(chains, int(estimator.n_temperatures), n_chains, X, rng)
    elif np.shape(chains) != (n_chains, len(params.hidden_bias)):
        chains = rng.uniform(size=(n_chains, len(params.hidden_bias))) < 0.5
        chains = chains.astype(params.weights.dtype)
    if algorithm != "fpcd":
        fast = None
    elif fast is None:
        fast = jax.tree.map(np.zeros_like, params)
    return State(visible_offset, hidden_offset, chains, fast)


def _tempered_chains(
    chains: Any, n_temperatures: int, n_chains: int, X: Any, rng: np.random.RandomState
) -> Any:
    """Chains of parallel tempering: those that there are, or new ones that begin at rows of the data."""
    from deepen.functions.tempering import State

    shape = (n_temperatures, n_chains, X.shape[1])
    if isinstance(chains, tuple) and chains[0].shape == shape:
        return State(*chains)
    rows = X[np.sort(rng.randint(X.shape[0], size=n_chains))]
    rows = rows.toarray() if sparse.issparse(rows) else np.asarray(rows)
    return State(np.broadcast_to(rows, shape).copy(), np.int32(0))


def _earlier_state(optimizer: Any, machine: Machine, has_l1: bool) -> Any:
    """State that the last run's optimiser left, or None where it was another."""
    import jax

    name, leaves = machine.optimizer_state or ("", [])
    fresh, structure = jax.tree.flatten(optimizer.init(machine.params, has_l1=has_l1))
    if name != type(optimizer).__name__ or len(fresh) != len(leaves):
        return None
    return jax.tree.unflatten(structure, leaves)


def _checkpoint(
    estimator: Any, machine: Machine, batches: Any, is_incremental: bool
) -> tuple[Any, str]:
    """Checkpoint and what it must agree with."""
    from deepen.engine.checkpoints import digest

    if estimator.checkpoint is None:
        return None, ""
    if is_incremental:
        raise ValueError("partial_fit takes no checkpoint; its caller holds the state.")
    own = estimator.get_params(deep=False)
    own = {name: value for name, value in own.items() if name not in _NOT_IDENTITY}
    identity = digest(type(estimator).__name__, repr(sorted(own.items())), machine, batches.X)
    return checkpoint_of(estimator), identity


def _callbacks(estimator: Any, X: Any, machine: Machine) -> tuple[Any, ...]:
    callbacks = tuple(estimator.callbacks or ())
    return (_Printer(estimator, X), *callbacks) if estimator.verbose else callbacks


class _Printer:
    """Callback that prints the epoch and the mean score of some rows in scikit-learn's words."""

    def __init__(self, estimator: Any, X: Any) -> None:
        self.name, self.scores_fn = type(estimator).__name__, estimator._scores
        self.rows, self.what = X[:ROWS_PRINTED_OF], estimator._score_name
        self.since = time.time()

    def __call__(self, event: Any) -> None:
        now = time.time()
        sys.stdout.write(
            f"[{self.name}] Iteration {event.epoch}, {self.what} ="
            f" {self.scores_fn(event.params(), self.rows).mean():.2f},"
            f" time = {now - self.since:.2f}s\n"
        )
        self.since = now

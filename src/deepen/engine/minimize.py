"""The gradient loop: an objective, parameters and batches in, fitted parameters out.

    params <- params - learning_rate * gradient(cost)

Two steppers stand behind :func:`minimize`: stochastic (one compiled program per epoch over minibatches)
and deterministic (full batch with line search). Neither knows a model. An objective is a pytree that is
called as ``objective(params, batch, weights, state, key) -> (weighted sum, total weight, state)``; its
numbers are traced, its structure is what a program is compiled for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax

from deepen.engine import deterministic, stochastic
from deepen.engine.batches import Batches
from deepen.engine.callbacks import Callback, close_all
from deepen.engine.checkpoints import Checkpoint
from deepen.engine.devices import computing, to_numpy
from deepen.engine.optimizers import DETERMINISTIC
from deepen.engine.penalties import Penalty
from deepen.engine.stopping import Progress, Stopping, check_finite


class Result(NamedTuple):
    """Outcome of a run; all arrays are NumPy.

    Attributes
    ----------
    params : fitted parameters, the best on the validation rows where there are any
    optimizer_state, objective_state : what a further run can go on from
    progress : Progress with the history and the reason of the stop
    converged : bool, False where the limit of epochs or evaluations ended the run
    """

    params: Any
    optimizer_state: Any
    objective_state: Any
    progress: Progress
    converged: bool


@dataclass(frozen=True)
class Run:
    """What surrounds the minimisation.

    Parameters
    ----------
    penalty : Penalty
    stopping : Stopping
    validate : callable(params) -> (score, loss), or None
        Figures on held-out rows; the best score's parameters are restored.
    callbacks : tuple of callables, see :mod:`deepen.engine.callbacks`
    checkpoint : Checkpoint or None
    identity : str
        What a checkpoint must agree with, see :func:`deepen.engine.checkpoints.digest`.
    seed : int
        Seed of everything random inside the compiled program.
    n_rows_seen, n_epochs_seen : int
        Rows and epochs that earlier runs on these parameters have seen.
    first_epoch : int
        Epoch at which the schedule begins.
    """

    penalty: Penalty = field(default_factory=Penalty)
    stopping: Stopping = field(default_factory=Stopping)
    validate: Callable[[Any], tuple[float, float]] | None = None
    callbacks: tuple[Callback, ...] = ()
    checkpoint: Checkpoint | None = None
    identity: str = ""
    seed: int = 0
    n_rows_seen: int = 0
    n_epochs_seen: int = 0
    first_epoch: int = 0


def minimize(
    objective: Any,
    params: Any,
    batches: Batches,
    optimizer: Any,
    run: Run,
    *,
    optimizer_state: Any = None,
    objective_state: Any = None,
    progress: Progress | None = None,
) -> Result:
    """Parameters that make the mean weighted cost of the rows, with penalties, small.

    Parameters
    ----------
    objective : pytree, called as the module says
    params : pytree of NumPy arrays, a NamedTuple whose penalised fields the penalty names
    batches : Batches
    optimizer : an object of :mod:`deepen.engine.optimizers`
    run : Run
    optimizer_state, objective_state : pytrees, default=None
        State to go on from; a new one by default.
    progress : Progress, default=None
        Best figures and history to go on from.

    Returns
    -------
    result : Result

    Raises
    ------
    ValueError
        Where the cost or the parameters stop being finite, and for pairs of optimiser and penalty
        that have no sound step.

    Examples
    --------
    Minimise x^2 + x, whose minimum is at -1/2:

    >>> from typing import Any, NamedTuple
    >>> import jax, numpy as np
    >>> from deepen.engine import Batches, Run, SGD, Stopping, minimize
    >>> class Point(NamedTuple):
    ...     x: Any
    >>> def parabola(params, batch, weights, state, key):
    ...     return weights.sum() * (params.x**2 + params.x), weights.sum(), state
    >>> one_row = Batches(np.zeros((1, 1)), np.zeros(1), None, batch_size=1, shuffle=False,
    ...                   rng=np.random.RandomState(0))
    >>> run = Run(stopping=Stopping(max_iter=100, n_iter_no_change=np.inf))
    >>> result = minimize(jax.tree_util.Partial(parabola), Point(np.array(3.0)), one_row, SGD(0.1), run)
    >>> float(result.params.x.round(6))
    -0.5
    """
    dtype = jax.tree.leaves(params)[0].dtype
    step = deterministic.run if isinstance(optimizer, DETERMINISTIC) else stochastic.run
    try:
        with computing(dtype):
            carry, progress, converged = step(
                objective,
                params,
                batches,
                optimizer,
                run,
                states=(optimizer_state, objective_state),
                progress=progress,
            )
            kept, optimizer_state, objective_state = to_numpy(carry)
    finally:
        close_all(run.callbacks)
    check_finite(jax.tree.leaves(kept), progress.n_iter)
    return Result(kept, optimizer_state, objective_state, progress, converged)

"""Training of a network with no hidden layer, shared by the linear models."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from deepen.base import held_out_figures, print_epoch, warn_not_converged
from deepen.layers.feed_forward import Params
from deepen.solvers import changed, check_schedule, is_deterministic, resolve_solver

Array = NDArray[Any]

_not_negative = Interval(numbers.Real, 0, None, closed="left")

TRAINING_CONSTRAINTS: dict[str, Any] = {
    "learning_rate": "no_validation",
    "learning_rate_init": [Interval(numbers.Real, 0, None, closed="neither")],
    "momentum": [Interval(numbers.Real, 0, 1, closed="both")],
    "batch_size": [StrOptions({"full"}), Interval(numbers.Integral, 1, None, closed="left")],
    "n_iter_no_change": [Interval(numbers.Real, 1, None, closed="both")],
    "noise": [_not_negative],
    "input_dropout": [Interval(numbers.Real, 0, 1, closed="left")],
    "max_norm": [Interval(numbers.Real, 0, None, closed="neither"), None],
    "augment": [callable, None],
    "unlabeled": "no_validation",
    "gradient_tol": [_not_negative, None],
    "callbacks": ["array-like", None],
}

# What only a descent by gradients has a use for; n_iter_no_change, too, but scikit-learn's contract
# checks set that on any solver.
DESCENT = (
    "learning_rate",
    "learning_rate_init",
    "momentum",
    "batch_size",
    "gradient_tol",
)
OF_ONE_SOLVER = ("history_", "loss_curve_", "stop_reason_", "rank_", "singular_")


def forget_last_fit(estimator: Any) -> None:
    """Drop what an earlier fit left that the next one, by another solver, may not set."""
    for name in OF_ONE_SOLVER:
        vars(estimator).pop(name, None)


def linear_cost(estimator: Any, loss: str, is_training: bool = True) -> Any:
    """Cost of the network with no hidden layer; without random terms for held-out rows."""
    from deepen.layers.cost import NetworkCost, as_augmentation

    if not is_training:
        return NetworkCost(loss, ())
    return NetworkCost(
        loss,
        (),
        input_dropout=estimator.input_dropout or None,
        noise=estimator.noise or None,
        augment=as_augmentation(estimator.augment),
    )


def refuse_extras(
    estimator: Any, solver: str, penalties: tuple[str, ...], has_held_out: bool
) -> None:
    """Raise where a solver of scikit-learn's is asked for what the engine alone has.

    Raises
    ------
    ValueError
        With the parameters that the solver does not know, and those that do.
    """
    extras = (*penalties, "max_norm", "input_dropout", "noise", "augment", "callbacks")
    asked = [name for name in extras if getattr(estimator, name)]
    asked += ["X_val"] if has_held_out else []
    asked += changed(estimator, DESCENT)
    if asked:
        raise ValueError(
            f"solver={solver!r} is scikit-learn's own and knows no {', '.join(asked)}. Use a gradient"
            " solver such as 'sgd', or leave them out."
        )


def refuse_idle(estimator: Any) -> None:
    """Raise where 'lbfgs' or 'cg' is asked for what only a descent by gradients has a use for.

    Raises
    ------
    ValueError
        For an unknown schedule; else with the parameters without a use, and the solvers that have one.
    """
    check_schedule(estimator)
    if is_deterministic(estimator.solver) and (asked := changed(estimator, DESCENT)):
        raise ValueError(
            f"solver={estimator.solver!r} works on all rows with steps of its own, down to tol, and"
            f" knows no {', '.join(asked)}. Use a gradient solver such as 'sgd', or leave them out."
        )


def train_linear(
    estimator: Any,
    loss: str,
    params: Params,
    rows: tuple[Any, Array, Array | None],
    penalty: dict[str, float],
    held_out: tuple[tuple[Any, Array, Array | None], Any] | None = None,
    callbacks: tuple[Any, ...] = (),
) -> Params:
    """Fitted parameters of the penalised mean loss; sets the estimator's history attributes.

    ``penalty`` holds ``l2`` and ``l1`` on the scale of the sum of the losses; ``held_out`` is
    ((X, y, weights), score) with a score of the outputs.
    """
    from deepen.engine import LBFGS, Batches, Penalty, Run, Stopping, minimize

    X, y, weights = rows
    rng = check_random_state(estimator.random_state)
    optimizer = resolve_solver(estimator)
    if isinstance(optimizer, LBFGS) and isinstance(estimator.solver, str):
        # scikit-learn's settings for its linear models: down to the rounding error.
        optimizer = LBFGS(ftol=64 * float(np.finfo(float).eps), max_line_search=50)
    is_full = estimator.batch_size == "full" or is_deterministic(estimator.solver)
    batch_size = X.shape[0] if is_full else min(int(estimator.batch_size), X.shape[0])
    batches = Batches(X, y, weights, batch_size=batch_size, shuffle=not is_full, rng=rng)
    total = float(batches.weights.sum(dtype=np.float64))
    strengths: dict[str, Any] = {name: value / total for name, value in penalty.items() if value}
    objective = linear_cost(estimator, loss)
    validate = None
    if held_out is not None:
        validate = held_out_figures(linear_cost(estimator, loss, False), *held_out[0], held_out[1])
    verbose = (print_epoch,) if getattr(estimator, "verbose", False) else ()
    run = Run(
        penalty=Penalty(**strengths, max_norm=estimator.max_norm),
        stopping=Stopping(
            max_iter=int(estimator.max_iter),
            tol=estimator.tol,
            n_iter_no_change=estimator.n_iter_no_change,
            gradient_tol=estimator.gradient_tol,
        ),
        validate=validate,
        callbacks=(*verbose, *(estimator.callbacks or ()), *callbacks),
        seed=int(rng.randint(np.iinfo(np.int32).max)) if objective.is_random else 0,
    )
    result = minimize(objective, params, batches, optimizer, run)
    progress = result.progress
    estimator.history_, estimator.stop_reason_ = progress.history, progress.stop_reason
    estimator.loss_curve_ = list(progress.history.get("loss", []))
    if not result.converged:
        warn_not_converged(optimizer, progress, estimator.max_iter)
    estimator._n_iter = progress.n_iter
    return Params(*result.params)

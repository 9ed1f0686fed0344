"""The fixed-point loop: what is no descent on a cost, such as power iteration, EM or value iteration.

    state <- step(state)    until the measure that the step gives with it is small

The step is the method's whole mathematics; the loop knows when to stop, follows with callbacks, keeps
what was reached when the user interrupts, and tells a history.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from deepen.engine.stopping import BY_CALLBACK, BY_USER, Progress, check_finite


class FixedPoint(NamedTuple):
    """Outcome of a run.

    Attributes
    ----------
    state : what the last step gave
    progress : Progress, its history under "change"
    converged : bool, False where the limit, a callback or the user ended the run
    """

    state: Any
    progress: Progress
    converged: bool


def iterate(
    step: Callable[[Any], tuple[Any, float]],
    state: Any,
    *,
    max_iter: int,
    tol: float,
    callbacks: tuple[Callable[[int, Any, float], Any], ...] = (),
) -> FixedPoint:
    """State that a step no longer changes.

    Parameters
    ----------
    step : callable, state -> (state, measure)
        One iteration; the measure is at least 0 and 0 at the fixed point.
    state : the start
    max_iter : int
        Most iterations.
    tol : float
        Largest measure at which the state counts as fixed.
    callbacks : callables (n_iter, state, measure) -> True to stop

    Returns
    -------
    FixedPoint

    Raises
    ------
    ValueError
        Where the measure stops being finite.

    Examples
    --------
    The number whose cosine it is:

    >>> from math import cos
    >>> outcome = iterate(lambda x: (cos(x), abs(cos(x) - x)), 1.0, max_iter=200, tol=1e-9)
    >>> round(outcome.state, 6), outcome.converged
    (0.739085, True)
    """
    progress, converged = Progress(best=float("inf")), False
    try:
        while progress.n_iter < max_iter and not progress.stop_reason:
            state, change = step(state)
            progress.n_iter += 1
            check_finite([change], progress.n_iter)
            progress.record(change=change)
            progress.best = min(progress.best, change)
            converged = change <= tol
            if converged:
                progress.stop_reason = f"Change smaller than {tol:g}."
            if any([callback(progress.n_iter, state, change) is True for callback in callbacks]):
                progress.stop_reason = progress.stop_reason or BY_CALLBACK
    except KeyboardInterrupt:  # as in minimize: what has been reached so far is kept
        progress.stop_reason = BY_USER
        warnings.warn(BY_USER, UserWarning, stacklevel=3)
    progress.stop_reason = progress.stop_reason or f"Maximum iterations ({max_iter}) reached."
    return FixedPoint(state, progress, converged)

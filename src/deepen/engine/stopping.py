"""When to stop, and which parameters to keep.

Three rules, in the words of Goodfellow et al. (2016, sec. 7.8 and 8.1): the training cost no longer
falls, the score on held-out rows no longer rises (the best parameters are then restored), or the
gradient is small. The first two are scikit-learn's: a run stops after more than ``n_iter_no_change``
epochs in a row without an improvement of ``tol``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepen.engine.schedules import Adaptive, Schedule

BY_CALLBACK = "Stopped by a callback."
BY_USER = "Training interrupted by user."


class DivergenceError(ValueError):
    """A cost or parameters that are no longer finite."""


@dataclass(frozen=True)
class Stopping:
    """Limits of a run.

    Parameters
    ----------
    max_iter : int
        Most epochs (stochastic) or iterations (deterministic).
    tol : float
        Least improvement of the cost (nats or squared units) or of the validation score that counts.
        For the deterministic stepper, the largest gradient component at which it stops.
    n_iter_no_change : float
        Epochs in a row without improvement that are borne; infinity never stops.
    gradient_tol : float or None
        Stop when no component of the epoch's mean gradient is larger.
    """

    max_iter: int = 200
    tol: float = 1e-4
    n_iter_no_change: float = 10
    gradient_tol: float | None = None


@dataclass
class Progress:
    """What the stopping rules remember; all of it is kept in a checkpoint.

    Attributes
    ----------
    n_iter : int, epochs done
    best : float, the smallest cost or the largest validation score so far
    n_stalled : int, epochs in a row without improvement
    n_divisions : int, how often an adaptive schedule has divided its rate
    history : dict of lists, one entry per epoch
    """

    best: float
    n_iter: int = 0
    n_stalled: int = 0
    n_divisions: int = 0
    stop_reason: str = ""
    history: dict[str, list[float]] = field(default_factory=dict)

    def record(self, **values: float | None) -> None:
        """Append an epoch's figures to the history."""
        for name, value in values.items():
            if value is not None:
                self.history.setdefault(name, []).append(float(value))

    def improved_to(self, figure: float, sign: float, tol: float) -> bool:
        """Count a stall or an improvement; whether the figure is the best so far.

        ``sign`` is 1 for a score, which should rise, and -1 for a cost.
        """
        gain = sign * (figure - self.best)
        self.n_stalled = self.n_stalled + 1 if gain < tol else 0
        if not gain > 0:
            return False
        self.best = figure
        return True


def stalled(
    progress: Progress, stopping: Stopping, schedule: Schedule, rate: float, what: str
) -> str:
    """Reason to stop after too many epochs without improvement, or an empty string."""
    if not progress.n_stalled > stopping.n_iter_no_change:
        return ""
    n_epochs = int(stopping.n_iter_no_change)
    reason = (
        f"{what} did not improve more than tol={stopping.tol:f} for {n_epochs} consecutive epochs."
    )
    if not isinstance(schedule, Adaptive):
        return reason
    if rate <= schedule.smallest:
        return f"{reason} Learning rate too small."
    progress.n_divisions += 1
    progress.n_stalled = 0
    return ""


def adapted_rate(schedule: Schedule, progress: Progress, n_rows_seen: int, epoch: int) -> float:
    """Rate of the next epoch, with an adaptive schedule's divisions."""
    rate = schedule.rate(epoch, n_rows_seen)
    if isinstance(schedule, Adaptive):
        rate /= schedule.divisor**progress.n_divisions
    return rate


def check_finite(figures: Iterable[Any], epoch: int) -> None:
    """Raise where a cost or a parameter is no longer finite.

    Raises
    ------
    DivergenceError
        A ValueError in scikit-learn's words, with the epoch and the remedy.
    """
    if all(np.isfinite(figure).all() for figure in figures):
        return
    raise DivergenceError(
        "Solver produced non-finite parameter weights. The input data may contain large values and"
        f" need to be preprocessed. This happened in epoch {epoch}: scale the features"
        " (StandardScaler), or lower the learning rate (learning_rate_init)."
    )

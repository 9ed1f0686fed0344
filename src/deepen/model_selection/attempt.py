"""A rung while it runs: its finished repeats and what is known of its time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from deepen.model_selection.calibration import best_threshold
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.intervals import RowLosses
from deepen.model_selection.results import Outcome, RungResult
from deepen.model_selection.rungs import Rung
from deepen.model_selection.training import Fitted


@dataclass
class Attempt:
    """What a rung has come to.

    Parameters
    ----------
    rung : Rung
    result : RungResult
    outcomes : list of Outcome
        Finished repeats, from the first on.
    ends : float or None
        When a training is cut, in the seconds of `clock.now`; None for never.
    tried : Fitted or None
        Training that corrected the plan, until the first repeat has used it.
    trying, compiling_tried : float
        Seconds that it took, and those of compiling among them.
    n_kept : int
        Repeats that an earlier sitting did; this one compiles anew.
    """

    rung: Rung
    result: RungResult
    outcomes: list[Outcome] = field(default_factory=list)
    ends: float | None = None
    tried: Fitted | None = None
    trying: float = 0.0
    compiling_tried: float = 0.0
    n_kept: int = 0

    @property
    def seconds(self) -> list[float]:
        """Seconds of each repeat, but for compiling."""
        return [max(0.0, outcome.seconds - outcome.compiling) for outcome in self.outcomes]

    @property
    def compiling(self) -> float:
        """Seconds of compiling all programs of the rung, as far as is known."""
        return max((outcome.compiling for outcome in self.outcomes), default=0.0)


def from_the_first(known: dict[int, Outcome], n_repeats: int) -> list[Outcome]:
    """Repeats 0, 1, ... as far as they are known without a gap."""
    outcomes = []
    for repeat in range(n_repeats):
        if repeat not in known:
            break
        outcomes.append(known[repeat])
    return outcomes


def outcome_of(fitted: Fitted, arrays: Arrays, data: Data, repeat: int) -> Outcome:
    """What a trained setting says of the verdict rows of its repeat."""
    X, y = arrays.verdict
    with np.errstate(over="ignore", invalid="ignore"):
        output = data.output(fitted.model, X)
        values = data.metric.of_output(data.codes(y), output)
    threshold = float("nan")
    if len(data.classes) == 2:
        X_tuning, y_tuning = arrays.tuning
        proba = data.output(fitted.model, X_tuning)[:, 1]
        threshold = best_threshold(data.codes(y_tuning), proba)
    losses = RowLosses(data.splits[repeat].verdict, values)
    return Outcome(
        repeat, losses, output, {}, fitted.n_epochs, fitted.seconds,
        history=fitted.history, threshold=threshold,
        pretraining_seconds=fitted.pretraining_seconds, is_cut=fitted.is_cut,
        temperature=fitted.temperature,
    )  # fmt: skip

"""A rung while it runs: its finished repeats and what is known of its time."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    trying : float
        Seconds that it took.
    compiling : float
        Seconds of compiling in it and in the first repeat; 0 where an earlier sitting did that repeat.
    """

    rung: Rung
    result: RungResult
    outcomes: list[Outcome] = field(default_factory=list)
    ends: float | None = None
    tried: Fitted | None = None
    trying: float = 0.0
    compiling: float = 0.0

    @property
    def seconds(self) -> list[float]:
        """Seconds of each repeat, but for compiling."""
        own = [outcome.seconds for outcome in self.outcomes]
        return [max(0.0, own[0] - self.compiling), *own[1:]] if own else []


def from_the_first(known: dict[int, Outcome], n_repeats: int) -> list[Outcome]:
    """Repeats 0, 1, ... as far as they are known without a gap."""
    outcomes = []
    for repeat in range(n_repeats):
        if repeat not in known:
            break
        outcomes.append(known[repeat])
    return outcomes

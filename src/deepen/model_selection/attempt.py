"""A rung while it runs: its finished repeats and what is known of its time."""

from __future__ import annotations

from dataclasses import dataclass, field

from deepen.model_selection.results import Outcome, RungResult
from deepen.model_selection.rungs import Rung
from deepen.model_selection.training import Fitted


@dataclass
class Attempt:
    """One rung while it runs."""

    rung: Rung
    result: RungResult
    outcomes: list[Outcome] = field(default_factory=list)
    ends: float | None = None  # when a training is cut, in the seconds of `clock.now`
    tried: Fitted | None = None  # the first setting of the first repeat
    trying: float = 0.0  # seconds of it
    compiling: float = 0.0  # seconds of that repeat, in this sitting, and of `trying`

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

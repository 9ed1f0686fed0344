"""Seconds of a climb: what is spent, what is left, and a clock that tests may set."""

from __future__ import annotations

import time

source = time.monotonic


def now() -> float:
    """Seconds of a clock that never goes back; every part of the climb reads this one."""
    return source()


class Clock:
    """Seconds since the start, and what is left of a budget that may be endless.

    Parameters
    ----------
    budget : float or None
        Seconds for everything; None is endless.
    spent : float, default=0
        Seconds that earlier sittings of the same climb took.
    """

    def __init__(self, budget: float | None, spent: float = 0.0) -> None:
        self.start = now()
        self.budget = budget
        self.spent = spent

    @property
    def elapsed(self) -> float:
        """Seconds since this sitting began."""
        return now() - self.start

    @property
    def total(self) -> float:
        """Seconds of all sittings together."""
        return self.spent + self.elapsed

    @property
    def left(self) -> float:
        """Seconds left; infinite without a budget, never below zero."""
        return float("inf") if self.budget is None else max(0.0, self.budget - self.total)

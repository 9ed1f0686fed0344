"""Seconds of a climb: what is spent, what is left, and a clock that tests may set."""

from __future__ import annotations

import sys
import time

source = time.monotonic


def now() -> float:
    """Seconds of a clock that never goes back; every part of the climb reads this one."""
    return source()


class Stopwatch:
    """Seconds since it was made, apart from those of compiling, which no later training takes again."""

    def __init__(self) -> None:
        self._start, self._before = now(), _compiling()

    @property
    def compiling(self) -> float:
        """Seconds of tracing and compiling programs."""
        return _compiling() - self._before

    @property
    def seconds(self) -> float:
        """All others."""
        return max(0.0, now() - self._start - self.compiling)


def _compiling() -> float:
    """Seconds of compiling so far; nothing is compiled before the engine is loaded."""
    engine = sys.modules.get("deepen.engine.compiling")
    return 0.0 if engine is None else float(engine.seconds_compiling())


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

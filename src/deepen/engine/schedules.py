"""Learning-rate schedules: the rate of an epoch from the number of epochs done before it.

    constant     eta(t) = A
    step         eta(t) = A f^floor(t / k)                    halving every k epochs when f = 1/2
    inverse      eta(t) = A / (1 + k t)
    exponential  eta(t) = A exp(-k t)
    cosine       eta(t) = E + (A - E) (1 + cos(pi t / T)) / 2      (Loshchilov and Hutter 2017, eq. 5)
    invscaling   eta(n) = A / (1 + n)^p, n the rows seen so far    (scikit-learn's MLPClassifier)
    adaptive     eta = A, divided by 5 whenever training stalls    (scikit-learn's MLPClassifier)

The host evaluates them once an epoch in double precision and hands the program one number, so a
schedule costs nothing and is exactly its closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@runtime_checkable
class Schedule(Protocol):
    """Anything with an initial rate and a rate for each epoch."""

    @property
    def learning_rate(self) -> float:
        """Initial rate."""
        ...

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """Rate of the epoch that follows ``epoch`` finished ones."""
        ...


@dataclass(frozen=True)
class Constant:
    """Rate A in every epoch.

    Parameters
    ----------
    learning_rate : float
        A, positive.

    Examples
    --------
    >>> Constant(0.1).rate(epoch=7, n_rows_seen=0)
    0.1
    """

    learning_rate: float

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """A."""
        return self.learning_rate


@dataclass(frozen=True)
class Step:
    """Rate A f^floor(t / k): constant for k epochs, then multiplied by f.

    Parameters
    ----------
    learning_rate : float
        A, positive.
    every : int, default=10
        k, in epochs.
    factor : float, default=0.5
        f; one half halves the rate.

    Examples
    --------
    >>> Step(0.8, every=5).rate(epoch=10, n_rows_seen=0)
    0.2
    """

    learning_rate: float
    every: int = 10
    factor: float = 0.5

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """A f^floor(t / k)."""
        return self.learning_rate * self.factor ** (epoch // self.every)


@dataclass(frozen=True)
class Inverse:
    """Rate A / (1 + k t).

    Parameters
    ----------
    learning_rate : float
        A, positive.
    decay : float, default=0.01
        k, per epoch.
    """

    learning_rate: float
    decay: float = 0.01

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """A / (1 + k t)."""
        return self.learning_rate / (1 + self.decay * epoch)


@dataclass(frozen=True)
class Exponential:
    """Rate A exp(-k t).

    Parameters
    ----------
    learning_rate : float
        A, positive.
    decay : float, default=0.01
        k, per epoch.
    """

    learning_rate: float
    decay: float = 0.01

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """A exp(-k t)."""
        return self.learning_rate * math.exp(-self.decay * epoch)


@dataclass(frozen=True)
class Cosine:
    """Rate that falls from A to E along half a cosine in T epochs, and stays at E.

    Parameters
    ----------
    learning_rate : float
        A, positive.
    n_epochs : int, default=200
        T.
    final : float, default=0.0
        E, at least 0.
    """

    learning_rate: float
    n_epochs: int = 200
    final: float = 0.0

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """E + (A - E) (1 + cos(pi t / T)) / 2."""
        share = min(epoch / self.n_epochs, 1.0)
        return self.final + (self.learning_rate - self.final) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True)
class InverseScaling:
    """Rate A / (1 + n)^p after n rows, as scikit-learn's ``learning_rate="invscaling"``.

    Parameters
    ----------
    learning_rate : float
        A, positive.
    power_t : float, default=0.5
        p.
    """

    learning_rate: float
    power_t: float = 0.5

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """A in the first epoch, then A / (1 + n)^p."""
        return self.learning_rate / (1 + n_rows_seen) ** self.power_t


@dataclass(frozen=True)
class Adaptive:
    """Rate A, divided each time that training stalls, as scikit-learn's ``"adaptive"``.

    Parameters
    ----------
    learning_rate : float
        A, positive.
    divisor : float, default=5.0
        What the rate is divided by when the stopping rule would have stopped.
    smallest : float, default=1e-6
        Training stops once it stalls at a rate no larger than this.
    """

    learning_rate: float
    divisor: float = 5.0
    smallest: float = 1e-6

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """A; the stopping rule keeps the divisor's power."""
        return self.learning_rate


SCHEDULES: dict[str, Callable[[float], Schedule]] = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
    "step": Step,
    "inverse": Inverse,
    "exponential": Exponential,
    "cosine": Cosine,
}


def as_schedule(learning_rate: float | Schedule) -> Schedule:
    """Schedule itself, or a number's constant schedule."""
    return learning_rate if isinstance(learning_rate, Schedule) else Constant(float(learning_rate))

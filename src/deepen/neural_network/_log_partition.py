"""What an estimate of a partition function is."""

from __future__ import annotations

from typing import NamedTuple


class LogPartition(NamedTuple):
    """The logarithm of a partition function, in nats, with the standard error of its estimate.

    Attributes
    ----------
    value : float
    standard_error : float, 0 where it is exact
    """

    value: float
    standard_error: float

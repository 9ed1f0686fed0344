"""Numbers that stand for a missing value, such as -999: far from all others, and again and again.

v = 99, 999, 9999, ... or minus that;  |v - nearest other| > max(others) - min(others)
v = -1, alone below zero among whole numbers of many values, twice as frequent as 0 and as 1

A number of nines that stands for missing in one column of a table does in the others too, however seldom,
also where minus that is near but alone below zero, and where it does not occur in those whose numbers are
of the same range, as other questions of a survey are: later rows may hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of each number that stands for missing somewhere: ends of the other numbers in the columns that hold it.
Known = Mapping[float, Sequence[tuple[float, float]]]

STAND_INS = tuple(10.0**digits - 1 for digits in range(2, 10))
LEAST_COUNT, LEAST_SHARE = 3, 0.01  # of the filled cells: fewer may be a slip of the pen
LEAST_DISTINCT = 20  # whole numbers beside -1: fewer may be steps of a scale


def stand_in_of(numbers: NDArray[Any], known: Known | None = None) -> float | None:
    """Number among the filled cells of a column that counts as missing, if there is one.

    Parameters
    ----------
    numbers : ndarray of shape (n_filled,)
    known : mapping of float to sequence of (float, float), optional
        Numbers that stand for missing in other columns, with the ends of the others there.

    Returns
    -------
    stand_in : float or None

    Examples
    --------
    >>> import numpy as np
    >>> stand_in_of(np.array([20.5, 21.0, -999.0, 19.5, -999.0, 22.5, -999.0]))
    -999.0
    >>> stand_in_of(np.array([95.0, 97.5, 99.0, 98.0, 99.0, 96.0, 99.0])) is None
    True
    >>> days_since_the_last_call = np.array([-1.0] * 9 + [*range(30)])
    >>> stand_in_of(days_since_the_last_call)
    -1.0
    >>> answers = np.array([1.0, 5.0, 3.0, 99.0])
    >>> known = {99.0: [(1.0, 5.0)]}
    >>> stand_in_of(answers), stand_in_of(answers, known), stand_in_of(answers[:3], known)
    (None, 99.0, 99.0)
    >>> kilometres = np.array([2_600.0, 180_000.0, -999.0])
    >>> stand_in_of(kilometres), stand_in_of(kilometres, {-999.0: [(0.0, 20.0)]})
    (None, -999.0)
    >>> stand_in_of(np.arange(21.0), known) is None  # amounts, of which 99 may come to be one
    True
    """
    known = known or {}
    if len(numbers) == 0:
        return None
    for end in (float(numbers.min()), float(numbers.max())):
        if abs(end) not in STAND_INS:
            continue
        others = numbers[numbers != end]
        count = len(numbers) - len(others)
        least = 1 if end in known else max(LEAST_COUNT, LEAST_SHARE * len(numbers))
        is_apart = end in known and end < 0 <= others.min(initial=0.0)
        if len(others) and count >= least and (is_apart or _is_far(end, others)):
            return end
    if _has_minus_one(numbers):
        return -1.0
    for number, ranges in sorted(known.items()):
        low, high = float(numbers.min()), float(numbers.max())
        if any(a <= low and high <= b for a, b in ranges) and _is_far(number, numbers):
            return number
    return None


def _has_minus_one(numbers: NDArray[Any]) -> bool:
    if numbers.min() != -1:
        return False
    values, counts = np.unique(numbers, return_counts=True)
    count = {float(v): int(n) for v, n in zip(values[:3], counts[:3], strict=True)}
    usual = max(count.get(0.0, 0), count.get(1.0, 0))
    least = max(LEAST_COUNT, LEAST_SHARE * len(numbers), 2 * usual)
    is_whole = bool((values == np.round(values)).all())
    return is_whole and len(values) > LEAST_DISTINCT and count[-1.0] > least


def range_without(numbers: NDArray[Any], stand_in: float) -> tuple[float, float]:
    """Ends of the numbers that are not the one that stands for missing."""
    others = numbers[numbers != stand_in]
    return float(others.min()), float(others.max())


def _is_far(number: float, others: NDArray[Any]) -> bool:
    low, high = float(others.min()), float(others.max())
    return high > low and min(abs(number - low), abs(number - high)) > high - low


def without(numbers: Any, stand_in: float | None) -> Any:
    """Series of numbers with missing values where they were stood for."""
    return numbers if stand_in is None else numbers.where(numbers != stand_in)

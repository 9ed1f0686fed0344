"""Numbers that stand for a missing value, such as -999: far from all others, and again and again.

v = 99, 999, 9999, ... or minus that;  |v - nearest other| > max(others) - min(others)

A number that stands for missing in one column of a table does in the others too, however seldom, and in
those that do not hold it: later rows may.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

STAND_INS = tuple(10.0**digits - 1 for digits in range(2, 10))
LEAST_COUNT, LEAST_SHARE = 3, 0.01  # of the filled cells: fewer may be a slip of the pen


def stand_in_of(numbers: NDArray[Any], known: Collection[float] = ()) -> float | None:
    """Number among the filled cells of a column that counts as missing, if there is one.

    Parameters
    ----------
    numbers : ndarray of shape (n_filled,)
    known : collection of float
        Numbers that stand for missing in other columns: here they need not occur.

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
    >>> answers = np.array([1.0, 5.0, 3.0, 99.0])
    >>> stand_in_of(answers), stand_in_of(answers, known={99.0}), stand_in_of(answers[:3], known={99.0})
    (None, 99.0, 99.0)
    """
    if len(numbers) == 0:
        return None
    for end in (float(numbers.min()), float(numbers.max())):
        if abs(end) not in STAND_INS:
            continue
        others = numbers[numbers != end]
        count = len(numbers) - len(others)
        least = 1 if end in known else max(LEAST_COUNT, LEAST_SHARE * len(numbers))
        if len(others) and count >= least and _is_far(end, others):
            return end
    return next((number for number in sorted(known) if _is_far(number, numbers)), None)


def _is_far(number: float, others: NDArray[Any]) -> bool:
    low, high = float(others.min()), float(others.max())
    return high > low and min(abs(number - low), abs(number - high)) > high - low


def without(numbers: Any, stand_in: float | None) -> Any:
    """Series of numbers with missing values where they were stood for."""
    return numbers if stand_in is None else numbers.where(numbers != stand_in)

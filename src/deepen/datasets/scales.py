"""Center and scale of a column of numbers, which stay finite however large the numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def is_in_unit_interval(quantiles: list[float]) -> bool:
    """Whether all numbers of a column lie in [0, 1]."""
    return not quantiles or (quantiles[0] >= 0 and quantiles[-1] <= 1)


def moments(numbers: Array, is_boolean: bool) -> tuple[float, float, float]:
    """Fill, center and scale."""
    if len(numbers) == 0:
        return 0.0, 0.0, 1.0
    if is_boolean:
        low, high = float(numbers.min()), float(numbers.max())
        fill = high if np.mean(numbers == high) > 1 / 2 else low
        return fill, low, positive(high - low)
    # Divided by the largest, so that squares of huge numbers stay finite.
    largest = positive(float(np.abs(numbers).max()))
    unit = numbers / largest
    center, scale = float(unit.mean()) * largest, float(unit.std()) * largest
    return float(np.median(unit)) * largest, center, positive(scale)


def positive(*scales: float) -> float:
    """First that may divide; 1 where none may."""
    return next((float(scale) for scale in scales if scale > 0 and np.isfinite(scale)), 1.0)

"""Figures and names at the terminal: rounded to their uncertainty, and harmless."""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST_DIGITS = 12


def digits_of(half_width: float) -> int:
    """Decimal places that leave two digits of an uncertainty.

    Examples
    --------
    >>> digits_of(0.0123), digits_of(4.0), digits_of(250.0)
    (3, 1, 0)
    """
    if not (half_width > 0 and math.isfinite(half_width)):
        return 3
    return min(MOST_DIGITS, max(0, 1 - math.floor(math.log10(half_width))))


def rounded(value: float | None, half_width: float, unit: str = "") -> str:
    """Value with as many digits as its uncertainty bears; n/a where there is none."""
    if value is None or math.isnan(value):
        return "n/a"
    text = f"{value:,.{digits_of(half_width)}f}"
    is_zero = not text.strip("-0.,")
    return (text.lstrip("-") if is_zero else text) + unit


def with_interval(value: float, interval: Sequence[float], unit: str = "") -> tuple[str, str]:
    """Value and interval in the same number of digits.

    Examples
    --------
    >>> with_interval(12.3456, (10.2, 14.4), " %")
    ('12.3 %', '10.2 to 14.4 %')
    """
    low, high = interval
    half = (high - low) / 2
    if not math.isfinite(half):
        return rounded(value, 0.0, unit), "n/a: one row only"
    ends = f"{rounded(low, half)} to {rounded(high, half)}{unit}"
    return rounded(value, half, unit), ends


def printable(text: object) -> str:
    """Text without the characters by which a name could command a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))

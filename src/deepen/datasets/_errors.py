"""The one error of everything that reads or prepares data."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DataError(ValueError):
    """Data that cannot be used as it stands, told in one line: place, cause, remedy."""


# How long a name must be, and how like the beginning of a longer one, to stand for it.
LEAST_BEGUN, BEGUN = 3, 0.75


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """``"; did you mean 'choice'?"`` for the closest choice, or an empty string."""
    choices = list(choices)
    lowered = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(name.lower(), lowered, n=1)
    if not close and len(name) >= LEAST_BEGUN:  # the beginning of a long one
        begun = {choice[: len(name) + 1]: choice for choice in reversed(lowered)}
        found = difflib.get_close_matches(name.lower(), begun, n=1, cutoff=BEGUN)
        close = [begun[one] for one in found]
    return f"; did you mean {lowered[close[0]]!r}?" if close else ""


def shortened(values: Iterable[object], limit: int = 8) -> str:
    """Comma-separated values, the rest counted: ``'a', 'b' and 3 more``."""
    values = list(values)
    shown = ", ".join(repr(value) for value in values[:limit])
    return shown if len(values) <= limit else f"{shown} and {len(values) - limit} more"

"""Which rungs a verdict compares: two repeats that scatter say nothing, and hide what the others say.

Any rung may be the best until it is shown not to be. One whose interval is endless, for want of repeats,
would leave the interval of every other one endless too. So a rung that the time gave fewer repeats than
others is left out where its difference from the most thorough one has fewer than three degrees of
freedom: two repeats of which training's noise makes more than 1 / sqrt 3 of the variance, three of which
it makes more than .82. Two repeats on many rows, whose noise is that of the rows, stay. Where no two
rungs would be left, all are compared. What decides is how much the differences scatter and how many there
are, never how large they are.
"""

from __future__ import annotations

from deepen.model_selection.intervals import MOST_DEGREES, Judging, difference
from deepen.model_selection.verdict import Losses


def comparable(losses: Losses, judging: Judging) -> list[str]:
    """Names of the rungs that a verdict compares, in the same order; two at least, where there are two.

    Parameters
    ----------
    losses : mapping of str to sequence of RowLosses
        At least two repeats of each rung, cheapest rung first.
    judging : Judging

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.model_selection.intervals import RowLosses
    >>> def rung(*levels):
    ...     rows = np.arange(10 * len(levels)).reshape(-1, 10)
    ...     return [RowLosses(r, level + r % 2) for r, level in zip(rows, levels)]
    >>> judging = Judging(np.arange(40), 0.25)
    >>> linear, wild = rung(0.3, 0.3, 0.3, 0.3), rung(0.2, 0.9)
    >>> deep = rung(0.2, 0.2, 0.2, 0.2)
    >>> comparable({"linear": linear, "deep": deep, "dbn": wild}, judging)
    ['linear', 'deep']
    >>> comparable({"linear": linear[:2], "deep": deep[:2], "dbn": wild}, judging)
    ['linear', 'deep', 'dbn']
    """
    if not losses:
        return []
    most = max(losses, key=lambda name: len(losses[name]))  # the first of them

    def is_open(name: str) -> bool:
        found = difference(losses[most], losses[name], judging)
        return found.error > 0 and found.degrees < MOST_DEGREES

    n_most = len(losses[most])
    kept = [name for name, own in losses.items() if len(own) == n_most or not is_open(name)]
    return kept if len(kept) > 1 else list(losses)

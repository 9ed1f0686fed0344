"""Paired repeats: which rows train, stop, tune and judge, the same for every rung.

    training rows   60 %    weights
    stopping rows   10 %    when a network or the trees have learnt enough
    tuning rows     10 %    which setting
    verdict rows    20 %    the loss that counts; nothing else ever sees them

class by class, so that each class stands in each part. Five repeats share one shuffle, along which
the parts move on by a fifth, so that every row judges once; the next five shuffle anew. Rows of one
group, and rows that repeat each other word for word, stay on one side: a row seen in training would
judge memory, not learning. With a time, a repeat judges on a stretch of rows and trains on what came
before it. With a test file, its rows are the verdict rows of every repeat.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.groups import IntArray, check_groups

TEST_SHARE = 0.2
PARTS = ("training", "stopping", "tuning", "verdict")
SHARES = (0.6, 0.1, 0.1, 0.2)
# Nadeau and Bengio's n_test / n_train: training, tuning and stopping are the judged procedure.
TEST_TRAIN_RATIO = TEST_SHARE / (1 - TEST_SHARE)
REPEATS_PER_SHUFFLE = 5
# With a time, the later half of the rows judges.
JUDGED_PAST = 0.5


class Split(NamedTuple):
    """Row numbers of one repeat; the four parts share no row."""

    training: IntArray
    stopping: IntArray
    tuning: IntArray
    verdict: IntArray


@dataclass(frozen=True)
class Plan:
    """How the rows of all repeats are drawn.

    Parameters
    ----------
    groups : ndarray of shape (n_samples,)
        Rows with the same number stay in the same part.
    strata : ndarray of shape (n_samples,) or None
        Class number of each row; None for regression.
    seed : int
    time : ndarray of shape (n_samples,) or None
        Place of each row in time; equal ones stay together.
    n_test : int, default=0
        This many rows at the end come from a test file.
    has_groups : bool, default=False
        Whether rows go together because the user says so, not only because they are equal.
    """

    groups: IntArray
    strata: IntArray | None
    seed: int
    time: NDArray[Any] | None = None
    n_test: int = 0
    has_groups: bool = False

    def splits(self, n_repeats: int) -> list[Split]:
        """Splits of the first `n_repeats` repeats.

        Raises
        ------
        ValueError
            If there are too few different rows, groups or moments; it says what to change.
        """
        if self.time is not None:
            return time_splits(self.time, n_repeats)
        if self.n_test:
            return [self._with_test_file(repeat) for repeat in range(n_repeats)]
        check_groups(self.groups, are_told=self.has_groups)
        return [draw_split(self.strata, self.groups, r, self.seed) for r in range(n_repeats)]

    def _with_test_file(self, repeat: int) -> Split:
        n_rows = len(self.groups) - self.n_test
        test = np.arange(n_rows, len(self.groups))
        # A row that stands in the test file too would train what it judges.
        own = np.flatnonzero(~np.isin(self.groups[:n_rows], self.groups[n_rows:]))
        check_groups(self.groups[own], are_told=self.has_groups)
        strata = None if self.strata is None else self.strata[own]
        drawn = draw_split(strata, self.groups[own], repeat, self.seed, has_verdict=False)
        return Split(own[drawn.training], own[drawn.stopping], own[drawn.tuning], test)


def draw_split(
    strata: IntArray | None, groups: IntArray, repeat: int, seed: int, *, has_verdict: bool = True
) -> Split:
    """Split number `repeat`; groups stay together, strata (the classes) are spread over all parts.

    Parameters
    ----------
    strata : ndarray of shape (n_samples,) or None
        Class number of each row; None for regression.
    groups : ndarray of shape (n_samples,)
        Rows with the same number stay in the same part.
    repeat, seed : int
        Which split of which sequence, counted from 0.
    has_verdict : bool, default=True
        Whether a fifth of the rows judges; without, the part is empty.

    Raises
    ------
    ValueError
        If a class has fewer different rows than there are parts.
    """
    shares = SHARES if has_verdict else tuple(share / sum(SHARES[:3]) for share in SHARES[:3])
    n_rows, n_parts = len(groups), len(shares)
    shuffle, turn = divmod(repeat, REPEATS_PER_SHUFFLE)
    rng = np.random.default_rng([seed, shuffle])
    strata = np.zeros(n_rows, dtype=np.int64) if strata is None else strata
    group_ids, group_of_row, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    part_of_group = np.zeros(len(group_ids), dtype=np.int8)
    # A group of several classes counts for the rarest of them, which has the fewest others.
    rarest_first = np.argsort(np.bincount(strata)[strata], kind="stable")
    _, first = np.unique(groups[rarest_first], return_index=True)
    stratum_of_group = strata[rarest_first][first]
    for stratum in np.unique(strata):
        members = np.flatnonzero(stratum_of_group == stratum)
        n_groups = len(np.unique(group_of_row[strata == stratum]))
        if n_groups < n_parts:
            raise ValueError(
                f"each class needs at least {n_parts} different rows or groups, got {n_groups}: "
                f"{n_rows - len(group_ids)} of {n_rows} rows go together with another; "
                "join the class with another or leave it out."
            )
        # Fewer: nearly all its rows stand in groups that rarer classes have dealt out.
        if len(members) >= n_parts:
            members = rng.permutation(members)
            part_of_group[members] = _allot(sizes[members], turn / REPEATS_PER_SHUFFLE, shares)
    part = part_of_group[group_of_row]
    return Split(*(np.flatnonzero(part == k) for k in range(len(SHARES))))


def _allot(sizes: IntArray, start: float, shares: tuple[float, ...]) -> NDArray[np.int8]:
    """Part of each group in random order; the last part begins at the share `start`."""
    n_parts = len(shares)
    middle = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    # From the last part, which judges, to the first, which trains.
    ends = np.cumsum(shares[::-1])
    found = np.searchsorted(ends[:-1], (middle - start) % 1.0, side="right")
    parts = (n_parts - 1 - found).astype(np.int8)
    # In a small class a part may have come out empty: it takes one group of the largest part.
    for part in range(n_parts):
        counts = np.bincount(parts, minlength=n_parts)
        if counts[part] == 0:
            parts[np.flatnonzero(parts == counts.argmax())[0]] = part
    return parts


def time_splits(time: NDArray[Any], n_repeats: int) -> list[Split]:
    """Stretches of the later half judge, one a repeat; what came before trains, stops and tunes.

    The latest judges first, and the first few repeats lie far apart: neighbours have much in common.

    Parameters
    ----------
    time : ndarray of shape (n_samples,)
        Numbers or dates; rows of one moment stay together.
    n_repeats : int
        Number of stretches.
    """
    moments, numbers, counts = np.unique(time, return_inverse=True, return_counts=True)
    past = np.cumsum(counts) / len(time)  # share of rows up to each moment
    cuts = np.searchsorted(past, np.linspace(JUDGED_PAST, 1.0, n_repeats + 1)[:-1]) + 1
    cuts = np.append(cuts, len(moments))
    if (np.diff(cuts) < 1).any():
        raise ValueError(
            f"the time column has {len(moments)} different moments, too few for {n_repeats} "
            "stretches of the later half; lower --repeats."
        )
    splits = []
    for place in _spread(n_repeats):
        first, last = cuts[place : place + 2]
        before = np.searchsorted(past[:first] / past[first - 1], [0.75, 0.875]) + 1
        ends = [0, *before.tolist(), int(first), int(last)]
        if (np.diff(ends) < 1).any():
            raise ValueError("the time column has too few different moments in its earlier half.")
        splits.append(
            Split(*(np.flatnonzero((numbers >= a) & (numbers < b))
                    for a, b in itertools.pairwise(ends)))
        )  # fmt: skip
    return splits


def _spread(n: int) -> list[int]:
    """Places below n, the last first, any beginning spread out: ranks of k golden ratios modulo 1."""
    golden = (np.arange(n) * (np.sqrt(5) - 1) / 2) % 1.0
    return [n - 1 - int(rank) for rank in np.argsort(np.argsort(golden))]


def describe_split(*, n_test: int = 0, has_groups: bool = False, has_time: bool = False) -> str:
    """How rows are split, in words.

    Examples
    --------
    >>> describe_split()
    '60 % training, 10 % stopping, 10 % tuning, 20 % verdict rows in each repeat'
    """
    if has_time:
        return (
            "each repeat judges on a stretch of the later half and trains, stops and tunes on 75, "
            "12.5 and 12.5 % of what came before"
        )
    if n_test:
        return (
            f"the {n_test:,} rows of the test file give every verdict; of the others "
            "75 % training, 12.5 % stopping, 12.5 % tuning in each repeat"
        )
    parts = [f"{100 * share:.0f} % {name}" for share, name in zip(SHARES, PARTS, strict=True)]
    groups = "; rows of one group stay together" if has_groups else ""
    return f"{', '.join(parts)} rows in each repeat{groups}"

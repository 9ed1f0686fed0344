"""Paired repeats: which rows train, tune and judge, the same for every rung.

Each repeat takes 60 % of the rows for training, 20 % for tuning and early stopping, 20 % for the
verdict, class by class, so that each class stands in each part. Five repeats share one shuffle,
along which the parts move on by a fifth, so that every row judges once; the next five shuffle
anew. Rows that repeat each other word for word stay on one side: a row seen in training would
judge memory, not learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VALIDATION_SHARE, TEST_SHARE = 0.2, 0.2
# Nadeau and Bengio's n_test / n_train: training, tuning and stopping are the judged procedure.
TEST_TRAIN_RATIO = TEST_SHARE / (1 - TEST_SHARE)
REPEATS_PER_SHUFFLE = 5
LEAST_GROUPS = 10

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row numbers of one repeat; the three parts share no row."""

    train: IntArray
    validation: IntArray
    test: IntArray


def duplicate_groups(X: Any) -> tuple[IntArray, int]:
    """Group number of each row, equal rows sharing one, and the number of rows that repeat another.

    Parameters
    ----------
    X : DataFrame or array of shape (n_samples, n_features)

    Examples
    --------
    >>> groups, n_repeated = duplicate_groups(np.array([[1.0], [2.0], [1.0], [3.0]]))
    >>> groups.tolist(), n_repeated
    ([0, 1, 0, 2], 1)
    """
    import pandas as pd

    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    hashes = pd.util.hash_pandas_object(frame.astype(_hashable(frame)), index=False)
    groups = np.asarray(pd.factorize(hashes)[0], dtype=np.int64)
    return groups, len(groups) - int(groups.max()) - 1


def check_groups(groups: IntArray) -> None:
    """Refuse a table with too few different rows to train, tune and judge on different ones.

    Raises
    ------
    ValueError
        If there are fewer than `LEAST_GROUPS` groups; it names the counts.
    """
    n_groups = len(np.unique(groups))
    if n_groups < LEAST_GROUPS:
        raise ValueError(
            f"X has only {n_groups} different rows among {len(groups)}, and equal rows stay on one "
            f"side of a split: at least {LEAST_GROUPS} different ones are needed; add columns."
        )


def _hashable(frame: Any) -> dict[Any, str]:
    """Columns of mixed Python objects are compared by their text."""
    return {name: "str" for name, dtype in frame.dtypes.items() if dtype.kind == "O"}


def draw_split(strata: IntArray | None, groups: IntArray, repeat: int, seed: int) -> Split:
    """Split number `repeat`; groups stay together, strata (the classes) are spread over all parts.

    Parameters
    ----------
    strata : ndarray of shape (n_samples,) or None
        Class number of each row; None for regression.
    groups : ndarray of shape (n_samples,)
        Rows with the same number stay in the same part.
    repeat, seed : int
        Which split of which sequence, counted from 0.

    Raises
    ------
    ValueError
        If a class has fewer than three groups of rows.
    """
    n_rows = len(groups)
    shuffle, turn = divmod(repeat, REPEATS_PER_SHUFFLE)
    rng = np.random.default_rng([seed, shuffle])
    strata = np.zeros(n_rows, dtype=np.int64) if strata is None else strata
    group_ids, group_of_row, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    part_of_group = np.empty(len(group_ids), dtype=np.int8)
    # A group of several classes counts for the rarest of them, which has the fewest others.
    rarest_first = np.argsort(np.bincount(strata)[strata], kind="stable")
    _, first = np.unique(groups[rarest_first], return_index=True)
    stratum_of_group = strata[rarest_first][first]
    for stratum in np.unique(strata):
        members = np.flatnonzero(stratum_of_group == stratum)
        n_groups = len(np.unique(group_of_row[strata == stratum]))
        if n_groups < 3:
            raise ValueError(
                f"each class needs at least 3 different rows, got {n_groups}: "
                f"{n_rows - len(group_ids)} of {n_rows} rows repeat another."
            )
        if (
            len(members) < 3
        ):  # nearly all its rows stand in groups that rarer classes have dealt out
            part_of_group[members] = 0
            continue
        members = rng.permutation(members)
        part_of_group[members] = _allot(sizes[members], turn / REPEATS_PER_SHUFFLE)
    part = part_of_group[group_of_row]
    train, validation, test = (np.flatnonzero(part == k) for k in range(3))
    return Split(train, validation, test)


def _allot(sizes: IntArray, start: float) -> NDArray[np.int8]:
    """Part 0, 1 or 2 of each group in random order; the test part begins at the share `start`."""
    middle = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    turned = (middle - start) % 1.0
    parts = np.select(
        [turned < TEST_SHARE, turned < TEST_SHARE + VALIDATION_SHARE], [2, 1], 0
    ).astype(np.int8)
    # In a small class a part may have come out empty: it takes one group of the largest part.
    for part in range(3):
        counts = np.bincount(parts, minlength=3)
        if counts[part] == 0:
            parts[np.flatnonzero(parts == counts.argmax())[0]] = part
    return parts

"""Rows that stay together: equal ones, and those that the user says belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_GROUPS, LEAST_TOLD_GROUPS = 10, 5  # of different rows; of those that a user names
ROWS_AT_A_TIME = 100_000  # when rows are compared

IntArray = NDArray[np.int64]


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

    groups = np.asarray(pd.factorize(row_hashes(X))[0], dtype=np.int64)
    return groups, len(groups) - int(groups.max()) - 1


def row_hashes(X: Any) -> NDArray[np.uint64]:
    """A number for each row that equal rows share, of shape (n_samples,)."""
    import pandas as pd

    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    hashes, as_text = np.empty(len(frame), dtype=np.uint64), _hashable(frame)
    for start in range(0, len(frame), ROWS_AT_A_TIME):  # all at once takes several times the table
        piece = frame.iloc[start : start + ROWS_AT_A_TIME].astype(as_text)
        hashes[start : start + len(piece)] = pd.util.hash_pandas_object(piece, index=False)
    return hashes


def joined_groups(groups: IntArray, others: Any) -> IntArray:
    """Groups that keep together what either of two groupings keeps together.

    Examples
    --------
    >>> joined_groups(np.array([0, 0, 1, 2]), ["a", "b", "b", "c"]).tolist()
    [0, 0, 0, 1]
    """
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # A missing group is a group of its own row.
    codes, _ = pd.factorize(pd.Series(others).reset_index(drop=True))
    missing = codes < 0
    codes[missing] = codes.max() + 1 + np.arange(missing.sum())
    n_first, n = int(groups.max()) + 1, int(groups.max()) + int(codes.max()) + 2
    edges = coo_array((np.ones(len(groups)), (groups, n_first + codes)), shape=(n, n))
    return np.asarray(connected_components(edges, directed=False)[1][groups], dtype=np.int64)


def check_groups(groups: IntArray, *, are_told: bool = False) -> None:
    """Refuse a table with too few different rows to train, tune and judge on different ones.

    Raises
    ------
    ValueError
        If there are fewer than `LEAST_GROUPS` groups, or `LEAST_TOLD_GROUPS` that the user names; it names
        the counts.
    """
    n_groups = len(np.unique(groups))
    if are_told and n_groups < LEAST_TOLD_GROUPS:
        raise ValueError(
            f"the rows fall into {n_groups} groups, and whole groups train, stop, tune and judge: at least "
            f"{LEAST_TOLD_GROUPS} are needed; name a finer column as groups, or keep some groups apart as "
            "a test file."
        )
    if n_groups < LEAST_GROUPS and not are_told:
        raise ValueError(
            f"X has only {n_groups} different rows among {len(groups)} rows, and equal "
            f"ones stay on one side of a split: at least {LEAST_GROUPS} different ones are needed; "
            "add columns or rows."
        )


def _hashable(frame: Any) -> dict[Any, str]:
    """Columns of mixed Python objects are compared by their text."""
    return {name: "str" for name, dtype in frame.dtypes.items() if dtype.kind == "O"}

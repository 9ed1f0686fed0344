"""Rows that belong together, as those of one patient, for `deepen fit`."""

from __future__ import annotations

from typing import Any


def groups_apart(data: str, X: Any, name: str | None, target: str | None) -> tuple[Any, Any]:
    """Columns that the model sees, and those of groups, if rows are told to be of some."""
    from deepen.cli._common import fail
    from deepen.datasets import find_column

    if name is None:
        return X, None
    if name == target:
        fail(f"--groups {name!r}: is the target; choose another column.")
    if name not in X:
        find_column(X, name, data)
        fail(f"--groups {name!r}: give the column's name.")  # the target is no longer counted
    if X.shape[1] == 1:
        fail(f"{data}: has no column left to predict from.")
    return X.drop(columns=name), X[name]


def note_few(name: str) -> None:
    """Say why a model has no intervals."""
    from deepen.cli._common import console

    console(to_stderr=True).say(
        f"Note: no prediction intervals: the groups of {name!r} are too few or too uneven to leave some out "
        "and learn from the rest; without --groups there are some, of known groups."
    )


def folds(n_rows: int, groups: Any, n_folds: int, seed: int) -> Any:
    """Fold of each row, from 0 on, in equal parts as far as whole groups allow; by lot."""
    import numpy as np

    from deepen.model_selection.groups import joined_groups

    joined = np.arange(n_rows)
    if groups is not None:
        joined = joined_groups(joined, groups)
    order = np.random.default_rng(seed).permutation(int(joined.max()) + 1)
    sizes = np.bincount(joined)[order]
    middles = (np.cumsum(sizes) - sizes / 2) / n_rows
    of_group = np.empty(len(order), dtype=np.int64)
    of_group[order] = np.minimum((middles * n_folds).astype(np.int64), n_folds - 1)
    return of_group[joined]

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


def note_few(n_rows: int, least: int, share: float) -> None:
    """Say why a model has no intervals."""
    from deepen.cli._common import console

    console(to_stderr=True).say(
        f"Note: no prediction intervals: groups that fit into {100 * share:.0f} % of the rows hold {n_rows}"
        f" of them, and {least} are needed; without --groups there are some, of known groups."
    )


def some_groups(n_rows: int, groups: Any, most: int, seed: int) -> Any:
    """Mask of up to `most` rows: whole groups by lot, as far as they fit, or single rows."""
    import numpy as np

    from deepen.model_selection.groups import joined_groups

    joined = np.arange(n_rows)
    if groups is not None:
        joined = joined_groups(joined, groups)
    sizes, chosen, left = np.bincount(joined), [], most
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if sizes[group] <= left:
            chosen.append(group)
            left -= sizes[group]
        if left == 0:
            break
    return np.isin(joined, chosen)

"""What task a target sets, found by looking at its values."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepen.datasets._errors import DataError
from deepen.datasets.kinds import are_dates
from deepen.datasets.values import plain_values

MOST_CLASSES = 20  # whole numbers with more values than this are amounts, not classes
FEW_ROWS = 0.25  # of two classes, one with a smaller share is the one that is looked for


def infer_task(y: Any) -> str:
    """Task that a target sets: ``"classification"`` or ``"regression"``.

    Strings, booleans, two distinct values, and whole numbers with at most 20 distinct values that
    recur (on average twice or more) are classes; other numbers are amounts. Missing values are
    passed over.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    Returns
    -------
    task : {"classification", "regression"}

    Raises
    ------
    DataError
        If there is no value, or the values are dates.

    Examples
    --------
    >>> from deepen.datasets import infer_task
    >>> infer_task(["yes", "no", "yes"])
    'classification'
    >>> infer_task([1.5, 0.25, 3.75])
    'regression'
    """
    import pandas as pd

    is_declared = isinstance(getattr(y, "dtype", None), pd.CategoricalDtype)
    values = plain_values(y if hasattr(y, "index") and hasattr(y, "dtype") else np.asarray(y))
    filled = values.dropna()
    if len(filled) == 0:
        raise DataError("The target has no value in any row; choose another column.")
    is_duration = getattr(getattr(y, "dtype", None), "kind", "") == "m"
    if values.dtype.kind == "M" or is_duration or are_dates(filled):
        raise DataError(
            "The target holds dates or durations; turn it into numbers or classes first."
        )
    if is_declared or values.dtype.kind != "f":
        return "classification"
    if np.isinf(filled).any():
        raise DataError("The target contains infinity; replace it by a number or a blank.")
    n_distinct = filled.nunique()
    is_whole = bool(np.all(filled == np.round(filled)))
    if n_distinct <= 2 or (is_whole and n_distinct <= min(MOST_CLASSES, len(filled) / 2)):
        return "classification"
    return "regression"


def sought(n_first: int, n_second: int) -> int:
    """Which of two classes is looked for: the second, but the first where few rows have it.

    Parameters
    ----------
    n_first, n_second : int
        Rows of each class.

    Examples
    --------
    >>> sought(2, 2), sought(1, 5)
    (1, 0)
    """
    return int(n_first >= FEW_ROWS * (n_first + n_second))

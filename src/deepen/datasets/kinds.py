"""What kind a column is, and what task a target sets, found by looking at their values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deepen.datasets._errors import DataError
from deepen.datasets.delimited import MISSING

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("numeric", "boolean", "categorical", "date", "text", "id", "constant")
NUMBERS, CATEGORY = ("numeric", "boolean"), "categorical"
USED = (*NUMBERS, CATEGORY)
LEAST_ROWS_FOR_ID = 10  # in fewer rows unique values are no wonder
SHARE_OF_UNIQUE = 0.95  # strings that differ this often name their rows
FEW_CATEGORIES = 20
CATEGORIES_PER_ROW = 0.05
WORDS_OF_TEXT = 3
MOST_CLASSES = 20  # whole numbers with more values than this are amounts, not classes
DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
    r"|\d{1,2}[ -][A-Za-z]{3,9},?[ -]\d{2,4})"
    r"([T ]+\d{1,2}:\d{2}\S*)?"
)


@dataclass(frozen=True)
class Column:
    """What was found in one column and what is done with it.

    Parameters
    ----------
    name : str
        The column's name.
    kind : {"numeric", "boolean", "categorical", "date", "text", "id", "constant"}
        Found by looking, or set by the user.
    treatment : str
        What becomes of it, ``"left out"`` for nothing.
    reason : str
        Why it was taken for its kind.
    """

    name: str
    kind: str
    treatment: str
    reason: str

    @property
    def is_used(self) -> bool:
        """Whether the column reaches the model."""
        return self.kind in USED


def infer_columns(table: pd.DataFrame) -> list[Column]:
    """Kind of every column of a table, by looking at all its rows.

    A part of the rows may look different (row numbers of a random half are no longer consecutive),
    so look once at the whole and hand the kinds to each ``TableEncoder(types=...)``.

    Parameters
    ----------
    table : DataFrame of shape (n_samples, n_columns)
        Of pandas or polars.

    Returns
    -------
    columns : list of Column
        In the table's order.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepen.datasets import infer_columns
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 4.0], "colour": ["red", "blue", "red"]})
    >>> [column.kind for column in infer_columns(table)]
    ['numeric', 'categorical']
    """
    if hasattr(table, "to_pandas"):
        table = table.to_pandas()
    found = []
    for name in table.columns:
        kind, reason = infer_kind(plain_values(table[name]))
        treatment = "used" if kind in USED else "left out"
        found.append(Column(str(name), kind, treatment, reason))
    return found


def plain_values(column: Any) -> Any:
    """Column with one kind of value: numbers, dates, or strings; markers of missing values blanked.

    Strings become numbers where all of them are; categories of pandas and mixed objects become
    strings.
    """
    import pandas as pd

    column = pd.Series(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return as_strings(column)
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        if column.dtype.kind == "c":
            raise DataError(
                f"Column {column.name!r}: Complex data not supported; give real numbers."
            )
        return column.astype("float64")
    if column.dtype.kind in "mM":
        return column
    content = pd.api.types.infer_dtype(column, skipna=True)
    if content in ("boolean", "integer", "floating", "decimal", "mixed-integer-float"):
        return column.astype("float64")
    if content in ("datetime", "datetime64", "date"):
        return pd.to_datetime(column)
    strings = as_strings(column)
    words = strings.dropna()
    numbers = pd.to_numeric(words, errors="coerce")
    if len(words) and not numbers.isna().any():
        return numbers.astype("float64").reindex(column.index)
    return strings


def as_strings(column: Any) -> Any:
    """Column of strings, with None for missing values and their markers."""
    column = column.astype(object)
    strings = column.map(category_name, na_action="ignore").astype(object)
    return strings.where(column.notna() & ~strings.isin(MISSING), None)


def category_name(value: object) -> str:
    """Text of a category; 1.0 is 1, since a missing cell turns integers into floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def infer_kind(values: Any) -> tuple[str, str]:
    """Kind and reason of a column that ``plain_values`` made."""
    filled = values.dropna()
    n_filled, n_distinct = len(filled), filled.nunique()
    if n_distinct == 0:
        return "constant", "no value in any row"
    if n_distinct == 1 and n_filled == len(values):
        return "constant", "the same value in every row"
    if values.dtype.kind == "M":
        return "date", "dates"
    if values.dtype.kind == "m":
        return "date", "durations"
    if values.dtype.kind == "f":
        return _infer_number(filled, n_distinct, n_filled == len(values))
    return _infer_string(filled, n_distinct)


def _infer_number(filled: Any, n_distinct: int, is_complete: bool) -> tuple[str, str]:
    if n_distinct <= 2:
        return "boolean", f"{n_distinct} distinct number{'s' if n_distinct > 1 else ''}"
    numbers = filled.to_numpy()
    if is_complete and len(numbers) >= LEAST_ROWS_FOR_ID and np.all(np.diff(numbers) == 1):
        return "id", "whole numbers that count the rows"
    return "numeric", f"numbers, {n_distinct} distinct"


def _infer_string(filled: Any, n_distinct: int) -> tuple[str, str]:
    n_filled = len(filled)
    n_dates = sum(DATE.fullmatch(value) is not None for value in filled)
    if n_dates >= SHARE_OF_UNIQUE * n_filled:
        return "date", "strings written as dates"
    n_words = float(np.mean([len(value.split()) for value in filled]))
    is_unique = n_filled >= LEAST_ROWS_FOR_ID and n_distinct >= SHARE_OF_UNIQUE * n_filled
    if n_words >= WORDS_OF_TEXT and (is_unique or n_distinct > _most_categories(n_filled)):
        return "text", f"strings of {n_words:.0f} words on average, {n_distinct} distinct"
    if is_unique:
        return "id", f"{n_distinct} distinct strings in {n_filled} rows"
    return "categorical", f"strings, {n_distinct} distinct"


def _most_categories(n_samples: int) -> float:
    return max(FEW_CATEGORIES, CATEGORIES_PER_ROW * n_samples)


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
    if values.dtype.kind in "mM":
        raise DataError(
            "The target holds dates or durations; turn it into numbers or classes first."
        )
    if is_declared or values.dtype.kind != "f":
        return "classification"
    n_distinct = filled.nunique()
    is_whole = bool(np.all(np.isfinite(filled) & (filled == np.round(filled))))
    if n_distinct <= 2 or (is_whole and n_distinct <= min(MOST_CLASSES, len(filled) / 2)):
        return "classification"
    return "regression"

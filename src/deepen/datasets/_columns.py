"""One column or table at a time: what ``TableEncoder`` asks of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_array

from deepen.datasets._errors import DataError
from deepen.datasets.kinds import CATEGORY, Column, as_strings, plain_values

if TYPE_CHECKING:
    import pandas as pd

RARE_SHARE = 0.01  # of the rows: categories below go to "other"
LEAST_COUNT = 2
MOST_ONE_HOT = 50  # columns that one categorical column may become


def as_table(X: Any) -> tuple[pd.DataFrame, bool]:
    """DataFrame, and whether its names are the user's."""
    import pandas as pd

    if not isinstance(X, pd.DataFrame) and hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if isinstance(X, pd.DataFrame):
        if X.shape[0] == 0 or X.shape[1] == 0:
            raise DataError(
                f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s)"
                f" (shape={X.shape}) while a minimum of 1 is required; give rows and columns."
            )
        if not X.columns.is_unique:
            twice = X.columns[X.columns.duplicated()][0]
            raise DataError(f"The column name {twice!r} occurs twice; rename one of them.")
        has_names = all(isinstance(name, str) for name in X.columns)
        return X, has_names
    array = check_array(X, dtype=None, ensure_all_finite=False, estimator="TableEncoder")
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])]), False


def column_values(series: Any, column: Column) -> Any:
    """Values of a used column as its kind has them: float64 without infinity, or strings."""
    import pandas as pd

    if column.kind == CATEGORY:  # "007" must not become 7 where all rows at hand look like numbers
        return as_strings(series)
    values = plain_values(series)
    if values.dtype.kind != "f":
        is_number = pd.to_numeric(values, errors="coerce").notna()
        words = values[values.notna() & ~is_number]
        if len(words):
            raise DataError(
                f"Column {column.name!r} is {column.kind}, but holds {str(words.iloc[0])!r};"
                " mend the value or set the column's type."
            )
        values = values.astype("float64")
    if np.isinf(values).any():
        raise DataError(
            f"Column {column.name!r} contains infinity; replace it by a number or a blank."
        )
    return values


def moments(values: Any, column: Column) -> tuple[float, float, float]:
    """Fill, center and scale of a column of numbers."""
    numbers = values.dropna().to_numpy()
    if len(numbers) == 0:
        return 0.0, 0.0, 1.0
    if column.kind == "boolean":
        low, high = numbers.min(), numbers.max()
        fill = high if np.mean(numbers == high) > 1 / 2 else low
        return fill, low, _positive(high - low)
    # Divided by the largest, so that squares of huge numbers stay finite.
    largest = _positive(np.abs(numbers).max())
    unit = numbers / largest
    return float(np.median(unit)) * largest, unit.mean() * largest, _positive(unit.std() * largest)


def _positive(scale: float) -> float:
    return float(scale) if scale > 0 and np.isfinite(scale) else 1.0


def frequent_categories(values: Any) -> tuple[list[str], bool]:
    """Sorted frequent categories, and whether there are others."""
    counts = values.value_counts()
    least = max(LEAST_COUNT, RARE_SHARE * len(values))
    frequent = sorted(counts.index[counts >= least][:MOST_ONE_HOT])
    return frequent, len(frequent) < len(counts)

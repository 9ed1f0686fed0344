"""From a table with columns of any kind to a dense array of numbers.

    numeric      (x - mean) / standard deviation, missing: the median, and an indicator column
    boolean      the smaller number to 0, the larger to 1, missing likewise: the more frequent
    categorical  one column a category that is frequent, one for all others, one for missing values
    the rest     left out, with the reason in ``columns_``

An indicator exists where the rows of ``fit`` lacked a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from deepen.datasets._columns import as_table, column_values, frequent_categories, moments
from deepen.datasets._errors import DataError, did_you_mean, shortened
from deepen.datasets.kinds import CATEGORY, KINDS, NUMBERS, Column, infer_columns

if TYPE_CHECKING:
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]


class TableEncoder(TransformerMixin, BaseEstimator):
    """Columns of a table to a dense array: standardised numbers and one-hot categories.

    Cost: one pass over the table in ``fit`` and one in ``transform``; memory is that of the output,
    n_samples x n_features_out.

    Parameters
    ----------
    types : dict of str to str, default=None
        Kinds that override what is found by looking, by column name: numeric, boolean,
        categorical, date, text, id or constant.
    dtype : {"float32", "float64"}, default="float32"
        Type of the numbers that ``transform`` returns.

    Attributes
    ----------
    columns_ : list of Column
        Name, kind, treatment and reason of every column.
    fills_, centers_, scales_ : ndarrays of shape (n_numbers,)
        Of the numeric and boolean columns in order: what replaces a missing value, what is
        subtracted, and what divides.
    categories_ : list of lists of str
        Of the categorical columns in order: the frequent categories.
    has_other_, has_missing_ : dict of str to bool
        Whether a categorical column has rare categories; whether any used column has missing
        values.
    feature_names_in_ : ndarray of shape (n_features,)
        Names in the table; only where ``fit`` saw a table.
    n_features_in_ : int
        Number of columns in the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepen.datasets import TableEncoder
    >>> colours = ["red", "blue", "red", "blue"]
    >>> table = pd.DataFrame({"size": [1.0, 2.0, 3.0, None], "colour": colours})
    >>> encoder = TableEncoder()
    >>> encoder.fit_transform(table).shape
    (4, 4)
    >>> [str(name) for name in encoder.get_feature_names_out()]
    ['size', 'size:missing', 'colour=blue', 'colour=red']
    """

    def __init__(self, types: Mapping[str, str] | None = None, dtype: str = "float32") -> None:
        self.types = types
        self.dtype = dtype

    def fit(self, X: Any, y: Any = None) -> TableEncoder:
        """Look at the columns and learn what ``transform`` needs.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features_in)
            Numbers, strings, booleans, dates; NaN and None are missing. pandas, polars or NumPy.
        y : ignored
            The target does not take part.

        Returns
        -------
        self : TableEncoder

        Raises
        ------
        DataError
            If there are no rows, no usable column, an infinite number, or a name in ``types``
            that is not in the table.
        """
        if np.dtype(self.dtype).kind != "f":
            raise ValueError(f"dtype must be 'float32' or 'float64', got {self.dtype!r}.")
        table, has_names = as_table(X)
        if has_names:
            self.feature_names_in_ = np.array([str(name) for name in table.columns], dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.n_features_in_ = table.shape[1]
        self._set_kinds(table)
        self._learn(table)
        self._describe_treatments()
        return self

    def _set_kinds(self, table: pd.DataFrame) -> None:
        names = [str(name) for name in table.columns]
        types = dict(self.types or {})
        for name, kind in types.items():
            if name not in names:
                hint = did_you_mean(name, names)
                raise DataError(f"types: column {name!r} is not in the table{hint or '.'}")
            if kind not in KINDS:
                raise DataError(
                    f"types: the kind of {name!r} must be one of {KINDS}, got {kind!r}."
                )
        found = infer_columns(table)
        self.columns_ = [
            Column(c.name, types[c.name], "", "set by types") if c.name in types else c
            for c in found
        ]
        if not any(column.is_used for column in self.columns_):
            kinds = shortened(f"{column.name}: {column.kind}" for column in self.columns_)
            raise DataError(
                f"No column can be used with n_samples={len(table)} ({kinds}); override by types."
            )

    def _learn(self, table: pd.DataFrame) -> None:
        numbers: list[tuple[float, float, float]] = []
        self.categories_: list[list[str]] = []
        self.has_other_: dict[str, bool] = {}
        self.has_missing_: dict[str, bool] = {}
        for position, column in enumerate(self.columns_):
            if not column.is_used:
                continue
            values = column_values(table.iloc[:, position], column)
            self.has_missing_[column.name] = bool(values.isna().any())
            if column.kind in NUMBERS:
                numbers.append(moments(values, column))
            else:
                frequent, self.has_other_[column.name] = frequent_categories(values)
                self.categories_.append(frequent)
        self.fills_, self.centers_, self.scales_ = np.array(numbers).reshape(-1, 3).T.copy()

    def _describe_treatments(self) -> None:
        described, categories = [], iter(self.categories_)
        for column in self.columns_:
            treatment = "left out"
            if column.kind == "numeric":
                treatment = "standardised"
            elif column.kind == "boolean":
                treatment = "0 or 1"
            elif column.kind == CATEGORY:
                treatment = f"one-hot, {len(next(categories))} categories"
                treatment += " and other" if self.has_other_[column.name] else ""
            if self.has_missing_.get(column.name):
                is_number = column.kind in NUMBERS
                treatment += ", median for missing, indicator" if is_number else ", missing apart"
            described.append(Column(column.name, column.kind, treatment, column.reason))
        self.columns_ = described

    def transform(self, X: Any) -> Array:
        """Array of numbers of a table with the columns that ``fit`` saw, in any order.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features_in)
            A table is matched by name, and may have further columns; an array by position.

        Returns
        -------
        array : ndarray of shape (n_samples, n_features_out)
            Finite numbers of type ``dtype``.

        Raises
        ------
        DataError
            If a column is missing, or a numeric one holds a word or an infinite number.
        """
        check_is_fitted(self)
        table = self._matched(X)
        blocks: list[Array] = [np.empty((len(table), 0), dtype=self.dtype)]
        i_number, i_category = 0, 0
        for position, column in enumerate(self.columns_):
            if not column.is_used:
                continue
            values = column_values(table.iloc[:, position], column)
            if column.kind in NUMBERS:
                blocks.append(self._number_block(values, column.name, i_number))
                i_number += 1
            else:
                blocks.append(self._category_block(values, column.name, i_category))
                i_category += 1
        return np.concatenate(blocks, axis=1)

    def _matched(self, X: Any) -> pd.DataFrame:
        table, has_names = as_table(X)
        if has_names and hasattr(self, "feature_names_in_"):
            names = [str(name) for name in table.columns]
            wanted = [column.name for column in self.columns_]
            missing = [name for name in wanted if name not in names]
            if missing:
                hint = did_you_mean(missing[0], names)
                raise DataError(f"The table lacks {shortened(missing)}{hint or '.'}")
            return table.set_axis(names, axis=1)[wanted]
        if table.shape[1] != self.n_features_in_:
            raise DataError(
                f"X has {table.shape[1]} features, but {type(self).__name__} is expecting"
                f" {self.n_features_in_} features as input."
            )
        return table.set_axis([column.name for column in self.columns_], axis=1)

    def _number_block(self, values: Any, name: str, i: int) -> Array:
        is_missing = values.isna().to_numpy()
        numbers = np.where(is_missing, self.fills_[i], values.to_numpy())
        limit = np.finfo(self.dtype).max  # one absurd number must not become infinity in float32
        with np.errstate(over="ignore"):
            scaled = (numbers - self.centers_[i]) / self.scales_[i]
        parts = [np.clip(scaled, -limit, limit)]
        if self.has_missing_[name]:
            parts.append(is_missing)
        return np.stack(parts, axis=1).astype(self.dtype)

    def _category_block(self, values: Any, name: str, i: int) -> Array:
        frequent = self.categories_[i]
        position = {category: j for j, category in enumerate(frequent)}
        n_columns = len(frequent) + self.has_other_[name] + self.has_missing_[name]
        other = len(frequent) if self.has_other_[name] else -1
        missing = n_columns - 1 if self.has_missing_[name] else -1
        known = np.array([position.get(value, other) for value in values], dtype=np.intp)
        where = np.where(values.isna(), missing, known)
        block = np.zeros((len(values), n_columns), dtype=self.dtype)
        rows = np.flatnonzero(where >= 0)
        block[rows, where[rows]] = 1
        return block

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Names of the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : ignored
            Names come from ``fit``.

        Returns
        -------
        names : ndarray of str objects, shape (n_features_out,)
            ``column``, ``column=category``, ``column:other`` or ``column:missing``.
        """
        check_is_fitted(self)
        names: list[str] = []
        categories = iter(self.categories_)
        for column in self.columns_:
            if column.kind in NUMBERS:
                names.append(column.name)
            elif column.kind == CATEGORY:
                names += [f"{column.name}={category}" for category in next(categories)]
                names += [f"{column.name}:other"] if self.has_other_[column.name] else []
            if self.has_missing_.get(column.name):
                names.append(f"{column.name}:missing")
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Tags: missing values, strings and categories are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags

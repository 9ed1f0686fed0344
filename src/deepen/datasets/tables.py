"""From a table with columns of any kind to a dense array of numbers.

    numeric      (x - mean) / standard deviation, or as ``numbers`` says; missing: the median, and an
                 indicator column
    boolean      the smaller number to 0, the larger to 1, missing likewise: the more frequent
    categorical  one column a category that is frequent, one for all others, one for missing values;
                 more than 50 categories: the mean target of each, or hashed
    date         year, month, day, day of week, hour, minute and days, those that vary
    text         TF-IDF of words, reduced by a truncated SVD
    the rest     left out, with the reason in ``columns_``

An indicator exists where the rows of ``fit`` lacked a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from deepen.datasets._columns import as_table, learn_column, matched_table, told_columns
from deepen.datasets._errors import DataError, shortened
from deepen.datasets._fitted_checks import check_encoder
from deepen.datasets.encoders import Codes
from deepen.datasets.kinds import LEFT_OUT, Column
from deepen.datasets.told_missing import Missing, without_codes

if TYPE_CHECKING:
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]

SCALINGS = ("standard", "robust", "clipped", "unit", "none")
FORMS = ("columns", "codes")
ROWS_AT_A_TIME = 200_000  # of one column; more only take more memory


class TableEncoder(TransformerMixin, BaseEstimator):
    """Columns of a table to a dense array: standardised numbers and one-hot categories.

    Cost: one pass over the table in ``fit`` and one in ``transform``; memory is that of the output,
    n_samples x n_features_out, and of one column.

    Parameters
    ----------
    types : dict of str to str, or list of Column, default=None
        Kinds that override what is found by looking, by column name: numeric, boolean,
        categorical, date, text, or one that leaves the column out: id, constant, ignore. The list
        that ``infer_columns`` gives keeps the reasons too. In a column that is set to be numeric every
        number counts: none, such as -999, is taken for a missing value.
    dtype : {"float32", "float64"}, default="float32"
        Type of the numbers that ``transform`` returns.
    numbers : {"standard", "robust", "clipped", "unit", "none"}, default="standard"
        Robust, for heavy tails: by median and quartiles, then smoothly clipped to (-3, 3); clipped,
        for networks: by mean and two standard deviations, then clipped likewise; unit: the range of
        the rows of ``fit`` to [0, 1]; none: as they are.
    categories : {"columns", "codes"}, default="columns"
        Codes, for trees: one column of codes for each categorical column, numbers and parts of
        dates as they are, and NaN for what is missing or was never seen.
    missing : dict of str to list, or list of str or float, default=None
        Codes that stand for a missing value and that looking cannot find, such as 98 and 99 in a
        survey: by column name, those under ``"*"`` for every column; or a list for every column.
        The tables of ``transform`` lose them too.

    Attributes
    ----------
    columns_ : list of Column
        Name, kind, treatment, reason and override of every column.
    encoders_ : list
        Fitted treatment of every used column, in order.
    categorical_features_ : ndarray of shape (n_features_out,), bool
        Which columns of the output hold codes.
    missing_ : dict of str to list
        The codes of ``missing`` by column name, or under ``"*"``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names in the table; only where ``fit`` saw a table.
    n_samples_, n_features_in_ : int
        Number of rows and columns in the table.

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
    >>> TableEncoder(categories="codes").fit_transform(table).tolist()
    [[1.0, 1.0], [2.0, 0.0], [3.0, 1.0], [nan, 0.0]]
    >>> encoder = TableEncoder(missing={"size": [3]}, categories="codes").fit(table)
    >>> encoder.transform(pd.DataFrame({"size": ["2", "3"], "colour": "red"})).tolist()
    [[2.0, 1.0], [nan, 1.0]]
    """

    def __init__(
        self,
        types: Mapping[str, str] | Sequence[Column] | None = None,
        dtype: str = "float32",
        *,
        numbers: str = "standard",
        categories: str = "columns",
        missing: Missing | None = None,
    ) -> None:
        self.types = types
        self.dtype = dtype
        self.numbers = numbers
        self.categories = categories
        self.missing = missing

    def fit(self, X: Any, y: Any = None) -> TableEncoder:
        """Look at the columns and learn what ``transform`` needs.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features_in)
            Numbers, strings, booleans, dates; NaN and None are missing. pandas, polars or NumPy.
        y : array-like of shape (n_samples,), optional
            Of use for columns of many categories, which are hashed without it; may have gaps.

        Returns
        -------
        self : TableEncoder

        Raises
        ------
        DataError
            If there are no rows, no usable column, an infinite number, or a name in ``types`` or
            ``missing`` that is not in the table.
        """
        self._fit(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Array:
        """Fit, and the array of the same rows; their target means are those of other folds.

        Parameters
        ----------
        X, y
            As in ``fit``.
        **fit_params : dict
            Ignored.

        Returns
        -------
        array : ndarray of shape (n_samples, n_features_out)
        """
        table, own_blocks = self._fit(X, y)
        return self._encode(table, own_blocks)

    def _fit(self, X: Any, y: Any) -> tuple[pd.DataFrame, dict[int, Array]]:
        self._check_parameters()
        table, has_names = as_table(X)
        if has_names:
            self.feature_names_in_ = np.array([str(name) for name in table.columns], dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.n_samples_, self.n_features_in_ = table.shape
        table, self.missing_, told = without_codes(table, self.missing)
        own_blocks = self._learn(table, told_columns(table, self.types, told=told), y)
        if not self.encoders_:
            kinds = shortened(f"{column.name}: {column.kind}" for column in self.columns_)
            raise DataError(
                f"No column can be used with n_samples={len(table)} ({kinds}); override by types."
            )
        is_code = [[isinstance(e, Codes)] * len(e.names("")) for e in self.encoders_]
        self.categorical_features_ = np.array([flag for flags in is_code for flag in flags])
        return table, own_blocks

    def _check_parameters(self) -> None:
        if np.dtype(self.dtype).kind != "f":
            raise ValueError(f"dtype must be 'float32' or 'float64', got {self.dtype!r}.")
        for name, known in (("numbers", SCALINGS), ("categories", FORMS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, got {getattr(self, name)!r}.")

    def _learn(self, table: pd.DataFrame, found: list[Column], y: Any) -> dict[int, Array]:
        """Treatment of every column; by encoder, the blocks of these rows that differ from it."""
        scaling = "raw" if self.categories == "codes" else self.numbers
        self.encoders_: list[Any] = []
        self.columns_: list[Column] = []
        own_blocks: dict[int, Array] = {}
        for position, column in enumerate(found):
            encoder, own = learn_column(table.iloc[:, position], column, scaling, y)
            treatment = LEFT_OUT if encoder is None else encoder.describe(column.kind)
            if encoder is not None:
                if own is not None:
                    own_blocks[len(self.encoders_)] = own
                self.encoders_.append(encoder)
            elif column.is_used:
                column = replace(column, reason=f"{column.reason}; nothing in it recurs")
            self.columns_.append(replace(column, treatment=treatment))
        return own_blocks

    def transform(self, X: Any) -> Array:
        """Array of numbers of a table with the columns that ``fit`` saw, in any order.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features_in)
            A table is matched by name, and may have further columns; an array by position. Up to a
            quarter of a numeric column's cells may be words, which count as missing.

        Returns
        -------
        array : ndarray of shape (n_samples, n_features_out)
            Finite numbers of type ``dtype``; NaN only with ``categories="codes"``.

        Raises
        ------
        DataError
            If a column is missing, or a numeric one holds words or an infinite number.
        """
        check_is_fitted(self)
        return self._encode(self.matched(X), {})

    def _encode(self, table: pd.DataFrame, own_blocks: dict[int, Array]) -> Array:
        out = np.empty((len(table), len(self.categorical_features_)), dtype=self.dtype)
        limit, left = np.finfo(self.dtype).max, 0
        for i, (column, encoder, position) in enumerate(self.used()):
            right = left + len(encoder.names(column.name))
            for start in range(0, len(table), ROWS_AT_A_TIME):
                rows = slice(start, start + ROWS_AT_A_TIME)
                if i in own_blocks:
                    block = own_blocks[i][rows]
                else:
                    block = encoder.apply(table.iloc[rows, position], column.name)
                # one absurd number must not become infinity in float32
                out[rows, left:right] = np.clip(block, -limit, limit)
            left = right
        return out

    def used(self) -> Iterator[tuple[Column, Any, int]]:
        """Used columns with their fitted treatment and their position in the table of fit."""
        encoders = iter(self.encoders_)
        for position, column in enumerate(self.columns_):
            if column.is_used:
                yield column, next(encoders), position

    def matched(self, X: Any) -> pd.DataFrame:
        """Table with the columns of ``fit`` in their order.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)

        Returns
        -------
        table : DataFrame of shape (n_samples, n_features_in)
            Columns that ``fit`` left out may lack in X; they are then empty, as are the cells of
            codes that were told to be missing.

        Raises
        ------
        DataError
            If X lacks a used column, or an array has another number of columns.
        """
        by_name = hasattr(self, "feature_names_in_")
        table = matched_table(X, self.columns_, by_name, type(self).__name__)
        # Files of before have no codes.
        return without_codes(table, getattr(self, "missing_", None)).table

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Names of the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : ignored
            Names come from ``fit``.

        Returns
        -------
        names : ndarray of str objects, shape (n_features_out,)
            ``column``, ``column=category``, ``column:other``, ``column:missing``, ``column:year``
            and so on, ``column~0`` and so on of text.
        """
        check_is_fitted(self)
        names = [encoder.names(column.name) for column, encoder, _ in self.used()]
        return np.array([name for group in names for name in group], dtype=object)

    def check_arrays(self) -> None:
        """Raise ValueError where the fitted state does not fit together, as of a hostile file."""
        check_encoder(self)

    def __sklearn_tags__(self) -> Any:
        """Tags: missing values, strings and categories are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags

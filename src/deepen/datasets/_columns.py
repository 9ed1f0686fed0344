"""One column or table at a time: what ``TableEncoder`` asks of its data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_array

from deepen.datasets._errors import DataError, did_you_mean, shortened
from deepen.datasets.category_means import learn_many
from deepen.datasets.encoders import (
    MOST_ONE_HOT,
    category_strings,
    is_of_numbers,
    learn_codes,
    learn_numbers,
    learn_one_hot,
)
from deepen.datasets.first_look import look_at
from deepen.datasets.kinds import (
    CATEGORY,
    DATE,
    KINDS,
    LEFT_OUT,
    NUMBERS,
    TEXT,
    USED,
    Column,
    infer_kind,
    override_of,
)
from deepen.datasets.string_encoders import learn_dates, learn_text
from deepen.datasets.told_missing import Code, said_codes
from deepen.datasets.truth import said_truth
from deepen.datasets.values import as_strings, distinct, truth_of

if TYPE_CHECKING:
    import pandas as pd


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


def told_columns(
    table: pd.DataFrame,
    types: Any,
    more: Any = None,
    told: Mapping[str, Sequence[Code]] | None = None,
) -> list[Column]:
    """Columns of a table, by what the user says of them, else by looking.

    Parameters
    ----------
    table : DataFrame of shape (n_samples, n_columns)
    types : mapping of str to str, sequence of Column or None
    more : DataFrame of shape (n_others, n_columns), optional
        Further rows, which help to tell what counts as missing.
    told : mapping of str to sequence, optional
        Codes that `without_codes` has taken from both; reasons name them.
    """
    told = told or {}
    names = [str(name) for name in table.columns]
    is_by_kind = types is None or isinstance(types, Mapping)
    kinds = dict(types or {}) if is_by_kind else {column.name: column.kind for column in types}
    for name, kind in kinds.items():
        if name not in names:
            hint = did_you_mean(name, names)
            raise DataError(f"types: column {name!r} is not in the table{hint or '.'}")
        if kind not in KINDS:
            raise DataError(f"types: the kind of {name!r} must be one of {KINDS}, got {kind!r}.")
    if is_by_kind:
        found = {
            name: _set(table.iloc[:, names.index(name)], name, kinds[name], told.get(name, ()))
            for name in kinds
        }
    else:
        found = {column.name: column for column in types}
    seen = look_at(table, [i for i, name in enumerate(names) if name not in found], more, told)
    found |= {column.name: column for column in seen}
    return [
        dataclasses.replace(column, treatment="" if column.kind in USED else LEFT_OUT)
        for column in (found[name] for name in names)
    ]


def _set(column: Any, name: str, kind: str, codes: Sequence[Code]) -> Column:
    """What a user says a column is.

    Every number of a numeric one counts that is no code; what is neither yes nor no is no third value of a
    boolean one.
    """
    reason = "set by types" + (f"; {said_codes(codes)}, as told" if codes else "")
    if kind == "numeric":
        reason += f"; every {'other ' if codes else ''}number counts"
    told = Column(name, kind, "", reason, override_of(name, kind))
    if kind != "boolean":
        return told
    if truth := truth_of(column):
        reason += f"; {said_truth(distinct(as_strings(column))[1], truth)}"
    stand_in = infer_kind(column, name).stand_in
    return dataclasses.replace(told, reason=reason, stand_in=stand_in, truth=truth)


def matched_table(X: Any, columns: Sequence[Column], by_name: bool, owner: str) -> pd.DataFrame:
    """The columns that an encoder was fitted on, in its order.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, n_features)
    columns : sequence of Column
    by_name : bool
        Whether names of a table count; else all is matched by position.
    owner : str
        Class of the encoder, for the error.
    """
    table, has_names = as_table(X)
    wanted = [column.name for column in columns]
    if has_names and by_name:
        names = [str(name) for name in table.columns]
        missing = [c.name for c in columns if c.is_used and c.name not in names]
        if missing:
            hint = did_you_mean(missing[0], sorted(set(names) - set(wanted)) or names)
            hint = hint or ". Where it is not known, add an empty column of that name."
            raise DataError(f"The table lacks {shortened(missing)}{hint}")
        return table.set_axis(names, axis=1).reindex(columns=wanted)
    if table.shape[1] != len(columns):
        raise DataError(
            f"X has {table.shape[1]} features, but {owner} is expecting"
            f" {len(columns)} features as input."
        )
    return table.set_axis(wanted, axis=1)


def learn_column(column: Any, found: Column, scaling: str, y: Any) -> tuple[Any, Any]:
    """Fitted treatment of a column or None, and its block of these rows where that differs."""
    kind, name = found.kind, found.name
    if kind in NUMBERS:
        return learn_numbers(column, name, kind, scaling, found.stand_in, found.truth), None
    if kind == DATE:
        return learn_dates(column, name, scaling == "raw"), None
    if kind == TEXT:
        return learn_text(column), None
    if kind != CATEGORY:
        return None, None
    if scaling == "raw":
        return learn_codes(column), None
    strings = category_strings(column, is_of_numbers(column))
    if strings.nunique() > MOST_ONE_HOT:
        return learn_many(column, y)
    return learn_one_hot(column), None

"""From what a user hands over to labelled rows with a task."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.datasets._columns import as_table
from deepen.datasets.dates import find_order, parse_dates
from deepen.datasets.told_missing import Blanked, Code, Missing, without_codes
from deepen.datasets.values import MISSING, SAMPLE, as_strings, distinct, mapped
from deepen.model_selection.data import rows
from deepen.model_selection.groups import duplicate_groups, joined_groups
from deepen.model_selection.metrics import Task
from deepen.model_selection.splits import Plan
from deepen.model_selection.target import class_labels, class_numbers, finite_values
from deepen.model_selection.tuning import stratified_order

LEAST_ROWS = 15


def check_parameters(ladder: Any) -> None:
    """Refuse parameters of a ladder that are out of range."""
    if not ladder.repeats >= 2:
        raise ValueError(f"repeats must be at least 2, got {ladder.repeats!r}.")
    if ladder.trials is not None and not ladder.trials >= 1:
        raise ValueError(f"trials must be at least 1 or None, got {ladder.trials!r}.")
    if not ladder.time_budget > 0:
        raise ValueError(f"time_budget must be greater than 0 seconds, got {ladder.time_budget!r}.")
    if ladder.min_gain is not None and not ladder.min_gain > 0:
        raise ValueError(f"min_gain must be greater than 0 or None, got {ladder.min_gain!r}.")


@dataclass
class Table:
    """Labelled rows, in the order of the user's table, those of a test file at the end.

    Parameters
    ----------
    X : DataFrame or array
    y : ndarray of shape (n_samples,)
    task : str
    row_numbers : ndarray of shape (n_samples,)
        Place of each row in the user's table, from 0.
    X_unlabelled : DataFrame, array or None
        Rows without a target.
    groups, time : array-like of shape (n_samples,) or None
    n_test : int
        Labelled rows of the test file.
    codes, told : dict of str to list
        Codes that stood for missing values and are empty cells, as in `Blanked`.
    """

    X: Any
    y: NDArray[Any]
    task: Task
    row_numbers: NDArray[np.int64]
    X_unlabelled: Any = None
    groups: Any = None
    time: NDArray[Any] | None = None
    n_test: int = 0
    codes: dict[str, list[Code]] = field(default_factory=dict)
    told: dict[str, list[Code]] = field(default_factory=dict)

    @property
    def strata(self) -> NDArray[np.int64] | None:
        """Class numbers; None for a regression."""
        if self.task == "regression":
            return None
        return class_numbers(self.y)[1]

    def split_plan(self, seed: int) -> tuple[Plan, int]:
        """How rows are drawn for the repeats, and the number of rows that repeat another."""
        groups, n_duplicates = duplicate_groups(self.X)
        has_groups = self.groups is not None
        if has_groups:
            groups = joined_groups(groups, self.groups)
        plan = Plan(groups, self.strata, seed, self.time, self.n_test, has_groups)
        return plan, n_duplicates

    def part(self, n_rows: int, seed: int) -> Table:
        """At most `n_rows` rows by lot, classes in proportion; rows of a test file stay last."""
        if n_rows >= len(self.y):
            return self
        rng, n_own = np.random.default_rng([seed, 3]), len(self.y) - self.n_test
        strata = np.zeros(len(self.y), np.int64) if self.strata is None else self.strata
        n_test = min(self.n_test, n_rows // 2)
        own = stratified_order(strata[:n_own], rng)[: n_rows - n_test]
        test = n_own + stratified_order(strata[n_own:], rng)[:n_test]
        places = np.concatenate([np.sort(own), np.sort(test)]).astype(np.int64)
        return replace(
            self,
            X=rows(self.X, places),
            y=self.y[places],
            row_numbers=self.row_numbers[places],
            groups=None if self.groups is None else np.asarray(self.groups)[places],
            time=None if self.time is None else self.time[places],
            n_test=n_test,
        )


@dataclass
class Given:
    """The arguments of `Ladder.fit`; who takes them holds the only reference that is left.

    Parameters
    ----------
    X, y
        As in `prepare`.
    groups, time : array-like of shape (n_samples,) or None
        Rows that go together; the place of rows in time.
    X_test, y_test : as X and y, or None
        The rows that judge.
    """

    X: Any
    y: Any
    groups: Any = None
    time: Any = None
    X_test: Any = None
    y_test: Any = None

    def take(self) -> tuple[Any, ...]:
        """The arguments, which are then no longer here."""
        taken = tuple(vars(self).values())
        vars(self).update(dict.fromkeys(vars(self)))
        return taken


def prepare_table(task: Task | None, given: Given, missing: Missing | None = None) -> Table:
    """Labelled rows with everything that splits them; `given` is emptied.

    Codes in `missing` are empty cells before anything looks at the rows.

    Raises
    ------
    ValueError
        As `prepare`, and where the arguments do not fit one another.
    """
    import pandas as pd

    X, y, groups, time, X_test, y_test = given.take()
    X, X_test = _table_or_array(X), None if X_test is None else _table_or_array(X_test)
    n_own = X.shape[0]
    if X_test is not None:
        if groups is not None or time is not None:
            raise ValueError("a test file and groups or a time column exclude each other.")
        X, y = _with_test_rows(X, y, X_test, y_test)
    X, codes, told = _without_codes(X, missing)
    kept, target, found, _ = prepare(X, y, task)
    is_labelled = pd.Series(y).reset_index(drop=True).notna().to_numpy()
    places = np.flatnonzero(is_labelled)
    others = np.flatnonzero(~is_labelled)
    n_test = int((places >= n_own).sum())
    if X_test is not None and not n_test:
        raise ValueError("the test file has no row with a target.")
    return Table(
        kept, target, found, places, rows(X, others) if len(others) else None,
        _aligned(groups, "groups", n_own, places), _moments(time, n_own, places), n_test,
        codes, told,
    )  # fmt: skip


def _without_codes(X: Any, missing: Missing | None) -> Blanked:
    if missing is None:
        return Blanked(X, {}, {})
    blanked = without_codes(as_table(X)[0], missing)
    is_table = hasattr(X, "iloc")
    return blanked if is_table else blanked._replace(table=blanked.table.to_numpy())


def _table_or_array(X: Any) -> Any:
    """A DataFrame with the names of its columns, whichever library it comes from, or an array."""
    if hasattr(X, "iloc"):
        return X
    return as_table(X)[0] if hasattr(X, "to_pandas") else np.asarray(X)


def _with_test_rows(X: Any, y: Any, X_test: Any, y_test: Any) -> tuple[Any, Any]:
    """Both tables, one below the other, with the columns of the first."""
    import pandas as pd

    y = pd.concat([pd.Series(y), pd.Series(y_test)], ignore_index=True)
    if not hasattr(X, "iloc"):
        return np.concatenate([X, np.asarray(X_test)]), y
    if not hasattr(X_test, "columns"):
        raise ValueError("the rows that judge need the names of X's columns; give a DataFrame.")
    missing = [str(name) for name in X.columns if name not in X_test.columns]
    if missing:
        raise ValueError(f"the test file lacks the columns {', '.join(missing[:5])}.")
    return pd.concat([X, X_test[list(X.columns)]], ignore_index=True), y


def _aligned(values: Any, name: str, n_rows: int, places: NDArray[np.int64]) -> Any:
    if values is None:
        return None
    if isinstance(values, str):
        raise ValueError(
            f"{name} must hold one value a row; give the column {values!r} of X itself."
        )
    values = np.asarray(values)
    if len(values) != n_rows:
        raise ValueError(f"{name} must have {n_rows} values, one a row, got {len(values)}.")
    return values[places]


def _moments(time: Any, n_rows: int, places: NDArray[np.int64]) -> NDArray[Any] | None:
    """Numbers in the order of time, from numbers or dates."""
    import pandas as pd

    values = _aligned(time, "time", n_rows, places)
    if values is None:
        return None
    series = pd.Series(values)
    is_missing = series.isna() | series.isin(MISSING)
    if is_missing.any():
        raise ValueError("the time column lacks values; fill them or leave these rows out.")
    if pd.api.types.is_numeric_dtype(series.dtype):
        return np.asarray(series.to_numpy())
    moments = pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce")
    if moments.isna().any():
        strings = as_strings(series)
        cells = distinct(strings)[1]
        order = find_order(cells[:: max(1, len(cells) // SAMPLE)])[0]
        parsed = mapped(strings, lambda cells: parse_dates(cells, order), np.datetime64("NaT", "s"))
        moments = pd.Series(parsed)
    if (is_word := moments.isna()).any():
        # What is left of ways to write a time, such as 10:00 or 2020Q1.
        moments = pd.to_datetime(series, format="mixed", utc=True, errors="coerce")
        is_word = moments.isna()
    if is_word.any():
        first = str(series[is_word.to_numpy()].iloc[0])
        raise ValueError(f"the time column holds {first!r}, which is no date or number.")
    return np.asarray(moments.astype("int64").to_numpy())


def prepare(X: Any, y: Any, task: Task | None) -> tuple[Any, NDArray[Any], Task, int]:
    """Labelled rows, their targets, the task, and the number of rows left out for want of a target.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
        None, NaN and NaT are missing.
    task : {"classification", "regression"} or None
        None: inferred.

    Raises
    ------
    ValueError
        If shapes disagree, too few rows are labelled, or a class is too small; it names the remedy.
    """
    import pandas as pd

    from deepen.datasets import infer_task

    X = _table_or_array(X)
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead: "
            "X needs shape (n_samples, n_features)."
        )
    series = pd.Series(y).reset_index(drop=True)
    if len(series) != X.shape[0]:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: "
            f"{[X.shape[0], len(series)]}"
        )
    is_labelled = series.notna().to_numpy()
    n_unlabelled = int((~is_labelled).sum())
    if n_unlabelled:
        series = series[is_labelled]
        X = X.iloc[np.flatnonzero(is_labelled)] if hasattr(X, "iloc") else X[is_labelled]
    if len(series) < LEAST_ROWS:
        raise ValueError(
            f"the ladder needs at least {LEAST_ROWS} rows with a target, got {len(series)}."
        )
    found: Task = task if task is not None else infer_task(series)  # type: ignore[assignment]
    if found not in ("classification", "regression"):
        raise ValueError(f"task must be 'classification', 'regression' or None, got {task!r}.")
    target = class_labels(series) if found == "classification" else finite_values(series)
    return X, target, found, n_unlabelled

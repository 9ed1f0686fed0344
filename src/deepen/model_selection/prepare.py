"""From what a user hands over to labelled rows with a task."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.metrics import Task

LEAST_ROWS = 15
LEAST_PER_CLASS = 3


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

    X = X if hasattr(X, "iloc") else np.asarray(X)
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
    target = _labels(series) if found == "classification" else _values(series)
    return X, target, found, n_unlabelled


def _labels(series: Any) -> NDArray[Any]:
    """Class labels as integers, booleans or text; whole floats, which missing cells make, as integers."""
    if series.dtype.kind == "f":
        values = series.to_numpy()
        labels = (
            values.astype(np.int64)
            if np.array_equal(values, np.round(values))
            else values.astype(str)
        )
    elif series.dtype.kind in "iub":
        labels = series.to_numpy(dtype=bool if series.dtype.kind == "b" else np.int64)
    else:
        labels = series.astype(str).to_numpy(dtype=str)
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise ValueError(
            f"the target has one class only, {classes[0]!r}; the ladder needs at least two."
        )
    if counts.min() < LEAST_PER_CLASS:
        rare = classes[counts.argmin()]
        raise ValueError(
            f"class {str(rare)!r} has {counts.min()} row(s) and "
            f"at least {LEAST_PER_CLASS} are needed: "
            "leave the class out or join it with another."
        )
    return np.asarray(labels)


def _values(series: Any) -> NDArray[np.float64]:
    try:
        values = series.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a regression needs numbers in the target: {error}.") from None
    if not np.isfinite(values).all():
        raise ValueError("the target contains infinity or a value too large for dtype('float64').")
    if values.std() == 0:
        raise ValueError("the target is constant: there is nothing to predict.")
    return np.asarray(values)

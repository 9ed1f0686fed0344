"""What the ladder counts as loss: smaller is better, so that a gain is the loss saved.

Every loss is a mean over rows, or is written as one, so that the rows that judge can be counted:

    error, log loss      the row's own loss
    balanced error       mean of e_c + n / (K n_c) s_c (1[row is wrong] - e_c), e_c the error in class c,
                         s_c^2 = n_c / (n_c - 1), since e_c is taken from the same rows
    1 - AUC              mean V + n / n_c (V_i - mean V), V_i the share of the other class on the wrong
                         side of the row (DeLong, DeLong and Clarke-Pearson 1988, eq. 4 and 5)
    RMSE                 rmse + (e_i^2 - mse) / (2 rmse): its first-order part

The last three vary from row to row as much as the loss does from sample to sample: how many rows a class
has does not move the balanced error, so that a guess that never looks at a row has no interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepen.datasets._errors import did_you_mean
from deepen.intervals import placements

Task = Literal["classification", "regression"]
Array = NDArray[Any]

# A rung worth one percentage point of errors, or 2 % of the target's spread, is worth its cost.
MIN_GAIN_RATE, MIN_GAIN_SPREAD, MIN_GAIN_NATS = 0.01, 0.02, 0.02
# A class nine times rarer than the commonest lets a constant guess look good.
STRONG_IMBALANCE = 9.0
LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class Metric:
    """A loss with its name in words.

    Parameters
    ----------
    key, title : str
        Name in code and in reports.
    is_rate : bool
        Whether it lies in [0, 1] and is shown in percent.
    rows_fn : callable
        ``rows_fn(y_true, predicted) -> array (n_samples,)``, whose mean is the loss.
    needs : {"labels", "probabilities", "values"}
        What it takes for `predicted`; with probabilities, `y_true` are class numbers.
    ignores_constants : bool
        Whether every constant guess has the same loss, whatever the rows.
    """

    key: str
    title: str
    is_rate: bool
    rows_fn: Callable[[Array, Array], Array]
    needs: str = "labels"
    ignores_constants: bool = False

    @property
    def most(self) -> float:
        """The largest loss, and difference of two, that there can be."""
        return 1.0 if self.is_rate else float("inf")

    def __call__(self, y_true: ArrayLike, predicted: ArrayLike) -> float:
        """Loss of the predictions."""
        return float(np.mean(self.rows(y_true, predicted)))

    def rows(self, y_true: ArrayLike, predicted: ArrayLike) -> NDArray[np.float64]:
        """Loss of each row, of shape (n_samples,)."""
        return np.asarray(self.rows_fn(np.asarray(y_true), np.asarray(predicted)), np.float64)

    def of_output(self, y_codes: Array, output: Array) -> NDArray[np.float64]:
        """Loss of each row from a model's output: probabilities of the classes, or values."""
        if self.needs == "labels":
            return self.rows(y_codes, output.argmax(axis=1))
        return self.rows(y_codes, output)


def _error(y_true: Array, y_pred: Array) -> Array:
    return np.asarray(y_true != y_pred)


def _balanced_error(y_true: Array, y_pred: Array) -> Array:
    _, numbers, counts = np.unique(y_true, return_inverse=True, return_counts=True)
    is_wrong = y_true != y_pred
    errors = np.bincount(numbers, weights=is_wrong) / counts
    weights = len(y_true) / len(counts) / counts * np.sqrt(counts / np.maximum(counts - 1, 1))
    return errors.mean() + weights[numbers] * (is_wrong - errors[numbers])


def _log_loss(y_true: Array, proba: Array) -> Array:
    own = np.asarray(proba, np.float64)[np.arange(len(y_true)), y_true.astype(np.intp)]
    return np.asarray(-np.log(np.clip(own, LEAST_PROBABILITY, 1.0)))


def _auc_loss(y_true: Array, proba: Array) -> Array:
    is_second = y_true.astype(bool)
    n_second, n = int(is_second.sum()), len(y_true)
    if not 0 < n_second < n:
        return np.full(n, np.nan)
    above, below = placements(is_second, np.asarray(proba, np.float64)[:, 1])
    misplaced = np.empty(n)
    misplaced[is_second], misplaced[~is_second] = 1 - above, below
    mean = float(misplaced[is_second].mean())
    counts = np.where(is_second, n_second, n - n_second)
    return mean + n / counts * (misplaced - mean)


def _rmse(y_true: Array, y_pred: Array) -> Array:
    squares = (y_true - np.asarray(y_pred, np.float64)) ** 2
    rmse = float(np.sqrt(squares.mean()))
    return squares if rmse == 0 else rmse + (squares - rmse**2) / (2 * rmse)


def _mae(y_true: Array, y_pred: Array) -> Array:
    return np.abs(y_true - np.asarray(y_pred, np.float64))


METRICS: dict[str, Metric] = {
    "error": Metric("error", "error rate", True, _error),
    "balanced_error": Metric(
        "balanced_error", "balanced error rate", True, _balanced_error, ignores_constants=True
    ),
    "log_loss": Metric("log_loss", "log loss, nats", False, _log_loss, "probabilities"),
    "auc": Metric("auc", "1 \N{MINUS SIGN} AUC", True, _auc_loss, "probabilities", True),
    "rmse": Metric("rmse", "root mean squared error", False, _rmse, "values"),
    "mae": Metric("mae", "mean absolute error", False, _mae, "values"),
}
METRICS_OF_TASK: dict[Task, tuple[str, ...]] = {
    "classification": ("error", "balanced_error", "log_loss", "auc"),
    "regression": ("rmse", "mae"),
}


def choose_metric(name: str | None, task: Task, y: Array) -> Metric:
    """Metric called `name`, or the default: error rate, balanced if classes are uneven, or RMSE.

    Examples
    --------
    >>> choose_metric(None, "classification", np.array([0, 1, 1, 0])).key
    'error'
    >>> choose_metric(None, "classification", np.array([0] * 95 + [1] * 5)).key
    'balanced_error'
    """
    allowed = METRICS_OF_TASK[task]
    if name is not None:
        if name not in allowed:
            raise ValueError(
                f"metric must be one of {', '.join(allowed)} for {task}, got {name!r}"
                f"{did_you_mean(name, allowed) or '.'}"
            )
        if reason := cannot_be_had(name, y):
            raise ValueError(f"metric {name!r} cannot be had: {reason}.")
        return METRICS[name]
    if task == "regression":
        return METRICS["rmse"]
    counts = np.unique(y, return_counts=True)[1]
    is_uneven = counts.max() > STRONG_IMBALANCE * counts.min()
    return METRICS["balanced_error" if is_uneven else "error"]


def cannot_be_had(name: str, y: Array) -> str:
    """Why a metric has no value for this target; empty where it has one."""
    n_classes = len(np.unique(y)) if name == "auc" else 2
    return "" if n_classes == 2 else f"AUC needs two classes, the target has {n_classes}"


def least_gain(metric: Metric, y: Array) -> float:
    """The gain below which a rung is not worth its cost, unless the user names another."""
    if metric.is_rate:
        return MIN_GAIN_RATE
    return MIN_GAIN_NATS if metric.key == "log_loss" else MIN_GAIN_SPREAD * float(np.std(y))


def unit_of(metric: Metric, y: Array) -> float:
    """Loss of one wrong row among n, times n, where losses are counts; 0 elsewhere.

    Examples
    --------
    >>> unit_of(METRICS["error"], np.zeros(100)), unit_of(METRICS["rmse"], np.zeros(100))
    (1.0, 0.0)
    """
    if metric.key == "balanced_error":
        counts = np.unique(y, return_counts=True)[1]
        return float(len(y) / (len(counts) * counts.min()))
    return 1.0 if metric.key == "error" else 0.0


def r2(y_true: Array, y_pred: Array) -> float:
    """Share of variance explained, 1 - SSE / SST; NaN where the truth is constant."""
    total = float(np.sum((y_true - y_true.mean()) ** 2))
    return 1.0 - float(np.sum((y_true - y_pred) ** 2)) / total if total > 0 else float("nan")


def measures(task: Task, y: Array, output: Array) -> dict[str, float | str]:
    """All metrics of a task from a model's output; "n/a: reason" for one that cannot be had."""
    found: dict[str, float | str] = {}
    for name in METRICS_OF_TASK[task]:
        if reason := cannot_be_had(name, y):
            found[name] = f"n/a: {reason}"
            continue
        found[name] = float(METRICS[name].of_output(y, output).mean())
    if task == "regression":
        found["r2"] = r2(y, output)
    return found

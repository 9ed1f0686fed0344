"""What the ladder counts as loss: smaller is better, so that a gain is the loss saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Task = Literal["classification", "regression"]

# A rung worth one percentage point of errors, or 2 % of the target's spread, is worth its cost.
MIN_GAIN_RATE, MIN_GAIN_SPREAD = 0.01, 0.02
# A class nine times rarer than the commonest lets a constant guess look good.
STRONG_IMBALANCE = 9.0


@dataclass(frozen=True)
class Metric:
    """A loss with its name in words.

    Parameters
    ----------
    key, title : str
        Name in code and in reports.
    is_rate : bool
        Whether it lies in [0, 1] and is shown in percent.
    loss_fn : callable
        ``loss_fn(y_true, y_pred) -> float``.
    """

    key: str
    title: str
    is_rate: bool
    loss_fn: Callable[[NDArray[Any], NDArray[Any]], float]

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike) -> float:
        """Loss of the predictions `y_pred`, both of shape (n_samples,)."""
        return self.loss_fn(np.asarray(y_true), np.asarray(y_pred))


def _error(y_true: NDArray[Any], y_pred: NDArray[Any]) -> float:
    return float(np.mean(y_true != y_pred))


def _balanced_error(y_true: NDArray[Any], y_pred: NDArray[Any]) -> float:
    wrong = y_true != y_pred
    return float(np.mean([wrong[y_true == label].mean() for label in np.unique(y_true)]))


def _rmse(y_true: NDArray[Any], y_pred: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean((y_true - y_pred) ** 2)))


METRICS: dict[str, Metric] = {
    "error": Metric("error", "error rate", True, _error),
    "balanced_error": Metric("balanced_error", "balanced error rate", True, _balanced_error),
    "rmse": Metric("rmse", "root mean squared error", False, _rmse),
}
METRICS_OF_TASK: dict[Task, tuple[str, ...]] = {
    "classification": ("error", "balanced_error"),
    "regression": ("rmse",),
}


def choose_metric(name: str | None, task: Task, y: NDArray[Any]) -> Metric:
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
                f"metric must be one of {', '.join(allowed)} for {task}, got {name!r}."
            )
        return METRICS[name]
    if task == "regression":
        return METRICS["rmse"]
    counts = np.unique(y, return_counts=True)[1]
    is_uneven = counts.max() > STRONG_IMBALANCE * counts.min()
    return METRICS["balanced_error" if is_uneven else "error"]


def least_gain(metric: Metric, y: NDArray[Any]) -> float:
    """The gain below which a rung is not worth its cost, unless the user names another."""
    return MIN_GAIN_RATE if metric.is_rate else MIN_GAIN_SPREAD * float(np.std(y))


def variance_floor(metric: Metric, y: NDArray[Any], test_share: float) -> float:
    """Least variance of one repeat's gain: as if one row more had told the rungs apart.

    For a mean over N rows of which n are tested at a time, one telling row gives 1 / (N n).

    Examples
    --------
    >>> variance_floor(METRICS["error"], np.zeros(100), 0.2)
    0.0005
    """
    if not metric.is_rate:
        return 0.0
    n_rows, n_classes = len(y), 1
    if metric.key == "balanced_error":
        counts = np.unique(y, return_counts=True)[1]
        n_rows, n_classes = int(counts.min()), len(counts)
    return 1.0 / (n_classes**2 * n_rows * max(1.0, test_share * n_rows))


def r2(y_true: NDArray[Any], y_pred: NDArray[Any]) -> float:
    """Share of variance explained, 1 - SSE / SST; NaN where the truth is constant."""
    total = float(np.sum((y_true - y_true.mean()) ** 2))
    return 1.0 - float(np.sum((y_true - y_pred) ** 2)) / total if total > 0 else float("nan")

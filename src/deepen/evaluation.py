"""How good predictions are, with intervals, beside the training rows' constant guess.

    classes   error e = mean(prediction != truth), balanced error, AUC, with intervals;
              gain over the constant guess, paired: mean d_i with the standard error of the d_i
              Brier = mean sum_k (p_ik - 1[y_i = k])^2, half of it where the model knows two classes
              ECE = sum_bins n_b / n |accuracy - confidence|
    amounts   RMSE, from the mean of squared errors and its standard error; MAE; R2; quantiles

Rows count as independent; errors are those of one fitted model, not of the way it was trained.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepen.intervals import (
    FloatArray,
    IntArray,
    Interval,
    area_under_roc,
    balanced_interval,
    mean_interval,
    wilson_interval,
)

BINS = 10
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LEAST_PROBABILITY = 1e-15


@dataclass
class ClassFigures:
    """Figures of predicted classes.

    Parameters
    ----------
    n_rows : int
    error, baseline_error, balanced_error : float
        Share of wrong rows: of the model, of always guessing one class, and the mean over classes.
    error_interval, gain_interval, balanced_error_interval : (float, float)
        95 % intervals of the error, of the gain, baseline error minus error, and of the balanced error.
    gain : float
    baseline : str
        The class that is always guessed.
    classes : list of dict
        Name, rows, precision, recall and F1 of each class; None where there is none.
    confusion : list of lists of int
        Rows: true classes; columns: predicted ones; classes in the order of ``classes``.
    brier, log_loss, ece : float or None
        Of the probabilities, where there are any.
    auc : float or None
        Area under the ROC curve, of two classes.
    auc_interval : (float, float) or None
        95 %.
    """

    n_rows: int
    error: float
    error_interval: Interval
    baseline: str
    baseline_error: float
    gain: float
    gain_interval: Interval
    balanced_error: float
    balanced_error_interval: Interval
    classes: list[dict[str, Any]]
    confusion: list[list[int]]
    brier: float | None = None
    log_loss: float | None = None
    ece: float | None = None
    auc: float | None = None
    auc_interval: Interval | None = None


@dataclass
class AmountFigures:
    """Figures of predicted amounts, in the target's units.

    Parameters
    ----------
    n_rows : int
    rmse, mae, bias, r2 : float
        Bias is the mean of prediction minus truth.
    rmse_interval, gain_interval : (float, float)
        95 %; gain is the baseline's RMSE minus the model's.
    baseline, baseline_rmse, gain : float
        The amount that is always guessed, its RMSE, and what the model saves.
    residual_quantiles : dict of str to float
        Truth minus prediction at 5, 25, 50, 75 and 95 %.
    coverage : dict of str to float
        By level of the model's prediction intervals, the share of rows that they hold.
    coverage_by_third : dict of str to list of float
        The same of the rows with the lowest, middling and highest predictions.
    """

    n_rows: int
    rmse: float
    rmse_interval: Interval
    baseline: float
    baseline_rmse: float
    gain: float
    gain_interval: Interval
    mae: float
    bias: float
    r2: float | None
    residual_quantiles: dict[str, float]
    coverage: dict[str, float] = field(default_factory=dict)
    coverage_by_third: dict[str, list[float]] = field(default_factory=dict)


def class_figures(
    truth: IntArray,
    predicted: IntArray,
    labels: list[str],
    baseline: int,
    probabilities: FloatArray | None = None,
) -> ClassFigures:
    """Figures of predicted classes.

    Parameters
    ----------
    truth, predicted : ndarrays of shape (n_samples,)
        Positions in ``labels``; a true class that the model does not know stands behind its own.
    labels : list of str
    baseline : int
        Class of the constant guess.
    probabilities : ndarray of shape (n_samples, n_known_classes), optional

    Returns
    -------
    figures : ClassFigures

    Examples
    --------
    >>> y, p = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])
    >>> figures = class_figures(y, p, ["no", "yes"], 0)
    >>> figures.error, figures.baseline_error, figures.confusion
    (0.25, 0.5, [[2, 0], [1, 1]])
    """
    n_rows, n_classes = len(truth), len(labels)
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    wrong, wrong_guess = (truth != predicted).astype(float), (truth != baseline).astype(float)
    error = float(wrong.mean())
    gain = wrong_guess - wrong
    rows = _class_rows(confusion, labels)
    recalls = [row["recall"] for row in rows if row["recall"] is not None]
    figures = ClassFigures(
        n_rows=n_rows,
        error=error,
        error_interval=wilson_interval(error, n_rows),
        baseline=labels[baseline],
        baseline_error=float(wrong_guess.mean()),
        gain=float(gain.mean()),
        # as if one row more had told them apart: no disagreement seen is not none there is
        gain_interval=mean_interval(gain, floor=1 / n_rows),
        balanced_error=1 - float(np.mean(recalls)),
        balanced_error_interval=balanced_interval(confusion),
        classes=rows,
        confusion=confusion.tolist(),
    )
    if probabilities is not None:
        _add_calibration(figures, truth, probabilities)
    return figures


def _class_rows(confusion: IntArray, labels: list[str]) -> list[dict[str, Any]]:
    hits, n_true, n_said = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    rows = []
    for k, label in enumerate(labels):
        rows.append(
            {
                "class": label,
                "rows": int(n_true[k]),
                "precision": float(hits[k] / n_said[k]) if n_said[k] else None,
                "recall": float(hits[k] / n_true[k]) if n_true[k] else None,
                "f1": float(2 * hits[k] / (n_true[k] + n_said[k])) if n_true[k] else None,
            }
        )
    return rows


def _add_calibration(figures: ClassFigures, truth: IntArray, probabilities: FloatArray) -> None:
    n_rows, n_known = probabilities.shape
    is_class = np.zeros((n_rows, n_known))
    known = np.flatnonzero(truth < n_known)
    is_class[known, truth[known]] = 1.0
    missed = (truth >= n_known).astype(float)  # a class without probability: its own term is 1
    halved = 0.5 if n_known == 2 else 1.0
    squares = np.sum((probabilities - is_class) ** 2, axis=1) + missed
    figures.brier = halved * float(np.mean(squares))
    of_truth = np.sum(probabilities * is_class, axis=1)
    figures.log_loss = float(-np.mean(np.log(np.maximum(of_truth, LEAST_PROBABILITY))))
    confidence, chosen = probabilities.max(axis=1), probabilities.argmax(axis=1)
    figures.ece = calibration_error(confidence, (chosen == truth).astype(float))
    if n_known == 2 and len(set(truth.tolist())) == 2 and truth.max() < 2:
        figures.auc, figures.auc_interval = area_under_roc(truth == 1, probabilities[:, 1])


def calibration_error(confidence: FloatArray, is_right: FloatArray, n_bins: int = BINS) -> float:
    """Expected calibration error: confidence against accuracy in bins of equal width.

    Examples
    --------
    >>> round(calibration_error(np.array([0.95, 0.95]), np.array([1.0, 0.0])), 2)
    0.45
    """
    bins = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    gaps = np.bincount(bins, weights=is_right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(confidence))


def amount_figures(
    truth: FloatArray,
    predicted: FloatArray,
    baseline: float,
    intervals: dict[str, tuple[FloatArray, FloatArray]] | None = None,
) -> AmountFigures:
    """Figures of predicted amounts.

    Parameters
    ----------
    truth, predicted : ndarrays of shape (n_samples,)
    baseline : float
        The constant guess, such as the mean of the training rows.
    intervals : dict of str to pair of ndarrays of shape (n_samples,), optional
        Both ends of the model's prediction intervals by level, to be tested.

    Returns
    -------
    figures : AmountFigures

    Examples
    --------
    >>> figures = amount_figures(np.array([1.0, 3.0]), np.array([1.0, 2.0]), 2.0)
    >>> round(figures.rmse, 3), figures.baseline_rmse, figures.bias
    (0.707, 1.0, -0.5)
    """
    residuals = truth - predicted
    squares, of_guess = residuals**2, (truth - baseline) ** 2
    mse, mse_of_guess = float(squares.mean()), float(of_guess.mean())
    rmse, rmse_of_guess = float(np.sqrt(mse)), float(np.sqrt(mse_of_guess))
    # d sqrt(m) = dm / (2 sqrt(m)): each row's share in either RMSE, to first order
    share = squares / (2 * rmse or 1.0) + rmse / 2
    share_of_guess = of_guess / (2 * rmse_of_guess or 1.0) + rmse_of_guess / 2
    total = float(np.sum((truth - truth.mean()) ** 2))
    low, high = mean_interval(squares)
    quantiles = np.quantile(residuals, QUANTILES)
    held = {
        level: (below <= truth) & (truth <= above)
        for level, (below, above) in (intervals or {}).items()
    }
    thirds = np.array_split(np.argsort(predicted, kind="stable"), min(3, len(predicted)))
    return AmountFigures(
        n_rows=len(truth),
        rmse=rmse,
        rmse_interval=(float(np.sqrt(max(0.0, low))), float(np.sqrt(high))),
        baseline=float(baseline),
        baseline_rmse=rmse_of_guess,
        gain=rmse_of_guess - rmse,
        gain_interval=mean_interval(share_of_guess - share),
        mae=float(np.abs(residuals).mean()),
        bias=float(-residuals.mean()),
        r2=1 - float(squares.sum()) / total if total > 0 else None,
        residual_quantiles={
            f"{100 * level:g} %": float(q) for level, q in zip(QUANTILES, quantiles, strict=True)
        },
        coverage={level: float(rows.mean()) for level, rows in held.items()},
        coverage_by_third={
            level: [float(rows[third].mean()) for third in thirds] for level, rows in held.items()
        },
    )

"""The worst mistakes on rows that no training saw: which rows, and how sure the model was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.results import Outcome

MOST_MISTAKES = 24

Array = NDArray[Any]


@dataclass(frozen=True)
class Mistake:
    """One row that the chosen rung got wrong.

    Parameters
    ----------
    row : int
        Number of the row in the table, 1 for the first below the header.
    target, predicted : str or float
        What it is; what was said.
    probability : float or None
        Mean probability of what was said; None for a regression.
    probability_of_target : float or None
        Mean probability of what it is.
    """

    row: int
    target: Any
    predicted: Any
    probability: float | None = None
    probability_of_target: float | None = None


def mean_outputs(outcomes: Sequence[Outcome]) -> tuple[NDArray[np.int64], Array]:
    """Rows that judged, in order, and the mean output for each over the repeats it judged in."""
    rows = np.concatenate([outcome.losses.rows for outcome in outcomes])
    output = np.concatenate([outcome.output for outcome in outcomes]).astype(np.float64)
    found, numbers, counts = np.unique(rows, return_inverse=True, return_counts=True)
    total = np.zeros((len(found), *output.shape[1:]))
    np.add.at(total, numbers, output)
    return found, total / counts.reshape(-1, *[1] * (output.ndim - 1))


def errors_once(ladder: Any) -> tuple[Array, Array]:
    """Truth minus prediction, and prediction, of each row that judged, once in however many repeats."""
    _, once = np.unique(ladder.test_rows_, return_index=True)
    predicted = np.asarray(ladder.test_predictions_)[once]
    return ladder.test_targets_[once] - predicted, predicted


def worst_mistakes(
    outcomes: Sequence[Outcome],
    y: Array,
    classes: Array,
    row_numbers: NDArray[np.int64],
    n_most: int = MOST_MISTAKES,
) -> list[Mistake]:
    """Mistakes with the smallest probability of the truth, or the largest errors, worst first.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of the chosen rung.
    y : ndarray of shape (n_samples,)
        Labels or values of all labelled rows.
    classes : ndarray of shape (n_classes,)
        Empty for a regression.
    row_numbers : ndarray of shape (n_samples,)
        Place of each labelled row in the user's table, from 0.
    """
    rows, output = mean_outputs(outcomes)
    if not len(classes):
        errors = np.abs(output - y[rows])
        worst = np.argsort(-errors, kind="stable")[:n_most]
        return [
            Mistake(int(row_numbers[rows[i]]) + 1, float(y[rows[i]]), float(output[i]))
            for i in worst
        ]
    codes, said = np.searchsorted(classes, y[rows]), output.argmax(axis=1)
    own = output[np.arange(len(rows)), codes]
    wrong = np.flatnonzero(said != codes)
    worst = wrong[np.argsort(own[wrong], kind="stable")][:n_most]
    return [
        Mistake(
            int(row_numbers[rows[i]]) + 1,
            classes[codes[i]].item(),
            classes[said[i]].item(),
            float(output[i, said[i]]),
            float(own[i]),
        )
        for i in worst
    ]

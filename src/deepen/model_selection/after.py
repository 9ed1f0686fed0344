"""What follows the verdict, inside the time that is left: each part is worked out whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.ascent import Ascent
from deepen.model_selection.calibration import (
    CalibrationBin,
    balanced_error_at,
    calibration_bins,
    expected_calibration_error,
    natural_probabilities,
    precision_recall,
)
from deepen.model_selection.climb import Attempt
from deepen.model_selection.clock import now
from deepen.model_selection.data import Data
from deepen.model_selection.importance import Importance, importances
from deepen.model_selection.intervals import RowLosses
from deepen.model_selection.label_curve import (
    LabelCurve,
    LabelLosses,
    label_curve,
    label_losses,
)
from deepen.model_selection.mistakes import Mistake, mean_outputs, worst_mistakes
from deepen.model_selection.pretraining_gain import (
    PretrainingGain,
    best_pair,
    compared_networks,
    until_when,
)
from deepen.model_selection.unlabelled_gain import UnlabelledGain, unlabelled_gain
from deepen.model_selection.verdict import Verdict

# Parts of the time left: pre-training without unlabelled rows, curves of some rungs, importances.
UNLABELLED_SHARE, CURVES_SHARE, IMPORTANCES_SHARE = 0.35, 0.6, 0.8
TOO_SHORT = "two repeats would not fit into the time left for it"


@dataclass(frozen=True)
class Threshold:
    """From which probability on to say the second class.

    Parameters
    ----------
    label : str
        The second class.
    value : float
        Mean over the repeats of the best one on the tuning rows.
    balanced_error : float
        On the verdict rows, each repeat with its own threshold.
    balanced_error_at_half : float
        The same at 0.5.
    recall, precision : tuples of float
        Over all thresholds, on the verdict rows.
    at : tuple of (float, float)
        Recall and precision at `value`.
    base_rate : float
        Share of the second class, the precision of a guess.
    """

    label: str
    value: float
    balanced_error: float
    balanced_error_at_half: float
    recall: tuple[float, ...] = ()
    precision: tuple[float, ...] = ()
    at: tuple[float, float] = (float("nan"), float("nan"))
    base_rate: float = float("nan")


@dataclass
class Findings:
    """What is known of the chosen rung beside its loss.

    Parameters
    ----------
    label_curves : list of LabelCurve
        The chosen rung, the linear one, the best plain and the best pre-trained network.
    pretraining : PretrainingGain or None
        The best pre-trained network against the best plain one.
    unlabelled : UnlabelledGain or None
        That network against itself pre-trained on the training rows alone.
    pretraining_by_labels : str
        From how many labels on pre-training stops paying, in words; empty where it did not run.
    importances : list of Importance
    mistakes : list of Mistake
    calibration : list of CalibrationBin
        Of the second class, or with more classes of the one that is said.
    calibration_error : float
    threshold : Threshold or None
        With two classes.
    reasons : dict of str to str
        Why a part is missing.
    """

    label_curves: list[LabelCurve] = field(default_factory=list)
    pretraining: PretrainingGain | None = None
    unlabelled: UnlabelledGain | None = None
    pretraining_by_labels: str = ""
    importances: list[Importance] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    calibration: list[CalibrationBin] = field(default_factory=list)
    calibration_error: float = float("nan")
    threshold: Threshold | None = None
    reasons: dict[str, str] = field(default_factory=dict)


def free_findings(attempt: Attempt, data: Data, row_numbers: NDArray[np.int64]) -> Findings:
    """Mistakes, calibration and threshold: read off what the verdict rows were told."""
    findings = Findings(
        mistakes=worst_mistakes(attempt.outcomes, data.y, data.classes, row_numbers)
    )
    if data.task == "regression":
        findings.reasons["calibration"] = "a regression gives no probabilities"
        return findings
    rows, output = mean_outputs(attempt.outcomes)
    y = data.codes(data.y)
    proba = natural_probabilities(output, y, is_balanced=data.is_balanced)
    is_binary = len(data.classes) == 2
    said = np.ones(len(rows), np.intp) if is_binary else proba.argmax(axis=1)
    sure = proba[np.arange(len(rows)), said]
    findings.calibration = calibration_bins(y[rows] == said, sure)
    findings.calibration_error = expected_calibration_error(findings.calibration)
    if is_binary:
        findings.threshold = _threshold(attempt, data)
    return findings


def _threshold(attempt: Attempt, data: Data) -> Threshold:
    y, chosen, half, values = data.codes(data.y), [], [], []
    for outcome in attempt.outcomes:
        is_second, proba = y[outcome.losses.rows] == 1, outcome.output[:, 1]
        values.append(outcome.threshold)
        chosen.append(balanced_error_at(is_second, proba, outcome.threshold))
        half.append(balanced_error_at(is_second, proba, 0.5))
    value, error, at_half = (float(np.nanmean(part)) for part in (values, chosen, half))
    rows, output = mean_outputs(attempt.outcomes)
    is_second, proba = y[rows] == 1, output[:, 1]
    recall, precision = precision_recall(is_second, proba)
    says = proba >= value
    at = (
        float(says[is_second].mean()),
        float(is_second[says].mean()) if says.any() else float("nan"),
    )
    return Threshold(
        str(data.classes[1]), value, error, at_half, recall, precision, at, float(is_second.mean())
    )


def costly_findings(findings: Findings, ascent: Ascent, verdict: Verdict, deadline: float) -> None:
    """What unlabelled rows were worth, label curves and importances, as far as they fit."""
    data, attempts = ascent.climber.data, ascent.attempts
    start = now()
    room = deadline - start
    if (pair := best_pair(attempts)) and data.X_unlabelled is not None:
        ascent.climber.tell("after", "pre-training without the rows that have no target")
        end = _part(start, room, UNLABELLED_SHARE)
        findings.unlabelled = unlabelled_gain(pair[0], data, ascent.min_gain, end)
        if findings.unlabelled is None:
            findings.reasons["unlabelled"] = TOO_SHORT
    findings.label_curves = []
    losses: dict[str, LabelLosses] = {}
    for name in curve_rungs(verdict, attempts):
        ascent.climber.tell("after", f"labels needed by {attempts[name].result.title}")
        found = label_losses(attempts[name], data, _part(start, room, CURVES_SHARE))
        if found is not None:
            losses[name] = found
            curve = label_curve(attempts[name], found, data, ascent.min_gain)
            findings.label_curves.append(curve)
    if pair:
        pretrained, plain = (_with_all_repeats(attempt, losses) for attempt in pair)
        findings.pretraining_by_labels = until_when(pretrained, plain, data, ascent.min_gain)
    if not findings.label_curves:
        findings.reasons["label_curves"] = TOO_SHORT
    ascent.climber.tell("after", "columns that matter")
    chosen = attempts[verdict.chosen]
    findings.importances = importances(chosen, data, _part(start, room, IMPORTANCES_SHARE))
    if not findings.importances:
        findings.reasons["importances"] = TOO_SHORT


def _with_all_repeats(
    attempt: Attempt, losses: dict[str, LabelLosses]
) -> dict[int, list[RowLosses]]:
    """Losses by number of labels; with all labels every repeat counts, as in the verdict."""
    found = losses.get(attempt.rung.name)
    if found is None:
        return {}
    return {**found.by_size, found.sizes[-1]: [o.losses for o in attempt.outcomes]}


def _part(start: float, room: float, share: float) -> float:
    return start + room * share if np.isfinite(room) else float("inf")


def curve_rungs(verdict: Verdict, attempts: dict[str, Attempt]) -> list[str]:
    """The chosen rung first, then the best pre-trained and the best plain network, and the linear one."""
    networks = compared_networks(attempts)
    best = [min(networks, key=lambda attempt: attempt.result.mean)] if networks else []
    names = [attempt.rung.name for attempt in best_pair(attempts) or best]
    linear = [n for n in ("linear",) if n in attempts and attempts[n].result.is_compared]
    return list(dict.fromkeys([verdict.chosen, *names, *linear]))

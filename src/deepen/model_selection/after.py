"""What follows the verdict, inside the time that is left: each part is worked out whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.datasets.task import sought
from deepen.model_selection.ascent import Ascent
from deepen.model_selection.attempt import Attempt
from deepen.model_selection.calibration import (
    CalibrationBin,
    balanced_error_at,
    calibration_bins,
    expected_calibration_error,
    natural_probabilities,
    precision_recall,
)
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

# Where each part has to end, in parts of the time left: importances, curves of some rungs, pre-training
# without unlabelled rows, which takes most and has what the others leave. Where it has no part, curves
# have its time too.
IMPORTANCES_SHARE, CURVES_SHARE, UNLABELLED_SHARE = 0.4, 0.65, 0.9
TOO_SHORT = "two repeats would not fit into the time left for it"


@dataclass(frozen=True)
class Threshold:
    """From which probability on to say the class that is looked for, the rare one of uneven classes.

    Parameters
    ----------
    label : str
        That class.
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
        Share of that class, the precision of a guess.
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
        Of the class that is looked for, or with more classes of the one that is said.
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
    said = np.full(len(rows), sought(*np.bincount(y))) if is_binary else proba.argmax(axis=1)
    sure = proba[np.arange(len(rows)), said]
    findings.calibration = calibration_bins(y[rows] == said, sure)
    findings.calibration_error = expected_calibration_error(findings.calibration)
    if is_binary and len(np.unique(y[rows])) == 2:
        findings.threshold = _threshold(attempt, data)
    return findings


def _threshold(attempt: Attempt, data: Data) -> Threshold:
    y, chosen, half, values = data.codes(data.y), [], [], []
    wanted = sought(*np.bincount(y, minlength=2))
    for outcome in attempt.outcomes:
        is_wanted, proba = y[outcome.losses.rows] == wanted, outcome.output[:, wanted]
        own = outcome.threshold if wanted == 1 else 1 - outcome.threshold
        values.append(own)
        chosen.append(balanced_error_at(is_wanted, proba, own))
        half.append(balanced_error_at(is_wanted, proba, 0.5))
    value, error, at_half = (float(np.nanmean(part)) for part in (values, chosen, half))
    rows, output = mean_outputs(attempt.outcomes)
    is_wanted, proba = y[rows] == wanted, output[:, wanted]
    recall, precision = precision_recall(is_wanted, proba)
    says = proba >= value
    at = (
        float(says[is_wanted].mean()),
        float(is_wanted[says].mean()) if says.any() else float("nan"),
    )
    label, share = str(data.classes[wanted]), float(is_wanted.mean())
    return Threshold(label, value, error, at_half, recall, precision, at, share)


def costly_findings(findings: Findings, ascent: Ascent, verdict: Verdict, deadline: float) -> None:
    """What unlabelled rows were worth, label curves and importances, as far as they fit."""
    data, attempts = ascent.climber.data, ascent.attempts
    start = now()
    room = deadline - start
    pair = best_pair(attempts)
    has_unlabelled = pair is not None and data.X_unlabelled is not None
    ascent.climber.tell("after", "columns that matter")
    chosen = attempts[verdict.chosen]
    end = _part(start, room, IMPORTANCES_SHARE)
    found = worked_out(findings.reasons, "importances", importances, chosen, data, end)
    findings.importances = found or []
    findings.label_curves = []
    losses: dict[str, LabelLosses] = {}
    for name in curve_rungs(verdict, attempts):
        ascent.climber.tell("after", f"labels needed by {attempts[name].result.title}")
        key = f"label_curves: {attempts[name].result.title}"
        end = _part(start, room, CURVES_SHARE if has_unlabelled else UNLABELLED_SHARE)
        found = worked_out(findings.reasons, key, label_losses, attempts[name], data, end)
        if found is not None:
            losses[name] = found
            curve = label_curve(attempts[name], found, data, ascent.min_gain)
            findings.label_curves.append(curve)
    if pair:
        pretrained, plain = (_with_all_repeats(attempt, losses) for attempt in pair)
        findings.pretraining_by_labels = until_when(pretrained, plain, data, ascent.min_gain)
    if pair and has_unlabelled:
        ascent.climber.tell("after", "pre-training without the rows that have no target")
        end = _part(start, room, UNLABELLED_SHARE)
        findings.unlabelled = worked_out(
            findings.reasons, "unlabelled", unlabelled_gain, pair[0], data, ascent.min_gain, end
        )


def worked_out(
    reasons: dict[str, str],
    key: str,
    work: Callable[..., Any],
    *args: Any,
    no_time: str = TOO_SHORT,
) -> Any:
    """What a part finds; None, with the reason kept, where there is no time for it or it fails.

    The verdict stands and is written whatever becomes of what follows it.

    Parameters
    ----------
    reasons : dict of str to str
        Why parts are missing, by their keys; may gain one.
    key : str
    work : callable
        What `args` are given to; finds nothing without time.
    no_time : str
        The reason to keep then.
    """
    try:
        found = work(*args)
    except ValueError as error:
        reasons[key] = str(error)
        return None
    if not found:
        reasons[key] = no_time
        return None
    return found


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

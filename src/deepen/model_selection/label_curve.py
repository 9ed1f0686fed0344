"""Error against the number of labels, and whether more of them would help.

    for each rung, each size and each repeat: its chosen setting, trained on so many of the training
    rows, judged on the verdict rows of the repeat
    last doubling = loss with half of the rows - loss with all of them, on the same rows

More labels would help when the last doubling surely gained; they would not when it surely gained less
than the least gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepen.model_selection import training
from deepen.model_selection.attempt import Attempt, outcome_of
from deepen.model_selection.climb import LEAST_REPEATS, fits, seed_of
from deepen.model_selection.clock import now
from deepen.model_selection.data import Data
from deepen.model_selection.figures import show, show_interval
from deepen.model_selection.intervals import RowLosses, difference, estimate
from deepen.model_selection.tuning import stratified_order
from deepen.report.text import counted

NO_SIZE = "a class is so rare that fewer labels would have none of it"
SHARES = (0.03125, 0.125, 0.25, 0.5)
MOST_REPEATS, LEAST_ROWS = 5, 20


@dataclass(frozen=True)
class CurvePoint:
    """Loss with so many labels.

    Parameters
    ----------
    n_labels : int
        Training rows.
    mean : float
    interval : tuple of (float, float)
        95 %.
    """

    n_labels: int
    mean: float
    interval: tuple[float, float]


@dataclass
class LabelCurve:
    """Loss of one rung against its number of labels.

    Parameters
    ----------
    name, title : str
        The rung.
    points : list of CurvePoint
        From few labels to all of the training rows.
    n_repeats : int
    answer : {"would help", "would not help", "cannot tell"}
    sentence : str
        The answer in words.
    """

    name: str
    title: str
    points: list[CurvePoint] = field(default_factory=list)
    n_repeats: int = 0
    answer: str = "cannot tell"
    sentence: str = ""


@dataclass
class LabelLosses:
    """Losses of one rung at each of its numbers of labels, the last one all of the training rows.

    Parameters
    ----------
    sizes : list of int
    repeats : list of lists of RowLosses
        One list for each size.
    """

    sizes: list[int]
    repeats: list[list[RowLosses]]

    @property
    def by_size(self) -> dict[int, list[RowLosses]]:
        """Losses by number of labels."""
        return dict(zip(self.sizes, self.repeats, strict=True))


def label_losses(attempt: Attempt, data: Data, deadline: float) -> LabelLosses | None:
    """Losses from as many repeats as fit before `deadline`; None, and nothing begun, where two do not.

    What has no label at a size is there without it: a pre-trained network has learnt from all rows.

    Parameters
    ----------
    attempt : Attempt
        Finished.
    data : Data
    deadline : float
        In the seconds of `clock.now`.

    Raises
    ------
    ValueError
        Where a class is so rare that half of the labels have none of it, or a training is refused.
    """
    found: list[list[tuple[int, RowLosses]]] = []
    longest = 0.0
    for n_done, outcome in enumerate(attempt.outcomes[:MOST_REPEATS]):
        start, n_rows = now(), len(data.splits[outcome.repeat].training)
        sizes = sizes_of(n_rows)
        # A pre-trained network takes as many steps with few labels as with many.
        trainings = len(sizes) if attempt.rung.pretraining else sum(sizes) / n_rows
        if not fits(n_done, max(longest, trainings * outcome.fit_seconds), deadline):
            break
        points = _points_of(attempt, outcome, data, deadline)
        if points is None:
            break
        found.append(points)
        longest = now() - start
    if len(found) < LEAST_REPEATS:
        return None
    n_repeats = len(found)
    # Repeats differ by a row or so, and may have one size more or less at the lower end.
    n_sizes = min(len(points) for points in found)
    if n_sizes == 0:
        raise ValueError(NO_SIZE)
    columns = zip(*(points[-n_sizes:] for points in found), strict=True)
    pairs = [([size for size, _ in column], [one for _, one in column]) for column in columns]
    n_all = [len(data.splits[r].training) for r in range(n_repeats)]
    pairs.append((n_all, [outcome.losses for outcome in attempt.outcomes[:n_repeats]]))
    return LabelLosses([int(np.median(n)) for n, _ in pairs], [losses for _, losses in pairs])


def label_curve(attempt: Attempt, losses: LabelLosses, data: Data, min_gain: float) -> LabelCurve:
    """Curve of one rung, and whether more labels would help it.

    Parameters
    ----------
    attempt : Attempt
    losses : LabelLosses
    data : Data
    min_gain : float
        In units of the loss.
    """
    points = [_point(n, repeats, data) for n, repeats in losses.by_size.items()]
    n_repeats = len(losses.repeats[-1])
    curve = LabelCurve(attempt.rung.name, attempt.result.title, points, n_repeats)
    _answer(curve, losses.repeats[-2], losses.repeats[-1], data, min_gain)
    return curve


def sizes_of(n_rows: int) -> list[int]:
    """Numbers of labels below `n_rows`, without those that are too few or the same.

    Examples
    --------
    >>> sizes_of(1000), sizes_of(60)
    ([31, 125, 250, 500], [20, 30])
    """
    sizes = {max(min(LEAST_ROWS, n_rows), int(n_rows * share)) for share in SHARES}
    return sorted(sizes)


def _points_of(
    attempt: Attempt, outcome: Any, data: Data, deadline: float
) -> list[tuple[int, RowLosses]] | None:
    """Losses of one repeat at each size that has every class; None where time ran out, or it diverged."""
    rung, repeat = attempt.rung, outcome.repeat
    arrays = data.arrays(repeat, rung.form)
    y = arrays.training[1]
    strata = y if data.task == "classification" else np.zeros(len(y))
    order = stratified_order(strata, np.random.default_rng([data.seed, repeat, 1]))
    found = []
    for size in sizes_of(len(y)):
        if len(np.unique(strata[order[:size]])) < len(np.unique(strata)):
            continue  # a rare class would have no label
        part = arrays.with_training_rows(np.sort(order[:size]))
        fitted = training.fit_candidate(
            rung, outcome.params, part, data, seed=seed_of(data.seed, repeat, 0), deadline=deadline
        )
        if fitted.model is None or now() > deadline:
            return None
        found.append((size, outcome_of(fitted, arrays, data, repeat).losses))
    return found


def _point(n_labels: int, repeats: Sequence[RowLosses], data: Data) -> CurvePoint:
    found = estimate(repeats, data.judging)
    low, high = found.interval()
    return CurvePoint(n_labels, found.mean, (max(0.0, low), min(data.metric.most, high)))


def _answer(
    curve: LabelCurve,
    half: Sequence[RowLosses],
    everything: Sequence[RowLosses],
    data: Data,
    min_gain: float,
) -> None:
    """What the last doubling of the labels says of the next one."""
    gain = difference(half, everything, data.judging)
    low, high = gain.interval()
    shown = show_interval(low, high, data.metric, is_gain=True).removesuffix(" points")
    mean = show(gain.mean, (high - low) / 2, data.metric, is_gain=True)
    from_n, to_n = curve.points[-2].n_labels, curve.points[-1].n_labels
    change = (
        f"from {from_n:,} to {to_n:,} labels {curve.title} gained {mean} ({shown}) over "
        f"{counted(curve.n_repeats, 'repeat')}"
    )
    if high < min_gain:
        curve.answer, words = "would not help", "More labels would not help"
    elif low > 0:
        curve.answer, words = "would help", "More labels would help"
    else:
        curve.answer, words = "cannot tell", "Whether more labels would help does not show"
    curve.sentence = f"{words}: {change}."

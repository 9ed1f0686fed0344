"""What the rows without a target were worth by themselves.

alone   the best pre-trained network with the same settings, its layers trained on the training rows alone
gain    loss(alone) - loss(with all rows), on the same rows and repeats

Columns are scaled alike: what is compared is what the layers learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from deepen.model_selection import training
from deepen.model_selection.attempt import Attempt, outcome_of
from deepen.model_selection.climb import LEAST_REPEATS, fits, seed_of
from deepen.model_selection.clock import now
from deepen.model_selection.data import Data
from deepen.model_selection.intervals import RowLosses, difference
from deepen.model_selection.pretraining import Pretraining
from deepen.model_selection.pretraining_gain import Answer, answer_of, gained
from deepen.report.text import capital, counted


@dataclass(frozen=True)
class UnlabelledGain:
    """What pre-training gained by seeing the rows without a target too.

    Parameters
    ----------
    name : str
        The rung.
    n_unlabelled, n_repeats : int
    mean : float
        In units of the loss.
    interval : tuple of (float, float)
        95 %.
    answer : {"helped", "did not help", "cannot tell"}
    sentence : str
        The answer in words.
    """

    name: str
    n_unlabelled: int
    n_repeats: int
    mean: float
    interval: tuple[float, float]
    answer: Answer
    sentence: str


def unlabelled_gain(
    attempt: Attempt, data: Data, min_gain: float, deadline: float
) -> UnlabelledGain | None:
    """Gain over pre-training without them; None without such rows, or time for two repeats.

    Parameters
    ----------
    attempt : Attempt
        A pre-trained rung, finished.
    data : Data
    min_gain : float
        In units of the loss.
    deadline : float
        In the seconds of `clock.now`.
    """
    if data.X_unlabelled is None:
        return None
    n, alone = data.X_unlabelled.shape[0], _losses_without(attempt, data, deadline)
    if len(alone) < LEAST_REPEATS:
        return None
    both = [outcome.losses for outcome in attempt.outcomes[: len(alone)]]
    found = difference(alone, both, data.judging)
    low, high = found.interval()
    answer, it = answer_of(low, high, min_gain), "it" if n == 1 else "them"
    they, selves = (
        f"the {counted(n, 'row')} without a target",
        f"by {it}sel{'f' if n == 1 else 'ves'}",
    )
    lead = {
        "helped": f"{capital(they)} helped {selves}",
        "did not help": f"{capital(they)} did not help {selves}",
        "cannot tell": f"Whether {they} helped {selves} does not show",
    }[answer]
    sentence = (
        f"{lead}: over the same network, pre-trained on the training rows alone, seeing {it} gained"
        f" {gained(found, low, high, data)}."
    )
    return UnlabelledGain(
        attempt.rung.name, n, len(alone), found.mean, (low, high), answer, sentence
    )


def _losses_without(attempt: Attempt, data: Data, deadline: float) -> list[RowLosses]:
    """Losses of the repeats that fit before the deadline, pre-trained on training rows alone.

    None is begun where two do not fit.
    """
    found: list[RowLosses] = []
    rung = attempt.rung
    for outcome in attempt.outcomes:
        if not fits(len(found), outcome.fit_seconds + outcome.pretraining_seconds, deadline):
            break
        arrays, seed = data.arrays(outcome.repeat, rung.form), seed_of(data.seed, outcome.repeat, 0)
        X, _ = arrays.training
        part = replace(arrays, pretraining=Pretraining(X, seed=seed))
        fitted = training.fit_candidate(
            rung, outcome.params, part, data, seed=seed, deadline=deadline
        )
        if fitted.model is None or now() > deadline:
            break
        found.append(outcome_of(fitted, arrays, data, outcome.repeat).losses)
    return found

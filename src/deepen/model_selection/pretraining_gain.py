"""Whether pre-training paid, in words: against the best plain network, and at each number of labels.

gain          loss of the plain network - loss of the pre-trained one, on the same rows and repeats
rungs         both are the best of their kind, so that the interval holds for all pairs (Bonferroni)
label curve   the gain at each number of labels; the intervals of all of them hold together
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from deepen.model_selection.attempt import Attempt
from deepen.model_selection.data import Data
from deepen.model_selection.figures import show, show_interval
from deepen.model_selection.intervals import Estimate, RowLosses, difference
from deepen.report.text import counted

Answer = Literal["helped", "did not help", "cannot tell"]
ALPHA = 0.05
# Losses of one rung at each of its numbers of labels, a list of repeats each.
LossesBySize = Mapping[int, Sequence[RowLosses]]


@dataclass(frozen=True)
class PretrainingGain:
    """What pre-training gained over the best plain network.

    Parameters
    ----------
    pretrained, plain : str
        Names of the rungs.
    n_unlabelled : int
        Rows without a target that the layers have seen.
    mean : float
        In units of the loss.
    interval : tuple of (float, float)
        95 %, whichever two rungs are the best of their kind.
    answer : {"helped", "did not help", "cannot tell"}
        Surely above zero; surely below the least gain; neither.
    sentence : str
        The answer in words.
    """

    pretrained: str
    plain: str
    n_unlabelled: int
    mean: float
    interval: tuple[float, float]
    answer: Answer
    sentence: str


def compared_networks(attempts: Mapping[str, Attempt]) -> list[Attempt]:
    """The networks with repeats enough for an interval."""
    return [a for a in attempts.values() if a.rung.is_network and a.result.is_compared]


def best_pair(attempts: Mapping[str, Attempt]) -> tuple[Attempt, Attempt] | None:
    """The pre-trained and the plain network with the lowest mean loss; None where one is missing.

    Of those with at least half as many repeats as the most thorough one of their kind: two may be lucky.
    """
    networks = compared_networks(attempts)
    found = []
    for is_pretrained in (True, False):
        own = [a for a in networks if bool(a.rung.pretraining) == is_pretrained]
        if not own:
            return None
        most = max(len(attempt.outcomes) for attempt in own)
        thorough = [attempt for attempt in own if 2 * len(attempt.outcomes) >= most]
        found.append(min(thorough, key=lambda attempt: attempt.result.mean))
    return found[0], found[1]


def pretraining_gain(
    attempts: Mapping[str, Attempt], data: Data, min_gain: float
) -> PretrainingGain | None:
    """Best pre-trained against best plain network; None where one is missing.

    Parameters
    ----------
    attempts : mapping of str to Attempt
    data : Data
    min_gain : float
        In units of the loss.
    """
    pair = best_pair(attempts)
    if pair is None:
        return None
    pretrained, plain = pair
    networks = compared_networks(attempts)
    n_first = sum(bool(a.rung.pretraining) for a in networks)
    n_pairs = n_first * (len(networks) - n_first)
    found = difference(
        [outcome.losses for outcome in plain.outcomes],
        [outcome.losses for outcome in pretrained.outcomes],
        data.judging,
    )
    low, high = found.interval(ALPHA / n_pairs)
    answer = answer_of(low, high, min_gain)
    n = 0 if data.X_unlabelled is None else data.X_unlabelled.shape[0]
    sentence = _sentence(answer, n, pretrained, plain, gained(found, low, high, data))
    return PretrainingGain(
        pretrained.rung.name, plain.rung.name, n, found.mean, (low, high), answer, sentence
    )


def _sentence(answer: Answer, n: int, pretrained: Attempt, plain: Attempt, words: str) -> str:
    """What was compared is pre-training, with all rows that it had, and no pre-training."""
    rows = f" with the {counted(n, 'row')} without a target" if n else ""
    lead = {
        "helped": f"Pre-training{rows} pays",
        "did not help": f"Pre-training{rows} does not pay",
        "cannot tell": f"Whether pre-training{rows} pays does not show",
    }[answer]
    how = "" if n else ", on the training rows alone,"
    return (
        f"{lead}: {pretrained.result.title}{how} gained {words} over the best plain network,"
        f" {plain.result.title}."
    )


def answer_of(low: float, high: float, min_gain: float) -> Answer:
    """Surely above zero; surely below the least gain; neither."""
    if low > 0:
        return "helped"
    return "did not help" if high < min_gain else "cannot tell"


def gained(found: Estimate, low: float, high: float, data: Data) -> str:
    """A gain with its interval, in words."""
    mean = show(found.mean, (high - low) / 2, data.metric, is_gain=True)
    interval = show_interval(low, high, data.metric, is_gain=True)
    return f"{mean} ({interval.removesuffix(' points')})"


def until_when(pretrained: LossesBySize, plain: LossesBySize, data: Data, min_gain: float) -> str:
    """From how many labels on pre-training stops paying, in words; empty without common sizes.

    Parameters
    ----------
    pretrained, plain : mapping of int to sequence of RowLosses
        Losses by number of labels; the same repeats in each.
    data : Data
    min_gain : float
        In units of the loss.
    """
    sizes = sorted(set(pretrained) & set(plain))
    if not sizes:
        return ""
    pays, words, last = [], {}, ""
    for size in sizes:
        found = difference(plain[size], pretrained[size], data.judging)
        low, high = found.interval(ALPHA / len(sizes))
        words[size] = gained(found, low, high, data)
        pays.append(low > 0)
        last = "it stops" if high < min_gain else "it is not shown to"
    if all(pays):
        n = sizes[-1]
        return f"Pre-training pays up to all {n:,} labels, where it gains {words[n]}."
    if not any(pays):
        ends = f"from {sizes[0]:,} to {sizes[-1]:,}" if len(sizes) > 1 else f"with {sizes[0]:,}"
        fewest = sizes[0]
        return (
            f"At no number of labels, {ends}, is pre-training shown to pay; with {fewest:,} it gained "
            f"{words[fewest]}."
        )
    # The last size at which it pays: beyond it, it is not shown any more.
    place = max(i for i, one in enumerate(pays) if one)
    if place == len(sizes) - 1:
        n = sizes[place]
        return f"Pre-training pays with {n:,} labels, where it gains {words[n]}; with fewer it does not show."
    n, beyond, everything = sizes[place], sizes[place + 1], sizes[-1]
    return (
        f"Pre-training pays up to {n:,} labels, where it gains {words[n]}; from {beyond:,} on {last}: "
        f"with all {everything:,} it gained {words[everything]}."
    )

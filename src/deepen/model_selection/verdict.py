r"""Which rung pays: paired gains, their intervals, and what may be said from them.

    gain_r  = loss_r(reference) - loss_r(candidate)     repeat r = 1 .. J, on the same rows
    var     = (1 / J + n_test / n_train) * S^2          Nadeau and Bengio 2003, section 3.3, eq. 9
    t       = mean(gain) / sqrt(var)                    Student, J - 1 degrees of freedom
    lower, upper                                        Bonferroni over all pairs, alpha / 2 a side
    sign                                                Holm's steps over all pairs, alpha / 2 a side

Repeats share rows, so that their gains are correlated and S^2 / J is far too small a variance; the
term n_test / n_train repairs that. All pairs of rungs stand in one family, so that a reference
chosen by looking at the results is covered too. The printed ends all hold at once; the sign of a
gain comes from Holm's steps, which find at least the signs that the ends show. Sign and upper end
together make the statements. They are all true with probability 1 - alpha: for a gain whose sign is
not shown, the end is no tighter than the one that Guilbaud gives along with Holm's signs.

References: C. Nadeau and Y. Bengio, Inference for the generalization error, Machine Learning 52
(2003), doi:10.1023/A:1024068626366. S. Holm, Scand. J. Statist. 6 (1979) 65-70. O. Guilbaud,
Simultaneous confidence regions corresponding to Holm's step-down procedure, Biometrical Journal 50
(2008), doi:10.1002/bimj.200710449.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from deepen.model_selection.intervals import (
    corrected_standard_error,
    holm_signs,
    simultaneous_bounds,
)

Outcome = Literal["pays", "does not pay", "cannot tell"]
Status = Literal["suffices", "cannot tell", "alone"]


@dataclass(frozen=True)
class Gain:
    """How much smaller the candidate's loss is than the reference's, with its interval.

    Parameters
    ----------
    candidate, reference : str
        Names of the two rungs; a positive gain favours the candidate.
    mean, lower, upper : float
        The mean gain and its interval, in units of the loss; the intervals of all pairs hold
        together.
    smallest_gap : float
        The smallest mean gain whose interval would have lain above zero.
    n_repeats : int
        Number of paired repeats behind it.
    outcome : {"pays", "does not pay", "cannot tell"}
        What may be said of the candidate against the reference.
    sign : {-1, 0, 1}
        Whether the gain is shown to be below or above zero, by Holm's steps over all pairs.
    """

    candidate: str
    reference: str
    mean: float
    lower: float
    upper: float
    smallest_gap: float
    n_repeats: int
    outcome: Outcome
    sign: int = 0


@dataclass(frozen=True)
class Verdict:
    """The chosen rung, why, and every gain behind the choice.

    Parameters
    ----------
    status : {"suffices", "cannot tell", "alone"}
        "suffices": nothing beats the chosen rung by `min_gain`, and it is the cheapest of which
        that can be said. "cannot tell": no rung can be shown to suffice; the chosen one has the
        lowest mean loss. "alone": only one rung finished.
    chosen, best : str
        The rung to use; the rung with the lowest mean loss.
    min_gain : float
        The gain below which a rung is not worth its cost, in units of the loss.
    gains : tuple of Gain
        One per pair of rungs, the costlier one as the candidate.
    sentence : str
        The verdict in words.
    """

    status: Status
    chosen: str
    best: str
    min_gain: float
    gains: tuple[Gain, ...]
    sentence: str = ""

    def gain(self, candidate: str, reference: str) -> Gain:
        """Gain of one rung over another, turned round where the pair is stored the other way."""
        for gain in self.gains:
            if (gain.candidate, gain.reference) == (candidate, reference):
                return gain
            if (gain.candidate, gain.reference) == (reference, candidate):
                return reverse(gain, self.min_gain)
        raise KeyError(f"no comparison of {candidate!r} with {reference!r}")

    @property
    def open(self) -> tuple[Gain, ...]:
        """The comparisons with the chosen rung that these rows leave undecided."""
        others = {name for g in self.gains for name in (g.candidate, g.reference)} - {self.chosen}
        gains = [self.gain(other, self.chosen) for other in sorted(others)]
        return tuple(g for g in gains if g.outcome == "cannot tell")


def outcome_of(sign: int, upper: float, min_gain: float) -> Outcome:
    """What the sign of a gain and the upper end of its interval allow one to say.

    A gain that is surely positive and surely below `min_gain` does not pay.

    Examples
    --------
    >>> outcome_of(1, 0.5, 0.01), outcome_of(0, 0.005, 0.01), outcome_of(0, 0.1, 0.01)
    ('pays', 'does not pay', 'cannot tell')
    """
    if upper < min_gain or sign < 0:
        return "does not pay"
    return "pays" if sign > 0 else "cannot tell"


def reverse(gain: Gain, min_gain: float) -> Gain:
    """The same comparison seen from the other rung."""
    return replace(
        gain,
        candidate=gain.reference,
        reference=gain.candidate,
        mean=-gain.mean,
        lower=-gain.upper,
        upper=-gain.lower,
        smallest_gap=gain.upper - gain.mean,
        outcome=outcome_of(-gain.sign, -gain.lower, min_gain),
        sign=-gain.sign,
    )


def paired_gains(
    losses: Mapping[str, Sequence[float]],
    *,
    test_train_ratio: float,
    min_gain: float,
    variance_floor: float = 0.0,
    alpha: float = 0.05,
) -> tuple[Gain, ...]:
    """Gains of all pairs of rungs, simultaneous over the pairs.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        Loss of each rung per repeat, cheapest rung first. A rung that did fewer repeats did the
        first ones; a pair is compared on the repeats that both have, at least two.
    test_train_ratio, variance_floor : float
        See `corrected_standard_error`.
    min_gain : float
        The gain below which a rung is not worth its cost, above zero.
    alpha : float, default=0.05
        Probability, at most, that any statement is false.

    Returns
    -------
    tuple of Gain, the costlier rung as the candidate.

    Examples
    --------
    >>> losses = {"linear": [0.30, 0.32, 0.31, 0.29, 0.30], "deep": [0.10, 0.11, 0.12, 0.10, 0.09]}
    >>> [gain] = paired_gains(losses, test_train_ratio=1 / 3, min_gain=0.01)
    >>> gain.candidate, round(gain.mean, 3), gain.outcome
    ('deep', 0.2, 'pays')
    """
    if min_gain <= 0:
        raise ValueError(f"min_gain must be greater than 0, got {min_gain!r}.")
    pairs = list(combinations(losses, 2))
    if not pairs:
        return ()
    differences = []
    for reference, candidate in pairs:
        n = min(len(losses[reference]), len(losses[candidate]))
        differences.append(np.asarray(losses[reference][:n]) - np.asarray(losses[candidate][:n]))
    means = np.array([d.mean() for d in differences])
    errors = np.array(
        [corrected_standard_error(d, test_train_ratio, variance_floor) for d in differences]
    )
    degrees = [d.size - 1 for d in differences]
    lower, upper = simultaneous_bounds(means, errors, degrees, alpha)
    signs = holm_signs(means, errors, degrees, alpha)
    return tuple(
        Gain(candidate, reference, float(mean), float(low), float(high), float(mean - low), d.size,
             outcome_of(int(sign), float(high), min_gain), int(sign))
        for (reference, candidate), d, mean, low, high, sign in zip(
            pairs, differences, means, lower, upper, signs, strict=True
        )
    )  # fmt: skip


def decide(
    losses: Mapping[str, Sequence[float]], gains: Sequence[Gain], min_gain: float
) -> Verdict:
    """Choose the cheapest rung that suffices; where none can be shown to, the lowest mean loss.

    A rung suffices when every other rung's gain over it is surely below `min_gain`. Not being
    shown to be worse is never enough.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        As in `paired_gains`, cheapest first.
    gains : sequence of Gain
        What `paired_gains` returned.
    min_gain : float
        The same as there.

    Examples
    --------
    >>> losses = {"linear": [0.2, 0.2, 0.2], "deep": [0.2, 0.2001, 0.2]}
    >>> gains = paired_gains(losses, test_train_ratio=0.25, min_gain=0.01)
    >>> decide(losses, gains, min_gain=0.01).chosen
    'linear'
    """
    if not losses:
        raise ValueError("losses must name at least one rung, got none.")
    n_common = min(len(values) for values in losses.values())
    best = min(losses, key=lambda name: float(np.mean(losses[name][:n_common])))
    verdict = Verdict("cannot tell", best, best, min_gain, tuple(gains))
    if len(losses) == 1:
        return replace(verdict, status="alone")
    for name in losses:
        others = [verdict.gain(other, name) for other in losses if other != name]
        if all(gain.outcome == "does not pay" for gain in others):
            return replace(verdict, status="suffices", chosen=name)
    return verdict

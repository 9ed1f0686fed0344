r"""Which rung suffices: every rung against the best, and what may be said from that.

    d_ij = loss_i - loss_j, w_ij = t(1 - alpha / 2 / (k - 1)) se(d_ij)      see `intervals`
    best may be j          if d_ji - w_ji <= 0 for all i
    behind the best, i:    from  max(0, min_j d_ij - w_ij)  to  max(0, max_j d_ij + w_ij)
                           over the j other than i that may be the best
    surely behind, i:      where i may not be the best

Let b be the rung that truly is the best. Were the k - 1 intervals of d_ib all to hold, then b is among
those that may be the best, and every statement above is true, whichever rung b is. So k - 1
comparisons are paid for (Bonferroni), not all k (k - 1) / 2 pairs, and a best that is chosen by
looking at the results is covered (Hsu 1984; Edwards and Hsu 1983).

A rung is close enough when it is surely less than `min_gain` behind the best, and the cheapest such
one suffices, unless one that is cheaper still erred less. A rung falls short when it is surely behind:
the best then pays. Not being shown to be worse is never enough. Where none suffices, the rung to use
meanwhile is the lowest of those that have repeats enough and do not fall short: the lowest of all may
be a rung of two lucky ones.

References: J. C. Hsu, Constrained simultaneous confidence intervals for multiple comparisons with the
best, Annals of Statistics 12 (1984), doi:10.1214/aos/1176346732. D. G. Edwards and J. C. Hsu, Multiple
comparisons with the best treatment, JASA 78 (1983), doi:10.1080/01621459.1983.10477032.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from deepen.model_selection.intervals import Estimate, Judging, RowLosses, difference

Outcome = Literal["pays", "does not pay", "cannot tell"]
Status = Literal["suffices", "cannot tell", "alone"]
Losses = Mapping[str, Sequence[RowLosses]]


@dataclass(frozen=True)
class Gain:
    """What the best rung gains over another, in units of the loss.

    Parameters
    ----------
    candidate, reference : str
        The rung with the lowest mean loss (see `lowest_in_pairs`), and the one it is held against.
    mean : float
        Mean loss of the reference minus that of the candidate, on the same rows.
    lower, upper : float
        How far the reference surely, and at most, is behind the rung that truly is the best; the
        intervals of all rungs hold together.
    smallest_gap : float
        The smallest mean gain that these rows could have shown.
    n_repeats : int
        Number of paired repeats behind it.
    outcome : {"pays", "does not pay", "cannot tell"}
        Whether the best is surely better; surely less than the least gain better; or neither.
    """

    candidate: str
    reference: str
    mean: float
    lower: float
    upper: float
    smallest_gap: float
    n_repeats: int
    outcome: Outcome


@dataclass(frozen=True)
class Verdict:
    """The chosen rung, why, and every gain behind the choice.

    Parameters
    ----------
    status : {"suffices", "cannot tell", "alone"}
        "suffices": the chosen rung is surely less than `min_gain` behind the best, it is the
        cheapest of which that can be said, and none that is cheaper erred less. "cannot tell": no rung
        can be shown to suffice; the chosen one has the lowest mean loss of those that do not fall short
        and have at least half as many repeats as any of these.
        "alone": only one rung finished.
    chosen, best : str
        The rung to use; the rung with the lowest mean loss.
    min_gain : float
        The gain below which a rung is not worth its cost, in units of the loss.
    gains : tuple of Gain
        The best over every other rung, cheapest first.
    reach : dict of str to float
        How far each rung, the best too, is behind the best at most.
    sentence : str
        The verdict in words.
    """

    status: Status
    chosen: str
    best: str
    min_gain: float
    gains: tuple[Gain, ...]
    reach: Mapping[str, float] = field(default_factory=dict)
    sentence: str = ""

    def behind(self, name: str) -> Gain:
        """What the best gains over the rung called `name`, which is another."""
        for gain in self.gains:
            if gain.reference == name:
                return gain
        raise KeyError(f"no comparison of the best with {name!r}")

    def gain(self, candidate: str, reference: str) -> Gain:
        """What the best, named as `candidate`, gains over `reference`."""
        if candidate != self.best:
            raise KeyError(f"{candidate!r} is not the best; only {self.best!r} is compared")
        return self.behind(reference)

    @property
    def names(self) -> set[str]:
        """The rungs compared."""
        return {self.best, *(gain.reference for gain in self.gains)}

    @property
    def short(self) -> tuple[Gain, ...]:
        """The rungs over which the best surely pays."""
        return tuple(gain for gain in self.gains if gain.outcome == "pays")

    @property
    def open(self) -> tuple[Gain, ...]:
        """The comparisons with the best that these rows leave undecided."""
        return tuple(gain for gain in self.gains if gain.outcome == "cannot tell")


def outcome_of(is_behind: bool, upper: float, min_gain: float) -> Outcome:
    """What may be said of the best's gain over a rung that is surely behind it, or not surely.

    A gain that is surely positive and surely below `min_gain` does not pay.

    Examples
    --------
    >>> outcome_of(True, 0.5, 0.01), outcome_of(False, 0.005, 0.01), outcome_of(False, 0.1, 0.01)
    ('pays', 'does not pay', 'cannot tell')
    """
    if upper < min_gain:
        return "does not pay"
    return "pays" if is_behind else "cannot tell"


class Ends(NamedTuple):
    """How far a rung is behind the best, surely and at most, and whether it surely is."""

    lower: float
    upper: float
    is_behind: bool


def decide(
    losses: Losses,
    judging: Judging,
    min_gain: float,
    alpha: float = 0.05,
    most: float = float("inf"),
    n_rungs: int = 0,
) -> Verdict:
    """Compare every rung with the best; choose the cheapest that suffices, else a low one.

    Parameters
    ----------
    losses : mapping of str to sequence of RowLosses
        Losses of each rung per repeat, cheapest rung first. A rung that did fewer repeats did the
        first ones; two rungs are compared on the repeats that both have, at least two.
    judging : Judging
    min_gain : float
        The gain below which a rung is not worth its cost, above zero.
    alpha : float, default=0.05
        Probability, at most, that any statement is false.
    most : float, default=inf
        The largest difference that there can be: 1 of two rates.
    n_rungs : int, default=0
        Rungs that `alpha` is for, where more than these were tried or are still to come.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.arange(200).reshape(2, 100)
    >>> good = [RowLosses(r, (r % 20 == 0) * 1.0) for r in rows]
    >>> bad = [RowLosses(r, (r % 2 == 0) * 1.0) for r in rows]
    >>> decide({"linear": bad, "deep": good}, Judging(np.arange(200), 0.25, 1.0), 0.01).chosen
    'deep'
    """
    if not losses:
        raise ValueError("losses must name at least one rung, got none.")
    if min_gain <= 0:
        raise ValueError(f"min_gain must be greater than 0, got {min_gain!r}.")
    if len(losses) == 1:
        (only,) = losses
        return Verdict("alone", only, only, min_gain, ())
    pairs = _all_pairs(losses, judging)
    best = lowest_in_pairs(pairs)
    share = alpha / (max(len(losses), n_rungs) - 1)
    ends = behind_the_best(pairs, share)
    ends = {name: end._replace(upper=min(end.upper, most)) for name, end in ends.items()}
    gains = tuple(
        _gain(best, name, pairs[name][best], ends[name], min_gain, share, most)
        for name in losses
        if name != best
    )
    reach = {name: end.upper for name, end in ends.items()}
    short = {gain.reference for gain in gains if gain.outcome == "pays"}
    chosen = _thorough({name: n for name, n in losses.items() if name not in short}, pairs)
    verdict = Verdict("cannot tell", chosen, best, min_gain, gains, reach)
    cheaper: list[str] = []
    for name in losses:
        if reach[name] < min_gain and all(pairs[name][other].mean < 0 for other in cheaper):
            return replace(verdict, status="suffices", chosen=name)
        cheaper.append(name)
    return verdict


def _all_pairs(losses: Losses, judging: Judging) -> dict[str, dict[str, Estimate]]:
    """Loss of the first minus loss of the second, for every pair both ways."""
    names = list(losses)
    pairs: dict[str, dict[str, Estimate]] = {name: {} for name in names}
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            found = difference(losses[first], losses[second], judging)
            pairs[first][second] = found
            pairs[second][first] = replace(found, mean=-found.mean)
    return pairs


def lowest_in_pairs(pairs: Mapping[str, Mapping[str, Estimate]]) -> str:
    """The rung least far behind any other, each pair on the repeats that both have.

    With as many repeats of every rung that is the lowest mean. With fewer of some, the mean over
    those that all have would forget most of what two thorough rungs say of each other.

    Parameters
    ----------
    pairs : mapping of str to mapping of str to Estimate
        Loss of the first minus loss of the second.
    """
    return min(pairs, key=lambda name: max(found.mean for found in pairs[name].values()))


def _thorough(losses: Losses, pairs: Mapping[str, Mapping[str, Estimate]]) -> str:
    """The lowest of these rungs that have at least half as many repeats as any of them."""
    most = max(map(len, losses.values()))
    names = [name for name, repeats in losses.items() if 2 * len(repeats) >= most]
    if len(names) == 1:
        return names[0]
    return lowest_in_pairs({i: {j: d for j, d in pairs[i].items() if j in names} for i in names})


def behind_the_best(pairs: Mapping[str, Mapping[str, Estimate]], alpha: float) -> dict[str, Ends]:
    """How far each rung is behind the best: surely, and at most.

    Parameters
    ----------
    pairs : mapping of str to mapping of str to Estimate
        Loss of the first minus loss of the second.
    alpha : float
        Probability that one comparison's interval misses.
    """
    low = {i: {j: d.mean - d.half_width(alpha) for j, d in row.items()} for i, row in pairs.items()}
    high = {
        i: {j: d.mean + d.half_width(alpha) for j, d in row.items()} for i, row in pairs.items()
    }
    may_be_best = [name for name in pairs if all(end <= 0 for end in low[name].values())]
    # Pairs on different repeats can contradict one another; then any rung may be the best.
    may_be_best = may_be_best or list(pairs)
    ends = {}
    for name in pairs:
        others = [other for other in may_be_best if other != name]
        lower = max(0.0, min((low[name][other] for other in others), default=0.0))
        upper = max(0.0, max((high[name][other] for other in others), default=0.0))
        is_behind = name not in may_be_best
        ends[name] = Ends(lower if is_behind else 0.0, upper, is_behind)
    return ends


def _gain(
    best: str,
    name: str,
    found: Estimate,
    ends: Ends,
    min_gain: float,
    alpha: float,
    most: float,
) -> Gain:
    """The comparison of a rung with the one of lowest mean loss."""
    gap = min(found.half_width(alpha), most)
    outcome = outcome_of(ends.is_behind, ends.upper, min_gain)
    return Gain(best, name, found.mean, ends.lower, ends.upper, gap, found.n_repeats, outcome)

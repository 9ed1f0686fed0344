"""All rungs in turn: each gets an equal share of what is left, and what one leaves the others have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from deepen.model_selection.attempt import Attempt
from deepen.model_selection.climb import LEAST_REPEATS, Climber
from deepen.model_selection.comparable import comparable
from deepen.model_selection.cost import CostModel
from deepen.model_selection.intervals import RowLosses
from deepen.model_selection.results import RungResult
from deepen.model_selection.rungs import Rung
from deepen.model_selection.sentence import provisional
from deepen.model_selection.verdict import Verdict, decide

# Parts of the budget that rungs do not get: what follows the verdict, more where a column is suspect.
AFTER_SHARE, AFTER_SHARE_WITH_LEAKS = 0.15, 0.4
# A model of all rows costs this many times one of the training rows, with encoding and saving.
REFIT_FACTOR, REFIT_FIXED = 2.0, 0.5
MOST_FOR_REFIT = 0.3  # of the budget, in the plan
# What tracing anew and JAX's cache take of the time that a rung's programs took, once they were forgotten.
AGAIN = 0.25
# More than a rung needs to be compared, since repeats differ and none may be cut short.
ROOM_TO_COMPARE = 1.5
# The provisional answer comes within the first minute, whatever is still running.
PROVISIONAL_AFTER = 45.0


@dataclass
class Ascent:
    """The rungs of one climb while they run.

    Parameters
    ----------
    climber : Climber
    rungs : sequence of Rung
        In the order of their cost.
    min_gain : float
    after_share : float
        Part of the budget kept for what follows the verdict.
    """

    climber: Climber
    rungs: Sequence[Rung]
    min_gain: float
    after_share: float = AFTER_SHARE
    attempts: dict[str, Attempt] = field(default_factory=dict)
    is_interrupted: bool = False
    _n_told: int = 0  # rungs that the last provisional answer compared

    def __post_init__(self) -> None:
        task = self.climber.data.task
        for rung in self.rungs:
            result = RungResult(rung.name, rung.title_for(task), rung.role)
            self.attempts[rung.name] = Attempt(rung, result)

    def run(self) -> None:
        """Run every rung, those of the provisional answer first.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C before any rung but the baseline has two repeats.
        """
        climber, clock = self.climber, self.climber.clock
        order = sorted(self.rungs, key=lambda rung: rung.turn)
        climber.between_trainings = self._maybe_tell
        climber.seconds_to_refit = self.seconds_to_refit
        try:
            self._pass(order)
            # What is left over makes rungs comparable, the cheapest first; then all that lack repeats
            # share the rest.
            if clock.budget is not None:
                lacking = [r for r in order if not self.attempts[r.name].result.is_compared]
                for rung in sorted(lacking, key=self._seconds_to_compare):
                    if self._needs_more(rung):
                        self._pass([rung], ROOM_TO_COMPARE * self._seconds_to_compare(rung))
                self._pass([r for r in order if self._needs_more(r)])
        except KeyboardInterrupt:
            if not any(attempt.result.is_compared for attempt in self.attempts.values()):
                raise
            self.is_interrupted = True
        climber.position = {}

    def _pass(self, order: Sequence[Rung], most: float = np.inf) -> None:
        """Each rung in turn, with an equal share of the time left for rungs, `most` seconds at most."""
        climber = self.climber
        n_left = sum(rung.role != "baseline" for rung in order)
        for number, rung in enumerate(order):
            attempt = self.attempts[rung.name]
            climber.position = {"rung_number": number + 1, "n_rungs": len(order)}
            share = min(most, (climber.clock.left - self.reserve(attempt)) / max(1, n_left))
            n_left -= rung.role != "baseline"
            if share <= 0:
                # Finished repeats of an earlier sitting count, though no time is left for more.
                climber.take_known(attempt)
                attempt.result.reason = attempt.result.reason or "the time budget was spent"
                continue
            climber.run(attempt, share)
            # Told of one rung, the next one that has an interval is worth telling too.
            self._maybe_tell(is_end=rung.name == "boosting" or self._n_told == 1)

    def _needs_more(self, rung: Rung) -> bool:
        """Whether a rung lacks repeats, and is thought to get through another one, or to an interval."""
        climber, attempt = self.climber, self.attempts[rung.name]
        if attempt.result.is_failed or len(attempt.outcomes) == len(climber.data.splits):
            return False
        needed = self._seconds_to_compare(rung) or max(attempt.seconds)
        return needed <= climber.clock.left - self.reserve(attempt)

    def _seconds_to_compare(self, rung: Rung) -> float:
        """What the repeats still take without which a rung is not compared."""
        attempt = self.attempts[rung.name]
        n_left = max(0, LEAST_REPEATS - len(attempt.outcomes))
        if n_left == 0:
            return 0.0
        if attempt.outcomes:
            return n_left * max(attempt.seconds) + AGAIN * attempt.compiling
        return self.climber.cost.rung_seconds(rung, 1, n_left)

    def reserve(self, runs: Attempt | None = None) -> float:
        """Seconds kept for the model of all rows and for what follows the verdict."""
        clock = self.climber.clock
        if clock.budget is None:
            return 0.0
        return self.seconds_to_refit(runs) + self.after_share * clock.budget

    def seconds_to_refit(self, runs: Attempt | None = None) -> float:
        """What a model of all rows takes at the most.

        Only what is compared can be chosen, and what `runs`, from what has been seen of it.
        """
        ready = [a for a in self.attempts.values() if a.result.is_compared or a is runs]
        fits = [
            REFIT_FACTOR
            * float(np.mean([o.fit_seconds + o.pretraining_seconds for o in attempt.outcomes]))
            + attempt.compiling
            for attempt in ready
            if attempt.outcomes
        ]
        return REFIT_FIXED + max(fits, default=0.0)

    def results(self) -> list[RungResult]:
        """One per rung, cheapest first."""
        return [attempt.result for attempt in self.attempts.values()]

    def compared(self) -> dict[str, RungResult]:
        """The rungs that take part in the verdict."""
        finished = [result.name for result in self.results() if result.is_compared]
        names = comparable(self._losses(finished), self.climber.data.judging)
        return {name: self.attempts[name].result for name in names}

    def lacking(self, compared: Mapping[str, RungResult]) -> list[RungResult]:
        """The rungs beside those `compared`: of too few repeats for the verdict, or failed."""
        return [r for r in self.results() if r.name not in compared and r.role != "baseline"]

    @property
    def n_finished(self) -> int:
        """Rungs that could take part in the verdict, but for their scatter."""
        return sum(result.is_compared for result in self.results())

    def verdict(self, names: Iterable[str], n_rungs: int = 0) -> Verdict:
        """Verdict over the rungs called `names`, of `n_rungs` that were tried or will be."""
        data, losses = self.climber.data, self._losses(names)
        return decide(losses, data.judging, self.min_gain, most=data.metric.most, n_rungs=n_rungs)

    def _losses(self, names: Iterable[str]) -> dict[str, list[RowLosses]]:
        return {name: [o.losses for o in self.attempts[name].outcomes] for name in names}

    def beats_baseline(self, name: str) -> bool:
        """Whether a rung surely errs less than the one that looks at no column, pair by pair."""
        base = reference_baseline(self.attempts)
        if base is None or not base.is_finished:
            return True
        found = self.verdict([base.name, name])
        return found.best == name and found.behind(base.name).outcome == "pays"

    def _maybe_tell(self, *, is_end: bool = False) -> None:
        """The provisional answer when the first minute is nearly over, or boosting has ended.

        If that minute had a single rung to tell of, it is told again, once there is another beside it.
        """
        climber = self.climber
        n_compared = sum(rung.role != "baseline" for rung in self.rungs)
        if self._n_told > 1 or n_compared < 3:
            return
        if not is_end and (self._n_told or climber.clock.elapsed < PROVISIONAL_AFTER):
            return
        seen: dict[str, RungResult] = {}
        for name, attempt in self.attempts.items():
            climber.summarise(attempt)
            if (
                attempt.result.role != "baseline"
                and attempt.outcomes
                and not attempt.result.is_failed
            ):
                seen[name] = attempt.result
        ready = list(self.compared())
        if len(ready) > self._n_told:
            self._n_told = len(ready)
            text = provisional(self.verdict(ready, n_compared), seen, climber.data.metric)
            climber.tell("provisional", text)


def reference_baseline(attempts: Mapping[str, Attempt]) -> RungResult | None:
    """Result of the rung that looks at no column, where it ran."""
    return next((a.result for a in attempts.values() if a.result.role == "baseline"), None)


def first_plan_budget(cost: CostModel, rungs: Sequence[Rung], left: float, share: float) -> float:
    """Seconds that the rungs will have together, for the plan."""
    if np.isinf(left):
        return left
    longest = max(cost.fit_seconds(r, cost.n_rows) + cost.pretraining_seconds(r) for r in rungs)
    refit = REFIT_FIXED + REFIT_FACTOR * longest
    return max(0.0, left * (1 - share) - min(refit, MOST_FOR_REFIT * left))

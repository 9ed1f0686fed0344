"""One rung over all repeats: tune on tuning rows, judge on verdict rows, mind the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from deepen.model_selection import training
from deepen.model_selection.attempt import Attempt, from_the_first, outcome_of
from deepen.model_selection.clock import Clock, Stopwatch, now
from deepen.model_selection.cost import CostModel
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.figures import show_result
from deepen.model_selection.metrics import measures
from deepen.model_selection.plan import affordable, duration
from deepen.model_selection.results import LadderEvent, RungResult
from deepen.model_selection.rungs import candidates
from deepen.model_selection.store import RunStore
from deepen.model_selection.training import Fitted
from deepen.model_selection.tuning import first_known, tune, work_of

# A training of the first setting corrects the plan, where it takes less than this part of what is left.
WORTH_TRYING = 0.2
# A rung is given up in the middle of a repeat only by its own deadline; with less than this part of
# a repeat's time left, none is begun.
ROOM_FOR_A_REPEAT = 0.95
# Layers half trained are of no use: a repeat that is begun may take this part of the share longer.
GRACE = 0.5
LEAST_REPEATS = 2  # for an interval
MARGIN = 1.1  # repeats differ by some rows, and the machine's load varies

Progress = Callable[[LadderEvent], Any]


def fits(n_done: int, expected: float, deadline: float) -> bool:
    """Whether another repeat is thought to end in time, and as many as an interval takes."""
    return now() + MARGIN * max(1, LEAST_REPEATS - n_done) * expected <= deadline


class Climber:
    """Runs rungs; tells `progress` what happens; keeps finished repeats in `store`."""

    def __init__(
        self,
        data: Data,
        clock: Clock,
        cost: CostModel,
        trials: int | None,
        progress: Progress | None,
        store: RunStore | None,
    ) -> None:
        self.data = data
        self.clock = clock
        self.cost = cost
        self.trials = trials
        self.progress = progress
        self.store = store
        self.position: dict[str, Any] = {}
        self.planned: dict[str, int] = {}
        self.between_trainings: Callable[[], None] = lambda: None
        self.seconds_to_refit: Callable[[Attempt], float] = lambda attempt: 0.0

    def tell(self, kind: Any, rung: str, **facts: Any) -> None:
        """Send an event to the user's callable, if there is one."""
        if self.progress is not None:
            self.progress(LadderEvent(kind, rung, self.clock.elapsed, **self.position, **facts))

    def run(self, attempt: Attempt, share: float) -> None:
        """All repeats of a rung that fit into `share` seconds; the result grows in `attempt`."""
        data, rung, result = self.data, attempt.rung, attempt.result
        n_repeats = len(data.splits)
        self.take_known(attempt)
        result.reason = ""
        self.tell("rung", result.title, n_repeats=n_repeats, role=result.role,
                  seconds_left=min(self._estimate(attempt), share))  # fmt: skip
        # What the listener does first, such as loading a compiler, is not this rung's time; the
        # baseline costs nothing.
        is_free = np.isinf(share) or rung.role == "baseline"
        deadline = None if is_free else now() + share
        attempt.ends = self._end_of(attempt, deadline, share)
        if reason := self._too_long(attempt, share):
            result.reason = reason
            self.tell("rung finished", result.title, result=result)
            return
        n_settings = self._n_candidates(attempt, deadline)
        settings = candidates(rung, data.task, n_settings, data.seed)
        try:
            for repeat in range(len(attempt.outcomes), n_repeats):
                attempt.ends = self._end_of(attempt, deadline, share)
                has_time = self._has_time(attempt, len(settings), deadline)
                if not has_time or not self._repeat(attempt, repeat, settings, deadline):
                    if not result.is_failed:
                        result.reason = (
                            "then another would not have fitted into its share of the time"
                            if attempt.outcomes
                            else "its share of the time was used up"
                        )
                    break
                if deadline is not None and repeat == 0:
                    settings = self._fewer(settings, attempt, deadline)
        finally:
            self.summarise(attempt)
        if attempt.outcomes:
            self.cost.learn(rung, result.fit_seconds)
            self.cost.learn_pretraining(rung, attempt.outcomes[-1].pretraining_seconds)
        metric = data.metric
        text = f"{metric.title} {show_result(result, metric)}" if result.scores else ""
        self.tell("rung finished", result.title, n_repeats=len(result.scores), score=result.mean,
                  result=result, text=text)  # fmt: skip

    def _end_of(self, attempt: Attempt, deadline: float | None, share: float) -> float | None:
        """When a training is cut; layers may take longer, but not the time of a model of all rows."""
        if deadline is None or not attempt.rung.pretraining:
            return deadline
        last = now() + self.clock.left - self.seconds_to_refit(attempt)
        return max(deadline, min(deadline + GRACE * share, last))

    def _too_long(self, attempt: Attempt, share: float) -> str:
        """Why a rung is not begun: layers half trained would speak ill of pre-training."""
        if not attempt.rung.pretraining or attempt.outcomes or np.isinf(share):
            return ""
        needed = self.cost.rung_seconds(attempt.rung, 1, LEAST_REPEATS)
        if attempt.ends is None or now() + needed <= attempt.ends:
            return ""
        return (
            f"two repeats would take about {duration(needed)}, "
            f"its share of the time is {duration(share)}"
        )

    def take_known(self, attempt: Attempt) -> None:
        """Repeats that an earlier sitting has finished."""
        if not attempt.outcomes and self.store is not None:
            kept = self.store.load(attempt.rung.name)
            attempt.outcomes = from_the_first(kept, len(self.data.splits))
            attempt.n_kept = len(attempt.outcomes)
        self.summarise(attempt)

    def _estimate(self, attempt: Attempt) -> float:
        """Seconds that the rest of a rung is thought to take, as tuned before or as planned."""
        n_left = len(self.data.splits) - len(attempt.outcomes)
        if attempt.outcomes:
            return n_left * float(np.mean(attempt.seconds))
        n = self.trials or self.planned.get(attempt.rung.name, 1)
        return self.cost.rung_seconds(attempt.rung, n, n_left)

    def _has_time(self, attempt: Attempt, n_settings: int, deadline: float | None) -> bool:
        """Whether another repeat is thought to end before the deadline."""
        # The cheapest answer comes late or not: without an interval there is none.
        least = LEAST_REPEATS if attempt.rung.kind == "plain" else 1
        if deadline is None or len(attempt.outcomes) < least:
            return True
        last = attempt.outcomes[-1]
        expected = last.fit_seconds * work_of(n_settings) + last.pretraining_seconds
        if len(attempt.outcomes) == attempt.n_kept:
            expected += attempt.compiling
        # If it is the best in the end, it is trained once more, on all rows.
        is_useless = attempt.rung.pretraining and len(attempt.outcomes) < LEAST_REPEATS
        end = deadline if attempt.ends is None or not is_useless else attempt.ends
        left = min(end - now(), self.clock.left - self.seconds_to_refit(attempt))
        return ROOM_FOR_A_REPEAT * expected <= left

    def _n_candidates(self, attempt: Attempt, deadline: float | None) -> int:
        """As many settings as before, as asked for, or as fit before the deadline."""
        if attempt.outcomes:
            return len(attempt.outcomes[-1].trials)
        if self.trials is not None or deadline is None:
            return self.trials or 1
        self._try_out(attempt, deadline)
        one = self.cost.fit_seconds(attempt.rung, len(self.data.splits[0].training))
        before = self.cost.pretraining_seconds(attempt.rung)
        return affordable(one, len(self.data.splits), deadline - now(), before)

    def _try_out(self, attempt: Attempt, deadline: float) -> None:
        """Correct the estimate by a training of the first setting, which its repeat need not do again."""
        rung, data = attempt.rung, self.data
        [first], title = candidates(rung, data.task, 1, data.seed), attempt.result.title
        one = self.cost.fit_seconds(rung, len(data.y)) + self.cost.pretraining_seconds(rung)
        if not rung.space or now() + one / WORTH_TRYING > deadline:
            return
        self.between_trainings()
        self.tell("candidate", title, repeat=1, n_repeats=len(data.splits), candidate=1,
                  n_candidates=max(1, self.planned.get(rung.name, 1)))  # fmt: skip
        watch, start, arrays = Stopwatch(), now(), data.arrays(0, rung.form)
        seed = seed_of(data.seed, 0, 1)
        fitted = training.fit_candidate(rung, first, arrays, data, seed=seed, deadline=attempt.ends)
        attempt.compiling_tried = watch.compiling
        if fitted.is_cut:
            return  # its seconds are the deadline's, and it would speak ill of the rung
        attempt.tried, attempt.trying = fitted, now() - start
        self.cost.learn(rung, [fitted.seconds])
        self.cost.learn_pretraining(rung, fitted.pretraining_seconds)

    def _fewer(
        self, settings: list[dict[str, Any]], attempt: Attempt, deadline: float
    ) -> list[dict[str, Any]]:
        """Half the settings, again and again, while the first repeat was too slow for the rest."""
        first = attempt.outcomes[0]
        n, left = len(first.trials), deadline - now()
        n_left, before = len(self.data.splits) - 1, first.pretraining_seconds
        one = n_left * (attempt.seconds[0] - before) / work_of(n)
        while n > 1 and one * work_of(n) + n_left * before > left:
            n //= 2
        return settings[:n]

    def _repeat(
        self,
        attempt: Attempt,
        repeat: int,
        settings: list[dict[str, Any]],
        deadline: float | None,
    ) -> bool:
        """One repeat: tune, then the best on the verdict rows; whether it came to an end."""
        data, rung, result, start = self.data, attempt.rung, attempt.result, now()
        watch, n_repeats = Stopwatch(), len(data.splits)
        is_blind = rung.role == "baseline"
        arrays = data.blind_arrays(repeat) if is_blind else data.arrays(repeat, rung.form)

        def fit(params: dict[str, Any], part: Arrays, number: int) -> Fitted:
            self.between_trainings()
            self.tell("candidate", result.title, repeat=repeat + 1, n_repeats=n_repeats,
                      candidate=number, n_candidates=len(settings))  # fmt: skip
            seed = seed_of(data.seed, repeat, number)
            return training.fit_candidate(
                rung, params, part, data, seed=seed, deadline=attempt.ends
            )

        rng = np.random.default_rng([data.seed, repeat])
        limit = None
        if deadline is not None and repeat == 0:
            left, n, before = deadline - now(), len(settings), self.cost.pretraining_seconds(rung)
            limit = lambda seconds: min(n, affordable(seconds, n_repeats, left, before))  # noqa: E731
        n_rows, tried = len(arrays.training[0]), attempt.tried if repeat == 0 else None
        first = fit if tried is None else first_known(fit, n_rows, tried)
        tuned = tune(settings, arrays, data, first, rng, limit)
        if tuned.fitted is None:
            _fail(result, f"failed in repeat {repeat + 1}, with every setting: {tuned.failure}")
            return False
        outcome = outcome_of(tuned.fitted, arrays, data, repeat)
        if not np.isfinite(outcome.score):
            _fail(result, f"failed in repeat {repeat + 1}: its loss is {outcome.score}")
            return False
        is_late = deadline is not None and now() > deadline
        is_cut = is_late and (outcome.is_cut or not rung.is_network)
        if is_cut and (repeat >= LEAST_REPEATS or rung.pretraining):
            return False  # its training was cut short: it would speak ill of the rung
        outcome.params, outcome.trials = tuned.params, tuned.trials
        outcome.seconds, outcome.compiling = now() - start, watch.compiling
        if repeat == 0:
            outcome.seconds += attempt.trying
            outcome.compiling += attempt.compiling_tried
            attempt.tried = None
        if repeat == attempt.n_kept:
            self.cost.learn_compiling(rung, len(outcome.trials), outcome.compiling)
        attempt.outcomes.append(outcome)
        if self.store is not None and not outcome.is_cut:  # with more time it is done anew
            self.store.save(rung.name, outcome, self.clock.total)
        left = float(np.mean(attempt.seconds)) * (n_repeats - repeat - 1)
        self.tell("repeat", result.title, repeat=repeat + 1, n_repeats=n_repeats,
                  score=outcome.score, seconds_left=left)  # fmt: skip
        self.between_trainings()
        return True

    def summarise(self, attempt: Attempt) -> None:
        """Bring the result up to the finished repeats."""
        data, result = self.data, attempt.result
        result.summarise(attempt.outcomes, data.judging, data.metric)
        if attempt.outcomes and not result.is_failed:
            y = data.codes(data.y)[np.concatenate([o.losses.rows for o in attempt.outcomes])]
            output = np.concatenate([o.output for o in attempt.outcomes])
            result.measures = measures(data.task, y, output)


def seed_of(seed: int, repeat: int, number: int) -> int:
    """Seed of one training: another in every repeat, so that the interval holds its noise."""
    return int(np.random.SeedSequence([seed, repeat, number]).generate_state(1)[0] >> 1)


def _fail(result: RungResult, reason: str) -> None:
    result.is_failed, result.reason = True, reason

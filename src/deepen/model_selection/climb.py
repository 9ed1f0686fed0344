"""One rung over all repeats: tune on validation rows, judge on test rows, mind the clock."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.intervals import corrected_interval
from deepen.model_selection.metrics import Metric, Task, r2
from deepen.model_selection.results import LadderEvent, RungResult
from deepen.model_selection.rungs import NETWORKS, Rung, candidates
from deepen.model_selection.splits import Split
from deepen.model_selection.training import Arrays, FittedCandidate, fit_candidate

DEFAULT_CANDIDATES = 4
# Without --trials no rung is tuned for longer than this many seconds, or a quarter of its share.
ENOUGH_TUNING = 30.0
# Encoded repeats are kept for the next rung while they fit in this much memory, in bytes.
KEEP_ENCODED = 512 * 2**20

Progress = Callable[[LadderEvent], Any]


@dataclass
class Data:
    """The labelled rows and how they are split, the same for every rung."""

    X: Any
    y: NDArray[Any]
    task: Task
    metric: Metric
    splits: Sequence[Split]
    ratio: float
    floor: float
    seed: int
    kinds: dict[str, str] | None = None
    _encoded: dict[int, Arrays] = field(default_factory=dict)

    def arrays(self, repeat: int) -> Arrays:
        """Encoded parts of one repeat; the encoder has seen the training rows only."""
        if repeat in self._encoded:
            return self._encoded[repeat]
        split = self.splits[repeat]
        encoder = new_encoder(self.kinds)
        X_train = encoder.fit_transform(rows(self.X, split.train))
        arrays = Arrays(
            encoder,
            X_train,
            encoder.transform(rows(self.X, split.validation)),
            encoder.transform(rows(self.X, split.test)),
            self.y[split.train],
            self.y[split.validation],
            self.y[split.test],
        )
        size = arrays.X_train.nbytes + arrays.X_validation.nbytes + arrays.X_test.nbytes
        if size * len(self.splits) <= KEEP_ENCODED:
            self._encoded[repeat] = arrays
        return arrays


class Clock:
    """Seconds since the start, and what is left of a budget that may be endless."""

    def __init__(self, budget: float | None) -> None:
        self.start = time.monotonic()
        self.budget = budget

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    @property
    def left(self) -> float:
        """Seconds left; infinite without a budget, never below zero."""
        return float("inf") if self.budget is None else max(0.0, self.budget - self.elapsed)


def new_encoder(kinds: dict[str, str] | None) -> Any:
    """The encoder that stands before every model; a column has one kind in all repeats."""
    from deepen.datasets import TableEncoder

    return TableEncoder(types=kinds)


def kinds_of(X: Any) -> dict[str, str] | None:
    """Kind of each column of a DataFrame, found without looking at the target."""
    from deepen.datasets import infer_columns

    return (
        {column.name: column.kind for column in infer_columns(X)} if hasattr(X, "columns") else None
    )


def rows(X: Any, index: NDArray[np.int64]) -> Any:
    """Rows of a DataFrame or an array."""
    return X.iloc[index] if hasattr(X, "iloc") else X[index]


@dataclass
class Attempt:
    """One rung while it runs."""

    result: RungResult
    validation_losses: list[list[float]] = field(default_factory=list)  # by repeat, then candidate
    epochs: list[list[int]] = field(default_factory=list)
    details: list[float] = field(default_factory=list)
    predictions: list[NDArray[Any]] = field(default_factory=list)


class Climber:
    """Runs rungs; tells `progress` what happens."""

    def __init__(
        self, data: Data, clock: Clock, trials: int | None, progress: Progress | None
    ) -> None:
        self.data = data
        self.clock = clock
        self.trials = trials
        self.progress = progress
        self.position: dict[str, Any] = {}

    def tell(self, kind: Any, rung: str, **facts: Any) -> None:
        """Send an event to the user's callable, if there is one."""
        if self.progress is not None:
            self.progress(LadderEvent(kind, rung, self.clock.elapsed, **self.position, **facts))

    def run(self, rung: Rung, share: float, attempt: Attempt) -> None:
        """All repeats of a rung that fit into `share` seconds; the result grows in `attempt`."""
        data, result = self.data, attempt.result
        start = time.monotonic()
        deadline = None if np.isinf(share) else start + share
        settings = candidates(rung, data.task, self.trials or DEFAULT_CANDIDATES, data.seed)
        self.tell("rung", result.title, n_repeats=len(data.splits), n_candidates=len(settings))
        try:
            for repeat in range(len(data.splits)):
                used = time.monotonic() - start
                if deadline is not None and repeat and used * (repeat + 1) / repeat > share:
                    result.reason = f"its share of the time budget ended after {repeat} repeats"
                    break
                settings = self._repeat(rung, repeat, settings, deadline, attempt)
        finally:
            result.seconds = time.monotonic() - start
            summarise(attempt, settings, data)
        self.tell(
            "rung finished",
            result.title,
            n_repeats=len(result.scores),
            score=result.mean,
            result=result,
        )

    def _repeat(
        self,
        rung: Rung,
        repeat: int,
        settings: list[dict[str, Any]],
        deadline: float | None,
        attempt: Attempt,
    ) -> list[dict[str, Any]]:
        """One repeat: tune, then the best on the test rows. Returns the settings in use."""
        data, result = self.data, attempt.result
        arrays = data.arrays(repeat)
        n_repeats = len(data.splits)
        fitted: list[FittedCandidate] = []
        for number, params in enumerate(settings, start=1):
            if number > len(settings):
                break
            self.tell("candidate", result.title, repeat=repeat + 1, n_repeats=n_repeats,
                      candidate=number, n_candidates=len(settings))  # fmt: skip
            seed = int(
                np.random.SeedSequence([data.seed, repeat, number]).generate_state(1)[0] >> 1
            )
            fitted.append(self._fit(rung, params, arrays, seed, deadline))
            if repeat == 0 and number == 1 and deadline is not None:
                per_candidate = max(fitted[0].seconds, 1e-3) * n_repeats
                left = deadline - time.monotonic()
                n_fitting = int(min(left, max(ENOUGH_TUNING, left / 4)) / per_candidate)
                del settings[max(1, n_fitting) :]
        losses = [candidate.validation_loss for candidate in fitted]
        chosen = fitted[int(np.argmin(losses))]
        predicted = chosen.model.predict(arrays.X_test)
        attempt.validation_losses.append(losses)
        attempt.epochs.append([candidate.n_epochs for candidate in fitted])
        attempt.predictions.append(predicted)
        if data.task == "regression":
            attempt.details.append(r2(arrays.y_test, predicted))
        result.fit_seconds.append(chosen.seconds)
        result.learning_curves.append(chosen.history)
        result.n_candidates = len(settings)
        # Last, so that an interrupt never leaves a score without the rest of its repeat.
        result.scores.append(data.metric(arrays.y_test, predicted))
        self.tell(
            "repeat", result.title, repeat=repeat + 1, n_repeats=n_repeats, score=result.scores[-1]
        )
        return settings

    def _fit(
        self, rung: Rung, params: dict[str, Any], arrays: Arrays, seed: int, deadline: float | None
    ) -> FittedCandidate:
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            # A candidate that has not converged is judged as it is, on the validation rows.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network_deadline = deadline if rung.name in NETWORKS else None
            return fit_candidate(
                rung,
                self.data.task,
                params,
                arrays,
                self.data.metric,
                seed=seed,
                deadline=network_deadline,
            )


def summarise(attempt: Attempt, settings: Sequence[dict[str, Any]], data: Data) -> None:
    """Mean, interval, and the setting with the lowest mean validation loss over the repeats."""
    result = attempt.result
    n_done = len(result.scores)
    if not n_done:
        return
    result.mean = float(np.mean(result.scores))
    losses = np.asarray(attempt.validation_losses[:n_done], dtype=np.float64)
    best = int(np.argmin(losses.mean(axis=0)))
    result.params = dict(settings[best])
    result.n_epochs = int(np.median([epochs[best] for epochs in attempt.epochs[:n_done]]))
    if attempt.details:
        result.details["r2"] = float(np.mean(attempt.details[:n_done]))
    if n_done >= 2:
        low, high = corrected_interval(result.scores, data.ratio, variance_floor=data.floor)
        upper_limit = 1.0 if data.metric.is_rate else float("inf")
        result.interval = (max(0.0, low), min(upper_limit, high))

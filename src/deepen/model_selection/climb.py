"""One rung over all repeats: tune on validation rows, judge on test rows, mind the clock."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.intervals import corrected_interval
from deepen.model_selection.metrics import Metric, Task, r2
from deepen.model_selection.results import LadderEvent, RungResult
from deepen.model_selection.rungs import NETWORKS, Rung, candidates
from deepen.model_selection.splits import Split
from deepen.model_selection.training import (
    Arrays,
    FittedCandidate,
    divergence_of,
    fit_candidate,
    refit,
)

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
    columns: Sequence[Any] = ()  # as the first look at the whole table found them
    _encoded: dict[int, Arrays] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, str] | None:
        """Kind of each column of a DataFrame."""
        return {column.name: column.kind for column in self.columns} or None

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


def columns_of(X: Any) -> list[Any]:
    """What each column of a DataFrame is, found without looking at the target; none of an array."""
    from deepen.datasets import infer_columns

    return infer_columns(X) if hasattr(X, "columns") else []


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
                # What overflows ends in a loss that is not finite, which is seen to.
                with np.errstate(over="ignore", invalid="ignore"):
                    settings = self._repeat(rung, repeat, settings, deadline, attempt)
                if result.is_failed:
                    break
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
        if not np.isfinite(losses).any():
            why = next((c.failure for c in fitted if c.failure), "no loss is finite")
            _fail(result, f"failed in repeat {repeat + 1}, with every setting: {why}")
            return settings
        chosen = fitted[int(np.argmin(losses))]
        predicted = chosen.model.predict(arrays.X_test)
        score = data.metric(arrays.y_test, predicted)
        if not np.isfinite(score):
            _fail(result, f"failed in repeat {repeat + 1}: its loss on the test rows is {score}")
            return settings
        attempt.validation_losses.append(losses)
        attempt.epochs.append([candidate.n_epochs for candidate in fitted])
        attempt.predictions.append(predicted)
        if data.task == "regression":
            attempt.details.append(r2(arrays.y_test, predicted))
        result.fit_seconds.append(chosen.seconds)
        result.learning_curves.append(chosen.history)
        result.n_candidates = len(settings)
        # Last, so that an interrupt never leaves a score without the rest of its repeat.
        result.scores.append(score)
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
            start = time.monotonic()
            try:
                return fit_candidate(
                    rung,
                    self.data.task,
                    params,
                    arrays,
                    self.data.metric,
                    seed=seed,
                    deadline=network_deadline,
                )
            except ValueError as error:
                if not (failure := divergence_of(error)):
                    raise
                seconds = time.monotonic() - start
                return FittedCandidate(None, float("inf"), seconds, 0, {}, failure)


def _fail(result: RungResult, reason: str) -> None:
    result.is_failed, result.reason = True, reason


def summarise(attempt: Attempt, settings: Sequence[dict[str, Any]], data: Data) -> None:
    """Mean, interval, and the setting with the lowest mean validation loss over the repeats."""
    result = attempt.result
    n_done = len(result.scores)
    if not n_done:
        return
    result.mean = float(np.mean(result.scores))
    losses = np.asarray(attempt.validation_losses[:n_done], dtype=np.float64)
    # Where each setting diverged somewhere, the one that did so least often is taken.
    n_diverged = np.isinf(losses).sum(axis=0)
    means = np.where(np.isinf(losses), 0.0, losses).sum(axis=0) / np.maximum(n_done - n_diverged, 1)
    best = int(np.lexsort((means, n_diverged))[0])
    result.params = dict(settings[best])
    result.n_epochs = int(np.median([epochs[best] for epochs in attempt.epochs[:n_done]]))
    if attempt.details:
        result.details["r2"] = float(np.mean(attempt.details[:n_done]))
    if n_done >= 2:
        low, high = corrected_interval(result.scores, data.ratio, variance_floor=data.floor)
        upper_limit = 1.0 if data.metric.is_rate else float("inf")
        result.interval = (max(0.0, low), min(upper_limit, high))


def refit_on_all(rung: Rung, result: RungResult, data: Data) -> tuple[Any, list[Any]]:
    """Encoder and model fitted on all labelled rows, and what became of each column."""
    from sklearn.pipeline import Pipeline

    encoder = new_encoder(data.kinds)
    X, n_epochs = encoder.fit_transform(data.X), result.n_epochs
    model = refit(rung, data.task, result.params, X, data.y, seed=data.seed, n_epochs=n_epochs)
    # The encoder was told each kind; why it is that kind, the first look at the table knows.
    reasons = {column.name: column.reason for column in data.columns}
    columns = [replace(c, reason=reasons.get(c.name, c.reason)) for c in encoder.columns_]
    return Pipeline([("table", encoder), ("model", model)]), columns

"""The stochastic stepper's host side: schedule, stopping, callbacks and checkpoints around the program.

The compiled program (:mod:`deepen.engine.epoch`) does the arithmetic; the host hands it the order of the
rows and the learning rate, reads the epoch's loss, and decides whether to go on.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from deepen.engine.batches import Batches
from deepen.engine.callbacks import Event
from deepen.engine.devices import to_numpy, traced_numbers
from deepen.engine.epoch import (
    Carry,
    Clock,
    Outcome,
    Problem,
    Totals,
    Watch,
    run_epochs,
    stationarity,
)
from deepen.engine.optimizers import SGD, look_ahead, solution
from deepen.engine.penalties import Penalty
from deepen.engine.schedules import Adaptive, as_schedule
from deepen.engine.stopping import (
    BY_CALLBACK,
    BY_USER,
    Progress,
    adapted_rate,
    check_finite,
    stalled,
)
from deepen.engine.transposes import stored, written

if TYPE_CHECKING:
    from deepen.engine.minimize import Run


def run(
    objective: Any,
    params: Any,
    batches: Batches,
    optimizer: Any,
    settings: Run,
    *,
    states: tuple[Any, Any],
    progress: Progress | None,
) -> tuple[tuple[Any, Any, Any], Progress, bool]:
    """Kept parameters and states, progress, and whether a stopping rule ended the run."""
    loop = _Loop(objective, params, batches, optimizer, settings, states, progress)
    if settings.checkpoint is not None:
        loop.resume()
    loop.judge_start()
    try:
        while not loop.progress.stop_reason and loop.progress.n_iter < settings.stopping.max_iter:
            loop.advance()
    except KeyboardInterrupt:  # as in scikit-learn: what has been learnt so far is kept
        loop.progress.stop_reason = BY_USER
        warnings.warn(BY_USER, UserWarning, stacklevel=4)
    converged = bool(loop.progress.stop_reason)
    if not converged:
        loop.progress.stop_reason = f"Maximum iterations ({settings.stopping.max_iter}) reached."
    kept = loop.best if settings.validate is not None else loop.solution
    carry = loop.carry_as_written
    return (kept, carry.optimizer_state, carry.objective_state), loop.progress, converged


class _Loop:
    """What the host keeps between two calls of the program."""

    def __init__(
        self,
        objective: Any,
        params: Any,
        batches: Batches,
        optimizer: Any,
        settings: Run,
        states: tuple[Any, Any],
        progress: Progress | None,
    ) -> None:
        _refuse_unsound(optimizer, settings.penalty)
        self.dtype = jax.tree.leaves(params)[0].dtype
        self.schedule = as_schedule(optimizer.learning_rate)
        # The rate travels in the clock; left in the optimiser it would be traced for nothing.
        optimizer = dataclasses.replace(optimizer, learning_rate=0.0)
        problem = Problem(objective, optimizer, settings.penalty)
        self.problem = jax.device_put(traced_numbers(problem, self.dtype))
        state = states[0]
        if state is None:
            state = optimizer.init(params, has_l1=settings.penalty.l1 is not None)
        self._keep(Carry(look_ahead(optimizer, params, state), state, states[1]))
        self.best: Any = params
        self.batches, self.settings = batches, settings
        self.progress = progress or Progress(best=np.inf if settings.validate is None else -np.inf)
        self.is_random = bool(getattr(objective, "is_random", True))
        self.rng_start = batches.rng.get_state(legacy=True)
        self.totals = self._zero_totals()

    def _keep(self, carry: Carry) -> None:
        params, optimizer_state = stored((carry.params, carry.optimizer_state))
        self.carry = Carry(params, optimizer_state, carry.objective_state)

    @property
    def carry_as_written(self) -> Carry:
        return written(self.carry, on_host=True)

    @property
    def solution(self) -> Any:
        kept = solution(self.carry.params, self.carry.optimizer_state)
        return written(kept, on_host=True)

    @property
    def n_at_once(self) -> int:
        """Epochs that the program may run before the host has to look."""
        settings, stopping = self.settings, self.settings.stopping
        host_looks = settings.validate or settings.callbacks or settings.checkpoint
        if host_looks or stopping.gradient_tol is not None or isinstance(self.schedule, Adaptive):
            return 1
        return min(self.batches.epochs_at_once, stopping.max_iter - self.progress.n_iter)

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        assert self.settings.checkpoint is not None
        like = (self.carry_as_written, self.best)
        found = self.settings.checkpoint.load(like, self.settings.identity)
        if found is None:
            return
        (carry, self.best), self.progress, self.rng_start = found
        self._keep(carry)
        self.batches.rng.set_state(self.rng_start)
        self.batches.skip_epochs(self.progress.n_iter)
        if self.progress.stop_reason == BY_CALLBACK:
            self.progress.stop_reason = ""  # whoever stopped it wants it to go on now

    def judge_start(self) -> None:
        """Score the weights that an earlier run left on this run's held-out rows."""
        settings = self.settings
        if settings.validate is not None and settings.n_epochs_seen and not self.progress.n_iter:
            self.progress.best = settings.validate(self.solution)[0]

    def advance(self) -> None:
        """Run the program once and judge each epoch that it did."""
        rates = self._rates(self.n_at_once)
        outcome = self._run_program(rates)
        for loss, rate in zip(outcome.losses, rates, strict=False):
            self._finish_epoch(float(loss), rate, outcome.totals)

    def _rates(self, n_epochs: int) -> list[float]:
        done, n_rows = self.progress.n_iter, self.batches.n_rows
        before = self.settings
        return [
            adapted_rate(
                self.schedule,
                self.progress,
                before.n_rows_seen + e * n_rows,
                before.first_epoch + e,
            )
            for e in range(done, done + n_epochs)
        ]

    def _run_program(self, rates: list[float]) -> Outcome:
        """Carry on over len(rates) epochs at the most; the outcome with NumPy losses."""
        capacity = self.batches.epochs_at_once
        learning_rates = np.zeros(capacity, self.dtype)
        learning_rates[: len(rates)] = rates
        clock = Clock(
            learning_rates,
            np.asarray(self.batches.nominal_weight, self.dtype),
            np.array([0, self.settings.seed], np.uint32),
            np.uint32(self.settings.n_epochs_seen + self.progress.n_iter),
            np.int32(0),
            np.int32(len(rates)),
        )
        stopping = self.settings.stopping
        watch = Watch(
            np.asarray(self.progress.best, self.dtype),
            np.asarray(self.progress.n_stalled, self.dtype),
            np.asarray(stopping.tol, self.dtype),
            np.asarray(stopping.n_iter_no_change, self.dtype),
        )
        totals, first_step = self.totals, np.int32(0)
        for window in self.batches.windows(len(rates)):
            outcome = run_epochs(
                self.problem,
                self.carry,
                totals,
                watch,
                window,
                clock._replace(first_step=first_step),
                batch_size=self.batches.batch_size,
                is_random=self.is_random,
            )
            # While one window is learnt from, one is gathered, no more.
            jax.block_until_ready(totals)
            self.carry, totals = outcome.carry, outcome.totals
            first_step = first_step + window.n_batches
        n_done = int(outcome.n_done)
        self.batches.finish_epochs(n_done)
        return outcome._replace(losses=np.asarray(outcome.losses)[:n_done])

    def _zero_totals(self) -> Totals:
        zero = np.zeros((), self.dtype)
        track = self.settings.stopping.gradient_tol is not None
        gradient = jax.tree.map(np.zeros_like, self.carry.params) if track else None
        return jax.device_put(Totals(zero, zero, gradient))

    def _finish_epoch(self, loss: float, rate: float, totals: Totals) -> None:
        """Figures, stopping rules, callbacks and checkpoint of one epoch."""
        progress, settings = self.progress, self.settings
        progress.n_iter += 1
        check_finite([loss], progress.n_iter)
        score = validation_loss = None
        if settings.validate is not None:
            score, validation_loss = settings.validate(self.solution)
            check_finite([validation_loss], progress.n_iter)
        progress.record(
            loss=loss, learning_rate=rate, validation_score=score, validation_loss=validation_loss
        )
        self._judge(loss, score, rate, totals)
        event = Event(
            progress.n_iter,
            settings.stopping.max_iter,
            loss,
            rate,
            score,
            validation_loss,
            lambda: to_numpy(self.solution),
        )
        if any([callback(event) is True for callback in settings.callbacks]):
            progress.stop_reason = progress.stop_reason or BY_CALLBACK
        self._save()

    def _judge(self, loss: float, score: float | None, rate: float, totals: Totals) -> None:
        """Apply the stopping rules and keep the best parameters."""
        progress, stopping = self.progress, self.settings.stopping
        if score is None:
            progress.improved_to(loss, -1, stopping.tol)
            what = "Training loss"
        else:
            if progress.improved_to(score, 1, stopping.tol):
                self.best = self.solution
            what = "Validation score"
        progress.stop_reason = stalled(progress, stopping, self.schedule, rate, what)
        if stopping.gradient_tol is not None:
            kept = solution(self.carry.params, self.carry.optimizer_state)
            largest = float(stationarity(self.problem.penalty, kept, totals))
            progress.record(gradient=largest)
            if largest <= stopping.gradient_tol:
                progress.stop_reason = f"Gradient smaller than {stopping.gradient_tol:g}."

    def _save(self) -> None:
        checkpoint, progress = self.settings.checkpoint, self.progress
        if checkpoint is None:
            return
        is_last = progress.stop_reason or progress.n_iter >= self.settings.stopping.max_iter
        if is_last or progress.n_iter % checkpoint.every == 0:
            state = to_numpy((self.carry_as_written, self.best))
            checkpoint.save(state, progress, self.settings.identity, self.rng_start)


def _refuse_unsound(optimizer: Any, penalty: Penalty) -> None:
    if penalty.l1 is not None and penalty.max_norm is not None and not isinstance(optimizer, SGD):
        raise ValueError(
            f"{type(optimizer).__name__} has no sound step with l1 and max_norm together: its step"
            " sizes differ from weight to weight. Use solver='sgd', 'momentum' or 'nesterov', or one"
            " of the two."
        )

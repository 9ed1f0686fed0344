"""What a climb will cost, before it starts: rows x parameters x epochs x settings.

    network    epochs (6 rows parameters / speed + steps overhead), and one compilation
    trees      rounds x outputs (rows inputs visits + overhead)
    linear     iterations x 4 rows parameters / speed
    layers     steps of all layers x (5 rows of a batch x weights / speed + overhead), once a repeat

The speed is that of a small product of matrices, measured in some milliseconds; what is left out,
the first fits show: every estimate is multiplied by how far the last one of its kind was off.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from deepen.model_selection.metrics import Task
from deepen.model_selection.pretraining import MOST_LABELLED, fine_tuning_epochs, length_of
from deepen.model_selection.rungs import Rung
from deepen.model_selection.splits import REPEATS_PER_SHUFFLE, SHARES
from deepen.model_selection.training import BATCH_SIZE
from deepen.model_selection.tuning import work_of

CANDIDATES = (8, 4, 2, 1)
# A rung is not tuned for longer than this many seconds, or half of its share.
ENOUGH_TUNING = 30.0
# Measured on two cores of 2024: seconds of one step, one compilation, one visit of a cell by a tree.
STEP, COMPILATION, CELL, TREE = 5e-5, 1.2, 4e-9, 3e-4
# One step of a layer that learns without a target: it draws as many numbers as the batch has values.
# Its products are large, so that 12 operations a weight take the time of 5.
LAYER_WORK, LAYER_STEP, DRAW = 5, 2e-4, 1e-8
# Usual numbers of epochs and rounds as a share of the most; Newton-like iterations.
USUAL_SHARE, LINEAR_ITERATIONS, FIXED = 0.5, 60, 0.02
# A matrix product reaches this many times the speed of a step with all its trimmings.
PRODUCT_TO_STEP = 3.0
# Estimates are too rough to leave rows out of smaller tables; each rung minds its own share.
LEAST_TO_CUT = 10_000
# Encoded rows are there so many times at once at the most; together they get this part of the memory.
COPIES, MEMORY_SHARE = 4, 0.25
# Judging, drawing and saving around the fits of one repeat, in seconds.
AROUND = 0.01


def measured_speed() -> float:
    """Floating-point operations a second of a minibatch's products, the best of some milliseconds."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    a, b = np.ones((BATCH_SIZE, 256), np.float32), np.ones((256, 256), np.float32)
    best = np.inf
    # One thread and the best time: on a busy machine all else says more of the others.
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(30):
            start = time.perf_counter()
            a @ b
            best = min(best, time.perf_counter() - start)
    return 2.0 * a.shape[0] * b.size / max(best, 1e-7) / PRODUCT_TO_STEP


@dataclass(frozen=True)
class RungPlan:
    """What one rung will take.

    Parameters
    ----------
    name, title : str
    n_parameters : int
        Of the first setting; for trees the most leaves.
    n_epochs : int
        At most, or trees; 0 where it counts none.
    n_candidates : int
        Settings tried in each repeat.
    seconds : float
        Estimate for all repeats.
    n_rows_before : int
        Rows that its layers see before a target; 0 where it is not pre-trained.
    unit : {"epoch", "tree"}
        What `n_epochs` counts.
    """

    name: str
    title: str
    n_parameters: int
    n_epochs: int
    n_candidates: int
    seconds: float
    n_rows_before: int = 0
    unit: str = "epoch"


@dataclass
class CostModel:
    """Seconds of a fit from its sizes.

    Parameters
    ----------
    task : str
    n_rows : int
        Labelled rows in use.
    n_inputs, n_outputs : int
        After encoding; classes, or 1.
    speed : float
        Operations a second.
    factors : dict of str to float
        How far estimates of each kind of rung were off.
    n_unlabelled : int
        Rows without a target.
    """

    task: Task
    n_rows: int
    n_inputs: int
    n_outputs: int
    speed: float = field(default_factory=measured_speed)
    factors: dict[str, float] = field(default_factory=dict)
    n_unlabelled: int = 0

    def fit_seconds(self, rung: Rung, n_rows: int) -> float:
        """Estimate of training one setting on so many rows."""
        if rung.role == "baseline":
            return 1e-3
        known = self.factors.get(_kind(rung), 1.0)
        n_weights = self.n_parameters(rung)
        if rung.kind == "trees":
            rounds, trees = USUAL_SHARE / 2 * rung.max_epochs, max(1, self.n_outputs)
            return known * rounds * trees * (n_rows * self.n_inputs * CELL + TREE)
        if rung.is_network:
            epochs = most_epochs(rung, n_rows) * (1.0 if rung.pretraining else USUAL_SHARE)
            steps = epochs * (n_rows / BATCH_SIZE + 1)
            return known * (epochs * 6 * n_rows * n_weights / self.speed + steps * STEP + FIXED)
        return known * (LINEAR_ITERATIONS * 4 * n_rows * n_weights / self.speed + FIXED)

    def rows_before(self, rung: Rung) -> int:
        """Rows that layers learn from without a target."""
        if not rung.pretraining:
            return 0
        return min(int(SHARES[0] * self.n_rows), MOST_LABELLED) + self.n_unlabelled

    def pretraining_seconds(self, rung: Rung) -> float:
        """Estimate of training the layers of one repeat; 0 where there are none."""
        if not rung.pretraining:
            return 0.0
        n_rows = self.rows_before(rung)
        size, n_epochs = length_of(n_rows)
        steps, seconds = n_epochs * -(-n_rows // size), 0.0
        units = [self.n_inputs, *rung.first["hidden_layer_sizes"]]
        for below, above in itertools.pairwise(units):
            one = LAYER_WORK * size * below * above / self.speed + DRAW * size * (below + above)
            seconds += steps * (one + LAYER_STEP)
        return self.factors.get(rung.pretraining, 1.0) * seconds

    def n_parameters(self, rung: Rung) -> int:
        """Weights and biases of a rung's first setting; the leaves of all its trees at most."""
        if rung.role == "baseline":
            return self.n_outputs
        n_outputs = 1 if self.n_outputs == 2 else self.n_outputs
        if rung.kind == "trees":
            return int(rung.max_epochs * n_outputs * rung.first.get("max_leaf_nodes", 31))
        units = [self.n_inputs, *rung.first.get("hidden_layer_sizes", ()), n_outputs]
        return sum((a + 1) * b for a, b in itertools.pairwise(units))

    def rung_seconds(self, rung: Rung, n_candidates: int, n_repeats: int) -> float:
        """Estimate of a rung with its tuning, all repeats."""
        one = self.fit_seconds(rung, int(SHARES[0] * self.n_rows))
        work = 1.0 if not rung.space else work_of(n_candidates)
        before = self.pretraining_seconds(rung)
        n_programs = min(n_candidates, 2) + (1 if rung.pretraining else 0)
        compilation = COMPILATION * n_programs if rung.is_network else 0.0
        return compilation + n_repeats * (before + work * one + AROUND)

    def learn(self, rung: Rung, fit_seconds: Sequence[float]) -> None:
        """Correct the estimates of rungs of this kind by trainings on all training rows."""
        if rung.role == "baseline":
            return
        # The first may have compiled a program.
        measured = float(np.median(fit_seconds[1:] or fit_seconds))
        known = self.factors.get(_kind(rung), 1.0)
        off = measured / max(self.fit_seconds(rung, int(SHARES[0] * self.n_rows)), 1e-6)
        self.factors[_kind(rung)] = known * float(np.clip(off, 0.1, 10.0))

    def learn_pretraining(self, rung: Rung, seconds: float) -> None:
        """Correct the estimate of a rung's layers by those of one repeat."""
        if not rung.pretraining or seconds <= 0:
            return
        known = self.factors.get(rung.pretraining, 1.0)
        off = seconds / max(self.pretraining_seconds(rung), 1e-6)
        self.factors[rung.pretraining] = known * float(np.clip(off, 0.1, 10.0))


def most_epochs(rung: Rung, n_rows: int) -> int:
    """Epochs, or trees, that a training on so many rows has at the most; fine-tuning has them all."""
    return fine_tuning_epochs(n_rows, BATCH_SIZE) if rung.pretraining else rung.max_epochs


def _kind(rung: Rung) -> str:
    """What estimates are corrected together: pre-trained networks walk other ways than plain ones."""
    return rung.name if rung.pretraining else rung.kind


def affordable(one: float, n_repeats: int, share: float, before: float = 0.0) -> int:
    """Most settings that a rung can try in each repeat within `share` seconds, `one` a training.

    `before` is what a repeat takes however many settings it tries.

    Examples
    --------
    >>> affordable(0.1, 10, 60.0), affordable(1.0, 10, 60.0), affordable(10.0, 10, 60.0)
    (8, 2, 1)
    """
    limit = max(min(share, ENOUGH_TUNING), share / 2)
    for n in CANDIDATES:
        if n_repeats * (before + work_of(n) * one + AROUND) <= limit:
            return n
    return 1


def affordable_rows(cost: CostModel, rungs: Sequence[Rung], seconds: float) -> int:
    """Rows with which every rung gets through one shuffle untuned; all of them where they fit.

    For a pre-trained rung no row is left out: it is for tables of few labels, and left out itself sooner.
    """
    plain = [rung for rung in rungs if not rung.pretraining] or rungs

    def total(n_rows: int) -> float:
        part = replace(cost, n_rows=n_rows)
        return sum(part.rung_seconds(rung, 1, REPEATS_PER_SHUFFLE) for rung in plain)

    low, high = min(LEAST_TO_CUT, cost.n_rows), cost.n_rows
    if total(high) <= seconds:
        return high
    while high - low > 0.02 * high:
        middle = (low + high) // 2
        low, high = (middle, high) if total(middle) <= seconds else (low, middle)
    return low


def rows_that_fit(cost: CostModel, memory: float) -> int:
    """Rows whose arrays take up to a share of `memory` bytes, and at least some.

    Parameters
    ----------
    cost : CostModel
    memory : float
        Infinite where nothing is known.

    Examples
    --------
    >>> cost = CostModel("classification", 2_000_000, n_inputs=500, n_outputs=2, speed=1e9)
    >>> rows_that_fit(cost, 8e9), rows_that_fit(cost, float("inf"))
    (250000, 2000000)
    """
    n_rows = MEMORY_SHARE * memory / (COPIES * cost.n_inputs * np.dtype(np.float32).itemsize)
    return int(min(cost.n_rows, max(LEAST_TO_CUT, n_rows)))


def plan_rungs(
    cost: CostModel, rungs: Sequence[Rung], n_repeats: int, budget: float, trials: int | None
) -> list[RungPlan]:
    """Settings and seconds of each rung, if they share `budget` seconds equally."""
    plans = []
    share = budget / max(1, sum(rung.role != "baseline" for rung in rungs))
    for rung in rungs:
        one = cost.fit_seconds(rung, int(SHARES[0] * cost.n_rows))
        before = cost.pretraining_seconds(rung)
        n = trials if trials is not None else affordable(one, n_repeats, share, before)
        n = n if rung.space else 1
        seconds = min(share, cost.rung_seconds(rung, n, n_repeats))
        plans.append(
            RungPlan(
                rung.name, rung.title_for(cost.task), cost.n_parameters(rung),
                most_epochs(rung, int(SHARES[0] * cost.n_rows)), n, seconds, cost.rows_before(rung),
                "tree" if rung.kind == "trees" else "epoch",
            )
        )  # fmt: skip
    return plans


def duration(seconds: float) -> str:
    """Seconds in words, to two figures.

    Examples
    --------
    >>> duration(0.2), duration(8.4), duration(95), duration(4000)
    ('1 s', '8 s', '95 s', '67 min')
    """
    if not np.isfinite(seconds):
        return "unknown"
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"

"""What a climb will cost, before it starts: rows x parameters x epochs x settings.

    network    epochs (6 rows parameters / speed + steps overhead), and its programs, once
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
from dataclasses import dataclass, field

import numpy as np

from deepen.model_selection.metrics import Task
from deepen.model_selection.pretraining import MOST_LABELLED, fine_tuning_epochs, length_of
from deepen.model_selection.rungs import Rung
from deepen.model_selection.splits import SHARES
from deepen.model_selection.training import BATCH_SIZE
from deepen.model_selection.tuning import work_of

# Measured on two cores of 2024: seconds of one step, one compilation, one visit of a cell by a tree.
STEP, COMPILATION, CELL, TREE = 5e-5, 1.2, 4e-9, 3e-4
# One step of a layer that learns without a target: it draws as many numbers as the batch has values.
# Its products are large, so that 12 operations a weight take the time of 5.
LAYER_WORK, LAYER_STEP, DRAW = 5, 2e-4, 1e-8
# Usual numbers of epochs and rounds as a share of the most; Newton-like iterations.
USUAL_SHARE, LINEAR_ITERATIONS, FIXED = 0.5, 60, 0.02
# A matrix product reaches this many times the speed of a step with all its trimmings.
PRODUCT_TO_STEP = 3.0
# Judging, drawing and saving around the fits of one repeat, in seconds.
AROUND = 0.01
# Programs that train layers and carry rows through them, in those of one network.
LAYER_PROGRAMS = 2


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
        return self.compiling_seconds(rung, n_candidates) + n_repeats * (
            before + work * one + AROUND
        )

    def compiling_seconds(self, rung: Rung, n_candidates: int) -> float:
        """Estimate of compiling a rung's programs, once for all repeats."""
        if not rung.is_network:
            return 0.0
        n_programs = min(n_candidates, 2) + (LAYER_PROGRAMS if rung.pretraining else 0)
        return self.factors.get("compiling", 1.0) * COMPILATION * n_programs

    def learn(self, rung: Rung, fit_seconds: Sequence[float]) -> None:
        """Correct the estimates of rungs of this kind by trainings on all training rows."""
        if rung.role == "baseline":
            return
        measured = float(np.median(fit_seconds))
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

    def learn_compiling(self, rung: Rung, n_candidates: int, seconds: float) -> None:
        """Correct the estimate of compiling by that of a rung, from a cache or not."""
        known = self.factors.get("compiling", 1.0)
        off = seconds / max(self.compiling_seconds(rung, n_candidates), 1e-6)
        if rung.is_network:
            self.factors["compiling"] = float(np.clip(known * off, 0.1, 10.0))


def most_epochs(rung: Rung, n_rows: int) -> int:
    """Epochs, or trees, that a training on so many rows has at the most; fine-tuning has them all."""
    return fine_tuning_epochs(n_rows, BATCH_SIZE) if rung.pretraining else rung.max_epochs


def _kind(rung: Rung) -> str:
    """What estimates are corrected together: pre-trained networks walk other ways than plain ones."""
    return rung.name if rung.pretraining else rung.kind

"""What a climb does in its time: settings and seconds of each rung, and the rows that there is time for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from deepen.model_selection.cost import AROUND, CostModel, most_epochs
from deepen.model_selection.rungs import Rung
from deepen.model_selection.splits import REPEATS_PER_SHUFFLE, SHARES
from deepen.model_selection.tuning import work_of

CANDIDATES = (8, 4, 2, 1)
# A rung is not tuned for longer than this many seconds, or half of its share.
ENOUGH_TUNING = 30.0
# Estimates are too rough to leave rows out of smaller tables; each rung minds its own share.
LEAST_TO_CUT = 10_000
# Encoded rows are there so many times at once at the most; together they get this part of the memory.
COPIES, MEMORY_SHARE = 4, 0.25


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

"""Before the first rung: what the rows are, how they are split, what it will cost."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from deepen.datasets._errors import shortened
from deepen.datasets.kinds import said_missing
from deepen.datasets.told_missing import said_codes
from deepen.decomposition._memory import memory_bytes
from deepen.model_selection.ascent import first_plan_budget
from deepen.model_selection.clock import Clock
from deepen.model_selection.cost import CostModel
from deepen.model_selection.data import (
    Data,
    columns_of,
    new_encoder,
    rows,
    with_categories,
)
from deepen.model_selection.groups import row_hashes
from deepen.model_selection.intervals import Judging
from deepen.model_selection.metrics import Metric, unit_of
from deepen.model_selection.plan import (
    RungPlan,
    affordable_rows,
    duration,
    plan_rungs,
    rows_that_fit,
)
from deepen.model_selection.prepare import Table
from deepen.model_selection.pretraining import MOST_ROWS
from deepen.model_selection.rungs import Rung
from deepen.model_selection.splits import TEST_TRAIN_RATIO
from deepen.model_selection.store import RunStore
from deepen.report.text import counted

# So many rows tell how wide the encoded table will be.
ROWS_TO_LOOK_AT = 1000
# Values that are text at one time.
PIECE = 100_000
UNEVEN = 1.1  # above which rows of two repeats are told apart


class Means(NamedTuple):
    """Clock, the part of its budget kept for what follows the verdict, store, and kinds of columns."""

    clock: Clock
    after_share: float = 0.0
    store: RunStore | None = None
    types: Mapping[str, str] | None = None


@dataclass
class Beginning:
    """What a climb starts from.

    Parameters
    ----------
    table : Table
        The rows in use.
    data : Data
    cost : CostModel
    plans : list of RungPlan
    n_duplicates : int
    """

    table: Table
    data: Data
    cost: CostModel
    plans: list[RungPlan]
    n_duplicates: int

    def in_words(self, n_all: int, clock: Clock) -> str:
        """The plan as lines of text."""
        total = sum(plan.seconds for plan in self.plans)
        parts = ", ".join(
            f"{_from_to([len(part) for part in each])} {name}"
            for each, name in zip(
                zip(*self.data.splits, strict=True), ("train", "stop", "tune", "judge"), strict=True
            )
        )
        lines = []
        if len(self.data.y) < n_all:
            lines.append(
                f"{len(self.data.y):,} of {n_all:,} rows by lot: more would not fit into the time and"
                " the memory that there are."
            )
        n_columns, n_inputs = self.table.X.shape[1], self.cost.n_inputs
        inputs = "" if n_inputs == n_columns else f", which are {counted(n_inputs, 'input')}"
        lines.append(
            f"{len(self.data.y):,} rows x {counted(n_columns, 'column')}{inputs}; in each of "
            f"{len(self.data.splits)} repeats {parts}."
        )
        lines += _missing_codes(self.table.told)
        lines += _missing_numbers(self.data.columns)
        budget = "" if clock.budget is None else f" of {duration(clock.left)}"
        lines.append(f"About {duration(total)}{budget} for the rungs:")
        lines += [f"  {line_of(plan)}" for plan in self.plans]
        return "\n".join(lines)


def _from_to(counts: Sequence[int]) -> str:
    """How many rows a part has: as of the first repeat, or where they differ widely, both ends."""
    low, high = min(counts), max(counts)
    return f"{low:,} to {high:,}" if high > UNEVEN * low else f"{counts[0]:,}"


def _missing_codes(told: Mapping[str, Sequence[Any]]) -> list[str]:
    """Which codes were told to count as missing, and in which columns they do."""
    by_codes: dict[str, list[str]] = {}
    for name, codes in told.items():
        by_codes.setdefault(said_codes(codes), []).append(name)
    return [f"As told, {said} in {shortened(names, 4)}." for said, names in by_codes.items()]


def _missing_numbers(columns: Sequence[Any]) -> list[str]:
    """Which numbers count as missing, and in which columns."""
    by_number: dict[float, list[str]] = {}
    for column in columns:
        if column.holds_stand_in:
            by_number.setdefault(column.stand_in, []).append(column.name)
    return [
        f"{said_missing(number)} in {shortened(names, 4)}; "
        f"--types {shlex.quote(f'{names[0]}=numeric')} keeps it."
        for number, names in by_number.items()
    ]


def line_of(plan: RungPlan) -> str:
    """One rung of the plan in words."""
    factors = [counted(plan.n_parameters, "parameter")]
    if plan.n_epochs:
        factors.append(f"up to {counted(plan.n_epochs, plan.unit)}")
    if plan.n_candidates > 1:
        factors.append(f"up to {plan.n_candidates} settings")
    n_before = plan.n_rows_before
    before = f"pre-trained on about {counted(n_before, 'row')}, " if n_before else ""
    return f"{plan.title}: {before}{' x '.join(factors)}, about {duration(plan.seconds)}"


def begin(
    table: Table,
    rungs: Sequence[Rung],
    metric: Metric,
    seed: int,
    n_repeats: int,
    trials: int | None,
    means: Means,
) -> Beginning:
    """Look at the rows, cut them to the budget, and draw every split before anything is trained.

    Parameters
    ----------
    table : Table
    rungs : sequence of Rung
    metric : Metric
    seed, n_repeats : int
    trials : int or None
    means : Means
    """
    clock, after_share, store, types = means
    columns = columns_of(table.X, types, table.X_unlabelled, table.told)
    cost = _cost(table, columns)
    if table.X_unlabelled is not None:
        cost.n_unlabelled = min(table.X_unlabelled.shape[0], MOST_ROWS)
    left = first_plan_budget(cost, rungs, clock.left, after_share)
    n_used = store.read().get("n_used") if store is not None else None
    if n_used is None:
        n_used = rows_that_fit(cost, memory_bytes())
        if np.isfinite(left):
            n_used = min(n_used, affordable_rows(cost, rungs, left))
    table = table.part(int(n_used), seed)
    cost.n_rows = len(table.y)
    if store is not None:
        store.write(n_used=len(table.y))
    split_plan, n_duplicates = table.split_plan(seed)
    unlabelled = table.X_unlabelled
    if unlabelled is not None and unlabelled.shape[0] > MOST_ROWS:
        rng = np.random.default_rng([seed, 4])
        drawn = rng.choice(unlabelled.shape[0], MOST_ROWS, replace=False)
        unlabelled = rows(unlabelled, np.sort(drawn))
    judging = Judging(
        split_plan.groups, TEST_TRAIN_RATIO, unit_of(metric, table.y), bool(table.n_test)
    )
    data = Data(
        with_categories(table.X, columns), table.y, table.task, metric,
        split_plan.splits(n_repeats), judging, seed, columns, unlabelled,
    )  # fmt: skip
    plans = plan_rungs(cost, rungs, n_repeats, left, trials)
    return Beginning(table, data, cost, plans, n_duplicates)


def _cost(table: Table, columns: Sequence[Any]) -> CostModel:
    """Cost model of the table, from the width of its first rows when encoded."""
    sample = rows(table.X, np.linspace(0, len(table.y) - 1, ROWS_TO_LOOK_AT).astype(np.int64))
    if len(table.y) <= ROWS_TO_LOOK_AT:
        sample = table.X
    n_inputs = new_encoder(columns).fit(sample).transform(sample[:2]).shape[1]
    n_outputs = len(np.unique(table.y)) if table.task == "classification" else 1
    return CostModel(table.task, len(table.y), n_inputs, n_outputs)


def identity_of(
    table: Table,
    metric: Metric,
    seed: int,
    trials: int | None,
    n_repeats: int,
    types: Mapping[str, str] | None,
) -> dict[str, Any]:
    """What must be the same for finished repeats to be of use."""
    digest = hashlib.sha256()
    if hasattr(table.X, "columns"):
        digest.update("\0".join(map(str, table.X.columns)).encode())
    digest.update(row_hashes(table.X).tobytes())
    if table.X_unlabelled is not None:
        digest.update(row_hashes(table.X_unlabelled).tobytes())
    for part in (table.y, table.groups, table.time):
        if part is not None:
            for text in _as_text(np.asarray(part)):
                digest.update(text)
    return {
        # First: with other codes the rows are others too.
        "missing": table.codes or None,
        "data": digest.hexdigest()[:32],
        "task": table.task,
        "metric": metric.key,
        "seed": seed,
        "trials": trials,
        "test rows": table.n_test,
        "types": dict(types or {}),
        # The stretches of time are as many as the repeats; other splits do not depend on them.
        "repeats": n_repeats if table.time is not None else None,
    }


def _as_text(values: Any) -> Iterator[bytes]:
    """Values with zero bytes between them, in pieces: all at once would outweigh the table."""
    for start in range(0, len(values), PIECE):
        words = map(str, values[start : start + PIECE].tolist())
        yield (("\0" if start else "") + "\0".join(words)).encode()

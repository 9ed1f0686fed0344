"""Which columns the chosen rung leans on: what it loses when a column's values are shuffled.

    importance of g = loss with the columns of g shuffled over the verdict rows - loss as they are
    (Breiman 2001, section 10), mean over some shuffles, an interval over rows and repeats

Columns that say nearly the same are shuffled together: shuffled one by one, each would be replaced by
the others and none would matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection import training
from deepen.model_selection.attempt import Attempt
from deepen.model_selection.climb import LEAST_REPEATS, fits, seed_of
from deepen.model_selection.clock import now
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.intervals import RowLosses, estimate

MOST_REPEATS, N_SHUFFLES = 5, 3
NEARLY_THE_SAME = 0.8  # correlation from which on columns go together
ROWS_FOR_CORRELATION, MOST_FOR_CORRELATION = 2000, 1500

Array = NDArray[Any]
Blocks = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Importance:
    """What shuffling some columns costs.

    Parameters
    ----------
    columns : tuple of str
        Shuffled together.
    mean : float
        Loss added, in units of the loss.
    interval : tuple of (float, float)
        95 %.
    """

    columns: tuple[str, ...]
    mean: float
    interval: tuple[float, float]


def importances(attempt: Attempt, data: Data, deadline: float) -> list[Importance]:
    """Importance of every group of columns, largest first; empty without time for two repeats.

    Parameters
    ----------
    attempt : Attempt
        Of the chosen rung, finished.
    data : Data
    deadline : float
        In the seconds of `clock.now`.
    """
    form = attempt.rung.form
    first = data.arrays(0, form)
    blocks = blocks_of(first.encoder)
    groups = joined(blocks, first.training[0])
    added: list[list[RowLosses]] = [[] for _ in groups]
    longest = 0.0
    for n_done, outcome in enumerate(attempt.outcomes[:MOST_REPEATS]):
        start = now()
        if not fits(n_done, max(longest, outcome.fit_seconds), deadline):
            break
        arrays = data.arrays(outcome.repeat, form)
        own = blocks_of(arrays.encoder)
        fitted = training.fit_candidate(
            attempt.rung, outcome.params, arrays, data,
            seed=seed_of(data.seed, outcome.repeat, 0), deadline=deadline,
        )  # fmt: skip
        if fitted.model is None:
            break
        found = _losses_added(fitted.model, groups, own, arrays, data, outcome, deadline)
        if found is None:
            break
        for place, one in enumerate(found):
            added[place].append(one)
        longest = now() - start
    if not added or len(added[0]) < LEAST_REPEATS:
        return []
    return _sorted(groups, added, data)


def _sorted(
    groups: Sequence[tuple[str, ...]], added: Sequence[Sequence[RowLosses]], data: Data
) -> list[Importance]:
    result = []
    for group, repeats in zip(groups, added, strict=True):
        found = estimate(repeats, data.judging)
        result.append(Importance(group, found.mean, found.interval()))
    return sorted(result, key=lambda importance: -importance.mean)


def _losses_added(
    model: Any,
    groups: Sequence[tuple[str, ...]],
    blocks: Blocks,
    arrays: Arrays,
    data: Data,
    outcome: Any,
    deadline: float,
) -> list[RowLosses] | None:
    """Loss added on each verdict row by shuffling each group; None where time ran out."""
    X, y = arrays.verdict
    codes = data.codes(y)
    base = data.metric.of_output(codes, data.output(model, X))
    rng = np.random.default_rng([data.seed, outcome.repeat, 2])
    orders = [rng.permutation(len(X)) for _ in range(N_SHUFFLES)]
    found = []
    for group in groups:
        places = np.concatenate([blocks.get(name, np.empty(0, np.int64)) for name in group])
        total = np.zeros(len(X))
        for order in orders:
            shuffled = X.copy()
            shuffled[:, places] = X[order][:, places]
            total += data.metric.of_output(codes, data.output(model, shuffled)) - base
        if now() > deadline:
            return None
        found.append(RowLosses(outcome.losses.rows, total / N_SHUFFLES))
    return found


def blocks_of(encoder: Any) -> Blocks:
    """Places of each used column of the table among the encoder's outputs."""
    blocks, place = {}, 0
    for column, treatment, _ in encoder.used():
        width = len(treatment.names(""))
        blocks[str(column.name)] = np.arange(place, place + width)
        place += width
    return blocks


def joined(blocks: Blocks, X: Array) -> list[tuple[str, ...]]:
    """Columns in groups: within one, each two are correlated by 0.8 or more (complete linkage)."""
    names = list(blocks)
    if not 2 <= len(names) <= MOST_FOR_CORRELATION:
        return [(name,) for name in names]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    values = np.nan_to_num(X[:ROWS_FOR_CORRELATION].astype(np.float64))
    values = values - values.mean(axis=0)
    values /= np.maximum(np.sqrt((values**2).sum(axis=0)), 1e-12)
    correlation = np.abs(values.T @ values)
    owner = np.full(X.shape[1], -1)
    for number, places in enumerate(blocks.values()):
        owner[places] = number
    used = owner >= 0
    closest = np.zeros((len(names), len(names)))
    np.maximum.at(closest, (owner[used][:, None], owner[used][None, :]), correlation[used][:, used])
    distance = np.clip(1 - closest, 0, None)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="complete")
    labels = fcluster(tree, 1 - NEARLY_THE_SAME, criterion="distance")
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels, strict=True):
        groups.setdefault(int(label), []).append(name)
    return [tuple(group) for group in groups.values()]

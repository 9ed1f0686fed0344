"""Which setting: successive halving on the tuning rows.

    all settings train on a share 2^-s of the training rows; the better half of them on twice as many;
    and so on, until two have trained on all of them, and the better one is taken

Losses are those on the tuning rows, which neither train nor stop nor judge; of settings with equal
losses, the one with the smaller log loss is better. (Jamieson and Talwalkar 2016, arXiv:1502.07943.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.results import Trial
from deepen.model_selection.training import Fitted

# Fewer rows than this say little of a setting.
LEAST_ROWS = 200

Fit = Callable[[dict[str, Any], Arrays, int], Fitted]
Rank = tuple[float, float]


def stage_sizes(n_settings: int, n_rows: int) -> list[int]:
    """Training rows of each stage; the last one has them all.

    Examples
    --------
    >>> stage_sizes(8, 4000), stage_sizes(2, 4000), stage_sizes(8, 300)
    ([1000, 2000, 4000], [4000], [200, 200, 300])
    """
    n_stages = max(1, int(np.ceil(np.log2(max(n_settings, 1)))))
    shares = [2.0 ** (stage + 1 - n_stages) for stage in range(n_stages)]
    return [max(int(n_rows * share), min(n_rows, LEAST_ROWS)) for share in shares]


def work_of(n_settings: int) -> float:
    """Cost of tuning, in trainings on all rows.

    Examples
    --------
    >>> [work_of(n) for n in (1, 2, 4, 8)]
    [1.0, 2.0, 4.0, 6.0]
    """
    sizes, alive, work = stage_sizes(n_settings, 2**30), n_settings, 0.0
    for size in sizes:
        work += alive * size / 2**30
        alive = _n_kept(alive)
    return work


def _n_kept(n_alive: int) -> int:
    return max(1, (n_alive + 1) // 2)


def stratified_order(strata: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    """An order of rows whose every beginning holds each class in its proportion.

    Examples
    --------
    >>> strata = np.array([0] * 90 + [1] * 10)
    >>> int(strata[stratified_order(strata, np.random.default_rng(0))][:20].sum())
    2
    """
    place = np.empty(len(strata))
    for label in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == label))
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.argsort(place, kind="stable")


@dataclass
class Tuned:
    """The best setting trained on all training rows, and every setting tried.

    Parameters
    ----------
    fitted : Fitted or None
        None where every setting failed.
    params : dict
        The setting.
    trials : list of Trial
    failure : str
        Why there is none.
    """

    fitted: Fitted | None
    params: dict[str, Any]
    trials: list[Trial]
    failure: str


def tune(
    settings: Sequence[dict[str, Any]],
    arrays: Arrays,
    data: Data,
    fit: Fit,
    rng: np.random.Generator,
    limit: Callable[[float], int] | None = None,
) -> Tuned:
    """Successive halving over `settings`.

    Parameters
    ----------
    settings : sequence of dict
    arrays : Arrays
    data : Data
    fit : callable
        ``fit(params, arrays, number) -> Fitted``; `number` counts the settings from 1.
    rng : Generator
        Draws the rows of the stages.
    limit : callable, optional
        ``limit(seconds) -> n``: how many settings there is time for, if a training on all rows takes
        so long as the first training suggests.
    """
    trials = [Trial(dict(params)) for params in settings]
    n_rows = len(arrays.training[0])
    strata = arrays.training[1] if data.task == "classification" else np.zeros(n_rows)
    order = stratified_order(strata, rng)
    alive, failure = list(range(len(trials))), ""
    best: tuple[Rank, int, Fitted] | None = None
    for size in stage_sizes(len(trials), n_rows):
        part = arrays if size == n_rows else arrays.with_training_rows(np.sort(order[:size]))
        ranks: dict[int, Rank] = {}
        best = None
        for number in alive:
            fitted = fit(trials[number].params, part, number + 1)
            if limit is not None:
                n_fitting, limit = limit(fitted.seconds * n_rows / size), None
                if n_fitting < len(settings):
                    return tune(
                        settings[:n_fitting], arrays, data, first_known(fit, size, fitted), rng
                    )
            rank = ranks[number] = _rank(fitted, arrays, data)
            failure = failure or fitted.failure
            trials[number].losses.append(rank[0])
            trials[number].n_rows.append(size)
            if np.isfinite(rank[0]) and (best is None or rank < best[0]):
                best = (rank, number, fitted)
        alive = sorted(alive, key=lambda number: ranks[number])[: _n_kept(len(alive))]
    if best is None:
        return Tuned(None, {}, trials, failure or "no loss is finite")
    return Tuned(best[2], dict(trials[best[1]].params), trials, "")


def first_known(fit: Fit, size: int, fitted: Fitted) -> Fit:
    """The same trainings, but that of the first setting on `size` rows is `fitted`."""

    def fit_others(params: dict[str, Any], part: Arrays, number: int) -> Fitted:
        is_known = number == 1 and len(part.training[0]) == size
        return fitted if is_known else fit(params, part, number)

    return fit_others


def _rank(fitted: Fitted, arrays: Arrays, data: Data) -> Rank:
    """Loss on the tuning rows, and the log loss there; infinite where there is none."""
    if fitted.model is None:
        return float("inf"), float("inf")
    X, y = arrays.tuning
    with np.errstate(over="ignore", invalid="ignore"):
        output, y = data.output(fitted.model, X), data.codes(y)
        loss = float(data.metric.of_output(y, output).mean())
    # NaN would win every comparison.
    if not np.isfinite(loss):
        return float("inf"), float("inf")
    if data.task == "regression":
        return loss, 0.0
    return loss, float(METRICS["log_loss"].of_output(y, output).mean())

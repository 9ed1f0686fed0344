"""Layers that learn without a target: once in each repeat, for all settings and all numbers of labels.

    rows      training rows of the repeat and the rows without a target: in [0, 1] where all columns share
              one scale, as pixels do, else smoothly clipped
    layers    denoising autoencoders, or restricted Boltzmann machines, each on what the one below makes
    network   of every setting: starts from copies of them, and sees targets for the first time

No row that stops, tunes or judges is among them, not even without its target.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.datasets._columns import as_table
from deepen.datasets.kinds import NUMBERS
from deepen.model_selection import clock
from deepen.model_selection.rung_models import (
    FINE_TUNING_STEPS,
    MODERN_EPOCHS,
    MOST_FINE_TUNING,
)

# Measured on digits and mfeat-factors with 75 labels: 3,000 steps are not better, half of the values
# masked is better than a quarter, [0, 1] better than standardised columns (error .10 and .13 on digits).
N_STEPS, BATCH_SIZE, LAYER_EPOCHS = 1000, 100, (5, 300)
MASKED_SHARE = 0.5
# A column's [0, 1] lies between these quantiles, so that one absurd value does not flatten it.
QUANTILES = (0.01, 0.99)

Array = NDArray[Any]
Layers = list[Any]


@dataclass
class Pretraining:
    """Where the layers of one repeat come from.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    n_unlabelled : int
        How many of them have no target.
    seed : int
    known : dict
        Layers that are trained already; repeats that are not kept in memory keep these.
    """

    rows: Array
    n_unlabelled: int = 0
    seed: int = 0
    known: dict[Any, tuple[Layers, float]] = field(default_factory=dict)

    def start(self, model: Any, deadline: float | None) -> float:
        """Give a network its layers; seconds that they took, now or earlier.

        Parameters
        ----------
        model : estimator
            Its ``pretrainer`` is "rbm" or "autoencoder"; afterwards it is the layers.
        deadline : float or None
            In the seconds of `clock.now`; layers cut short by it are used, but not kept.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, which a network's own fit takes for "enough".
        """
        from sklearn.frozen import FrozenEstimator

        key = (model.pretrainer, tuple(model.hidden_layer_sizes))
        if key in self.known:
            layers, seconds = self.known[key]
        else:
            start = clock.now()
            layers = _trained(model, self.rows, self.seed, deadline)
            seconds = clock.now() - start
            if deadline is None or clock.now() < deadline:
                self.known[key] = layers, seconds
        model.set_params(pretrainer=[FrozenEstimator(layer) for layer in layers])
        return seconds


def finish_layers(model: Any, name: str) -> None:
    """Leave a fitted network with the layers that started it, and with its own word for them."""
    model.pretrainers_ = [layer.estimator for layer in model.pretrainers_]
    model.set_params(pretrainer=name)


def fine_tuning_epochs(n_rows: int, batch_size: int) -> int:
    """Epochs that make steps enough.

    Examples
    --------
    >>> fine_tuning_epochs(60, 64), fine_tuning_epochs(10_000, 64)
    (400, 80)
    """
    steps = -(-n_rows // batch_size)
    return int(np.clip(FINE_TUNING_STEPS // steps, MODERN_EPOCHS, MOST_FINE_TUNING))


def length_of(n_rows: int) -> tuple[int, int]:
    """Rows of a batch and epochs of one layer's training.

    Examples
    --------
    >>> length_of(1700), length_of(50_000)
    ((100, 58), (100, 5))
    """
    size = min(BATCH_SIZE, n_rows)
    return size, int(np.clip(N_STEPS // -(-n_rows // size), *LAYER_EPOCHS))


def on_one_scale(table: Any, columns: Sequence[Any] = ()) -> bool:
    """Whether the columns are amounts on one scale from zero up, as pixels and answers of 0 to 5 are.

    No value is below zero, and most of those that vary span half of the way up to the largest or more.

    Parameters
    ----------
    table : DataFrame or ndarray of shape (n_rows, n_columns)
    columns : sequence of Column
        What they are; those left out do not count. Empty is all, and all are numbers.

    Examples
    --------
    >>> on_one_scale(np.array([[0, 9, 4], [8, 1, 4]])), on_one_scale(np.array([[0, 900], [8, 100]]))
    (True, False)
    """
    frame, _ = as_table(table)
    if columns:
        used = [place for place, column in enumerate(columns) if column.is_used]
        if any(columns[place].kind not in NUMBERS for place in used):
            return False
        frame = frame.iloc[:, used]
    if not all(dtype.kind in "biuf" for dtype in frame.dtypes):
        return False
    low, high = frame.min().to_numpy(np.float64), frame.max().to_numpy(np.float64)
    spans = (high - low)[high > low]
    return bool(len(spans) and low.min() >= 0 and np.mean(spans >= high.max() / 2) > 1 / 2)


def unit_scaler(rows: Array) -> Any:
    """Fitted scaler of columns to [0, 1], where values beyond the outer quantiles are cut off."""
    from sklearn.preprocessing import MinMaxScaler

    low, high = np.quantile(rows, QUANTILES, axis=0)
    # Nearly all values are one: the others are what the column says.
    is_flat = low == high
    low = np.where(is_flat, rows.min(axis=0), low)
    high = np.where(is_flat, rows.max(axis=0), high)
    ends = np.stack([low, high]).astype(rows.dtype)
    return MinMaxScaler(clip=True).fit(ends)


class _StopAt:
    """Callback that ends a layer's training at `deadline`."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def __call__(self, event: Any) -> bool:
        return clock.now() >= self.deadline


def _trained(model: Any, rows: Array, seed: int, deadline: float | None) -> Layers:
    """The layers of a network, trained on `rows`."""
    from deepen.engine.stopping import BY_USER
    from deepen.neural_network._pretraining import pretrain, unfitted_layers

    templates = unfitted_layers(model, rows)
    size, n_epochs = length_of(len(rows))
    for one in templates:
        one.set_params(batch_size=size, callbacks=None if deadline is None else [_StopAt(deadline)])
        if model.pretrainer == "rbm":
            one.set_params(n_iter=n_epochs)
        else:
            one.set_params(max_iter=n_epochs, corruption_level=MASKED_SHARE)
    model.set_params(pretrainer=templates)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", BY_USER)
        try:
            layers = pretrain(model, rows, np.random.RandomState(seed))
        except UserWarning:
            raise KeyboardInterrupt from None
    for layer in layers:
        layer.set_params(callbacks=None)
        # What only further training would need, several times the weights.
        for name in ("_memory", "_optimizer_state"):
            if hasattr(layer, name):
                setattr(layer, name, None)
    return layers

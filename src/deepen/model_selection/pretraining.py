"""Layers that learn without a target: once in each repeat, for all settings and all numbers of labels.

    rows      training rows of the repeat and the rows without a target: in [0, 1] where all columns share
              one scale, as pixels do, else smoothly clipped
    layers    denoising autoencoders, or restricted Boltzmann machines, each on what the one below makes
    network   of every setting: starts from copies of them, and sees targets for the first time

No row that stops, tunes or judges is among them, not even without its target.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.datasets.kinds import NUMBERS
from deepen.model_selection import clock
from deepen.model_selection.pictures import picture_shape
from deepen.model_selection.rung_models import (
    FINE_TUNING_STEPS,
    MODERN_EPOCHS,
    MOST_FINE_TUNING,
)

# Measured with 75 labels of digits and mfeat-factors: half of the values masked is better than a quarter,
# and 3,000 steps are not better for columns in [0, 1].
N_STEPS, BATCH_SIZE, LAYER_EPOCHS = 1000, 100, (5, 300)
MASKED_SHARE = 0.5
# More rows without a target slow pre-training down and add little. Of those with one fewer will do: where
# they are many, it has little to add, and what a layer makes of them is the largest array of a climb.
MOST_ROWS, MOST_LABELLED = 50_000, 20_000
LEAST_ON_ONE_SCALE = 4  # columns
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
        """Give a network its layers; seconds that they took, now or earlier, but for compiling.

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
            watch = clock.Stopwatch()
            layers = _trained(model, self._by_lot(), self.seed, deadline)
            seconds = watch.seconds
            if deadline is None or clock.now() < deadline:
                self.known[key] = layers, seconds
        model.set_params(pretrainer=[FrozenEstimator(layer) for layer in layers])
        return seconds

    @property
    def n_learnt(self) -> int:
        """Rows that the layers learn from."""
        return min(len(self.rows) - self.n_unlabelled, MOST_LABELLED) + self.n_unlabelled

    def _by_lot(self) -> Array:
        """All rows, or `MOST_LABELLED` of those with a target, which are the first, and the others."""
        n_labelled = len(self.rows) - self.n_unlabelled
        if n_labelled <= MOST_LABELLED:
            return self.rows
        drawn = np.random.default_rng(self.seed).choice(n_labelled, MOST_LABELLED, replace=False)
        return self.rows[np.concatenate([np.sort(drawn), np.arange(n_labelled, len(self.rows))])]


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


def on_one_scale(encoder: Any) -> bool:
    """Whether the columns of a fitted encoder are amounts on one scale, as pixels and answers of 0 to 5 are.

    Pixels are known by their names, those called 1x1 and so on by having no value below zero too. Else no
    value is below zero, and most of the columns that vary, four
    at least, reach about the same top from half of it or lower.

    Examples
    --------
    >>> from deepen.datasets import TableEncoder
    >>> scores = np.array([[0, 5, 1, 4], [5, 1, 4, 2], [3, 0, 5, 5]])
    >>> on_one_scale(TableEncoder().fit(scores)), on_one_scale(TableEncoder().fit(scores * [1, 9, 2, 6]))
    (True, False)
    """
    used = [(column, treatment) for column, treatment, _ in encoder.used()]
    names = [column.name for column in encoder.columns_]
    is_picture = picture_shape(names) is not None
    if is_picture and not names[0][:1].isdecimal():
        return True
    if any(column.kind not in NUMBERS for column, _ in used):
        return False
    ends = np.array([(one.quantiles[0], one.quantiles[-1]) for _, one in used if one.quantiles])
    low, high = ends[ends[:, 0] < ends[:, 1]].T if len(ends) else np.empty((2, 0))
    if len(high) < LEAST_ON_ONE_SCALE or low.min() < 0:
        return False
    top = float(np.median(high))
    return is_picture or bool(np.mean((np.abs(high - top) <= top / 20) & (low <= top / 2)) > 1 / 2)


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
    _, n_epochs = length_of(len(rows))
    for one in templates:
        one.set_params(callbacks=None if deadline is None else [_StopAt(deadline)])
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

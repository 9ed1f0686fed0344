"""Rows for the engine: shuffled, padded to buckets, masked, and in windows that fit the device.

A program is compiled for shapes, not for numbers of rows: rows are padded to a bucket of m 2^k rows,
m = 8 ... 15 (an eighth of waste at most), the last short batch is filled with rows of weight zero, and
the number of batches is traced. Data that fit a budget lie on the device as one window for the whole
fit; larger data pass through it window by window, each gathered (and densified) on the host. A CPU
computes where the rows already lie, so that its budget is small: a copy of them all gains nothing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepen.engine.devices import check_not_forked

MIN_BUCKET_ROWS = 1024  # below, folds of all sizes share one program
MIN_BUCKET_BYTES = 1 << 26  # but never pad tiny data beyond 64 MiB
DEVICE_BUDGET_BYTES = 1 << 31
CPU_BUDGET_BYTES = 1 << 25
ALIGNMENT = 64  # bytes; XLA copies what is aligned less
MAX_EPOCHS = 16  # that one call of the program runs over small data
SMALL_EPOCH_SLOTS = 1 << 16  # rows that one call takes at the most, all its epochs together


class Window(NamedTuple):
    """Rows on the device and the order in which to take them.

    Attributes
    ----------
    rows : pytree of arrays of shape (bucket, ...)
    weights : array of shape (bucket,)
    orders : int array of shape (n_epochs, n_slots) or None
        -1 marks a slot without a row; None takes the rows as they lie, the padding last.
    n_batches : int, how many batches of slots an epoch uses
    """

    rows: Any
    weights: Any
    orders: Any
    n_batches: Any


def bucket(n: int) -> int:
    """Smallest m 2^k >= n with m in 8 ... 15.

    Examples
    --------
    >>> [bucket(n) for n in (3, 15, 17, 1003)]
    [8, 15, 18, 1024]
    """
    if n <= 8:
        return 8
    step = 1 << max(0, (n - 1).bit_length() - 4)
    return -(-n // step) * step


def pad_rows(a: NDArray[Any], n_rows: int) -> NDArray[Any]:
    """Copy of an array with zero rows appended up to n_rows, where the device can use it in place."""
    padded = _aligned((n_rows, *a.shape[1:]), a.dtype)
    padded[: len(a)] = a
    padded[len(a) :] = 0
    return padded


def pad_columns(a: NDArray[Any], n_columns: int) -> NDArray[Any]:
    """As :func:`pad_rows` for the columns of a matrix."""
    padded = _aligned((len(a), n_columns), a.dtype)
    padded[:, : a.shape[1]] = a
    padded[:, a.shape[1] :] = 0
    return padded


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    n_bytes = math.prod(shape) * dtype.itemsize
    memory = np.empty(n_bytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


class Batches:
    """Minibatches of a data set, every row once an epoch.

    Parameters
    ----------
    X : array, memory map or scipy sparse matrix of shape (n_rows, n_features)
    y : array of shape (n_rows,) or (n_rows, n_outputs)
    weights : array of shape (n_rows,) or None
        None is a weight of one for each row.
    batch_size : int
        Rows in a batch, at most n_rows; the last batch of an epoch may be shorter.
    shuffle : bool
    rng : numpy.random.RandomState
        Shuffles; one draw of a permutation per epoch, as in scikit-learn.
    budget_bytes : int, default=None
        Most bytes of rows to hold on the device. By default 2 GiB, and 32 MiB on a CPU for dense rows in
        C order; to gather others anew in each epoch costs more than one copy.

    Attributes
    ----------
    nominal_weight : float
        Expected weight of a batch, which the sum over a batch is divided by: a batch of five rows
        does not take the step of one of a hundred.
    """

    def __init__(
        self,
        X: Any,
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        *,
        batch_size: int,
        shuffle: bool,
        rng: np.random.RandomState,
        budget_bytes: int | None = None,
    ) -> None:
        self.n_rows = X.shape[0]
        self.X, self.y = X, y
        self.weights = np.ones(self.n_rows, X.dtype) if weights is None else weights.astype(X.dtype)
        if not self.weights.sum(dtype=np.float64) > 0:
            raise ValueError(
                "The weights of the rows must have a positive sum; check sample_weight."
            )
        is_full_batch = batch_size >= self.n_rows
        self.n_batches = -(-self.n_rows // batch_size)
        # A full batch may be padded like the rows are, so that its size does not recompile either.
        self.batch_size = bucket(self.n_rows) if is_full_batch else batch_size
        mean_weight = float(self.weights.mean(dtype=np.float64))
        self.nominal_weight = min(batch_size, self.n_rows) * mean_weight
        self.shuffle, self.rng = shuffle, rng
        self.row_bytes = X.shape[1] * X.dtype.itemsize
        budget = _default_budget(X) if budget_bytes is None else budget_bytes
        self.window_rows = max(1, budget // 2 // self.row_bytes // self.batch_size)
        self.window_rows *= self.batch_size
        # Two windows of few large batches would hold as much as all rows.
        self.is_resident = self.n_rows <= max(budget // self.row_bytes, 2 * self.window_rows)
        self._device_rows: tuple[Any, Any] | None = None
        self._order = np.arange(self.n_rows)
        self._drawn: deque[NDArray[np.intp]] = deque()  # orders of the epochs to come
        self._buffers: deque[NDArray[Any]] = deque()  # two windows' rows, written in turn

    @property
    def epochs_at_once(self) -> int:
        """Epochs that one call of the program has room for: more than one for small data."""
        n_slots = self._n_slots(self._capacity(self.n_rows))
        return max(1, min(MAX_EPOCHS, SMALL_EPOCH_SLOTS // n_slots)) if self.is_resident else 1

    def windows(self, n_epochs: int) -> Iterator[Window]:
        """The windows of the next n_epochs (several for resident data alone).

        Called inside ``computing``; :meth:`finish_epochs` then says how many of them were used. Rows
        that are not resident lie in two buffers: ask for a window only once what was computed from the
        last but one is there.
        """
        while len(self._drawn) < n_epochs:
            self._drawn.append(self._draw())
        if self.is_resident:
            yield self._resident_window(n_epochs)
            return
        for start in range(0, self.n_rows, self.window_rows):
            yield self._gathered_window(self._drawn[0][start : start + self.window_rows])

    def finish_epochs(self, n_done: int) -> None:
        """Forget the orders of epochs that are done."""
        for _ in range(n_done):
            self._drawn.popleft()

    def skip_epochs(self, n_epochs: int) -> None:
        """Draw and forget the orders of n_epochs, when a run resumes after them."""
        for _ in range(n_epochs):
            self._draw()

    def _draw(self) -> NDArray[np.intp]:
        if self.shuffle:
            shuffled = np.arange(self.n_rows)
            self.rng.shuffle(shuffled)
            self._order = self._order[shuffled]
        return self._order

    def all_columns(self) -> tuple[Any, Any]:
        """Every row and weight on the device, padded, X as (n_features, n_rows); see all_rows."""
        capacity = self._capacity(self.n_rows)
        rows = (pad_columns(_dense(self.X).T, capacity), pad_rows(self.y, capacity))
        return jax.device_put((rows, pad_rows(self.weights, capacity)))

    def all_rows(self) -> tuple[Any, Any]:
        """Every row and weight on the device, padded; what the deterministic stepper takes."""
        if self._device_rows is None:
            capacity = self._capacity(self.n_rows)
            rows = (pad_rows(_dense(self.X), capacity), pad_rows(self.y, capacity))
            self._device_rows = jax.device_put((rows, pad_rows(self.weights, capacity)))
        return self._device_rows

    def _resident_window(self, n_epochs: int) -> Window:
        rows, weights = self.all_rows()
        n_slots = self._n_slots(self._capacity(self.n_rows))
        orders = np.full((self.epochs_at_once, n_slots), -1, np.int32)
        for slots, order in zip(orders, list(self._drawn)[:n_epochs], strict=False):
            slots[: self.n_rows] = order
        return Window(rows, weights, orders, np.int32(self.n_batches))

    def _gathered_window(self, index: NDArray[np.intp]) -> Window:
        capacity = self.window_rows
        if not self._buffers:
            shape = (capacity, *self.X.shape[1:])
            self._buffers.extend(_aligned(shape, self.X.dtype) for _ in range(2))
        self._buffers.rotate()
        n_batches = -(-len(index) // self.batch_size)
        # The last batch is filled with a row that is there: what a cost makes of zeros may not be finite.
        n_filled = n_batches * self.batch_size - len(index)
        taken = np.concatenate([index, np.full(n_filled, index[0])])
        _gather(self.X, taken, self._buffers[0][: len(taken)])
        rows = (self._buffers[0], pad_rows(self.y[taken], capacity))
        weights = pad_rows(self.weights[index], capacity)
        rows, weights = jax.device_put((rows, weights))  # in place on a CPU; a call would copy them
        return Window(rows, weights, None, np.int32(n_batches))

    def _capacity(self, n_rows: int) -> int:
        smallest = min(MIN_BUCKET_ROWS, max(8, MIN_BUCKET_BYTES // max(1, self.row_bytes)))
        if self.batch_size >= self.n_rows:
            return self.batch_size
        return max(smallest, bucket(n_rows))

    def _n_slots(self, capacity: int) -> int:
        return -(-capacity // self.batch_size) * self.batch_size


def _default_budget(X: Any) -> int:
    check_not_forked()  # before the question starts JAX's devices
    if jax.default_backend() != "cpu" or sparse.issparse(X) or not X.flags.c_contiguous:
        return DEVICE_BUDGET_BYTES
    return CPU_BUDGET_BYTES


def _gather(X: Any, index: NDArray[np.intp], gathered: NDArray[Any]) -> None:
    """Dense rows of an index into a buffer, without a copy of all rows on the way."""
    if sparse.issparse(X):
        X[index].toarray(out=gathered)
    elif X.flags.c_contiguous:
        # "clip", since the default checks the index in a buffer of the size of the rows
        np.take(X, index, axis=0, out=gathered, mode="clip")
    else:  # which `take` would copy first
        gathered[...] = X[index]


def _dense(X: Any) -> NDArray[Any]:
    return X.toarray() if sparse.issparse(X) else np.asarray(X)

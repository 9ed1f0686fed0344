"""Rows that need not fit in memory: memory maps, and objects that hand out blocks of rows.

A **stream of rows** is any object whose method ``batches()`` starts a new pass: an iterator of arrays,
data frames or scipy sparse matrices with the same columns. It is read as often as a method needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from deepen.functions.moments import row_blocks

FLOATS = (np.float64, np.float32)


def is_streamed(X: Any) -> bool:
    """Whether rows are to be read block by block: a memory map, or an object with ``batches()``."""
    return isinstance(X, np.memmap) or callable(getattr(X, "batches", None))


def is_whole_numbers(X: Any) -> bool:
    """Whether rows are an array of integers or truth values, whose floats may take eight times the room."""
    return isinstance(X, np.ndarray) and X.ndim == 2 and X.size > 0 and X.dtype.kind in "iub"


class Stream:
    """Blocks of checked rows, float64 or float32, from the start at every call.

    The first pass checks every value and sets the estimator's ``n_features_in_``; later passes trust it.

    Parameters
    ----------
    estimator : the estimator that fits, or whose fit is used
    X : array or memory map of shape (n_samples, n_features), or an object with ``batches()``
    reset : bool, default=True
        False for rows of a fitted estimator, whose columns they must have.

    Attributes
    ----------
    dtype : of the first block, and so of all; None before
    """

    def __init__(self, estimator: Any, X: Any, *, reset: bool = True) -> None:
        self._estimator, self._X, self._reset = estimator, X, reset
        self.dtype: Any = None
        self._is_checked = False
        self._last: Iterator[Any] | None = None

    def __call__(self) -> Iterator[Any]:
        """One pass over the rows."""
        is_first = True
        for block in self._raw():
            if block.shape[0] == 0:
                continue
            yield self._checked(block, is_first)
            is_first = False
        self._is_checked = True

    def _raw(self) -> Iterator[Any]:
        X = self._X
        if not isinstance(X, np.ndarray):
            blocks = X.batches()
            if blocks is self._last:
                raise ValueError(
                    f"{type(X).__name__}.batches() must start a new pass at each call, but gave the same"
                    " iterator twice: make it a generator function, or return a new iterator."
                )
            self._last = blocks if isinstance(blocks, Iterator) else None
            return iter(blocks)
        if X.ndim != 2:
            return iter((X,))  # for the check to refuse
        return row_blocks(X, X.dtype if X.dtype in FLOATS else np.float64)

    def _checked(self, block: Any, is_first: bool) -> Any:
        accepted = {"accept_sparse": ("csr", "csc"), "dtype": self.dtype or list(FLOATS)}
        if self._is_checked:
            checked = check_array(block, ensure_all_finite=False, **accepted)
        else:
            checked = validate_data(
                self._estimator, block, reset=is_first and self._reset, **accepted
            )
        self.dtype = checked.dtype
        return checked


def each_row(estimator: Any, X: Any, function: Callable[[Any], Any]) -> Any:
    """What a function makes of the rows, block by block, of an array, sparse matrix, memory map or stream.

    Parameters
    ----------
    estimator : a fitted estimator, whose columns X must have
    X : rows of any kind
    function : callable, rows (b, n_features) -> array of b rows
        Sparse rows come as they are, dense ones as blocks that stay in the caches.

    Raises
    ------
    ValueError
        Where the rows do not fit the estimator, or a stream has none.
    """
    if is_streamed(X) or is_whole_numbers(X):
        blocks = Stream(estimator, X, reset=False)()
    else:
        X = validate_data(
            estimator, X, dtype=list(FLOATS), accept_sparse=("csr", "csc"), reset=False
        )
        blocks = iter((X,)) if sparse.issparse(X) else row_blocks(X)
    parts = [function(block) for block in blocks]
    if not parts:
        raise ValueError("Found no block of rows; batches() must give at least one.")
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def dense_blocks(block: Any) -> Iterator[Any]:
    """Rows of a block as small dense ones; a sparse matrix is never dense as a whole."""
    return row_blocks(block.tocsr() if sparse.issparse(block) else block)

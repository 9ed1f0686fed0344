"""Rows that need not fit in memory: memory maps, and objects that hand out blocks of rows.

A **stream of rows** is any object whose method ``batches()`` starts a new pass: an iterator of arrays,
data frames or scipy sparse matrices with the same columns. It is read as often as a method needs.
"""

from __future__ import annotations

from collections.abc import Iterator
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


class Stream:
    """Blocks of checked rows, float64 or float32, from the start at every call.

    The first pass checks every value and sets the estimator's ``n_features_in_``; later passes trust it.

    Parameters
    ----------
    estimator : the estimator that fits
    X : memory map of shape (n_samples, n_features), or an object with ``batches()``

    Attributes
    ----------
    dtype : of the first block, and so of all; None before
    """

    def __init__(self, estimator: Any, X: Any) -> None:
        self._estimator, self._X = estimator, X
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
        if not isinstance(X, np.memmap):
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
            checked = validate_data(self._estimator, block, reset=is_first, **accepted)
        self.dtype = checked.dtype
        return checked


def in_blocks(X: Any) -> Any:
    """Row blocks of a checked array, or a sparse matrix as a whole, for code that takes streams."""
    return iter((X,)) if sparse.issparse(X) else row_blocks(X)

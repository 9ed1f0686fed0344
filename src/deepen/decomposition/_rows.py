"""Centred rows as an operator: Xc = X - 1 m' is multiplied, never made.

    Xc V    = X V - 1 (m'V)                      (n_samples, b)
    Xc' U   = X' (U - 1 mean(U))                 (n_features, b)
    Xc'Xc V = sum over blocks of rows B:  B' (B V - 1 (m'V))      one pass over the rows
    XcXc' U = Xc (Xc' U)

so a sparse X stays sparse, a memory map or a stream passes through in blocks, and an array is not
copied. Sparse products are scipy's, single-threaded; a thread pool does not speed them up, since they
hold the interpreter's lock (measured with scipy 1.17).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepen.functions.moments import MOST_CANCELLATION, column_means, row_blocks

Array = NDArray[Any]


class CentredRows:
    """Rows less their mean, as products.

    Parameters
    ----------
    blocks : callable () -> iterator of row blocks
        Dense arrays or scipy sparse matrices of one dtype; read from the start at every call.

    Attributes
    ----------
    n_samples, n_features : int
    dtype : float32 or float64
    is_sparse : bool
    mean : float64 array of shape (n_features,)
    total : float, sum of the squares of Xc
    n_reads : int, how often the rows have been read
    """

    def __init__(self, blocks: Callable[[], Iterator[Any]]) -> None:
        self._blocks, self.n_reads = blocks, 0
        self._centre: Array | None = None
        self.mean: Array
        self.total: float
        self._survey()
        drowns = self.n_samples * float(self.mean @ self.mean) > MOST_CANCELLATION * self.total
        self._offset = self.mean
        if drowns and not self.is_sparse:
            self._centre_blocks()

    def _centre_blocks(self) -> None:
        """From here on, take a point near the mean from the rows as they pass.

        A mean this large takes digits from every product, and had too few of its own.
        """
        self._centre = self.mean.astype(self.dtype)
        left_over, total = np.zeros(self.n_features), 0.0
        for block in self.blocks():
            left_over += block.sum(axis=0, dtype=np.float64)
            total += _sum_of_squares(block)
        self._offset = left_over / self.n_samples
        self.mean = self._centre + self._offset
        self.total = total - self.n_samples * float(self._offset @ self._offset)

    def blocks(self) -> Iterator[Any]:
        """The blocks of rows, from the start, less the mean where it would drown them."""
        self.n_reads += 1
        if self._centre is None:
            return self._blocks()
        return (block - self._centre for block in self._blocks())

    def _survey(self) -> None:
        n, total, self.is_sparse = 0, 0.0, False
        for block in self.blocks():
            b, block_mean = block.shape[0], column_means(block)
            total += _squares(block, block_mean)
            if (
                n == 0
            ):  # most rows are one block: no more vectors of a million numbers than it takes
                self.dtype, self.is_sparse = block.dtype, sparse.issparse(block)
                n, mean = b, block_mean
                continue
            d = block_mean - mean
            total += float(d @ d) * n * b / (n + b)
            d *= b / (n + b)
            mean += d
            n += b
        if n == 0:
            raise ValueError("Found no block of rows; batches() must give at least one.")
        self.n_samples, self.n_features = n, len(mean)
        self.mean, self.total = mean, total

    def round_mean(self) -> None:
        """Keep the mean in the rows' precision; ``outer`` and ``back`` need none, and it may be long."""
        is_offset = self._offset is self.mean
        self.mean = self.mean.astype(self.dtype)
        self._offset = self.mean if is_offset else self._offset

    def normal(self, V: Array) -> Array:
        """Xc'Xc V, (n_features, b) -> (n_features, b), in one pass."""
        V = np.ascontiguousarray(V)
        shift = (self._offset @ V).astype(self.dtype)
        result, left_over = np.zeros_like(V), np.zeros(V.shape[1])
        for block in self.blocks():
            Y = block @ V
            Y -= shift
            left_over += Y.sum(axis=0)
            result += block.T @ Y
        # What rounding leaves of 1'Y is multiplied by the mean, which may be large.
        result -= np.outer(self._offset, left_over).astype(self.dtype)
        return result

    def project(self, V: Array) -> Array:
        """Xc V, (n_features, b) -> (n_samples, b)."""
        V = np.ascontiguousarray(V)
        shift = (self._offset @ V).astype(self.dtype)
        parts = [block @ V for block in self.blocks()]
        Y = parts[0] if len(parts) == 1 else np.concatenate(parts)
        Y -= shift
        return Y

    def back(self, U: Array) -> Array:
        """Xc' U, (n_samples, b) -> (n_features, b)."""
        U = U - U.mean(axis=0)
        start, result = 0, None
        for block in self.blocks():
            part = block.T @ U[start : start + block.shape[0]]
            result = part if result is None else np.add(result, part, out=result)
            start += block.shape[0]
        assert result is not None
        return result

    def outer(self) -> Callable[[Array], Array]:
        """U -> XcXc' U, (n_samples, b) -> (n_samples, b), to be called many times and then let go."""

        def in_two_passes(U: Array) -> Array:
            T = self.back(U)
            parts = [block @ T for block in self.blocks()]
            Y = parts[0] if len(parts) == 1 else np.concatenate(parts)
            Y -= Y.mean(axis=0)
            return Y

        return in_two_passes


def in_memory(X: Array) -> CentredRows:
    """Rows of an array, in blocks that stay in the caches."""
    return CentredRows(lambda: row_blocks(X))


def _squares(block: Any, mean: Array) -> float:
    """Sum of the squares of a block less its mean, in float64."""
    if sparse.issparse(block):
        return _sum_of_squares(block.data) - block.shape[0] * float(mean @ mean)
    centre = mean.astype(block.dtype)
    return sum(_sum_of_squares(part - centre) for part in row_blocks(block))


def _sum_of_squares(values: Array) -> float:
    # (Not by BLAS, whose threads wait for one another longer than this takes.)
    values = values.reshape(-1)
    return float(np.einsum("i,i", values, values, dtype=np.float64))

"""Sparse rows in memory, multiplied by bands of columns.

    XcXc' U = sum over bands C of columns:  C (C' (U - 1 mean(U))),  less its mean

What a product of wide sparse rows waits for is the vector of n_features numbers: every value of X reads or
writes one of them, anywhere. Of a band, that vector stays in a core's cache; and both factors pass over its
values while they are there (measured: 9 ms a product in the place of 22, 20,000 x 1,000,000 with 100 values
a row in float32, scipy 1.17).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepen.decomposition._memory import COPIED_SHARE, memory_bytes, own_pages
from deepen.decomposition._rows import CentredRows

Array = NDArray[Any]

BAND = 1 << 17  # columns: half a megabyte of float32
LEAST_PER_ROW = (
    8  # values of X, on average, in a row of a band, which itself costs as much as a few
)


class SparseRows(CentredRows):
    """Centred rows of a sparse matrix, which is one block.

    Parameters
    ----------
    X : scipy sparse matrix or array, CSR or CSC
    """

    def __init__(self, X: Any) -> None:
        self._X = X
        super().__init__(lambda: iter((X,)))

    def outer(self) -> Callable[[Array], Array]:
        """U -> XcXc' U by bands, which are a copy of X; in two passes where that does not pay or fit."""
        X = self._X
        per_row = max(X.nnz / self.n_samples, 1)
        width = max(BAND, int(LEAST_PER_ROW * self.n_features / per_row))
        is_large = X.data.nbytes + X.indices.nbytes > COPIED_SHARE * memory_bytes()
        if X.format != "csr" or width >= self.n_features or is_large:
            return super().outer()
        self.n_reads += 1
        bands = _bands(X, width)

        def product(U: Array) -> Array:
            U = U - U.mean(axis=0)
            Y = np.zeros_like(U)
            for band, transposed in bands:
                Y += band @ (transposed @ U)
            Y -= Y.mean(axis=0)
            return Y

        return product


def _bands(X: Any, width: int) -> list[tuple[Any, Any]]:
    """Copies of the bands, (n_samples, <= width) each, and the same arrays as their transposes."""
    bands = []
    for first in range(0, X.shape[1], width):
        band = X[:, first : first + width]
        values, columns = (own_pages(part.shape, part.dtype) for part in (band.data, band.indices))
        values[:], columns[:] = band.data, band.indices
        copy = sparse.csr_array((values, columns, band.indptr), shape=band.shape)
        bands.append((copy, copy.T))
    return bands

"""Weight, mean and scatter of rows, that of several blocks merged into that of all of them.

    n = sum_i w_i,    m = (1/n) sum_i w_i x_i,    S = sum_i w_i (x_i - m)(x_i - m)'

Two blocks a and b, with d = m_b - m_a (Chan, Golub and LeVeque 1983, eq. 1.5, for matrices):

    n = n_a + n_b,    m = m_a + (n_b / n) d,    S = S_a + S_b + (n_a n_b / n) d d'

S comes from products without a centred copy of the rows, S = X'WX - n m m', as long as the mean does
not drown the spread in rounding; then the rows are centred a block at a time. Sparse rows, which
are made dense by that, are multiplied in float64 to put it off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[Any]

BLOCK_BYTES = 1 << 22  # of rows at a time: they stay in the caches
SUMMED_AT_ONCE = 1 << 7  # rows summed in their own precision before they join the float64 sum
MOST_CANCELLATION = 16.0  # n |m|^2 over the trace of S, above which rows are centred first
MOST_CANCELLATION_OF_SPARSE = 1e8  # of float64's sixteen digits it leaves eight
CROWDED = (
    1 / 8
)  # share of values that are stored, above which blocks made dense are multiplied sooner


class Moments(NamedTuple):
    """Moments of rows, in float64.

    Attributes
    ----------
    weight : float, n
    mean : array of shape (n_features,), m
    scatter : array of shape (n_features, n_features), S
    """

    weight: float
    mean: Array
    scatter: Array


def row_blocks(X: Any, dtype: Any = None, n_bytes: int = BLOCK_BYTES) -> Iterator[Array]:
    """Consecutive rows of a matrix as arrays, about ``n_bytes`` at a time; of a memory map, copies."""
    is_mapped = isinstance(X, np.memmap)
    n_rows = max(1, n_bytes // max(1, X.shape[1] * np.dtype(dtype or X.dtype).itemsize))
    for start in range(0, X.shape[0], n_rows):
        block = X[start : start + n_rows]
        block = block.toarray() if sparse.issparse(block) else block
        yield np.array(block, dtype) if is_mapped else np.asarray(block, dtype)


def stacked(blocks: Iterable[Array], n_rows: int) -> Array:
    """Blocks of rows below one another, ``n_rows`` in all; a block is let go once it has been copied.

    Examples
    --------
    >>> stacked((np.full((n, 2), n) for n in (1, 2)), n_rows=3).tolist()
    [[1, 1], [2, 2], [2, 2]]
    """
    start = 0
    for block in blocks:
        if not start:
            whole = np.empty((n_rows, *block.shape[1:]), block.dtype)
        whole[start : start + len(block)] = block
        start += len(block)
    return whole


def column_means(X: Any, weights: Array | None = None) -> Array:
    """Mean of the rows in float64, (n_samples, n_features) -> (n_features,)."""
    if weights is not None:
        weights = np.asarray(weights, np.float64)
        return _weighted_sum(X, weights) / weights.sum()
    total = np.zeros(X.shape[1])
    if sparse.issparse(X):
        _add_sparse_columns(X, total)
    else:
        for start in range(0, X.shape[0], SUMMED_AT_ONCE):
            total += X[start : start + SUMMED_AT_ONCE].sum(axis=0)
    total /= X.shape[0]
    return total


def _weighted_sum(X: Any, weights: Array) -> Array:
    if sparse.issparse(X):
        return np.asarray(X.T @ weights, np.float64).ravel()
    total, start = np.zeros(X.shape[1]), 0
    for rows in row_blocks(X, np.float64):  # a product with all of them copies them all
        total += weights[start : start + len(rows)] @ rows
        start += len(rows)
    return total


def column_variances(X: Any, mean: Array) -> Array:
    """Variance of the rows about a mean, over N and in float64, (n_samples, n_features) -> (n_features,)."""
    squares = (np.square(rows - mean).sum(axis=0, dtype=np.float64) for rows in row_blocks(X))
    return np.asarray(sum(squares) / X.shape[0])


def _add_sparse_columns(X: Any, total: Array) -> None:
    if X.format == "csc":
        has_values = np.diff(X.indptr) > 0
        if has_values.any():
            starts = X.indptr[:-1][has_values]
            total[has_values] += np.add.reduceat(X.data, starts, dtype=np.float64)
        return
    rows = X.tocsr()
    step = 1 << 16  # values whose copies, as numpy's quick path wants them, are alive at a time
    for start in range(0, rows.nnz, step):
        part = slice(start, start + step)
        np.add.at(total, rows.indices[part].astype(np.intp), rows.data[part].astype(np.float64))


def moments(X: Any, weights: Array | None = None) -> Moments:
    """Moments of the rows of one block, dense or sparse.

    Parameters
    ----------
    X : array or scipy sparse matrix of shape (n_samples, n_features), of floats
    weights : array of shape (n_samples,), default=None
        At least 0, with a positive sum; None weighs every row 1.

    Returns
    -------
    Moments

    Examples
    --------
    >>> import numpy as np
    >>> moments(np.array([[1.0, 0.0], [3.0, 4.0]])).scatter
    array([[2., 4.],
           [4., 8.]])
    """
    weight = float(X.shape[0] if weights is None else weights.sum(dtype=np.float64))
    if not weight:
        return Moments(0.0, np.zeros(X.shape[1]), np.zeros((X.shape[1], X.shape[1])))
    if sparse.issparse(X):  # to centre it costs more than twice the digits
        X = X.tocsr().astype(np.float64)
    elif weights is not None and X.nbytes > 2 * BLOCK_BYTES:  # no weighted copy of them all
        return moments_of_blocks(row_blocks(X), weights)
    mean = column_means(X, weights)
    if sparse.issparse(X) and X.nnz > CROWDED * X.shape[0] * X.shape[1]:
        return _centred_moments(X, weights, weight, mean)
    weighted = X if weights is None else _scaled_rows(X, weights)
    gram = X.T @ weighted
    gram = np.asarray(gram.toarray() if sparse.issparse(gram) else gram, np.float64)
    scatter = gram - weight * np.outer(mean, mean)
    spread = float(np.trace(scatter))
    most = MOST_CANCELLATION_OF_SPARSE if sparse.issparse(X) else MOST_CANCELLATION
    if weight * (mean @ mean) <= most * spread:
        return Moments(weight, mean, scatter)
    return _centred_moments(X, weights, weight, mean)


def _scaled_rows(X: Any, weights: Array) -> Any:
    if sparse.issparse(X):
        return sparse.diags_array(weights).astype(X.dtype) @ X
    return X * weights.astype(X.dtype)[:, None]


def _centred_moments(X: Any, weights: Array | None, weight: float, about: Array) -> Moments:
    """Moments from the rows less a point near their mean, whose own rounding is then put right."""
    n_features = X.shape[1]
    start, centre = 0, about.astype(X.dtype)
    scatter, left_over = np.zeros((n_features, n_features)), np.zeros(n_features)
    for block in row_blocks(X):
        d = block - centre
        w = None if weights is None else weights[start : start + len(d)].astype(d.dtype)
        scatter += d.T @ (d if w is None else d * w[:, None])
        left_over += d.sum(axis=0, dtype=np.float64) if w is None else w @ d
        start += len(d)
    scatter -= np.outer(left_over, left_over) / weight
    return Moments(weight, centre + left_over / weight, scatter)


def merge(a: Moments, b: Moments) -> Moments:
    """Moments of the rows of both.

    Examples
    --------
    >>> import numpy as np
    >>> halves = moments(np.array([[0.0], [2.0]])), moments(np.array([[4.0], [6.0]]))
    >>> merge(*halves).scatter
    array([[20.]])
    """
    if not b.weight:
        return a
    weight = a.weight + b.weight
    d = b.mean - a.mean
    scatter = a.scatter + b.scatter
    scatter += np.outer(d, d) * (a.weight * b.weight / weight)
    return Moments(weight, a.mean + d * (b.weight / weight), scatter)


def moments_of_blocks(blocks: Iterable[Any], weights: Array | None = None) -> Moments:
    """Moments of all rows of blocks that are read once, one in memory at a time.

    Parameters
    ----------
    blocks : iterable of arrays or scipy sparse matrices
    weights : array of shape (n_samples,), default=None
        Of all rows, in their order.

    Raises
    ------
    ValueError
        Where there is no block, or there are not as many weights as rows.
    """
    found: Moments | None = None
    n_rows = 0
    for block in blocks:
        stop = n_rows + block.shape[0]
        if weights is not None and stop > len(weights):
            raise ValueError(f"sample_weight has {len(weights)} values for more rows than that.")
        new = moments(block, None if weights is None else weights[n_rows:stop])
        found, n_rows = new if found is None else merge(found, new), stop
    if found is None:
        raise ValueError("Found no block of rows; batches() must give at least one.")
    if weights is not None and n_rows != len(weights):
        raise ValueError(f"sample_weight has {len(weights)} values for {n_rows} rows.")
    return found

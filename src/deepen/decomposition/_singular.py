"""From a subspace to singular vectors: the small part of every solver, shared by them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.functions.moments import Moments

Array = NDArray[Any]
ROUNDING = 16  # machine epsilons within which two shares of the variance are the same

CHUNK = 1 << 15  # rows whose product is copied at a time


def tall_svd(B: Array, rng: np.random.RandomState) -> tuple[Array, Array, Array]:
    """B = V diag(s) W', for a tall B of nearly orthogonal columns, which V overwrites.

    With the columns' norms d taken out first, K = D^-1 B'B D^-1 = E diag(e) E' is close to the identity,
    so that the square does not cost half the digits (as in one-sided Jacobi methods):

        B D^-1 = V^ R,    R = diag(sqrt e) E',    R D = P diag(s) W',    V = V^ P

    Columns without length get any direction orthogonal to the others, with s = 0.

    Returns
    -------
    V : array of shape (n, k), B's own memory
    s : float64 array of shape (k,), largest first
    W : float64 array of shape (k, k)
    """
    gram = np.zeros((B.shape[1], B.shape[1]))
    for start in range(0, len(B), CHUNK):
        part = B[start : start + CHUNK]
        gram += part.T @ part
    d = np.sqrt(np.diag(gram))
    tiny = np.finfo(B.dtype).eps * d.max(initial=0.0)
    lives = d > tiny
    n_live = int(lives.sum())
    d_live = d[lives]
    e, E = np.linalg.eigh(gram[np.ix_(lives, lives)] / np.outer(d_live, d_live))
    e = np.maximum(e, np.finfo(B.dtype).eps)
    P, s, Wt = np.linalg.svd(np.sqrt(e)[:, None] * E.T * d_live)
    turn = np.zeros((B.shape[1], n_live))
    turn[lives] = (E / np.sqrt(e) / d_live[:, None]) @ P
    turn = turn.astype(B.dtype)
    for start in range(0, len(B), CHUNK):
        part = B[start : start + CHUNK]
        part[:, :n_live] = part @ turn
    if n_live < len(d):
        B[:, n_live:] = _complement(B[:, :n_live], len(d) - n_live, rng)
    W = np.zeros((len(d), len(d)))
    W[lives, :n_live] = Wt.T
    W[~lives, n_live:] = np.eye(len(d) - n_live)
    return B, np.concatenate([s, np.zeros(len(d) - n_live)]), W


def _complement(V: Array, n_more: int, rng: np.random.RandomState) -> Array:
    fresh = rng.standard_normal((len(V), n_more)).astype(V.dtype)
    for _ in range(2):
        fresh -= V @ (V.T @ fresh)
    return np.linalg.qr(fresh)[0]


def eigen_of_moments(found: Moments, k: int | None) -> tuple[Array, Array]:
    """Largest eigenvalues of the scatter, and eigenvectors as rows: all of them or the first k."""
    n, lives = len(found.mean), np.diag(found.scatter) > 0
    # Columns of zeros, as at the edges of images, are eigenvectors of their own: less is left to turn.
    # scipy's would find the first k alone, but its BLAS's threads wait for numpy's, which still spin
    # after the product that made the scatter: 30 to 110 ms for 784 features, against 38.
    values, vectors = np.linalg.eigh(found.scatter[np.ix_(lives, lives)])
    n_live, k = len(values), n if k is None else k
    squares, components = np.zeros(k), np.zeros((k, n))
    squares[:n_live] = np.maximum(values[::-1][:k], 0)
    components[:n_live, lives] = vectors.T[::-1][:k]
    components[range(n_live, k), np.flatnonzero(~lives)[: max(k - n_live, 0)]] = 1
    return squares, components


def n_for_share(squares: Array, total: float, share: float) -> int:
    """How many of the largest variances explain more than a share of all; 1 where nothing varies.

    Examples
    --------
    >>> n_for_share(np.array([6.0, 3.0, 1.0]), 10.0, 0.8)
    2
    """
    if total <= 0:
        return 1
    # A share read off another fit of the same rows is met but for rounding, and is not exceeded by that.
    shares = np.cumsum(squares / total)
    slack = ROUNDING * float(np.finfo(shares.dtype).eps)
    return min(int(np.searchsorted(shares, share + slack, side="right")) + 1, len(shares))


def positive_largest(components: Array) -> Array:
    """Components whose largest entry by size is positive, in place: scikit-learn's choice of sign."""
    highest = lowest = np.zeros(len(components), components.dtype)
    for start in range(0, components.shape[1], CHUNK):
        part = np.ascontiguousarray(components[:, start : start + CHUNK])
        highest = np.maximum(highest, part.max(axis=1))
        lowest = np.maximum(lowest, -part.min(axis=1))
    is_flipped = highest < lowest
    for i in np.flatnonzero(np.isclose(highest, lowest, rtol=0)):  # the first of equals decides
        is_flipped[i] = components[i, np.argmax(np.abs(components[i]))] < 0
    if is_flipped.any():
        # (numpy.negative in place is wrong on strided float32, seen with 2.4.)
        components *= np.where(is_flipped, -1, 1).astype(components.dtype)[:, None]
    return components

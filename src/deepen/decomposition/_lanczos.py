"""Block Lanczos with thick restarts: the largest eigenpairs of a symmetric matrix G from products G V.

    Q_1 = orth(random)
    for j = 1, 2, ...:   W = G Q_j
                         H = Q' W,   W <- W - Q H            (twice: full re-orthogonalisation)
                         Q_(j+1) R = W,   T = Q' G Q grows by the columns of H
                         T Y = Y Theta;  the residual of pair i is |R y_i's last rows|
    Q full:              Q <- [Q Y of the largest theta, Q_(j+1)] and on
    converged, b < k:    Q <- [Q Y of the largest theta, orth(random)] and on until Q is full,
                         for an eigenvalue's other vectors; done when none has come

Ritz pairs (theta_i, Q y_i) are the best that the Krylov space of the products so far can give. A block
of one needs the fewest products; a larger one needs the fewest passes over rows that are read from a
disk. G is used as a black box, n numbers a product; nothing of the size of G is made.

Wu and Simon (2000), Thick-restart Lanczos method for large symmetric eigenvalue problems, SIAM J. Matrix
Anal. Appl. 22(2), doi:10.1137/S0895479898334605; Golub and Underwood (1977) for the blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepen.decomposition._memory import own_pages

Array = NDArray[Any]

SMALLEST_BASIS = 64  # vectors; a smaller basis restarts more often for the same number of products
SPARE = 20  # vectors of the basis beyond twice the pairs that are wanted
ASKED_EVERY = 4  # products of a single vector: whether the pairs have converged
MOST_OVERLAP = 0.1  # of a unit vector with the basis that it should be orthogonal to
FEW = 8  # columns of G that are made at a time where all of it is made
ROUNDING = 64  # machine epsilons within which a residual that no longer falls is rounding alone


class Ritz(NamedTuple):
    """Outcome.

    Attributes
    ----------
    values : array of shape (k,), largest first
    vectors : array of shape (k, n), orthonormal rows
    n_products : int, vectors that were multiplied
    n_passes : int, calls of the product
    residual : float, largest |G u - theta u| / theta of the pairs
    converged : bool
    """

    values: Array
    vectors: Array
    n_products: int
    n_passes: int
    residual: float
    converged: bool


def lanczos(
    product: Callable[[Array], Array],
    n: int,
    k: int,
    *,
    dtype: Any,
    rng: np.random.RandomState,
    block_size: int = 1,
    tol: float = 0.0,
    max_passes: int = 1000,
) -> Ritz:
    """The k largest eigenpairs of a symmetric, positive semi-definite matrix of order n.

    Parameters
    ----------
    product : callable, array of shape (n, b) -> G times it
    n, k : int, 1 <= k <= n
    dtype : float32 or float64, in which the basis is kept
    rng : RandomState, draws the start
    block_size : int, default=1
        b, at least 1.
    tol : float, default=0.0
        Largest residual relative to the eigenvalue; below the rounding error it means that.
    max_passes : int, default=1000

    Returns
    -------
    Ritz
    """
    size = min(n, max(2 * k + SPARE + 2 * block_size, SMALLEST_BASIS))
    if size == n:  # the whole space fits
        return _whole_space(product, n, k, dtype, max(block_size, FEW))
    eps = float(np.finfo(dtype).eps)
    tol = max(tol, 2 * eps)
    basis = own_pages((size + block_size, n), dtype)
    T = np.zeros((size, size))
    start = rng.standard_normal((block_size, n)).astype(dtype)
    basis[:block_size], _, _ = _orthonormal(start, basis[:0], 0.0, rng)
    done, filled, n_products, n_passes, last = 0, block_size, 0, 0, np.inf
    is_probing, trace, before = False, 0.0, np.inf
    needs_proof = block_size < k  # of one eigenvalue's vectors a start shows as many as it has
    while True:
        W = np.ascontiguousarray(product(basis[done:filled].T).T)
        n_products, n_passes = n_products + filled - done, n_passes + 1
        new, H, R = _orthonormal(W, basis[:filled], np.abs(T).max(), rng)
        T[:filled, done:filled], T[done:filled, :filled] = H, H.T
        n_last, done = filled - done, filled
        is_full, is_last = done + block_size > size, n_passes >= max_passes and done > k
        # Over dear rows every pass may be the last; a single vector is cheaper than the question.
        is_asked = is_full or is_last or block_size > 1 or n_passes % ASKED_EVERY == 0
        needs_proof |= np.linalg.norm(R, axis=1).min() <= np.sqrt(eps) * np.abs(T).max()
        begins_anew = False
        if done > k and is_asked:
            values, Y = np.linalg.eigh(T[:done, :done])
            values, Y = values[::-1], Y[:, ::-1]
            sizes = np.linalg.norm(R @ Y[done - n_last :, : k + 1], axis=0)
            # No product is more precise than this share of the largest value.
            floor = eps ** (2 / 3) * values[0]
            shares = sizes[:k] / np.maximum(values[:k], floor) if floor > 0 else np.zeros(1)
            residual = min(float(shares.max()), before)
            is_stuck = is_full and residual <= ROUNDING * eps and residual > last / 2
            last = residual if is_full else last
            has_converged = residual <= tol or is_stuck
            is_new = is_probing and values[:k].sum() > (1 + max(tol, ROUNDING * eps)) * trace
            is_proven = not needs_proof or (is_probing and is_full and not is_new)
            if is_last or (has_converged and is_proven):
                vectors = Y[:, :k].T.astype(dtype) @ basis[:done]
                return Ritz(values[:k], vectors, n_products, n_passes, residual, has_converged)
            if is_new:
                is_probing, before = False, np.inf
            elif has_converged and not is_probing:
                is_probing = begins_anew = True
                trace, before = values[:k].sum(), residual
        if is_full or begins_anew:
            kept = min(done, k + (size - block_size - k) // 2)
            basis[:kept] = Y[:, :kept].T.astype(dtype) @ basis[:done]
            T[:] = 0
            T[range(kept), range(kept)] = values[:kept]
            done = kept
        if begins_anew:
            fresh = rng.standard_normal((block_size, n)).astype(dtype)
            new = _orthonormal(fresh, basis[:done], 0.0, rng)[0]
        basis[done : done + block_size] = new
        filled = done + block_size


def _orthonormal(
    W: Array, basis: Array, scale: float, rng: np.random.RandomState
) -> tuple[Array, Array, Array]:
    """Rows Q, orthonormal and orthogonal to the basis, with W' = basis' H + Q' R up to eps scale."""
    scale = max(scale, float(np.abs(W).max()))  # the first product has none before it
    H = np.zeros((len(basis), len(W)))
    for _ in range(2):  # once leaves errors of the size that was taken away (Giraud et al. 2005)
        h = basis @ W.T
        W = W - h.T @ basis
        H += h
    Q, R = np.linalg.qr(W.T)
    if np.abs(np.diag(R)).min() <= np.sqrt(np.finfo(W.dtype).eps) * scale:
        # Whatever rank the block has left, its last singular vectors alone are without content.
        Q, sizes, turn = np.linalg.svd(W.T, full_matrices=False)
        Q, is_noise = _third_pass(Q, basis, rng)
        R = np.where(is_noise, 0, sizes)[:, None] * turn
    return np.ascontiguousarray(Q.T), H, np.asarray(R, np.float64)


def _third_pass(Q: Array, basis: Array, rng: np.random.RandomState) -> tuple[Array, Array]:
    """Columns orthogonal to the basis again; what was only rounding becomes any other direction."""
    overlap = basis @ Q
    is_noise = np.linalg.norm(overlap, axis=0) > MOST_OVERLAP
    is_noise |= np.cumsum(is_noise) > 0  # those after it are smaller still
    Q = Q - basis.T @ overlap
    # An invariant space is exhausted: what is left in it must not be taken for something new.
    Q[:, is_noise] = rng.standard_normal((len(Q), int(is_noise.sum())))
    for _ in range(2):
        Q[:, is_noise] -= basis.T @ (basis @ Q[:, is_noise])
    Q, R = np.linalg.qr(Q)
    return Q * np.sign(np.diag(R)), is_noise


def _whole_space(
    product: Callable[[Array], Array], n: int, k: int, dtype: Any, at_once: int
) -> Ritz:
    """From G itself, made few columns at a time: the product may need much room for each."""
    G = np.empty((n, n))
    for start in range(0, n, at_once):
        part = slice(start, start + at_once)
        G[:, part] = product(np.eye(n, dtype=dtype)[:, part])
    values, vectors = np.linalg.eigh((G + G.T) / 2)
    vectors = np.ascontiguousarray(vectors[:, ::-1][:, :k].T.astype(dtype))
    return Ritz(np.maximum(values[::-1][:k], 0), vectors, n, -(-n // at_once), 0.0, True)

"""Singular values and components from centred rows that are only multiplied: Lanczos, gradient ascent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from deepen.decomposition._lanczos import lanczos
from deepen.decomposition._rows import CentredRows
from deepen.decomposition._singular import n_for_share, tall_svd

Array = NDArray[Any]

DENSE_BLOCK = 8  # vectors a product of dense rows, which matrix products like
ASCENT_TOL = 1e-8  # of the residual: an angle of 1e-8 over the relative gap between variances
ASCENT_EPSILONS = 8  # what float32 can be asked for


@dataclass(frozen=True)
class Settings:
    """What the two solvers are told.

    Parameters
    ----------
    tol : float, largest |C v - lambda v| / lambda; 0 takes the solver's own
    max_iter : int
    n_oversamples : int, directions carried along beside those that are wanted
    learning_rate, has_momentum : of the ascent
    rng : numpy.random.RandomState
    is_stream : bool, whether a pass over the rows is dear
    """

    tol: float
    max_iter: int
    n_oversamples: int
    learning_rate: float
    has_momentum: bool
    rng: np.random.RandomState
    is_stream: bool


class Found(NamedTuple):
    """Outcome: s of shape (k,) largest first, components (k, n_features), and how it went."""

    s: Array
    components: Array
    n_iter: int
    residual: float
    tol: float
    converged: bool


Solver = Callable[[CentredRows, int, Settings], Found]


def by_lanczos(rows: CentredRows, k: int, settings: Settings) -> Found:
    """From the smaller of Xc'Xc and XcXc'."""
    # A product with XcXc' costs a stream two passes, one with Xc'Xc a single one.
    by_sample = rows.n_samples * (4 if settings.is_stream else 1) <= rows.n_features
    n = rows.n_samples if by_sample else rows.n_features
    if by_sample:
        rows.round_mean()
    block_size = 1 if rows.is_sparse else DENSE_BLOCK
    if settings.is_stream:
        block_size = k + settings.n_oversamples
    # A product of the basis with one vector is too short for threads: on a machine with other work
    # each would wait for a core (measured: .3 s with one thread, 2.5 s with two; idle, .3 s with both).
    with _blas().limit(limits=1 if block_size == 1 else None, user_api="blas"):
        found = lanczos(
            rows.outer() if by_sample else rows.normal,
            n,
            k,
            dtype=rows.dtype,
            rng=settings.rng,
            block_size=block_size,
            tol=settings.tol,
            max_passes=settings.max_iter,
        )
        if by_sample:
            V, s, _ = tall_svd(rows.back(found.vectors.T), settings.rng)
            components = V.T
        else:
            s, components = _turned(rows, found.values, found.vectors, settings)
    tol = max(settings.tol, float(np.finfo(rows.dtype).eps))
    return Found(s, components, found.n_passes, found.residual, tol, found.converged)


@cache
def _blas() -> Any:
    """NumPy's and SciPy's BLAS; to find them takes as long as a small fit."""
    return ThreadpoolController()


def by_ascent(rows: CentredRows, k: int, settings: Settings) -> Found:
    """By block gradient ascent."""
    from deepen.decomposition._ascent import Ascent, start
    from deepen.engine.iterate import iterate

    q = min(k + settings.n_oversamples, rows.n_samples, rows.n_features)
    step = Ascent(rows.normal, k, settings.learning_rate, settings.has_momentum)
    tol = settings.tol or max(ASCENT_TOL, ASCENT_EPSILONS * float(np.finfo(rows.dtype).eps))
    first = start(rows.n_features, q, rows.dtype, settings.rng)
    found = iterate(step, first, max_iter=settings.max_iter, tol=tol)
    climb, history = found.state, found.progress.history["change"]
    s, components = _turned(
        rows, climb.variances[:k], np.ascontiguousarray(climb.V[:, :k].T), settings
    )
    return Found(s, components, found.progress.n_iter, history[-1], tol, found.converged)


def _turned(
    rows: CentredRows, squares: Array, vectors: Array, settings: Settings
) -> tuple[Array, Array]:
    """Singular values and components of the subspace: turned by the SVD of Xc V, where it fits."""
    if settings.is_stream:
        return np.sqrt(np.maximum(squares, 0)), vectors
    _, s, W = tall_svd(rows.project(vectors.T), settings.rng)
    return s, W.T.astype(vectors.dtype) @ vectors


def by_share(
    solver: Solver, rows: CentredRows, share: float, settings: Settings
) -> tuple[Found, int]:
    """As many components as explain more than a share of the variance, and how many these are."""
    k, smallest = min(10, rows.n_samples, rows.n_features), min(rows.n_samples, rows.n_features)
    found = solver(rows, k, settings)
    while 0 < rows.total * share >= found.s @ found.s and k < smallest:
        k = min(2 * k, smallest)  # how many it takes, nobody knows before
        found = solver(rows, k, settings)
    return found, n_for_share(found.s**2, rows.total, share)

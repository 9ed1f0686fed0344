"""Principal components by gradient ascent, as one learns it: no covariance matrix, only its products.

The first component climbs the variance of its projection, the next ones with the found ones taken out:

    J(v) = v'Xc'Xc v - sum_j lambda_j (v_j'v)^2
    v <- normalise(v + eta grad J(v)),        grad J(v) / 2 = Xc'(Xc v) - sum_j lambda_j v_j (v_j'v)

All components at once, V = [v_1 ... v_q], are the same deflation in a block: of orthonormal columns
v_j'v_i = 0, so that every second term is zero at V; what a step brings back of the earlier columns, a QR
factorisation takes out of the later ones again, in their order:

    G = Xc'(Xc V),    Q R = V + eta G,    V <- Q

The eigenvectors of the small matrix V'G turn the columns to their own directions first (Rayleigh and
Ritz; without it equal variances would never be told apart, and close ones only slowly). Because variances
are not negative, no eta is too large: for a large one the ascent is the power method, whose error falls by
lambda_(q+1) / lambda_k an iteration. Momentum makes that the square root of its distance from 1:

    V_tp1 R = (1 + eta Xc'Xc) V_t - beta V_tm1,    beta = ((1 + eta lambda_q) / 2)^2

Oja (1982), doi:10.1007/BF00275687; Golub and Van Loan (2013), sections 8.2.3 and 8.2.4; Xu et al. (2018),
Accelerated stochastic power iteration, AISTATS, arXiv:1707.02670, section 3, for the momentum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ROUNDING = 64  # machine epsilons within which a residual may be rounding alone
PATIENCE = 30  # steps of such a residual that does not fall


class Climb(NamedTuple):
    """Where the ascent stands.

    Attributes
    ----------
    V : array of shape (n_features, q), orthonormal columns
    previous : array of shape (n_features, q), V of the step before, in V's scale
    variances : array of shape (q,), of the projections on the rotated columns, largest first
    best : float, least residual so far
    n_idle : int, steps since it last fell by a tenth
    """

    V: Array
    previous: Array
    variances: Array
    best: float = np.inf
    n_idle: int = 0


@dataclass(frozen=True)
class Ascent:
    """One step of the block ascent, ``climb -> (climb, residual)``.

    Parameters
    ----------
    normal : callable, (n_features, b) -> Xc'Xc times it
    k : int
        Components that are wanted; the other columns only make these converge sooner.
    learning_rate : float
        eta times the largest variance, positive.
    has_momentum : bool
    """

    normal: Callable[[Array], Array]
    k: int
    learning_rate: float
    has_momentum: bool

    def __call__(self, climb: Climb) -> tuple[Climb, float]:
        """The next climb, and the largest |C v - lambda v| / lambda of the wanted components.

        0 where rounding is all that is left of it: a product in float32 never comes below some epsilons.
        """
        G = self.normal(climb.V)
        variances, Y = np.linalg.eigh(np.asarray(climb.V.T @ G, np.float64))
        variances, Y = variances[::-1], Y[:, ::-1].astype(G.dtype)
        V, G, previous = climb.V @ Y, G @ Y, climb.previous @ Y
        lam = variances[: self.k].astype(G.dtype)
        if not variances[0] > 0:  # rows that do not vary have any directions
            return Climb(V, previous, np.maximum(variances, 0)), 0.0
        distances = np.linalg.norm(G[:, : self.k] - lam * V[:, : self.k], axis=0)
        # A variance below the rounding error of the largest one is not told from zero.
        smallest = np.finfo(G.dtype).eps ** (2 / 3) * variances[0]
        residual = float((distances / np.maximum(lam, smallest)).max())
        eta = self.learning_rate / variances[0]
        beta = ((1 + eta * max(variances[-1], 0)) / 2) ** 2 if self.has_momentum else 0.0
        W = V + np.asarray(eta, G.dtype) * G - np.asarray(beta, G.dtype) * previous
        new, R = np.linalg.qr(W)
        has_fallen = residual < 0.9 * climb.best
        best, n_idle = min(residual, climb.best), 0 if has_fallen else climb.n_idle + 1
        if n_idle >= PATIENCE and best <= ROUNDING * np.finfo(G.dtype).eps:
            residual = 0.0
        previous = V @ np.linalg.pinv(R)
        return Climb(new, previous, np.maximum(variances, 0), best, n_idle), residual


def start(n_features: int, q: int, dtype: Any, rng: np.random.RandomState) -> Climb:
    """Random orthonormal columns."""
    V = np.linalg.qr(rng.standard_normal((n_features, q)))[0].astype(dtype)
    return Climb(V, np.zeros_like(V), np.zeros(q))

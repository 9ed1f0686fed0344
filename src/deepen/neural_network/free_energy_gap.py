"""A callback that sees a restricted Boltzmann machine begin to overfit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.utils import check_array

from deepen.functions import bernoulli_energy, class_energy, gaussian_energy
from deepen.functions.moments import BLOCK_BYTES, row_blocks

Array = NDArray[Any]


class FreeEnergyGap:
    """Callback that records the mean free energies of training and of held-out rows.

    The gap mean F(held out) - mean F(training) needs no log Z. While the machine does not overfit it
    stays near zero; it grows when it does (Hinton 2012, doi:10.1007/978-3-642-35289-8_32, section 6).
    For BernoulliRBM, GaussianRBM and RBMClassifier, whose F(v) has the class summed out like the hidden
    units; with ``objective="discriminative"`` that machine learns nothing of p(v), and the gap tells little.

    Parameters
    ----------
    X_train : {array-like, sparse matrix} of shape (n_samples, n_features)
        Some rows of the training, always the same; as many as are held out will do.
    X_val : {array-like, sparse matrix} of shape (n_samples_val, n_features)
    max_gap : float, default=None
        Stop the training where the gap is larger, in nats.

    Attributes
    ----------
    gaps : list of float
        One per epoch, in nats.
    history : list of (float, float)
        Mean free energies of the training and of the held-out rows, one pair per epoch.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.neural_network import BernoulliRBM, FreeEnergyGap
    >>> X = np.random.RandomState(0).randint(0, 2, (40, 3))
    >>> gap = FreeEnergyGap(X[:20], X[20:])
    >>> model = BernoulliRBM(2, n_iter=3, callbacks=[gap], random_state=0).fit(X[:20])
    >>> len(gap.gaps)
    3
    """

    def __init__(self, X_train: Any, X_val: Any, max_gap: float | None = None) -> None:
        self.X_train = check_array(X_train, accept_sparse="csr", dtype=(np.float64, np.float32))
        self.X_val = check_array(X_val, accept_sparse="csr", dtype=(np.float64, np.float32))
        self.max_gap = max_gap
        self.gaps: list[float] = []
        self.history: list[tuple[float, float]] = []

    def __call__(self, event: Any) -> bool:
        """Record an epoch; True where the gap has become too large.

        Raises
        ------
        TypeError
            For parameters of a model that has no free energy of a row.
        """
        params = event.params()
        train, val = (mean_free_energy(params, X) for X in (self.X_train, self.X_val))
        self.history.append((train, val))
        self.gaps.append(val - train)
        return self.max_gap is not None and val - train > self.max_gap


def mean_free_energy(params: Any, X: Any) -> float:
    """Mean of F(v) over the rows of X, in nats."""
    if type(params) not in FREE_ENERGIES:
        raise TypeError(
            "FreeEnergyGap needs a model with a free energy, a BernoulliRBM, a GaussianRBM or an"
            f" RBMClassifier, got parameters of type {type(params).__module__}.{type(params).__name__};"
            " give the callback to one of them."
        )
    free_energy, n_bytes = FREE_ENERGIES[type(params)], BLOCK_BYTES
    if isinstance(params, class_energy.Params):  # a row has log-odds for every class
        n_bytes = n_bytes * X.shape[1] // params.class_weights.size
    blocks = row_blocks(X, n_bytes=n_bytes)
    return float(sum(free_energy(params, v).sum(dtype=np.float64) for v in blocks)) / X.shape[0]


def _without_class(params: class_energy.Params, v: Array) -> Array:
    """Free energy F(v) = -a'v - log sum_k exp(s_k(v)), (n, n_visible) -> (n,)."""
    scores = class_energy.class_scores(params, v)
    return -(v @ params.visible_bias) - logsumexp(scores, axis=1)


FREE_ENERGIES: dict[type, Callable[[Any, Array], Array]] = {
    bernoulli_energy.Params: bernoulli_energy.free_energy,
    gaussian_energy.Params: gaussian_energy.free_energy,
    class_energy.Params: _without_class,
}

"""The Gaussian of probabilistic PCA, in terms of codes, without a matrix over the features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepen.functions.moments import row_blocks

Array = NDArray[Any]


def log_likelihoods(
    X: Any, mean: Array, components: Array, variances: Array, noise: float
) -> Array:
    """Log-likelihood in nats of each row, (n_samples, n_features) -> (n_samples,).

    With z = V'(x - m) and k components (Bishop 2006, eqs. 12.36 and 12.44):

        -2 log p = sum_i z_i^2 / lambda_i + (|x - m|^2 - |z|^2) / sigma^2
                   + sum_i log lambda_i + (n_features - k) log sigma^2 + n_features log 2 pi
    """
    k, n_features = components.shape
    z = X @ components.T - components @ mean
    if sparse.issparse(X):
        lengths = np.asarray(X.multiply(X).sum(axis=1)).ravel()
        lengths += mean @ mean - 2 * (X @ mean)
    else:
        lengths = np.concatenate([((block - mean) ** 2).sum(axis=1) for block in row_blocks(X)])
    z *= z
    outside = np.maximum(lengths - z.sum(axis=1), 0) / noise
    log_det = np.log(variances).sum() + (n_features - k) * np.log(noise)
    constant = log_det + n_features * np.log(2 * np.pi)
    return -0.5 * ((z / variances).sum(axis=1) + outside + constant)

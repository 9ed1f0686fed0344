"""Codes of rows, and the Gaussian of probabilistic PCA in terms of them, without a matrix over the features.

Dense rows are centred, a block at a time: a large mean costs no digits. Sparse rows stay sparse.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[Any]


def codes(rows: Any, mean: Array, components: Array) -> Array:
    """Codes z = V'(x - m) of rows, (n_samples, n_features) -> (n_samples, k)."""
    if sparse.issparse(rows):
        return np.asarray(rows @ components.T - components @ mean)
    return np.asarray((rows - mean) @ components.T)


def scales(explained_variance: Array) -> Array:
    """Divisors of whitened codes, (k,): standard deviations, of rounding errors' size at least."""
    return np.maximum(np.sqrt(explained_variance), np.finfo(explained_variance.dtype).eps)


def model_variances(explained_variance: Array, noise: float, whiten: bool) -> Array:
    """Variances of the model along its components, (k,): those explained, not less than the noise.

    With whiten, scikit-learn's model scales the components by their standard deviations once more:
    sigma^2 + lambda (lambda - sigma^2).
    """
    above = np.maximum(explained_variance - noise, 0)
    return np.asarray(noise + (explained_variance * above if whiten else above))


def log_likelihoods(
    rows: Any, mean: Array, components: Array, variances: Array, noise: float
) -> Array:
    """Log-likelihood in nats of each row, (n_samples, n_features) -> (n_samples,).

    With z = V'(x - m) and k components (Bishop 2006, eqs. 12.36 and 12.44):

        -2 log p = sum_i z_i^2 / lambda_i + (|x - m|^2 - |z|^2) / sigma^2
                   + sum_i log lambda_i + (n_features - k) log sigma^2 + n_features log 2 pi

    Where k = n_features, nothing lies outside the components and sigma is not used.
    """
    k, n_features = components.shape
    z = codes(rows, mean, components)
    z *= z
    distances = (z / variances).sum(axis=1)
    log_det = np.log(variances).sum()
    if k < n_features:
        distances += np.maximum(_squared_lengths(rows, mean) - z.sum(axis=1), 0) / noise
        log_det += (n_features - k) * np.log(noise)
    return -0.5 * (distances + log_det + n_features * np.log(2 * np.pi))


def _squared_lengths(rows: Any, mean: Array) -> Array:
    if not sparse.issparse(rows):
        d = rows - mean
        return np.asarray((d * d).sum(axis=1))
    lengths = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    return lengths + mean @ mean - 2 * (rows @ mean)

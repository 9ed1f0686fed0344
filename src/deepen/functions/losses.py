"""Losses of one row, in nats or squared units, from the output layer's input z.

    softmax cross-entropy    L = log sum_k exp(z_k) - z_y            (Bishop 2006, eq. 4.108)
    binary cross-entropy     L = sum_k log(1 + exp z_k) - y_k z_k    (Bishop 2006, eq. 4.90)
    squared error            L = 1/2 sum_k (y_k - z_k)^2             (Bishop 2006, eq. 5.14)
    half Poisson deviance    L = exp(z) - y z + y log y - y          (McCullagh and Nelder 1989, sec. 2.3)
    label smoothing          L_s = (1 - s) L + s U, U the mean of L over all labels
                                                                     (Szegedy et al. 2016, sec. 7)

Written on z rather than on probabilities, each stays finite at z = +-1e4, but for the Poisson
deviance, whose mean exp(z) is then truly beyond all numbers. All take arrays of shape
(..., n_outputs) and reduce the last axis.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jax.scipy.special import logsumexp, xlogy
from jaxtyping import Array, Float, Int


def softmax_cross_entropy(
    z: Float[Array, "*rows n_classes"], y: Int[Array, "*rows"]
) -> Float[Array, "*rows"]:
    """Loss log sum_k exp(z_k) - z_y of a class index y."""
    is_label = y[..., None] == lax.broadcasted_iota(y.dtype, z.shape, z.ndim - 1)
    # A comparison instead of an index: its gradient is no scatter, which costs a loop on a CPU.
    return logsumexp(z, axis=-1) - jnp.where(is_label, z, 0).sum(axis=-1)


def binary_cross_entropy(
    z: Float[Array, "*rows n_outputs"], y: Float[Array, "*rows n_outputs"]
) -> Float[Array, "*rows"]:
    """Loss sum_k log(1 + exp z_k) - y_k z_k of targets y in [0, 1]."""
    # log(1 + exp z) = (z + |z|)/2 + log(1 + exp -|z|), whose automatic derivative is sigma(z), at 0 too
    softplus = 0.5 * (z + abs(z)) + jnp.log1p(jnp.exp(-abs(z)))
    return (softplus - y * z).sum(axis=-1)


def squared_error(
    z: Float[Array, "*rows n_outputs"], y: Float[Array, "*rows n_outputs"]
) -> Float[Array, "*rows"]:
    """Loss 1/2 sum_k (y_k - z_k)^2."""
    return 0.5 * jnp.square(y - z).sum(axis=-1)


def poisson(
    z: Float[Array, "*rows n_outputs"], y: Float[Array, "*rows n_outputs"]
) -> Float[Array, "*rows"]:
    """Half the Poisson deviance of counts y >= 0 at the mean exp(z)."""
    return (jnp.exp(z) - y * z + xlogy(y, y) - y).sum(axis=-1)


def any_class(z: Float[Array, "*rows n_classes"]) -> Float[Array, "*rows"]:
    """Softmax cross-entropy's mean over all classes, log sum_k exp(z_k) - mean_k z_k."""
    return logsumexp(z, axis=-1) - z.mean(axis=-1)


def any_binary_label(z: Float[Array, "*rows n_outputs"]) -> Float[Array, "*rows"]:
    """Binary cross-entropy's mean over labels 0 and 1: that of targets 1/2."""
    return binary_cross_entropy(z, jnp.full_like(z, 0.5))


LOSSES: dict[str, Callable[..., Array]] = {
    "softmax": softmax_cross_entropy,
    "logistic": binary_cross_entropy,
    "squared_error": squared_error,
    "poisson": poisson,
}
# Of the losses that have labels: their mean over all of them.
OF_ANY_LABEL: dict[str, Callable[..., Array]] = {
    "softmax": any_class,
    "logistic": any_binary_label,
}

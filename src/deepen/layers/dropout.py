"""Dropout and noise: what training adds to the units of a layer.

    dropout     a~ = m a / (1 - p),  m ~ Bernoulli(1 - p)      (Srivastava et al. 2014, sec. 4)
    noise       x~ = x + sigma e,    e ~ N(0, 1)               (Bishop 1995, eq. 2)

The division at training keeps the mean of every unit, so that prediction uses the weights as they
are; Srivastava et al. scale at prediction instead (section 10), which is the same network.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from deepen.functions.random import bernoulli, normal


def dropout(
    a: Float[Array, "*shape"], rate: Float[Array, ""], key: Array
) -> Float[Array, "*shape"]:
    """Units kept with probability 1 - rate and scaled by 1 / (1 - rate)."""
    kept = bernoulli(key, 1 - rate, a.shape)
    return jnp.where(kept, a / (1 - rate), 0)


def gaussian_noise(
    x: Float[Array, "*shape"], scale: Float[Array, ""], key: Array
) -> Float[Array, "*shape"]:
    """Inputs plus independent Gaussian noise of the given standard deviation."""
    return x + scale * normal(key, x.shape).astype(x.dtype)

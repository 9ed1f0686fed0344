"""Corruption of inputs, from which a denoising autoencoder reconstructs the clean row.

    masking            x~_k = 0 with probability q, else x_k
    gaussian           x~_k = x_k + q e_k,  e ~ N(0, 1)
    salt_and_pepper    x~_k = the smallest or largest value, by a fair coin, with probability q, else x_k

(Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, Stacked denoising autoencoders, JMLR 11, section
3.3). Unlike dropout, masking does not scale what it keeps: a masked value is information lost, not a
sample of a smaller network.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from deepen.functions.random import bernoulli
from deepen.layers.dropout import gaussian_noise

Extremes = tuple[Float[Array, ""], Float[Array, ""]] | None


def masking(
    x: Float[Array, "*shape"], level: Float[Array, ""], extremes: Extremes, key: Array
) -> Float[Array, "*shape"]:
    """Rows with each value set to zero with probability ``level``."""
    return jnp.where(bernoulli(key, level, x.shape), 0, x)


def gaussian(
    x: Float[Array, "*shape"], level: Float[Array, ""], extremes: Extremes, key: Array
) -> Float[Array, "*shape"]:
    """Rows plus Gaussian noise of standard deviation ``level``."""
    return gaussian_noise(x, level, key)


def salt_and_pepper(
    x: Float[Array, "*shape"], level: Float[Array, ""], extremes: Extremes, key: Array
) -> Float[Array, "*shape"]:
    """Rows with each value set to one of the extremes with probability ``level``."""
    where_key, which_key = jax.random.split(key)
    assert extremes is not None
    low, high = extremes
    extreme = jnp.where(bernoulli(which_key, jnp.float32(0.5), x.shape), high, low)
    return jnp.where(bernoulli(where_key, level, x.shape), extreme, x)


CORRUPTIONS: dict[str, Callable[..., Array]] = {
    "masking": masking,
    "gaussian": gaussian,
    "salt_and_pepper": salt_and_pepper,
}

"""Random draws that XLA fuses into the arithmetic around them.

    block(c) = Threefry-2x32-R(key, (c, 0)),  c = 0, 1, 2, ...

is the counter-based generator of Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as
easy as 1, 2, 3" (SC11, section 4.2), with R = 13 rounds, the fewest that pass BigCrush with a margin
there (table 2; JAX's own generator runs 20 in a loop that XLA does not fuse). Every site and step has
a key of its own, made by JAX's 20-round ``fold_in`` and ``split``. All draws are made in 32 bits and
cast, so that the stream does not depend on the dtype of the model.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, UInt32

ROUNDS = 13
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))  # (Salmon et al. 2011, table 3)
PARITY = 0x1BD11BDA  # Skein's key-schedule constant C240, 32-bit half
HALF_WORD = 1 << 16
GRID = 1 << 23  # the finest grid whose midpoints float32 holds exactly


def threefry_2x32(
    key: UInt32[Array, " 2"], counter: UInt32[Array, " n"], rounds: int = ROUNDS
) -> tuple[UInt32[Array, " n"], UInt32[Array, " n"]]:
    """Two words per counter, (n,) -> (n,), (n,): Threefry-2x32 of (counter, 0)."""
    schedule = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(PARITY))
    x0, x1 = counter + schedule[0], jnp.broadcast_to(schedule[1], counter.shape)
    for r in range(rounds):
        rotation = ROTATIONS[(r // 4) % 2][r % 4]
        x0 = x0 + x1
        x1 = (x1 << jnp.uint32(rotation)) | (x1 >> jnp.uint32(32 - rotation))
        x1 = x1 ^ x0
        if r % 4 == 3:
            injection = r // 4 + 1
            x0 = x0 + schedule[injection % 3]
            x1 = x1 + schedule[(injection + 1) % 3] + jnp.uint32(injection)
    return x0, x1


def random_bits(key: Array, shape: tuple[int, ...]) -> UInt32[Array, "*shape"]:
    """Independent 32-bit words of the given shape."""
    size = math.prod(shape)
    words = threefry_2x32(jax.random.key_data(key), lax.iota(jnp.uint32, -(-size // 2)))
    return jnp.concatenate(words)[:size].reshape(shape)


def uniform(key: Array, shape: tuple[int, ...]) -> Float[Array, "*shape"]:
    """Float32 draws, uniform in the open interval (0, 1), on the midpoints of a grid of 2^-23."""
    cell = random_bits(key, shape) >> jnp.uint32(9)
    return (cell.astype(jnp.float32) + 0.5) * jnp.float32(1 / GRID)


def normal(key: Array, shape: tuple[int, ...]) -> Float[Array, "*shape"]:
    """Float32 draws of the standard normal distribution."""
    return jnp.float32(math.sqrt(2)) * lax.erf_inv(2 * uniform(key, shape) - 1)


def bernoulli(
    key: Array, probability: Float[Array, ""], shape: tuple[int, ...]
) -> Bool[Array, "*shape"]:
    """True with the given probability, which is rounded to a multiple of 2^-16."""
    size = math.prod(shape)
    words = jnp.concatenate(
        threefry_2x32(jax.random.key_data(key), lax.iota(jnp.uint32, -(-size // 4)))
    )
    halves = jnp.concatenate([words & jnp.uint32(HALF_WORD - 1), words >> jnp.uint32(16)])
    threshold = jnp.round(probability.astype(jnp.float32) * HALF_WORD).astype(jnp.uint32)
    return (halves[:size] < threshold).reshape(shape)

"""The restricted Boltzmann machine with binary visible units: v in {0,1}^n_visible, h in {0,1}^n_hidden.

    E(v, h)    = -a'v - b'h - v'W h                         (Smolensky 1986; Hinton 2012, eq. 1)
    F(v)       = -log sum_h exp(-E) = -a'v - sum_j log(1 + exp(b_j + v'W_j))    (Hinton 2012, eq. 21)
    F_h(h)     = -log sum_v exp(-E) = -b'h - sum_i log(1 + exp(a_i + W_i h))
    p(h_j = 1 | v) = sigma(b_j + v'W_j),    p(v_i = 1 | h) = sigma(a_i + W_i h)

with p(v) = exp(-F(v)) / Z; energies are in nats. :mod:`deepen.functions.gaussian_energy` has the same
functions under the same names, so that a module stands for the kind of visible unit. Like the
activations they work on NumPy and on JAX arrays and on any number of leading axes; the draws, whose
keys are JAX's, are on JAX arrays alone.

(Hinton 2012, "A practical guide to training restricted Boltzmann machines",
doi:10.1007/978-3-642-35289-8_32.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from deepen.functions.activations import logistic
from deepen.functions.activations import softplus as plain_softplus

Array = Any  # a NumPy array, a JAX array or a JAX tracer

INITIAL_SCALE = 0.01  # standard deviation of the first weights (Hinton 2012, section 8)
PSEUDO_COUNT = 0.5  # Jeffreys' prior: a pixel never seen on is rare, not impossible


class Params(NamedTuple):
    """Weights and biases.

    Attributes
    ----------
    weights : array of shape (n_visible, n_hidden), W
    visible_bias : array of shape (n_visible,), a
    hidden_bias : array of shape (n_hidden,), b
    """

    weights: Array
    visible_bias: Array
    hidden_bias: Array


def energy(params: Params, v: Array, h: Array) -> Array:
    """Energy E(v, h), (..., n_visible), (..., n_hidden) -> (...)."""
    return -(v @ params.visible_bias) - (hidden_logits(params, v) * h).sum(axis=-1)


def free_energy(params: Params, v: Array) -> Array:
    """Free energy F(v), the hidden units summed out, (..., n_visible) -> (...)."""
    return -(v @ params.visible_bias) - softplus(hidden_logits(params, v)).sum(axis=-1)


def hidden_free_energy(params: Params, h: Array) -> Array:
    """Free energy F_h(h), the visible units summed out, (..., n_hidden) -> (...)."""
    return -(h @ params.hidden_bias) - softplus(visible_logits(params, h)).sum(axis=-1)


def hidden_logits(params: Params, v: Array) -> Array:
    """Log-odds b + v'W of the hidden units, (..., n_visible) -> (..., n_hidden)."""
    return add_bias(v @ params.weights, params.hidden_bias)


def hidden_mean(params: Params, v: Array) -> Array:
    """Probability of each hidden unit, (..., n_visible) -> (..., n_hidden)."""
    return logistic(hidden_logits(params, v))


def visible_logits(params: Params, h: Array) -> Array:
    """Log-odds a + W h of the visible units, (..., n_hidden) -> (..., n_visible)."""
    return add_bias(h @ params.weights.T, params.visible_bias)


def visible_mean(params: Params, h: Array) -> Array:
    """Probability of each visible unit, (..., n_hidden) -> (..., n_visible)."""
    return logistic(visible_logits(params, h))


def scaled(params: Params, v: Array) -> Array:
    """What the weights see of the visible units: v itself, here; (..., n_visible), same shape."""
    return v


def sample_hidden(params: Params, v: Array, key: Array) -> Array:
    """Draw of h given v as 0. and 1., (..., n_visible) -> (..., n_hidden); JAX arrays."""
    return draw(hidden_mean(params, v), key)


def sample_visible(params: Params, h: Array, key: Array) -> Array:
    """Draw of v given h as 0. and 1., (..., n_hidden) -> (..., n_visible); JAX arrays."""
    return draw(visible_mean(params, h), key)


def tempered(params: Params, beta: Array) -> Params:
    """Machine whose hidden units count beta times: at 0 its visible units are independent.

    E_beta(v, h) = -a'v - beta (b'h + v'W h), with beta a scalar.
    """
    return params._replace(weights=beta * params.weights, hidden_bias=beta * params.hidden_bias)


def initial_visible_bias(mean: Array, n_rows: int) -> Array:
    """Log-odds of the columns' means, with half a row of either value added to n_rows of data.

    Then the machine with weights zero is the best model of independent units (Hinton 2012,
    section 8). Means outside [0, 1] are clipped to it.
    """
    on = n_rows * np.clip(mean, 0, 1)
    off = n_rows - on
    return (np.log(on + PSEUDO_COUNT) - np.log(off + PSEUDO_COUNT)).astype(mean.dtype)


def initialize(
    rng: np.random.RandomState, mean: Array, variance: Array | None, n_rows: int, n_hidden: int
) -> Params:
    """First parameters, of the dtype of ``mean``: W ~ N(0, .01^2), a the data's log-odds, b = -mean'W.

    Every hidden unit starts at probability 1/2 on the mean row. The draws of the weights are
    scikit-learn's; ``variance``, of shape (n_visible,), is what Gaussian units start from.
    """
    weights = initial_weights(rng, len(mean), n_hidden, mean.dtype)
    return Params(weights, initial_visible_bias(mean, n_rows), -(mean @ weights))


def initial_weights(rng: np.random.RandomState, n_visible: int, n_hidden: int, dtype: Any) -> Array:
    """Draws of N(0, .01^2), shape (n_visible, n_hidden)."""
    drawn = rng.normal(0, INITIAL_SCALE, (n_hidden, n_visible))
    return np.ascontiguousarray(drawn.T, dtype=dtype)


def draw(probability: Array, key: Array) -> Array:
    """Independent draws, 1. with the given probabilities; a JAX array of their shape and dtype."""
    from jax import lax, numpy, random

    from deepen.functions.random import GRID, threefry_2x32

    # A block's two words serve the two halves of the rows: no array of words is put together,
    # cut and folded, so that XLA fuses the whole draw (a quarter of a training step otherwise).
    shape = (-(-len(probability) // 2), *probability.shape[1:])
    counter = lax.iota(numpy.uint32, math.prod(shape))
    words = threefry_2x32(random.key_data(key), counter)

    def is_on(words: Array, p: Array) -> Array:
        cell = (words.reshape(shape)[: len(p)] >> numpy.uint32(9)).astype(numpy.float32)
        # As deepen.functions.random.uniform draws: the midpoints of a grid, in 32 bits.
        return (((cell + 0.5) * numpy.float32(1 / GRID)).astype(p.dtype) < p).astype(p.dtype)

    halves = (probability[: shape[0]], probability[shape[0] :])
    return numpy.concatenate([is_on(w, p) for w, p in zip(words, halves, strict=True)])


def add_bias(z: Array, bias: Array) -> Array:
    """Values z + bias along the last axis, without leaning on broadcasting's implicit axes."""
    return z + bias.reshape((1,) * (z.ndim - 1) + bias.shape)


def softplus(z: Array) -> Array:
    """Softplus log(1 + exp(z)), elementwise; in JAX with the derivative sigma(z).

    The general derivative of log(exp(x) + exp(y)) costs a tenth of a training step; sigma(z) is there
    already, as the probability of a hidden unit.
    """
    return plain_softplus(z) if isinstance(z, np.ndarray) else _differentiable_softplus()(z)


def softplus_beside(z: Array, mean: Array) -> Array:
    """Softplus log(1 + exp(z)) where mean = sigma(z) is there already, elementwise.

    log(1 + exp(z)) = max(z, 0) - log max(sigma(z), 1 - sigma(z)): a third of the cost, with the rounding
    of a number near 1, which is small beside a sum over units but not beside one far in the tail.
    """
    xp = z.__array_namespace__()
    return xp.maximum(z, 0) - xp.log(xp.maximum(mean, 1 - mean))


@cache
def _differentiable_softplus() -> Callable[[Array], Array]:
    import jax  # here, so that NumPy's users need no JAX

    softplus = jax.custom_jvp(plain_softplus)

    @softplus.defjvp
    def derivative(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        return softplus(*primals), logistic(*primals) * tangents[0]

    return softplus

"""The restricted Boltzmann machine with real visible units: v in R^n_visible, h in {0,1}^n_hidden.

    E(v, h)    = sum_i (v_i - a_i)^2 / (2 s_i^2) - b'h - (v / s^2)'W h        (Cho et al. 2011, eq. 5)
    F(v)       = sum_i (v_i - a_i)^2 / (2 s_i^2) - sum_j log(1 + exp(b_j + (v / s^2)'W_j))
    F_h(h)     = -b'h - sum_i [(m_i^2 - a_i^2) / (2 s_i^2) + log(2 pi s_i^2) / 2],     m = a + W h
    p(h_j = 1 | v) = sigma(b_j + (v / s^2)'W_j),    p(v | h) = N(a + W h, diag s^2)

with p(v) = exp(-F(v)) / Z a density; energies are in nats. The variances are learnt as their logarithms
(Cho et al. 2011, eq. 8) or stay as they are. The functions have the names and the manners of
:mod:`deepen.functions.bernoulli_energy`.

(Cho, Ilin and Raiko 2011, "Improved learning of Gaussian-Bernoulli restricted Boltzmann machines",
doi:10.1007/978-3-642-21735-7_2.)
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from deepen.functions.activations import exp, logistic
from deepen.functions.bernoulli_energy import add_bias, draw, initial_weights, softplus

Array = Any  # a NumPy array, a JAX array or a JAX tracer

SMALLEST_VARIANCE = 1e-6  # of a column, beside the mean variance; below it the column is constant


class Params(NamedTuple):
    """Weights, biases and variances.

    Attributes
    ----------
    weights : array of shape (n_visible, n_hidden), W
    visible_bias : array of shape (n_visible,), a, in the units of the data
    hidden_bias : array of shape (n_hidden,), b
    log_variance : array of shape (n_visible,), log s^2
    """

    weights: Array
    visible_bias: Array
    hidden_bias: Array
    log_variance: Array


def energy(params: Params, v: Array, h: Array) -> Array:
    """Energy E(v, h), (..., n_visible), (..., n_hidden) -> (...)."""
    return visible_energy(params, v) - (hidden_logits(params, v) * h).sum(axis=-1)


def free_energy(params: Params, v: Array) -> Array:
    """Free energy F(v), the hidden units summed out, (..., n_visible) -> (...)."""
    return visible_energy(params, v) - softplus(hidden_logits(params, v)).sum(axis=-1)


def hidden_free_energy(params: Params, h: Array) -> Array:
    """Free energy F_h(h), the visible units integrated out, (..., n_hidden) -> (...)."""
    shift = h @ params.weights.T
    # (m^2 - a^2) = (W h) (W h + 2 a)
    gain = 0.5 * shift * add_bias(shift, 2 * params.visible_bias)
    log_volume = 0.5 * (params.log_variance + math.log(2 * math.pi)).sum()
    return -(h @ params.hidden_bias) - gain @ exp(-params.log_variance) - log_volume


def visible_energy(params: Params, v: Array) -> Array:
    """Part of the energy that has no hidden unit, (..., n_visible) -> (...)."""
    distance = add_bias(v, -params.visible_bias)
    return 0.5 * (distance * distance) @ exp(-params.log_variance)


def hidden_logits(params: Params, v: Array) -> Array:
    """Log-odds b + (v / s^2)'W of the hidden units, (..., n_visible) -> (..., n_hidden)."""
    # The variances divide the weights' rows, so that the data need no scaled copy.
    return add_bias(v @ (exp(-params.log_variance)[:, None] * params.weights), params.hidden_bias)


def hidden_mean(params: Params, v: Array) -> Array:
    """Probability of each hidden unit, (..., n_visible) -> (..., n_hidden)."""
    return logistic(hidden_logits(params, v))


def visible_mean(params: Params, h: Array) -> Array:
    """Mean a + W h of each visible unit, (..., n_hidden) -> (..., n_visible)."""
    return add_bias(h @ params.weights.T, params.visible_bias)


def scaled(params: Params, v: Array) -> Array:
    """What the weights see of the visible units: v / s^2, (..., n_visible), same shape."""
    precision = exp(-params.log_variance)
    return v * precision.reshape((1,) * (v.ndim - 1) + precision.shape)


def sample_hidden(params: Params, v: Array, key: Array) -> Array:
    """Draw of h given v as 0. and 1., (..., n_visible) -> (..., n_hidden); JAX arrays."""
    return draw(hidden_mean(params, v), key)


def sample_visible(params: Params, h: Array, key: Array) -> Array:
    """Draw of v given h, (..., n_hidden) -> (..., n_visible); JAX arrays."""
    from deepen.functions.random import normal

    mean = visible_mean(params, h)
    deviation = exp(0.5 * params.log_variance)
    noise = normal(key, mean.shape).astype(mean.dtype)
    return mean + noise * deviation.reshape((1,) * (mean.ndim - 1) + deviation.shape)


def tempered(params: Params, beta: Array) -> Params:
    """Machine whose hidden units count beta times: at 0 it is one Gaussian, N(a, diag s^2).

    E_beta(v, h) = sum_i (v_i - a_i)^2 / (2 s_i^2) - beta (b'h + (v / s^2)'W h), with beta a scalar.
    """
    return params._replace(weights=beta * params.weights, hidden_bias=beta * params.hidden_bias)


def initialize(
    rng: np.random.RandomState, mean: Array, variance: Array, n_rows: int, n_hidden: int
) -> Params:
    """First parameters, of the dtype of ``mean``: W ~ N(0, .01^2) s, a and s^2 the data's moments.

    With b = -(mean / s^2)'W every hidden unit starts at probability 1/2 on the mean row. A constant
    column gets the mean variance. ``n_rows`` is what Bernoulli units smooth their log-odds by.
    """
    usual = variance.mean() or 1.0
    variance = np.where(variance > SMALLEST_VARIANCE * usual, variance, usual).astype(mean.dtype)
    weights = initial_weights(rng, len(mean), n_hidden, mean.dtype)
    weights = weights * np.sqrt(variance)[:, None]
    return Params(weights, mean, -((mean / variance) @ weights), np.log(variance))

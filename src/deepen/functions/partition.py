"""The exact partition function of a small restricted Boltzmann machine, and exact probabilities.

    Z = sum_v sum_h exp(-E(v, h)) = sum_h exp(-F_h(h)) = sum_v exp(-F(v))

The units of one layer are independent given the other's, so that the sum runs over the states of the
smaller layer alone (of a Gaussian machine, over the hidden ones): 2^n terms, in chunks whose logits
are a table shifted by a vector, so that no chunk multiplies matrices. Twenty units take a second or
two, twenty-five a minute; beyond, :mod:`deepen.functions.annealing` estimates. Signatures:

    exact_log_partition(params) -> log Z, a scalar
    log_likelihood(params, v, log_z) -> -F(v) - log Z, (..., n_visible) -> (...)

Call them inside ``deepen.engine.devices.computing(dtype)`` where the parameters are float64.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import logsumexp

from deepen.functions import gaussian_energy
from deepen.functions.tempered_path import energy_of, softplus

Array = Any  # a NumPy array, a JAX array or a JAX tracer

MOST_UNITS = 25  # of the enumerated layer: 2^25 states of 784 units take half a minute
UNITS_IN_A_CHUNK = 10  # whose 1,024 states times a layer of 784 stay in a cache


def exact_log_partition(params: Any) -> Array:
    """Logarithm of the partition function, log Z in nats, by enumeration of the smaller layer.

    Parameters
    ----------
    params : Params of :mod:`deepen.functions.bernoulli_energy` or ``gaussian_energy``

    Returns
    -------
    log_z : scalar array
        Of a Gaussian machine, the logarithm of the integral over v.

    Raises
    ------
    ValueError
        Where the enumerated layer has more than 25 units.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.functions.bernoulli_energy import Params
    >>> free = Params(np.zeros((3, 2)), np.zeros(3), np.zeros(2))  # all 2^5 states alike
    >>> round(float(exact_log_partition(free) / np.log(2)), 4)
    5.0
    """
    n_visible, n_hidden = params.weights.shape
    is_gaussian = energy_of(params) is gaussian_energy
    n_units = n_hidden if is_gaussian else min(n_visible, n_hidden)
    if n_units > MOST_UNITS:
        layer = "hidden layer" if is_gaussian else "smaller layer"
        raise ValueError(
            f"The exact log Z needs a {layer} of at most {MOST_UNITS} units, got {n_units}; estimate"
            ' it by annealed importance sampling, log_partition_function("ais"), and give the estimate'
            " to log_likelihood as log_z."
        )
    if n_hidden > n_units:
        # A Bernoulli machine is the same with its layers exchanged.
        params = type(params)(params.weights.T, params.hidden_bias, params.visible_bias)
    return _over_hidden_states(params, n_low=min(n_units, UNITS_IN_A_CHUNK))


def log_likelihood(params: Any, v: Array, log_z: Array) -> Array:
    """Log-likelihood log p(v) = -F(v) - log Z in nats, (..., n_visible) -> (...)."""
    return -energy_of(params).free_energy(params, v) - log_z


@partial(jax.jit, static_argnames="n_low")
def _over_hidden_states(params: Any, n_low: int) -> Array:
    """Value log sum_h exp(-F_h(h)), the last n_low bits of h within a chunk."""
    n_high = len(params.hidden_bias) - n_low
    low = _states(jnp.arange(1 << n_low), n_low, params.weights.dtype)  # (2^n_low, n_low)
    table = low @ params.weights[:, n_high:].T  # (2^n_low, n_visible)
    low_energy = low @ params.hidden_bias[n_high:]

    def chunk(number: Array) -> Array:
        high = _states(number, n_high, low.dtype)
        shift = params.weights[:, :n_high] @ high
        log_terms = low_energy + high @ params.hidden_bias[:n_high]
        return logsumexp(log_terms + _log_visible(params, table + shift[None, :]))

    # The gradient works a chunk out again, instead of keeping what all of them were made of.
    return logsumexp(lax.map(jax.checkpoint(chunk), jnp.arange(1 << n_high)))


def _log_visible(params: Any, shift: Array) -> Array:
    """Value log sum_v exp(-E(v, h) - b'h) for the inputs ``shift`` = W h, (n, n_visible) -> (n,)."""
    bias = params.visible_bias[None, :]
    if energy_of(params) is not gaussian_energy:
        return softplus(shift + bias).sum(axis=-1)
    gain = 0.5 * shift * (shift + 2 * bias)  # (m^2 - a^2) / 2, m = a + W h
    log_volume = 0.5 * (params.log_variance + math.log(2 * math.pi)).sum()
    return gain @ jnp.exp(-params.log_variance) + log_volume


def _states(number: Array, n_units: int, dtype: Any) -> Array:
    """Binary digits of numbers, (...) -> (..., n_units), the highest first."""
    places = jnp.arange(n_units - 1, -1, -1, dtype=number.dtype)
    shape = (1,) * number.ndim + places.shape
    return ((number[..., None] >> places.reshape(shape)) & 1).astype(dtype)

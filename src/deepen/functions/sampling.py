"""Samples of a restricted Boltzmann machine by block Gibbs steps, free or with some units clamped.

    h ~ p(h | v),   v ~ p(v | h),   clamped units of v set back to their values;   again

leaves p(v), or p(v_free | v_clamped), invariant: all units of a layer are drawn at once, and chains run
side by side as rows. In-painting clamps the pixels that are there and averages the probabilities
(the means, of a Gaussian machine) of those that are missing. Signatures:

    gibbs(params, v, key, n_steps) -> v                                    (n_chains, n_visible)
    gibbs_trace(params, v, key, n_samples, n_steps=1) -> (n_samples, n_chains, n_visible)
    clamped_gibbs(params, v, is_clamped, key, n_steps) -> v                is_clamped of the shape of v
    clamped_gibbs_trace(params, v, is_clamped, key, n_samples, n_steps=1)
    inpaint(params, v, key, n_steps, n_burn_in) -> v without NaN           NaN marks what is missing

``n_steps`` and ``n_burn_in`` are traced: another number of steps compiles nothing. Call them inside
``deepen.engine.devices.computing(dtype)`` where the parameters are float64. Chains that mix badly are a case
for :mod:`deepen.functions.tempering`.

(Hinton 2012, "A practical guide to training restricted Boltzmann machines", sections 3 and 14.)
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from deepen.functions.tempered_path import energy_of

Array = Any  # a NumPy array, a JAX array or a JAX tracer


def gibbs(params: Any, v: Array, key: Array, n_steps: Any) -> Array:
    """State of each chain after n_steps block Gibbs steps, (n_chains, n_visible) -> the same.

    Examples
    --------
    >>> import jax, numpy as np
    >>> from deepen.functions.bernoulli_energy import Params
    >>> always_on = Params(np.zeros((2, 1)), np.full(2, 99.0), np.zeros(1))
    >>> gibbs(always_on, np.zeros((3, 2)), jax.random.key(0), 5).tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    """
    return _trace(params, jnp.asarray(v), None, key, n_steps, n_samples=1)[0]


def gibbs_trace(params: Any, v: Array, key: Array, n_samples: int, n_steps: Any = 1) -> Array:
    """States of each chain after every n_steps steps, shape (n_samples, n_chains, n_visible)."""
    return _trace(params, jnp.asarray(v), None, key, n_steps, n_samples=n_samples)


def clamped_gibbs(params: Any, v: Array, is_clamped: Array, key: Array, n_steps: Any) -> Array:
    """State of each chain after n_steps steps that leave the clamped units of v as they are.

    Parameters
    ----------
    params : Params of :mod:`deepen.functions.bernoulli_energy` or ``gaussian_energy``
    v : array of shape (n_chains, n_visible)
        Where the chains begin; finite everywhere.
    is_clamped : bool array of shape (n_chains, n_visible)
    key : JAX key
    n_steps : int

    Returns
    -------
    v : array of shape (n_chains, n_visible)
        Distributed, after many steps, as p(v_free | v_clamped).
    """
    return _trace(params, jnp.asarray(v), jnp.asarray(is_clamped), key, n_steps, n_samples=1)[0]


def clamped_gibbs_trace(
    params: Any, v: Array, is_clamped: Array, key: Array, n_samples: int, n_steps: Any = 1
) -> Array:
    """States under clamping after every n_steps steps, shape (n_samples, n_chains, n_visible)."""
    mask = jnp.asarray(is_clamped)
    return _trace(params, jnp.asarray(v), mask, key, n_steps, n_samples=n_samples)


def inpaint(params: Any, v: Array, key: Array, n_steps: Any, n_burn_in: Any) -> Array:
    """Rows whose NaN are replaced by the mean of the missing units given the present ones.

    Parameters
    ----------
    params : Params of :mod:`deepen.functions.bernoulli_energy` or ``gaussian_energy``
    v : array of shape (n_rows, n_visible)
        NaN marks a missing unit.
    key : JAX key
    n_steps : int
        Gibbs steps over which the means given the hidden units are averaged, at least 1; few steps
        show one way of completing the row, many the average of all.
    n_burn_in : int
        Steps before, at least 0.

    Returns
    -------
    v : array of shape (n_rows, n_visible)
        Present units bit for bit as they were; those of a Bernoulli machine in [0, 1].
    """
    return _inpaint(params, jnp.asarray(v), key, n_steps, n_burn_in)


@partial(jax.jit, static_argnames="n_samples")
def _trace(
    params: Any, v: Array, is_clamped: Array, key: Array, n_steps: Any, *, n_samples: int
) -> Array:
    kept = v

    def sample(v: Array, key: Array) -> tuple[Array, Array]:
        def step(i: Array, v: Array) -> Array:
            v = _step(params, v, jax.random.fold_in(key, i))
            return v if is_clamped is None else jnp.where(is_clamped, kept, v)

        v = lax.fori_loop(0, n_steps, step, v)
        return v, v

    return lax.scan(sample, v, jax.random.split(key, n_samples))[1]


def _step(params: Any, v: Array, key: Array) -> Array:
    """One block Gibbs step."""
    energy = energy_of(params)
    hidden_key, visible_key = jax.random.split(key)
    h = energy.sample_hidden(params, v, hidden_key)
    return energy.sample_visible(params, h, visible_key)


@jax.jit
def _inpaint(params: Any, v: Array, key: Array, n_steps: Any, n_burn_in: Any) -> Array:
    energy = energy_of(params)
    is_missing = jnp.isnan(v)
    start_key, chain_key = jax.random.split(key)
    nothing = jnp.zeros((len(v), len(params.hidden_bias)), v.dtype)
    filled = jnp.where(is_missing, energy.sample_visible(params, nothing, start_key), v)

    def step(i: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        state, total = carry
        hidden_key, visible_key = jax.random.split(jax.random.fold_in(chain_key, i))
        h = energy.sample_hidden(params, state, hidden_key)
        # The mean given h has the same expectation as the draw, and less variance.
        total = total + jnp.where(i >= n_burn_in, energy.visible_mean(params, h), 0)
        drawn = energy.sample_visible(params, h, visible_key)
        return jnp.where(is_missing, drawn, v), total

    start = (filled, jnp.zeros_like(v))
    _, total = lax.fori_loop(0, n_burn_in + n_steps, step, start)
    return jnp.where(is_missing, total / n_steps, v)

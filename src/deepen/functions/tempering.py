"""Parallel tempering: samples of a restricted Boltzmann machine whose Gibbs chains get stuck.

Copies of each chain run at beta_0 < ... < beta_K = 1 on the path of :mod:`deepen.functions.tempered_path`.
After a Gibbs step of all, neighbours exchange their states with probability

    min(1, [f_i(v_j) f_j(v_i)] / [f_i(v_i) f_j(v_j)])                     (Geyer 1991; Desjardins et al. 2010)

pairs that begin at even and at odd places taking turns. The product of all f_i stays invariant; what
moves freely at small beta, where the modes melt together, travels up to beta = 1. Signatures:

    init(path, key, betas, n_chains) -> State                  from the base
    start(path, betas, v) -> State                             from rows
    step(path, betas, state, key) -> (State, Info)             one Gibbs step and one round of exchanges
    parallel_tempering(path, state, key, betas, n_samples, n_steps) -> (samples, State, Info)

(Desjardins, Courville, Bengio, Vincent and Delalleau 2010, "Parallel tempering for training of
restricted Boltzmann machines", AISTATS, PMLR 9:145-152; Geyer 1991, "Markov chain Monte Carlo maximum
likelihood".)
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from deepen.functions.random import uniform
from deepen.functions.tempered_path import (
    Path,
    gibbs_step,
    hidden_logits,
    log_density,
    sample_base,
)

Array = Any  # a NumPy array, a JAX array or a JAX tracer


class State(NamedTuple):
    """Chains at all temperatures.

    Attributes
    ----------
    v : array of shape (n_temperatures, n_chains, n_visible)
        At the place of each beta its present states; the last are samples of the machine.
    n_steps : int32 scalar, steps done; its parity says which pairs are next
    """

    v: Array
    n_steps: Array


class Info(NamedTuple):
    """How well the temperatures communicate.

    Attributes
    ----------
    swap_rates : array of shape (n_temperatures - 1,)
        Mean probability of an exchange between each pair of neighbours; below a tenth anywhere, more
        temperatures are needed there.
    """

    swap_rates: Array


def init(path: Path, key: Array, betas: Array, n_chains: int) -> State:
    """Chains that all begin as draws of the independent units at beta = 0."""
    v = sample_base(path, key, len(betas) * n_chains)
    return State(v.reshape(len(betas), n_chains, -1), jnp.int32(0))


def start(path: Path, betas: Array, v: Array) -> State:
    """Chains that begin at the rows of v, the same at all temperatures."""
    v = jnp.asarray(v, path.base_bias.dtype)
    return State(jnp.broadcast_to(v[None], (len(betas), *v.shape)), jnp.int32(0))


def step(path: Path, betas: Array, state: State, key: Array) -> tuple[State, Info]:
    """One Gibbs step at every temperature, then one round of exchanges."""
    move_key, swap_key = jax.random.split(key)
    keys = jax.random.split(move_key, len(betas))
    logits = hidden_logits(path, state.v)
    v = jax.vmap(gibbs_step, in_axes=(None, 0, 0, 0))(path, betas, logits, keys)
    n_temperatures = len(betas)
    place = jnp.arange(n_temperatures, dtype=jnp.int32)
    other = jnp.where((place - state.n_steps) % 2 == 0, place + 1, place - 1)
    is_paired = (other >= 0) & (other < n_temperatures)
    other = jnp.where(is_paired, other, place)
    accepted, log_odds = _accepted(path, betas, v, other, swap_key)
    v = jnp.where((accepted & is_paired[:, None])[..., None], v[other], v)
    lower = (is_paired & (other > place))[:-1]
    rates = jnp.where(lower[:, None], jnp.exp(jnp.minimum(log_odds[:-1], 0)), 0).mean(axis=1)
    # Every pair has its turn in every second round.
    return State(v, state.n_steps + 1), Info(2 * rates)


def _accepted(path: Path, betas: Array, v: Array, other: Array, key: Array) -> tuple[Array, Array]:
    """Whether each state goes to its partner's place, and the log-odds, (n_temperatures, n_chains)."""
    density = jax.vmap(log_density, in_axes=(None, 0, 0, 0))
    logits = hidden_logits(path, v)
    gain = density(path, betas[other], v, logits) - density(path, betas, v, logits)
    log_odds = gain + gain[other]
    # Both partners of a pair look at the draw of the lower one.
    drawn = uniform(key, log_odds.shape)[
        jnp.minimum(other, jnp.arange(len(betas), dtype=jnp.int32))
    ]
    return jnp.log(drawn).astype(log_odds.dtype) < log_odds, log_odds


def parallel_tempering(
    path: Path, state: State, key: Array, betas: Array, *, n_samples: int, n_steps: Any = 1
) -> tuple[Array, State, Info]:
    """Samples of the machine, taken every n_steps steps.

    Parameters
    ----------
    path : Path
    state : State, from ``init``, ``start`` or an earlier call
    key : JAX key
    betas : array of shape (n_temperatures,)
        Increasing, the last 1; ten to fifty for a machine of 500 units.
    n_samples, n_steps : int

    Returns
    -------
    samples : array of shape (n_samples, n_chains, n_visible)
    state : State
    info : Info, means over all steps

    Examples
    --------
    >>> import jax, numpy as np
    >>> from deepen.functions.bernoulli_energy import Params
    >>> from deepen.functions.tempered_path import base_rates, inverse_temperatures
    >>> machine = Params(np.full((2, 1), 20.0, np.float32), np.full(2, -10, "f"), np.full(1, -20, "f"))
    >>> path, betas = base_rates(machine, np.full((4, 2), 0.5)), inverse_temperatures(8)
    >>> state = init(path, jax.random.key(0), betas, 10)  # two far modes: all units off, or all on
    >>> v, state, info = parallel_tempering(path, state, jax.random.key(1), betas, n_samples=200)
    >>> bool(0.4 < v.mean() < 0.6 and info.swap_rates.min() > 0.1)
    True
    """
    return _run(path, state, key, betas, n_steps, n_samples=n_samples)


@partial(jax.jit, static_argnames="n_samples")
def _run(
    path: Path, state: State, key: Array, betas: Array, n_steps: Any, *, n_samples: int
) -> tuple[Array, State, Info]:
    def sample(carry: tuple[State, Array], key: Array) -> tuple[tuple[State, Array], Array]:
        def one(i: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
            state, info = step(path, betas, carry[0], jax.random.fold_in(key, i))
            return state, carry[1] + info.swap_rates

        state, total = lax.fori_loop(0, n_steps, one, carry)
        return (state, total), state.v[-1]

    before = (state, jnp.zeros(len(betas) - 1, path.base_bias.dtype))
    (state, total), samples = lax.scan(sample, before, jax.random.split(key, n_samples))
    return samples, state, Info(total / (n_samples * n_steps))

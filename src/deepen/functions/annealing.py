"""Annealed importance sampling of the partition function, forward and in reverse, many chains at once.

Along f_0, f_1, ..., f_K = f of :mod:`deepen.functions.tempered_path`, with T_k a Gibbs step that leaves f_k
invariant,

    forward   v ~ f_0;      for k = 1 ... K:  log w += log f_k(v) - log f_{k-1}(v),   v ~ T_k(v)
    reverse   v ~ f_K;      for k = K ... 1:  v ~ T_k(v),   log w -= log f_k(v) - log f_{k-1}(v)

Forward, E[w] = Z / Z_0; in reverse, where v is drawn from the machine itself, E[w] = Z_0 / Z. Hence in
expectation the logarithm of forward's mean weight is a lower bound on log Z / Z_0 and that of
reverse's an upper one: too few temperatures show as a gap between the two, which nobody who runs
forward alone can see. Reverse from a row x of data instead of a sample is the conservative estimator
of Burda et al.: with log w of the chains that begin at x,

    log p(x) >= -F(x) - log Z_0 + log mean w      in expectation,

for the model that the K steps of annealing define, which is the machine as K grows. Signatures:

    annealed_log_partition(path, key, betas, n_chains) -> Estimate
    reversed_log_partition(path, v, key, betas) -> Estimate            one chain for each row of v
    conservative_log_likelihood(path, v, key, betas, n_chains) -> Estimate of log p(v), by rows

Call them inside ``deepen.engine.devices.computing(dtype)`` where the parameters are float64.

(Neal 2001, "Annealed importance sampling", doi:10.1023/A:1008923215028, eq. 11; Salakhutdinov and
Murray 2008, doi:10.1145/1390156.1390266, section 4; Burda, Grosse and Salakhutdinov 2015, "Accurate
and conservative estimates of MRF log-likelihood using reverse annealing", arXiv:1412.8566, section 4.)
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import logsumexp

from deepen.functions.tempered_path import (
    Path,
    energy_of,
    gibbs_step,
    hidden_logits,
    log_partition_of_base,
    log_ratio,
    sample_base,
)

Array = Any  # a NumPy array, a JAX array or a JAX tracer


class Estimate(NamedTuple):
    """An estimate with what it was made of.

    Attributes
    ----------
    value : array, in nats
    standard_error : array, in nats
        Standard deviation of the mean weight over that mean, the first-order error of its logarithm.
        It knows of no region that no chain has visited: look at forward and reverse together.
    log_weights : array of shape (n_chains,) or (n_chains, n_rows)
    v : array of shape (n_chains, ..., n_visible)
        Where the chains ended: forward, weighted samples of the machine.
    """

    value: Array
    standard_error: Array
    log_weights: Array
    v: Array


def annealed_log_partition(path: Path, key: Array, betas: Array, n_chains: int) -> Estimate:
    """Estimate of log Z by forward annealing: a lower bound in expectation.

    Parameters
    ----------
    path : Path
    key : JAX key
    betas : array of shape (n_temperatures,)
        From 0 to 1, increasing; ten thousand for a machine of 500 units.
    n_chains : int
        A hundred, as a rule; the standard error falls as 1 / sqrt(n_chains), the bias does not.

    Returns
    -------
    estimate : Estimate

    Examples
    --------
    >>> import jax, numpy as np
    >>> from deepen.functions.bernoulli_energy import Params
    >>> from deepen.functions.partition import exact_log_partition
    >>> from deepen.functions.tempered_path import base_rates, inverse_temperatures
    >>> rng = np.random.RandomState(0)
    >>> draws = rng.normal(size=(6, 4)), rng.normal(size=6), rng.normal(size=4)
    >>> machine = Params(*(part.astype(np.float32) for part in draws))
    >>> betas = inverse_temperatures(200)
    >>> estimate = annealed_log_partition(base_rates(machine), jax.random.key(0), betas, 100)
    >>> bool(abs(estimate.value - exact_log_partition(machine)) < 5 * estimate.standard_error)
    True
    """
    return _forward(path, key, check_ends(betas), n_chains=n_chains)


def reversed_log_partition(path: Path, v: Array, key: Array, betas: Array) -> Estimate:
    """Estimate of log Z by reverse annealing: an upper bound in expectation for exact samples v.

    Parameters
    ----------
    path : Path
    v : array of shape (n_chains, n_visible)
        Samples of the machine, one for each chain: exact ones where the machine is small, else from
        long chains or parallel tempering. From rows of data it is the conservative estimate, as far
        as the machine finds them likely.
    key : JAX key
    betas : array of shape (n_temperatures,), from 0 to 1

    Returns
    -------
    estimate : Estimate
    """
    return _reverse(path, v, key, check_ends(betas))


def conservative_log_likelihood(
    path: Path, v: Array, key: Array, betas: Array, n_chains: int
) -> Estimate:
    """Estimate of log p(v) of each row that errs on the low side, without any log Z.

    Parameters
    ----------
    path : Path
    v : array of shape (n_rows, n_visible)
    key : JAX key
    betas : array of shape (n_temperatures,), from 0 to 1
    n_chains : int
        Chains of each row; n_chains times n_rows run at once.

    Returns
    -------
    estimate : Estimate
        ``value`` and ``standard_error`` of shape (n_rows,), in nats.
    """
    return _conservative(path, v, key, check_ends(betas), n_chains=n_chains)


def check_ends(betas: Any) -> Any:
    """Temperatures as they are, if they lead from 0 to 1.

    Raises
    ------
    ValueError
        Where they do not, so that the weights would be those of another machine.
    """
    ends = float(betas[0]), float(betas[-1])
    if ends != (0.0, 1.0):
        raise ValueError(f"betas must begin at 0 and end at 1, got {ends[0]:g} and {ends[1]:g}.")
    return betas


def _estimate(log_z_0: Array, sign: int, log_weights: Array, v: Array) -> Estimate:
    """Value log Z_0 + sign log mean w, with its error to first order, over the first axis."""
    n_chains = len(log_weights)
    log_mean = logsumexp(log_weights, axis=0) - math.log(n_chains)
    relative = jnp.exp(log_weights - log_mean[None])  # w / mean w
    variance = ((relative - 1) ** 2).sum(axis=0) / max(n_chains - 1, 1)
    error = jnp.sqrt(variance / n_chains)
    return Estimate(log_z_0 + sign * log_mean, error, log_weights, v)


class _Sum(NamedTuple):
    """A sum in compensated arithmetic (Kahan 1965): many small terms lose nothing to a large total."""

    total: Array
    lost: Array

    def plus(self, term: Array) -> _Sum:
        corrected = term - self.lost
        total = self.total + corrected
        return _Sum(total, (total - self.total) - corrected)


def _zeros(v: Array) -> _Sum:
    return _Sum(jnp.zeros(v.shape[:1], v.dtype), jnp.zeros(v.shape[:1], v.dtype))


@partial(jax.jit, static_argnames="n_chains")
def _forward(path: Path, key: Array, betas: Array, *, n_chains: int) -> Estimate:
    start_key, chain_key = jax.random.split(key)
    v = sample_base(path, start_key, n_chains)

    def step(k: Array, carry: tuple[Array, _Sum]) -> tuple[Array, _Sum]:
        v, log_w = carry
        logits = hidden_logits(path, v)
        log_w = log_w.plus(log_ratio(path, (betas[k - 1], betas[k]), v, logits))
        return gibbs_step(path, betas[k], logits, jax.random.fold_in(chain_key, k)), log_w

    v, log_w = lax.fori_loop(1, len(betas), step, (v, _zeros(v)))
    return _estimate(log_partition_of_base(path), 1, log_w.total, v)


@jax.jit
def _reverse(path: Path, v: Array, key: Array, betas: Array) -> Estimate:
    v, log_weights = _run_down(path, v, key, betas)
    return _estimate(log_partition_of_base(path), -1, log_weights, v)


@partial(jax.jit, static_argnames="n_chains")
def _conservative(path: Path, v: Array, key: Array, betas: Array, *, n_chains: int) -> Estimate:
    starts = jnp.broadcast_to(v[None], (n_chains, *v.shape)).reshape(-1, v.shape[1])
    ends, log_weights = _run_down(path, starts, key, betas)
    log_weights, ends = log_weights.reshape(n_chains, -1), ends.reshape(n_chains, *v.shape)
    log_z = _estimate(log_partition_of_base(path), -1, log_weights, ends)
    log_p = -energy_of(path.params).free_energy(path.params, v) - log_z.value
    return log_z._replace(value=log_p)


def _run_down(path: Path, v: Array, key: Array, betas: Array) -> tuple[Array, Array]:
    """Last states and log-weights of chains that run from v at beta = 1 down to 0."""
    last = len(betas) - 1

    def step(i: Array, carry: tuple[Array, Array, _Sum]) -> tuple[Array, Array, _Sum]:
        v, logits, log_w = carry
        k = last - i
        v = gibbs_step(path, betas[k], logits, jax.random.fold_in(key, k))
        logits = hidden_logits(path, v)
        log_w = log_w.plus(log_ratio(path, (betas[k], betas[k - 1]), v, logits))
        return v, logits, log_w

    v, _, log_w = lax.fori_loop(0, last, step, (v, hidden_logits(path, v), _zeros(v)))
    return v, log_w.total

"""A path of machines from independent visible units to a restricted Boltzmann machine.

    E_beta(v, h) = visible energy with a_beta = (1 - beta) a_0 + beta a,  minus beta (b'h + v'W h)
    f_beta(v)    = sum_h exp(-E_beta(v, h)),    beta = 0 ... 1

At beta = 0 the units are independent, so that f_0's sum over v and its samples are known; at beta = 1
it is the machine itself. With a_0 the data's log-odds (a Gaussian machine: their means) this is the path
of Salakhutdinov and Murray (2008, section 4.1) from the base-rate model. Every machine on it has the
hidden logits beta (b + v'W), which are computed once a row and used for two temperatures.

Signatures (all of one row or of any leading axes; ``beta`` a scalar):

    base_rates(params, X=None) -> Path                 log_density(path, beta, v, logits) -> log f_beta(v)
    log_partition_of_base(path) -> log Z_0             gibbs_step(path, beta, logits, key) -> v
    sample_base(path, key, n_chains) -> v              inverse_temperatures(n_temperatures) -> betas

(Salakhutdinov and Murray 2008, "On the quantitative analysis of deep belief networks",
doi:10.1145/1390156.1390266; Neal 2001, "Annealed importance sampling", doi:10.1023/A:1008923215028.)
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from deepen.functions import bernoulli_energy, gaussian_energy
from deepen.functions.activations import logistic
from deepen.functions.bernoulli_energy import draw

Array = Any  # a JAX array or a JAX tracer; NumPy arrays where a program begins

STEEPNESS = 4.0  # of the sigmoid that spaces the temperatures


class Path(NamedTuple):
    """A machine, and the visible biases from which the path sets out.

    Attributes
    ----------
    params : Params of :mod:`deepen.functions.bernoulli_energy` or ``gaussian_energy``
    base_bias : array of shape (n_visible,), a_0
    """

    params: Any
    base_bias: Array


def energy_of(params: Any) -> ModuleType:
    """Module of energy functions that the parameters belong to."""
    return gaussian_energy if isinstance(params, gaussian_energy.Params) else bernoulli_energy


def base_rates(params: Any, X: Any = None) -> Path:
    """Path to a machine from the best model of independent units for some rows.

    Parameters
    ----------
    params : Params of a Bernoulli or a Gaussian machine
    X : array of shape (n_rows, n_visible), default=None
        Rows whose means set a_0, as a rule those of the training; without them a_0 = a. The better
        it fits, the fewer temperatures are needed; it never biases a result.

    Returns
    -------
    path : Path
    """
    if X is None:
        return Path(params, params.visible_bias)
    mean = np.asarray(X.mean(axis=0, dtype=np.float64)).ravel()
    if energy_of(params) is bernoulli_energy:
        mean = bernoulli_energy.initial_visible_bias(mean, X.shape[0])
    return Path(params, mean.astype(params.visible_bias.dtype))


def log_density(path: Path, beta: Array, v: Array, logits: Array) -> Array:
    """Value log f_beta(v), (..., n_visible), (..., n_hidden) -> (...).

    ``logits`` are b + v'W, the hidden logits of v at beta = 1.
    """
    bias = (1 - beta) * path.base_bias + beta * path.params.visible_bias
    if energy_of(path.params) is gaussian_energy:
        visible = -gaussian_energy.visible_energy(path.params._replace(visible_bias=bias), v)
    else:
        visible = v @ bias
    return visible + softplus(beta * logits).sum(axis=-1)


def log_ratio(path: Path, betas: tuple[Array, Array], v: Array, logits: Array) -> Array:
    """Value log f_new(v) - log f_old(v) for ``betas`` (old, new), unit by unit.

    The sums over the units, a thousand times larger than their difference, are never formed, so that
    ten thousand such terms add up in float32 to better than a hundredth of a nat.
    """
    old, new = betas
    change = softplus(new * logits) - softplus(old * logits)
    shift = (new - old) * (path.params.visible_bias - path.base_bias)
    visible = v @ shift
    if energy_of(path.params) is gaussian_energy:
        # (v - a_old)^2 - (v - a_new)^2 = (a_new - a_old) (2 v - a_old - a_new)
        middle = path.base_bias + (old + new) / 2 * (path.params.visible_bias - path.base_bias)
        scaled = shift * jnp.exp(-path.params.log_variance)
        visible = v @ scaled - middle @ scaled
    return visible + change.sum(axis=-1)


def gibbs_step(path: Path, beta: Array, logits: Array, key: Array) -> Array:
    """Block Gibbs step at beta of the rows with these logits: new v; it leaves f_beta invariant."""
    import jax

    hidden_key, visible_key = jax.random.split(key)
    h = draw(logistic(beta * logits), hidden_key)
    bias = (1 - beta) * path.base_bias + beta * path.params.visible_bias
    # The weights beta W meet h: beta may as well scale h, which is smaller.
    machine = path.params._replace(visible_bias=bias)
    return energy_of(path.params).sample_visible(machine, beta * h, visible_key)


def hidden_logits(path: Path, v: Array) -> Array:
    """Hidden logits b + v'W at beta = 1, (..., n_visible) -> (..., n_hidden)."""
    return energy_of(path.params).hidden_logits(path.params, v)


def log_partition_of_base(path: Path) -> Array:
    """Value log Z_0 = log of the sum (or integral) of f_0, in closed form."""
    base = path.params._replace(
        weights=jnp.zeros_like(path.params.weights),
        visible_bias=path.base_bias,
    )
    nothing = jnp.zeros_like(path.params.hidden_bias)
    # log sum_v exp(-E(v, 0)), times 2^n_hidden equal states h
    log_visible = -energy_of(base).hidden_free_energy(base, nothing)
    return log_visible + len(nothing) * math.log(2)


def sample_base(path: Path, key: Array, n_chains: int) -> Array:
    """Exact draws at beta = 0, shape (n_chains, n_visible)."""
    base = path.params._replace(visible_bias=path.base_bias)
    nothing = jnp.zeros((n_chains, len(path.params.hidden_bias)), path.base_bias.dtype)
    return energy_of(base).sample_visible(base, nothing, key)


def inverse_temperatures(n_temperatures: int, dtype: Any = np.float32) -> NDArray[Any]:
    """Values 0 = beta_0 < ... < beta_K = 1, K = n_temperatures - 1, closer together at both ends.

    beta_k = (sigma(s (2 k / K - 1)) - sigma(-s)) / (sigma(s) - sigma(-s)), s = 4
    (Burda, Grosse and Salakhutdinov 2015, section 6).

    Raises
    ------
    ValueError
        For fewer than two temperatures.

    Examples
    --------
    >>> inverse_temperatures(5, np.float64).round(3).tolist()
    [0.0, 0.105, 0.5, 0.895, 1.0]
    """
    if n_temperatures < 2:
        raise ValueError(f"n_temperatures must be at least 2, got {n_temperatures!r}.")
    spread = logistic(STEEPNESS * np.linspace(-1, 1, n_temperatures))
    betas = (spread - spread[0]) / (spread[-1] - spread[0])
    return betas.astype(dtype)


def softplus(z: Array) -> Array:
    """Softplus without a derivative, which nothing here takes: cheaper than the differentiable one."""
    return jnp.maximum(z, 0) + jnp.log1p(jnp.exp(-jnp.abs(z)))

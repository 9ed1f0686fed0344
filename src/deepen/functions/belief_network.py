"""The deep belief network: directed layers of binary units below a restricted Boltzmann machine.

    p(h_0, ..., h_L) = p(h_0 | h_1) ... p(h_{L-2} | h_{L-1}) p_top(h_{L-1}, h_L),    h_0 = v
    p(h_{l-1} = 1 | h_l) = sigma(h_l'G_l + c_l)        generative, downwards
    q(h_l = 1 | h_{l-1}) = sigma(h_{l-1}'R_l + r_l)    recognition, upwards, instead of the posterior

    log p(v) >= E_q[ sum_{l<L} (log p(h_{l-1} | h_l) - log q(h_l | h_{l-1})) - F_top(h_{L-1}) ] - log Z

(Hinton, Osindero and Teh 2006, section 4 and appendix B, doi:10.1162/neco.2006.18.7.1527; the bound:
Salakhutdinov and Murray 2008, eq. 18, doi:10.1145/1390156.1390266.) The top machine may hold class
units beside h_{L-1}; its energy is then that of :mod:`deepen.functions.class_energy`. Real-valued
visible units are normal, v | h_1 ~ N(h_1'G_1 + c_1, s^2).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import logsumexp

from deepen.functions import bernoulli_energy, class_energy
from deepen.functions.bernoulli_energy import add_bias, draw
from deepen.functions.losses import binary_cross_entropy
from deepen.functions.random import normal

Array = Any  # a NumPy array, a JAX array or a JAX tracer


class Layer(NamedTuple):
    """Weights of one direction, (n_in, n_out) and (n_out,)."""

    weights: Array
    bias: Array


class Params(NamedTuple):
    """Weights of both directions, from the visible layer upwards, and the top machine.

    Attributes
    ----------
    recognition, generative : tuples of Layer, one for each directed layer
    top : Params of ``bernoulli_energy`` or ``class_energy``
    log_variance : array of shape (n_visible,) of normal visible units; None of binary ones
    """

    recognition: tuple[Layer, ...]
    generative: tuple[Layer, ...]
    top: Any
    log_variance: Array | None = None


def logits(layer: Layer, h: Array) -> Array:
    """Log-odds of a layer's units (the mean of normal ones), (n, n_in) -> (n, n_out)."""
    return add_bias(h @ layer.weights, layer.bias)


def sample_up(params: Params, v: Array, key: Array) -> list[Array]:
    """States h_0 = v, h_1, ..., h_{L-1} drawn by the recognition weights."""
    states = [v]
    for number, layer in enumerate(params.recognition):
        probability = jax.nn.sigmoid(logits(layer, states[-1]))
        states.append(draw(probability, jax.random.fold_in(key, number)))
    return states


def sample_down(params: Params, x: Array, key: Array) -> list[Array]:
    """States h_0, ..., h_{L-1} = x drawn by the generative weights; of binary v the probabilities."""
    states = [x]
    for number in reversed(range(1, len(params.generative))):
        probability = jax.nn.sigmoid(logits(params.generative[number], states[0]))
        states.insert(0, draw(probability, jax.random.fold_in(key, number)))
    mean = logits(params.generative[0], states[0])
    if params.log_variance is None:
        return [jax.nn.sigmoid(mean), *states]
    scale = jnp.exp(0.5 * params.log_variance)[None, :]
    drawn = normal(jax.random.fold_in(key, 0), mean.shape).astype(mean.dtype)
    return [mean + scale * drawn, *states]


def log_generative(params: Params, states: list[Array]) -> Array:
    """Value sum_l log p(h_{l-1} | h_l) of each row, in nats."""
    total: Any = 0.0
    for number, layer in enumerate(params.generative):
        below, z = states[number], logits(layer, states[number + 1])
        if number == 0 and params.log_variance is not None:
            total = total - _normal_cost(below - z, params.log_variance)
        else:
            total = total - binary_cross_entropy(z, below)
    return total


def log_recognition(params: Params, states: list[Array]) -> Array:
    """Value sum_l log q(h_l | h_{l-1}) of each row, in nats."""
    pairs = zip(params.recognition, states[:-1], states[1:], strict=True)
    total: Any = 0.0
    for layer, below, above in pairs:
        total = total - binary_cross_entropy(logits(layer, below), above)
    return total


def top_free_energy(top: Any, x: Array) -> Array:
    """Free energy F_top(x) with the hidden units, and the class, summed out."""
    if isinstance(top, class_energy.Params):
        return -(x @ top.visible_bias) - logsumexp(class_energy.class_scores(top, x), axis=-1)
    return bernoulli_energy.free_energy(top, x)


@jax.jit
def bound_sample(params: Params, v: Array, key: Array) -> Array:
    """One draw of the bound on log p(v) + log Z_top of each row, (n, n_visible) -> (n,)."""
    states = sample_up(params, v, key)
    inner = log_generative(params, states) - log_recognition(params, states)
    return inner - top_free_energy(params.top, states[-1])


@jax.jit
def sample(params: Params, x: Array, one_hot: Array | None, key: Array, n_steps: Any) -> Array:
    """Visible units after n_steps Gibbs steps of the top machine from x, its class clamped if given."""
    top_key, down_key, class_key = jax.random.split(key, 3)
    is_classed = isinstance(params.top, class_energy.Params)
    if is_classed and one_hot is None:
        nothing = jnp.zeros((len(x), len(params.top.hidden_bias)), x.dtype)
        start = class_energy.class_logits(params.top, nothing)
        state = x, class_energy.draw_class(start, class_key)
    else:
        state = x, one_hot

    def step(i: Array, state: tuple[Array, Any]) -> tuple[Array, Any]:
        x, y = top_step(params.top, *state, jax.random.fold_in(top_key, i))
        return x, (y if one_hot is None else one_hot)

    x, _ = lax.fori_loop(0, n_steps, step, state)
    return sample_down(params, x, down_key)[0]


def top_step(top: Any, x: Array, one_hot: Any, key: Array) -> tuple[Array, Any]:
    """One Gibbs step of the top machine."""
    if isinstance(top, class_energy.Params):
        return class_energy.gibbs_step(top, x, one_hot, key)
    hidden_key, visible_key = jax.random.split(key)
    h = bernoulli_energy.sample_hidden(top, x, hidden_key)
    return bernoulli_energy.sample_visible(top, h, visible_key), one_hot


def _normal_cost(difference: Array, log_variance: Array) -> Array:
    """Negative log-density of a normal vector, (n, n_visible) -> (n,)."""
    square = jnp.square(difference) * jnp.exp(-log_variance)[None, :]
    return 0.5 * (square + (log_variance + math.log(2 * math.pi))[None, :]).sum(axis=-1)

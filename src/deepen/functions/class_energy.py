"""The restricted Boltzmann machine of rows and their classes: one class unit of K is on beside v.

    E(v, y, h) = -a'v - d_y - b'h - v'W h - U_y h                   (Larochelle and Bengio 2008, eq. 1)
    F(v, y)    = -a'v - s_y(v),    s_y(v) = d_y + sum_j log(1 + exp(b_j + v'W_j + U_yj))
    p(y | v)   = exp(s_y) / sum_k exp(s_k)                                                    (eq. 2)
    F(v)       = -a'v - log sum_k exp(s_k)
    p(h_j = 1 | v, y) = sigma(b_j + v'W_j + U_yj),    p(v_i = 1 | h) = sigma(a_i + W_i h)
    p(y | h)   = softmax(d + U h)_y

The class's probability is exact: the hidden units are summed out in closed form, for each of the K
classes. The functions work on NumPy and on JAX arrays; the draws are on JAX arrays alone.

(Larochelle and Bengio 2008, "Classification using discriminative restricted Boltzmann machines",
doi:10.1145/1390156.1390224.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from deepen.functions.activations import logistic, softmax
from deepen.functions.bernoulli_energy import add_bias, draw, softplus

Array = Any  # a NumPy array, a JAX array or a JAX tracer


class Params(NamedTuple):
    """Weights and biases.

    Attributes
    ----------
    weights : array of shape (n_visible, n_hidden), W
    class_weights : array of shape (n_classes, n_hidden), U
    visible_bias : array of shape (n_visible,), a
    class_bias : array of shape (n_classes,), d
    hidden_bias : array of shape (n_hidden,), b
    """

    weights: Array
    class_weights: Array
    visible_bias: Array
    class_bias: Array
    hidden_bias: Array


def class_scores(params: Params, v: Array) -> Array:
    """Scores s_y(v), log-probabilities of the classes but for a constant, (n, n_visible) -> (n, n_classes).

    ``v`` may be a scipy sparse matrix.
    """
    z = add_bias(v @ params.weights, params.hidden_bias)
    joint = z[:, None, :] + params.class_weights[None, :, :]  # (n, n_classes, n_hidden)
    return add_bias(softplus(joint).sum(axis=-1), params.class_bias)


def class_probabilities(params: Params, v: Array) -> Array:
    """Probabilities p(y | v), (n, n_visible) -> (n, n_classes)."""
    return softmax(class_scores(params, v))


def free_energy(params: Params, v: Array, scores: Array, one_hot: Array) -> Array:
    """Free energy F(v, y), or F(v) where the row of ``one_hot`` is zeros; ``scores`` are those of v.

    (n, n_visible), (n, n_classes), (n, n_classes) -> (n,), JAX arrays.
    """
    import jax.numpy as jnp
    from jax.scipy.special import logsumexp

    own = (one_hot * scores).sum(axis=1)
    score = jnp.where(one_hot.sum(axis=1) > 0, own, logsumexp(scores, axis=1))
    return -(v @ params.visible_bias) - score


def class_logits(params: Params, h: Array) -> Array:
    """Logits d + U h of the classes given the hidden units, (n, n_hidden) -> (n, n_classes)."""
    return add_bias(h @ params.class_weights.T, params.class_bias)


def hidden_mean(params: Params, v: Array, one_hot: Array) -> Array:
    """Probability of each hidden unit, (n, n_visible), (n, n_classes) -> (n, n_hidden)."""
    return logistic(
        add_bias(v @ params.weights + one_hot @ params.class_weights, params.hidden_bias)
    )


def visible_mean(params: Params, h: Array) -> Array:
    """Probability of each visible unit, (n, n_hidden) -> (n, n_visible)."""
    return logistic(add_bias(h @ params.weights.T, params.visible_bias))


def gibbs_step(params: Params, v: Array, one_hot: Array, key: Array) -> tuple[Array, Array]:
    """Block Gibbs step h ~ p(h | v, y), then v ~ p(v | h) and y ~ p(y | h); JAX arrays.

    (n, n_visible), (n, n_classes) -> the same.
    """
    import jax

    hidden_key, visible_key, class_key = jax.random.split(key, 3)
    h = draw(hidden_mean(params, v, one_hot), hidden_key)
    return draw(visible_mean(params, h), visible_key), draw_class(
        class_logits(params, h), class_key
    )


def draw_class(logits: Array, key: Array) -> Array:
    """Draw of one class a row as zeros and a one, (n, n_classes) -> (n, n_classes); JAX arrays."""
    import jax
    import jax.numpy as jnp

    from deepen.functions.random import uniform

    # argmax_k of z_k - log(-log u_k) is a draw of softmax(z): Gumbel's trick
    noise = -jnp.log(-jnp.log(uniform(key, logits.shape))).astype(logits.dtype)
    chosen = jnp.argmax(logits + noise, axis=-1)
    return jax.nn.one_hot(chosen, logits.shape[-1], dtype=logits.dtype)

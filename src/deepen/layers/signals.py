"""How signals and gradients fare on their way through the layers of a network.

    gradient_l = sqrt(mean (dC/dW_l)^2),    slope_l = mean g_l'(z_l),    mean and deviation of a_l

The gradient at layer l carries the product of all slopes above it: where these are well below one, as
the logistic function's 1/4 at best, it vanishes with depth (Hochreiter 1991; Bengio, Simard and Frasconi
1994; Glorot and Bengio 2010, section 4).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from deepen.functions.activations import ACTIVATIONS
from deepen.layers.autoencoder_cost import unrolled
from deepen.layers.feed_forward import dense


class Signals(NamedTuple):
    """Figures of each layer.

    Attributes
    ----------
    gradient : array of shape (n_layers,), root mean square of the cost's gradient in the weights
    mean, deviation, slope : arrays of shape (n_hidden,), of the hidden activations over rows and units
    """

    gradient: Array
    mean: Array
    deviation: Array
    slope: Array


@jax.jit
def layer_signals(objective: Any, params: Any, rows: Any, weights: Array) -> Signals:
    """Figures of each layer on a batch, for the mean cost of a network's objective."""

    def mean_cost(params: Any) -> Array:
        total, weight, _ = objective(params, rows, weights, None, None)
        return total / weight

    gradient = jax.grad(mean_cost)(params).coefs
    figures, a, network = [], rows[0], unrolled(params)
    for layer, name in enumerate(objective.activations):
        z = dense(network, layer, a)
        a, slope = jax.jvp(ACTIVATIONS[name], (z,), (jnp.ones_like(z),))
        figures.append((a.mean(), a.std(), slope.mean()))
    of_hidden = jnp.array(figures).reshape(-1, 3).T
    return Signals(jnp.stack([jnp.sqrt((g * g).mean()) for g in gradient]), *of_hidden)

"""A feed-forward network of dense layers, for one row or many, in NumPy or JAX.

    a_0 = x,    z_l = a_{l-1} W_l + b_l,    a_l = g_l(z_l),    l = 1 ... L     (Bishop 2006, sec. 5.1)

``forward`` gives z_L, the input of the output layer; its activation belongs to the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import matmul
from typing import Any, NamedTuple

import numpy as np

from deepen.functions.activations import ACTIVATIONS

Product = Callable[[Any, Any], Any]
Array = Any  # a NumPy array, a JAX array or a JAX tracer; a scipy sparse matrix as first input


class Params(NamedTuple):
    """Weights and biases of the layers.

    Attributes
    ----------
    coefs : tuple of arrays of shape (n_in, n_out)
    intercepts : tuple of arrays of shape (n_out,); empty for a network without biases
    """

    coefs: tuple[Array, ...]
    intercepts: tuple[Array, ...]


def dense(params: Params, layer: int, a: Array, product: Product = matmul) -> Array:
    """Layer input z = a W + b, (..., n_in) -> (..., n_out)."""
    z = product(a, params.coefs[layer])
    if not params.intercepts:
        return z
    return _shifted(z, params.intercepts[layer])


def hidden(
    params: Params,
    x: Array,
    activations: Sequence[str],
    n_layers: int,
    product: Product = matmul,
) -> Array:
    """Activations a_l after n_layers hidden layers, (..., n_features) -> (..., n_units)."""
    a = x
    for layer in range(n_layers):
        a = _function(activations[layer])(dense(params, layer, a, product))
    return a


def forward(
    params: Params, x: Array, activations: Sequence[str], product: Product = matmul
) -> Array:
    """Input z_L of the output layer, (..., n_features) -> (..., n_outputs)."""
    n_hidden = len(params.coefs) - 1
    return dense(params, n_hidden, hidden(params, x, activations, n_hidden, product), product)


def forward_columns(params: Params, x: Array, activations: Sequence[str]) -> Array:
    """As ``forward`` with rows as columns throughout, (n_features, n) -> (n, n_outputs)."""
    a = x
    for layer, weights in enumerate(params.coefs):
        z = weights.T @ a
        if params.intercepts:
            z = z + params.intercepts[layer][:, None]
        a = _function(activations[layer])(z) if layer < len(activations) else z
    return a.T


def _shifted(z: Array, bias: Array) -> Array:
    """Z + b for each row, (..., n_out); of a batch in JAX as Z + 1 b'.

    Then the gradient of b is a product, 1'G. Of a sum over the rows XLA makes work for other threads of
    the processor, who take longer to come than a small batch takes to be added up.
    """
    if isinstance(z, np.ndarray) or z.ndim != 2:
        return z + bias.reshape((1,) * (z.ndim - 1) + bias.shape)
    from jax import numpy as jnp

    ones = jnp.ones((z.shape[0], 1), z.dtype)
    return z + jnp.matmul(ones, bias[None], precision="highest")


def _function(name: str) -> Callable[[Array], Array]:
    return ACTIVATIONS[name]

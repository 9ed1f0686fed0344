"""The cost of a feed-forward network on a batch of rows.

    C(params) = sum_i w_i L(z_L(x_i; params), y_i)

with, in training alone and each where asked for: augmentation of the rows, noise and dropout on the
inputs, dropout on every hidden layer, smoothed labels. Logistic and linear regression are the network
with no hidden layer. The object is the objective that the engine minimises: a pytree whose numbers are
traced and whose structure (loss, activations, which terms exist) is what a program is compiled for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import matmul
from typing import Any

import jax
from jaxtyping import Array, Float

from deepen.functions.augmentation import UserFunction
from deepen.functions.losses import LOSSES, OF_ANY_LABEL
from deepen.functions.products import bfloat16_product
from deepen.layers.dropout import dropout, gaussian_noise
from deepen.layers.feed_forward import (
    Params,
    Product,
    dense,
    forward,
    forward_columns,
    hidden,
)

PRODUCTS: dict[str | None, Product] = {None: matmul, "bfloat16": bfloat16_product}


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NetworkCost:
    """Weighted loss of a feed-forward network over a batch.

    Parameters
    ----------
    loss : {'softmax', 'logistic', 'squared_error', 'poisson'}
    activations : tuple of str
        One per hidden layer.
    input_dropout, dropout : float or None
        Probability that an input, or a hidden unit, is dropped; None leaves the term out.
    noise : float or None
        Standard deviation of Gaussian noise on the inputs, in the inputs' units.
    augment : pytree that is called with (X, key), or None
    label_smoothing : float or None
        Share of the target that goes to all labels alike; of losses that have labels.
    has_columns : bool
        Whether the rows come as columns, X of shape (n_features, n).
    precision : {None, 'bfloat16'}
        Of the products with the weights, see :mod:`deepen.functions.products`; None is that of X.
    """

    loss: str = field(metadata={"static": True})
    activations: tuple[str, ...] = field(metadata={"static": True})
    input_dropout: Any = None
    dropout: Any = None
    noise: Any = None
    augment: Any = None
    label_smoothing: Any = None
    has_columns: bool = field(default=False, metadata={"static": True})
    precision: str | None = field(default=None, metadata={"static": True})

    def on_columns(self) -> NetworkCost:
        """The same cost for X of shape (n_features, n)."""
        return replace(self, has_columns=True)

    @property
    def is_random(self) -> bool:
        """Whether two evaluations differ, which a line search cannot bear."""
        terms = (self.input_dropout, self.dropout, self.noise, self.augment)
        return any(term is not None for term in terms)

    def __call__(
        self, params: Params, batch: tuple[Array, Array], weights: Array, state: Any, key: Any
    ) -> tuple[Float[Array, ""], Float[Array, ""], Any]:
        """Weighted sum of the rows' losses, total weight, and the untouched state."""
        x, y = batch
        z = self.training_forward(params, x, key) if self.is_random else self.predict(params, x)
        loss = LOSSES[self.loss](z, y)
        if self.label_smoothing is not None:
            loss = loss + self.label_smoothing * (OF_ANY_LABEL[self.loss](z) - loss)
        return (weights * loss).sum(), weights.sum(), state

    def predict(self, params: Params, x: Array) -> Array:
        """Input of the output layer without noise, (n, n_features) -> (n, n_outputs)."""
        if self.has_columns:
            return forward_columns(params, x, self.activations)
        return forward(params, x, self.activations, PRODUCTS[self.precision])

    def training_forward(self, params: Params, x: Array, key: Array) -> Array:
        """Input of the output layer with one draw of every noise term."""
        n_hidden, product = len(self.activations), PRODUCTS[self.precision]
        augment_key, noise_key, *layer_keys = jax.random.split(key, n_hidden + 3)
        if self.augment is not None:
            x = self.augment(x, augment_key)
        if self.noise is not None:
            x = gaussian_noise(x, self.noise, noise_key)
        if self.input_dropout is not None:
            x = dropout(x, self.input_dropout, layer_keys[0])
        for layer in range(n_hidden):
            one = Params(params.coefs[layer : layer + 1], params.intercepts[layer : layer + 1])
            x = hidden(one, x, self.activations[layer : layer + 1], 1, product)
            if self.dropout is not None:
                x = dropout(x, self.dropout, layer_keys[layer + 1])
        return dense(params, n_hidden, x, product)


def as_augmentation(augment: Any) -> Any:
    """Augmentation as a part of the cost: a pytree of numbers, or a user's function by identity."""
    if augment is None or jax.tree_util.all_leaves([augment]) is False:
        return augment
    return UserFunction(augment)

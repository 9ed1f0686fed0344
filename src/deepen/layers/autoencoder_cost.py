"""The cost of an autoencoder on a batch of rows.

    h = f(x~),  r = g(h),  x~ a corrupted x
    C = sum_i w_i [ L(x_i, r_i) + lambda ||df/dx (x_i)||_F^2 ] + beta n sum_j D(rho, mean_i h_ij)

    L   half the squared error 1/2 ||x - r||^2, or the cross-entropy
        -sum_k x_k log r_k + (1 - x_k) log(1 - r_k)      (Vincent et al. 2010, section 2.2)
    D   of logistic units KL(rho || m) = rho log(rho/m) + (1 - rho) log((1 - rho)/(1 - m)), of others
        1/2 (m - rho)^2, n the weight of the batch       (Lee, Ekanadham and Ng 2008, eq. 1; Ng 2011)

and the contractive term of Rifai, Vincent, Muller, Glorot and Bengio (2011), eq. 4 and 7. Decoder
weights are the encoder's transposed where ``params`` holds those of the encoder alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy
from jaxtyping import Array, Float

from deepen.functions.activations import ACTIVATIONS
from deepen.functions.losses import binary_cross_entropy, squared_error
from deepen.layers.corruption import CORRUPTIONS
from deepen.layers.feed_forward import Params, dense, forward, hidden

MARGIN = 1e-6  # that a mean activation keeps from 0 and 1, where the divergence is infinite


def unrolled(params: Params) -> Params:
    """Encoder and decoder as one network; tied decoders are the encoder's transposes."""
    coefs, intercepts = params
    if len(coefs) < len(intercepts):
        coefs = (*coefs, *(W.T for W in reversed(coefs)))
    return Params(tuple(coefs), tuple(intercepts))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AutoencoderCost:
    """Weighted cost of reconstructing the rows of a batch.

    Parameters
    ----------
    loss : {'squared_error', 'cross_entropy'}
    activations : tuple of str
        Of all hidden layers, encoder and decoder, the code in the middle.
    output_activation : str
    corruption : str or None
        A key of :data:`deepen.layers.corruption.CORRUPTIONS`.
    level : float or None
        Rate or standard deviation of the corruption.
    extremes : (float, float) or None
        Smallest and largest value, for salt and pepper.
    contraction : float or None
        lambda, per row.
    sparsity, target : float or None
        beta, per row and code unit, and rho.
    """

    loss: str = field(metadata={"static": True})
    activations: tuple[str, ...] = field(metadata={"static": True})
    output_activation: str = field(metadata={"static": True})
    corruption: str | None = field(default=None, metadata={"static": True})
    level: Any = None
    extremes: Any = None
    contraction: Any = None
    sparsity: Any = None
    target: Any = None

    @property
    def is_random(self) -> bool:
        """Whether two evaluations differ, which a line search cannot bear."""
        return self.corruption is not None

    @property
    def n_encoder(self) -> int:
        """Layers of the encoder."""
        return (len(self.activations) + 1) // 2

    def __call__(
        self, params: Params, batch: tuple[Array, Any], weights: Array, state: Any, key: Any
    ) -> tuple[Float[Array, ""], Float[Array, ""], Any]:
        """Weighted sum of the rows' costs, total weight, and the untouched state."""
        x, network = batch[0], unrolled(params)
        seen = x
        if self.corruption is not None:
            seen = CORRUPTIONS[self.corruption](x, self.level, self.extremes, key)
        code = hidden(network, seen, self.activations, self.n_encoder)
        cost = self.reconstruction_loss(self._decode(network, code), x)
        if self.contraction is not None:
            encoder = self.activations[: self.n_encoder]
            cost = cost + self.contraction * squared_jacobian(network, x, encoder)
        total, weight = (weights * cost).sum(), weights.sum()
        if self.sparsity is not None:
            total = total + self.sparsity * weight * self._density(code, weights)
        return total, weight, state

    def predict(self, params: Params, x: Array) -> Array:
        """Reconstruction of clean rows, (n, n_features) -> (n, n_features)."""
        network = unrolled(params)
        return ACTIVATIONS[self.output_activation](forward(network, x, self.activations))

    def reconstruction_loss(self, z: Array, x: Array) -> Array:
        """Loss of each row from the input z of the output layer."""
        if self.loss == "cross_entropy":
            return binary_cross_entropy(z, x)
        return squared_error(ACTIVATIONS[self.output_activation](z), x)

    def _decode(self, network: Params, code: Array) -> Array:
        upper = Params(*(part[self.n_encoder :] for part in network))
        return forward(upper, code, self.activations[self.n_encoder :])

    def _density(self, code: Array, weights: Array) -> Array:
        mean = (weights[:, None] * code).sum(axis=0) / jnp.maximum(weights.sum(), MARGIN)
        if self.activations[self.n_encoder - 1] == "logistic":
            return bernoulli_divergence(self.target, mean).sum()
        return 0.5 * jnp.square(mean - self.target).sum()


def bernoulli_divergence(
    rho: Float[Array, ""], mean: Float[Array, " n_units"]
) -> Float[Array, " n_units"]:
    """Kullback-Leibler divergence KL(rho || mean) of Bernoulli variables, in nats."""
    m = jnp.clip(mean, MARGIN, 1 - MARGIN)
    entropy = xlogy(rho, rho) + xlogy(1 - rho, 1 - rho)
    return entropy - rho * jnp.log(m) - (1 - rho) * jnp.log1p(-m)


def squared_jacobian(
    network: Params, x: Float[Array, "n n_features"], activations: tuple[str, ...]
) -> Float[Array, " n"]:
    """||dh/dx||_F^2 of each row, exactly, for an encoder of any depth.

    J = D_L W_L' ... D_1 W_1' with D_l the diagonal of the slopes g_l'(z_l). With one layer it is
    sum_j g'(z_j)^2 sum_k W_kj^2 (Rifai et al. 2011, eq. 7), as cheap as the encoder. Deeper, the rows of
    M = D_L W_L' ... W_2' D_1 go down from the code, n_code times the work of the encoder without its
    first layer, and ||M W_1'||_F^2 = trace(M W_1' W_1 M').
    """
    slopes = []
    a = x
    for layer, name in enumerate(activations):
        z = dense(network, layer, a)
        a, slope = jax.jvp(ACTIVATIONS[name], (z,), (jnp.ones_like(z),))
        slopes.append(slope)
    first = network.coefs[0]
    if len(activations) == 1:
        return jnp.square(slopes[0]) @ jnp.square(first).sum(axis=0)
    n_code = slopes[-1].shape[1]
    M = slopes[-1][:, :, None] * jnp.eye(n_code, dtype=x.dtype)[None]  # (n, n_code, n_code)
    for layer in range(len(activations) - 1, 0, -1):
        M = (M @ network.coefs[layer].T) * slopes[layer - 1][:, None, :]  # (n, n_code, n_units)
    return ((M @ (first.T @ first)) * M).sum(axis=(1, 2))

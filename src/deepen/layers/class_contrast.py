"""The cost of a restricted Boltzmann machine that classifies: discriminative, generative or both.

    discriminative   -log p(y | v), whose gradient is exact             (Larochelle and Bengio 2008, eq. 5)
    generative       -log p(v, y), gradient  dF(v, y) - dF(v~, y~)                            (section 3)
    hybrid           -log p(y | v) - alpha log p(v, y)                                            (eq. 8)

with (v~, y~) after k Gibbs steps from the row and held constant. A row without a class (y = -1) has
-log p(v) in the place of the generative term: dF(v) - dF(v~), the class drawn from p(y | v) where the
steps begin (section 6), and no discriminative one. Since the contrast of free energies is no cost, its
value is left out and its gradient kept: what the engine reports is -log p(y | v) throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from deepen.functions.class_energy import (
    Params,
    class_scores,
    draw_class,
    free_energy,
    gibbs_step,
)
from deepen.functions.losses import softmax_cross_entropy


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ClassContrast:
    """Weighted cost of a batch.

    Parameters
    ----------
    n_steps : int
        k, Gibbs steps of the generative term.
    is_discriminative : bool
        Whether the gradient of -log p(y | v) counts.
    generative_weight : float or None
        alpha; None leaves the term out.
    label_weight : float
        Weight of all rows over that of the rows with a class, so that the mean of -log p(y | v) is one
        over those, however many others stand beside them.
    """

    n_steps: int = field(default=1, metadata={"static": True})
    is_discriminative: bool = field(default=True, metadata={"static": True})
    generative_weight: Any = None
    label_weight: Any = 1.0

    @property
    def is_random(self) -> bool:
        """Whether two evaluations differ."""
        return self.generative_weight is not None

    def __call__(
        self, params: Params, batch: tuple[Array, Array], weights: Array, state: Any, key: Any
    ) -> tuple[Float[Array, ""], Float[Array, ""], Any]:
        """Weighted sum of the rows' costs, total weight, and the untouched state."""
        v, y = batch
        scores = class_scores(params, v)
        cost = self.label_weight * (weights * _cross_entropy(scores, y)).sum()
        if not self.is_discriminative:
            cost = lax.stop_gradient(cost)
        if self.generative_weight is not None:
            contrast = self._contrast(params, v, y, scores, weights, key)
            pull = self.generative_weight * contrast
            cost = cost + pull - lax.stop_gradient(pull)
        return cost, weights.sum(), state

    def predict(self, params: Params, v: Array) -> Array:
        """Scores of the classes, (n, n_visible) -> (n, n_classes)."""
        return class_scores(params, v)

    def _contrast(
        self, params: Params, v: Array, y: Array, scores: Array, weights: Array, key: Array
    ) -> Array:
        """Free energies of the rows less those of their samples, weighted and summed."""
        class_key, chain_key = jax.random.split(key)
        constant = lax.stop_gradient(params)
        known = jax.nn.one_hot(y, scores.shape[1], dtype=scores.dtype)  # zeros where y is -1
        is_known = (y >= 0)[:, None]
        one_hot = jnp.where(is_known, known, draw_class(lax.stop_gradient(scores), class_key))

        def step(i: Any, carry: tuple[Array, Array]) -> tuple[Array, Array]:
            return gibbs_step(constant, *carry, jax.random.fold_in(chain_key, i))

        v_k, one_hot_k = lax.fori_loop(0, self.n_steps, step, (v, one_hot))
        of_rows = free_energy(params, v, scores, jnp.where(is_known, known, 0))
        class_k = jnp.where(is_known, one_hot_k, 0)
        of_samples = free_energy(params, v_k, class_scores(params, v_k), class_k)
        return (weights * (of_rows - of_samples)).sum()


def _cross_entropy(scores: Float[Array, "n k"], y: Int[Array, " n"]) -> Float[Array, " n"]:
    """Loss -log p(y | v) of each row, 0 where it has no class."""
    return jnp.where(y >= 0, softmax_cross_entropy(scores, jnp.maximum(y, 0)), 0)

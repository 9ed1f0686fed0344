"""The cost of the up-down algorithm, which trains all layers of a deep belief network together.

    wake    h_1 ... h_{L-1} ~ q(. | v);     generative weights:   -sum_l log p(h_{l-1} | h_l)
    top     x = h_{L-1}, x~ after k Gibbs steps from x:           F(x) - F(x~)
    sleep   a dream d_{L-1} = x~, ..., d_0 downwards;             recognition:  -sum_l log q(d_l | d_{l-1})

with all states held constant (Hinton, Osindero and Teh 2006, section 5 and appendix B,
doi:10.1162/neco.2006.18.7.1527). The contrast of the top machine is no cost: its value is left out and
its gradient kept. What the engine reports is the length, in nats, of describing the rows by what is
above them and the dreams by what is below.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from deepen.functions import class_energy
from deepen.functions.belief_network import (
    Params,
    log_generative,
    log_recognition,
    sample_down,
    sample_up,
    top_free_energy,
    top_step,
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class WakeSleep:
    """Weighted cost of a batch (v, y), y the number of the class and -1 where there is none.

    Parameters
    ----------
    n_steps : int
        k, Gibbs steps of the top machine between wake and sleep.
    """

    n_steps: int = field(metadata={"static": True})
    is_random: bool = field(default=True, metadata={"static": True})

    def __call__(
        self, params: Params, batch: tuple[Array, Array], weights: Array, state: Any, key: Any
    ) -> tuple[Float[Array, ""], Float[Array, ""], Any]:
        """Weighted sum of the rows' costs, total weight, and the untouched state."""
        v, y = batch
        constant = lax.stop_gradient(params)
        params = params._replace(log_variance=constant.log_variance)  # stays as it was found
        up_key, class_key, chain_key, down_key = jax.random.split(key, 4)
        states = sample_up(constant, v, up_key)
        x = states[-1]
        known, start = _classes(constant.top, x, y, class_key)

        def step(i: Any, carry: tuple[Array, Any]) -> tuple[Array, Any]:
            return top_step(constant.top, *carry, jax.random.fold_in(chain_key, i))

        x_k, class_k = lax.fori_loop(0, self.n_steps, step, (x, start))
        dream = sample_down(constant, x_k, down_key)
        cost = -log_generative(params, states) - log_recognition(params, dream)
        pull = _free_energy(params.top, x, known) - _free_energy(
            params.top, x_k, _masked(class_k, known)
        )
        cost = cost + pull - lax.stop_gradient(pull)
        return (weights * cost).sum(), weights.sum(), state


def _classes(top: Any, x: Array, y: Array, key: Array) -> tuple[Any, Any]:
    """Known classes as zeros and a one (zeros where unknown), and where the chains begin."""
    if not isinstance(top, class_energy.Params):
        return None, None
    scores = class_energy.class_scores(top, x)
    known = jax.nn.one_hot(y, scores.shape[1], dtype=x.dtype)
    drawn = class_energy.draw_class(scores, key)
    return known, jnp.where((y >= 0)[:, None], known, drawn)


def _masked(class_k: Any, known: Any) -> Any:
    """Classes of the samples, where the rows that they began at had one."""
    return None if known is None else class_k * known.sum(axis=1)[:, None]


def _free_energy(top: Any, x: Array, one_hot: Any) -> Array:
    """Value F(x, y), or F(x) where there is no class."""
    if one_hot is None:
        return top_free_energy(top, x)
    return class_energy.free_energy(top, x, class_energy.class_scores(top, x), one_hot)

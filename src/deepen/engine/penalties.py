"""Penalties on the weights: L2 in the cost, L1 by a proximal step, max-norm and bounds by projection.

    cost + lambda_2 / 2 ||W||_2^2 + lambda_1 ||W||_1    subject to    ||column of W||_2 <= c

L1 is not differentiated: the optimiser takes its step on the smooth part and then

    prox_s(w) = sign(w) max(0, |w| - s lambda_1)                 (Parikh and Boyd 2014, eq. 6.9)

with s the step size that it used for that very weight; any other s has another optimum. Biases are
free of all three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from deepen.engine.transposes import Transposed, is_transposed

TINY = 1e-30  # keeps the norm of a dead unit's weights from dividing by zero


def soft_threshold(
    w: Float[Array, "*shape"], threshold: Float[Array, "*#shape"]
) -> Float[Array, "*shape"]:
    """Proximal map of threshold * |w|: sign(w) max(0, |w| - threshold)."""
    return jnp.sign(w) * jnp.maximum(jnp.abs(w) - threshold, 0)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Penalty:
    """Strengths of the penalties; None leaves a term out of the compiled program.

    Parameters
    ----------
    l2, l1 : float or None
        lambda_2 and lambda_1, at least 0, in units of the mean loss of a row.
    max_norm : float or None
        c, the largest Euclidean norm of the weights into one unit, positive.
    fields : tuple of str
        Names of the parameters' fields that are penalised.
    least : dict, or None
        Lower bounds of fields, penalised or not, by their names: arrays as the fields hold them.
    """

    l2: Any = None
    l1: Any = None
    max_norm: Any = None
    fields: tuple[str, ...] = field(default=("coefs",), metadata={"static": True})
    least: Any = None

    def smooth(self, params: Any) -> Float[Array, ""] | float:
        """The differentiable part, lambda_2 / 2 ||W||_2^2."""
        if self.l2 is None:
            return 0.0
        return 0.5 * self.l2 * sum((w * w).sum() for w in self._penalized(params))

    def value(self, params: Any) -> Float[Array, ""] | float:
        """The whole penalty in the cost, L1 included."""
        if self.l1 is None:
            return self.smooth(params)
        return self.smooth(params) + self.l1 * sum(abs(w).sum() for w in self._penalized(params))

    def proximal(self, params: Any, step_sizes: Any) -> Any:
        """L1's proximal map with a step size for each weight, then the projection.

        Where all weights of a unit have one step size, one after the other is the proximal map of
        both together (Yu 2013, theorem 1); the stepper refuses the pair to the rules that have not.
        """
        assert self.l1 is not None

        def shrink(w: Array, s: Array) -> Array:
            return soft_threshold(w, s * self.l1)

        return self.project(self._change(params, step_sizes, shrink))

    def project(self, params: Any) -> Any:
        """Fields raised to their bounds; weights of each unit scaled back to norm c where they exceed it."""
        for name, bound in (self.least or {}).items():
            raised = jax.tree.map(_raised, getattr(params, name), bound, is_leaf=is_transposed)
            params = params._replace(**{name: raised})
        if self.max_norm is None:
            return params

        def scale(w: Any) -> Any:
            return Transposed(within(w.matrix, 1)) if is_transposed(w) else within(w, 0)

        def within(w: Array, axis: int) -> Array:
            norm = jnp.sqrt((w * w).sum(axis=axis, keepdims=True) + TINY)
            return w * jnp.minimum(1, self.max_norm / norm)

        fields = {name: getattr(params, name) for name in self.fields}
        return params._replace(**jax.tree.map(scale, fields, is_leaf=is_transposed))

    def stationarity(self, params: Any, gradient: Any) -> Float[Array, ""]:
        """Largest component of the smallest subgradient of the cost with L1."""
        sizes = jax.tree.map(jnp.abs, gradient)
        if self.l1 is not None:

            def smallest(w: Array, g: Array) -> Array:
                at_zero = jnp.maximum(jnp.abs(g) - self.l1, 0)
                return jnp.where(w == 0, at_zero, jnp.abs(g + self.l1 * jnp.sign(w)))

            penalised = self._change(params, gradient, smallest)
            sizes = sizes._replace(**{name: getattr(penalised, name) for name in self.fields})
        return jnp.stack([leaf.max() for leaf in jax.tree.leaves(sizes)]).max()

    def _penalized(self, params: Any) -> list[Array]:
        return jax.tree.leaves([getattr(params, name) for name in self.fields])

    def _change(self, params: Any, other: Any, change: Callable[[Array, Any], Array]) -> Any:
        new = {
            name: jax.tree.map(change, getattr(params, name), getattr(other, name))
            for name in self.fields
        }
        return params._replace(**new)


def _raised(w: Any, bound: Array) -> Any:
    if is_transposed(w):
        return Transposed(jnp.maximum(w.matrix, bound.T))
    return jnp.maximum(w, bound)

"""A network's cost in the coordinates of centred rows.

    z_1 = x W_1 + b_1 = (x - mu) W_1 + c_1,    c_1 = b_1 + mu W_1

The function is the same, the steps are not: the gradient of W_1 becomes (x - mu)'dC/dz_1. Where all inputs
are positive, the one in x has a sign for each unit, and a step moves z_1 by the sum of a row times the
rate: rectifiers die, logistic units saturate (LeCun, Bottou, Orr and Mueller 1998, section 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax

from deepen.layers.feed_forward import Array, Params


def relative(params: Params, mean: Array) -> Params:
    """Parameters for x - mu that say what ``params`` say for x; mean is mu, (n_features,)."""
    return _moved(params, mean @ params.coefs[0])


def plain(params: Params, mean: Array) -> Params:
    """Parameters for x that say what ``params`` say for x - mu."""
    return _moved(params, -(mean @ params.coefs[0]))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CentredCost:
    """An objective whose parameters are those for centred rows; the rows stay as they are.

    Parameters
    ----------
    cost : objective of plain parameters
    mean : array of shape (n_features,)
    """

    cost: Any
    mean: Any

    @property
    def is_random(self) -> bool:
        """Whether two evaluations differ, which a line search cannot bear."""
        return bool(self.cost.is_random)

    def __call__(
        self, params: Params, batch: Any, weights: Array, state: Any, key: Any
    ) -> tuple[Array, Array, Any]:
        """What the cost says of the plain parameters."""
        found: tuple[Array, Array, Any] = self.cost(
            plain(params, self.mean), batch, weights, state, key
        )
        return found

    def predict(self, params: Params, x: Array) -> Array:
        """What the cost predicts with the plain parameters."""
        return self.cost.predict(plain(params, self.mean), x)


def _moved(params: Params, shift: Array) -> Params:
    first, *others = params.intercepts
    return Params(params.coefs, ((first + shift).astype(first.dtype), *others))

"""Matrices kept as their transposes while they are trained: the same numbers in an order that is quicker.

The gradient X'D of a dense layer's weights, (n_in, batch) times (batch, n_out), is a product that a
processor does fastest where the result has few long rows. So a matrix with more rows than columns is
stored as its transpose in the program's loop; the objective sees it as it is written, and no number is
ever moved, since XLA folds the transposition into the products.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np


class Transposed(NamedTuple):
    """A matrix W of a pytree in the form of W'."""

    matrix: Any


def stored(tree: Any) -> Any:
    """Pytree of arrays with each tall matrix transposed, where the program runs on a processor."""
    if jax.default_backend() != "cpu":
        return tree
    return jax.tree.map(_stored, tree)


def _stored(a: Any) -> Any:
    is_tall = np.ndim(a) == 2 and a.shape[0] > a.shape[1]
    return Transposed(np.ascontiguousarray(np.asarray(a).T)) if is_tall else a


def written(tree: Any, on_host: bool = False) -> Any:
    """The pytree as it was before :func:`stored`; on the host its transposes are views in NumPy."""

    def as_written(a: Any) -> Any:
        if not isinstance(a, Transposed):
            return a
        return (np.asarray(a.matrix) if on_host else a.matrix).T

    return jax.tree.map(as_written, tree, is_leaf=is_transposed)


def is_transposed(node: Any) -> bool:
    """Whether a node of a pytree is a matrix kept as its transpose."""
    return isinstance(node, Transposed)

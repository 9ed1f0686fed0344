"""Starting weights of dense layers, drawn on the host in float64 and cast.

    Glorot   W ~ U(-b, b), b = sqrt(6 / (n_in + n_out)); sqrt(2 / (n_in + n_out)) for logistic units
    He       W ~ U(-b, b), b = sqrt(6 / n_in), biases 0

(Glorot and Bengio 2010, eq. 16; He, Zhang, Ren and Sun 2015, arXiv:1502.01852, eq. 10, whose variance
2 / n_in keeps the scale of signals through any number of rectifiers). Glorot's draws and their order
are scikit-learn's, biases included, so that the same seed starts from the same network there and here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike, NDArray

GLOROT_FACTOR = 6.0
LOGISTIC_FACTOR = 2.0
HE_FACTOR = 6.0

Layers = tuple[tuple[NDArray[np.floating], ...], tuple[NDArray[np.floating], ...]]


def glorot_uniform(
    rng: np.random.RandomState,
    layer_units: Sequence[int],
    activations: Sequence[str],
    dtype: DTypeLike,
) -> Layers:
    """Weights (n_in, n_out) and biases (n_out,) of each layer.

    Parameters
    ----------
    rng : numpy.random.RandomState
        Source of the draws; two draws per layer are taken.
    layer_units : sequence of int
        Number of inputs, of units in each hidden layer, and of outputs.
    activations : sequence of str
        Activation of each hidden layer; the output layer takes the last one's factor.
    dtype : dtype
        Floating dtype of the result.

    Returns
    -------
    coefs, intercepts : tuples of arrays
    """
    coefs, intercepts = [], []
    for layer, (n_in, n_out) in enumerate(pairwise(layer_units)):
        activation = activations[min(layer, len(activations) - 1)] if activations else "identity"
        factor = LOGISTIC_FACTOR if activation == "logistic" else GLOROT_FACTOR
        bound = np.sqrt(factor / (n_in + n_out))
        coefs.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype))
        intercepts.append(rng.uniform(-bound, bound, n_out).astype(dtype))
    return tuple(coefs), tuple(intercepts)


def he_uniform(
    rng: np.random.RandomState,
    layer_units: Sequence[int],
    activations: Sequence[str],
    dtype: DTypeLike,
) -> Layers:
    """Weights (n_in, n_out) of variance 2 / n_in and biases 0 of each layer; as ``glorot_uniform``."""
    coefs, intercepts = [], []
    for n_in, n_out in pairwise(layer_units):
        bound = np.sqrt(HE_FACTOR / n_in)
        coefs.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype))
        intercepts.append(np.zeros(n_out, dtype))
    return tuple(coefs), tuple(intercepts)


INITIALIZERS: dict[str, Callable[..., Layers]] = {"glorot": glorot_uniform, "he": he_uniform}

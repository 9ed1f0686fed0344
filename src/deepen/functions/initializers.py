"""Starting weights of dense layers, drawn on the host in float64 and cast.

    Glorot   W ~ U(-b, b), b = sqrt(6 / (n_in + n_out)); sqrt(2 / (n_in + n_out)) for logistic units

(Glorot and Bengio 2010, eq. 16). The draws and their order are scikit-learn's, biases included, so
that the same seed starts from the same network there and here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike, NDArray

GLOROT_FACTOR = 6.0
LOGISTIC_FACTOR = 2.0


def glorot_uniform(
    rng: np.random.RandomState,
    layer_units: Sequence[int],
    activations: Sequence[str],
    dtype: DTypeLike,
) -> tuple[tuple[NDArray[np.floating], ...], tuple[NDArray[np.floating], ...]]:
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

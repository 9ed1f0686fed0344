"""Cost and outputs of a network on held-out rows, in bucketed chunks of one compiled program."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from deepen.engine.batches import bucket, pad_rows
from deepen.engine.devices import traced_numbers

CHUNK_ROWS = 8192


@jax.jit
def _chunk(objective: Any, params: Any, rows: Any, weights: Array) -> tuple[Array, Array]:
    total, _, _ = objective(params, rows, weights, None, None)
    return objective.predict(params, rows[0]), total


def outputs_and_cost(
    objective: Any, params: Any, X: Any, y: NDArray[Any], weights: NDArray[Any] | None
) -> tuple[NDArray[Any], float]:
    """Outputs (n_rows, n_outputs) and the weighted mean cost; called inside ``computing``.

    Parameters
    ----------
    objective : an objective without randomness that also has ``predict(params, X)``
    params : pytree
    X : array or scipy sparse matrix of shape (n_rows, n_features)
    y : array of shape (n_rows,) or (n_rows, n_outputs)
    weights : array of shape (n_rows,) or None
    """
    n_rows = X.shape[0]
    weights = np.ones(n_rows, X.dtype) if weights is None else weights.astype(X.dtype)
    objective = traced_numbers(objective, X.dtype)
    size = min(CHUNK_ROWS, bucket(n_rows))
    outputs, total = [], 0.0
    for start in range(0, n_rows, size):
        stop = min(start + size, n_rows)
        x = X[start:stop].toarray() if hasattr(X, "toarray") else X[start:stop]
        rows = (pad_rows(x, size), pad_rows(y[start:stop], size))
        z, cost = _chunk(objective, params, rows, pad_rows(weights[start:stop], size))
        outputs.append(np.asarray(z)[: stop - start])
        total += float(cost)
    return np.concatenate(outputs), total / float(weights.sum())

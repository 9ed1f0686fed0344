"""Markov chains of a fitted restricted Boltzmann machine: where they begin and what is held."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

Array = NDArray[Any]
BURN_IN = 1000  # Gibbs steps


def free_chains(
    machine: Any, n_chains: int, n_steps: int, rng: np.random.RandomState, clamped: Any = None
) -> Array:
    """States of chains that begin with hidden units at random, shape (n_chains, n_features).

    ``clamped`` holds units at values, of shape (n_features,) or (n_chains, n_features), where it is not
    NaN.
    """
    from deepen.functions import sampling

    dtype, params = machine.components_.dtype, machine._params()
    h = rng.uniform(size=(n_chains, len(machine.components_))) < 0.5
    v = machine._sample_visibles(h.astype(dtype), rng).astype(dtype)
    if clamped is None:
        return machine._compute(lambda key: sampling.gibbs(params, v, key, n_steps), rng)
    held = _held_values(clamped, v)
    is_held = ~np.isnan(held)
    begin = np.where(is_held, held, v)
    return machine._compute(
        lambda key: sampling.clamped_gibbs(params, begin, is_held, key, n_steps), rng
    )


def _held_values(clamped: Any, v: Array) -> Array:
    values = np.asarray(clamped, dtype=v.dtype)
    if values.shape not in (v.shape, v.shape[1:]):
        raise ValueError(
            f"clamped must have shape {v.shape[1:]} or {v.shape}, got {values.shape}; NaN stands for"
            " units that are drawn."
        )
    return check_array(np.broadcast_to(values, v.shape), ensure_all_finite="allow-nan")


def chains_at_rows(machine: Any, X: Any, n_chains: int, rng: np.random.RandomState) -> Array:
    """States of chains that begin at rows of X, or anywhere where there are none."""
    from deepen.functions import sampling

    if X is None:
        return free_chains(machine, n_chains, BURN_IN, rng)
    rows = X[np.sort(rng.randint(X.shape[0], size=n_chains))]
    rows = rows.toarray() if sparse.issparse(rows) else np.asarray(rows)
    v, params = rows.astype(machine.components_.dtype), machine._params()
    return machine._compute(lambda key: sampling.gibbs(params, v, key, BURN_IN), rng)

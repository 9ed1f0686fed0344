"""What TSNE's parameters may be, beside which rows, and what they mean for the descent."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.metrics.pairwise import _VALID_METRICS
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_non_negative

from deepen.manifold._embedding import EXPLORATION, MANY_ROWS, Descent

ROWS_OF_A_THREAD = 500  # with fewer, threads wait for one another longer than they work
MOST_COMPONENTS = {"fft": 2, "barnes_hut": 3}
CONSTRAINTS: dict[str, Any] = {
    "n_components": [Interval(Integral, 1, None, closed="left")],
    "perplexity": [Interval(Real, 0, None, closed="neither")],
    "early_exaggeration": [Interval(Real, 1, None, closed="left")],
    "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    "max_iter": [Interval(Integral, EXPLORATION, None, closed="left")],
    "n_iter_without_progress": [Interval(Integral, -1, None, closed="left")],
    "min_grad_norm": [Interval(Real, 0, None, closed="left")],
    "metric": [StrOptions({*_VALID_METRICS, "precomputed"}), callable],
    "metric_params": [dict, None],
    "init": [StrOptions({"pca", "random"}), "array-like"],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
    "method": [StrOptions({"auto", "barnes_hut", "fft", "exact"})],
    "angle": [Interval(Real, 0, 1, closed="both")],
    "n_jobs": [None, Integral],
    "callbacks": ["array-like", None],
}


def check_rows(estimator: Any, X: Any) -> None:
    """Raise where the parameters do not go with the rows."""
    n_samples = X.shape[0]
    if estimator.perplexity >= n_samples:
        raise ValueError(
            f"perplexity ({estimator.perplexity}) must be less than n_samples ({n_samples})"
        )
    if not isinstance(estimator.init, str):
        wanted = (n_samples, estimator.n_components)
        if np.shape(estimator.init) != wanted:
            raise ValueError(f"init must have shape {wanted}, got {np.shape(estimator.init)}.")
    if estimator.metric == "precomputed":
        if isinstance(estimator.init, str) and estimator.init == "pca":
            raise ValueError(
                'The parameter init="pca" cannot be used with metric="precomputed". Use "random".'
            )
        if X.shape[0] != X.shape[1]:
            raise ValueError("X should be a square distance matrix")
        check_non_negative(X, "TSNE.fit(). With metric='precomputed', X")


def method_for(estimator: Any, n_samples: int) -> str:
    """Method that 'auto' picks, or the given one.

    Raises
    ------
    ValueError
        Where the method has no tree or grid of so many dimensions.
    """
    method, n_components = estimator.method, estimator.n_components
    if method == "auto":
        if n_components > MOST_COMPONENTS["barnes_hut"]:
            return "exact"
        has_many = n_samples > MANY_ROWS
        return "fft" if has_many and n_components <= MOST_COMPONENTS["fft"] else "barnes_hut"
    if n_components > MOST_COMPONENTS.get(method, n_components):
        raise ValueError(
            f"n_components must be at most {MOST_COMPONENTS[method]} with method={method!r}, got"
            f" {n_components}. Use method='exact'."
        )
    return method


def descent_of(estimator: Any, method: str, n_samples: int) -> Descent:
    """The descent of so many rows that the parameters describe."""
    rate = estimator.learning_rate
    n_threads = _openmp_effective_n_threads(estimator.n_jobs or None)
    if estimator.n_jobs is None:
        n_threads = min(n_threads, max(1, n_samples // ROWS_OF_A_THREAD))
    return Descent(
        max_iter=estimator.max_iter,
        early_exaggeration=estimator.early_exaggeration,
        learning_rate=None if rate == "auto" else float(rate),
        n_iter_without_progress=estimator.n_iter_without_progress,
        min_grad_norm=estimator.min_grad_norm,
        method=method,
        angle=estimator.angle,
        degrees_of_freedom=max(estimator.n_components - 1, 1),
        n_threads=n_threads,
    )

"""t-SNE, an embedding that keeps neighbours: openTSNE under scikit-learn's parameters.

The mathematics stands in :mod:`deepen.manifold._embedding`; here are scikit-learn's manners.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from deepen.base import check_parameters
from deepen.manifold import _embedding
from deepen.manifold._embedding import Event
from deepen.manifold._known_rows import digests, known_rows
from deepen.manifold._settings import (
    CONSTRAINTS,
    MOST_COMPONENTS,
    check_rows,
    descent_of,
    method_for,
)

Array = NDArray[Any]
DTYPES = [np.float64, np.float32]
PRINTED_EVERY = 50  # iterations


class TSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """t-SNE: places y_i whose nearnesses q_ij follow the rows' own, min sum_ij p_ij log(p_ij / q_ij).

    scikit-learn's parameters keep their names and meaning; the work is openTSNE's. What is new:
    interpolation by FFT for many rows, a learning rate that follows their number, progress, and
    ``transform`` for rows that were not there. One iteration costs O(n log n) by the tree, O(n) by
    interpolation; the search for neighbours O(n² n_features), exact up to some minutes' work on two
    cores and approximate (Annoy) beyond. With hundreds of columns reduce them first, to 50 principal
    components, say.

    Parameters
    ----------
    n_components : int, default=2
        Columns of the embedding; 3 and more are computed by scikit-learn.
    perplexity : float, default=30.0
        Effective number of neighbours, positive and less than n_samples; 5 to 50 as a rule.
    early_exaggeration : float, default=12.0
        Factor of the probabilities in the first 250 iterations, at least 1.
    learning_rate : float or 'auto', default='auto'
        In scikit-learn's scale, a fourth of openTSNE's. 'auto' is n_samples / exaggeration / 4, the
        exaggeration being 1 after the first 250 iterations.
    max_iter : int, default=750
        Most iterations, at least 250. With the 'auto' learning rate 750 reach the divergence of
        scikit-learn's 1,000.
    n_iter_without_progress : int, default=300
        Iterations without a smaller divergence that are borne after the first 250; -1 bears all.
    min_grad_norm : float, default=1e-7
        Norm of the gradient, in scikit-learn's scale, at which the descent ends.
    metric : str or callable, default='euclidean'
        As for :class:`sklearn.neighbors.NearestNeighbors`, or 'precomputed': X holds distances.
    metric_params : dict or None, default=None
    init : {'pca', 'random'} or array of shape (n_samples, n_components), default='pca'
        First places. An array should be small, a standard deviation of 1e-4, say.
    verbose : int, default=0
        Print the divergence every 50 iterations.
    random_state : int, RandomState or None, default=None
        Seed of the first places and of an approximate search.
    method : {'auto', 'barnes_hut', 'fft', 'exact'}, default='auto'
        'auto' is Barnes-Hut's tree up to 10,000 rows and interpolation beyond; 'exact' is
        scikit-learn's O(n²).
    angle : float, default=0.5
        Of the tree, in [0, 1]: greater is faster and less exact.
    n_jobs : int or None, default=None
        Threads; None takes a core for every 500 rows for the descent, and one for a search that
        scikit-learn does not thread by itself.
    callbacks : sequence of callables or None, default=None
        Called every 10 iterations with an event that has ``iteration``, ``max_iter`` and
        ``kl_divergence``; True ends the fit. Not with what scikit-learn computes.

    Attributes
    ----------
    embedding_ : array of shape (n_samples, n_components)
        In the type of X.
    kl_divergence_ : float
        In nats, at the end.
    learning_rate_ : float
        Of the iterations without exaggeration.
    n_iter_ : int
        Iterations run.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has names.

    References
    ----------
    van der Maaten and Hinton (2008), Visualizing data using t-SNE, JMLR 9, eqs. 1, 4 and 12. Linderman
    et al. (2019), Fast interpolation-based t-SNE, doi 10.1038/s41592-018-0308-4. Belkina et al. (2019),
    doi 10.1038/s41467-019-13055-y. Policar, Strazar and Zupan (2024), openTSNE, doi
    10.18637/jss.v109.i03. Where we differ from scikit-learn: its momentum in the first phase is .5, ours
    .8; its 'auto' rate stays that of the first phase, at least 50; its n_iter_ counts from 0; its
    embedding is float32 for any X.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from deepen.manifold import TSNE
    >>> X = load_digits().data[:300]
    >>> tsne = TSNE(max_iter=250, random_state=0)
    >>> tsne.fit_transform(X[:250]).shape, tsne.transform(X[250:]).shape
    ((250, 2), (50, 2))
    """

    _parameter_constraints = CONSTRAINTS

    def __init__(
        self,
        n_components: int = 2,
        *,
        perplexity: float = 30.0,
        early_exaggeration: float = 12.0,
        learning_rate: float | str = "auto",
        max_iter: int = 750,
        n_iter_without_progress: int = 300,
        min_grad_norm: float = 1e-7,
        metric: Any = "euclidean",
        metric_params: dict[str, Any] | None = None,
        init: Any = "pca",
        verbose: int = 0,
        random_state: Any = None,
        method: str = "auto",
        angle: float = 0.5,
        n_jobs: int | None = None,
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.early_exaggeration = early_exaggeration
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.n_iter_without_progress = n_iter_without_progress
        self.min_grad_norm = min_grad_norm
        self.metric = metric
        self.metric_params = metric_params
        self.init = init
        self.verbose = verbose
        self.random_state = random_state
        self.method = method
        self.angle = angle
        self.n_jobs = n_jobs
        self.callbacks = callbacks

    def fit(self, X: Any, y: Any = None) -> TSNE:
        """Embed the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Or distances, (n_samples, n_samples), with ``metric='precomputed'``.
        y : ignored

        Returns
        -------
        self : TSNE
        """
        check_parameters(self)
        X = validate_data(self, X, accept_sparse="csr", ensure_min_samples=2, dtype=DTYPES)
        check_rows(self, X)
        method = method_for(self, X.shape[0])
        if method == "exact" or self.n_components > MOST_COMPONENTS["fft"]:
            self._fit_by_sklearn(X, method)
        else:
            self._descend(X, method)
        self._fit_X = X.copy()
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Array:
        """Embed the rows and return their places.

        Parameters
        ----------
        X, y : as in ``fit``

        Returns
        -------
        embedding : ndarray of shape (n_samples, n_components)
        """
        return self.fit(X).embedding_.copy()

    def transform(self, X: Any) -> Array:
        """Places of rows among those of the fit, which stay where they are.

        A row that equals one of the fit takes that row's place; any other starts between its nearest
        rows and is moved by their pull and all rows' push, independently of the others in X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Or distances to the rows of the fit, with ``metric='precomputed'``.

        Returns
        -------
        embedding : ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=DTYPES, reset=False)
        X = X.astype(self._fit_X.dtype, copy=False)
        found = known_rows(digests(self._fit_X), digests(X))
        places = self.embedding_[found]
        new = np.flatnonzero(found < 0)
        if len(new):
            places[new] = self._place(X[new])
        return places

    def _place(self, X: Any) -> Array:
        n_known = self._fit_X.shape[0]
        if self.n_components > MOST_COMPONENTS["barnes_hut"]:
            raise ValueError(
                f"transform places new rows in at most {MOST_COMPONENTS['barnes_hut']} columns, got"
                f" n_components={self.n_components}. Fit again with fewer."
            )
        method = "fft" if n_known > _embedding.MANY_ROWS and self.n_components < 3 else "bh"
        index = _embedding.searcher(self._fit_X, self.metric, self.metric_params, self.n_jobs)
        distances, rows = index.kneighbors(X, min(_embedding.NEW_NEIGHBORS, n_known))
        n_neighbors = min(3 * _embedding.NEW_PERPLEXITY, n_known)
        embedding = self.embedding_.astype(np.float64)
        descent = descent_of(self, method, X.shape[0])
        return _embedding.place_new(distances, rows, embedding, descent, n_neighbors)

    def _descend(self, X: Any, method: str) -> None:
        random_state = check_random_state(self.random_state)
        places = _embedding.start(X, self.init, self.n_components, random_state)
        n_neighbors = min(X.shape[0] - 1, int(3 * self.perplexity + 1))
        seed = random_state.randint(np.iinfo(np.int32).max)
        distances, rows = _embedding.neighbors(
            X, n_neighbors, self.metric, self.metric_params, self.n_jobs, seed
        )
        descent = descent_of(self, method, X.shape[0])
        callbacks = [*(self.callbacks or ()), *([_print_divergence] if self.verbose else ())]
        result = _embedding.descend(distances, rows, places, self.perplexity, descent, callbacks)
        self.embedding_ = result.embedding.astype(X.dtype)
        self.kl_divergence_, self.n_iter_ = result.kl_divergence, result.n_iter
        self.learning_rate_ = _embedding.learning_rate(descent.learning_rate, X.shape[0], 1.0)

    def _fit_by_sklearn(self, X: Any, method: str) -> None:
        from sklearn import manifold

        if self.callbacks:
            raise ValueError(
                "callbacks are not called with method='exact' or n_components > 2, which scikit-learn"
                " computes; leave them out."
            )
        params = {k: v for k, v in self.get_params(deep=False).items() if k != "callbacks"}
        params["init"] = self.init if isinstance(self.init, str) else np.array(self.init)
        model = manifold.TSNE(**{**params, "method": method}).fit(X)
        self.embedding_ = np.asarray(model.embedding_, X.dtype)
        self.kl_divergence_, self.n_iter_ = float(model.kl_divergence_), int(model.n_iter_) + 1
        self.learning_rate_ = float(model.learning_rate_)

    @property
    def _n_features_out(self) -> int:
        return self.embedding_.shape[1]

    def __sklearn_tags__(self) -> Any:
        """Tags: sparse rows and distances are welcome, dtype is kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _print_divergence(event: Event) -> None:
    if event.iteration % PRINTED_EVERY == 0:
        sys.stdout.write(
            f"[t-SNE] Iteration {event.iteration}: KL divergence = {event.kl_divergence:.4f}\n"
        )

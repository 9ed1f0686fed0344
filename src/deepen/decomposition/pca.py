"""Principal component analysis, with and without the covariance matrix.

    Xc = X - 1 m',    Xc = U diag(s) V',    C = Xc'Xc / (n - 1),    C v_i = lambda_i v_i
    lambda_i = s_i^2 / (n - 1),    code z = V'(x - m),    reconstruction m + V z

(Bishop 2006, section 12.1). `_choice.py` says which solver 'auto' is, `_ascent.py` climbs v'Cv with
gradients, `_lanczos.py` takes the largest eigenpairs of Xc'Xc or XcXc' from products alone, `_rows.py`
multiplies by Xc without making it, and the dense factorisations are scikit-learn's and LAPACK's.
"""

from __future__ import annotations

import numbers
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import decomposition
from sklearn.decomposition._pca import _infer_dimension
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from deepen._streams import FLOATS, Stream, each_row, is_streamed
from deepen.base import check_parameters
from deepen.decomposition._choice import (
    BY_PRODUCTS,
    is_read_in_blocks,
    of_stream,
    solver_for,
)
from deepen.decomposition._likelihood import codes, log_likelihoods, model_variances, scales
from deepen.decomposition._rows import CentredRows, in_memory
from deepen.decomposition._singular import eigen_of_moments, n_for_share, positive_largest
from deepen.decomposition._solvers import Found, Settings, by_ascent, by_lanczos, by_share
from deepen.decomposition._sparse_rows import SparseRows
from deepen.functions.moments import Moments, merge, moments, moments_of_blocks

Array = NDArray[Any]


def _keeps_moments(pca: PCA) -> bool:
    if pca.svd_solver in ("auto", "covariance_eigh"):
        return True
    raise AttributeError(
        f"partial_fit keeps X'X, which svd_solver={pca.svd_solver!r} does not use; take 'auto' or"
        " 'covariance_eigh', or give fit a stream of rows."
    )


class PCA(decomposition.PCA):
    """Principal components: the directions v in which centred rows vary most, max v'Xc'Xc v.

    scikit-learn's parameters keep their names, meaning and defaults. 'gradient' and 'lanczos' need
    only products with X and X': no covariance matrix, no centred copy, a sparse X stays sparse. The
    rows may be an array, a scipy sparse matrix, a memory map, or a stream (an object whose
    ``batches()`` gives a new iterator of row blocks, read several times), also for ``transform`` and
    ``score``. A pass costs 4 operations a non-zero value and vector. 'lanczos' keeps at least 64
    vectors of length min(n_samples, n_features): 2 k + 22 of sparse rows, 2 k + 36 of an array, and 4 k
    + 40 of a stream (of n_features, unless that is above four times n_samples). 'covariance_eigh' keeps
    a matrix of n_features squared.

    Parameters
    ----------
    n_components : int, float, 'mle' or None, default=None
        k, a share of the variance in (0, 1), or Minka's choice (by 'full' and 'covariance_eigh').
    copy, whiten, iterated_power, power_iteration_normalizer : as in scikit-learn
    svd_solver : str, default='auto'
        'full', 'covariance_eigh', 'arpack' and 'randomized' as in scikit-learn, 'gradient', or
        'lanczos'. 'auto' is scikit-learn's choice for arrays, except that one whose copy would take more
        than a quarter of the memory (the machine's, the control group's, the process's) is treated as a
        stream. For sparse rows it is 'covariance_eigh' by sparse
        products where these are the cheaper way (up to 1,000 features with few values a row, 2,000 for
        'mle'), else 'lanczos'; for memory maps and streams one pass of 'covariance_eigh' up to 2,000
        features, else 'lanczos'.
    tol : float, default=0.0
        Largest residual |C v - lambda v| / lambda; 0 is rounding error for 'lanczos' and 'arpack', 1e-8
        for 'gradient' (1e-6 in float32). The others do not use it.
    n_oversamples : int, default=10
        Further directions that 'randomized', 'gradient' and, on streams, 'lanczos' carry along.
    random_state : int, RandomState or None, default=None
        Draws the start of 'gradient', 'lanczos', 'arpack' and 'randomized'.
    learning_rate : float, default=1000.0
        Of 'gradient', in units of 1 / lambda_1; large rates are the power method.
    momentum : bool, default=True
        Of 'gradient': the heavy ball, which close variances need.
    max_iter : int, default=1000
        Most steps of 'gradient', each a product with q = n_components + n_oversamples vectors; most
        products of 'lanczos', each with one vector of sparse rows, 8 of arrays, q of streams. When they
        do not do, a ConvergenceWarning says so. The others do not use it.

    Attributes
    ----------
    components_ : array of shape (n_components, n_features)
    explained_variance_, explained_variance_ratio_, singular_values_ : arrays of shape (n_components,)
        lambda with divisor n - 1, its share of the total variance, s.
    mean_ : array of shape (n_features,)
    n_components_, n_samples_, n_features_in_ : int
    noise_variance_ : float
        Mean of the other variances (Bishop 2006, eq. 12.46).
    n_iter_ : int
        Steps of 'gradient' or products of 'lanczos' that were taken, as ``max_iter`` counts them (of a
        share of the variance, those of the last search); 1 for the others.

    References
    ----------
    Bishop (2006), sections 12.1 and 12.2; Wu and Simon (2000), doi:10.1137/S0895479898334605.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from deepen.decomposition import PCA
    >>> pca = PCA(n_components=2, svd_solver="gradient", random_state=0).fit(load_iris().data)
    >>> pca.explained_variance_ratio_.round(3)
    array([0.925, 0.053])
    """

    _parameter_constraints = {
        **decomposition.PCA._parameter_constraints,
        "svd_solver": [
            StrOptions({"auto", "full", "covariance_eigh", "arpack", "randomized", *BY_PRODUCTS})
        ],
        "learning_rate": [Interval(numbers.Real, 0, None, closed="neither")],
        "momentum": ["boolean"],
        "max_iter": [Interval(numbers.Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_components: Any = None,
        *,
        copy: bool = True,
        whiten: bool = False,
        svd_solver: str = "auto",
        tol: float = 0.0,
        iterated_power: Any = "auto",
        n_oversamples: int = 10,
        power_iteration_normalizer: str = "auto",
        random_state: Any = None,
        learning_rate: float = 1000.0,
        momentum: bool = True,
        max_iter: int = 1000,
    ) -> None:
        super().__init__(
            n_components,
            copy=copy,
            whiten=whiten,
            svd_solver=svd_solver,
            tol=tol,
            iterated_power=iterated_power,
            n_oversamples=n_oversamples,
            power_iteration_normalizer=power_iteration_normalizer,
            random_state=random_state,
        )
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any = None) -> PCA:
        """Find the components.

        Parameters
        ----------
        X : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)
            A stream is an object whose ``batches()`` gives a new iterator of row blocks.
        y : ignored

        Returns
        -------
        self : PCA

        Raises
        ------
        ValueError
            For wrong parameters, shapes or values, and where the solver does not take such rows.
        """
        check_parameters(self)
        solver = solver_for(self.svd_solver, X, self.n_components)
        self._moments: Moments | None = None
        self.n_iter_ = 1
        if solver == "dense":
            with np.errstate(invalid="ignore"):  # 0 / 0 where rows do not vary
                super().fit(X)
            self._explain_no_variance()
        elif is_read_in_blocks(X):
            self._fit_stream(Stream(self, X))
        else:
            X = validate_data(self, X, dtype=list(FLOATS), accept_sparse=("csr", "csc"))
            self._fit_svd_solver = solver
            if solver == "covariance_eigh":
                self._fit_moments(moments(X), X.dtype, is_sparse=sparse.issparse(X))
            else:
                rows = SparseRows(X) if sparse.issparse(X) else in_memory(X)
                self._fit_products(rows, is_stream=False)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Array:
        """Find the components and give the rows' codes, shape (n_samples, n_components)."""
        check_parameters(self)
        if solver_for(self.svd_solver, X, self.n_components) != "dense":
            return self.fit(X).transform(X)
        with np.errstate(invalid="ignore"):
            found = super().fit_transform(X)
        self._moments, self.n_iter_ = None, 1
        self._explain_no_variance()
        return found

    def transform(self, X: Any) -> Array:
        """Codes z = V'(x - m) of rows, divided by their standard deviations with ``whiten``.

        Parameters
        ----------
        X : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)

        Returns
        -------
        codes : array of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        found = each_row(self, X, lambda rows: codes(rows, self.mean_, self.components_))
        if self.whiten:
            found /= scales(self.explained_variance_)
        return found

    @available_if(_keeps_moments)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any = None) -> PCA:
        """Go on with more rows: the components of all rows seen by ``partial_fit`` so far, exactly.

        Keeps an n_features x n_features matrix and factorises it at every call, for the solvers 'auto'
        and 'covariance_eigh'; for more features give a stream to ``fit``. Forgets what ``fit`` has
        seen. Until there are as many rows as components, there are fewer components.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        self : PCA
        """
        check_parameters(self)
        seen = getattr(self, "_moments", None)
        X = validate_data(
            self, X, dtype=list(FLOATS), accept_sparse=("csr", "csc"), reset=seen is None
        )
        self._fit_svd_solver, self.n_iter_ = "covariance_eigh", 1
        new = moments(X)
        together = new if seen is None else merge(seen, new)
        self._fit_moments(together, X.dtype, is_partial=True)
        self._moments = together  # only what was taken counts when more rows come
        return self

    def score_samples(self, X: Any) -> Array:
        """Log-likelihood in nats of each row under probabilistic PCA, shape (n_samples,).

        Parameters
        ----------
        X : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            Where sparse or streamed rows have no density, since nothing is left for the noise.
        """
        check_is_fitted(self)
        (k, n_features), noise = self.components_.shape, float(self.noise_variance_)
        variances = model_variances(self.explained_variance_, noise, self.whiten)
        if not noise > 0 and (k < n_features or not variances.all()):
            if not (sparse.issparse(X) or is_streamed(X)):
                return super().score_samples(X)
            raise ValueError(
                "The components hold all of the variance, so that the model's covariance is singular and"
                " rows have no density; fit with fewer n_components."
            )
        return each_row(
            self,
            X,
            lambda rows: log_likelihoods(rows, self.mean_, self.components_, variances, noise),
        )

    def _fit_stream(self, stream: Stream) -> None:
        first = next(stream(), None)
        n_features = 0 if first is None else first.shape[1]
        self._fit_svd_solver = of_stream(self.svd_solver, n_features)
        if self._fit_svd_solver == "covariance_eigh":
            found = moments_of_blocks(stream())
            assert first is not None
            self._fit_moments(found, first.dtype)
            return
        self._fit_products(CentredRows(stream), is_stream=True)

    def _fit_moments(
        self, found: Moments, dtype: Any, is_partial: bool = False, is_sparse: bool = False
    ) -> None:
        """Components from the scatter matrix: as few eigenvectors as will do."""
        n_samples, n_features = int(found.weight), len(found.mean)
        smallest = min(n_samples, n_features)
        _check_n_samples(n_samples, is_partial)
        k = smallest if self.n_components is None else self.n_components
        if self.n_components is None and is_sparse and self.svd_solver == "auto":
            k = max(1, smallest - 1)  # as scikit-learn's 'auto', which is ARPACK for sparse rows
        if is_partial and isinstance(k, numbers.Integral):
            k = min(k, smallest)
        if isinstance(k, str) and n_samples < n_features:
            raise ValueError("n_components='mle' is only supported if n_samples >= n_features")
        if not isinstance(k, str) and not 0 <= k <= smallest:
            raise ValueError(
                f"n_components={k} must be between 0 and min(n_samples, n_features)={smallest} with"
                f" svd_solver={self._fit_svd_solver!r}"
            )
        is_count = isinstance(k, numbers.Integral)
        squares, components = eigen_of_moments(found, int(k) if is_count and k else None)
        total = float(np.trace(found.scatter))
        if isinstance(k, str):
            k = int(_infer_dimension(squares / (n_samples - 1), n_samples))
        elif not is_count:
            k = n_for_share(squares, total, float(k))
        rows = (n_samples, n_features, found.mean, total)
        self._keep(rows, squares[:k], components[:k].astype(dtype))

    def _fit_products(self, rows: CentredRows, is_stream: bool) -> None:
        """Components from products with the centred rows alone."""
        _check_n_samples(rows.n_samples)
        smallest, name = min(rows.n_samples, rows.n_features), self._fit_svd_solver
        k = max(1, smallest - 1) if self.n_components is None else self.n_components
        if isinstance(k, str):
            raise ValueError(
                f"n_components={k!r} cannot be a string with svd_solver={name!r}; use"
                " svd_solver='covariance_eigh', which needs a matrix of n_features squared, or ask for"
                " a number or a share of the variance."
            )
        is_count = isinstance(k, numbers.Integral)
        if is_count and not 1 <= k <= smallest:
            raise ValueError(
                f"n_components={k!r} must be between 1 and min(n_samples, n_features)={smallest}"
                f" with svd_solver={name!r}"
            )
        settings = Settings(
            tol=self.tol,
            max_iter=self.max_iter,
            n_oversamples=self.n_oversamples,
            learning_rate=self.learning_rate,
            has_momentum=self.momentum,
            rng=check_random_state(self.random_state),
            is_stream=is_stream,
        )
        solver = by_ascent if name == "gradient" else by_lanczos
        if is_count:
            found = solver(rows, int(k), settings)
        else:
            found, k = by_share(solver, rows, float(k), settings)
        self.n_iter_ = found.n_iter
        if not found.converged:
            self._warn(found)
        shape = (rows.n_samples, rows.n_features, rows.mean, rows.total)
        self._keep(shape, found.s[:k] ** 2, found.components[:k])

    def _warn(self, found: Found) -> None:
        warnings.warn(
            f"svd_solver={self._fit_svd_solver!r} did not converge in {found.n_iter} iterations: the"
            f" largest residual is {found.residual:.1e} of a component's variance,"
            f" tol={found.tol:.1e}. Component n_components and those after it may vary almost"
            " equally: increase max_iter or n_oversamples, raise tol, or ask for another n_components.",
            ConvergenceWarning,
            stacklevel=4,
        )

    def _keep(self, rows: tuple[int, int, Array, float], squares: Array, components: Array) -> None:
        """Set the fitted attributes from n_samples, n_features, mean, total and s^2."""
        (n_samples, n_features, mean, total), dtype = rows, components.dtype
        k, smallest = len(squares), min(n_samples, n_features)
        divisor = max(n_samples - 1, 1)
        self.n_samples_, self.n_components_ = n_samples, k
        self.mean_ = mean.astype(dtype, copy=False)
        self.components_ = positive_largest(components)
        self.explained_variance_ = (squares / divisor).astype(dtype)
        self.explained_variance_ratio_ = (squares / total).astype(dtype) if total else squares * 0
        self.singular_values_ = np.sqrt(squares).astype(dtype)
        left = max(total - float(squares.sum()), 0.0) / divisor
        self.noise_variance_ = dtype.type(left / (smallest - k)) if k < smallest else 0.0
        self._explain_no_variance()

    def _explain_no_variance(self) -> None:
        """Rows that do not vary have components that explain nothing: shares of 0, not of 0 / 0."""
        if not np.isfinite(self.explained_variance_ratio_).all():
            self.explained_variance_ratio_ = np.zeros_like(self.explained_variance_)
        is_share = isinstance(self.n_components, numbers.Real) and 0 < float(self.n_components) < 1
        if is_share and not self.explained_variance_.any():
            warnings.warn(
                f"The rows do not vary, so that n_components={self.n_components!r} is a share of nothing:"
                " one component is kept, which explains none of it. Look at the columns, or give"
                " n_components as a whole number.",
                UserWarning,
                stacklevel=4,
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        tags.input_tags.sparse = self.svd_solver not in ("full", "randomized")
        return tags


def _check_n_samples(n_samples: int, is_partial: bool = False) -> None:
    if n_samples < 2 and not is_partial:
        raise ValueError(
            f"Found array with {n_samples} sample(s) while a minimum of 2 is required by PCA."
        )

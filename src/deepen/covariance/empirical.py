"""The covariance of rows, by maximum likelihood (over N) or without bias (over N - 1).

    log p(X | m, S) = -N/2 (log det S + n_features log 2 pi) - 1/2 sum_i (x_i - m)' S^-1 (x_i - m)

is largest at m = (1/N) sum_i x_i and S = (1/N) sum_i (x_i - m)(x_i - m)' (Bishop 2006, eqs. 2.121 and
2.122). Because m lies nearer to these rows than the true mean does, that S is too small on average:

    E[S] = (N - 1)/N Sigma    (eq. 2.124),    hence the unbiased estimate over N - 1.

With weights, N is their sum: a weight of two is a row twice.
"""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from sklearn import covariance as sklearn_covariance
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from deepen._streams import FLOATS, Stream, dense_blocks, each_row, is_streamed
from deepen.base import check_parameters
from deepen.functions.moments import Moments, merge, moments, moments_of_blocks

Array = NDArray[Any]


def covariance(
    X: Any, *, ddof: float = 0, sample_weight: Any = None, assume_centered: bool = False
) -> Array:
    """S = sum_i w_i (x_i - m)(x_i - m)' / (sum_i w_i - ddof).

    Parameters
    ----------
    X : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)
    ddof : float, default=0
        0 is maximum likelihood, 1 is unbiased; less than the total weight.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts, at least 0.
    assume_centered : bool, default=False
        Take m = 0.

    Returns
    -------
    covariance : float64 array of shape (n_features, n_features)

    Raises
    ------
    ValueError
        Where the total weight is not above ddof.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.covariance import covariance
    >>> X = np.array([[0.0, 0.0], [2.0, 4.0]])
    >>> covariance(X, ddof=1)
    array([[2., 4.],
           [4., 8.]])
    """
    if is_streamed(X):
        found = moments_of_blocks(
            Stream(EmpiricalCovariance(), X)(), _weights_of_all(sample_weight)
        )
        return _estimate(found, ddof, assume_centered)
    X = check_array(X, dtype=list(FLOATS), accept_sparse=("csr", "csc"))
    weights = None
    if sample_weight is not None:
        weights = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
    return _estimate(moments(X, weights), ddof, assume_centered)


def _weights_of_all(sample_weight: Any) -> Array | None:
    """Weights of rows that pass by in blocks; how many rows these are is not known yet."""
    if sample_weight is None:
        return None
    options = {"dtype": np.float64, "ensure_2d": False, "input_name": "sample_weight"}
    weights = check_array(sample_weight, **options)
    if weights.ndim != 1:
        raise ValueError(f"sample_weight must have one dimension, got {weights.ndim}.")
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    return weights


def _estimate(found: Moments, ddof: float, assume_centered: bool) -> Array:
    scatter = found.scatter
    if assume_centered:
        scatter = scatter + found.weight * np.outer(found.mean, found.mean)
    if not found.weight > ddof:
        raise ValueError(
            f"The rows' total weight must be greater than ddof={ddof!r}, got {found.weight:g}; give"
            " more rows, or use ddof=0."
        )
    return scatter / (found.weight - ddof)


def log_likelihood(X: Any, mean: Array, covariance: Array) -> Array:
    """Log-density in nats of each row under a Gaussian, shape (n_samples,).

    Parameters
    ----------
    X : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)
    mean : array of shape (n_features,)
    covariance : array of shape (n_features, n_features), symmetric and positive definite

    Returns
    -------
    log_density : float64 array of shape (n_samples,)

    Raises
    ------
    ValueError
        Where the shapes do not fit, or the covariance is not symmetric and positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.covariance import log_likelihood
    >>> log_likelihood(np.zeros((1, 1)), np.zeros(1), np.eye(1)).round(6)
    array([-0.918939])
    """
    mean, covariance = np.asarray(mean, np.float64), np.asarray(covariance, np.float64)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            "mean must have the shape (n_features,) and covariance (n_features, n_features), got"
            f" {mean.shape} and {covariance.shape}."
        )
    if not np.allclose(covariance, covariance.T):
        raise ValueError("covariance must be symmetric.")
    try:
        factor = cho_factor(covariance, lower=True)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            "covariance must be positive definite; a feature may be constant or a combination of"
            " others, or there may be fewer rows than features."
        ) from error
    log_det = 2 * np.log(np.diag(factor[0])).sum()
    gaussian = EmpiricalCovariance()
    gaussian.n_features_in_ = len(mean)  # the columns that each_row asks for

    def distances(rows: Any) -> Array:
        return _squared_distances(rows, mean, lambda d: cho_solve(factor, d.T).T)

    found = np.asarray(each_row(gaussian, X, distances))
    return -0.5 * (found + log_det + len(mean) * np.log(2 * np.pi))


def _squared_distances(rows: Any, mean: Array, apply: Callable[[Array], Array]) -> Array:
    """(x - m)' P (x - m) of each row, ``apply`` multiplying rows by P; a block of rows at a time."""
    parts = []
    for block in dense_blocks(rows):
        d = block - mean
        parts.append((d * apply(d)).sum(axis=1))
    return np.concatenate(parts)


class EmpiricalCovariance(sklearn_covariance.EmpiricalCovariance):
    """Covariance S = sum_i w_i (x_i - m)(x_i - m)' / (N - ddof) of rows, N the sum of the weights.

    scikit-learn's parameters, attributes and methods (``score``, ``mahalanobis``, ``error_norm``,
    ``get_precision``) keep their names and meaning. Added are the unbiased estimate, weights, sparse
    rows, memory maps, streams (objects whose ``batches()`` gives an iterator of row blocks; read once)
    and ``partial_fit``; ``score`` and ``mahalanobis`` take all of these rows too. Costs 2 n_samples
    n_features^2 operations and a float64 matrix.

    Parameters
    ----------
    store_precision : bool, default=True
    assume_centered : bool, default=False
        Take the mean as 0.
    ddof : float, default=0
        0 is maximum likelihood, whose mean is (N - 1)/N of the truth; 1 is unbiased.

    Attributes
    ----------
    location_ : array of shape (n_features,)
    covariance_ : array of shape (n_features, n_features)
    precision_ : array of shape (n_features, n_features), or None
    n_features_in_ : int

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 2.3.4.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.covariance import EmpiricalCovariance
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> EmpiricalCovariance().fit(X).covariance_.round(4), EmpiricalCovariance(ddof=1).fit(X).covariance_
    (array([[0.6667]]), array([[1.]]))
    """

    _parameter_constraints = {
        **sklearn_covariance.EmpiricalCovariance._parameter_constraints,
        "ddof": [Interval(numbers.Real, 0, None, closed="left")],
    }

    def __init__(
        self, *, store_precision: bool = True, assume_centered: bool = False, ddof: float = 0
    ) -> None:
        super().__init__(store_precision=store_precision, assume_centered=assume_centered)
        self.ddof = ddof

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> EmpiricalCovariance:
        """Estimate mean and covariance.

        Parameters
        ----------
        X : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts, at least 0; of a stream, of all its rows in their order.

        Returns
        -------
        self : EmpiricalCovariance

        Raises
        ------
        ValueError
            Where the total weight is not above ddof, or there are not as many weights as rows.
        """
        check_parameters(self)
        if is_streamed(X):
            stream = Stream(self, X)
            found = moments_of_blocks(stream(), _weights_of_all(sample_weight))
            return self._set(found, stream.dtype)
        return self._set(*self._moments_of(X, sample_weight, reset=True))

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> EmpiricalCovariance:
        """Go on with more rows; the result is that of all rows since ``fit`` or the first call."""
        check_parameters(self)
        seen = getattr(self, "_moments", None)
        found, dtype = self._moments_of(X, sample_weight, reset=seen is None)
        return self._set(found if seen is None else merge(seen, found), dtype)

    def mahalanobis(self, X: Any) -> Array:
        """Squared distances (x - m)' S^-1 (x - m), shape (n_samples,).

        Parameters
        ----------
        X : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        precision = self.get_precision()

        def distances(rows: Any) -> Array:
            return _squared_distances(rows, self.location_, lambda d: d @ precision)

        return np.asarray(each_row(self, X, distances))

    def score(self, X_test: Any, y: Any = None) -> float:
        """Log-likelihood in nats of the rows under the Gaussian of the estimate, mean of the rows.

        Parameters
        ----------
        X_test : {array-like, sparse matrix, memory map, stream} of shape (n_samples, n_features)
        y : ignored
        """
        distances = self.mahalanobis(X_test)
        sign, log_det = np.linalg.slogdet(self.get_precision())
        log_det = (
            float(log_det) if sign > 0 else -np.inf
        )  # of a singular estimate, as scikit-learn's
        return 0.5 * (log_det - float(distances.mean()) - len(self.location_) * np.log(2 * np.pi))

    def _moments_of(self, X: Any, sample_weight: Any, reset: bool) -> tuple[Moments, Any]:
        X = validate_data(self, X, dtype=list(FLOATS), accept_sparse=("csr", "csc"), reset=reset)
        if X.shape[0] == 1 and reset:
            warnings.warn(
                "Only one sample available. You may want to reshape your data array", stacklevel=3
            )
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(
                sample_weight, X, dtype=X.dtype, ensure_non_negative=True
            )
        return moments(X, weights), X.dtype

    def _set(self, found: Moments, dtype: Any) -> EmpiricalCovariance:
        estimate = _estimate(found, self.ddof, self.assume_centered)
        self._moments: Moments | None = found  # only now: rows that were refused do not count
        mean = np.zeros_like(found.mean) if self.assume_centered else found.mean
        self.location_ = mean.astype(dtype)
        self._set_covariance(estimate.astype(dtype))
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

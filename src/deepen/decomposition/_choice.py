"""Which solver finds the components of which rows: by kind, shape, density and memory.

rows                                       'auto' is
-----------------------------------------  ------------------------------------------------
a stream or memory map                     one pass for X'X up to 2,000 features, else Lanczos
sparse, X'X cheaper than products          X'X, from sparse products
sparse otherwise                           Lanczos
an array, tall and of few columns          X'X
an array whose copy would fill the memory  X'X up to 2,000 features, else Lanczos
any other array                            scikit-learn's own choice
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from scipy import sparse

from deepen._streams import FLOATS, is_streamed, is_whole_numbers
from deepen.decomposition._memory import COPIED_SHARE, memory_bytes

BY_PRODUCTS = ("gradient", "lanczos")
DENSE = ("full", "arpack", "randomized")
MOST_SCATTERED = 2000  # features up to which X'X and its eigenvectors are cheap beside a pass
MOST_OF_SPARSE = (
    1000  # the same where the rows are sparse and in memory, as for scikit-learn's arrays
)
# Mean squared number of values a row over their mean number: a value of X'X costs about thrice a value of
# a product, and Lanczos takes some 150 products (measured with scipy 1.17).
MOST_PER_ROW = 50.0
MANY = 0.8  # of all components: with more, products with single vectors no longer pay


def solver_for(svd_solver: str, X: Any, n_components: Any) -> str:
    """Name of the solver, 'dense' where scikit-learn's class does the work.

    Raises
    ------
    ValueError
        Where a stream is to be factorised as a whole, or Minka's choice needs too large a matrix.
    """
    if svd_solver in BY_PRODUCTS:
        return svd_solver
    if svd_solver in DENSE:
        if is_streamed(X) and not isinstance(X, np.memmap):
            raise ValueError(
                f"svd_solver={svd_solver!r} needs all rows in memory, but {type(X).__name__} hands them"
                " out in blocks; use 'auto', 'covariance_eigh', 'lanczos' or 'gradient'."
            )
        return "dense"
    if is_streamed(X):
        return svd_solver  # _fit_stream looks at the first block
    if sparse.issparse(X):
        return _of_sparse(svd_solver, X, n_components)
    return _of_array(svd_solver, X, n_components)


def of_stream(svd_solver: str, n_features: int) -> str:
    """Solver for rows that pass by in blocks."""
    if svd_solver != "auto":
        return svd_solver
    return "covariance_eigh" if n_features <= MOST_SCATTERED else "lanczos"


def _of_sparse(svd_solver: str, X: Any, n_components: Any) -> str:
    if svd_solver == "covariance_eigh":
        return svd_solver
    n_samples, n_features = X.shape
    if isinstance(n_components, str):
        if n_features <= MOST_SCATTERED:
            return "covariance_eigh"
        raise ValueError(
            f"n_components={n_components!r} needs all {n_features} eigenvalues, so for sparse rows a"
            f" matrix of that order; 'auto' makes it up to {MOST_SCATTERED} features. Ask for a number"
            " or a share of the variance, or for svd_solver='covariance_eigh'."
        )
    if n_features > MOST_OF_SPARSE or n_samples < n_features:
        return "lanczos"
    is_few = isinstance(n_components, numbers.Integral) and int(n_components) < n_features / 4
    if not is_few:  # the basis of Lanczos would be as large as the matrix
        return "covariance_eigh"
    counts = np.diff(X.tocsr().indptr).astype(float)
    return "covariance_eigh" if counts @ counts <= MOST_PER_ROW * counts.sum() else "lanczos"


def _of_array(svd_solver: str, X: Any, n_components: Any) -> str:
    shape: Any = getattr(X, "shape", ())
    if len(shape) != 2 or n_components == 0:
        return "dense"
    if svd_solver == "covariance_eigh":
        return svd_solver if shape[0] > 1 else "dense"
    if 10 * shape[1] <= shape[0] and shape[1] <= MOST_OF_SPARSE:
        return "covariance_eigh"
    if not is_too_large_to_copy(X):
        return "dense"
    if shape[1] <= MOST_SCATTERED:
        return "covariance_eigh"
    if isinstance(n_components, numbers.Integral):
        return "lanczos" if int(n_components) < MANY * min(shape) else "dense"
    return "lanczos" if isinstance(n_components, numbers.Real) else "dense"


def is_too_large_to_copy(X: Any) -> bool:
    """Whether an array as floating-point numbers would take more than a quarter of the memory."""
    kind = X.dtype if isinstance(X, np.ndarray) and X.dtype in FLOATS else np.dtype(np.float64)
    n_samples, n_features = X.shape
    return float(n_samples) * n_features * kind.itemsize > COPIED_SHARE * memory_bytes()


def is_read_in_blocks(X: Any) -> bool:
    """Whether rows pass by: those of a stream, and whole numbers whose floats would fill the memory."""
    return is_streamed(X) or (is_whole_numbers(X) and is_too_large_to_copy(X))

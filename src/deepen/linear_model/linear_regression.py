"""Linear regression by least squares, or by gradient descent on the same cost.

    y^ = w.x + b,    cost = 1/2 sum_i w_i (y_i - y^_i)^2 + alpha / 2 ||w||_2^2 + l1 ||w||_1

(Bishop 2006, eqs. 3.12 and 3.27), b unpenalised: the network with no hidden layer and half the squared
error. Without penalties its optimum is the pseudo-inverse's (eq. 3.15), which 'lstsq' computes.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import linear_model
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, validate_data

from deepen.base import check_held_out, check_parameters, drop_unlabelled
from deepen.layers.feed_forward import Params
from deepen.linear_model._training import (
    TRAINING_CONSTRAINTS,
    _not_negative,
    forget_last_fit,
    refuse_extras,
    refuse_idle,
    train_linear,
)

Array = NDArray[Any]


class LinearRegression(linear_model.LinearRegression):
    """Linear regression: w.x + b, by least squares.

    scikit-learn's parameters keep their names, meaning and defaults, and the default solver is
    scikit-learn's own least squares (scipy's, on dense and on sparse rows), or with ``alpha`` its
    ridge regression. The other solvers descend the cost on the engine, with penalties and noise.

    Parameters
    ----------
    fit_intercept : bool, default=True
    copy_X : bool, default=True
    tol : float, default=1e-6
        Of 'lstsq', the condition number's inverse; of 'lbfgs' and 'cg', the largest gradient
        component at which they stop; of the gradient solvers, the fall of the mean cost that counts.
    n_jobs : int or None, default=None
    positive : bool, default=False
        Non-negative weights; for 'lstsq' alone.
    solver : str or optimiser, default='lstsq'
        'lstsq', 'lbfgs', 'cg', 'sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', or an
        optimiser of :mod:`deepen.engine`.
    alpha : float, default=0.0
        Strength of the L2 penalty, on the scale of :class:`sklearn.linear_model.Ridge`.
    l1 : float, default=0.0
        Strength of the L1 penalty, n_samples times that of :class:`sklearn.linear_model.Lasso`.
    max_iter : int, default=1000
        Most iterations or epochs; 'lstsq' has none.
    learning_rate : str or schedule, default='constant'
        From here to ``batch_size``, and ``gradient_tol``: of the gradient solvers ('sgd' to
        'adam') alone; the others refuse them.
    learning_rate_init : float, default=0.01
    momentum : float, default=0.9
    batch_size : int or 'full', default='full'
    n_iter_no_change : float, default=10
        Epochs without a fall of the mean cost after which a gradient solver stops; of no other.
    max_norm, input_dropout, noise, augment, unlabeled, gradient_tol, callbacks, random_state
        As in :class:`deepen.linear_model.LogisticRegression`.

    Attributes
    ----------
    coef_ : array of shape (n_features,) or (n_targets, n_features)
    intercept_ : float or array of shape (n_targets,)
    rank_, singular_ : int, array
        Of 'lstsq' on dense rows without ``alpha``.
    n_iter_ : int
        Iterations or epochs; 1 for 'lstsq'.
    loss_curve_, history_, stop_reason_
        Of the other solvers.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.linear_model import LinearRegression
    >>> X = np.array([[1.0, 1], [1, 2], [2, 2], [2, 3]])
    >>> model = LinearRegression().fit(X, X @ [1, 2] + 3)
    >>> model.coef_.round(6)
    array([1., 2.])
    """

    _parameter_constraints = {
        **linear_model.LinearRegression._parameter_constraints,
        **TRAINING_CONSTRAINTS,
        "tol": [_not_negative],
        "solver": "no_validation",
        "alpha": [_not_negative],
        "l1": [_not_negative],
        "max_iter": [Interval(numbers.Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        positive: bool = False,
        solver: Any = "lstsq",
        alpha: float = 0.0,
        l1: float = 0.0,
        max_iter: int = 1000,
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.01,
        momentum: float = 0.9,
        batch_size: int | str = "full",
        n_iter_no_change: float = 10,
        max_norm: float | None = None,
        input_dropout: float = 0.0,
        noise: float = 0.0,
        augment: Any = None,
        unlabeled: Any = None,
        gradient_tol: float | None = None,
        callbacks: Any = None,
        random_state: Any = None,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive
        self.solver = solver
        self.alpha = alpha
        self.l1 = l1
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.batch_size = batch_size
        self.n_iter_no_change = n_iter_no_change
        self.max_norm = max_norm
        self.input_dropout = input_dropout
        self.noise = noise
        self.augment = augment
        self.unlabeled = unlabeled
        self.gradient_tol = gradient_tol
        self.callbacks = callbacks
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> LinearRegression:
        """Fit the weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), default=None
        X_val, y_val, sample_weight_val : as X, y and sample_weight, default=None
            Rows to stop on, for a gradient solver; the weights that score best on them are kept.

        Returns
        -------
        self : LinearRegression

        Raises
        ------
        ValueError
            For wrong parameters or shapes, and where the loss diverges.
        """
        check_parameters(self)
        X, y, sample_weight = drop_unlabelled(self.unlabeled, X, y, sample_weight)
        refuse_idle(self)
        forget_last_fit(self)
        if isinstance(self.solver, str) and self.solver == "lstsq":
            return self._fit_least_squares(X, y, sample_weight, X_val is not None)
        if self.positive:
            raise ValueError("positive=True needs solver='lstsq'.")
        X, targets, weights, is_flat = self._validate(X, y, sample_weight, reset=True)
        held_out = None
        check_held_out(X_val, y_val)
        if X_val is not None:
            rows = drop_unlabelled(self.unlabeled, X_val, y_val, sample_weight_val)
            X_held, y_held, w_held, _ = self._validate(*rows, reset=False)
            held_out = (X_held, y_held, w_held), _r2
        zeros = np.zeros(targets.shape[1], X.dtype)
        start = Params(
            (np.zeros((X.shape[1], targets.shape[1]), X.dtype),),
            (zeros,) if self.fit_intercept else (),
        )
        strengths = {"l2": self.alpha, "l1": self.l1}
        params = train_linear(
            self, "squared_error", start, (X, targets, weights), strengths, held_out
        )
        coef = np.ascontiguousarray(params.coefs[0].T)
        intercept = params.intercepts[0] if params.intercepts else zeros
        self.coef_ = coef[0] if is_flat else coef
        self.intercept_ = intercept[0] if is_flat else intercept
        self.n_iter_ = self._n_iter
        return self

    def _fit_least_squares(
        self, X: Any, y: Any, sample_weight: Any, has_held_out: bool
    ) -> LinearRegression:
        """Fit by scikit-learn's least squares, or by its ridge regression where there is an alpha."""
        refuse_extras(self, "lstsq", ("l1",), has_held_out)
        if self.alpha:
            accepted = ("alpha", "fit_intercept", "copy_X", "tol", "positive")
            ridge = linear_model.Ridge(**{name: getattr(self, name) for name in accepted})
            ridge.fit(X, y, sample_weight)
            names = ("coef_", "intercept_", "n_features_in_", "feature_names_in_")
            self.__dict__.pop("feature_names_in_", None)
            self.__dict__.update({k: v for k, v in vars(ridge).items() if k in names})
        else:
            super().fit(X, y, sample_weight)
        self.n_iter_ = 1
        return self

    def _validate(
        self, X: Any, y: Any, sample_weight: Any, reset: bool
    ) -> tuple[Any, Array, Array | None, bool]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            y_numeric=True,
            multi_output=True,
            dtype=[np.float64, np.float32],
            reset=reset,
        )
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype)
        return X, y.astype(X.dtype).reshape(len(y), -1), sample_weight, y.ndim == 1


def _r2(outputs: Array, y: Array, weights: Array | None) -> float:
    return float(r2_score(y, outputs, sample_weight=weights))

"""Logistic regression, for two classes or more: the network with no hidden layer.

    p(y = 1 | x) = sigma(w.x + b)            (Bishop 2006, eq. 4.87), or
    p(y = k | x) = softmax(W x + b)_k        (eq. 4.104)
    cost = sum_i w_i (-log p(y_i | x_i)) + ((1 - r) / 2 ||W||_2^2 + r ||W||_1) / C,    b unpenalised

with r the ``l1_ratio``. The engine minimises the cost divided by the rows' total weight.
"""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import linear_model
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from deepen._callbacks_of_sklearn import CallbackSupport, callback_session
from deepen.base import check_held_out, check_parameters, combined_weights, drop_unlabelled
from deepen.functions.activations import logistic, softmax
from deepen.layers.feed_forward import Params
from deepen.linear_model._training import (
    TRAINING_CONSTRAINTS,
    forget_last_fit,
    refuse_extras,
    refuse_idle,
    train_linear,
)

Array = NDArray[Any]

DELEGATED = ("liblinear", "newton-cg", "newton-cholesky", "sag", "saga")


class LogisticRegression(linear_model.LogisticRegression):
    """Logistic regression: p(class k | x) = softmax(W x + b)_k.

    scikit-learn's parameters keep their names, meaning and defaults. 'lbfgs' and the gradient solvers
    run on the engine; 'liblinear', 'newton-cg', 'newton-cholesky', 'sag' and 'saga', and 'lbfgs' on
    sparse rows, are scikit-learn's own. An iteration costs 4 n_rows n_features n_classes operations.

    Parameters
    ----------
    penalty : str or None, default='deprecated'
        As in scikit-learn, where it gives way to ``C`` and ``l1_ratio``.
    C : float, default=1.0
        Inverse strength of the penalty, positive; infinity has none.
    l1_ratio : float, default=0.0
        r in [0, 1]: 0 is L2, 1 is L1. Needs 'saga', 'liblinear' (0 or 1) or a gradient solver.
    dual, intercept_scaling : bool, float
        Of 'liblinear'.
    tol : float, default=0.0001
        'lbfgs' and 'cg' stop when no component of the mean gradient is larger; the gradient solvers
        when the mean cost does not fall by more for ``n_iter_no_change`` epochs.
    fit_intercept : bool, default=True
    class_weight : dict, 'balanced' or None, default=None
    random_state : int, RandomState or None, default=None
    solver : str or optimiser, default='lbfgs'
        'lbfgs', 'cg', 'sgd' (plain with ``momentum=0``), 'momentum', 'nesterov', 'adagrad', 'rmsprop',
        'adam', an optimiser of :mod:`deepen.engine`, or one of scikit-learn's. L1 needs 'saga',
        'liblinear', a gradient solver, or the object ``LBFGS()``; the others refuse it.
    max_iter : int, default=100
        Most iterations, or epochs of a gradient solver.
    verbose, warm_start, n_jobs : as in scikit-learn
    learning_rate : str or schedule, default='constant'
        As in :class:`deepen.neural_network.MLPClassifier`. From here to ``batch_size``, and
        ``gradient_tol``: of the gradient solvers ('sgd' to 'adam') alone; the others refuse them.
    learning_rate_init : float, default=0.1
    momentum : float, default=0.9
        Of 'sgd', 'momentum' and 'nesterov', in [0, 1].
    batch_size : int or 'full', default='full'
        Rows of a minibatch; 1 is stochastic gradient descent proper.
    n_iter_no_change : float, default=10
        Epochs without a fall of the mean cost after which a gradient solver stops; of no other.
    max_norm : float or None, default=None
        Largest Euclidean norm of a class's weights. This one, ``input_dropout``, ``noise`` and
        ``augment`` are of the gradient solvers alone, too.
    input_dropout : float, default=0.0
    noise : float, default=0.0
        Standard deviation of Gaussian noise on the inputs while training.
    augment : callable or None, default=None
        Function ``(X, key) -> X`` of a minibatch.
    unlabeled : scalar or None, default=None
        Value of y that marks a row without a target, which is left out.
    gradient_tol : float or None, default=None
        A gradient solver stops when no component of the mean gradient is larger.
    callbacks : sequence of callables or None, default=None
        Of the solvers on the engine.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    coef_ : array of shape (1, n_features) or (n_classes, n_features)
    intercept_ : array of shape (1,) or (n_classes,)
    n_iter_ : int array of shape (1,)
    loss_curve_, history_, stop_reason_ : as in MLPClassifier; absent after a scikit-learn solver

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, sections 4.3.2 and 4.3.4.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from deepen.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=200).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.97
    """

    multi_class = "deprecated"  # which scikit-learn before 1.8 looks for
    _parameter_constraints = {
        **linear_model.LogisticRegression._parameter_constraints,
        **TRAINING_CONSTRAINTS,
        "penalty": [StrOptions({"l1", "l2", "elasticnet", "deprecated"}), None],
        "solver": "no_validation",
    }
    _parameter_constraints.pop("multi_class", None)

    def __init__(
        self,
        penalty: str | None = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float | None = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        random_state: Any = None,
        solver: Any = "lbfgs",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.1,
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
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
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

    def set_callbacks(self, *callbacks: Any) -> LogisticRegression:
        """Set callbacks of scikit-learn's protocol (``sklearn.callback``, since scikit-learn 1.9).

        Parameters
        ----------
        *callbacks : callback instances

        Returns
        -------
        self : LogisticRegression
        """
        if isinstance(self.solver, str) and self.solver in DELEGATED:
            super().set_callbacks(*callbacks)  # which warns
        else:
            CallbackSupport.set_callbacks(self, *callbacks)
        return self

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> LogisticRegression:
        """Fit the weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        X_val, y_val, sample_weight_val : as X, y and sample_weight, default=None
            Rows to stop on, for a gradient solver; the weights that score best on them are kept.

        Returns
        -------
        self : LogisticRegression

        Raises
        ------
        ValueError
            For wrong parameters or shapes, one class only, and where the loss diverges.
        """
        check_parameters(self)
        X, y, sample_weight = drop_unlabelled(self.unlabeled, X, y, sample_weight)
        refuse_idle(self)
        forget_last_fit(self)
        if isinstance(self.solver, str) and self.solver in DELEGATED:
            refuse_extras(self, self.solver, (), X_val is not None)
            return self._fit_by_sklearn(X, y, sample_weight)
        if self._is_quicker_sparse(X) and X_val is None:
            return self._fit_by_sklearn(X, y, sample_weight)
        X, y, weights = self._validate(X, y, sample_weight, reset=True)
        held_out = None
        check_held_out(X_val, y_val)
        if X_val is not None:
            rows = drop_unlabelled(self.unlabeled, X_val, y_val, sample_weight_val)
            held_out = self._validate(*rows, reset=False), self._accuracy
        self._fit_by_engine((X, y, weights), held_out)
        return self

    def _is_quicker_sparse(self, X: Any) -> bool:
        """Whether scikit-learn, which keeps sparse rows sparse, solves the same problem."""
        extras = (self.max_norm, self.input_dropout, self.noise, self.augment, self.callbacks)
        return sparse.issparse(X) and self.solver == "lbfgs" and not any(extras)

    def _validate(
        self, X: Any, y: Any, sample_weight: Any, reset: bool
    ) -> tuple[Any, Array, Array | None]:
        """Checked X, encoded y, and weights."""
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
            reset=reset,
        )
        check_classification_targets(y)
        if reset:
            self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains"
                f" only one class: {self.classes_[0]!r}"
            )
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype)
        weights = combined_weights(sample_weight, self.class_weight, y)
        index = np.searchsorted(self.classes_, y)
        if len(self.classes_) > 2:
            return X, index.astype(np.int32), weights
        return X, (index == 1).astype(X.dtype)[:, None], weights

    def _fit_by_engine(
        self, rows: tuple[Any, Array, Array | None], held_out: tuple[Any, Any] | None
    ) -> None:
        X, y, _ = rows
        strengths = self._strengths()
        n_outputs = 1 if y.ndim == 2 else len(self.classes_)
        params = self._start(X.shape[1], n_outputs, X.dtype)
        loss = "logistic" if n_outputs == 1 else "softmax"
        task = "lbfgs-iter" if self.solver == "lbfgs" else "epoch"
        with callback_session(self, (X, y), task, params, self._attributes) as callbacks:
            params = train_linear(self, loss, params, rows, strengths, held_out, callbacks)
        for name, value in self._attributes(params).items():
            setattr(self, name, value)
        self.n_iter_ = np.array([self._n_iter], dtype=np.int32)

    def _start(self, n_features: int, n_outputs: int, dtype: Any) -> Params:
        if self.warm_start and hasattr(self, "coef_"):
            coef, intercept = self.coef_.T, self.intercept_
            if coef.shape != (n_features, n_outputs):
                raise ValueError(
                    f"Initialization coef is of shape {self.coef_.shape}, expected shape"
                    f" {(n_outputs, n_features)}: warm_start goes on from a fit of the same classes."
                )
        else:
            coef, intercept = np.zeros((n_features, n_outputs)), np.zeros(n_outputs)
        intercepts = (np.array(intercept, dtype),) if self.fit_intercept else ()
        return Params((np.array(coef, dtype, order="C"),), intercepts)

    def _attributes(self, params: Params) -> dict[str, Any]:
        coef = np.ascontiguousarray(params.coefs[0].T)
        zeros = np.zeros(len(coef), coef.dtype)
        return {"coef_": coef, "intercept_": params.intercepts[0] if params.intercepts else zeros}

    def _strengths(self) -> dict[str, float]:
        """L2 and L1 on the scale of the summed loss, with scikit-learn's checks and warnings."""
        penalty = self._penalty_name()
        if self.solver == "lbfgs" and penalty not in ("l2", None):
            raise ValueError(
                f"Solver lbfgs supports only 'l2' or None penalties, got {penalty} penalty. Use 'saga',"
                " a gradient solver such as 'sgd', or solver=LBFGS() of deepen.engine, which takes l1."
            )
        if self.dual:
            raise ValueError(f"Solver {self.solver} supports only dual=False, got dual={self.dual}")
        if self.n_jobs is not None:
            warnings.warn(
                "'n_jobs' has no effect since 1.8 and will be removed in 1.10. "
                f"You provided 'n_jobs={self.n_jobs}', please leave it unspecified.",
                FutureWarning,
                stacklevel=4,
            )
        if penalty is None:
            return {"l2": 0.0, "l1": 0.0}
        share = {"l1": 1.0, "l2": 0.0, "elasticnet": self.l1_ratio}[penalty]
        if share is None:
            raise ValueError("l1_ratio must be specified when penalty is elasticnet.")
        return {"l2": (1 - share) / self.C, "l1": share / self.C}

    def _penalty_name(self) -> str | None:
        """Name of the penalty after scikit-learn's deprecated and present parameters."""
        ratio = self.l1_ratio
        if self.penalty == "deprecated":
            if ratio is None:
                _deprecated(
                    "'l1_ratio=None' was deprecated in version 1.8 and will trigger an error in 1.10."
                    " Use 0<=l1_ratio<=1 instead."
                )
            if np.inf == self.C:
                return None
            return "l2" if not ratio else ("l1" if ratio == 1 else "elasticnet")
        _deprecated(
            "'penalty' was deprecated in version 1.8 and will be removed in 1.10. To avoid this"
            " warning, leave 'penalty' set to its default value and use 'l1_ratio' or 'C' instead."
            " Use l1_ratio=0 instead of penalty='l2', l1_ratio=1 instead of penalty='l1', l1_ratio"
            " set to a float between 0 and 1 instead of penalty='elasticnet', and C=np.inf instead"
            " of penalty=None."
        )
        if self.penalty != "elasticnet" and ratio is not None and 0 < ratio < 1:
            warnings.warn(
                "l1_ratio parameter is only used when penalty is 'elasticnet'. Got "
                f"(penalty={self.penalty})",
                UserWarning,
                stacklevel=5,
            )
        if (self.penalty == "l2" and ratio != 0) or (self.penalty == "l1" and ratio != 1):
            warnings.warn(
                f"Inconsistent values: penalty={self.penalty} with l1_ratio={ratio}. penalty is"
                " deprecated. Please use l1_ratio only.",
                UserWarning,
                stacklevel=5,
            )
        if self.penalty is None and self.C != 1.0:
            warnings.warn(
                "Setting penalty=None will ignore the C and l1_ratio parameters",
                UserWarning,
                stacklevel=5,
            )
        return self.penalty

    def _fit_by_sklearn(self, X: Any, y: Any, sample_weight: Any) -> LogisticRegression:
        """Fit with scikit-learn's own solver and take over what it found."""
        accepted = inspect.signature(linear_model.LogisticRegression).parameters
        if accepted["penalty"].default == "deprecated":
            super().fit(X, y, sample_weight)
            return self
        own = {k: v for k, v in self.get_params(deep=False).items() if k in accepted}
        # scikit-learn before 1.8 knows the penalty by its name, and warns of numbers that it does not need.
        own["penalty"] = penalty = self._penalty_name()
        own |= {"l1_ratio": None} if penalty != "elasticnet" else {}
        own |= {"C": 1.0} if penalty is None else {}
        model = linear_model.LogisticRegression(**own)
        if self.warm_start and hasattr(self, "coef_"):
            model.coef_, model.intercept_, model.classes_ = (
                self.coef_,
                self.intercept_,
                self.classes_,
            )
        model.fit(X, y, sample_weight=sample_weight)
        self.__dict__.update({k: v for k, v in vars(model).items() if k.endswith("_")})
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class, rows summing to 1.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        P : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        if (
            self.solver == "liblinear"
        ):  # which an older scikit-learn fits one class against the rest
            return super().predict_proba(X)
        scores = self.decision_function(X)
        if scores.ndim == 2:
            return softmax(scores)
        p = logistic(scores)
        return np.column_stack([1 - p, p])

    def _accuracy(self, outputs: Array, y: Array, weights: Array | None) -> float:
        found = outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] > 0
        return float(
            accuracy_score(y.ravel().astype(int), found.astype(int), sample_weight=weights)
        )


def _deprecated(message: str) -> None:
    warnings.warn(message, FutureWarning, stacklevel=5)

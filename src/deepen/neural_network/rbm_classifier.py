"""Restricted Boltzmann machine that classifies: its class units stand beside the visible ones.

    p(v, y, h) = exp(a'v + d_y + b'h + v'W h + U_y h) / Z
    p(y | v)   = softmax_y(d_y + sum_j log(1 + exp(b_j + v'W_j + U_yj)))

(Larochelle and Bengio 2008.) The equations are in :mod:`deepen.functions.class_energy`, the costs in
:mod:`deepen.layers.class_contrast`.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from deepen._callbacks_of_sklearn import CallbackSupport
from deepen.base import check_held_out, check_parameters
from deepen.functions.activations import softmax
from deepen.functions.class_energy import Params, class_scores
from deepen.neural_network._network_run import NETWORK_CONSTRAINTS
from deepen.neural_network._rbm_classification import (
    FLOATS,
    train,
    validated_held_out,
    validated_rows,
)

Array = NDArray[Any]
CHUNK_VALUES = 1 << 21  # of the log-odds, rows times classes times hidden units, looked at together
_SHARED = (
    *(
        "solver",
        "alpha",
        "batch_size",
        "learning_rate",
        "learning_rate_init",
        "momentum",
        "max_iter",
    ),
    *("shuffle", "random_state", "tol", "n_iter_no_change", "verbose", "callbacks"),
)


class RBMClassifier(CallbackSupport, ClassifierMixin, BaseEstimator):
    """Restricted Boltzmann machine for classes, with exact probabilities.

    Rows are taken as binary, or as probabilities in [0, 1]. The hybrid objective, which also explains
    the rows, learns from few labels and from rows without any. A step costs about
    6 n_components (n_features + n_classes) operations a row, and n_classes times n_components
    exponentials.

    Parameters
    ----------
    n_components : int, default=100
        Hidden units.
    objective : {'hybrid', 'discriminative', 'generative'}, default='hybrid'
        -log p(y | v) - generative_weight log p(v, y), or one of the two terms alone.
    generative_weight : float, default=0.01
        Weight of the generative term in the hybrid objective, at least 0. Its gradient is about as
        much larger than the other as there are features; .001 to .1 is the range to search.
    n_steps : int, default=1
        Gibbs steps of the generative term's samples (the k of CD-k).
    solver : str or optimiser, default='adam'
        'sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', or an optimiser of
        :mod:`deepen.engine`; with the discriminative objective also 'lbfgs' and 'cg'.
    alpha : float, default=0.0001
        Strength of the L2 penalty on W and U, divided by the rows of a batch like the cost.
    batch_size : int, 'auto' or 'full', default='auto'
        Rows of a minibatch; 'auto' is min(200, n_samples).
    learning_rate : str or schedule, default='constant'
        As in MLPClassifier.
    learning_rate_init : float, default=0.01
        First learning rate, positive.
    momentum : float, default=0.9
        Of 'sgd', 'momentum' and 'nesterov'.
    max_iter : int, default=200
        Most epochs.
    shuffle : bool, default=True
    random_state : int, RandomState or None, default=None
    tol : float, default=0.0001
        Least improvement of the mean of -log p(y | v), or of the validation score, that counts.
    n_iter_no_change : int, default=10
        Epochs in a row without improvement that are borne.
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class; 'balanced' is n_samples / (n_classes * count of the class).
    unlabeled : scalar or None, default=None
        Value of y that marks a row without a class, such as -1; the generative term learns from it.
    verbose : bool, default=False
    callbacks : sequence of callables or None, default=None
        Called with a :class:`deepen.engine.Event` after each epoch; True stops the fit.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    components_ : array of shape (n_components, n_features), W'
    class_components_ : array of shape (n_components, n_classes), U'
    intercept_visible_, intercept_class_, intercept_hidden_ : arrays, a, d and b
    history_ : dict of lists
        'loss', the mean of -log p(y | v) with the penalty, whatever the objective; 'learning_rate';
        with held-out rows 'validation_score' and 'validation_loss'.
    loss_curve_ : list of float
    stop_reason_ : str
    n_iter_ : int, epochs
    n_features_in_, feature_names_in_

    References
    ----------
    Larochelle and Bengio 2008, "Classification using discriminative restricted Boltzmann machines",
    doi:10.1145/1390156.1390224.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from deepen.neural_network import RBMClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = RBMClassifier(max_iter=30, random_state=0).fit(X[:1000] / 16, y[:1000])
    >>> model.score(X[1000:] / 16, y[1000:]) > 0.9
    True
    """

    _parameter_constraints: dict[str, Any] = {
        **{name: NETWORK_CONSTRAINTS[name] for name in _SHARED},
        "n_components": [Interval(numbers.Integral, 1, None, closed="left")],
        "objective": [StrOptions({"hybrid", "discriminative", "generative"})],
        "generative_weight": [Interval(numbers.Real, 0, None, closed="left")],
        "n_steps": [Interval(numbers.Integral, 1, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "unlabeled": "no_validation",
    }

    def __init__(
        self,
        n_components: int = 100,
        *,
        objective: str = "hybrid",
        generative_weight: float = 0.01,
        n_steps: int = 1,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.01,
        momentum: float = 0.9,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        n_iter_no_change: float = 10,
        class_weight: Any = None,
        unlabeled: Any = None,
        verbose: bool = False,
        callbacks: Any = None,
    ) -> None:
        self.n_components = n_components
        self.objective = objective
        self.generative_weight = generative_weight
        self.n_steps = n_steps
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.unlabeled = unlabeled
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None
    ) -> RBMClassifier:
        """Train the machine.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Values in [0, 1], for the generative term.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        X_val, y_val : as X and y, default=None
            Rows to stop on; the parameters that score best on them are kept.

        Returns
        -------
        self : RBMClassifier

        Raises
        ------
        ValueError
            For wrong parameters or shapes, and where the cost diverges.
        """
        check_parameters(self)
        check_held_out(X_val, y_val)
        rows = validated_rows(self, X, y, sample_weight)
        held_out = None if X_val is None else validated_held_out(self, X_val, y_val)
        train(self, rows, held_out)
        return self

    def predict(self, X: Any) -> Array:
        """Most probable class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self.classes_[self._scores(X).argmax(axis=1)]

    def predict_proba(self, X: Any) -> Array:
        """Probability p(y | v) of each class, exact, rows summing to 1.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        P : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return softmax(self._scores(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithm of ``predict_proba``, in nats, finite where the probability rounds to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        log_P : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return log_softmax(self._scores(X), axis=1)

    def _scores(self, X: Any) -> Array:
        """Log-probabilities of the classes but for a constant, in NumPy, some rows at a time."""
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        n_rows = max(1, CHUNK_VALUES // self.class_components_.size)
        starts = range(0, X.shape[0], n_rows)
        params = self._params()
        return np.concatenate([class_scores(params, X[i : i + n_rows]) for i in starts])

    def _params(self) -> Params:
        return Params(
            self.components_.T,
            self.class_components_.T,
            self.intercept_visible_,
            self.intercept_class_,
            self.intercept_hidden_,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

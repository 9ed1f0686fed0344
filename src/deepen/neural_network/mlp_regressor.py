"""Multilayer perceptron for numbers.

    y^ = W_L a_{L-1} + b_L,  or exp of it for counts
    cost = mean_i L(y_i, y^_i) + alpha / (2 N) sum ||W||_2^2 + l1 / N sum ||W||_1

with half the squared error (Bishop 2006, eq. 5.14) or half the Poisson deviance, N the rows of a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from deepen.functions.activations import OUTPUT_ACTIVATIONS
from deepen.neural_network._base_mlp import BaseMLP, LabelledScore, has_minibatches

Array = NDArray[Any]


class MLPRegressor(LabelledScore, RegressorMixin, BaseMLP):
    """Multilayer perceptron for numbers: W_L g(... g(W_1 x + b_1)) + b_L.

    Minimises half the squared error, or half the Poisson deviance, by gradient descent on minibatches,
    or by L-BFGS or conjugate gradient on all rows. scikit-learn's parameters keep their names, meaning
    and defaults.
    One minibatch step costs 6 n_weights operations a row; memory is the rows (up to a budget) and
    three to five times the weights.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, default='squared_error'
        'poisson' needs y >= 0 and predicts exp of the output layer.
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer, each at least 1.
    activation : str or sequence of str, default='relu'
        Of all hidden layers, or one for each: 'identity', 'logistic', 'tanh', 'relu', 'leaky_relu',
        'elu', 'selu', 'softplus', 'gelu', 'silu'.
    solver : str or optimiser, default='adam'
        'sgd' (with ``momentum`` and ``nesterovs_momentum``), 'momentum', 'nesterov', 'adagrad',
        'rmsprop', 'adam'; on all rows at once 'lbfgs', 'cg'; or an object of :mod:`deepen.engine`
        such as ``RMSprop(learning_rate=0.001, decay=0.9)``.
    alpha : float, default=0.0001
        Strength of the L2 penalty, divided by the rows of a batch like the loss.
    batch_size : int, 'auto' or 'full', default='auto'
        Rows of a minibatch; 'auto' is min(200, n_samples), 1 is single-row training.
    learning_rate : str or schedule, default='constant'
        'constant', 'invscaling', 'adaptive' (these two are for 'sgd' and its kin, as in scikit-learn),
        'step', 'inverse', 'exponential', 'cosine', or a schedule object of :mod:`deepen.engine`.
    learning_rate_init : float, default=0.001
        First learning rate, positive.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    max_iter : int, default=200
        Most epochs, or iterations of 'lbfgs' and 'cg'.
    shuffle : bool, default=True
        Take the rows in a new order every epoch.
    random_state : int, RandomState or None, default=None
        Seed of weights, split, order, dropout, noise and augmentation.
    tol : float, default=0.0001
        Least improvement of the training loss, or of the validation score, that counts; for 'lbfgs'
        and 'cg' the largest gradient component at which they stop.
    verbose : bool, default=False
        Print each epoch's loss.
    warm_start : bool, default=False
        Go on from the weights of the previous fit.
    momentum : float, default=0.9
        Of 'sgd', 'momentum' and 'nesterov', in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether 'sgd' looks ahead.
    early_stopping : bool, default=False
        Hold out ``validation_fraction`` of the rows (stratified), stop when their score no longer
        rises, and restore the best weights. Not needed when ``fit`` is given X_val and y_val.
    validation_fraction : float, default=0.1
        Share of the rows held out, in [0, 1).
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay of adam's two means, in [0, 1).
    epsilon : float, default=1e-8
        Of adam and rmsprop, outside the root.
    n_iter_no_change : int, default=10
        Epochs in a row without improvement that are borne.
    max_fun : int, default=15000
        Most evaluations of 'lbfgs'.
    l1 : float, default=0.0
        Strength of the L1 penalty, scaled like ``alpha``; gives exact zeros.
    max_norm : float or None, default=None
        Largest Euclidean norm of the weights into one unit, kept by projection after each step. With
        'adagrad', 'rmsprop' and 'adam', whose steps have another metric, this is the usual heuristic;
        with 'sgd' and its kin it finds the constrained optimum.
    dropout, input_dropout : float, default=0.0
        Probability that a hidden unit, or an input, is dropped while training, in [0, 1).
    noise : float, default=0.0
        Standard deviation of Gaussian noise on the inputs while training.
    augment : callable or None, default=None
        Function ``(X, key) -> X`` of a minibatch and a JAX key, applied while training, such as
        :class:`deepen.functions.augmentation.Shift`.
    unlabeled : scalar or None, default=None
        Value of y that marks a row without a target, such as -1 or ``numpy.nan``; such rows are left
        out of supervised training, and used by ``pretrainer``.
    gradient_tol : float or None, default=None
        Stop when no component of an epoch's mean gradient is larger ('lbfgs' and 'cg' have ``tol``).
    callbacks : sequence of callables or None, default=None
        Called with a :class:`deepen.engine.Event` after each epoch; True stops the fit.
    checkpoint : path, Checkpoint or None, default=None
        File that keeps the run's state; a fit that finds it goes on from there. Needs an int
        ``random_state``.
    init : {'glorot', 'he'}, default='glorot'
        How the weights start: scikit-learn's draws, or He's, which keep the scale of signals through
        many layers of rectifiers.
    centered : bool, default=False
        Train as on rows relative to their mean; coefs_ and intercepts_ are those for X itself. For
        inputs that are bright everywhere, as photographs in [0, 1] are, with which rectifiers die and
        logistic units saturate. A fit that goes on from an earlier one keeps what that one had.
    pretrainer : estimator, list of them, 'rbm', 'autoencoder' or None, default=None
        Trains the hidden layers one after the other, each on what the one below makes of the rows,
        before the whole network is trained: a restricted Boltzmann machine or an autoencoder, or one
        for each layer. Copies are fitted, their number of units is the layer's; a fitted one inside
        scikit-learn's ``FrozenEstimator`` is taken as it is. 'rbm' stands for
        :class:`BernoulliRBM`, or :class:`GaussianRBM` below where values leave [0, 1]; 'autoencoder'
        for a denoising one. All rows count alike, also those without a target, but none held out.
        RBMs train logistic units: set ``activation='logistic'``.
    precision : {'bfloat16'} or None, default=None
        'bfloat16' rounds the factors of the products with the weights while training, which a GPU
        with matrix units does several times faster, and a CPU does not; the rest stays float32, as
        does prediction. Of float32 rows and stochastic solvers alone.

    Attributes
    ----------
    coefs_ : list of arrays of shape (n_in, n_out)
    intercepts_ : list of arrays of shape (n_out,)
    loss_, best_loss_ : float
        Last and smallest training loss; ``best_loss_`` is None with a validation set.
    loss_curve_ : list of float
        Mean training loss of each epoch, penalties included.
    validation_scores_ : list of float or None
        R^2 on the held-out rows after each epoch.
    best_validation_score_ : float or None
    history_ : dict of lists
        'loss', 'learning_rate' and, with held-out rows, 'validation_score' and 'validation_loss', one
        entry for each epoch of the last fit.
    stop_reason_ : str
    n_iter_ : int
        Epochs run.
    t_ : int
        Rows seen.
    offset_ : array of shape (n_features,)
        Weighted mean of the rows of the fit, or of the first ``partial_fit``, where ``centered``.
    pretrainers_ : list of estimators
        The fitted copies of ``pretrainer``, where there is one.
    n_layers_, n_outputs_ : int
    out_activation_ : str
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X has names.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, chapter 5. Glorot and Bengio (2010),
    Understanding the difficulty of training deep feedforward neural networks, eq. 16. Srivastava,
    Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), Dropout, JMLR 15. Where we differ from
    scikit-learn: a short last batch takes a proportionally short step, the reported loss of several
    targets is their sum, as in the cost that is descended (scikit-learn reports the mean), and a
    diverging loss raises.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from deepen.neural_network import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, scaled=True)
    >>> network = MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", alpha=1.0, max_iter=50,
    ...                        tol=0.1, random_state=0).fit(X * 20, (y - y.mean()) / y.std())
    >>> network.predict(X[:3] * 20).shape
    (3,)
    """

    _parameter_constraints = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        l1: float = 0.0,
        max_norm: float | None = None,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        noise: float = 0.0,
        augment: Any = None,
        unlabeled: Any = None,
        gradient_tol: float | None = None,
        callbacks: Any = None,
        checkpoint: Any = None,
        init: str = "glorot",
        centered: bool = False,
        pretrainer: Any = None,
        precision: str | None = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.l1 = l1
        self.max_norm = max_norm
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.noise = noise
        self.augment = augment
        self.unlabeled = unlabeled
        self.gradient_tol = gradient_tol
        self.callbacks = callbacks
        self.checkpoint = checkpoint
        self.init = init
        self.centered = centered
        self.pretrainer = pretrainer
        self.precision = precision

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MLPRegressor:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        X_val, y_val, sample_weight_val : as X, y and sample_weight, default=None
            Rows to stop on; the weights that score best on them are kept.

        Returns
        -------
        self : MLPRegressor

        Raises
        ------
        ValueError
            For wrong parameters or shapes, and where the loss diverges.
        """
        self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    @available_if(has_minibatches)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """One epoch over the given rows, from the present weights.

        Parameters
        ----------
        X, y, sample_weight : as in ``fit``

        Returns
        -------
        self : MLPRegressor
        """
        self._fit(X, y, sample_weight, incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """Predicted value of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        outputs = self._outputs(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _validate_input(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, reset: bool
    ) -> tuple[Any, Array, Array | None]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError("loss='poisson' needs y >= 0, but y has negative values.")
        y = y.astype(X.dtype, copy=False).reshape(len(y), -1)
        return X, y, self._check_weight(sample_weight, X)

    def _n_outputs(self, y: Array) -> int:
        return y.shape[1]

    def _output_activation(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def _loss(self) -> str:
        return self.loss

    def _stratify(self, y: Array, fraction: float) -> None:
        return None

    def _held_out_score(self, outputs: Array, y: Array, weights: Array | None) -> float:
        found = OUTPUT_ACTIVATIONS[self.out_activation_](outputs)
        return float(r2_score(y, found, sample_weight=weights))

"""The deep belief network as a model of the rows: what a row may look like, and how likely one is.

    greedy    a restricted Boltzmann machine on the rows, another on its features, ...; the last one is
              the top, with the classes' units beside its visible ones where asked
    up-down   all layers together, by wake and sleep       (:mod:`deepen.layers.wake_sleep`)
    sample    Gibbs steps of the top, then down once; of one class with its unit clamped

(Hinton, Osindero and Teh 2006, "A fast learning algorithm for deep belief nets",
doi:10.1162/neco.2006.18.7.1527.) The mathematics is in :mod:`deepen.functions.belief_network`; for a
network that predicts see :class:`deepen.neural_network.DBNClassifier`.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from deepen.base import check_parameters, labelled_rows
from deepen.functions.activations import logistic
from deepen.neural_network._belief_training import train_greedily, train_together
from deepen.neural_network._log_partition import LogPartition
from deepen.neural_network._network_run import NETWORK_CONSTRAINTS
from deepen.neural_network.rbm import BernoulliRBM
from deepen.neural_network.rbm_classifier import RBMClassifier
from deepen.solvers import is_deterministic

Array = NDArray[Any]
FLOATS = (np.float64, np.float32)
BURN_IN = 1000  # Gibbs steps of the top machine
N_DRAWS = 10  # of the bound, whose mean they are


def _has_classes(network: DeepBeliefNetwork) -> bool:
    if network.label_units:
        return True
    raise AttributeError("label_units=False: this network has no classes to tell apart.")


class DeepBeliefNetwork(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Deep belief network: a generative model of binary, or of standardised, rows.

    Training costs what its machines cost, one after another; a wake-sleep epoch about what an epoch
    of all of them costs together.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(500, 500)
        Units of each hidden layer, at least two layers; the last two are the top machine.
    pretrainer : 'rbm', estimator or list of them, default='rbm'
        Restricted Boltzmann machines for the layers, as in :class:`MLPClassifier`; a list has one for
        each layer, without the top one where that has label units. Only the first may be Gaussian.
        Fitted ones in scikit-learn's ``FrozenEstimator`` are taken as they are.
    label_units : bool, default=False
        Whether the top machine learns y too. Without it y is ignored.
    label_machine : RBMClassifier or None, default=None
        The top machine with label units; None is a generative one of 100 epochs. Its n_components,
        unlabeled and random_state are the network's.
    wake_sleep_iter : int, default=0
        Epochs of the up-down algorithm after the greedy training.
    n_steps : int, default=3
        Gibbs steps of the top machine in it.
    solver, learning_rate, learning_rate_init, momentum, batch_size, shuffle
        Of the up-down algorithm, as in :class:`MLPClassifier`.
    unlabeled : scalar or None, default=None
        Value of y that marks a row without a class.
    random_state : int, RandomState or None, default=None
    verbose : bool, default=False
    callbacks : sequence of callables or None, default=None
        Called with a :class:`deepen.engine.Event` after each epoch of the up-down algorithm.

    Attributes
    ----------
    machines_ : list of fitted machines, as the greedy training left them
    top_ : fitted BernoulliRBM or RBMClassifier, the top machine
    recognition_coefs_, recognition_intercepts_ : lists of arrays, (n_below, n_above) and (n_above,)
    generative_coefs_, generative_intercepts_ : lists of arrays, (n_above, n_below) and (n_below,)
    variances_ : ndarray of shape (n_features,) of normal visible units; None of binary ones
    classes_ : ndarray of shape (n_classes,), with label units
    history_ : dict of lists
        'loss' of the up-down epochs, in nats, and 'learning_rate'.
    n_iter_ : int, epochs of the up-down algorithm
    n_features_in_, feature_names_in_

    References
    ----------
    Hinton, Osindero and Teh 2006, doi:10.1162/neco.2006.18.7.1527.
    Salakhutdinov and Murray 2008, "On the quantitative analysis of deep belief networks",
    doi:10.1145/1390156.1390266.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from deepen.neural_network import DeepBeliefNetwork
    >>> X, y = load_digits(return_X_y=True)
    >>> network = DeepBeliefNetwork((64, 32), label_units=True, random_state=0).fit(X / 16 > 0.5, y)
    >>> network.sample(3, label=7, random_state=0).shape
    (3, 64)
    """

    _parameter_constraints: dict[str, Any] = {
        **{
            name: NETWORK_CONSTRAINTS[name]
            for name in (
                *("hidden_layer_sizes", "solver", "learning_rate", "learning_rate_init"),
                *("momentum", "batch_size", "shuffle", "random_state", "verbose", "callbacks"),
            )
        },
        "pretrainer": [StrOptions({"rbm"}), HasMethods(["fit", "transform"]), list, tuple],
        "label_units": ["boolean"],
        "label_machine": [HasMethods(["fit", "predict_proba"]), None],
        "wake_sleep_iter": [Interval(numbers.Integral, 0, None, closed="left")],
        "n_steps": [Interval(numbers.Integral, 1, None, closed="left")],
        "unlabeled": "no_validation",
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (500, 500),
        *,
        pretrainer: Any = "rbm",
        label_units: bool = False,
        label_machine: Any = None,
        wake_sleep_iter: int = 0,
        n_steps: int = 3,
        solver: Any = "sgd",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.01,
        momentum: float = 0.9,
        batch_size: int | str = "auto",
        shuffle: bool = True,
        unlabeled: Any = None,
        random_state: Any = None,
        verbose: bool = False,
        callbacks: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.pretrainer = pretrainer
        self.label_units = label_units
        self.label_machine = label_machine
        self.wake_sleep_iter = wake_sleep_iter
        self.n_steps = n_steps
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.unlabeled = unlabeled
        self.random_state = random_state
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(self, X: Any, y: Any = None) -> DeepBeliefNetwork:
        """Train the layers one after another, then together for ``wake_sleep_iter`` epochs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Zeros and ones, probabilities in [0, 1], or standardised numbers.
        y : array-like of shape (n_samples,), default=None
            Classes, for label units; ignored without them.

        Returns
        -------
        self : DeepBeliefNetwork

        Raises
        ------
        ValueError
            For wrong parameters or shapes, and where the parameters diverge.
        """
        check_parameters(self)
        sizes = [int(size) for size in np.atleast_1d(self.hidden_layer_sizes)]
        if len(sizes) < 2:
            raise ValueError(
                f"hidden_layer_sizes must name at least two layers, got {self.hidden_layer_sizes!r};"
                " with one layer it is a restricted Boltzmann machine: use BernoulliRBM."
            )
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, ensure_min_samples=2)
        y = self._checked_classes(X, y)
        if self.wake_sleep_iter and is_deterministic(self.solver):
            raise ValueError(
                f"solver={self.solver!r} needs a cost without randomness; wake-sleep draws every"
                " state. Use a stochastic solver, such as 'sgd'."
            )
        rng = check_random_state(self.random_state)
        classes = train_greedily(self, X, y, sizes, rng)
        self.history_: dict[str, list[float]] = {"loss": [], "learning_rate": []}
        self.n_iter_ = 0
        if self.wake_sleep_iter:
            train_together(self, X, classes, rng)
        return self

    def transform(self, X: Any, layer: int | None = None) -> Array:
        """Mean of a hidden layer's units, by the recognition weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        layer : int, default=None
            1 for the lowest hidden layer; None for the topmost.

        Returns
        -------
        h : ndarray of shape (n_samples, n_units)
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        n_below = len(self.recognition_coefs_)
        layer = n_below + 1 if layer is None else layer
        if not 1 <= layer <= n_below + 1:
            raise ValueError(f"layer must be from 1 to {n_below + 1}, got {layer!r}.")
        h = self._features(X, min(layer, n_below))
        if layer <= n_below:
            return h
        if not self.label_units:
            return self.top_.transform(h)
        p = self.top_.predict_proba(h)  # the class is not known: h given each, weighted
        z = h @ self.top_.components_.T + self.top_.intercept_hidden_[None, :]
        per_class = (logistic(z + U[None, :]) for U in self.top_.class_components_.T)
        return sum(p[:, [k]] * mean for k, mean in enumerate(per_class))

    @available_if(_has_classes)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """Probability of each class given the features below the top machine.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        P : ndarray of shape (n_samples, n_classes)
        """
        return self.top_.predict_proba(self.transform(X, len(self.recognition_coefs_)))

    @available_if(_has_classes)  # type: ignore[untyped-decorator]
    def predict(self, X: Any) -> Array:
        """Most probable class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def sample(
        self,
        n_samples: int = 1,
        n_steps: int = BURN_IN,
        label: Any = None,
        random_state: Any = None,
    ) -> Array:
        """Rows that the network makes up, from one chain each.

        Parameters
        ----------
        n_samples : int, default=1
        n_steps : int, default=1000
            Gibbs steps of the top machine.
        label : one of ``classes_``, default=None
            The class of all samples, with label units; None leaves it free.
        random_state : int, RandomState or None, default=None

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Probabilities of binary units given the layer above; draws of normal ones.
        """
        from deepen.functions import belief_network

        check_is_fitted(self)
        rng = check_random_state(random_state)
        n_units = len(self.recognition_intercepts_[-1])
        x = (rng.uniform(size=(n_samples, n_units)) < 0.5).astype(self._dtype)
        one_hot = None if label is None else self._one_hot(label, n_samples)
        return self._compute(
            lambda params, key: belief_network.sample(params, x, one_hot, key, n_steps), rng
        )

    def log_partition_function(
        self, method: str = "exact", X: Any = None, **options: Any
    ) -> LogPartition:
        """Logarithm of the top machine's partition function, in nats.

        Parameters
        ----------
        method, **options
            As in :meth:`BernoulliRBM.log_partition_function`; with label units, one estimate for
            each class, whose sum it is.
        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            Rows of the training, from whose features annealing had better set out.

        Returns
        -------
        log_z : LogPartition, (value, standard_error)
        """
        check_is_fitted(self)
        features = None if X is None else self.transform(X, len(self.recognition_coefs_))
        if not self.label_units:
            return self.top_.log_partition_function(method, features, **options)
        # Z = sum_y exp(d_y) Z_y, with Z_y that of the machine whose hidden biases are b + U_y; each
        # has draws of its own, so that their errors are independent.
        options["random_state"] = check_random_state(options.get("random_state"))
        each = [
            _machine_of_class(self.top_, k).log_partition_function(method, features, **options)
            for k in range(len(self.classes_))
        ]
        values, errors = np.transpose(each)
        terms = values + np.asarray(self.top_.intercept_class_, np.float64)
        log_z = logsumexp(terms)
        return LogPartition(float(log_z), float(np.linalg.norm(np.exp(terms - log_z) * errors)))

    def log_likelihood_bound(
        self,
        X: Any,
        log_z: LogPartition | float | None = None,
        *,
        n_draws: int = N_DRAWS,
        random_state: Any = None,
    ) -> Array:
        """Estimate of a lower bound on the log-likelihood log p(v) of each row, in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Zeros and ones where the visible units are binary; for values between them it is a
            cross-entropy, no log-likelihood.
        log_z : LogPartition or float, default=None
            From ``log_partition_function``; by default the exact one. An estimate that is too low
            makes the bound too high by as much: see to its standard error.
        n_draws : int, default=10
            Draws of the hidden layers that the bound is averaged over. A single row's mean may lie
            above the bound by the noise of so few; the mean of many rows hardly does.
        random_state : int, RandomState or None, default=None

        Returns
        -------
        bound : ndarray of shape (n_samples,)
        """
        from deepen.functions import belief_network

        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        if n_draws < 1:
            raise ValueError(f"n_draws must be at least 1, got {n_draws!r}.")
        log_z = self.log_partition_function() if log_z is None else log_z
        log_z = log_z.value if isinstance(log_z, LogPartition) else log_z
        rng = check_random_state(random_state)
        total = np.zeros(len(X))
        for _ in range(n_draws):
            total += self._compute(
                lambda params, key: belief_network.bound_sample(params, X, key), rng
            )
        return total / n_draws - log_z

    def _checked_classes(self, X: Any, y: Any) -> Any:
        """Classes of the rows, before hours of training find fault with them; None without label units."""
        if not self.label_units:
            return None
        if y is None:
            raise ValueError("label_units=True needs y; pass the classes, or set it to False.")
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        known = y if self.unlabeled is None else y[labelled_rows(y, self.unlabeled)]
        known = np.array(
            known.tolist()
        )  # of their own type, as if the marked rows had not been there
        check_classification_targets(known)
        if len(np.unique(known)) < 2:
            raise ValueError(
                "DeepBeliefNetwork with label_units=True needs samples of at least 2 classes in the"
                f" data, but the data contains only one class: {known[0]!r}"
            )
        return y

    def _features(self, X: Any, n_layers: int) -> Array:
        h = X
        for W, b in zip(
            self.recognition_coefs_[:n_layers], self.recognition_intercepts_[:n_layers], strict=True
        ):
            h = logistic(h @ W + b[None, :])
        return h

    def _one_hot(self, label: Any, n_samples: int) -> Array:
        if not self.label_units:
            raise ValueError("label needs a network with label_units=True, fitted with y.")
        found = np.flatnonzero(self.classes_ == label)
        if not len(found):
            raise ValueError(f"label must be one of {self.classes_.tolist()}, got {label!r}.")
        one_hot = np.zeros((n_samples, len(self.classes_)), self._dtype)
        one_hot[:, found[0]] = 1
        return one_hot

    @property
    def _dtype(self) -> Any:
        return self.recognition_coefs_[0].dtype

    def _params(self) -> Any:
        """Fitted parameters for the functions of the network."""
        from deepen.functions.belief_network import Layer, Params

        recognition = zip(self.recognition_coefs_, self.recognition_intercepts_, strict=True)
        generative = zip(self.generative_coefs_, self.generative_intercepts_, strict=True)
        return Params(
            tuple(Layer(*pair) for pair in recognition),
            tuple(Layer(*pair) for pair in generative),
            self.top_._params(),
            None if self.variances_ is None else np.log(self.variances_),
        )

    def _compute(self, function: Any, rng: np.random.RandomState) -> Any:
        """What a function of parameters and key answers, as NumPy arrays."""
        import jax

        from deepen.engine.devices import computing, to_numpy

        with computing(self._dtype):
            key = jax.random.key(rng.randint(np.iinfo(np.int32).max))
            return to_numpy(function(self._params(), key))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _machine_of_class(top: RBMClassifier, k: int) -> BernoulliRBM:
    """The machine of one class: its hidden biases hold the class unit's weights."""
    machine = BernoulliRBM(len(top.components_))
    machine.components_, machine.intercept_visible_ = top.components_, top.intercept_visible_
    machine.intercept_hidden_ = top.intercept_hidden_ + top.class_components_[:, k]
    machine.n_features_in_ = top.n_features_in_
    return machine

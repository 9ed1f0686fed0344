"""Restricted Boltzmann machine with binary visible units.

    p(v, h) = exp(a'v + b'h + v'W h) / Z,    v, h binary
    W <- W + eta (<v h'>_data - <v h'>_model),    a and b likewise

(Smolensky 1986; Hinton 2012), by default with persistent chains (Tieleman 2008) and the centred gradient
(Montavon and Mueller 2012). The equations are in :mod:`deepen.functions.bernoulli_energy` and
:mod:`deepen.layers.contrastive`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from deepen.functions import bernoulli_energy
from deepen.neural_network._base_rbm import BaseRBM

Array = NDArray[Any]
CHUNK_VALUES = 1 << 21  # of the log-odds that a pseudo-likelihood looks at together


class BernoulliRBM(BaseRBM):
    """Restricted Boltzmann machine: binary features of binary data, and a model of the data.

    scikit-learn's parameters, methods and attributes keep their names and meaning. Beside them stand
    the centred gradient (the default: it does not depend on which value of a unit is called 1, and
    starts from visible biases at the data's log-odds), other algorithms than persistent contrastive
    divergence, solvers, penalties, and checkpoints. An epoch takes five products of
    (batch_size, n_features) by (n_features, n_components) a batch, and 2 n_steps - 2 more.

    Parameters
    ----------
    n_components : int, default=256
        Hidden units.
    learning_rate : float or schedule, default=0.1
        Rate of a step along the mean gradient of a batch, or a schedule such as ``Step(0.1, every=10)``.
    batch_size : int, default=10
        Rows per step. The last, short batch of an epoch takes a proportionally short step.
    n_iter : int, default=10
        Epochs.
    verbose : int, default=0
        Whether to print the pseudo-likelihood of the first rows after every epoch.
    random_state : int, RandomState or None, default=None
    algorithm : {'pcd', 'cd', 'fpcd', 'pt', 'exact'}, default='pcd'
        Where the gradient's samples come from: persistent chains, chains that start at the batch,
        persistent chains with fast weights, parallel tempering; 'exact' sums over all states, for 25
        units at most in one of the layers.
    n_steps : int, default=1
        Gibbs steps of each chain per batch (the k of CD-k).
    n_chains : int, default=None
        Persistent chains; as many as ``batch_size`` by default.
    n_temperatures : int, default=10
        Inverse temperatures from 0 to 1, of 'pt'.
    centered : bool or 'visible', default=True
        Follow the centred gradient, or with 'visible' the one that is centred by the visible units
        alone (Tang and Sutskever 2011): the model of the data is less good, but hidden units are off
        for most rows, and a classifier that starts from them errs less. Not with 'adagrad', 'rmsprop'
        and 'adam': they rescale every parameter by itself, after which the centred gradient is no
        descent.
    solver : str or optimiser, default='sgd'
        'sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', or an optimiser of
        :mod:`deepen.engine`.
    momentum : float, default=0.0
        Of 'sgd', 'momentum' and 'nesterov', in [0, 1).
    alpha, l1 : float, default=0.0
        Strengths of alpha/2 ||W||^2 and l1 |W|, beside the mean negative log-likelihood of a row.
    max_norm : float, default=None
        Largest Euclidean norm of the weights into one hidden unit.
    sparsity_target : float, default=None
        Wished mean probability of a hidden unit, in (0, 1).
    sparsity_cost : float, default=0.1
        Strength of the wish, in nats per unit of cross-entropy.
    binarize : bool, default=False
        Draw each row anew, with its values in [0, 1] as probabilities, whenever it is visited; by
        default the values themselves stand in the place of the bits.
    shuffle : bool, default=True
        Take the rows in a new order in every epoch.
    callbacks : list of callables, default=None
        Called with the figures of each epoch; True stops. See :mod:`deepen.engine.callbacks`.
    checkpoint : path or Checkpoint, default=None
        File from which an interrupted fit goes on, bit for bit; needs an int ``random_state``.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        W'.
    intercept_visible_, intercept_hidden_ : ndarrays of shape (n_features,) and (n_components,)
        a and b.
    h_samples_ : ndarray of shape (n_chains, n_components), or None without persistent chains
    history_ : dict of lists
        ``loss``: the difference of mean free energies between data and samples, per epoch.
    n_iter_ : int
        Epochs, or steps of ``partial_fit``, seen.
    n_features_in_, feature_names_in_

    References
    ----------
    Hinton 2012, doi:10.1007/978-3-642-35289-8_32. Tieleman 2008, doi:10.1145/1390156.1390290.
    Melchior, Fischer and Wiskott 2016, "How to center deep Boltzmann machines", JMLR 17(99).
    Tang and Sutskever 2011, "Data normalization in the learning of restricted Boltzmann machines",
    University of Toronto, UTML-TR 11-002.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.neural_network import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> model = BernoulliRBM(n_components=2, batch_size=4, random_state=0).fit(X)
    >>> model.transform(X).shape
    (4, 2)
    """

    _energy = bernoulli_energy
    _units = "bernoulli"
    _score_name = "pseudo-likelihood"
    _parameter_constraints = {**BaseRBM._parameter_constraints, "binarize": ["boolean"]}

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: Any = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
        algorithm: str = "pcd",
        n_steps: int = 1,
        n_chains: int | None = None,
        n_temperatures: int = 10,
        centered: bool | str = True,
        solver: Any = "sgd",
        momentum: float = 0.0,
        alpha: float = 0.0,
        l1: float = 0.0,
        max_norm: float | None = None,
        sparsity_target: float | None = None,
        sparsity_cost: float = 0.1,
        binarize: bool = False,
        shuffle: bool = True,
        callbacks: Any = None,
        checkpoint: Any = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.algorithm = algorithm
        self.n_steps = n_steps
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.centered = centered
        self.solver = solver
        self.momentum = momentum
        self.alpha = alpha
        self.l1 = l1
        self.max_norm = max_norm
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.binarize = binarize
        self.shuffle = shuffle
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    def score_samples(self, X: Any) -> Array:
        """Pseudo-likelihood of each row: sum_i log p(v_i | all other units of v), in nats.

        All units are looked at, without a draw. For values between 0 and 1 the i-th term compares v
        with the row whose i-th value is 1 - v_i.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        pseudo_likelihood : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self._scores(self._params(), self._validate_rows(X, reset=False))

    def _scores(self, params: Any, X: Any) -> Array:
        chunks = (pseudo_likelihood(params, rows) for rows in self._chunks(params, X))
        return np.concatenate(list(chunks))

    def _sample_visibles(self, h: Array, rng: np.random.RandomState) -> Array:
        mean = bernoulli_energy.visible_mean(self._params(), h)
        return rng.uniform(size=mean.shape) < mean

    def _params(self) -> bernoulli_energy.Params:
        weights = self.components_.T
        return bernoulli_energy.Params(weights, self.intercept_visible_, self.intercept_hidden_)

    def _training_rows(self, X: Any, reset: bool) -> Any:
        X = super()._training_rows(X, reset)
        if X.shape[0] and (X.min() < 0 or X.max() > 1):
            warnings.warn(
                f"X has values outside [0, 1] (from {X.min():g} to {X.max():g}), which binary units"
                " cannot take. Scale X with MinMaxScaler, or use GaussianRBM.",
                UserWarning,
                stacklevel=3,
            )
        return X


def pseudo_likelihood(params: bernoulli_energy.Params, v: Array) -> Array:
    """Sum over i of log sigma(F(v with v_i flipped) - F(v)), (n, n_visible) -> (n,).

    A flip moves the hidden log-odds z by (1 - 2 v_i) W_i alone, so that no energy is computed anew.
    """
    n_visible = len(params.weights)
    z = bernoulli_energy.hidden_logits(params, v)
    sum_of_softplus = bernoulli_energy.softplus(z).sum(axis=1)
    score = np.zeros_like(sum_of_softplus)
    n_together = max(1, CHUNK_VALUES // z.size)
    for start in range(0, n_visible, n_together):
        units = slice(start, start + n_together)
        change = 1 - 2 * v[:, units]  # (n, n_together)
        moved = z[:, None, :] + change[:, :, None] * params.weights[units]
        gain = bernoulli_energy.softplus(moved).sum(axis=2) - sum_of_softplus[:, None]
        # F(flipped) - F = -a_i (1 - 2 v_i) - gain
        rise = -(change * params.visible_bias[units] + gain)
        score -= bernoulli_energy.softplus(-rise).sum(axis=1)
    return score

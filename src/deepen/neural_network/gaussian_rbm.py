"""Restricted Boltzmann machine with real visible units.

    p(v, h) = exp(-sum_i (v_i - a_i)^2 / (2 s_i^2) + b'h + (v / s^2)'W h) / Z,    h binary
    p(v | h) = N(a + W h, diag s^2)

(Hinton and Salakhutdinov 2006; Cho, Ilin and Raiko 2011), trained like the machine with binary units.
The equations are in :mod:`deepen.functions.gaussian_energy` and :mod:`deepen.layers.contrastive`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from deepen.functions import gaussian_energy
from deepen.functions.moments import column_variances
from deepen.neural_network._base_rbm import BaseRBM
from deepen.neural_network._rbm_training import Machine

Array = NDArray[Any]
LEAST_SHARE = 0.01  # of the variance that a column starts from


class GaussianRBM(BaseRBM):
    """Restricted Boltzmann machine: binary features of real data, and a density of the data.

    Each state of the hidden units is one Gaussian with the mean a + W h; the machine is a mixture of
    2^n_components of them. The steps are those of columns divided by their deviations, so that the
    scale of a column does not matter; with the penalties and 'adam' it does: standardise then.

    A learnt variance stops at a hundredth of the one that it starts from, the column's own (of a
    constant column, the mean of all). Without a bound the density at a column of few different values
    grows for ever (Hathaway 1985); and a step changes a hidden unit's log-odds by about rate v^2 / s^2,
    which at the bound and the default rate is 1: the most that still is a small step.

    Parameters
    ----------
    n_components : int, default=256
    learning_rate : float or schedule, default=0.01
        Smaller than for binary units, whose values are bounded.
    learn_variance : bool, default=False
        Learn the logarithms of the variances s^2; by default they stay at the columns' own.
    batch_size, n_iter, verbose, random_state, algorithm, n_steps, n_chains, n_temperatures, centered
        As in :class:`deepen.neural_network.BernoulliRBM`.
    solver, momentum, alpha, l1, max_norm, sparsity_target, sparsity_cost
        As in :class:`deepen.neural_network.BernoulliRBM`.
    shuffle, callbacks, checkpoint
        As in :class:`deepen.neural_network.BernoulliRBM`.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        W'.
    intercept_visible_, intercept_hidden_ : ndarrays of shape (n_features,) and (n_components,)
        a and b.
    variances_ : ndarray of shape (n_features,)
        s^2, in the squared units of the columns.
    least_variances_ : ndarray of shape (n_features,)
        What learnt variances never fall below.
    h_samples_, history_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`deepen.neural_network.BernoulliRBM`.

    References
    ----------
    Cho, Ilin and Raiko 2011, doi:10.1007/978-3-642-21735-7_2. Hathaway 1985, "A constrained formulation
    of maximum-likelihood estimation for normal mixture distributions", doi:10.1214/aos/1176349557.

    Examples
    --------
    >>> import numpy as np
    >>> from deepen.neural_network import GaussianRBM
    >>> X = np.random.RandomState(0).standard_normal((50, 3))
    >>> model = GaussianRBM(n_components=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (50, 2)
    """

    _energy = gaussian_energy
    _units = "gaussian"
    _score_name = "negative free energy"
    _parameter_constraints = {**BaseRBM._parameter_constraints, "learn_variance": ["boolean"]}

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: Any = 0.01,
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
        learn_variance: bool = False,
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
        self.learn_variance = learn_variance
        self.shuffle = shuffle
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    def score_samples(self, X: Any) -> Array:
        """Log-density of each row without its normaliser, -F(v), in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self._scores(self._params(), self._validate_rows(X, reset=False))

    def _scores(self, params: Any, X: Any) -> Array:
        chunks = (-gaussian_energy.free_energy(params, rows) for rows in self._chunks(params, X))
        return np.concatenate(list(chunks))

    def _sample_visibles(self, h: Array, rng: np.random.RandomState) -> Array:
        mean = gaussian_energy.visible_mean(self._params(), h)
        noise = rng.standard_normal(mean.shape).astype(mean.dtype)
        return mean + noise * np.sqrt(self.variances_)[None, :]

    def _variance(self, X: Any, mean: Array) -> Array:
        return column_variances(X, mean).astype(X.dtype)

    def _start(self, X: Any, rng: np.random.RandomState) -> Machine:
        machine = super()._start(X, rng)
        self.least_variances_ = LEAST_SHARE * np.exp(machine.params.log_variance)
        return machine

    def _least(self) -> dict[str, Array] | None:
        return {"log_variance": np.log(self.least_variances_)} if self.learn_variance else None

    def _params(self) -> gaussian_energy.Params:
        biases = (self.intercept_visible_, self.intercept_hidden_)
        return gaussian_energy.Params(self.components_.T, *biases, np.log(self.variances_))

    def _keep(self, machine: Any) -> None:
        super()._keep(machine)
        self.variances_ = np.exp(machine.params.log_variance)

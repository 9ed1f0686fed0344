"""What the restricted Boltzmann machines share, whatever their visible units are.

A fit is: validate, draw first parameters, build the contrast, hand it to the engine, keep NumPy arrays.
The mathematics is in :mod:`deepen.functions.bernoulli_energy` and ``gaussian_energy``, the gradient in
:mod:`deepen.layers.contrastive`, the loop in :mod:`deepen.engine`; here are scikit-learn's manners.
"""

from __future__ import annotations

import copy
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from deepen.base import check_parameters
from deepen.functions.moments import column_means
from deepen.neural_network._rbm_inference import RBMInference
from deepen.neural_network._rbm_training import Machine, train

Array = NDArray[Any]

_positive = Interval(numbers.Real, 0, None, closed="neither")
_not_negative = Interval(numbers.Real, 0, None, closed="left")
_count = Interval(numbers.Integral, 1, None, closed="left")


class BaseRBM(RBMInference):
    """Fitting; the subclasses say which energy they have."""

    _parameter_constraints: dict[str, Any] = {
        "n_components": [_count],
        "learning_rate": "no_validation",
        "batch_size": [_count],
        "n_iter": [Interval(numbers.Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "algorithm": [StrOptions({"pcd", "cd", "fpcd", "pt", "exact"})],
        "n_steps": [_count],
        "n_chains": [_count, None],
        "n_temperatures": [Interval(numbers.Integral, 2, None, closed="left")],
        "centered": ["boolean", StrOptions({"visible"})],
        "solver": "no_validation",
        "momentum": [Interval(numbers.Real, 0, 1, closed="left")],
        "alpha": [_not_negative],
        "l1": [_not_negative],
        "max_norm": [_positive, None],
        "sparsity_target": [Interval(numbers.Real, 0, 1, closed="neither"), None],
        "sparsity_cost": [_not_negative],
        "shuffle": ["boolean"],
        "callbacks": ["array-like", None],
        "checkpoint": "no_validation",
    }

    def fit(self, X: Any, y: Any = None) -> Any:
        """Train the machine on the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        self : the fitted machine

        Raises
        ------
        ValueError
            For wrong parameters or shapes, and where the parameters diverge.
        """
        check_parameters(self)
        X = self._training_rows(X, reset=True)
        rng = check_random_state(self.random_state)
        self._keep(train(self, self._start(X, rng), X, rng, n_epochs=self.n_iter))
        self._rng = None
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Any:
        """One step on the given rows, taken as one batch, from the present parameters.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        self : the fitted machine
        """
        check_parameters(self)
        is_first = not hasattr(self, "components_")
        X = self._training_rows(X, reset=is_first)
        rng = self._generator()
        if not is_first:
            X = X.astype(self.components_.dtype, copy=False)
        machine = self._start(X, rng) if is_first else self._machine(X)
        self._keep(train(self, machine, X, rng, n_epochs=1, is_incremental=True))
        return self

    def _training_rows(self, X: Any, reset: bool) -> Any:
        """Rows to learn from, checked; with a warning where the visible units cannot take them."""
        return self._validate_rows(X, reset)

    def _mean(self, X: Any) -> Array:
        """Mean of each column, summed in float64."""
        return column_means(X).astype(X.dtype)

    def _variance(self, X: Any, mean: Array) -> Array | None:
        """Variance of each column, where the visible units have one."""
        return None

    def _least(self) -> dict[str, Array] | None:
        """Lower bounds of parameters by their names, where there are any."""
        return None

    def _start(self, X: Any, rng: np.random.RandomState) -> Machine:
        """A machine that has seen no epoch."""
        mean = self._mean(X)
        variance = self._variance(X, mean)
        n_hidden = int(self.n_components)
        params = self._energy.initialize(rng, mean, variance, X.shape[0], n_hidden)
        return Machine(params, (mean, np.full(n_hidden, 0.5, X.dtype), None, None))

    def _machine(self, X: Any) -> Machine:
        """The machine as the last fit left it; one from a file begins with new means and chains."""
        if getattr(self, "_memory", None) is not None:
            return Machine(self._params(), *copy.deepcopy(self._memory))
        hidden_mean = np.full(len(self.components_), 0.5, X.dtype)
        return Machine(self._params(), (self._mean(X), hidden_mean, None, None))

    def _keep(self, machine: Machine) -> None:
        """Fitted attributes with scikit-learn's names."""
        params, chains = machine.params, machine.state[2]
        self.components_ = params.weights.T
        self.intercept_visible_, self.intercept_hidden_ = params.visible_bias, params.hidden_bias
        # Parallel tempering keeps its chains as visible units.
        self.h_samples_ = None if isinstance(chains, tuple) else chains
        self.history_, self.n_iter_ = machine.history, machine.n_epochs
        self._memory = tuple(machine)[1:]
        self._n_features_out = len(params.hidden_bias)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

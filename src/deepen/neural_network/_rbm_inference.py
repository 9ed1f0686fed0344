"""What a trained restricted Boltzmann machine answers: features, energies, likelihoods, samples.

Features and energies are computed by NumPy; sums over all states and long chains by the compiled
functions of :mod:`deepen.functions.partition`, ``annealing`` and ``sampling``.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from deepen.functions.moments import row_blocks, stacked
from deepen.neural_network._log_partition import LogPartition
from deepen.neural_network._rbm_chains import BURN_IN, chains_at_rows, free_chains

Array = NDArray[Any]
CHUNK_VALUES = 1 << 22  # of rows, or of their hidden units, looked at together: tens of megabytes
FLOATS = (np.float64, np.float32)
AIS_TEMPERATURES = 10_000  # (Salakhutdinov and Murray 2008, section 5)
AIS_CHAINS = 100


class RBMInference(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Questions to fitted parameters; ``_energy`` is the module of their energy."""

    _energy: ModuleType

    def transform(self, X: Any) -> Array:
        """Probability of each hidden unit, p(h = 1 | v).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        h : ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        return self._mean_hiddens(self._validate_rows(X, reset=False))

    def inverse_transform(self, H: Any) -> Array:
        """Mean of the visible units given the hidden ones.

        Parameters
        ----------
        H : array-like of shape (n_samples, n_components)
            States, or their probabilities as ``transform`` gives them.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        H = check_array(H, dtype=self.components_.dtype)
        if H.shape[1] != len(self.components_):
            raise ValueError(
                f"H has {H.shape[1]} columns, but the machine has {len(self.components_)} hidden units."
            )
        return self._energy.visible_mean(self._params(), H)

    def reconstruct(self, X: Any) -> Array:
        """Rows as their features show them: ``inverse_transform(transform(X))``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
        """
        return self.inverse_transform(self.transform(X))

    def free_energy(self, X: Any) -> Array:
        """Free energy F(v) = -log sum_h exp(-E(v, h)) of each row, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        free_energy : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self._free_energy(self._validate_rows(X, reset=False))

    def log_partition_function(
        self,
        method: str = "exact",
        X: Any = None,
        *,
        n_temperatures: int = AIS_TEMPERATURES,
        n_chains: int = AIS_CHAINS,
        random_state: Any = None,
    ) -> LogPartition:
        """Logarithm of the sum over all states, log Z, in nats.

        Parameters
        ----------
        method : {'exact', 'ais', 'reverse_ais'}, default='exact'
            Enumeration, for at most 25 units in the smaller layer (of a Gaussian machine, the hidden
            one); annealed importance sampling, a lower bound in expectation; or reverse annealing
            from samples, an upper bound as far as the chains that draw them have mixed.
        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            Rows of the training: from their means annealing had better set out, and at some of
            them the chains of the reverse had better begin.
        n_temperatures, n_chains : int
            Of the two estimates.
        random_state : int, RandomState or None, default=None

        Returns
        -------
        log_z : LogPartition, (value, standard_error)

        Raises
        ------
        ValueError
            Where there are too many units for 'exact', or for an unknown method.
        """
        from deepen.functions import annealing, partition
        from deepen.functions.tempered_path import base_rates, inverse_temperatures

        check_is_fitted(self)
        params = self._params()
        if method == "exact":
            exact = self._compute(lambda _: partition.exact_log_partition(params))
            return LogPartition(float(exact), 0.0)
        if method not in ("ais", "reverse_ais"):
            raise ValueError(f"method must be 'exact', 'ais' or 'reverse_ais', got {method!r}.")
        if n_chains < 2:
            raise ValueError(f"n_chains must be at least 2, got {n_chains!r}: one has no spread.")
        rng = check_random_state(random_state)
        X = None if X is None else self._validate_rows(X, reset=False)
        path = base_rates(params, X)
        betas = inverse_temperatures(n_temperatures, self.components_.dtype)
        if method == "reverse_ais":
            v = chains_at_rows(self, X, n_chains, rng)

        def estimate(key: Any) -> Any:
            if method == "ais":
                found = annealing.annealed_log_partition(path, key, betas, n_chains)
            else:
                found = annealing.reversed_log_partition(path, v, key, betas)
            return found.value, found.standard_error

        return LogPartition(*map(float, self._compute(estimate, rng)))

    def log_likelihood(self, X: Any, log_z: LogPartition | float | None = None) -> Array:
        """Log-likelihood of each row, log p(v) = -F(v) - log Z, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        log_z : LogPartition or float, default=None
            From ``log_partition_function``; by default the exact one.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
        """
        free_energy = self.free_energy(X)
        log_z = self.log_partition_function() if log_z is None else log_z
        log_z = log_z.value if isinstance(log_z, LogPartition) else log_z
        return (-free_energy.astype(np.float64) - log_z).astype(free_energy.dtype)

    def gibbs(self, v: Any) -> Array:
        """Visible units after one Gibbs step, h ~ p(h | v) and then v ~ p(v | h).

        Parameters
        ----------
        v : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        v_new : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        v, rng = self._validate_rows(v, reset=False), self._generator()
        h = self._sample_hiddens(v, rng).astype(self.components_.dtype)
        return self._sample_visibles(h, rng)

    def sample(
        self,
        n_samples: int = 1,
        n_steps: int = BURN_IN,
        random_state: Any = None,
        *,
        clamped: Any = None,
    ) -> Array:
        """Samples of the machine, from one chain each.

        Parameters
        ----------
        n_samples : int, default=1
        n_steps : int, default=1000
            Gibbs steps from hidden units at random.
        random_state : int, RandomState or None, default=None
        clamped : array-like of shape (n_features,) or (n_samples, n_features), default=None
            Values at which units are held; NaN for those that are drawn given the others.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            For a wrong shape of ``clamped``, no sample, or less than one step.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", numbers.Integral, min_val=1)
        check_scalar(n_steps, "n_steps", numbers.Integral, min_val=1)
        return free_chains(self, n_samples, n_steps, check_random_state(random_state), clamped)

    def inpaint(
        self, X: Any, n_steps: int = BURN_IN, n_burn_in: int = 100, random_state: Any = None
    ) -> Array:
        """Rows with the missing values, NaN, replaced by their means given the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_steps, n_burn_in : int
            Gibbs steps that the means are taken over, and steps before.
        random_state : int, RandomState or None, default=None

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
        """
        from deepen.functions import sampling

        check_is_fitted(self)
        checks = {"dtype": self.components_.dtype, "ensure_all_finite": "allow-nan"}
        X = validate_data(self, X, reset=False, **checks)
        check_scalar(n_steps, "n_steps", numbers.Integral, min_val=1)
        check_scalar(n_burn_in, "n_burn_in", numbers.Integral, min_val=0)
        params, rng = self._params(), check_random_state(random_state)
        return self._compute(lambda key: sampling.inpaint(params, X, key, n_steps, n_burn_in), rng)

    def _compute(
        self, function: Callable[[Any], Any], rng: np.random.RandomState | None = None
    ) -> Any:
        """What a function of a key answers, as NumPy arrays, in the dtype of the parameters."""
        import jax

        from deepen.engine.devices import computing, to_numpy

        with computing(self.components_.dtype):
            key = jax.random.key(0 if rng is None else rng.randint(np.iinfo(np.int32).max))
            return to_numpy(function(key))

    def _mean_hiddens(self, v: Any) -> Array:
        params = self._params()
        if v.ndim == 1:
            return self._energy.hidden_mean(params, v)
        means = (self._energy.hidden_mean(params, rows) for rows in self._chunks(params, v))
        return stacked(means, v.shape[0])

    def _free_energy(self, v: Any) -> Array:
        params = self._params()
        return np.concatenate(
            [self._energy.free_energy(params, rows) for rows in self._chunks(params, v)]
        )

    def _sample_hiddens(self, v: Any, rng: np.random.RandomState) -> Array:
        mean = self._mean_hiddens(v)
        return rng.uniform(size=mean.shape) < mean

    def _sample_visibles(self, h: Array, rng: np.random.RandomState) -> Array:
        raise NotImplementedError

    def _params(self) -> Any:
        """Fitted parameters for the functions of the energy."""
        raise NotImplementedError

    def _generator(self) -> np.random.RandomState:
        """Generator of the draws between two fits."""
        if getattr(self, "_rng", None) is None:
            self._rng = check_random_state(self.random_state)
        return self._rng

    def _chunks(self, params: Any, X: Any) -> Iterator[Any]:
        """Dense rows, few enough at a time, and so their hidden units."""
        n_rows = max(1, CHUNK_VALUES // max(params.weights.shape))
        return row_blocks(X, n_bytes=n_rows * X.shape[1] * X.dtype.itemsize)

    def _validate_rows(self, X: Any, reset: bool) -> Any:
        return validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=reset)

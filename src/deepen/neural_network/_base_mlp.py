"""What the multilayer perceptrons for classes and for numbers share.

A fit is: validate, draw starting weights, build the cost, hand it to the engine, keep NumPy arrays.
The mathematics is in :mod:`deepen.layers`, the loop in :mod:`deepen.engine`; here are scikit-learn's
manners. The random draws and their order are scikit-learn's too, so that the same ``random_state``
starts from the same weights and takes the rows in the same order there and here.
"""

from __future__ import annotations

import copy
import numbers
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from deepen._callbacks_of_sklearn import CallbackSupport, callback_session
from deepen.base import (
    check_held_out,
    check_parameters,
    drop_unlabelled,
    held_out_figures,
    print_epoch,
    warn_not_converged,
)
from deepen.functions.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from deepen.functions.initializers import glorot_uniform
from deepen.layers.feed_forward import Params, forward, hidden
from deepen.solvers import is_deterministic, resolve_solver

Array = NDArray[Any]
CHUNK_ROWS = 4096  # of a prediction: its activations stay within the processor's caches

_positive = Interval(numbers.Real, 0, None, closed="neither")
_not_negative = Interval(numbers.Real, 0, None, closed="left")
_share = Interval(numbers.Real, 0, 1, closed="left")


class BaseMLP(CallbackSupport, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Fitting and transforming; the classifier and the regressor add targets and predictions."""

    _parameter_constraints: dict[str, Any] = {
        "hidden_layer_sizes": ["array-like", Interval(numbers.Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS)), "array-like"],
        "solver": "no_validation",
        "alpha": [_not_negative],
        "batch_size": [
            StrOptions({"auto", "full"}),
            Interval(numbers.Integral, 1, None, closed="left"),
        ],
        "learning_rate": "no_validation",
        "learning_rate_init": [_positive],
        "power_t": [_not_negative],
        "max_iter": [Interval(numbers.Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [_not_negative],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(numbers.Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [_share],
        "beta_1": [_share],
        "beta_2": [_share],
        "epsilon": [_positive],
        "n_iter_no_change": [
            Interval(numbers.Integral, 1, None, closed="left"),
            Options(numbers.Real, {np.inf}),
        ],
        "max_fun": [Interval(numbers.Integral, 1, None, closed="left")],
        "l1": [_not_negative],
        "max_norm": [_positive, None],
        "dropout": [_share],
        "input_dropout": [_share],
        "noise": [_not_negative],
        "augment": [callable, None],
        "unlabeled": "no_validation",
        "gradient_tol": [_not_negative, None],
        "callbacks": ["array-like", HasMethods("__iter__"), None],
        "checkpoint": "no_validation",
    }

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        held_out: tuple[Any, Any, Any] = (None, None, None),
        incremental: bool = False,
    ) -> BaseMLP:
        """Train on X and y; on from the present weights when incremental or warm."""
        check_parameters(self)
        before = dict(vars(self))
        try:
            self._train(X, y, sample_weight, held_out, incremental)
        except BaseException:
            self.__dict__.clear()  # a fit that failed leaves no half-trained network behind
            self.__dict__.update(before)
            raise
        return self

    def _train(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        held_out: tuple[Any, Any, Any],
        incremental: bool,
    ) -> None:
        X, y, sample_weight = drop_unlabelled(self.unlabeled, X, y, sample_weight)
        is_first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        X, y, weights = self._validate_input(X, y, sample_weight, incremental, is_first)
        rng = check_random_state(self.random_state)
        if is_first:
            self._initialize(rng, X, y)
        train, held_out_rows = self._split(X, y, weights, held_out, incremental, rng)
        self._minimize(rng, train, held_out_rows, incremental)

    def _initialize(self, rng: np.random.RandomState, X: Any, y: Array) -> None:
        sizes = np.atleast_1d(np.asarray(self.hidden_layer_sizes)).ravel().tolist()
        if any(size <= 0 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        self.n_outputs_ = self._n_outputs(y)
        units = [X.shape[1], *map(int, sizes), self.n_outputs_]
        self.n_layers_ = len(units)
        self.out_activation_ = self._output_activation()
        coefs, intercepts = glorot_uniform(rng, units, self._activations(len(sizes)), X.dtype)
        self.coefs_, self.intercepts_ = list(coefs), list(intercepts)
        self.t_, self._n_epochs_seen = 0, 0
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None
        self._optimizer_state: tuple[str, list[Array]] | None = None
        self._progress: dict[str, Any] | None = None

    def _activations(self, n_hidden: int) -> tuple[str, ...]:
        """Activation of each hidden layer."""
        if isinstance(self.activation, str):
            return (self.activation,) * n_hidden
        names = tuple(self.activation)
        unknown = [name for name in names if name not in ACTIVATIONS]
        if unknown or len(names) != n_hidden:
            raise ValueError(
                f"activation must be one of {sorted(ACTIVATIONS)}, or one of them for each of the"
                f" {n_hidden} hidden layers, got {self.activation!r}."
            )
        return names

    def _split(
        self,
        X: Any,
        y: Array,
        weights: Array | None,
        held_out: tuple[Any, Any, Any],
        incremental: bool,
        rng: np.random.RandomState,
    ) -> tuple[tuple[Any, Array, Array | None], tuple[Any, Array, Array | None] | None]:
        """Rows to train on, and rows held out for early stopping where there are any."""
        X_val, y_val, weights_val = held_out
        check_held_out(X_val, y_val)
        if X_val is not None:
            rows = drop_unlabelled(self.unlabeled, X_val, y_val, weights_val)
            X_val, y_val, _ = self._validate_input(*rows[:2], None, True, False)
            return (X, y, weights), (X_val, y_val, self._check_weight(rows[2], X_val))
        if not self.early_stopping or is_deterministic(self.solver):
            return (X, y, weights), None
        if incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        arrays = [X, y] if weights is None else [X, y, weights]
        parts = train_test_split(
            *arrays,
            random_state=rng,
            test_size=self.validation_fraction,
            stratify=self._stratify(y, self.validation_fraction),
        )
        if parts[1].shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' "
                "or the size of your dataset."
            )
        parts = [*parts, None, None]
        return (parts[0], parts[2], parts[4]), (parts[1], parts[3], parts[5])

    def _minimize(
        self,
        rng: np.random.RandomState,
        train: tuple[Any, Array, Array | None],
        held_out: tuple[Any, Array, Array | None] | None,
        incremental: bool,
    ) -> None:
        import jax

        from deepen.engine import Batches, Stopping, minimize
        from deepen.engine.stopping import Progress

        X, y, weights = train
        if incremental and self.learning_rate == "cosine":
            raise ValueError(
                "learning_rate='cosine' ends after max_iter epochs, but partial_fit has no end. Use"
                " another schedule, or a Cosine object with n_epochs of its own."
            )
        optimizer = resolve_solver(self)
        objective = self._objective()
        batches = Batches(
            X, y, weights, batch_size=self._batch_size(X.shape[0]), shuffle=self.shuffle, rng=rng
        )
        limits = Stopping(
            max_iter=1 if incremental else int(self.max_iter),
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            gradient_tol=self.gradient_tol,
        )
        progress = Progress(**self._earlier_progress(held_out is not None))
        params = Params(tuple(self.coefs_), tuple(self.intercepts_))
        state = self._earlier_state(optimizer, params) if incremental else None
        with callback_session(self, (X, y), "epoch", params, _attributes) as callbacks:
            run = self._run(objective, batches, limits, held_out, rng, callbacks, incremental)
            result = minimize(
                objective, params, batches, optimizer, run, optimizer_state=state, progress=progress
            )
        self._keep(result, held_out is not None, X.shape[0])
        self._optimizer_state = (
            type(optimizer).__name__,
            jax.tree.leaves(result.optimizer_state),
        )
        if not result.converged and not incremental:
            warn_not_converged(optimizer, result.progress, self.max_iter, stacklevel=6)

    def _earlier_progress(self, has_held_out: bool) -> dict[str, Any]:
        """Best figure and stalls of the fit that this one goes on from, where they compare."""
        before = getattr(self, "_progress", None)
        if has_held_out:  # other rows, another score: the engine judges the weights anew
            return {"best": -np.inf}
        had_held_out = getattr(self, "validation_scores_", None) is not None
        return before if before and not had_held_out else {"best": np.inf}

    def _earlier_state(self, optimizer: Any, params: Params) -> Any:
        """State that the last fit left, or None where its optimiser or weights were others."""
        import jax

        name, leaves = getattr(self, "_optimizer_state", None) or ("", [])
        fresh, structure = jax.tree.flatten(optimizer.init(params, has_l1=bool(self.l1)))
        shapes = [np.shape(leaf) for leaf in fresh]
        if name != type(optimizer).__name__ or shapes != [np.shape(leaf) for leaf in leaves]:
            return None
        return jax.tree.unflatten(structure, leaves)

    def _run(
        self,
        objective: Any,
        batches: Any,
        limits: Any,
        held_out: tuple[Any, Array, Array | None] | None,
        rng: np.random.RandomState,
        callbacks: tuple[Any, ...],
        is_incremental: bool,
    ) -> Any:
        """Penalties, validation, callbacks and checkpoint around the minimisation."""
        from deepen.engine import Checkpoint, Penalty, Run
        from deepen.engine.checkpoints import digest

        # scikit-learn divides alpha by the rows of a batch, as it divides their losses.
        nominal = batches.nominal_weight
        if is_deterministic(self.solver):
            nominal = float(batches.weights.sum(dtype=np.float64))
        penalty = Penalty(
            l2=self.alpha / nominal if self.alpha else None,
            l1=self.l1 / nominal if self.l1 else None,
            max_norm=self.max_norm,
        )
        validate = None
        if held_out is not None:
            validate = held_out_figures(
                self._objective(is_training=False),
                *held_out,
                self._held_out_score,
            )
        checkpoint, identity = self.checkpoint, ""
        if checkpoint is not None:
            if is_incremental:
                raise ValueError("partial_fit takes no checkpoint; its caller holds the state.")
            if not isinstance(self.random_state, numbers.Integral):
                raise ValueError(
                    "checkpoint needs an int random_state, without which a run cannot be resumed,"
                    f" got {self.random_state!r}."
                )
            checkpoint = (
                checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
            )
            own = {k: v for k, v in self.get_params(deep=False).items() if k not in _NOT_IDENTITY}
            start = (self.coefs_, self.intercepts_, self._n_epochs_seen)
            rows = (batches.X, batches.y, batches.weights, held_out)
            identity = digest(repr(sorted(own.items())), repr(resolve_solver(self)), start, rows)
        return Run(
            penalty=penalty,
            stopping=limits,
            validate=validate,
            callbacks=(*self._own_callbacks(), *callbacks),
            checkpoint=checkpoint,
            identity=identity,
            seed=int(rng.randint(np.iinfo(np.int32).max)) if objective.is_random else 0,
            n_rows_seen=self.t_,
            n_epochs_seen=getattr(self, "_n_epochs_seen", 0),
            first_epoch=getattr(self, "_n_epochs_seen", 0) if is_incremental else 0,
        )

    def _objective(self, is_training: bool = True) -> Any:
        """The network's cost; without its random terms for held-out rows."""
        from deepen.layers.cost import NetworkCost, as_augmentation

        terms = {}
        if is_training:
            terms = {
                "input_dropout": self.input_dropout or None,
                "dropout": self.dropout or None,
                "noise": self.noise or None,
                "augment": as_augmentation(self.augment),
            }
        return NetworkCost(self._loss(), self._activations(self.n_layers_ - 2), **terms)

    def _batch_size(self, n_rows: int) -> int:
        if self.batch_size == "full" or is_deterministic(self.solver):
            return n_rows
        if self.batch_size == "auto":
            return min(200, n_rows)
        if self.batch_size > n_rows:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
                UserWarning,
                stacklevel=5,
            )
        return int(np.clip(self.batch_size, 1, n_rows))

    def _own_callbacks(self) -> tuple[Any, ...]:
        callbacks = tuple(self.callbacks or ())
        return (print_epoch, *callbacks) if self.verbose else callbacks

    def _keep(self, result: Any, has_held_out: bool, n_rows: int) -> None:
        """Fitted attributes with scikit-learn's names."""
        progress = result.progress
        self.coefs_, self.intercepts_ = (list(part) for part in result.params)
        self.history_ = copy.deepcopy(progress.history)
        losses = self.history_.get("loss", [])
        self.loss_curve_ = [*self.loss_curve_, *losses]
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else progress.best
        self.n_iter_, self.stop_reason_ = progress.n_iter, progress.stop_reason
        self.t_ += progress.n_iter * n_rows
        self._n_epochs_seen = getattr(self, "_n_epochs_seen", 0) + progress.n_iter
        scores = self.history_.get("validation_score")
        earlier = getattr(self, "validation_scores_", None) or []
        self.validation_scores_ = [*earlier, *scores] if scores is not None else None
        self.best_validation_score_ = progress.best if has_held_out else None
        self.best_loss_ = None if has_held_out else progress.best
        # Plain numbers: a pickle that only predicts loads no compiler.
        kept = ("best", "n_stalled", "n_divisions")
        self._progress = {name: getattr(progress, name) for name in kept}
        self._no_improvement_count = progress.n_stalled
        self._n_features_out = self.coefs_[-1].shape[0]

    def _outputs(self, X: Any, activation: str | None = None) -> Array:
        """Activations of the output layer in NumPy, (n_samples, n_outputs)."""
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        params = Params(tuple(self.coefs_), tuple(self.intercepts_))
        names = self._activations(len(self.coefs_) - 1)
        finish = OUTPUT_ACTIVATIONS[activation or self.out_activation_]
        chunks = range(0, X.shape[0], CHUNK_ROWS)
        return np.concatenate(
            [finish(forward(params, X[start : start + CHUNK_ROWS], names)) for start in chunks]
        )

    def transform(self, X: Any, layer: int | None = None) -> Array:
        """Activations of a hidden layer: the features that the network has learnt.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        layer : int, default=None
            Hidden layer, 1 for the first; the last by default. Negative numbers count from the end.

        Returns
        -------
        H : ndarray of shape (n_samples, n_units)
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        n_hidden = len(self.coefs_) - 1
        wanted = n_hidden if layer is None else layer + (n_hidden + 1 if layer < 0 else 0)
        if not 1 <= wanted <= n_hidden:
            raise ValueError(f"layer must be between 1 and {n_hidden}, got {layer!r}.")
        params = Params(tuple(self.coefs_), tuple(self.intercepts_))
        return hidden(params, X, self._activations(n_hidden), wanted)

    def _check_weight(self, sample_weight: Any, X: Any) -> Array | None:
        if sample_weight is None:
            return None
        return _check_sample_weight(sample_weight, X, dtype=X.dtype)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def has_minibatches(estimator: BaseMLP) -> bool:
    """Whether ``partial_fit`` exists: not for a solver that needs all rows at once."""
    if not is_deterministic(estimator.solver):
        return True
    raise AttributeError(
        "partial_fit is only available for stochastic optimizers."
        f" {estimator.solver} is not stochastic."
    )


# Parameters that a resumed run may change: they do not change the bits of the epochs.
_NOT_IDENTITY = {"checkpoint", "callbacks", "verbose", "max_iter", "warm_start"}


def _attributes(params: Params) -> dict[str, Any]:
    return {"coefs_": list(params.coefs), "intercepts_": list(params.intercepts)}

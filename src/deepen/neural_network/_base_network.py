"""What every feed-forward estimator shares: a fit, from validated rows to fitted attributes.

A fit is: validate, draw starting weights, perhaps pre-train them, build the cost, hand it to the engine,
keep NumPy arrays. The mathematics is in :mod:`deepen.layers`, the loop in :mod:`deepen.engine`; here are
scikit-learn's manners. The random draws and their order are scikit-learn's too, so that the same
``random_state`` starts from the same weights and takes the rows in the same order there and here.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from deepen._callbacks_of_sklearn import CallbackSupport, callback_session
from deepen.base import check_held_out, check_parameters, warn_not_converged
from deepen.functions.activations import ACTIVATIONS
from deepen.functions.initializers import INITIALIZERS
from deepen.functions.moments import column_means, stacked
from deepen.layers.feed_forward import Params, hidden
from deepen.neural_network._centring import Coordinates
from deepen.neural_network._network_run import Rows, network_run, rows_of_a_batch
from deepen.neural_network._pretraining import encoder_weights, pretrain, pretraining_rows
from deepen.solvers import is_deterministic, resolve_solver

Array = NDArray[Any]
CHUNK_ROWS = 4096  # of a prediction: its activations stay within the processor's caches


class BaseNetwork(
    CallbackSupport, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Fitting and hidden layers; what is trained on what is each estimator's own."""

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        held_out: tuple[Any, Any, Any] = (None, None, None),
        incremental: bool = False,
    ) -> BaseNetwork:
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
        if incremental and self.checkpoint is not None:
            raise ValueError("partial_fit takes no checkpoint; its caller holds the state.")
        unlabelled = None if self.pretrainer is None else self._unlabelled(X, y)
        X, y, sample_weight = self._labelled(X, y, sample_weight)
        is_first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        X, y, weights = self._validate_input(X, y, sample_weight, incremental, is_first)
        rng = check_random_state(self.random_state)
        if is_first:
            self._initialize(rng, X, y)
        train, held_out_rows = self._split(X, y, weights, held_out, incremental, rng)
        if is_first and self.centered:
            self._center(column_means(train[0], train[2]).astype(X.dtype))
        if is_first and self.pretrainer is not None:
            self._pretrain(rng, train[0], unlabelled)
        self._minimize(rng, train, held_out_rows, incremental)

    def _labelled(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        """The rows that supervised terms see; all, unless an estimator knows better."""
        return X, y, sample_weight

    def _unlabelled(self, X: Any, y: Any) -> Any:
        """Rows that unsupervised terms see beside those; None where there are none."""
        return None

    def _initialize(self, rng: np.random.RandomState, X: Any, y: Array) -> None:
        units = [X.shape[1], *self._units_above(X.shape[1], y)]
        self.n_layers_, self.n_outputs_ = len(units), units[-1]
        self.out_activation_ = self._output_activation()
        draw = INITIALIZERS[self.init]
        coefs, intercepts = draw(rng, units, self._hidden_activations(), X.dtype)
        self.coefs_, self.intercepts_ = list(coefs), list(intercepts)
        self.t_, self._n_epochs_seen = 0, 0
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = None
        self._optimizer_state: tuple[str, list[Array]] | None = None
        self._progress: dict[str, Any] | None = None
        self.__dict__.pop("pretrainers_", None)
        self.__dict__.pop("offset_", None)

    def _center(self, mean: Array) -> None:
        """Take the weights that were drawn for those of rows relative to their mean."""
        self.offset_ = mean
        self.intercepts_ = list(Coordinates(self.offset_).outside(self._params()).intercepts)

    def _pretrain(self, rng: np.random.RandomState, X: Any, unlabelled: Any) -> None:
        """Start from what unsupervised models of the layers have learnt."""
        if unlabelled is not None:
            unlabelled = validate_data(
                self, unlabelled, accept_sparse=["csr", "csc"], dtype=X.dtype, reset=False
            )
        self.pretrainers_ = pretrain(self, pretraining_rows(X, unlabelled), rng)
        self._start_from(self.pretrainers_)

    def _start_from(self, pretrainers: list[Any]) -> None:
        """Take over the encoders, layer by layer."""
        for layer, pretrainer in enumerate(pretrainers):
            weights, bias = encoder_weights(pretrainer)
            self._start_layer(layer, weights, bias)

    def _start_layer(self, layer: int, weights: Array, bias: Array) -> None:
        dtype = self.coefs_[layer].dtype
        # Copies: fine-tuning leaves the pretrainers as they are.
        self.coefs_[layer] = np.array(weights, dtype, order="C")
        self.intercepts_[layer] = np.array(bias, dtype)

    def _sizes(self) -> list[int]:
        """Units of the layers that ``hidden_layer_sizes`` names."""
        sizes = np.atleast_1d(np.asarray(self.hidden_layer_sizes)).ravel().tolist()
        if any(size <= 0 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return list(map(int, sizes))

    def _activations(self, n_hidden: int) -> tuple[str, ...]:
        """What ``activation`` names, one for each of n_hidden layers."""
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
    ) -> tuple[Rows, Rows | None]:
        """Rows to train on, and rows held out for early stopping where there are any."""
        X_val, y_val, weights_val = held_out
        check_held_out(X_val, y_val)
        if X_val is not None:
            rows = self._labelled(X_val, y_val, weights_val)
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
        self, rng: np.random.RandomState, train: Rows, held_out: Rows | None, incremental: bool
    ) -> None:
        import jax

        from deepen.engine import Batches, minimize
        from deepen.engine.stopping import Progress

        X, y, weights = train
        if incremental and self.learning_rate == "cosine":
            raise ValueError(
                "learning_rate='cosine' ends after max_iter epochs, but partial_fit has no end. Use"
                " another schedule, or a Cosine object with n_epochs of its own."
            )
        optimizer = resolve_solver(self)
        coordinates = Coordinates(getattr(self, "offset_", None))
        objective = coordinates.cost(self._objective())
        batch_size = rows_of_a_batch(self, X.shape[0])
        batches = Batches(X, y, weights, batch_size=batch_size, shuffle=self.shuffle, rng=rng)
        progress = Progress(**self._earlier_progress(held_out is not None))
        params = coordinates.inside(self._params())
        state = self._earlier_state(optimizer, params) if incremental else None
        for callback in self.callbacks or ():
            if hasattr(callback, "begin"):  # one that looks into layers wants the network itself
                callback.begin(self)
        told = self._params(), self._attributes
        with callback_session(self, (X, y), "epoch", *told) as callbacks:
            run = network_run(
                self, coordinates, objective, batches, held_out, rng, callbacks, incremental
            )
            result = minimize(
                objective, params, batches, optimizer, run, optimizer_state=state, progress=progress
            )
        params = coordinates.outside(result.params)
        self._keep(params, result.progress, held_out is not None, X.shape[0])
        self._optimizer_state = (
            type(optimizer).__name__,
            jax.tree.leaves(result.optimizer_state),
        )
        if not result.converged and not incremental:
            warn_not_converged(optimizer, result.progress, self.max_iter, stacklevel=6)

    def _params(self) -> Params:
        """What the engine trains."""
        return Params(tuple(self.coefs_), tuple(self.intercepts_))

    def _attributes(self, params: Params) -> dict[str, Any]:
        """The fitted arrays that the engine's parameters stand for."""
        return {"coefs_": list(params.coefs), "intercepts_": list(params.intercepts)}

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

    def _keep(self, params: Params, progress: Any, has_held_out: bool, n_rows: int) -> None:
        """Fitted attributes with scikit-learn's names."""
        for name, value in self._attributes(params).items():
            setattr(self, name, value)
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
        self._n_features_out = self.coefs_[self._code_layer()].shape[0]

    def _code_layer(self) -> int:
        """The hidden layer that ``transform`` shows, 1 for the first; 0 where there is none."""
        return len(self.coefs_) - 1

    def _hidden_layer(self, X: Any, layer: int) -> Array:
        """Activations of a hidden layer in NumPy, (n_samples, n_units)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        params = Params(tuple(self.coefs_), tuple(self.intercepts_))
        names = self._hidden_activations()
        chunks = (X[start : start + CHUNK_ROWS] for start in range(0, X.shape[0], CHUNK_ROWS))
        return stacked((hidden(params, rows, names, layer) for rows in chunks), X.shape[0])

    def _check_weight(self, sample_weight: Any, X: Any) -> Array | None:
        if sample_weight is None:
            return None
        return _check_sample_weight(sample_weight, X, dtype=X.dtype)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

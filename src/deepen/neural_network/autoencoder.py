"""Autoencoder: a network whose target is its input.

    h = f(x) = g_L(... g_1(x W_1 + b_1) ... W_L + b_L),    r = the same way back, W tied or free
    cost = mean_i L(x_i, r(x~_i)) + lambda ||df/dx||_F^2 + beta sum_j KL(rho || mean h_j) + penalties

(Hinton and Salakhutdinov 2006, Science 313; Vincent et al. 2010, JMLR 11; Rifai et al. 2011, ICML). The
cost is in :mod:`deepen.layers.autoencoder_cost`, the loop in :mod:`deepen.engine`.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from deepen.functions.activations import ACTIVATIONS
from deepen.layers.feed_forward import Params, forward
from deepen.neural_network._base_network import CHUNK_ROWS, BaseNetwork
from deepen.neural_network._network_run import (
    NETWORK_CONSTRAINTS,
    Rows,
    has_minibatches,
    not_negative,
)
from deepen.neural_network._pretraining import decoder_weights

Array = NDArray[Any]


class Autoencoder(BaseNetwork):
    """Autoencoder of any depth: rows to codes and back, trained to reconstruct its input.

    ``hidden_layer_sizes`` are the encoder's layers, the last one the code; the decoder is their mirror
    image. A linear autoencoder finds the subspace of principal component analysis. One minibatch step
    costs 6 n_weights operations a row, encoder and decoder together.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each encoder layer; (1000, 500, 250, 30) makes 30 numbers of a row.
    activation : str or sequence of str, default='relu'
        Of all encoder layers, or one for each; each decoder layer takes that of the encoder layer of
        its size. A name of those that :class:`MLPClassifier` lists.
    loss : {'squared_error', 'cross_entropy'}, default='squared_error'
        Half the squared error, or the cross-entropy of values in [0, 1], both summed over features.
    output_activation : str, default='auto'
        Of the reconstruction; 'auto' is 'identity' with the squared error and 'logistic' with the
        cross-entropy, which takes no other.
    tied : bool, default=False
        Whether decoder weights are the encoder's transposed.
    corruption : {'masking', 'gaussian', 'salt_and_pepper'} or None, default=None
        How rows are corrupted while training: values set to 0, Gaussian noise, values set to the
        smallest or largest of the training rows.
    corruption_level : float, default=0.3
        Share of values that are corrupted, in [0, 1], or the noise's standard deviation.
    contraction : float, default=0.0
        Strength lambda of the squared Jacobian of the code. A deep encoder's costs n_code times as
        much as its forward pass; train it layer by layer, or keep the code small.
    sparsity : float, default=0.0
        Strength beta of the pull of each code unit's mean activation to ``sparsity_target``.
    sparsity_target : float, default=0.05
        Mean activation rho of a code unit; in (0, 1) for logistic units.
    solver, learning_rate, learning_rate_init, momentum, nesterovs_momentum, beta_1, beta_2, epsilon
        The update rule, as in :class:`MLPClassifier`.
    alpha, l1, max_norm
        The penalties, as there; tied weights are penalised once.
    batch_size, max_iter, shuffle, random_state, init, warm_start
        As there.
    tol, n_iter_no_change, gradient_tol, early_stopping, validation_fraction
        When to stop, as there; held-out rows are judged by ``score``.
    verbose, callbacks, checkpoint
        As there.
    centered : bool, default=False
        As there; the decoder's target stays X.
    pretrainer : estimator, list of them, 'rbm', 'autoencoder' or None, default=None
        Trains the encoder's layers one after the other before the whole is trained; see
        :class:`MLPClassifier`. The decoder starts from the ways back of the same estimators.

    Attributes
    ----------
    coefs_ : list of arrays of shape (n_in, n_out)
        Of the encoder, then of the decoder.
    intercepts_ : list of arrays of shape (n_out,)
    loss_, best_loss_, loss_curve_, validation_scores_, best_validation_score_, history_
        As in :class:`MLPClassifier`; scores are those of ``score``.
    stop_reason_, n_iter_, t_, n_layers_, n_outputs_, out_activation_
        As there.
    n_features_in_, feature_names_in_
        As in scikit-learn.
    offset_ : array of shape (n_features,)
        Mean of the rows as the encoder sees them in training, corrupted, where ``centered``.
    pretrainers_ : list of estimators
        The fitted copies of ``pretrainer``, where there is one.

    References
    ----------
    Hinton and Salakhutdinov (2006), Reducing the dimensionality of data with neural networks, Science
    313. Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010), Stacked denoising autoencoders, JMLR
    11. Rifai, Vincent, Muller, Glorot and Bengio (2011), Contractive auto-encoders, ICML.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from deepen.neural_network import Autoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> model = Autoencoder((32, 8), loss="cross_entropy", learning_rate_init=0.01, max_iter=30,
    ...                     random_state=0).fit(X / 16)
    >>> model.transform(X / 16).shape, model.reconstruct(X / 16).shape
    ((1797, 8), (1797, 64))
    """

    _parameter_constraints: dict[str, Any] = {
        **{k: v for k, v in NETWORK_CONSTRAINTS.items() if k not in ("power_t", "max_fun")},
        "loss": [StrOptions({"squared_error", "cross_entropy"})],
        "output_activation": [StrOptions({"auto", *ACTIVATIONS})],
        "tied": ["boolean"],
        "corruption": [StrOptions({"masking", "gaussian", "salt_and_pepper"}), None],
        "corruption_level": [not_negative],
        "contraction": [not_negative],
        "sparsity": [not_negative],
        "sparsity_target": [Interval(numbers.Real, None, None, closed="neither")],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        loss: str = "squared_error",
        output_activation: str = "auto",
        tied: bool = False,
        corruption: str | None = None,
        corruption_level: float = 0.3,
        contraction: float = 0.0,
        sparsity: float = 0.0,
        sparsity_target: float = 0.05,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
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
        l1: float = 0.0,
        max_norm: float | None = None,
        gradient_tol: float | None = None,
        callbacks: Any = None,
        checkpoint: Any = None,
        init: str = "glorot",
        centered: bool = False,
        pretrainer: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.output_activation = output_activation
        self.tied = tied
        self.corruption = corruption
        self.corruption_level = corruption_level
        self.contraction = contraction
        self.sparsity = sparsity
        self.sparsity_target = sparsity_target
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
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
        self.l1 = l1
        self.max_norm = max_norm
        self.gradient_tol = gradient_tol
        self.callbacks = callbacks
        self.checkpoint = checkpoint
        self.init = init
        self.centered = centered
        self.pretrainer = pretrainer

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Autoencoder:
        """Train the network to reconstruct X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
            The target is X: ``fit(X)`` and ``fit(X, X)`` are the same.
        sample_weight : array-like of shape (n_samples,), default=None
        X_val, sample_weight_val : as X and sample_weight, default=None
            Rows to stop on; the weights that reconstruct them best are kept.

        Returns
        -------
        self : Autoencoder

        Raises
        ------
        ValueError
            For wrong parameters or shapes, values outside [0, 1] with the cross-entropy, and where the
            loss diverges.
        """
        self._fit(X, None, sample_weight, (X_val, X_val, sample_weight_val))
        return self

    @available_if(has_minibatches)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Autoencoder:
        """One epoch over the given rows, from the present weights.

        Parameters
        ----------
        X, y, sample_weight : as in ``fit``

        Returns
        -------
        self : Autoencoder
        """
        self._fit(X, None, sample_weight, incremental=True)
        return self

    def transform(self, X: Any) -> Array:
        """Codes of the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        H : ndarray of shape (n_samples, hidden_layer_sizes[-1])
        """
        return self._hidden_layer(X, self._code_layer())

    def inverse_transform(self, X: Any) -> Array:
        """Rows that codes stand for.

        Parameters
        ----------
        X : array-like of shape (n_samples, hidden_layer_sizes[-1])
            Codes, as from ``transform``.

        Returns
        -------
        R : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=(np.float64, np.float32))
        layer = self._code_layer()
        n_codes = self.coefs_[layer].shape[0]
        if codes.shape[1] != n_codes:
            raise ValueError(
                f"X must hold codes of {n_codes} numbers a row, as transform makes them, got"
                f" {codes.shape[1]}."
            )
        decoder = Params(tuple(self.coefs_[layer:]), tuple(self.intercepts_[layer:]))
        names = self._hidden_activations()[layer:]
        finish = ACTIVATIONS[self.out_activation_]
        chunks = range(0, len(codes), CHUNK_ROWS)
        return np.concatenate(
            [finish(forward(decoder, codes[start : start + CHUNK_ROWS], names)) for start in chunks]
        )

    def reconstruct(self, X: Any) -> Array:
        """Rows through the code and back: ``inverse_transform(transform(X))``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        R : ndarray of shape (n_samples, n_features)
        """
        return self.inverse_transform(self.transform(X))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the squared error of the reconstruction, summed over features, mean over rows.

        The same measure for either loss and for principal component analysis; the greater the better,
        0 at best, in squared units of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        check_is_fitted(self)
        X = validate_data(
            self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False
        )
        return self._held_out_score(self.reconstruct(X), _dense(X), sample_weight)

    def _validate_input(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, reset: bool
    ) -> tuple[Any, Array, Array | None]:
        X = validate_data(
            self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=reset
        )
        if self.loss == "cross_entropy" and (X.min() < 0 or X.max() > 1):
            raise ValueError(
                f"loss='cross_entropy' needs values in [0, 1], but X lies in [{X.min():g},"
                f" {X.max():g}]. Scale X (MinMaxScaler), or use loss='squared_error'."
            )
        # The engine sees X once; the cost takes it for the target too.
        return X, np.empty((X.shape[0], 0), X.dtype), self._check_weight(sample_weight, X)

    def _initialize(self, rng: np.random.RandomState, X: Any, y: Array) -> None:
        super()._initialize(rng, X, y)
        self._extremes = float(X.min()), float(X.max())

    def _units_above(self, n_features: int, y: Array) -> list[int]:
        sizes = self._sizes()
        if not sizes:
            raise ValueError("hidden_layer_sizes must name one layer at least, the code, got none.")
        return [*sizes, *reversed(sizes[:-1]), n_features]

    def _hidden_activations(self) -> tuple[str, ...]:
        names = self._activations((self.n_layers_ - 1) // 2)
        return (*names, *reversed(names[:-1]))

    def _output_activation(self) -> str:
        by_loss = "logistic" if self.loss == "cross_entropy" else "identity"
        if self.output_activation not in ("auto", by_loss) and self.loss == "cross_entropy":
            raise ValueError(
                "loss='cross_entropy' is that of logistic outputs; leave output_activation='auto', got"
                f" {self.output_activation!r}."
            )
        return by_loss if self.output_activation == "auto" else self.output_activation

    def _center(self, mean: Array) -> None:
        level = mean.dtype.type(self.corruption_level)
        if self.corruption == "masking":
            mean = (1 - level) * mean
        elif self.corruption == "salt_and_pepper":
            mean = (1 - level) * mean + level * mean.dtype.type(np.mean(self._extremes))
        super()._center(mean)

    def _code_layer(self) -> int:
        return len(self.coefs_) // 2

    def _params(self) -> Params:
        kept = self.coefs_[: self._code_layer()] if self.tied else self.coefs_
        return Params(tuple(kept), tuple(self.intercepts_))

    def _attributes(self, params: Params) -> dict[str, Any]:
        from deepen.layers.autoencoder_cost import unrolled

        return super()._attributes(unrolled(params))

    def _split(self, *arguments: Any) -> tuple[Rows, Rows | None]:
        train, held_out = super()._split(*arguments)
        if held_out is not None:  # whose score compares with X itself
            held_out = held_out[0], _dense(held_out[0]), held_out[2]
        return train, held_out

    def _start_from(self, pretrainers: list[Any]) -> None:
        super()._start_from(pretrainers)
        for layer, pretrainer in enumerate(reversed(pretrainers), self._code_layer()):
            self._start_layer(layer, *decoder_weights(pretrainer))

    def _stratify(self, y: Array, fraction: float) -> None:
        return None

    def _held_out_score(self, outputs: Array, y: Array, weights: Array | None) -> float:
        squares = np.square(y - outputs).sum(axis=1, dtype=np.float64)
        return -float(np.average(squares, weights=weights))

    def _objective(self, is_training: bool = True) -> Any:
        """The network's cost; of held-out rows the reconstruction alone."""
        from deepen.layers.autoencoder_cost import AutoencoderCost

        terms: dict[str, Any] = {}
        if is_training and self.corruption is not None and self.corruption_level:
            terms = {"corruption": self.corruption, "level": self.corruption_level}
            if self.corruption == "salt_and_pepper":
                terms["extremes"] = self._extremes
        if is_training and self.contraction:
            terms["contraction"] = self.contraction
        if is_training and self.sparsity:
            terms |= {"sparsity": self.sparsity, "target": self.sparsity_target}
        self._check_terms()
        return AutoencoderCost(self.loss, self._hidden_activations(), self.out_activation_, **terms)

    def _check_terms(self) -> None:
        if self.corruption in ("masking", "salt_and_pepper") and self.corruption_level > 1:
            raise ValueError(
                f"corruption_level must be in [0, 1], a share of values, with {self.corruption!r},"
                f" got {self.corruption_level!r}."
            )
        is_logistic = self._hidden_activations()[self._code_layer() - 1] == "logistic"
        if self.sparsity and is_logistic and not 0 < self.sparsity_target < 1:
            raise ValueError(
                "sparsity_target must be in (0, 1), the mean activation of logistic units, got"
                f" {self.sparsity_target!r}."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _dense(X: Any) -> Array:
    return X.toarray() if hasattr(X, "toarray") else X

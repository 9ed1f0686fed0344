"""Greedy layer-wise pre-training: where the weights of a network start.

    h_0 = X;    for l = 1 ... L:  fit an unsupervised model to h_{l-1},  (W_l, b_l) <- its encoder,
                                  h_l = its transform of h_{l-1}

(Hinton, Osindero and Teh 2006, section 4; Bengio, Lamblin, Popovici and Larochelle 2007, algorithm 1). A
pre-trained network is the same network as ever; only its training starts elsewhere. Any estimator will
do that has scikit-learn's ``fit`` and ``transform``, a parameter for its number of units, and weights
that :func:`encoder_weights` can read.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator

from deepen.neural_network._network_run import checkpoint_of
from deepen.neural_network._visible_scale import are_counts, are_probabilities, warn_of_scale

Array = NDArray[Any]
# Of the pretrainers that a name stands for: small tables need the steps, large ones the epochs.
BATCH_SIZE, N_STEPS, N_EPOCHS = 100, 3000, (20, 300)
ROWS_AT_A_TIME = 2**14
MASKED_SHARE = 0.25  # (Vincent et al. 2010, table 3, the level that most of their data sets prefer)


class Layer(NamedTuple):
    """Weights of one direction: (n_in, n_out) and (n_out,)."""

    weights: Array
    bias: Array


def encoder_weights(estimator: Any) -> Layer:
    """Weights W and biases b for which a layer g(x W + b) is the estimator's ``transform``.

    Of a restricted Boltzmann machine ``components_`` and ``intercept_hidden_``, divided by the
    variances of Gaussian visible units; of an autoencoder with one hidden layer ``coefs_[0]`` and
    ``intercepts_[0]``.

    Raises
    ------
    TypeError
        For anything else.
    """
    if hasattr(estimator, "intercept_hidden_"):
        W = np.asarray(estimator.components_).T
        if hasattr(estimator, "variances_"):
            W = W / estimator.variances_[:, None]
        return Layer(W, np.asarray(estimator.intercept_hidden_))
    if len(getattr(estimator, "coefs_", ())) == 2:
        return Layer(estimator.coefs_[0], estimator.intercepts_[0])
    raise TypeError(
        f"pretrainer must be a restricted Boltzmann machine or an autoencoder with one hidden layer,"
        f" whose weights can start a layer, got {type(estimator).__name__}."
    )


def decoder_weights(estimator: Any) -> Layer:
    """Weights and biases of the way back, (n_out, n_in) and (n_in,)."""
    if hasattr(estimator, "intercept_hidden_"):
        return Layer(np.asarray(estimator.components_), np.asarray(estimator.intercept_visible_))
    return Layer(estimator.coefs_[1], estimator.intercepts_[1])


def hidden_activation(estimator: Any) -> str:
    """Activation of the estimator's hidden units; logistic for a restricted Boltzmann machine."""
    activation = getattr(estimator, "activation", "logistic")
    return activation if isinstance(activation, str) else activation[0]


def pretraining_rows(X: Any, unlabelled: Any) -> Any:
    """Rows to pre-train on: those with a target, then those without."""
    if unlabelled is None or not unlabelled.shape[0]:
        return X
    if sparse.issparse(X) or sparse.issparse(unlabelled):
        return sparse.vstack([X, unlabelled], format="csr", dtype=X.dtype)
    return np.concatenate([X, unlabelled])


def pretrain(network: Any, X: Any, rng: np.random.RandomState) -> list[Any]:
    """Fitted copies of the network's pretrainers, one for each layer of ``hidden_layer_sizes``.

    What scikit-learn's ``FrozenEstimator`` wraps has been fitted already, and is taken as it is.
    A copy without a ``random_state`` gets one from ``rng``; with a checkpoint of the network's each
    layer has a file beside it, so that a killed run keeps what its layers have learnt.
    """
    sizes = network._sizes()
    activations = network._activations(len(sizes))
    seeds = rng.randint(np.iinfo(np.int32).max, size=len(sizes))
    templates = unfitted_layers(network, X)
    if isinstance(network.pretrainer, str):
        names = getattr(network, "feature_names_in_", None)
        warn_of_scale(X, names, type(templates[0]).__name__, stacklevel=6)
    features, n_features, fitted = X, X.shape[1], []
    # The last layer that learns: nobody needs what it and those above make of the rows.
    is_learning = [not isinstance(template, FrozenEstimator) for template in templates]
    last = max(np.flatnonzero(is_learning) + 1, default=0)
    for layer, (template, size) in enumerate(zip(templates, sizes, strict=True), 1):
        if hidden_activation(template) != activations[layer - 1]:
            warnings.warn(
                f"The pretrainer of layer {layer} trains {hidden_activation(template)!r} units, but the"
                f" layer's activation is {activations[layer - 1]!r}: the same weights then mean"
                f" another function. Set activation={hidden_activation(template)!r}.",
                UserWarning,
                stacklevel=6,
            )
        if network.verbose:
            name = type(template).__name__
            text = f"Pre-training layer {layer} of {len(sizes)}: {name}, {n_features} to {size} units\n"
            sys.stdout.write(text)
        if isinstance(template, FrozenEstimator):
            model = template
        else:
            model = _prepared(template, size, int(seeds[layer - 1]))
            _fit_layer(network, model, features, layer, len(sizes))
        found = encoder_weights(model).weights.shape
        if found != (n_features, size):
            raise ValueError(
                f"The pretrainer of layer {layer} has weights of shape {found}, but the layer has"
                f" {n_features} inputs and {size} units."
            )
        fitted.append(model)
        n_features = size
        if layer < last:
            is_ours = layer > 1 and all(map(_keeps_no_rows, fitted[-2:]))
            features = _above(model, features, size, in_place=is_ours)
    return fitted


def _keeps_no_rows(model: Any) -> bool:
    """Whether it was fitted here, and neither hands out what it keeps nor keeps what it is given."""
    return type(model).__module__.startswith(f"{__package__}.")


def _above(model: Any, rows: Any, n_units: int, *, in_place: bool) -> Any:
    """What a layer makes of rows, in the place of those below where it has as many units.

    They may be the largest arrays of a run, and nobody needs those below any more.
    """
    if not in_place or type(rows) is not np.ndarray or rows.shape[1] != n_units:
        return model.transform(rows).astype(rows.dtype, copy=False)
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        rows[part] = model.transform(rows[part])
    return rows


def _fit_layer(network: Any, model: Any, features: Any, layer: int, n_layers: int) -> None:
    """Fit one layer's model with the network's progress and checkpoint around it."""
    own = model.get_params(deep=False)
    changes = _surroundings(network, own, layer, n_layers)
    model.set_params(**changes)
    with warnings.catch_warnings():
        # Pre-training has a fixed length; that it could go on is no fault.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features)
    _check_uninterrupted(model)
    model.set_params(**{name: own[name] for name in changes})


def unfitted_layers(network: Any, X: Any) -> list[Any]:
    """One pretrainer for each layer, before any is fitted; what a name stands for depends on X."""
    given, n_layers = network.pretrainer, len(network._sizes())
    activations = network._activations(n_layers)
    if given == "rbm":
        return _machines(network, X, n_layers)
    if given == "autoencoder":
        return [_autoencoder(network, X, activations, layer) for layer in range(n_layers)]
    templates = list(given) if isinstance(given, list | tuple) else [given] * n_layers
    if len(templates) != n_layers:
        raise ValueError(
            f"pretrainer must be one estimator, or a list with one for each of the {n_layers} hidden"
            f" layers, got {len(templates)}."
        )
    for template in templates:
        if not (hasattr(template, "fit") and hasattr(template, "transform")):
            raise TypeError(f"pretrainer must have fit and transform, got {template!r}.")
    return templates


def _machines(network: Any, X: Any, n_layers: int) -> list[Any]:
    """Restricted Boltzmann machines: by the values of X the first, binary the others."""
    from deepen.neural_network.gaussian_rbm import GaussianRBM
    from deepen.neural_network.rbm import BernoulliRBM

    size, n_epochs = _length(X)
    options: dict[str, Any] = {"algorithm": "cd", "batch_size": size, "n_iter": n_epochs}
    # Centred by the hidden units too, these are on for half of the rows: the better model of the data is
    # the worse start of a classifier. Without any centring it depends on which value is called 1.
    machines: list[Any] = [
        BernoulliRBM(learning_rate=0.05, momentum=0.9, centered="visible", **options)
        for _ in range(n_layers)
    ]
    if are_probabilities(X):
        reason = "all values are in [0, 1]: they are taken for probabilities"
    else:
        # Adam, since one rate does not suit columns whose variances differ by orders of magnitude.
        machines[0] = GaussianRBM(solver="adam", learning_rate=0.001, **options)
        low, high = X.min(), X.max()
        reason = f"values from {low:g} to {high:g} are no probabilities: standardise them"
        if are_counts(X):
            reason += ", or give numpy.log1p of these counts"
    if network.verbose:
        sys.stdout.write(f"Visible layer: {type(machines[0]).__name__}, since {reason}\n")
    return machines


def _autoencoder(network: Any, X: Any, activations: tuple[str, ...], layer: int) -> Any:
    """A tied denoising autoencoder with the layer's activation."""
    from deepen.neural_network.autoencoder import Autoencoder

    if layer:
        is_probability = activations[layer - 1] == "logistic"
    else:
        is_probability = are_probabilities(X)
    output = "auto"
    if isinstance(network, Autoencoder):  # its decoder is what these decoders start
        output = activations[layer - 1] if layer else network.out_activation_
        is_probability = output == "logistic" if layer else network.loss == "cross_entropy"
    size, n_epochs = _length(X)
    return Autoencoder(
        activation=activations[layer],
        loss="cross_entropy" if is_probability else "squared_error",
        output_activation=output,
        tied=True,
        centered=network.centered,
        corruption="masking",
        corruption_level=MASKED_SHARE,
        learning_rate_init=0.003,
        batch_size=size,
        max_iter=n_epochs,
        n_iter_no_change=np.inf,
    )


def _length(X: Any) -> tuple[int, int]:
    """Rows of a batch and number of epochs."""
    size = min(BATCH_SIZE, X.shape[0])
    return size, int(np.clip(N_STEPS // -(-X.shape[0] // size), *N_EPOCHS))


def _prepared(template: Any, size: int, seed: int) -> Any:
    """Copy of a pretrainer with the layer's number of units and a seed."""
    model = clone(template)
    own = model.get_params(deep=False)
    if "n_components" in own:
        model.set_params(n_components=size)
    elif "hidden_layer_sizes" in own:
        model.set_params(hidden_layer_sizes=(size,))
    else:
        raise TypeError(
            "pretrainer must have a parameter n_components or hidden_layer_sizes for the units of a"
            f" layer, got {template!r}."
        )
    if own.get("random_state", seed) is None:
        model.set_params(random_state=seed)
    return model


def _surroundings(network: Any, own: dict[str, Any], layer: int, n_layers: int) -> dict[str, Any]:
    """Progress and checkpoint of one layer, where it can have them and has none of its own."""
    from deepen.engine import Checkpoint, ProgressBar

    changes: dict[str, Any] = {}
    if network.verbose and not own.get("verbose", True):
        changes["verbose"] = network.verbose
    bars = [call for call in network.callbacks or () if isinstance(call, ProgressBar)]
    if bars and own.get("callbacks", bars) is None:
        text = f"{bars[0].description}, layer {layer} of {n_layers}"
        changes["callbacks"] = [ProgressBar(text)]
    if network.checkpoint is not None and own.get("checkpoint", layer) is None:
        whole = checkpoint_of(network)
        changes["checkpoint"] = Checkpoint(f"{whole.path}.layer{layer}", whole.every)
    return changes


def _check_uninterrupted(model: Any) -> None:
    from deepen.engine.stopping import BY_USER

    if getattr(model, "stop_reason_", "") == BY_USER:
        raise KeyboardInterrupt("pre-training interrupted by user")

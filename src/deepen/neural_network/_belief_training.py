"""Training of :class:`deepen.neural_network.DeepBeliefNetwork`: layer by layer, then all together."""

from __future__ import annotations

import copy
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator

from deepen.base import labelled_rows, print_epoch
from deepen.neural_network._network_run import rows_of_a_batch
from deepen.neural_network._pretraining import decoder_weights, encoder_weights, pretrain
from deepen.neural_network.gaussian_rbm import GaussianRBM
from deepen.neural_network.rbm import BernoulliRBM
from deepen.neural_network.rbm_classifier import RBMClassifier
from deepen.solvers import resolve_solver

Array = NDArray[Any]
LABEL_EPOCHS = 100


def train_greedily(
    network: Any, X: Any, y: Any, sizes: list[int], rng: np.random.RandomState
) -> Array:
    """Set the machines and the weights of both directions; the rows' class numbers."""
    trained = sizes[:-1] if network.label_units else sizes
    machines = pretrain(_as_network(network, trained), X, rng)
    network.machines_ = [m.estimator if isinstance(m, FrozenEstimator) else m for m in machines]
    _check_machines(network.machines_)
    lower = network.machines_[: len(sizes) - 1]
    encoders, decoders = map(encoder_weights, lower), map(decoder_weights, lower)
    network.recognition_coefs_, network.recognition_intercepts_ = _unzipped(encoders)
    network.generative_coefs_, network.generative_intercepts_ = _unzipped(decoders)
    network.variances_ = getattr(lower[0], "variances_", None)
    network._n_features_out = sizes[-1]
    if not network.label_units:
        network.top_ = network.machines_[-1]
        return np.full(X.shape[0], -1, np.int32)
    template = network.label_machine
    if template is None:
        template = RBMClassifier(
            objective="generative", max_iter=LABEL_EPOCHS, n_iter_no_change=np.inf
        )
    network.top_ = clone(template).set_params(
        n_components=sizes[-1],
        unlabeled=network.unlabeled,
        random_state=int(rng.randint(np.iinfo(np.int32).max)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it has a fixed length
        network.top_.fit(network._features(X, len(lower)), y)
    network.classes_ = network.top_.classes_
    return _class_numbers(network, y)


def train_together(network: Any, X: Any, classes: Array, rng: np.random.RandomState) -> None:
    """The up-down algorithm, through the engine."""
    from deepen.engine import Batches, Run, Stopping, minimize
    from deepen.layers.wake_sleep import WakeSleep

    size = rows_of_a_batch(network, X.shape[0])
    batches = Batches(X, classes, None, batch_size=size, shuffle=network.shuffle, rng=rng)
    settings = copy.copy(network)
    settings.max_iter = network.wake_sleep_iter  # the name by which a schedule asks for its end
    own = (print_epoch,) if network.verbose else ()
    run = Run(
        stopping=Stopping(max_iter=int(network.wake_sleep_iter), tol=0.0, n_iter_no_change=np.inf),
        callbacks=(*own, *(network.callbacks or ())),
        seed=int(rng.randint(np.iinfo(np.int32).max)),
    )
    objective = WakeSleep(int(network.n_steps))
    result = minimize(objective, network._params(), batches, resolve_solver(settings), run)
    params, progress = result.params, result.progress
    network.recognition_coefs_, network.recognition_intercepts_ = _unzipped(params.recognition)
    network.generative_coefs_, network.generative_intercepts_ = _unzipped(params.generative)
    network.top_ = _with_params(network.top_, params.top)
    network.history_, network.n_iter_ = dict(progress.history), progress.n_iter


def _as_network(network: Any, sizes: list[int]) -> Any:
    """What the greedy training asks a network for."""
    return SimpleNamespace(
        pretrainer=network.pretrainer,
        verbose=network.verbose,
        callbacks=None,
        checkpoint=None,
        _sizes=lambda: sizes,
        _activations=lambda n_layers: ("logistic",) * n_layers,
    )


def _check_machines(machines: list[Any]) -> None:
    """Raise for what has no place in the network.

    Raises
    ------
    TypeError
        Where a layer is no restricted Boltzmann machine, or one above the first is Gaussian.
    """
    for number, machine in enumerate(machines, 1):
        name = type(machine).__name__
        if not isinstance(machine, BernoulliRBM | GaussianRBM):
            raise TypeError(
                f"pretrainer must be restricted Boltzmann machines, got {name} for layer {number}; for"
                " other unsupervised layers use DBNClassifier or MLPClassifier."
            )
        if number > 1 and isinstance(machine, GaussianRBM):
            raise TypeError(
                f"pretrainer must have binary machines above the first layer, whose features are"
                f" probabilities, got {name} for layer {number}."
            )


def _class_numbers(network: Any, y: Any) -> Array:
    """Number of each row's class, -1 where it has none."""
    numbers = np.full(len(y), -1, np.int32)
    marker = network.unlabeled
    known = slice(None) if marker is None else labelled_rows(y, marker)
    values = np.asarray(np.asarray(y, object)[known].tolist())
    numbers[known] = np.searchsorted(network.classes_, values)
    return numbers


def _unzipped(layers: Any) -> tuple[list[Array], list[Array]]:
    """Weights and biases of layers, each in a list."""
    pairs = [(np.ascontiguousarray(W), np.asarray(b)) for W, b in layers]
    return [W for W, _ in pairs], [b for _, b in pairs]


def _with_params(machine: Any, params: Any) -> Any:
    """Copy of a fitted machine with other parameters."""
    machine = copy.copy(machine)
    machine.components_ = params.weights.T
    machine.intercept_visible_, machine.intercept_hidden_ = params.visible_bias, params.hidden_bias
    if hasattr(params, "class_weights"):
        machine.class_components_ = params.class_weights.T
        machine.intercept_class_ = params.class_bias
    return machine

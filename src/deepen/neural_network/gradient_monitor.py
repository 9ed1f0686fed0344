"""Does the gradient reach the first layer? Figures of every layer, epoch by epoch.

    ratio = rms(dC/dW_1) / rms(dC/dW_L)

A ratio of 10^-2 or less says that the first layers hardly learn. The mathematics is in
:mod:`deepen.layers.signals`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class GradientMonitor:
    """Callback that records gradients, activations and slopes of each layer on a fixed probe batch.

    Give it to ``callbacks`` of :class:`MLPClassifier`, :class:`MLPRegressor` or :class:`Autoencoder`; it
    changes no bit of the fit. Of a ``centered`` network it shows the gradient in ``coefs_``, which the mean
    row makes larger than the one that is stepped along. A new fit starts a new record. Each record costs
    a forward and a backward pass over the probe rows.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Probe rows, a few hundred.
    y : array-like of shape (n_samples,), default=None
        Their targets; none for an autoencoder.
    every : int, default=1
        Epochs between two records; the weights before the first epoch are always recorded.

    Attributes
    ----------
    history_ : dict of lists
        'epoch', 0 for the starting weights, and one list of numbers for each such epoch: 'gradient',
        the root mean square of the cost's gradient in the weights of each layer, the output layer last;
        'mean', 'deviation' and 'slope' of each hidden layer's activations.
    ratios_ : array of shape (n_records,)
        Gradient of the first layer over that of the last.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks,
    sections 3 and 4.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from deepen.neural_network import GradientMonitor, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> monitor = GradientMonitor(X, y)
    >>> network = MLPClassifier((5,) * 8, "logistic", max_iter=2, random_state=0, callbacks=[monitor])
    >>> bool(network.fit(X, y) and monitor.ratios_[0] < 0.01)
    True
    """

    def __init__(self, X: Any, y: Any = None, *, every: int = 1) -> None:
        self.X, self.y, self.every = X, y, every
        self.history_: dict[str, list[Any]] = {}
        self._problem: Any = None

    @property
    def ratios_(self) -> Array:
        """Gradient of the first layer over that of the last, for each record."""
        gradient = np.asarray(self.history_["gradient"])
        return np.asarray(gradient[:, 0] / gradient[:, -1])

    def begin(self, network: Any) -> None:
        """Take up a network that is about to be trained; ``fit`` calls this."""
        from deepen.engine.devices import traced_numbers

        X, y, _ = network._labelled(self.X, self.y, None)
        X, y, _ = network._validate_input(X, y, None, True, False)
        X = X.toarray() if hasattr(X, "toarray") else X
        objective = traced_numbers(network._objective(is_training=False), X.dtype)
        self._problem = objective, (X, y), np.ones(len(X), X.dtype)
        self.history_ = {"epoch": [], "gradient": [], "mean": [], "deviation": [], "slope": []}
        self._record(0, network._params())

    def __call__(self, event: Any) -> None:
        """Record the epoch that just ended."""
        if event.epoch % self.every == 0:
            self._record(event.epoch, event.params())

    def close(self) -> None:
        """Let go of the network; the engine calls this when a run ends."""
        self._problem = None

    def _record(self, epoch: int, params: Any) -> None:
        from deepen.engine.devices import computing
        from deepen.layers.signals import layer_signals

        objective, rows, weights = self._problem
        with computing(weights.dtype):
            signals = layer_signals(objective, params, rows, weights)
            found = {name: np.asarray(part) for name, part in signals._asdict().items()}
        self.history_["epoch"].append(epoch)
        for name, values in found.items():
            self.history_[name].append(values.tolist())

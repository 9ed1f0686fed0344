"""Deep belief networks for classes and for numbers: perceptrons that restricted Boltzmann machines start.

    p(v, h_1) with h_1's machine,  p(h_1, h_2) with h_2's, ...     each trained on what lies below it
    then  y^ = g(V h_L + c)  and back-propagation through all layers

(Hinton, Osindero and Teh 2006, Neural Computation 18; Hinton and Salakhutdinov 2006, Science 313). These
are short forms of :class:`MLPClassifier` and :class:`MLPRegressor`; all that they do is to choose.
"""

from __future__ import annotations

from typing import Any

from deepen.neural_network.mlp_classifier import MLPClassifier
from deepen.neural_network.mlp_regressor import MLPRegressor


class DBNClassifier(MLPClassifier):
    """Deep belief network, fine-tuned for classes.

    Short for ``MLPClassifier(activation="logistic", pretrainer="rbm", centered=True)``. The visible
    layer's machine is chosen by the values of X, and ``verbose`` says which and why: all in [0, 1]
    (pixels, shares, zeros and ones) are taken for probabilities of binary units; others are Gaussian:
    standardise them, of counts best their ``log1p``, or scale them into [0, 1]. A warning names the column
    where neither is done.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(500, 500)
        Units of each hidden layer.
    pretrainer : 'rbm', estimator or list of them, default='rbm'
        As in :class:`MLPClassifier`; ``BernoulliRBM(n_iter=50, centered="visible")`` for instance trains
        longer.
    solver, alpha, batch_size, learning_rate, learning_rate_init, momentum, max_iter, tol
        Of the fine-tuning, as in :class:`MLPClassifier`.
    early_stopping, validation_fraction, n_iter_no_change
        As there.
    centered : bool, default=True
        As there; the machines are centred whatever it says.
    dropout, input_dropout, noise, max_norm, class_weight, label_smoothing, unlabeled
        As there; rows without a target are used by the machines.
    random_state, verbose, warm_start, callbacks, checkpoint
        As there.

    Attributes
    ----------
    classes_, coefs_, intercepts_, pretrainers_, history_, loss_curve_, n_iter_, stop_reason_
        As in :class:`MLPClassifier`, with all its other attributes.

    References
    ----------
    Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets, Neural Computation
    18, 1527-1554.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from deepen.neural_network import DBNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> network = DBNClassifier((64, 64), learning_rate_init=0.01, max_iter=50, random_state=0)
    >>> network.fit(X[:1000] / 16, y[:1000]).score(X[1000:] / 16, y[1000:]) > 0.9
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (500, 500),
        *,
        pretrainer: Any = "rbm",
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        momentum: float = 0.9,
        max_iter: int = 200,
        tol: float = 1e-4,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: float = 10,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        noise: float = 0.0,
        max_norm: float | None = None,
        centered: bool = True,
        class_weight: Any = None,
        label_smoothing: float = 0.0,
        unlabeled: Any = None,
        random_state: Any = None,
        verbose: bool = False,
        warm_start: bool = False,
        callbacks: Any = None,
        checkpoint: Any = None,
    ) -> None:
        super().__init__(
            hidden_layer_sizes,
            "logistic",
            pretrainer=pretrainer,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            momentum=momentum,
            max_iter=max_iter,
            tol=tol,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            dropout=dropout,
            input_dropout=input_dropout,
            noise=noise,
            max_norm=max_norm,
            centered=centered,
            class_weight=class_weight,
            label_smoothing=label_smoothing,
            unlabeled=unlabeled,
            random_state=random_state,
            verbose=verbose,
            warm_start=warm_start,
            callbacks=callbacks,
            checkpoint=checkpoint,
        )


class DBNRegressor(MLPRegressor):
    """Deep belief network, fine-tuned for numbers.

    Short for ``MLPRegressor(activation="logistic", pretrainer="rbm", centered=True)``; the visible
    layer's machine is chosen as :class:`DBNClassifier` says.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(500, 500)
        Units of each hidden layer.
    pretrainer : 'rbm', estimator or list of them, default='rbm'
        As in :class:`MLPRegressor`.
    loss, solver, alpha, batch_size, learning_rate, learning_rate_init, momentum, max_iter, tol
        Of the fine-tuning, as in :class:`MLPRegressor`.
    early_stopping, validation_fraction, n_iter_no_change
        As there.
    centered : bool, default=True
        As there; the machines are centred whatever it says.
    dropout, input_dropout, noise, max_norm, unlabeled
        As there; rows without a target are used by the machines.
    random_state, verbose, warm_start, callbacks, checkpoint
        As there.

    Attributes
    ----------
    coefs_, intercepts_, pretrainers_, history_, loss_curve_, n_iter_, stop_reason_
        As in :class:`MLPRegressor`, with all its other attributes.

    References
    ----------
    Hinton and Salakhutdinov (2008), Using deep belief nets to learn covariance kernels for Gaussian
    processes, NIPS 20.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from deepen.neural_network import DBNRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> network = DBNRegressor((16, 8), learning_rate_init=0.01, max_iter=20, random_state=0)
    >>> network.fit(X * 21, (y - y.mean()) / y.std()).predict(X[:2] * 21).shape
    (2,)
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (500, 500),
        *,
        pretrainer: Any = "rbm",
        loss: str = "squared_error",
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        momentum: float = 0.9,
        max_iter: int = 200,
        tol: float = 1e-4,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: float = 10,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        noise: float = 0.0,
        max_norm: float | None = None,
        centered: bool = True,
        unlabeled: Any = None,
        random_state: Any = None,
        verbose: bool = False,
        warm_start: bool = False,
        callbacks: Any = None,
        checkpoint: Any = None,
    ) -> None:
        super().__init__(
            loss,
            hidden_layer_sizes,
            "logistic",
            pretrainer=pretrainer,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            momentum=momentum,
            max_iter=max_iter,
            tol=tol,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            dropout=dropout,
            input_dropout=input_dropout,
            noise=noise,
            max_norm=max_norm,
            centered=centered,
            unlabeled=unlabeled,
            random_state=random_state,
            verbose=verbose,
            warm_start=warm_start,
            callbacks=callbacks,
            checkpoint=checkpoint,
        )

"""Stacked denoising autoencoders for classes: a perceptron that autoencoders start.

    layer l:  minimise L(h_{l-1}, r(corrupted h_{l-1})),  h_l = g(h_{l-1} W_l + b_l)
    then  y^ = softmax(h_L V + c)  and back-propagation through all layers

(Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, section 3). A short form of
:class:`MLPClassifier`; all that it does is to choose.
"""

from __future__ import annotations

from typing import Any

from deepen.neural_network.mlp_classifier import MLPClassifier


class StackedAutoencoderClassifier(MLPClassifier):
    """Stacked denoising autoencoders, fine-tuned for classes.

    Short for ``MLPClassifier(activation="relu", pretrainer="autoencoder", centered=True)``: each layer
    first learns to repair corrupted rows of what lies below it. Standardised columns, or values in
    [0, 1], suit it; a warning names a column that is neither.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(500, 500)
        Units of each hidden layer.
    activation : str or sequence of str, default='relu'
        As in :class:`MLPClassifier`.
    pretrainer : 'autoencoder', estimator or list of them, default='autoencoder'
        As in :class:`MLPClassifier`; ``Autoencoder(activation="logistic", contraction=0.1)`` for instance
        makes contractive ones. 'autoencoder' masks a quarter of the values and ties the weights.
    solver, alpha, batch_size, learning_rate, learning_rate_init, momentum, max_iter, tol
        Of the fine-tuning, as in :class:`MLPClassifier`.
    early_stopping, validation_fraction, n_iter_no_change
        As there.
    centered : bool, default=True
        As there, of the autoencoders too that 'autoencoder' stands for.
    dropout, input_dropout, noise, max_norm, class_weight, label_smoothing, unlabeled
        As there; rows without a target are used by the autoencoders.
    random_state, verbose, warm_start, callbacks, checkpoint
        As there.

    Attributes
    ----------
    classes_, coefs_, intercepts_, pretrainers_, history_, loss_curve_, n_iter_, stop_reason_
        As in :class:`MLPClassifier`, with all its other attributes.

    References
    ----------
    Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010), Stacked denoising autoencoders, JMLR 11.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from deepen.neural_network import StackedAutoencoderClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> network = StackedAutoencoderClassifier((64, 64), learning_rate_init=0.01, max_iter=50,
    ...                                        random_state=0)
    >>> network.fit(X[:1000] / 16, y[:1000]).score(X[1000:] / 16, y[1000:]) > 0.9
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (500, 500),
        activation: Any = "relu",
        *,
        pretrainer: Any = "autoencoder",
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
            activation,
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

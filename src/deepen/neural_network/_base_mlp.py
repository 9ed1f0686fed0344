"""What the multilayer perceptrons for classes and for numbers share: hidden layers, cost, outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from deepen.base import drop_unlabelled, labelled_rows
from deepen.functions.activations import OUTPUT_ACTIVATIONS
from deepen.layers.feed_forward import Params, forward
from deepen.neural_network._base_network import CHUNK_ROWS, BaseNetwork
from deepen.neural_network._network_run import (
    NETWORK_CONSTRAINTS,
    has_minibatches,
    not_negative,
    share,
)
from deepen.solvers import is_deterministic

__all__ = ["BaseMLP", "LabelledScore", "has_minibatches"]

Array = NDArray[Any]


class BaseMLP(BaseNetwork):
    """A network with targets; the classifier and the regressor add what these are."""

    _parameter_constraints: dict[str, Any] = {
        **NETWORK_CONSTRAINTS,
        "dropout": [share],
        "input_dropout": [share],
        "noise": [not_negative],
        "augment": [callable, None],
        "unlabeled": "no_validation",
        "precision": [StrOptions({"bfloat16"}), None],
    }
    label_smoothing = 0.0  # what has no labels has none
    precision: str | None = None

    def _labelled(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        return drop_unlabelled(self.unlabeled, X, y, sample_weight)

    def _unlabelled(self, X: Any, y: Any) -> Any:
        if self.unlabeled is None:
            return None
        marked = np.flatnonzero(~labelled_rows(y, self.unlabeled))
        return _safe_indexing(X, marked) if len(marked) else None

    def _units_above(self, n_features: int, y: Array) -> list[int]:
        return [*self._sizes(), self._n_outputs(y)]

    def _hidden_activations(self) -> tuple[str, ...]:
        return self._activations(self.n_layers_ - 2)

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
                "label_smoothing": self.label_smoothing or None,
                "precision": self._checked_precision(),
            }
        return NetworkCost(self._loss(), self._hidden_activations(), **terms)

    def _checked_precision(self) -> str | None:
        """Precision of the products, of float32 rows and solvers that bear its rounding alone."""
        if self.precision is None:
            return None
        if self.coefs_[0].dtype != np.float32:
            raise ValueError(
                f"precision={self.precision!r} rounds the products of float32 rows, but X is float64."
                ' Give X.astype("float32"), or leave precision out.'
            )
        if is_deterministic(self.solver):
            raise ValueError(
                f"solver={self.solver!r} has no sound step with precision={self.precision!r}: a line"
                " search needs a cost without rounding. Use a stochastic solver such as 'adam'."
            )
        return self.precision

    def _outputs(self, X: Any, activation: str | None = None) -> Array:
        """Activations of the output layer in NumPy, (n_samples, n_outputs)."""
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        params = Params(tuple(self.coefs_), tuple(self.intercepts_))
        names = self._hidden_activations()
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
        n_hidden = len(self.coefs_) - 1
        wanted = n_hidden if layer is None else layer + (n_hidden + 1 if layer < 0 else 0)
        if not 1 <= wanted <= n_hidden:
            raise ValueError(f"layer must be between 1 and {n_hidden}, got {layer!r}.")
        return self._hidden_layer(X, wanted)


class LabelledScore:
    """A score over the rows that have a target; left of the mixin of scikit-learn whose score it is."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy of a classifier, R^2 of a regressor; rows that ``unlabeled`` marks in y are left out.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float

        Raises
        ------
        ValueError
            Where no row has a target.
        """
        labelled = self._labelled(X, y, sample_weight)  # type: ignore[attr-defined]
        return float(super().score(*labelled))  # type: ignore[misc]

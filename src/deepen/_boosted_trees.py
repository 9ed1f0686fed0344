"""Gradient boosted trees that only predict: scikit-learn's, laid out as plain arrays.

    raw(x) = baseline + sum over trees t of value[leaf of t that x falls into]
    classification: two classes sigmoid(raw), more softmax(raw);  regression: raw or exp(raw)

At a node a number goes left when it is at most the threshold, a category when its bit is set, a
missing value or an unknown category as the node says. (scikit-learn's _predictor.pyx.) All trees
share one array of nodes; children stand behind their parent, so every walk ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_array, check_is_fitted

Array = np.ndarray[Any, np.dtype[Any]]

BITS = 32  # of one word of a set of categories
NODE_FIELDS = (
    "value",
    "feature_idx",
    "num_threshold",
    "missing_go_to_left",
    "left",
    "right",
    "is_leaf",
    "is_categorical",
    "bitset_idx",
)


class _BoostedTrees(BaseEstimator):
    """Walks the trees; the subclasses turn the sum into a prediction.

    Attributes
    ----------
    nodes_ : dict of str to ndarray of shape (n_nodes,)
        scikit-learn's fields; children are positions among all nodes.
    roots_ : ndarray of shape (n_iterations, n_trees_per_iteration)
        Where each tree begins.
    category_sets_ : ndarray of shape (n_categorical_splits, 8), uint32
        Bits of the categories that go left.
    baseline_ : ndarray of shape (1, n_trees_per_iteration)
        Raw prediction before the first tree.
    columns_ : ndarray of shape (n_features_in_,)
        Column of the input in each place of the trees' input: categories first.
    categories_ : list of ndarrays
        Values of each categorical column; their places are their codes.
    """

    @classmethod
    def from_sklearn(cls, model: Any) -> Any:
        """Fitted predictor with the trees of a fitted scikit-learn model.

        Parameters
        ----------
        model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
            Fitted.

        Returns
        -------
        trees : BoostedTreesClassifier or BoostedTreesRegressor
        """
        check_is_fitted(model)
        trees = cls()
        trees.n_features_in_ = model.n_features_in_
        if hasattr(model, "feature_names_in_"):
            trees.feature_names_in_ = np.array(list(model.feature_names_in_), dtype=object)
        trees.baseline_ = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(1, -1)
        trees._take_nodes(model._predictors)
        trees._take_categories(model)
        trees._take_output(model)
        return trees

    def _take_nodes(self, predictors: list[list[Any]]) -> None:
        trees = [tree for iteration in predictors for tree in iteration]
        starts = np.cumsum([0, *(len(tree.nodes) for tree in trees)])
        sets = np.cumsum([0, *(len(tree.raw_left_cat_bitsets) for tree in trees)])
        shape = (len(predictors), self.baseline_.shape[1])
        self.roots_ = starts[:-1].astype(np.int64).reshape(shape)
        fields: dict[str, list[Array]] = {name: [] for name in NODE_FIELDS}
        for tree, start, first_set in zip(trees, starts, sets, strict=False):
            shifts = {"left": start, "right": start, "bitset_idx": first_set}
            for name in NODE_FIELDS:
                numbers = tree.nodes[name]
                fields[name].append(
                    numbers.astype(np.int64) + shifts[name] if name in shifts else numbers
                )
        self.nodes_ = {name: np.concatenate(parts) for name, parts in fields.items()}
        self.category_sets_ = np.concatenate([tree.raw_left_cat_bitsets for tree in trees])

    def _take_categories(self, model: Any) -> None:
        is_categorical = model.is_categorical_
        if is_categorical is None:
            self.columns_ = np.arange(self.n_features_in_)
            self.categories_: list[Array] = []
            return
        # scikit-learn puts the categorical columns before the others
        self.columns_ = np.argsort(~is_categorical, kind="stable")
        encoder = model._preprocessor.named_transformers_["encoder"]
        self.categories_ = [
            np.array([value for value in categories if value is not None and value == value])
            for categories in encoder.categories_
        ]

    def _take_output(self, model: Any) -> None:
        raise NotImplementedError

    def fit(self, X: Any, y: Any) -> Any:
        """Raise TypeError: a predictor does not learn; scikit-learn asks for the method."""
        raise TypeError(
            f"{type(self).__name__} holds only what prediction needs; fit scikit-learn's"
            " HistGradientBoosting estimator instead."
        )

    def check_arrays(self) -> None:
        """Raise ValueError where an index leads outside the arrays or back to an earlier node."""
        nodes, n_nodes = self.nodes_, len(self.nodes_["value"])
        here = np.arange(n_nodes)
        inner = nodes["is_leaf"] == 0
        for side in ("left", "right"):
            if np.any((nodes[side] <= here)[inner]) or np.any(nodes[side][inner] >= n_nodes):
                raise ValueError(f"a {side} child stands outside its tree")
        if np.any(self.roots_ < 0) or np.any(self.roots_ >= n_nodes):
            raise ValueError("a tree begins outside the nodes")
        if np.any((nodes["feature_idx"] < 0)[inner]) or np.any(
            nodes["feature_idx"][inner] >= self.n_features_in_
        ):
            raise ValueError("a node asks for a column that is not there")
        sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
        if np.any(sets < 0) or np.any(sets >= len(self.category_sets_)):
            raise ValueError("a node asks for a set of categories that is not there")
        if sorted(self.columns_) != list(range(self.n_features_in_)):
            raise ValueError("the order of the columns is no permutation")

    def _raw(self, X: Any) -> Array:
        """Sum of the leaves, shape (n_samples, n_trees_per_iteration)."""
        check_is_fitted(self)
        numbers = self._numbers(X)
        raw = np.repeat(self.baseline_, len(numbers), axis=0)
        for iteration in self.roots_:
            for k, root in enumerate(iteration):
                raw[:, k] += self._leaf_values(numbers, root)
        return raw

    def _leaf_values(self, X: Array, root: int) -> Array:
        nodes = self.nodes_
        at = np.full(len(X), root)
        rows = np.flatnonzero(nodes["is_leaf"][at] == 0)
        while len(rows):
            here = at[rows]
            x = X[rows, nodes["feature_idx"][here]]
            is_missing = np.isnan(x)
            goes_left = x <= nodes["num_threshold"][here]
            is_set = (nodes["is_categorical"][here] != 0) & ~is_missing
            goes_left[is_set] = self._in_set(nodes["bitset_idx"][here[is_set]], x[is_set])
            goes_left = np.where(is_missing, nodes["missing_go_to_left"][here] != 0, goes_left)
            at[rows] = np.where(goes_left, nodes["left"][here], nodes["right"][here])
            rows = rows[nodes["is_leaf"][at[rows]] == 0]
        return np.asarray(nodes["value"][at])

    def _in_set(self, which: Array, codes: Array) -> Array:
        codes = codes.astype(np.uint32)
        words = self.category_sets_[which, codes // BITS]
        return np.asarray((words >> (codes % BITS)) & 1 == 1)

    def _numbers(self, X: Any) -> Array:
        """Input of the trees: codes of categories, then numbers; missing and unknown are NaN."""
        if hasattr(X, "to_pandas") and not hasattr(X, "iloc"):
            X = X.to_pandas()
        if hasattr(X, "iloc") and hasattr(self, "feature_names_in_"):
            lacking = [name for name in self.feature_names_in_ if name not in X.columns]
            if lacking:
                raise ValueError(
                    "The feature names should match those that were passed during fit."
                    f" Feature names missing: {lacking}."
                )
            X = X[list(self.feature_names_in_)]
        n_categorical = len(self.categories_)
        if not hasattr(X, "iloc"):
            dtype = None if n_categorical else np.float64
            X = check_array(X, dtype=dtype, ensure_all_finite=False)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting"
                f" {self.n_features_in_} features as input."
            )
        numbers = np.empty(X.shape)
        for place, column in enumerate(self.columns_):
            is_series = hasattr(X, "iloc")
            values = X.iloc[:, column] if is_series else X[:, column]
            if place < n_categorical:
                codes = {value: i for i, value in enumerate(self.categories_[place].tolist())}
                numbers[:, place] = [codes.get(value, np.nan) for value in values]
            elif is_series:  # pandas' own missing value has no place in a plain float array
                numbers[:, place] = values.to_numpy(dtype=np.float64, na_value=np.nan)
            else:
                numbers[:, place] = values
        return numbers

    def __sklearn_tags__(self) -> Any:
        """Tags: missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class BoostedTreesClassifier(ClassifierMixin, _BoostedTrees):
    """Predictions of a fitted HistGradientBoostingClassifier, without the means to fit.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from deepen._boosted_trees import BoostedTreesClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = HistGradientBoostingClassifier(max_iter=5).fit(X, y)
    >>> trees = BoostedTreesClassifier.from_sklearn(model)
    >>> bool((trees.predict(X) == model.predict(X)).all())
    True
    """

    def _take_output(self, model: Any) -> None:
        self.classes_ = model.classes_

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        raw = self._raw(X)
        if raw.shape[1] > 1:
            return np.asarray(softmax(raw, axis=1))
        positive = expit(raw[:, 0])
        return np.stack([1 - positive, positive], axis=1)

    def predict(self, X: Any) -> Array:
        """Most probable class of each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        raw = self._raw(X)
        winners = raw.argmax(axis=1) if raw.shape[1] > 1 else (raw[:, 0] > 0).astype(np.intp)
        return np.asarray(self.classes_[winners])


class BoostedTreesRegressor(RegressorMixin, _BoostedTrees):
    """Predictions of a fitted HistGradientBoostingRegressor, without the means to fit.

    Attributes
    ----------
    link_ : {"identity", "log"}
        Function of the expected value that the trees sum up.
    """

    def _take_output(self, model: Any) -> None:
        self.link_ = "log" if model.loss in ("poisson", "gamma") else "identity"

    def predict(self, X: Any) -> Array:
        """Predicted amount of each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)

        Returns
        -------
        amounts : ndarray of shape (n_samples,)
        """
        raw = self._raw(X)[:, 0]
        return np.exp(raw) if self.link_ == "log" else raw

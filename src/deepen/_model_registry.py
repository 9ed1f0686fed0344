"""Which classes a model file may name: a fixed list, and what a program has added to it.

A name in a file is looked up here and nowhere else, so that no file can have anything else
imported.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

# Private attributes that prediction needs.
KEPT: dict[str, tuple[str, ...]] = {
    "deepen.manifold.TSNE": ("_fit_X",),
    "deepen.neural_network.BernoulliRBM": ("_n_features_out",),
    "deepen.neural_network.GaussianRBM": ("_n_features_out",),
    "deepen.neural_network.Autoencoder": ("_extremes", "_n_features_out"),
    "deepen.neural_network.DeepBeliefNetwork": ("_n_features_out",),
    "deepen.neural_network.DBNClassifier": ("_is_multilabel", "_n_features_out"),
    "deepen.neural_network.DBNRegressor": ("_n_features_out",),
    "deepen.neural_network.StackedAutoencoderClassifier": ("_is_multilabel", "_n_features_out"),
    "deepen.neural_network.MLPClassifier": ("_is_multilabel", "_n_features_out"),
    "deepen.neural_network.MLPRegressor": ("_n_features_out",),
    "sklearn.dummy.DummyClassifier": ("_strategy",),
}
# What fit has beyond prediction and a file does not keep.
_FRESH = {"_optimizer_state": None, "_progress": None, "_n_epochs_seen": 0}
RESET: dict[str, dict[str, Any]] = {
    "deepen.covariance.EmpiricalCovariance": {"_moments": None},
    "deepen.decomposition.PCA": {"_moments": None},
    "deepen.neural_network.BernoulliRBM": {"_memory": None},
    "deepen.neural_network.GaussianRBM": {"_memory": None},
    "deepen.neural_network.Autoencoder": dict(_FRESH),
    "deepen.neural_network.DBNClassifier": dict(_FRESH),
    "deepen.neural_network.DBNRegressor": dict(_FRESH),
    "deepen.neural_network.StackedAutoencoderClassifier": dict(_FRESH),
    "deepen.neural_network.MLPClassifier": dict(_FRESH),
    "deepen.neural_network.MLPRegressor": dict(_FRESH),
}
# Parameters that a file neither keeps nor sets: code, and places to which a later fit would write.
NEVER_KEPT = frozenset({"callbacks", "checkpoint", "memory"})
MODEL_TYPES: dict[str, type | None] = dict.fromkeys(
    (
        "deepen._boosted_trees.BoostedTreesClassifier",
        "deepen._boosted_trees.BoostedTreesRegressor",
        "deepen.datasets.TableEncoder",
        "deepen.covariance.EmpiricalCovariance",
        "deepen.decomposition.PCA",
        "deepen.linear_model.LinearRegression",
        "deepen.linear_model.LogisticRegression",
        "deepen.manifold.TSNE",
        "deepen.neural_network.BernoulliRBM",
        "deepen.neural_network.GaussianRBM",
        "deepen.neural_network.Autoencoder",
        "deepen.neural_network.DBNClassifier",
        "deepen.neural_network.DeepBeliefNetwork",
        "deepen.neural_network.DBNRegressor",
        "deepen.neural_network.StackedAutoencoderClassifier",
        "deepen.neural_network.MLPClassifier",
        "deepen.neural_network.MLPRegressor",
        "deepen.neural_network.RBMClassifier",
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        "sklearn.frozen.FrozenEstimator",
        "sklearn.neural_network.BernoulliRBM",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing.MinMaxScaler",
    )
)
DATACLASS_TYPES: dict[str, type | None] = dict.fromkeys(
    (
        "deepen.datasets.Column",
        "deepen.datasets.category_means.Hashed",
        "deepen.datasets.category_means.TargetMeans",
        "deepen.datasets.encoders.Codes",
        "deepen.datasets.encoders.Numbers",
        "deepen.datasets.encoders.OneHot",
        "deepen.datasets.number_format.NumberFormat",
        "deepen.datasets.string_encoders.DateParts",
        "deepen.datasets.string_encoders.TextTopics",
        "deepen.engine.AdaGrad",
        "deepen.engine.Adam",
        "deepen.engine.Adaptive",
        "deepen.engine.ConjugateGradient",
        "deepen.engine.Constant",
        "deepen.engine.Cosine",
        "deepen.engine.Exponential",
        "deepen.engine.Inverse",
        "deepen.engine.InverseScaling",
        "deepen.engine.LBFGS",
        "deepen.engine.RMSprop",
        "deepen.engine.SGD",
        "deepen.engine.Step",
        "deepen.functions.augmentation.Brightness",
        "deepen.functions.augmentation.Compose",
        "deepen.functions.augmentation.Flip",
        "deepen.functions.augmentation.Rotate",
        "deepen.functions.augmentation.Shift",
    )
)


def register_model_type(cls: type, name: str | None = None) -> None:
    """Let model files name an estimator class.

    Parameters
    ----------
    cls : type
        A scikit-learn estimator; its parameters and the attributes that end in ``_`` are kept.
    name : str, optional
        Name in the file; module and class name unless said.
    """
    MODEL_TYPES[name or _default_name(cls)] = cls


def register_dataclass_type(cls: type, name: str | None = None) -> None:
    """Let model files name a dataclass, such as an optimiser or a schedule of one's own.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are plain values or registered dataclasses.
    name : str, optional
        Name in the file; module and class name unless said.

    Raises
    ------
    TypeError
        If ``cls`` is not a dataclass.
    """
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"cls must be a dataclass, got {cls!r}.")
    DATACLASS_TYPES[name or _default_name(cls)] = cls


def _default_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def name_of(cls: type, registry: dict[str, type | None]) -> str | None:
    """Name of exactly this class in a registry, or None; a subclass is another class."""
    for name, known in registry.items():
        if known is cls:
            return name
        is_namesake = known is None and name.rpartition(".")[2] == cls.__name__
        # Only a class of the same package can be it, so nothing else is imported to find out.
        if is_namesake and name.partition(".")[0] == cls.__module__.partition(".")[0]:
            if resolve(name, registry) is cls:
                return name
    return None


def resolve(name: str, registry: dict[str, type | None]) -> type | None:
    """Class of a name in a registry, or None if the name is not there."""
    if name not in registry:
        return None
    known = registry[name]
    if known is None:
        module, _, attribute = name.rpartition(".")
        known = registry[name] = getattr(importlib.import_module(module), attribute)
    return known

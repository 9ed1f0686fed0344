"""deepen: from logistic regression to deep networks, one ``fit`` / ``predict``, compiled by JAX.

Public names are loaded on first use, so that ``import deepen`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "load": "deepen.modelfile",
    "save": "deepen.modelfile",
    "enable_compilation_cache": "deepen.engine.devices",
}
_SUBPACKAGES = (
    "covariance",
    "datasets",
    "decomposition",
    "engine",
    "functions",
    "linear_model",
    "manifold",
    "model_selection",
    "neural_network",
    "plotting",
    "report",
)

__all__ = ["__version__", *_HOME, *_SUBPACKAGES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _SUBPACKAGES:
        return importlib.import_module(f"deepen.{name}")
    raise AttributeError(f"module 'deepen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

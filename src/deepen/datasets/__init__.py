"""Reading tables, built-in data sets, and turning tables into arrays; loaded on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepen.datasets._errors import DataError
    from deepen.datasets.builtin import load_fer2013, load_mnist
    from deepen.datasets.chunks import read_chunks
    from deepen.datasets.drift import Drift, Finding
    from deepen.datasets.first_look import infer_columns
    from deepen.datasets.idx import read_idx
    from deepen.datasets.kinds import Column
    from deepen.datasets.readers import find_column, read_table
    from deepen.datasets.row_files import RowFiles
    from deepen.datasets.tables import TableEncoder
    from deepen.datasets.task import infer_task

__all__ = [
    "Column",
    "DataError",
    "Drift",
    "Finding",
    "RowFiles",
    "TableEncoder",
    "find_column",
    "infer_columns",
    "infer_task",
    "load_fer2013",
    "load_mnist",
    "read_chunks",
    "read_idx",
    "read_table",
]

_HOMES = {
    "Column": "kinds",
    "DataError": "_errors",
    "Drift": "drift",
    "Finding": "drift",
    "RowFiles": "row_files",
    "TableEncoder": "tables",
    "find_column": "readers",
    "infer_columns": "first_look",
    "infer_task": "task",
    "load_fer2013": "builtin",
    "load_mnist": "builtin",
    "read_chunks": "chunks",
    "read_idx": "idx",
    "read_table": "readers",
}


def __getattr__(name: str) -> Any:
    """Import the module of a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

"""Packages that are large and needed for some tasks only, and the line that installs each."""

from __future__ import annotations

import importlib
from typing import Any

EXTRAS = {"matplotlib": ("plot", "Pictures"), "pyarrow": ("parquet", "Parquet files")}


class MissingExtraError(ImportError):
    """A package that is not installed by default is needed."""


def import_extra(module: str) -> Any:
    """Module of a package that is an extra of the installation.

    Parameters
    ----------
    module : str
        Such as ``"matplotlib.figure"``; packages are those of ``EXTRAS``.

    Raises
    ------
    MissingExtraError
        If it is not installed, naming the line that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        extra, use = EXTRAS[package]
        remedy = f'pip install "deepen[{extra}]"'
        raise MissingExtraError(f"{use} need {package}: {remedy}.", name=package) from error

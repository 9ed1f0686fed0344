"""``deepen info``: versions, devices, cache; or a model file, as ``deepen inspect`` tells of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def info(
    model: Annotated[
        Path | None, typer.Argument(help="A model file to describe, as deepen inspect does.")
    ] = None,
) -> None:
    """Show versions, devices and the cache of compiled programs, or what a model file holds."""
    if model is not None:
        from deepen.cli.inspect import inspect

        inspect(model)
        return
    import importlib.metadata
    import platform

    import jax

    import deepen
    from deepen.cli._common import console

    out = console()
    rows = {"deepen": deepen.__version__, "python": platform.python_version()}
    for package in ("jax", "scikit-learn", "numpy", "pandas"):
        rows[package] = importlib.metadata.version(package)
    rows["devices"] = ", ".join(str(device) for device in jax.devices())
    rows["compilation cache"] = str(deepen.enable_compilation_cache() or "none")
    for name, value in rows.items():
        out.say(f"{name:<18} {value}")

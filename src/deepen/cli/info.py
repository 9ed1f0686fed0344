"""``deepen info``: versions, devices, cache."""

from __future__ import annotations


def info() -> None:
    """Show versions, devices and the cache of compiled programs."""
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
        out.print(f"{name:<18} {value}", markup=False, soft_wrap=True)

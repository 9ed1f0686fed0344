"""Where and how precisely the engine computes, as a good guest of the user's process.

Importing changes no setting. ``computing(dtype)`` is the one entry to JAX: inside it, in this thread
alone, float64 exists when the data is float64. A process that was forked after JAX had started would
hang; it is told so instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import DTypeLike

from deepen import __version__

_first_process: int | None = None


def check_not_forked() -> None:
    """Raise where this process was forked from one that had used JAX.

    Raises
    ------
    RuntimeError
        After ``os.fork`` (also multiprocessing's "fork" start method), which JAX's threads do not
        survive.
    """
    global _first_process
    if _first_process is None:
        _first_process = os.getpid()
    if os.getpid() != _first_process:
        raise RuntimeError(
            "deepen cannot train in a process forked from one in which it has trained: JAX's "
            "threads do not survive a fork. Use joblib's loky backend (n_jobs with the default "
            'backend) or multiprocessing.get_context("spawn").'
        )


@contextmanager
def computing(dtype: DTypeLike) -> Iterator[None]:
    """Compute in this thread with the dtype of the data: float64 is on for float64 alone."""
    check_not_forked()
    with jax.enable_x64(np.dtype(dtype) == np.float64):
        yield


def to_numpy(tree: Any) -> Any:
    """Writable NumPy copies of a pytree's arrays, row by row: what may leave ``computing``."""
    return jax.tree.map(lambda a: np.array(a, order="C"), tree)


def traced_numbers(tree: Any, dtype: DTypeLike) -> Any:
    """A pytree's numbers as arrays of one dtype, so that no value can change a compiled program."""
    return jax.tree.map(lambda value: np.asarray(value, dtype), tree)


def enable_compilation_cache(folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Keep compiled programs on disk, so that the first fit of the next process is quick.

    A cache that the user has configured stays as it is.

    Parameters
    ----------
    folder : path, default=None
        Where programs are kept; by default ``$DEEPEN_CACHE`` or ``~/.cache/deepen/jax``.

    Returns
    -------
    folder : pathlib.Path or None
        The folder in use; None where it cannot be written.

    Examples
    --------
    >>> import deepen
    >>> deepen.enable_compilation_cache()  # doctest: +SKIP
    PosixPath('/home/me/.cache/deepen/jax')
    """
    present = getattr(jax.config, "jax_compilation_cache_dir", None)
    if present:
        return Path(present)
    default = os.environ.get("DEEPEN_CACHE") or Path.home() / ".cache" / "deepen" / "jax"
    chosen = Path(folder or default)
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    jax.config.update("jax_compilation_cache_dir", str(chosen))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return chosen


def fingerprint() -> dict[str, Any]:
    """What the bits of a fit depend on beside data and seed: versions, device, number of cores."""
    device = jax.devices()[0]
    return {
        "deepen": __version__,
        "jax": jax.__version__,
        "numpy": np.__version__,
        "platform": device.platform,
        "device": device.device_kind,
        "n_cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
    }

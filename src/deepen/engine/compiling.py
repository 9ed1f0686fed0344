"""Seconds that tracing and compiling programs have taken in this process, as JAX tells them."""

from __future__ import annotations

from jax import monitoring

EVENTS = "/jax/core/compile/"  # tracing, lowering, the compiler or a look into its cache

_seconds = 0.0


def seconds_compiling() -> float:
    """Seconds of tracing, lowering and compiling since this module was loaded, in all threads together.

    Examples
    --------
    >>> import jax
    >>> from deepen.engine import seconds_compiling
    >>> before = seconds_compiling()
    >>> _ = jax.jit(lambda x: x + 1)(2.0)
    >>> seconds_compiling() > before
    True
    """
    return _seconds


def _count(event: str, duration_secs: float, **_: str | int) -> None:
    global _seconds
    if event.startswith(EVENTS):
        _seconds += duration_secs


monitoring.register_event_duration_secs_listener(_count)

"""Memory that is free goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepen.model_selection import LadderEvent

# glibc: what is larger has pages of its own, which go back when it is freed. It raises the limit, up to
# 32 MiB, whenever one is freed, unless told.
M_MMAP_THRESHOLD, LARGE = -3, 2**20
AT_LEAST = 1.0  # seconds between two looks for what is free, some milliseconds each
COMPILED, LONG = "/jax/core/compile/backend_compile_duration", 0.2  # seconds


def part_with_large_blocks() -> None:
    """Have the C library take memory of 1 MiB and more from the system and give it back at once.

    A training of 82,000 rows x 51 then takes 50 MB instead of 150, and no more time.
    """
    if option := _of_c_library("mallopt"):
        option(ctypes.c_int(M_MMAP_THRESHOLD), ctypes.c_int(LARGE))


def forget_programs() -> None:
    """Have JAX forget its compiled programs, some 10 MB for each kind of network."""
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()


def give_back() -> None:
    """Have the C library return what it keeps of freed memory; nothing where it is not glibc.

    It keeps what a look at a large table or a compiler has left, in blocks that may never be of use
    again: a fifth of the process.
    """
    if trim := _of_c_library("malloc_trim"):
        trim(ctypes.c_size_t(0))


@cache
def give_back_after_compiling() -> None:
    """From now on, give back what tracing and compiling a program leave, some 100 MB, before the next one."""
    from jax import monitoring

    def compiled(event: str, duration_secs: float, **_: str | int) -> None:
        if event == COMPILED and duration_secs > LONG:
            gc.collect(1)  # the young ones: what tracing has left
            give_back()

    monitoring.register_event_duration_secs_listener(compiled)


def _of_c_library(name: str) -> Any:
    """A function of it; None of another C library, or on Windows."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None


def frugal(progress: Callable[[LadderEvent], None]) -> Callable[[LadderEvent], None]:
    """The same, minding memory: JAX is loaded once the whole table is gone, not beside it."""
    from deepen.cli._common import warm_up

    given_back = 0.0

    def told(event: LadderEvent) -> None:
        nonlocal given_back
        if event.kind in ("rung", "after"):
            forget_programs()  # no two rungs have the same network, and no two curves of labels
        # The compiler leaves 100 MB behind, where the next setting has another program.
        if event.kind in ("rung", "refit", "after") or time.monotonic() - given_back > AT_LEAST:
            give_back()
            given_back = time.monotonic()
        if event.kind == "rung" and event.role != "baseline":
            warm_up()
            give_back_after_compiling()
        progress(event)

    return told

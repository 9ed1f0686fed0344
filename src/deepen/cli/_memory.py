"""Memory that is free goes back to the system."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Have the C library return what it keeps of freed memory; nothing where it is not glibc.

    It keeps what a look at a large table or a compiler has left, in blocks that may never be of use
    again: a fifth of the process.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library, or Windows, which has no None
        return
    trim(ctypes.c_size_t(0))

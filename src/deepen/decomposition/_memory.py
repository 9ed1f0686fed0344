"""How much memory this process may use, and memory that is given back."""

from __future__ import annotations

import math
import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GROUPS_OF_PROCESS = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")

COPIED_SHARE = 0.25  # of the memory, above which rows are not copied


def memory_bytes() -> float:
    """The smallest limit in bytes, infinite where the system tells none.

    Counted are the machine's memory, ``memory.max`` of version 2 and ``memory.limit_in_bytes`` of
    version 1 of the process's control group and of those that hold it (Linux kernel documentation,
    cgroup-v2 and cgroup-v1/memory), and the address space and data of ``setrlimit``.
    """
    return min([float("inf"), *_machine(), *_control_groups(), *_process()])


def _machine() -> Iterator[float]:
    if sys.platform == "win32":
        return
    try:
        yield float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError):
        return


def _process() -> Iterator[float]:
    if sys.platform == "win32":
        return
    import resource

    for name in ("RLIMIT_AS", "RLIMIT_DATA"):
        soft = resource.getrlimit(getattr(resource, name))[0]
        if soft != resource.RLIM_INFINITY:
            yield float(soft)


def _control_groups() -> Iterator[float]:
    try:
        lines = GROUPS_OF_PROCESS.read_text().splitlines()
    except OSError:  # not on Linux
        return
    for line in lines:  # "0::/path" of version 2, "4:memory:/path" of version 1
        _, controllers, path = line.split(":", 2)
        roots: tuple[Path, ...]
        if not controllers:
            roots, name = (GROUPS, GROUPS / "unified"), "memory.max"
        elif "memory" in controllers.split(","):
            roots, name = (GROUPS / "memory",), "memory.limit_in_bytes"
        else:
            continue
        # In a container the path may be the host's, and the group's own files lie at the root.
        own = Path(path.lstrip("/"))
        for root in roots:
            for group in (own, *own.parents):
                yield from _limit(root / group / name)


def _limit(file: Path) -> Iterator[float]:
    try:
        text = file.read_text().strip()
    except OSError:
        return
    if text.isdigit():  # without a limit it says "max"
        yield float(text)


def own_pages(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Zeros whose pages go back to the system when they are let go; the C library might keep them."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, max(n_bytes, 1)), dtype, math.prod(shape)).reshape(shape)

"""What the command line does so that memory that is free goes back to the system."""

import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deepen.cli import _memory
from deepen.cli._memory import forget_programs

LARGE_BLOCKS = """
import os
import numpy as np
from deepen.cli._memory import part_with_large_blocks
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
IS_TOLD and part_with_large_blocks()
np.ones(2**21)
before = resident()
block, above = np.ones(2**21), [bytes(900) for _ in range(1000)]
del block
print(resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
def test_large_blocks_go_back_at_once():
    """The C library keeps a freed block of 16 MB below a small one, unless it is told."""
    kept = {}
    for is_told in (False, True):
        script = LARGE_BLOCKS.replace("IS_TOLD", str(is_told))
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        kept[is_told] = float(done.stdout)
    assert kept[True] < 4
    if "glibc" in platform.libc_ver():
        assert kept[False] > 12


def test_programs_are_forgotten():
    import jax

    double = jax.jit(lambda x: 2 * x)
    double(1.0)
    assert double._cache_size() == 1
    forget_programs()
    assert double._cache_size() == 0 and double(2.0) == 4


def test_memory_goes_back_after_each_long_compilation(monkeypatch):
    from jax import monitoring

    given_back, listeners = [], []
    monkeypatch.setattr(_memory, "give_back", lambda: given_back.append(True))
    monkeypatch.setattr(monitoring, "register_event_duration_secs_listener", listeners.append)
    _memory.give_back_after_compiling.__wrapped__()
    [told] = listeners
    told(_memory.COMPILED, 0.1, fun_name="f")
    told("/jax/core/compile/jaxpr_trace_duration", 9.0)
    assert not given_back
    told(_memory.COMPILED, 0.3, fun_name="f")
    assert given_back == [True]


def test_jax_tells_of_compilations(monkeypatch):
    """By the name that is listened for."""
    import jax
    from jax import monitoring

    told = []
    monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: told.append(event))
    jax.jit(lambda x: 19 * x)(1.0)
    assert _memory.COMPILED in told


def test_a_climb_gives_memory_back(monkeypatch):
    """Once JAX is loaded, by the first rung that trains."""
    begun = []
    monkeypatch.setattr(_memory, "give_back_after_compiling", lambda: begun.append(True))
    tell = _memory.frugal(lambda event: None)
    for role in ("baseline", "ladder"):
        assert not begun
        tell(SimpleNamespace(kind="rung", role=role))
    assert begun == [True]

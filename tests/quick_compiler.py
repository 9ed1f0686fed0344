"""A compiler that is quick, since most of a cold test run is XLA's, and how to do without it.

Most programs of the tests run for milliseconds. So, as JAX's own tests do, these compile without most
optimisations; and the loops of a program are written by XLA's plain emitter, in one piece. For the
epochs of five models, that is a fifth of the compiler's time. Two things show that what is shipped is
right, too: a test that works long asks for the fixture ``optimized``; and with
``DEEPEN_TEST_AS_SHIPPED=1`` nothing of this is switched on, which is how CI repeats some files and how
``make slow`` runs. Processes that a test starts inherit the settings, unless it hands them
:func:`shipped_environment`.
"""

from __future__ import annotations

import os
import subprocess
import sys

import jax

FLAGS = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
UNOPTIMIZED = "JAX_DISABLE_MOST_OPTIMIZATIONS"
AS_SHIPPED = bool(os.environ.get("DEEPEN_TEST_AS_SHIPPED"))


def install() -> None:
    """Switch the settings on in this process, before JAX starts, and for those that it starts."""
    if AS_SHIPPED:
        return
    os.environ[UNOPTIMIZED] = "1"
    jax.config.update("jax_disable_most_optimizations", True)
    if FLAGS not in os.environ.get("XLA_FLAGS", ""):
        flags = f"{os.environ.get('XLA_FLAGS', '')} {FLAGS}".strip()
        if _are_known(flags):
            os.environ["XLA_FLAGS"] = flags


def shipped_environment() -> dict[str, str]:
    """Environment of this process without the settings."""
    found = {name: value for name, value in os.environ.items() if name != UNOPTIMIZED}
    found["XLA_FLAGS"] = found.get("XLA_FLAGS", "").replace(FLAGS, "").strip()
    return found


def _are_known(flags: str) -> bool:
    """Whether this XLA knows them: it ends the process that names others."""
    command = [sys.executable, "-c", "import jax; jax.devices()"]
    environment = os.environ | {"XLA_FLAGS": flags}
    return subprocess.run(command, env=environment, capture_output=True).returncode == 0

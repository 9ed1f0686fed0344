"""What all tests share: a strict JAX, a compilation cache on disk, checked annotations, a seed.

The seed differs from run to run unless ``DEEPEN_TEST_SEED`` names it; a failing test says which it was.
A truth about random draws may fail at one seed in a thousand, so a test that draws has a second try, at
an independent seed; the summary names those that needed it, and failing twice is a failure.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from jaxtyping import install_import_hook
from threadpoolctl import threadpool_limits

import quick_compiler

# Each worker has a core. More threads of BLAS and OpenMP than cores wait for one another: small products
# and t-SNE then take up to a hundred times as long.
if "PYTEST_XDIST_WORKER" in os.environ:
    threadpool_limits(1)  # of libraries that are loaded
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # of later ones

# Annotations of these modules are checked at run time. Not of the optimisers: JAX rebuilds those pytrees
# with tracers, and anything else, in the place of their numbers.
ENGINE = Path(__file__).parents[1] / "src" / "deepen" / "engine"
CHECKED = [f"deepen.engine.{path.stem}" for path in ENGINE.glob("*.py")]
CHECKED = [name for name in CHECKED if not name.endswith((".optimizers", ".__init__"))]
install_import_hook(["deepen.functions", "deepen.layers", *CHECKED], "annotations.checked")

quick_compiler.install()

# JAX writes a program straight under its name: of two processes, one might read half of what the other
# writes. So each has a folder of its own, and the processes that it starts, too.
CACHE = Path(__file__).parents[1] / ".cache" / "jax" / os.environ.get("PYTEST_XDIST_WORKER", "")
jax.config.update("jax_compilation_cache_dir", str(CACHE))
if "JAX_COMPILATION_CACHE_DIR" in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(CACHE)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

# Every program keeps some dozens of memory maps, of which Linux grants a process 65,530.
TESTS_BETWEEN_CLEARINGS = 150

SECOND_TRY = 65_537  # beyond every first seed
SEED = int(os.environ.get("DEEPEN_TEST_SEED") or int.from_bytes(os.urandom(2), "little"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"seed", "rng"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Seed of the run, for everything that a test draws; another one at the second try."""
    n_failures = getattr(request.node, "execution_count", 1) - 1
    return SEED + SECOND_TRY * n_failures


@pytest.fixture
def rng(seed: int) -> np.random.RandomState:
    """Generator seeded with the run's seed."""
    return np.random.RandomState(seed)


@pytest.fixture
def optimized() -> Iterator[None]:
    """Compile as shipped the programs of a test that works longer than a compiler does."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", not quick_compiler.AS_SHIPPED)


@pytest.fixture(scope="session")
def count_of_tests() -> Iterator[int]:
    """Tests that have ended, counted from 1."""
    return itertools.count(1)


@pytest.fixture(autouse=True)
def few_programs(count_of_tests: Iterator[int]) -> Iterator[None]:
    """Forget compiled programs now and then; those that are needed again lie on the disk."""
    yield
    if next(count_of_tests) % TESTS_BETWEEN_CLEARINGS == 0:
        jax.clear_caches()
        gc.collect()


def pytest_report_header() -> str:
    return f"DEEPEN_TEST_SEED={SEED}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if report.failed and {"seed", "rng"} & set(getattr(item, "fixturenames", ())):
        seed = SEED + SECOND_TRY * (getattr(item, "execution_count", 1) - 1)
        report.sections.append(("Seed", f"DEEPEN_TEST_SEED={seed} repeats this test."))

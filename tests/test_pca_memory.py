"""PCA within the memory that a process may use: which limits count, and what 'auto' does near them."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn import decomposition

from deepen.decomposition import PCA, _choice, _memory
from deepen.decomposition._choice import solver_for
from deepen.decomposition._memory import memory_bytes, own_pages

MEGABYTE = 1 << 20


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A system's control groups, to be written."""
    monkeypatch.setattr(_memory, "GROUPS_OF_PROCESS", tmp_path / "cgroup")
    monkeypatch.setattr(_memory, "GROUPS", tmp_path / "fs")

    def write(lines, **limits):
        (tmp_path / "cgroup").write_text("\n".join(lines))
        for path, text in limits.items():
            file = tmp_path / "fs" / path.replace("__", "/").replace("_dot_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")

    return write


def test_a_group_of_version_2_and_those_that_hold_it(groups):
    groups(["0::/user/job"], user__job__memory_dot_max="max", user__memory_dot_max=5 * MEGABYTE)
    assert memory_bytes() == 5 * MEGABYTE
    groups(["0::/user/job"], user__job__memory_dot_max=3 * MEGABYTE)
    assert memory_bytes() == 3 * MEGABYTE


def test_a_group_of_version_1(groups, tmp_path):
    # As a container sees it: the path is the host's, the files lie at the root.
    lines = ["5:cpu,cpuacct:/docker/1", "4:memory:/docker/1", "0::/"]
    groups(lines)
    file = tmp_path / "fs" / "memory" / "memory.limit_in_bytes"
    file.parent.mkdir(parents=True)
    file.write_text(str(7 * MEGABYTE))
    assert memory_bytes() == 7 * MEGABYTE


def test_without_limits_it_is_the_machines(groups, monkeypatch):
    groups(["0::/"], memory_dot_max="max")
    monkeypatch.setattr(_memory, "_process", lambda: iter(()))
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_bytes() == machine
    groups(["0::/"], memory_dot_max=4 * machine)  # more than there is
    assert memory_bytes() == machine


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them")
@pytest.mark.parametrize("name", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_the_limits_of_the_process(name):
    script = f"""
import resource
from deepen.decomposition._memory import memory_bytes, own_pages
resource.setrlimit(resource.{name}, (3 << 30,) * 2)
print(memory_bytes() <= 3 << 30)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "True", run.stderr


def test_auto_counts_whole_numbers_as_floats_and_takes_shares(monkeypatch):
    square, wide = np.ones((300, 300)), np.ones((50, 2400))
    pixels = np.ones((300, 300), np.uint8)
    monkeypatch.setattr(_choice, "memory_bytes", lambda: 3.0 * square.nbytes)
    for n_components in (5, 0.9, None, "mle"):
        assert solver_for("auto", square, n_components) == "covariance_eigh"
        assert solver_for("auto", pixels, n_components) == "covariance_eigh"
    assert solver_for("auto", square.astype(np.float32), 5) == "dense"  # a sixth of the memory
    for n_components, solver in ((5, "lanczos"), (0.9, "lanczos"), (None, "dense"), (48, "dense")):
        assert solver_for("auto", wide, n_components) == solver
    assert solver_for("randomized", square, 5) == "dense"


@pytest.mark.parametrize("n_components", [4, 0.6])
@pytest.mark.parametrize("shape", [(600, 40), (90, 2100)])
def test_whole_numbers_near_the_limit_are_never_floats_as_a_whole(
    rng, monkeypatch, shape, n_components
):
    X = rng.poisson(np.geomspace(20, 1, shape[1]), shape).astype(np.uint8)
    theirs = decomposition.PCA(n_components, svd_solver="full").fit(X)
    monkeypatch.setattr(_choice, "memory_bytes", lambda: 3.0 * 8 * X.size)
    ours = PCA(n_components, random_state=0).fit(X)
    assert ours.n_components_ == theirs.n_components_
    np.testing.assert_allclose(ours.singular_values_, theirs.singular_values_, rtol=1e-6)
    np.testing.assert_allclose(np.abs(ours.transform(X)), np.abs(theirs.transform(X)), atol=1e-5)


def test_a_large_picture_of_bytes_is_fitted_without_a_copy(rng, monkeypatch):
    X = rng.randint(0, 255, (40_000, 200)).astype(np.uint8)
    monkeypatch.setattr(_choice, "memory_bytes", lambda: 3.0 * 8 * X.size)
    tracemalloc.start()
    PCA(5).fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.6 * X.size * 8


@pytest.mark.parametrize("solver", ["auto", "full", "covariance_eigh", "lanczos", "gradient"])
def test_rows_that_do_not_vary_explain_nothing_and_a_share_says_so(solver):
    X = np.full((12, 4), 7.0)
    for rows in (X, X.astype(np.float32), X.astype(int)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            number = PCA(2, svd_solver=solver).fit(rows)
        with pytest.warns(UserWarning, match="do not vary"):
            share = PCA(0.9, svd_solver=solver).fit(rows)
        assert share.n_components_ == 1
        for model in (number, share):
            np.testing.assert_array_equal(model.explained_variance_ratio_, 0)
            np.testing.assert_allclose(model.transform(rows), 0, atol=1e-6)
    with pytest.warns(UserWarning, match="do not vary"):
        codes = PCA(0.9, svd_solver=solver).fit_transform(X)
    np.testing.assert_allclose(codes, 0, atol=1e-12)


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory as Linux tells it")
def test_pages_of_their_own_go_back_to_the_system():
    def resident():
        status = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(x for x in status if x.startswith("VmRSS")).split()[1])

    n_bytes = 1 << 24
    before, rooms = resident(), [own_pages((4, n_bytes // 32), np.float64) for _ in range(4)]
    for room in rooms:
        assert room.shape == (4, n_bytes // 32) and not room.any()
        room[...] = 1
    held = resident() - before
    assert held > 3.5 * n_bytes
    del room
    rooms.clear()
    assert resident() - before < held - 3.5 * n_bytes
    assert own_pages((0, 3), np.float32).shape == (0, 3)

"""Rows that lie on disk: training holds two windows of them in memory, never all."""

import subprocess
import sys

import pytest

# In a process of its own, whose memory nothing else grows: the anonymous resident memory, since pages of
# the mapped file are the system's to drop. A first run on few rows loads and compiles everything.
TRAIN = """
import ctypes, gc, sys, threading
import numpy as np
from deepen.engine import SGD, Batches, Run, Stopping, minimize
from deepen.layers.cost import NetworkCost
from deepen.layers.feed_forward import Params

path, n_rows, n_features, budget = sys.argv[1], *map(int, sys.argv[2:])

def memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))

def train(n_rows, n_epochs):
    X = np.memmap(path, np.float32, "r", shape=(n_rows, n_features))
    batches = Batches(X, np.zeros((n_rows, 1), np.float32), None, batch_size=128, shuffle=True,
                      rng=np.random.RandomState(0), budget_bytes=budget)
    assert not batches.is_resident
    sizes = (n_features, 64, 1)  # enough to compute that gathering is faster
    coefs = tuple(np.ones(shape, np.float32) for shape in zip(sizes, sizes[1:]))
    params = Params(coefs, tuple(np.zeros(n, np.float32) for n in sizes[1:]))
    run = Run(stopping=Stopping(max_iter=n_epochs, n_iter_no_change=np.inf))
    minimize(NetworkCost("squared_error", ("relu",)), params, batches, SGD(0.01), run)

def watch():
    while not is_done.wait(0.002):
        peaks.append(memory())

train(2 * budget // (4 * n_features), 1)
gc.collect()
ctypes.CDLL(None).malloc_trim(0)  # or the C library keeps what the first run has freed
is_done, peaks, before = threading.Event(), [], memory()
thread = threading.Thread(target=watch)
thread.start()
train(n_rows, 2)
is_done.set()
thread.join()
print(max(peaks) - before)
"""
N_FEATURES = 4096
BUDGET = 1 << 26  # bytes, of two windows
N_WINDOWS = 8


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory as Linux with glibc tells it")
def test_mapped_rows_take_no_more_memory_than_the_budget(tmp_path):
    n_rows = N_WINDOWS * BUDGET // 2 // (4 * N_FEATURES)
    path = tmp_path / "rows.f32"
    with path.open("wb") as file:
        file.truncate(4 * n_rows * N_FEATURES)
    numbers = map(str, (n_rows, N_FEATURES, BUDGET))
    command = [sys.executable, "-c", TRAIN, str(path), *numbers]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # two windows, a model and a batch; a third window would be another half of the budget
    assert int(done.stdout) < 1.4 * BUDGET

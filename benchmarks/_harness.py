"""How the benchmarks measure: peers in processes of their own, interleaved runs, medians, a table.

Each peer is a function that prepares its data and returns a function that does the work once and
reports ``{"seconds": ..., figure: ...}``. A peer lives in a process of its own, since the number of
BLAS threads is chosen when a process starts; it is tried with one thread and with one a core, and
the faster is kept. After one warm-up the peers take turns (A B A B ...), so that a busy spell of
the machine falls on all of them, and the median of each is compared.
"""

from __future__ import annotations

import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
N_RUNS = 5
N_TRIALS = 2  # timed runs by which the number of threads is chosen
BUSY_LOAD = 0.5  # load average above which the machine is not idle
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("deepen", "numpy", "scipy", "scikit-learn", "jax", "torch")


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Peer:
    """One contender: ``make`` is "module:function", called with ``settings`` in its own process."""

    name: str
    make: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    threads: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Measurement:
    """Seconds of each run, and the figures of the last one."""

    name: str
    threads: int
    seconds: list[float]
    runs: list[dict[str, Any]]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def figure(self, name: str) -> float | None:
        """Median of a figure over the runs."""
        values = [run[name] for run in self.runs if run.get(name) is not None]
        return statistics.median(values) if values else None


class Worker:
    """A peer's process; ``run`` has it do its work once."""

    def __init__(self, peer: Peer, n_threads: int) -> None:
        self.name, self.n_threads = peer.name, n_threads
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks._harness",
                peer.make,
                json.dumps(dict(peer.settings)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(n_threads, peer.environment),
        )

    def run(self) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write("run\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit(f"{self.name} failed; its message stands above.")
        return json.loads(answer)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def environment(
    n_threads: int | None = None, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Environment of a peer: its threads, its variables, and the sources where not installed."""
    env = dict(os.environ)
    paths = [str(ROOT / "src"), env.get("PYTHONPATH", "")]
    env["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    if n_threads is not None:
        env |= dict.fromkeys(THREAD_VARIABLES, str(n_threads))
    return env | dict(extra or {})


def serve(make: str, settings: str) -> None:
    """Prepare a peer's work, then do it once for each line on stdin; what a Worker talks to.

    ``n_cores`` among the settings keeps the process to that many cores.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else the peer prints is no answer
    own = json.loads(settings)
    if limit := own.pop("n_cores", None):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:limit])
    module, function = make.split(":")
    run: Callable[[], dict[str, Any]] = getattr(importlib.import_module(module), function)(**own)
    for _ in sys.stdin:
        answers.write(json.dumps(run()) + "\n")
        answers.flush()


def compare(peers: Sequence[Peer], n_runs: int = N_RUNS) -> list[Measurement]:
    """Measure all peers, each with its best number of threads, taking turns."""
    workers = []
    for peer in peers:
        say(f"warming up {peer.name}")
        workers.append(_best_worker(peer))
    measurements = [Measurement(w.name, w.n_threads, [], []) for w in workers]
    for turn in range(n_runs):
        say(f"run {turn + 1} of {n_runs}")
        for worker, measurement in zip(workers, measurements, strict=True):
            result = worker.run()
            measurement.runs.append(result)
            measurement.seconds.append(result["seconds"])
    for worker in workers:
        worker.close()
    return measurements


def _best_worker(peer: Peer) -> Worker:
    """The peer's process with the number of threads that was fastest, already warm."""
    best, best_seconds = None, float("inf")
    choices = peer.threads or tuple(dict.fromkeys((1, n_cores())))
    for n_threads in choices:
        worker = Worker(peer, n_threads)
        worker.run()
        seconds = 0.0
        if len(choices) > 1:
            seconds = min(worker.run()["seconds"] for _ in range(N_TRIALS))
        if seconds < best_seconds:
            if best is not None:
                best.close()
            best, best_seconds = worker, seconds
        else:
            worker.close()
    assert best is not None
    return best


def fresh(
    commands: Mapping[str, Sequence[str]], n_runs: int, extra: Mapping[str, str] | None = None
) -> list[Measurement]:
    """Run each command in fresh processes, taking turns.

    A command whose last line is a JSON object with "seconds" is timed by that, else by its whole
    wall time, which is kept as "wall" in either case.
    """
    measurements = {name: Measurement(name, n_cores(), [], []) for name in commands}
    env = environment(None, extra)
    for turn in range(n_runs + 1):  # the first turn warms the file cache and is thrown away
        for name, command in commands.items():
            start = time.perf_counter()
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
            wall = time.perf_counter() - start
            if done.returncode:
                raise SystemExit(f"{name} failed:\n{done.stderr}")
            last = (done.stdout.strip().splitlines() or [""])[-1]
            result = json.loads(last) if last.startswith("{") else {"seconds": wall}
            if turn:
                measurements[name].runs.append(result | {"wall": wall})
                measurements[name].seconds.append(result["seconds"])
    return list(measurements.values())


def gemm_rate(size: int = 2048, n_runs: int = 3) -> float:
    """Operations per second of a float32 product, the better of NumPy's and (once loaded) JAX's."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((size, size), dtype=np.float32)
    b = rng.standard_normal((size, size), dtype=np.float32)
    products: list[tuple[Callable[[Any, Any], Any], Any, Any]] = [(np.matmul, a, b)]
    if "jax" in sys.modules:
        import jax

        multiply = jax.jit(lambda x, y: x @ y)
        products.append((lambda x, y: multiply(x, y).block_until_ready(), *jax.device_put((a, b))))
    fastest = float("inf")
    for product, x, y in products:
        product(x, y)
        for _ in range(n_runs):
            start = time.perf_counter()
            product(x, y)
            fastest = min(fastest, time.perf_counter() - start)
    return 2 * size**3 / fastest


def table(
    title: str,
    measurements: Sequence[Measurement],
    columns: Mapping[str, str],
    *,
    ours: str = "",
    peer: str = "",
) -> str:
    """Markdown table; ``columns`` formats figures, lower ratios are better for us.

    With ``ours`` each other row shows our median over its own; with ``peer`` each other row shows
    its median over the peer's, for tables with several rows of ours.
    """
    reference = next(m for m in measurements if m.name == (ours or peer))
    ratio = "ours / peer" if ours else f"ratio to {peer}"
    heads = ["", "BLAS threads", "median s", "least - most s", *columns, ratio]
    lines = [f"**{title}**", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for m in measurements:
        figures = [m.figure(name) for name in columns]
        share = reference.median / m.median if ours else m.median / reference.median
        cells = [
            m.name,
            str(m.threads),
            f"{m.median:.3g}",
            f"{min(m.seconds):.3g} - {max(m.seconds):.3g}",
            *(
                "" if value is None else format(value, spec)
                for value, spec in zip(figures, columns.values(), strict=True)
            ),
            "" if m is reference else f"{share:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def machine_line() -> str:
    """Processor, cores, versions and date, and a warning where the machine is busy."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    versions = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    busy = f"; NOT IDLE (load {load:.1f}), ratios are not to be trusted" if load > BUSY_LOAD else ""
    python = platform.python_version()
    return (
        f"{datetime.date.today()}, {model}, {n_cores()} cores, Python {python}, "
        + ", ".join(versions)
        + busy
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        if package != "deepen":
            return None
    import deepen

    return deepen.__version__


def require_mnist() -> None:
    """Leave with one line where MNIST cannot be found."""
    if not os.environ.get("DEEPEN_DATA"):
        raise SystemExit("Set DEEPEN_DATA to a folder that holds mnist/mnist.npz.")


def say(text: str) -> None:
    """Progress for a person, beside the results on stdout."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])

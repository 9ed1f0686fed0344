"""PCA beside scikit-learn's: ``python -m benchmarks.pca [sparse] [mnist] [large]``.

Every fit of sparse rows runs in a process of its own, which tells its time and the most memory it has
held (resident, in MB, with the imports and the data in it); the processes take turns. Fits of MNIST are
short: each library repeats them in one process, in turn with the other's. ``large`` runs alone
on request (about 3 GB). ``--quick`` runs the same on little data, to see that it works. mnist needs
DEEPEN_DATA.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks._harness import Peer, compare, fresh, machine_line, require_mnist, say, table

N_TOPICS = 10
PER_ROW = 100  # non-zero values
WORDS_OF_TOPIC = 200  # columns over the words of one topic
SHARES = (44, 28)  # words that a row takes from its topic, most and least marked topic
MNIST_TURNS = 5  # for each of --runs; a fit takes a third of a second

Run = Callable[[], dict[str, Any]]


def planted(n_samples: int, n_features: int, dtype: str, seed: int = 0) -> Any:
    """Rows of words, each of one topic and the rest any: singular values that fade into the noise's.

    A row takes 28 to 44 of its 100 words from its topic's own words, the others from all; the weights
    are exponential. The weakest topic stands out from the noise by a few per cent.
    """
    rng = np.random.default_rng(seed)
    n_words = n_features // WORDS_OF_TOPIC
    topics = rng.integers(N_TOPICS, size=n_samples)
    columns = rng.integers(n_features, size=(n_samples, PER_ROW), dtype=np.int32)
    for topic, share in enumerate(np.linspace(*SHARES, N_TOPICS).astype(int)):
        rows = np.flatnonzero(topics == topic)
        own = rng.integers(n_words, size=(len(rows), share), dtype=np.int32)
        columns[rows[:, None], np.arange(share)] = topic * n_words + own
    starts = np.arange(0, columns.size + 1, PER_ROW, dtype=np.int32)
    values = rng.exponential(size=columns.size).astype(dtype)
    X = sparse.csr_array((values, columns.ravel(), starts), shape=(n_samples, n_features))
    X.sum_duplicates()
    return X


def write(X: Any, folder: Path) -> None:
    for name in ("data", "indices", "indptr"):
        np.save(folder / f"{name}.npy", getattr(X, name))
    np.save(folder / "shape.npy", X.shape)


def fit_sparse(folder: str, library: str, dtype: str) -> None:
    """What a child does: load, fit, tell."""
    parts = [np.load(Path(folder) / f"{name}.npy") for name in ("data", "indices", "indptr")]
    parts[0] = parts[0].astype(dtype, copy=False)
    X = sparse.csr_array(tuple(parts), shape=tuple(np.load(Path(folder) / "shape.npy")))
    model = _model(library)
    before, start, cpu = _peak(), time.perf_counter(), time.process_time()
    model.fit(X)
    result = {
        "seconds": time.perf_counter() - start,
        "CPU s": time.process_time() - cpu,
        "before MB": before,
        "peak MB": (peak := _peak()),
        "fit's own MB": peak - before,
        "products": float(getattr(model, "n_iter_", 0)) or None,
        "s_k": float(model.singular_values_[-1]),
    }
    np.save(Path(folder) / f"{library}-{dtype}.npy", model.components_)
    sys.stdout.write(json.dumps(result) + "\n")


def mnist_fit(library: str, n_rows: int) -> Run:
    """50 components of MNIST, again and again in one process; and what 30 components lose."""
    from deepen.datasets import load_mnist

    X, _, X_test, _ = load_mnist()
    X = X[:n_rows]
    if library == "deepen":
        from deepen.decomposition import PCA
    else:
        from sklearn.decomposition import PCA
    thirty = PCA(30).fit(X)
    codes = thirty.inverse_transform(thirty.transform(X_test))
    error = float(((X_test - codes) ** 2).sum(axis=1).mean())

    def run() -> dict[str, Any]:
        start, cpu = time.perf_counter(), time.process_time()
        PCA(50).fit(X)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "CPU s": time.process_time() - cpu, "error of 30": error}

    return run


def _model(library: str) -> Any:
    if library == "deepen":
        from deepen.decomposition import PCA

        return PCA(N_TOPICS, random_state=0)
    from sklearn.decomposition import PCA, TruncatedSVD

    if library == "arpack":
        return PCA(N_TOPICS, svd_solver="arpack", random_state=0)
    return TruncatedSVD(N_TOPICS, random_state=0)


def _peak() -> float:
    """Most memory held, in MB; Linux's ru_maxrss would count the parent that a child was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _child(function: str, *arguments: str) -> list[str]:
    call = f"{function}({', '.join(map(repr, arguments))})"
    return [sys.executable, "-c", f"from benchmarks.pca import *; {call}"]


def largest_angle(A: Any, B: Any) -> float:
    """Largest angle in radians between the spaces of two sets of orthonormal rows."""
    a, b = (np.linalg.qr(M.T.astype(np.float64))[0] for M in (A, B))
    return float(np.arcsin(min(1.0, np.linalg.norm(b - a @ (a.T @ b), 2))))


def sparse_rows(args: argparse.Namespace) -> str:
    """20,000 x 1,000,000 with 100 non-zeros a row, 10 components."""
    shape = (2000, 100_000) if args.quick else (20_000, 1_000_000)
    text = ""
    with tempfile.TemporaryDirectory() as folder:
        write(planted(*shape, "float64"), Path(folder))
        for dtype in ("float64", "float32"):
            names = {"deepen": "deepen, auto", "arpack": "scikit-learn PCA, arpack"}
            names["truncated"] = "scikit-learn TruncatedSVD, not centred"
            commands = {
                name: _child("fit_sparse", folder, library, dtype)
                for library, name in names.items()
            }
            measured = fresh(commands, args.runs)
            columns = {"CPU s": ".2f", "before MB": ".0f", "peak MB": ".0f"}
            columns |= {"fit's own MB": ".0f", "products": ".0f", "s_k": ".4f"}
            title = f"PCA, {N_TOPICS} components, sparse {shape[0]:,} x {shape[1]:,}, {dtype}"
            text += table(title, measured, columns, ours=names["deepen"])
            ours, theirs = (
                np.load(Path(folder) / f"{library}-{dtype}.npy") for library in ("deepen", "arpack")
            )
            peaks = [m.figure("peak MB") for m in measured]
            own = [m.figure("fit's own MB") for m in measured]
            text += (
                f"\nPeak memory {peaks[0] / peaks[1]:.2f} of arpack's, and above what imports and rows"
                f" take {own[0] / own[1]:.2f}; the components alone are"
                f" {ours.nbytes / 2**20:.0f} MB. Largest angle between the two"
                f" subspaces {largest_angle(ours, theirs):.1e}.\n\n"
            )
    return text


def large(args: argparse.Namespace) -> str:
    """200,000 x 10,000,000 with 100 non-zeros a row, with the floor of its passes."""
    shape = (4000, 200_000) if args.quick else (200_000, 10_000_000)
    with tempfile.TemporaryDirectory() as folder:
        X = planted(*shape, "float32")
        write(X, Path(folder))
        n_bytes = X.data.nbytes + X.indices.nbytes
        del X
        source = np.ones(1 << 27, np.float32)  # 512 MiB, read at the speed of the memory
        source.sum()
        start = time.perf_counter()
        source.sum()
        rate = source.nbytes / (time.perf_counter() - start)
        del source
        measured = fresh({"deepen, auto": _child("fit_sparse", folder, "deepen", "float32")}, 1)
    one = measured[0]
    passes = 2 * (one.figure("products") or 0) + 2  # the means before, the components after
    floor = passes * n_bytes / rate
    columns = {"CPU s": ".1f", "before MB": ".0f", "peak MB": ".0f", "products": ".0f"}
    title = f"PCA, {N_TOPICS} components, sparse {shape[0]:,} x {shape[1]:,}, float32"
    return table(title, measured, columns, ours="deepen, auto") + (
        f"\n{passes:.0f} passes over {n_bytes / 1e6:.0f} MB of values and columns at"
        f" {rate / 1e9:.1f} GB/s are {floor:.1f} s: {one.median / floor:.1f} times the floor.\n"
    )


def mnist(args: argparse.Namespace) -> str:
    """50 components of 60,000 x 784, each library's own choice of solver."""
    require_mnist()
    n_rows = 10_000 if args.quick else 60_000
    peers = [
        Peer(f"{name}, auto", "benchmarks.pca:mnist_fit", {"library": library, "n_rows": n_rows})
        for name, library in (("deepen", "deepen"), ("scikit-learn", "sklearn"))
    ]
    measured = compare(peers, MNIST_TURNS * args.runs)
    columns = {"CPU s": ".2f", "error of 30": ".3f"}
    title = f"PCA, 50 components of MNIST {n_rows:,} x 784, float32"
    return table(title, measured, columns, ours="deepen, auto") + (
        "\n`error of 30`: squared error of 30 components, summed over pixels, mean of the test set.\n"
    )


BENCHMARKS = {"sparse": sparse_rows, "mnist": mnist, "large": large}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pca", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="any of sparse, mnist, large; the first two by default"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each peer")
    parser.add_argument("--quick", action="store_true", help="little data, to see that it works")
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}")
    line = machine_line()
    for name in args.names or ("sparse", "mnist"):
        say(name)
        sys.stdout.write(f"{BENCHMARKS[name](args)}\n{line}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Speed beside the peers: ``python -m benchmarks.speed [mlp] [logistic] [small] [import] [grid]``.

Prints Markdown tables; needs an idle machine and, for mlp and logistic, DEEPEN_DATA. ``--quick``
runs the same on little data, to see that it works: its ratios mean nothing. See _harness.py for how
it measures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks._harness import (
    Measurement,
    Peer,
    Worker,
    compare,
    fresh,
    machine_line,
    n_cores,
    require_mnist,
    say,
    table,
)

PEERS = "benchmarks._peers"
SAME_LOSS = 1e-6  # relative
TOL_EXPONENTS = [-2 - k / 4 for k in range(21)]  # quarter decades from 1e-2 to 1e-7
SMALL_EPOCHS = 20
N_FRESH_RUNS = 11


def mlp(args: argparse.Namespace) -> str:
    """MLP 784-500-10 on MNIST, batch 100, SGD with momentum; seconds an epoch."""
    require_mnist()
    settings = {"n_rows": 5000 if args.quick else 60000, "epochs": args.epochs}
    peers = [
        Peer("deepen", f"{PEERS}:mlp_deepen", settings),
        Peer("scikit-learn", f"{PEERS}:mlp_sklearn", settings),
    ]
    if _has_torch():
        peers.append(Peer("torch, eager", f"{PEERS}:mlp_torch", settings))
    measured = compare(peers, args.runs)
    columns = {"training loss": ".4f", "test loss": ".4f", "test accuracy": ".4f"}
    columns |= {"GFLOP/s": ".0f", "of GEMM peak": ".0%", "of GEMM peak (6 a weight)": ".0%"}
    title = f"MLP 784-500-10, {settings['n_rows']:,} rows, batch 100, SGD with momentum, s an epoch"
    note = (
        "\nA whole fit of the given epochs, checks and transfers included, divided by them."
        " Share of peak: 4 n 784 500 + 6 n 500 10 operations, the products that are needed; in"
        " brackets by the convention of 6 a weight and row.\n"
    )
    return table(title, measured, columns, ours="deepen") + note


def logistic(args: argparse.Namespace) -> str:
    """Logistic regression to the same loss."""
    require_mnist()
    base = {"n_rows": 5000 if args.quick else 60000, "C": args.C, "max_iter": 5000}
    losses: dict[tuple[str, float], float] = {}

    def loss(library: str, exponent: float) -> float:
        if (library, exponent) not in losses:
            settings = base | {"library": library, "tol": 10**exponent}
            worker = Worker(Peer(library, f"{PEERS}:logistic", settings), n_cores())
            losses[library, exponent] = found = worker.run()["loss"]
            worker.close()
            say(f"{library}, tol 1e{exponent:g}: loss {found:.9f}")
        return losses[library, exponent]

    libraries = {"deepen": "deepen", "sklearn": "scikit-learn lbfgs"}
    best = min(loss(library, TOL_EXPONENTS[-1]) for library in libraries)
    peers = []
    for library, name in libraries.items():
        exponent = _loosest(lambda e, of=library: loss(of, e) <= best * (1 + SAME_LOSS))
        settings = base | {"library": library, "tol": 10**exponent}
        peers.append(Peer(f"{name}, tol 1e{exponent:g}", f"{PEERS}:logistic", settings))
    measured = compare(peers, args.runs)
    columns = {"loss": ".8f", "iterations": ".0f", "test accuracy": ".4f"}
    title = f"Logistic regression, MNIST, {base['n_rows']:,} rows, float32, C={args.C:g}"
    note = (
        f"\nEach with the loosest tol (quarter decades) whose loss is within {SAME_LOSS:g} of the"
        f" best that either found, {best:.8f}.\n"
    )
    return table(title, measured, columns, ours=peers[0].name) + note


def _loosest(reaches: object) -> float:
    """Largest exponent of TOL_EXPONENTS that reaches the loss, by bisection."""
    assert callable(reaches)
    low, high = 0, len(TOL_EXPONENTS) - 1
    while low < high:
        middle = (low + high) // 2
        if reaches(TOL_EXPONENTS[middle]):
            high = middle
        else:
            low = middle + 1
    return TOL_EXPONENTS[high]


def small(args: argparse.Namespace) -> str:
    """MLP on 1,000 x 20: later fits, and first fits in fresh processes."""
    settings = {"max_iter": SMALL_EPOCHS, "dtype": args.dtype}
    peers = [
        Peer("deepen", f"{PEERS}:small", settings | {"library": "deepen"}),
        Peer("scikit-learn", f"{PEERS}:small", settings | {"library": "sklearn"}),
    ]
    later = compare(peers, max(args.runs, N_FRESH_RUNS))
    columns = {"training loss": ".4f", "accuracy": ".3f"}
    title = f"MLP 20-100-1, 1,000 rows, {args.dtype}, adam, 20 epochs: second fit in the process"
    text = table(title, later, columns, ours="deepen")
    with tempfile.TemporaryDirectory() as cache:
        commands = {
            "deepen, cold": _first_fit("deepen", args.dtype, None),
            "deepen, warm cache on disk": _first_fit("deepen", args.dtype, cache),
            "scikit-learn": _first_fit("sklearn", args.dtype, None),
        }
        first = fresh(commands, args.runs)
    title = "The same: first fit of a fresh process, loading of JAX included"
    text += "\n" + table(title, first, columns | {"wall": ".2f"}, peer="scikit-learn")
    return text + "\n`wall` is the whole process, imports included, in seconds.\n"


def _first_fit(library: str, dtype: str, cache: str | None) -> list[str]:
    code = (
        "import json, time, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "from benchmarks._peers import small_data, small_model\n"
        f"X, y = small_data(dtype={dtype!r})\n"
        f"model = small_model({library!r}, {SMALL_EPOCHS})\n"
        "start = time.perf_counter()\n"
        + (f"import deepen; deepen.enable_compilation_cache({cache!r})\n" if cache else "")
        + "model.fit(X, y)\n"
        "seconds = time.perf_counter() - start\n"
        "print(json.dumps({'seconds': seconds, 'training loss': float(model.loss_),"
        " 'accuracy': model.score(X, y)}))\n"
    )
    return [sys.executable, "-c", code]


def imports(args: argparse.Namespace) -> str:
    """Whole processes: importing the classifier, and the command line's help."""
    line = "from {}.neural_network import MLPClassifier"
    script = Path(sys.executable).parent / "deepen"
    command = [str(script)] if script.exists() else [sys.executable, "-m", "deepen"]
    commands = {
        "deepen: import MLPClassifier": [sys.executable, "-c", line.format("deepen")],
        "scikit-learn: import MLPClassifier": [sys.executable, "-c", line.format("sklearn")],
        "deepen --help": [*command, "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    measured = fresh(commands, max(args.runs, N_FRESH_RUNS))
    return table("Start: whole processes", measured, {}, peer="scikit-learn: import MLPClassifier")


def grid(args: argparse.Namespace) -> str:
    """16 settings of one structure, one after another, in threads, and in processes."""
    base = {"n_rows": 2000 if args.quick else 20000, "epochs": 2 if args.quick else 10}

    def peer(name: str, library: str, how: str, n_jobs: int | None = None) -> Peer:
        settings = base | {"library": library, "how": how, "n_jobs": n_jobs}
        # Several processes take one thread each; more would fight for the cores.
        threads = (1,) if n_jobs else tuple(dict.fromkeys((1, n_cores())))
        return Peer(name, f"{PEERS}:grid", settings, threads)

    peers = [
        peer("deepen, loop of fits", "deepen", "loop"),
        peer("deepen, GridSearchCV", "deepen", "search"),
        peer(f"deepen, GridSearchCV, {n_cores()} threads", "deepen", "threads", n_cores()),
        peer("scikit-learn, loop of fits", "sklearn", "loop"),
        peer(f"scikit-learn, GridSearchCV(n_jobs={n_cores()})", "sklearn", "search", n_cores()),
    ]
    measured: list[Measurement] = compare(peers, args.runs)
    title = f"16 settings, {base['n_rows']:,} x 64, 100 units, {base['epochs']} epochs, float32"
    columns = {"best accuracy": ".4f", "processor s": ".2f"}
    return table(title, measured, columns, peer="scikit-learn, loop of fits")


def _has_torch() -> bool:
    import importlib.util

    return importlib.util.find_spec("torch") is not None


BENCHMARKS = {"mlp": mlp, "logistic": logistic, "small": small, "import": imports, "grid": grid}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each peer")
    parser.add_argument("--epochs", type=int, default=1, help="epochs of mlp")
    parser.add_argument("--C", type=float, default=0.01, help="inverse strength of L2 of logistic")
    parser.add_argument(
        "--dtype", default="float64", choices=["float32", "float64"], help="of small"
    )
    parser.add_argument("--quick", action="store_true", help="little data, to see that it works")
    args = parser.parse_args()
    unknown = sorted(set(args.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}")
    line = machine_line()
    for name in args.names or BENCHMARKS:
        sys.stdout.write(f"{BENCHMARKS[name](args)}\n{line}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

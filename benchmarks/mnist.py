"""Test errors on MNIST beside the published ones: ``python -m benchmarks.mnist plain|dropout|maxnorm``.

    python -m benchmarks.mnist plain --seeds 0 1 2 --out plain.json
    python -m benchmarks.mnist maxnorm --search --epochs 40 --out search.json

Standard split, pixels in [0, 1], no use of geometry. The settings below were chosen by ``--search``,
which trains on 50,000 rows of the training set and judges on the other 10,000; the test set takes no
part in it. A final run trains on all 60,000 rows for a number of epochs fixed beforehand and looks at
the test set once, at its end. Results are written after each run; runs already in the file are not
repeated, and a killed run goes on from its checkpoint beside the file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import machine_line, require_mnist, say

N_VALIDATION = 10_000
VALIDATION_SEED = 12345
EPOCHS_BETWEEN_LINES = 10
EPOCHS_BETWEEN_CHECKPOINTS = 10
PUBLISHED = {
    "plain": "1.60 (Simard 2003)",
    "dropout": "1.25 (Srivastava 2014)",
    "maxnorm": "1.06 (Srivastava 2014)",
}

_SGD = {"solver": "nesterov", "batch_size": 100, "alpha": 0.0, "learning_rate_init": 0.1}
_DROPOUT = {
    "hidden_layer_sizes": [1024] * 3,
    "input_dropout": 0.2,
    "dropout": 0.5,
    "solver": "adam",
    "learning_rate_init": 1e-3,
    "batch_size": 100,
    "alpha": 0.0,
    "epochs": 100,
}

# What the final runs use. A max-norm of c here is one of 2 c in Srivastava et al., who scale the
# weights down at prediction where we scale the activations up while training.
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {**_SGD, "hidden_layer_sizes": [800, 800], "momentum": 0.95, "epochs": 40},
    "dropout": _DROPOUT,
    "maxnorm": {
        **_DROPOUT,
        "max_norm": 2.0,
        "input_dropout": 0.0,
        "noise": 0.4,
        "dropout": 0.25,
        "label_smoothing": 0.1,
        "epochs": 200,
    },
}

# What the search changes in them, one line a candidate.
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "plain": [
        {},
        {"learning_rate_init": 0.03},
        {"momentum": 0.95},
        {"batch_size": 50},
        {"activation": "tanh"},
    ],
    "dropout": [
        {},
        {"learning_rate_init": 5e-4},
        {"learning_rate_init": 2e-3},
        {"solver": "nesterov", "momentum": 0.95, "learning_rate_init": 0.05},
    ],
    "maxnorm": [
        {},
        {"noise": 0.0, "input_dropout": 0.2, "dropout": 0.5, "label_smoothing": 0.0},
        {"dropout": 0.5},
        {"max_norm": 1.0},
        {"max_norm": 1.5},
        {"max_norm": 3.0},
        {"learning_rate_init": 2e-3},
        {"solver": "nesterov", "momentum": 0.95, "learning_rate_init": 0.05},
    ],
}


@dataclass(frozen=True)
class WarmCosine:
    """Learning rate that rises linearly for some epochs and then falls to zero along a cosine."""

    learning_rate: float
    n_epochs: int
    n_rising: int = 5

    def rate(self, epoch: int, n_rows_seen: int) -> float:
        """A (t + 1) / k in the first k epochs, then A (1 + cos(pi (t - k) / (T - k))) / 2."""
        if epoch < self.n_rising:
            return self.learning_rate * (epoch + 1) / self.n_rising
        share = (epoch - self.n_rising) / max(1, self.n_epochs - self.n_rising)
        return float(self.learning_rate * (1 + np.cos(np.pi * min(share, 1.0))) / 2)


def build(settings: dict[str, Any], seed: int, checkpoint: Path) -> Any:
    """Unfitted network; the number of epochs is part of the settings and nothing stops earlier."""
    from deepen.engine import Checkpoint
    from deepen.neural_network import MLPClassifier

    own = dict(settings)
    epochs = own.pop("epochs")
    own.pop("rows", None)
    rate = WarmCosine(own["learning_rate_init"], epochs, min(5, epochs // 4))

    def report(event: Any) -> None:
        if event.epoch % EPOCHS_BETWEEN_LINES == 0 or event.epoch in (1, epochs):
            say(f"  epoch {event.epoch:4d}  loss {event.loss:.5f}  rate {event.learning_rate:.4f}")

    return MLPClassifier(
        **own,
        learning_rate=rate,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=seed,
        callbacks=[report],
        checkpoint=Checkpoint(checkpoint, every=EPOCHS_BETWEEN_CHECKPOINTS),
    )


class Results:
    """Runs already done, in a file that is replaced as a whole after each."""

    def __init__(self, path: Path, machine: str) -> None:
        self.path, self.machine = path, machine
        self.runs: list[dict[str, Any]] = []
        if path.exists():
            self.runs = json.loads(path.read_text())["runs"]

    def find(self, identity: dict[str, Any]) -> dict[str, Any] | None:
        """The run that was made in this very way."""
        matching = (r for r in self.runs if all(r.get(k) == v for k, v in identity.items()))
        return next(matching, None)

    def add(self, run: dict[str, Any]) -> None:
        self.runs.append(run)
        part = self.path.with_name(self.path.name + ".part")
        part.write_text(json.dumps({"machine": self.machine, "runs": self.runs}, indent=1) + "\n")
        os.replace(part, self.path)


def one_run(
    identity: dict[str, Any], data: tuple[Any, Any, Any, Any], results: Results
) -> dict[str, Any]:
    """Train and judge once, or take the result from the file."""
    found = results.find(identity)
    if found is not None:
        say(f"already there: {describe(identity)}: {found['error']:.2f} %")
        return found
    say(describe(identity))
    X, y, X_judge, y_judge = data
    name = f"{identity['row']}-{identity['judged_on']}-{abs(hash_of(identity)):x}"
    checkpoint = results.path.with_name(f"{results.path.stem}-{name}.part")
    model = build(identity["settings"], identity["seed"], checkpoint)
    was_begun = checkpoint.exists()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the fixed number of epochs has been reached
        model.fit(X, y)
    seconds = time.perf_counter() - start
    n_wrong = int((model.predict(X_judge) != y_judge).sum())
    run = identity | {
        "error": 100 * n_wrong / len(y_judge),
        "training_error": 100 * float((model.predict(X) != y).mean()),
        "loss": model.loss_,
        "seconds": round(seconds, 1),
        "seconds_are_of_a_resumed_run": was_begun,
    }
    results.add(run)
    checkpoint.unlink(missing_ok=True)
    say(f"  error {run['error']:.2f} % on the {identity['judged_on']} rows, {seconds:.0f} s")
    return run


def hash_of(identity: dict[str, Any]) -> int:
    """Number that tells one run from another, the same in every process."""
    import hashlib

    text = json.dumps(identity, sort_keys=True).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big")


def describe(identity: dict[str, Any]) -> str:
    return f"{identity['row']}, seed {identity['seed']}, {json.dumps(identity['settings'])}"


def search(args: argparse.Namespace, results: Results) -> str:
    """Validation errors of the candidates, best first."""
    X, y = training_rows(args.rows)
    order = np.random.RandomState(VALIDATION_SEED).permutation(len(y))
    n = N_VALIDATION if args.rows is None else len(y) // 6
    held, rest = order[:n], order[n:]
    data = X[rest], y[rest], X[held], y[held]
    done = []
    for change in CANDIDATES[args.row]:
        settings = final_settings(args) | change
        runs = [
            one_run(_identity(args.row, "validation", seed, settings), data, results)
            for seed in args.seeds
        ]
        done.append((statistics.mean(r["error"] for r in runs), change, runs))
    done.sort(key=lambda entry: entry[0])
    lines = [f"**{args.row}: errors on {n:,} validation rows**", "", "| change | error % | s |"]
    lines += ["|---|---|---|"]
    for error, change, runs in done:
        mean_seconds = statistics.mean(r["seconds"] for r in runs)
        lines.append(f"| {json.dumps(change)} | {error:.2f} | {mean_seconds:.0f} |")
    return "\n".join(lines)


def final(args: argparse.Namespace, results: Results) -> str:
    """Test errors of the chosen settings, one run a seed."""
    X, y = training_rows(args.rows)
    from deepen.datasets import load_mnist

    _, _, X_test, y_test = load_mnist()
    settings = final_settings(args)
    runs = [
        one_run(_identity(args.row, "test", seed, settings), (X, y, X_test, y_test), results)
        for seed in args.seeds
    ]
    errors = [run["error"] for run in runs]
    spread = f" +- {statistics.stdev(errors):.2f}" if len(errors) > 1 else ""
    each = ", ".join(f"{e:.2f}" for e in errors)
    return (
        "| row | published | error % (mean +- standard deviation) | seeds | s a run |\n"
        "|---|---|---|---|---|\n"
        f"| {args.row} | {PUBLISHED[args.row]} | {statistics.mean(errors):.2f}{spread} ({each})"
        f" | {len(errors)} | {statistics.mean(r['seconds'] for r in runs):.0f} |"
    )


def training_rows(n_rows: int | None) -> tuple[Any, Any]:
    from deepen.datasets import load_mnist

    X, y, _, _ = load_mnist()
    return X[:n_rows], y[:n_rows]


def final_settings(args: argparse.Namespace) -> dict[str, Any]:
    settings = dict(SETTINGS[args.row])
    if args.epochs is not None:
        settings["epochs"] = args.epochs
    if args.rows is not None:
        settings["rows"] = args.rows
    return settings


def _identity(row: str, judged_on: str, seed: int, settings: dict[str, Any]) -> dict[str, Any]:
    return {"row": row, "judged_on": judged_on, "seed": seed, "settings": settings}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mnist", description=__doc__)
    parser.add_argument("row", choices=list(SETTINGS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, help="instead of the settings' own number")
    parser.add_argument("--search", action="store_true", help="candidates, on validation rows")
    parser.add_argument("--rows", type=int, help="train on the first rows alone, to try it out")
    parser.add_argument("--out", type=Path, default=Path("runs/mnist.json"))
    args = parser.parse_args(arguments)
    require_mnist()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = machine_line()  # now, before the load is our own
    results = Results(args.out, machine)
    text = search(args, results) if args.search else final(args, results)
    sys.stdout.write(f"{text}\n\n{machine}\n")


if __name__ == "__main__":
    main()

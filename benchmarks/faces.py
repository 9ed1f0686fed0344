"""Expressions of faces, without convolution: ``python -m benchmarks.faces [--seeds 0 1 2]``.

    python -m benchmarks.faces --seeds 0 1 2 --out runs/faces.json
    python -m benchmarks.faces --rows 3000 --epochs 5 --out /tmp/try.json           (to try it out)
    deepen ladder fer2013 --target target --time-budget 60m --out runs/faces-ladder   (each rung)

FER2013: 28,709 faces of 48 x 48 grey pixels in 7 classes; the accuracy of people is about .65. Each image is
brought to mean 0 and standard deviation 1, then a network of rectifiers with dropout sees it mirrored and
shifted by a pixel or two. Settings were fixed before either test set was looked at, which a run does once.
Results are written after each run; runs in the file are not repeated.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import machine_line, say
from benchmarks.mnist import Results, WarmCosine

SHAPE = (48, 48)
LEAST_DEVIATION = 1e-3  # of an image that is all but one grey
SETTINGS: dict[str, Any] = {
    "hidden_layer_sizes": [2048, 1024],
    "dropout": 0.4,
    "input_dropout": 0.1,
    "learning_rate_init": 5e-4,
    "alpha": 0.0,
    "batch_size": 100,
    "epochs": 60,
}


def standardised(X: Any) -> Any:
    """Images of mean 0 and standard deviation 1 each."""
    X = X - X.mean(axis=1, keepdims=True)
    return X / np.maximum(X.std(axis=1, keepdims=True), LEAST_DEVIATION)


def accuracies(settings: dict[str, Any], seed: int, n_rows: int | None) -> dict[str, float]:
    """Accuracy on both official test sets, after training on the first rows of a shuffle."""
    from deepen.datasets import load_fer2013
    from deepen.functions.augmentation import Compose, Flip, Shift
    from deepen.neural_network import MLPClassifier

    X, y, X_private, y_private = load_fer2013("private")
    _, _, X_public, y_public = load_fer2013("public")
    rows = np.random.RandomState(0).permutation(len(y))[:n_rows]
    own = dict(settings)
    epochs = own.pop("epochs")

    def report(event: Any) -> None:
        say(f"  epoch {event.epoch:3d}  loss {event.loss:.4f}")

    network = MLPClassifier(
        **own,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        learning_rate=WarmCosine(own["learning_rate_init"], epochs, min(5, epochs // 4)),
        augment=Compose((Flip(SHAPE), Shift(2, SHAPE))),
        random_state=seed,
        callbacks=[report],
    )
    network.fit(standardised(X[rows]), y[rows])
    return {
        "public": network.score(standardised(X_public), y_public),
        "private": network.score(standardised(X_private), y_private),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faces",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--rows", type=int, help="train on so many rows, to try it out")
    parser.add_argument("--epochs", type=int, default=SETTINGS["epochs"])
    parser.add_argument("--out", type=Path, default=Path("runs/faces.json"))
    args = parser.parse_args(arguments)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    results = Results(args.out, machine_line())
    settings = SETTINGS | {"epochs": args.epochs}
    for seed in args.seeds:
        identity = {"seed": seed, "rows": args.rows, "settings": settings}
        if results.find(identity) is None:
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that the fixed number of epochs has been reached
                found = accuracies(settings, seed, args.rows)
            results.add(identity | found | {"seconds": round(time.perf_counter() - start, 1)})
    runs = [results.find({"seed": s, "rows": args.rows, "settings": settings}) for s in args.seeds]
    for name in ("public", "private"):
        values = [run[name] for run in runs if run]
        spread = f" +- {statistics.stdev(values):.4f}" if len(values) > 1 else ""
        sys.stdout.write(f"{name} test set: accuracy {statistics.mean(values):.4f}{spread}\n")
    sys.stdout.write(f"{results.machine}\n")


if __name__ == "__main__":
    main()

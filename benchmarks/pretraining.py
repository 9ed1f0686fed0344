"""What pre-training gives on MNIST: ``python -m benchmarks.pretraining dbn|sdae|autoencoder|...``.

    python -m benchmarks.pretraining sdae --seeds 0 1 2 --out runs/sdae.json          (--search first)
    python -m benchmarks.pretraining autoencoder --seeds 0 1 2 --out runs/autoencoder.json
    python -m benchmarks.pretraining sdae --rows 2000 --epochs 2 --out /tmp/try.json   (to try it out)

dbn: machines of 500, 500 and 2,000 units, then back-propagation; test error in percent, as all but
the autoencoder's. dbn-dropout: machines of 1,000, 1,000 and 2,000, then back-propagation with dropout.
sdae: three layers of 1,000 denoising autoencoders, then fine-tuned.
autoencoder: 784-1000-500-250-30; squared error summed over pixels, mean over the test set.

Settings are chosen on 10,000 validation rows; the test set is looked at once a run. Results are written
after each run, and runs in the file are not repeated; pre-trained layers are kept in the folder beside
the file, and shared by all runs that need them. Few labels: see :mod:`benchmarks.few_labels`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import machine_line, require_mnist, say
from benchmarks.mnist import (
    EPOCHS_BETWEEN_LINES,
    VALIDATION_SEED,
    Results,
    WarmCosine,
    training_rows,
)

PUBLISHED = {
    "dbn": "1.18-1.25 (Hinton, Osindero and Teh 2006; Hinton and Salakhutdinov 2006)",
    "dbn-dropout": "0.92 (Srivastava 2014)",
    "sdae": "1.28 (Vincent 2010)",
    "autoencoder": "3.00 (Hinton and Salakhutdinov 2006)",
}

# A stack is (kind, sizes, options): what its layers are trained with.
_DENOISING = {
    "activation": "logistic",
    "loss": "cross_entropy",
    "corruption": "masking",
    "corruption_level": 0.25,
    "tied": True,
    "learning_rate_init": 0.001,
    "falling": True,
    "batch_size": 100,
    "epochs": 10,
}
_MACHINES = {
    "algorithm": "cd",
    "centered": False,
    "learning_rate": 0.05,
    "momentum": 0.9,
    "alpha": 2e-4,
    "batch_size": 100,
    "epochs": 30,
}
_FINE_TUNING = {
    "solver": "adam",
    "batch_size": 100,
    "alpha": 0.0,
    "label_smoothing": 0.1,
    "learning_rate_init": 0.001,
    "epochs": 60,
}
_DBN = {"stack": ["rbm", [500, 500, 2000], _MACHINES], **_FINE_TUNING, "noise": 0.4}
_QUIET = {"noise": 0.0}
_RECTIFIERS = {
    "stack": ["autoencoder", [1000] * 3, _DENOISING | {"activation": "relu"}],
    "noise": 0.0,
    "dropout": 0.3,
    "input_dropout": 0.2,
    "epochs": 30,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "dbn": _DBN,
    "dbn-dropout": {**_DBN, "stack": ["rbm", [1000, 1000, 2000], _MACHINES], "dropout": 0.2},
    "sdae": {
        "stack": ["autoencoder", [1000, 1000, 1000], _DENOISING],
        **_FINE_TUNING,
        "noise": 0.4,
        "epochs": 40,
    },
    "autoencoder": {
        "hidden_layer_sizes": [1000, 500, 250, 30],
        "activation": ["gelu", "gelu", "gelu", "identity"],
        "output_activation": "logistic",
        "tied": True,
        "batch_size": 100,
        "alpha": 0.05,
        "learning_rate_init": 2e-3,
        "epochs": 60,
    },
}
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "dbn": [
        {},
        {"noise": 0.3},
        {"alpha": 1e-3},
        _QUIET,
        _QUIET | {"alpha": 1e-3},
        _QUIET | {"alpha": 3e-3},
        _QUIET | {"label_smoothing": 0.0},
        _QUIET | {"label_smoothing": 0.0, "solver": "nesterov", "learning_rate_init": 0.05},
        _QUIET | {"label_smoothing": 0.0, "solver": "nesterov", "learning_rate_init": 0.2},
    ],
    "dbn-dropout": [
        {},
        {"stack": _DBN["stack"]},
        {"stack": _DBN["stack"], "dropout": 0.1},
        {"stack": _DBN["stack"], "dropout": 0.0, "input_dropout": 0.2, "batch_size": 200},
        {"dropout": 0.5, "max_norm": 3.0},
    ],
    "sdae": [
        {},
        _RECTIFIERS,
        _RECTIFIERS | {"dropout": 0.0, "input_dropout": 0.0, "alpha": 1e-3},
        _RECTIFIERS | {"dropout": 0.5, "max_norm": 3.0, "epochs": 100},
        {"dropout": 0.2},
        {"stack": ["autoencoder", [1000] * 3, _DENOISING | {"corruption_level": 0.1}]},
        {"stack": ["autoencoder", [1000] * 3, _DENOISING | {"corruption_level": 0.4}]},
    ],
    "autoencoder": [
        {},
        {"alpha": 0.0},
        {"alpha": 0.0, "tied": False},
        {"alpha": 0.005},
        {"alpha": 0.02},
        {"alpha": 0.15},
        {"learning_rate_init": 1e-3},
        {"activation": ["relu", "relu", "relu", "identity"]},
        {"activation": ["tanh", "tanh", "tanh", "identity"]},
        {"activation": ["logistic"] * 3 + ["identity"], "pretrainer": "autoencoder"},
        {"loss": "cross_entropy", "output_activation": "auto"},
    ],
}


def stack_of(stack: list[Any], X: Any, seed: int, folder: Path) -> list[Any]:
    """Fitted models of the layers: from the folder, or trained and kept there."""
    import deepen
    from deepen.neural_network import Autoencoder, BernoulliRBM

    kind, sizes, options = stack
    own, fitted = dict(options), []
    epochs, is_falling = own.pop("epochs"), own.pop("falling", False)
    activation = own.pop("activation", "logistic")
    if is_falling:
        first = own.get("learning_rate_init", own.get("learning_rate"))
        own["learning_rate"] = WarmCosine(first, epochs, 0)
    folder.mkdir(parents=True, exist_ok=True)
    for layer, size in enumerate(sizes, 1):
        path = folder / f"{hash_of([kind, sizes[:layer], options, seed, len(X)])}.deepen"
        if path.exists():
            fitted.append(deepen.load(path))
            continue
        features = X
        for below in fitted:
            features = below.transform(features)
        say(f"  pre-training layer {layer}: {kind}, {features.shape[1]} to {size} units")
        if kind == "rbm":
            model = BernoulliRBM(size, n_iter=epochs, random_state=seed + layer, **own)
        else:
            if layer > 1 and activation != "logistic":
                own["loss"] = "squared_error"  # of what has no upper end
            model = Autoencoder((size,), activation, max_iter=epochs, **own)
            model.set_params(random_state=seed + layer, n_iter_no_change=np.inf)
        model.set_params(callbacks=[report(epochs)]).fit(features)
        deepen.save(model.set_params(callbacks=None), path)
        fitted.append(model)
    return fitted


def report(epochs: int) -> Any:
    def line(event: Any) -> None:
        if event.epoch % EPOCHS_BETWEEN_LINES == 0 or event.epoch in (1, epochs):
            say(f"    epoch {event.epoch:4d}  loss {event.loss:.5f}")

    return line


def classifier(settings: dict[str, Any], seed: int, layers: list[Any]) -> Any:
    """Unfitted network that starts from fitted models of its layers, where there are any."""
    from sklearn.frozen import FrozenEstimator

    from deepen.neural_network import MLPClassifier

    own = {k: v for k, v in settings.items() if k != "rows"}
    epochs, stack = own.pop("epochs"), own.pop("stack", None)
    if stack is not None:
        own |= {"hidden_layer_sizes": stack[1]}
        own["activation"] = stack[2].get("activation", "logistic")
        own["pretrainer"] = [FrozenEstimator(layer) for layer in layers]
    rate = WarmCosine(own["learning_rate_init"], epochs, min(5, epochs // 4))
    options = {"learning_rate": rate, "max_iter": epochs, "n_iter_no_change": np.inf}
    return MLPClassifier(**own, **options, random_state=seed)


def autoencoder(settings: dict[str, Any], seed: int) -> Any:
    from deepen.neural_network import Autoencoder

    own = {k: v for k, v in settings.items() if k != "rows"}
    epochs = own.pop("epochs")
    rate = WarmCosine(own["learning_rate_init"], epochs, min(5, epochs // 4))
    options = {"learning_rate": rate, "max_iter": epochs, "n_iter_no_change": np.inf}
    return Autoencoder(**own, **options, random_state=seed, callbacks=[report(epochs)])


def percent_wrong(model: Any, X: Any, y: Any) -> float:
    return 100 * float((model.predict(X) != y).mean())


def hash_of(value: Any) -> str:
    """Text that tells one setting from another, the same in every process."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def one_run(identity: dict[str, Any], measure: Any, results: Results) -> dict[str, Any]:
    """Measure once, or take the result from the file."""
    found = results.find(identity)
    if found is not None:
        return found
    say(json.dumps(identity))
    start, start_cpu = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the fixed number of epochs has been reached
        figure = measure()
    run = identity | {"error": figure, "seconds": round(time.perf_counter() - start, 1)}
    run["cpu_seconds"] = round(time.process_time() - start_cpu, 1)
    results.add(run)
    took = f"{run['seconds']:.0f} s, {run['cpu_seconds']:.0f} s of processor time"
    say(f"  {identity['judged_on']}: {figure:.3f}, {took}")
    return run


def standard(args: argparse.Namespace, results: Results) -> str:
    """Candidates on validation rows, or the final runs on the test rows."""
    from deepen.datasets import load_mnist

    X, y = training_rows(args.rows)
    _, _, X_judge, y_judge = load_mnist()
    if args.search:
        order = np.random.RandomState(VALIDATION_SEED).permutation(len(y))
        held, rest = np.split(order, [len(y) // 6])
        X, y, X_judge, y_judge = X[rest], y[rest], X[held], y[held]
    folder = args.out.with_suffix(".layers")
    judged_on = "validation" if args.search else "test"
    lines = [f"**{args.row}: {judged_on}** (published: {PUBLISHED[args.row]})", ""]
    lines += ["| change | error | each |", "|---|---|---|"]
    for change in CANDIDATES[args.row] if args.search else [{}]:
        settings = SETTINGS[args.row] | change
        if args.epochs is not None:
            settings["epochs"] = args.epochs
        if args.epochs is not None and "stack" in settings:
            kind, sizes, options = settings["stack"]
            settings["stack"] = [kind, sizes, options | {"epochs": args.epochs}]
        settings |= {} if args.rows is None else {"rows": args.rows}
        errors = []
        for seed in args.seeds:

            def measure(settings: dict[str, Any] = settings, seed: int = seed) -> float:
                if args.row == "autoencoder":
                    return -autoencoder(settings, seed).fit(X).score(X_judge)
                layers = stack_of(settings["stack"], X, seed, folder) if "stack" in settings else []
                model = classifier(settings, seed, layers)
                model.set_params(callbacks=[report(settings["epochs"])]).fit(X, y)
                return percent_wrong(model, X_judge, y_judge)

            identity = {"row": args.row, "judged_on": judged_on, "seed": seed, "settings": settings}
            errors.append(one_run(identity, measure, results)["error"])
        lines.append(f"| {json.dumps(change)} | {summary(errors)} |")
    return "\n".join(lines)


def summary(errors: list[float]) -> str:
    spread = f" +- {statistics.stdev(errors):.2f}" if len(errors) > 1 else ""
    return f"{statistics.mean(errors):.2f}{spread} | {', '.join(f'{e:.2f}' for e in errors)}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pretraining",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("row", choices=list(SETTINGS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, help="instead of the settings' own, to try it out")
    parser.add_argument("--rows", type=int, help="train on the first rows alone, to try it out")
    parser.add_argument("--search", action="store_true", help="candidates, on validation rows")
    parser.add_argument("--out", type=Path, default=Path("runs/pretraining.json"))
    args = parser.parse_args(arguments)
    require_mnist()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = machine_line()  # now, before the load is our own
    results = Results(args.out, machine)
    sys.stdout.write(f"{standard(args, results)}\n\n{machine}\n")


if __name__ == "__main__":
    main()

"""What pre-training gives on MNIST: ``python -m benchmarks.pretraining dbn|sdae|few|...``.

    python -m benchmarks.pretraining sdae --seeds 0 1 2 --out runs/sdae.json          (--search first)
    python -m benchmarks.pretraining autoencoder --seeds 0 1 2 --out runs/autoencoder.json
    python -m benchmarks.pretraining few --labels 100 600 1000 --seeds 0 1 2 --out runs/few.json
    python -m benchmarks.pretraining sdae --rows 2000 --epochs 2 --out /tmp/try.json   (to try it out)

dbn: machines of 500, 500 and 2,000 units, then back-propagation; test error in percent, as all but
the autoencoder's. dbn-dropout: the same machines, then dropout and a bound on the weights' norms.
sdae: three layers of 1,000 denoising autoencoders, then fine-tuned.
autoencoder: 784-1000-500-250-30; squared error summed over pixels, mean over the test set.
few: some labels of the training set, all other rows unlabelled. Each of the methods plain, dropout, rbm
and autoencoder draws the same number of settings (--trials) and is judged on each by cross-validation
over the labelled rows alone; pre-training sees all rows and no label. The best is trained on all labels.

Settings are chosen on 10,000 validation rows (all but few) or by that cross-validation; the test
set is looked at once a run. Results are written after each run, and runs in the file are not repeated;
pre-trained layers are kept in the folder beside the file, and shared by all runs that need them.
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
    100: "25.8 plain, 13.5 contractive",
    600: "11.4 plain, 8.7 DBN, 6.3 contractive",
    1000: "10.7 plain, 4.8 contractive",
    3000: "6.0 plain, 3.3 DBN, 3.2 contractive",
    10_000: "5.3 plain, 2.8 one RBM",
}
METHODS = ("plain", "dropout", "rbm", "autoencoder")
N_FOLDS = 5
STEPS_OF_FINE_TUNING = 4000  # of 'few', whatever the number of labels

# A stack is (kind, sizes, options): what its layers are trained with.
_DENOISING = {
    "loss": "cross_entropy",
    "corruption": "masking",
    "corruption_level": 0.25,
    "tied": True,
    "learning_rate_init": 0.001,
    "batch_size": 100,
    "epochs": 30,
}
_MACHINES = {
    "algorithm": "cd",
    "learning_rate": 0.05,
    "momentum": 0.5,
    "alpha": 2e-4,
    "batch_size": 100,
    "epochs": 30,
}
_DBN = {
    "stack": ["rbm", [500, 500, 2000], _MACHINES],
    "solver": "nesterov",
    "momentum": 0.9,
    "batch_size": 100,
    "alpha": 0.0,
    "learning_rate_init": 0.05,
    "epochs": 40,
}
_WITH_DROPOUT = {"dropout": 0.5, "input_dropout": 0.2, "max_norm": 3.0, "epochs": 150}
SETTINGS: dict[str, dict[str, Any]] = {
    "dbn": _DBN,
    "dbn-dropout": {**_DBN, **_WITH_DROPOUT},
    "sdae": {
        "stack": ["autoencoder", [1000, 1000, 1000], _DENOISING],
        "solver": "nesterov",
        "momentum": 0.9,
        "batch_size": 100,
        "alpha": 0.0,
        "learning_rate_init": 0.05,
        "epochs": 50,
    },
    "autoencoder": {
        "hidden_layer_sizes": [1000, 500, 250, 30],
        "activation": ["gelu", "gelu", "gelu", "identity"],
        "output_activation": "logistic",
        "batch_size": 100,
        "alpha": 0.0,
        "learning_rate_init": 1e-3,
        "epochs": 100,
    },
}
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "dbn": [
        {},
        {"learning_rate_init": 0.1},
        {"learning_rate_init": 0.02},
        {"solver": "adam", "learning_rate_init": 1e-4},
    ],
    "dbn-dropout": [
        {},
        {"learning_rate_init": 0.2},
        {"solver": "adam", "learning_rate_init": 3e-4},
        {"dropout": 0.3},
    ],
    "sdae": [
        {},
        {"learning_rate_init": 0.1},
        {"learning_rate_init": 0.02},
        {"dropout": 0.5, "input_dropout": 0.2, "epochs": 100},
        {"stack": ["autoencoder", [1000] * 3, _DENOISING | {"corruption_level": 0.1}]},
        {"stack": ["autoencoder", [1000] * 3, _DENOISING | {"corruption_level": 0.4}]},
    ],
    "autoencoder": [
        {},
        {"learning_rate_init": 5e-4},
        {"activation": ["relu", "relu", "relu", "identity"]},
        {"activation": ["tanh", "tanh", "tanh", "identity"]},
        {"activation": ["logistic"] * 3 + ["identity"], "pretrainer": "autoencoder"},
        {"loss": "cross_entropy", "output_activation": "auto"},
    ],
}


def draw(method: str, rng: np.random.RandomState) -> dict[str, Any]:
    """One setting of a method, as the tuning of 'few' draws them."""
    rate = float(10 ** rng.uniform(-3.5, -2))
    alpha = float(10 ** rng.uniform(-5, 0))
    sizes = [[500], [1000], [500, 500], [1000, 1000]][rng.randint(4)]
    settings: dict[str, Any] = {"learning_rate_init": rate, "alpha": alpha}
    if method in ("plain", "dropout"):
        settings |= {"hidden_layer_sizes": sizes, "activation": ["relu", "tanh"][rng.randint(2)]}
    if method == "plain":
        return settings
    settings["dropout"] = [0.0, 0.2, 0.5][rng.randint(0 if method != "dropout" else 1, 3)]
    settings["input_dropout"] = [0.0, 0.2][rng.randint(2)] if settings["dropout"] else 0.0
    if method == "rbm":
        options = {"learning_rate": [0.02, 0.05, 0.1][rng.randint(3)], "algorithm": "cd"}
        options |= {"momentum": 0.5, "batch_size": 100, "epochs": [15, 40][rng.randint(2)]}
        settings["stack"] = ["rbm", sizes, options]
    if method == "autoencoder":
        options = {"corruption_level": [0.1, 0.25, 0.4][rng.randint(3)]}
        if rng.randint(2):
            strength = [0.01, 0.03, 0.1][rng.randint(3)]
            options = {"corruption": None, "contraction": strength}
        settings["stack"] = ["autoencoder", sizes, _DENOISING | options]
    return settings


def stack_of(stack: list[Any], X: Any, seed: int, folder: Path) -> list[Any]:
    """Fitted models of the layers: from the folder, or trained and kept there."""
    import deepen
    from deepen.neural_network import Autoencoder, BernoulliRBM

    kind, sizes, options = stack
    own, fitted = dict(options), []
    epochs = own.pop("epochs")
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
            model = Autoencoder((size,), "logistic", max_iter=epochs, **own)
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


def classifier(settings: dict[str, Any], seed: int, X: Any, folder: Path) -> Any:
    """Unfitted network that starts from its stack, where it has one."""
    from sklearn.frozen import FrozenEstimator

    from deepen.neural_network import MLPClassifier

    own = {k: v for k, v in settings.items() if k not in ("rows", "labels", "method")}
    epochs, stack = own.pop("epochs"), own.pop("stack", None)
    if stack is not None:
        layers = stack_of(stack, X, seed, folder)
        own |= {"hidden_layer_sizes": stack[1], "activation": "logistic"}
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
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the fixed number of epochs has been reached
        figure = measure()
    run = identity | {"error": figure, "seconds": round(time.perf_counter() - start, 1)}
    results.add(run)
    say(f"  {identity['judged_on']}: {figure:.3f}, {run['seconds']:.0f} s")
    return run


def standard(args: argparse.Namespace, results: Results) -> str:
    """All rows but few: candidates on validation rows, or the final runs."""
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
                model = classifier(settings, seed, X, folder)
                model.set_params(callbacks=[report(settings["epochs"])]).fit(X, y)
                return percent_wrong(model, X_judge, y_judge)

            identity = {"row": args.row, "judged_on": judged_on, "seed": seed, "settings": settings}
            errors.append(one_run(identity, measure, results)["error"])
        lines.append(f"| {json.dumps(change)} | {summary(errors)} |")
    return "\n".join(lines)


def few(args: argparse.Namespace, results: Results) -> str:
    """Test errors with few labels, each method tuned with the same number of trials."""
    lines = ["| labels | method | test error % | each | published |", "|---|---|---|---|---|"]
    for n_labels in args.labels:
        for method in args.methods:
            errors = [few_run(n_labels, method, seed, args, results) for seed in args.seeds]
            lines.append(f"| {n_labels} | {method} | {summary(errors)} | {PUBLISHED[n_labels]} |")
    return "\n".join(lines)


def few_run(
    n_labels: int, method: str, seed: int, args: argparse.Namespace, results: Results
) -> float:
    """Tune a method by cross-validation on the labelled rows, then train it on all of them."""
    from sklearn.model_selection import StratifiedKFold, train_test_split

    from deepen.datasets import load_mnist

    X, y = training_rows(args.rows)
    _, _, X_test, y_test = load_mnist()
    labelled, _ = train_test_split(
        np.arange(len(y)), train_size=n_labels, stratify=y, random_state=seed
    )
    X_few, y_few = X[labelled], y[labelled]
    folder = args.out.with_suffix(".layers")
    n_steps = args.steps or STEPS_OF_FINE_TUNING
    rng = np.random.RandomState(seed)
    folds = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(X_few, y_few))

    def complete(n_rows: int, settings: dict[str, Any]) -> dict[str, Any]:
        batch = min(100, n_rows)
        return settings | {"batch_size": batch, "epochs": max(10, n_steps * batch // n_rows)}

    def fitted(rows: Any, settings: dict[str, Any]) -> Any:
        model = classifier(complete(len(rows), settings), seed, X, folder)
        return model.fit(X_few[rows], y_few[rows])

    trials = []
    for _ in range(args.trials):
        settings = draw(method, rng)
        if args.epochs is not None and "stack" in settings:
            settings["stack"][2] |= {"epochs": args.epochs}
        settings |= {} if args.rows is None else {"rows": args.rows}

        def validate(settings: dict[str, Any] = settings) -> float:
            return statistics.mean(
                percent_wrong(fitted(train, settings), X_few[held], y_few[held])
                for train, held in folds
            )

        identity = {"row": f"few-{n_labels}", "judged_on": "cross-validation", "seed": seed}
        identity |= {"method": method, "steps": n_steps, "settings": settings}
        trials.append(one_run(identity, validate, results))
    best = min(trials, key=lambda run: run["error"])["settings"]

    def test() -> float:
        return percent_wrong(fitted(np.arange(n_labels), best), X_test, y_test)

    identity = {"row": f"few-{n_labels}", "judged_on": "test", "seed": seed, "method": method}
    identity |= {"steps": n_steps, "trials": args.trials, "settings": best}
    return one_run(identity, test, results)["error"]


def summary(errors: list[float]) -> str:
    spread = f" +- {statistics.stdev(errors):.2f}" if len(errors) > 1 else ""
    return f"{statistics.mean(errors):.2f}{spread} | {', '.join(f'{e:.2f}' for e in errors)}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pretraining",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("row", choices=[*SETTINGS, "few"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, help="instead of the settings' own, to try it out")
    parser.add_argument("--rows", type=int, help="train on the first rows alone, to try it out")
    parser.add_argument("--search", action="store_true", help="candidates, on validation rows")
    choices = [n for n in PUBLISHED if isinstance(n, int)]
    parser.add_argument("--labels", type=int, nargs="+", default=choices, choices=choices)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--trials", type=int, default=12, help="settings that each method tries")
    parser.add_argument("--steps", type=int, help="of fine-tuning, instead of the usual number")
    parser.add_argument("--out", type=Path, default=Path("runs/pretraining.json"))
    args = parser.parse_args(arguments)
    require_mnist()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = machine_line()  # now, before the load is our own
    results = Results(args.out, machine)
    text = few(args, results) if args.row == "few" else standard(args, results)
    sys.stdout.write(f"{text}\n\n{machine}\n")


if __name__ == "__main__":
    main()

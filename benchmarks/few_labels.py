"""Few labels on MNIST, all other rows unlabelled: ``python -m benchmarks.few_labels layers|run|summary``.

    python -m benchmarks.few_labels layers --out runs/few                    once, without a label
    python -m benchmarks.few_labels run --labels 100 1000 --draws 0 2 4 6 8 --out runs/few
    python -m benchmarks.few_labels run --labels 100 1000 --draws 1 3 5 7 9 --out runs/few
    python -m benchmarks.few_labels summary --out runs/few

The two runs may go on side by side, each on a core of its own. Each of the methods plain, dropout, rbm and
autoencoder tries as many settings (CANDIDATES), is judged on each by cross-validation over the labelled
rows of its draw alone, and trains the best on all of them; the test set is looked at once, at the end of
that. Pre-training sees all 60,000 rows and no label, so that one stack of layers serves all draws. The
candidates themselves were picked on training rows of other draws, never on test rows.

Each (labels, method, draw) has a file of its own in the folder, written after each step; what is in it is
not repeated. The summary's last lines compare, draw by draw, the pre-trained network that its own
cross-validation chose with the plain one that did best on the test set, a choice that favours the latter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import machine_line, require_mnist
from benchmarks.mnist import Results, training_rows
from benchmarks.pretraining import classifier, one_run, percent_wrong, stack_of, summary

PUBLISHED = {
    100: "25.8 plain, 18.6 one RBM, 13.5 contractive",
    600: "11.4 plain, 8.7 DBN, 6.3 contractive",
    1000: "10.7 plain, 6.5 one RBM, 4.8 contractive",
    3000: "6.0 plain, 3.3 DBN, 3.2 contractive",
    10_000: "5.3 plain, 2.8 one RBM",
}
PLAIN, PRETRAINED = ("plain", "dropout"), ("rbm", "autoencoder")
METHODS = PLAIN + PRETRAINED
N_FOLDS = 5
# Of the five folds so many are held out in turn, and so many steps are taken: many labels need less
# of the one and more of the other.
FOLDS_USED = {100: 5, 600: 3, 1000: 3, 3000: 1, 10_000: 1}
STEPS = {100: 300, 600: 600, 1000: 600, 3000: 1500, 10_000: 4000}
BATCH_SIZE, LAYER_SEED = 100, 0

# A stack is (kind, sizes, options), as :func:`benchmarks.pretraining.stack_of` trains it.
_MACHINE = {"algorithm": "cd", "learning_rate": 0.1, "momentum": 0.5, "alpha": 2e-4}
_MACHINE |= {"batch_size": 100, "epochs": 30, "falling": True}
_CODER = {"loss": "cross_entropy", "tied": True, "alpha": 0.0, "learning_rate_init": 0.002}
_CODER |= {"corruption": "masking", "corruption_level": 0.6}
_CODER |= {"batch_size": 100, "epochs": 30, "falling": True}
_RATE = {"learning_rate_init": 0.001}
_SIZES = ([1024], [1024, 1024])
_NOISES = ((0.5, 0.2), (0.5, 0.5), (0.8, 0.5))  # of the hidden units and of the inputs


def _plain() -> list[dict[str, Any]]:
    """Settings that networks without noise try."""
    penalties = [("relu", 0.01), ("relu", 1.0), ("tanh", 1.0)]
    return [
        {"hidden_layer_sizes": sizes, "activation": activation, "alpha": alpha} | _RATE
        for sizes in _SIZES
        for activation, alpha in penalties
    ]


def _noisy(start: tuple[str, dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Settings of networks with dropout, from random weights or from a stack's."""
    found: list[dict[str, Any]] = []
    for sizes in _SIZES:
        for dropout, input_dropout in _NOISES:
            own = {"dropout": dropout, "input_dropout": input_dropout, "alpha": 0.01} | _RATE
            if start is None:
                own["hidden_layer_sizes"] = sizes
            else:
                own["stack"] = [start[0], sizes, start[1]]
            found.append(own)
    return found


CANDIDATES = {
    "plain": _plain(),
    "dropout": _noisy(None),
    "rbm": _noisy(("rbm", _MACHINE)),
    "autoencoder": _noisy(("autoencoder", _CODER)),
}


def network(settings: dict[str, Any], n_rows: int, n_steps: int, draw: int, args: Any) -> Any:
    """Unfitted network that takes about n_steps steps on n_rows rows."""
    batch = min(BATCH_SIZE, n_rows)
    own = settings | {"batch_size": batch, "epochs": max(1, n_steps * batch // n_rows)}
    return classifier(own, draw, layers_of(settings.get("stack"), args))


_LAYERS: dict[str, list[Any]] = {}  # of this process, so that a fit need not read them again


def layers_of(stack: list[Any] | None, args: argparse.Namespace) -> list[Any]:
    """Fitted models of a stack's layers, on all rows; trained where the folder has them not yet."""
    if stack is None:
        return []
    key = json.dumps(stack)
    if key not in _LAYERS:
        X, _ = training_rows(args.rows)
        _LAYERS[key] = stack_of(stack, X, LAYER_SEED, args.out / "layers")
    return _LAYERS[key]


def tune_and_test(n_labels: int, method: str, draw: int, args: argparse.Namespace) -> None:
    """Cross-validate a method's candidates on the labelled rows, train the best on all of them."""
    from sklearn.model_selection import StratifiedKFold, train_test_split

    from deepen.datasets import load_mnist

    X, y, X_test, y_test = load_mnist()
    labelled, _ = train_test_split(
        np.arange(len(y)), train_size=n_labels, stratify=y, random_state=draw
    )
    X, y = X[labelled], y[labelled]
    folds = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=draw).split(X, y))
    n_steps = args.steps or STEPS[n_labels]
    results = Results(args.out / f"{n_labels}-{method}-{draw}.json", args.machine)
    common = {"labels": n_labels, "method": method, "draw": draw, "steps": n_steps}
    common |= {} if args.rows is None else {"rows": args.rows}

    def fitted(rows: Any, settings: dict[str, Any]) -> Any:
        return network(settings, len(rows), n_steps, draw, args).fit(X[rows], y[rows])

    trials = []
    for settings in candidates(method, args):

        def validate(settings: dict[str, Any] = settings) -> float:
            return statistics.mean(
                percent_wrong(fitted(train, settings), X[held], y[held])
                for train, held in folds[: FOLDS_USED[n_labels]]
            )

        identity = common | {"judged_on": "cross-validation", "settings": settings}
        trials.append(one_run(identity, validate, results))
    best = min(trials, key=lambda run: run["error"])
    one_run(
        common | {"judged_on": "test", "validated": best["error"], "settings": best["settings"]},
        lambda: percent_wrong(fitted(np.arange(n_labels), best["settings"]), X_test, y_test),
        results,
    )


def candidates(method: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Settings that a method tries, with its layers' epochs where they are given."""
    found = []
    for settings in CANDIDATES[method]:
        if "stack" in settings and args.epochs is not None:
            kind, sizes, options = settings["stack"]
            settings = settings | {"stack": [kind, sizes, options | {"epochs": args.epochs}]}
        found.append(settings)
    return found


def tests_of(folder: Path) -> dict[tuple[int, str, int], dict[str, Any]]:
    """The last test run of every (labels, method, draw) in a folder."""
    found = {}
    for path in sorted(folder.glob("*-*-*.json")):
        for run in json.loads(path.read_text())["runs"]:
            if run["judged_on"] == "test":
                found[run["labels"], run["method"], run["draw"]] = run
    return found


def summarise(folder: Path) -> str:
    """Table of all methods, then whether pre-training pays, for what the folder holds."""
    tests = tests_of(folder)
    if not tests:
        raise SystemExit(f"{folder} holds no finished run.")
    lines = ["| labels | method | test error % | each draw | published |", "|---|---|---|---|---|"]
    for n_labels in sorted({n for n, _, _ in tests}):
        for method in METHODS:
            errors = [
                r["error"] for (n, m, _), r in sorted(tests.items()) if (n, m) == (n_labels, method)
            ]
            if errors:
                text = summary(errors)
                lines.append(f"| {n_labels:,} | {method} | {text} | {PUBLISHED[n_labels]} |")
    lines.append("")
    lines += [paired(n, tests) for n in sorted({n for n, _, _ in tests})]
    runs = [r for p in folder.glob("*-*-*.json") for r in json.loads(p.read_text())["runs"]]
    hours = sum(run["cpu_seconds"] for run in runs) / 3600
    lines += ["", f"{hours:.1f} hours of processor time after the layers were trained."]
    return "\n".join(lines)


def paired(n_labels: int, tests: dict[tuple[int, str, int], dict[str, Any]]) -> str:
    """Gain of the pre-trained network of each draw over its better plain one, in words."""
    from scipy import stats

    gains = []
    for draw in sorted({d for n, _, d in tests if n == n_labels}):
        runs = {m: tests.get((n_labels, m, draw)) for m in METHODS}
        if all(runs.values()):
            chosen = min((runs[m] for m in PRETRAINED), key=lambda run: run["validated"])
            gains.append(min(runs[m]["error"] for m in PLAIN) - chosen["error"])
    if len(gains) < 2:
        return f"{n_labels:,} labels: too few draws with all methods to compare them."
    t = stats.ttest_1samp(gains, 0)
    low, high = t.confidence_interval(0.95)
    n_better = sum(gain > 0 for gain in gains)
    sign = stats.binomtest(n_better, sum(gain != 0 for gain in gains) or 1)
    return (
        f"{n_labels:,} labels, {len(gains)} draws: pre-training gains {statistics.mean(gains):.2f} points"
        f" over the better plain network (95 % interval {low:.2f} to {high:.2f}, t test p ="
        f" {t.pvalue:.2g}); better in {n_better} draws (sign test p = {sign.pvalue:.2g})."
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.few_labels",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["layers", "run", "summary"])
    parser.add_argument("--labels", type=int, nargs="+", default=[100, 1000], choices=list(STEPS))
    parser.add_argument("--draws", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--rows", type=int, help="pre-train on the first rows alone, to try it out")
    parser.add_argument("--epochs", type=int, help="of pre-training, to try it out")
    parser.add_argument("--steps", type=int, help="of fine-tuning, to try it out")
    parser.add_argument("--out", type=Path, default=Path("runs/few"))
    args = parser.parse_args(arguments)
    if args.what == "summary":
        sys.stdout.write(summarise(args.out) + "\n")
        return
    require_mnist()
    args.out.mkdir(parents=True, exist_ok=True)
    args.machine = machine_line()  # now, before the load is our own
    if args.what == "layers":
        for method in args.methods:
            for settings in candidates(method, args):
                layers_of(settings.get("stack"), args)
        return
    for n_labels in args.labels:
        for draw in args.draws:
            for method in args.methods:
                tune_and_test(n_labels, method, draw, args)
    sys.stdout.write(f"{summarise(args.out)}\n\n{args.machine}\n")


if __name__ == "__main__":
    main()

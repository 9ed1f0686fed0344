"""Few labels on MNIST, all other rows unlabelled: ``python -m benchmarks.few_labels layers|run|summary``.

    python -m benchmarks.few_labels layers --out runs/few                    once, without a label
    python -m benchmarks.few_labels run --labels 100 1000 --draws 0 2 4 6 8 --out runs/few
    python -m benchmarks.few_labels run --labels 100 1000 --draws 1 3 5 7 9 --out runs/few
    python -m benchmarks.few_labels run --pseudo --labels 100 1000 --draws 0 1 2 3 4 --out runs/few
    python -m benchmarks.few_labels summary --out runs/few

The two runs may go on side by side, each on a core of its own. Each of the methods plain, dropout, rbm and
autoencoder tries as many settings (CANDIDATES), is judged on each by cross-validation over the labelled
rows of its draw alone, and trains the best on all of them: its error on labels alone. With --pseudo that
network then goes on with a pool of unlabelled rows beside the labelled ones, as Lee (2013) has it: before
each pass it names them anew, and what it named weighs more from pass to pass (`with_pseudo_labels`). The
test set is looked at once at the end of either. Pre-training sees all 60,000 rows and no label, so that one
stack of layers serves all draws.

The candidates themselves were picked on training rows of draws 100 to 103, never on test rows. From one
layer of machines with the centred gradient, at 100 labels 300 steps of Adam at .001 left 21.0 % wrong
(three draws); steps of .01 on top and a hundredth of that below, 18.8, so that the layer keeps what it
knew; longer steps below were no better. A logistic regression on the frozen layer had 20.6 on ten draws,
on pixels 25.1. With the plain gradient and momentum .9 the layer left 17.1, and 6.0 at 1,000 labels,
centred 19.9 and 9.3. Two layers then left 14.3 and 4.65 on 10,000 training rows held out, with labels
smoothed by .1 14.1 and 4.46, three layers of them, smoothed too, 13.8 and 4.40, with .3 of the inputs and
units dropped instead of half 14.35 and 4.06; twice the steps 13.6 and 4.29, and Gaussian noise on the
inputs, .3, 14.3 and 4.79. So machines have three layers, and all that drop units smooth the labels.
Noise wants no L2 beside it: of 20,000 training rows held out from draw 100, at 10,000 labels .3 dropped
left 3.21, noise of .4 with an L2 of .01 2.52, without 1.81; at 1,000 labels 4.22, noise without L2 3.86.
Autoencoders of rectifiers, one layer of twelve epochs, left 7.0 at 1,000 labels on three draws by Adam's
steps at .001, 7.3 by the short ones and 9.2 without pre-training; at 100 labels 19.9 by the former and
19.3 by the latter on two. Of logistic units they had 8.1 on one of them.

Pseudo-labels on the same draws, 10,000 training rows held out: where classes might take what share they
would, one of six runs drifted, from 19.4 to 21.7 at 100 labels; with their shares held to those of the
labelled rows the same run went to 13.4, and with steps as long below as on top to 11.0. Leaving out what
the network is less than .9 sure of made no difference, 11.6. At 1,000 labels autoencoders went from 8.1
to 5.5 and rectifiers with dropout from 9.0 to 5.2.

Each (labels, method, draw) has a file of its own in the folder, written after each step; what is in it is
not repeated. The summary's last lines compare, draw by draw, the pre-trained network that its own
cross-validation chose with the plain one that did best on the test set, a choice that favours the latter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks._harness import machine_line, require_mnist
from benchmarks.mnist import Results, training_rows
from benchmarks.pretraining import classifier, one_run, percent_wrong, stack_of, summary
from deepen.engine.optimizers import Adam

PUBLISHED = {
    100: "25.8 plain, 18.6 one RBM, 13.5 contractive",
    600: "11.4 plain, 8.7 DBN, 6.3 contractive",
    1000: "10.7 plain, 6.5 one RBM, 4.8 contractive",
    3000: "6.0 plain, 3.3 DBN, 3.2 contractive",
    10_000: "5.3 plain, 2.8 one RBM",
}
PLAIN, PRETRAINED = ("plain", "dropout"), ("rbm", "autoencoder")
METHODS = PLAIN + PRETRAINED
TEST, PSEUDO = "test", "test with pseudo-labels"
N_FOLDS = 5
# Of the five folds so many are held out in turn, and so many steps are taken: many labels need less
# of the one and more of the other.
FOLDS_USED = {100: 3, 600: 1, 1000: 1, 3000: 1, 10_000: 1}
STEPS = {100: 200, 600: 600, 1000: 600, 3000: 1500, 10_000: 4000}
# Passes over the pool, and over how many of them the weight of its rows rises to that of a labelled row.
PASSES = {100: (30, 20), 600: (20, 10), 1000: (20, 10), 3000: (20, 10), 10_000: (10, 5)}
POOL = {100: 10_000, 600: 20_000, 1000: 20_000, 3000: 20_000, 10_000: 50_000}
LABELLED_SHARE = 0.2  # of the rows of a pass; labelled rows are repeated for it
# Of Adam in these passes; logistic units pass on smaller gradients than rectifiers do.
PSEUDO_RATE = {"plain": 1e-3, "dropout": 1e-3, "rbm": 3e-3, "autoencoder": 1e-3}
BATCH_SIZE, LAYER_SEED = 100, 0

# A stack is (kind, sizes, options), as :func:`benchmarks.pretraining.stack_of` trains it.
_MACHINE = {"algorithm": "cd", "learning_rate": 0.05, "momentum": 0.9, "alpha": 2e-4}
_MACHINE |= {"batch_size": 100, "epochs": 30, "falling": True, "centered": False}
_CODER = {"activation": "relu", "loss": "cross_entropy", "tied": True, "alpha": 0.0}
_CODER |= {"corruption": "masking", "corruption_level": 0.5, "learning_rate_init": 0.001}
_CODER |= {"batch_size": 100, "epochs": 12, "falling": True}
_RATE = {"learning_rate_init": 0.001}
_CAREFUL = {"learning_rate_init": 0.01}  # on top; "below" is the share of it below
_SIZES = ([1024], [1024] * 2, [1024] * 3)
_SMOOTHED = {"alpha": 0.01, "label_smoothing": 0.1}
_HALF, _LESS = ({"dropout": share, "input_dropout": share} for share in (0.5, 0.3))
_NOISE = {"noise": 0.4, "alpha": 0.0}
# Sizes, and the shares that are dropped.
_DROPPING = ((_SIZES[1], _HALF), (_SIZES[2], _HALF), (_SIZES[2], _LESS))


def _plain() -> list[dict[str, Any]]:
    """Settings that networks without noise try."""
    tried = [(0, "relu", 1.0), (0, "tanh", 1.0), (1, "relu", 1.0)]
    return [
        {"hidden_layer_sizes": _SIZES[depth], "activation": activation, "alpha": alpha} | _RATE
        for depth, activation, alpha in tried
    ]


def _noisy() -> list[dict[str, Any]]:
    """Settings of networks with dropout."""
    return [_SMOOTHED | noise | {"hidden_layer_sizes": sizes} | _RATE for sizes, noise in _DROPPING]


def _from_machines() -> list[dict[str, Any]]:
    """Settings that start from Boltzmann machines, whose units take shorter steps below."""
    own = _SMOOTHED | {"stack": ["rbm", _SIZES[2], _MACHINE]}
    tried = ((_HALF, 0.01), (_LESS, 0.01), (_NOISE, 0.1))
    return [own | noise | _CAREFUL | {"below": below} for noise, below in tried]


def _from_coders() -> list[dict[str, Any]]:
    """Settings that start from denoising autoencoders of rectifiers."""
    return [
        _SMOOTHED | noise | {"stack": ["autoencoder", sizes, _CODER]} | _RATE
        for sizes, noise in _DROPPING
    ]


CANDIDATES = {
    "plain": _plain(),
    "dropout": _noisy(),
    "rbm": _from_machines(),
    "autoencoder": _from_coders(),
}


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LayeredAdam(Adam):
    """Adam whose steps below the top layer are shorter, by a factor."""

    below: float = 1.0

    def step(self, params: Any, *args: Any) -> Any:
        moved, state = super().step(params, *args)
        new = [[*part[:-1]] for part in moved]
        for part, old in zip(new, params, strict=True):
            for layer, w in enumerate(part):
                part[layer] = old[layer] + self.below * (w - old[layer])
        return type(params)(*((*p, m[-1]) for p, m in zip(new, moved, strict=True))), state


def network(settings: dict[str, Any], n_rows: int, n_steps: int, draw: int, args: Any) -> Any:
    """Unfitted network that takes about n_steps steps on n_rows rows."""
    batch = min(BATCH_SIZE, n_rows)
    own = settings | {"batch_size": batch, "epochs": max(1, n_steps * batch // n_rows)}
    below = own.pop("below", None)
    model = classifier(own, draw, layers_of(settings.get("stack"), args))
    if below is not None:
        solver = LayeredAdam(model.learning_rate, below=below)
        model.set_params(solver=solver, learning_rate="constant", learning_rate_init=0.001)
    return model


def with_pseudo_labels(
    model: Any, X: Any, y: Any, pool: Any, passes: tuple[int, int], rate: float
) -> Any:
    """The network after passes over labelled and unlabelled rows, which it names itself.

    Lee (2013), with the shares of the classes among the names held to those among the labels: each class's
    probabilities are divided by their mean over the pool. The rate falls in the second half.
    """
    n_passes, n_rising = passes
    n_times = max(1, round(LABELLED_SHARE / (1 - LABELLED_SHARE) * len(pool) / len(y)))
    X, labels = np.concatenate([pool, np.tile(X, (n_times, 1))]), np.tile(y, n_times)
    share = np.array([(y == name).mean() for name in model.classes_])
    weight = np.ones(len(X), X.dtype)
    model.set_params(warm_start=True, max_iter=1, learning_rate="constant", batch_size=BATCH_SIZE)
    for done in range(n_passes):
        proba = model.predict_proba(pool)
        names = model.classes_[(proba * share / proba.mean(axis=0)).argmax(axis=1)]
        weight[: len(pool)] = min(1, (done + 1) / n_rising)
        falling = rate * min(1, 2 * (n_passes - done) / n_passes)
        model.set_params(solver=Adam(falling), random_state=done)
        model.fit(X, np.concatenate([names, labels]), sample_weight=weight / weight.mean())
    return model


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
    """Cross-validate candidates on the labelled rows; train the best on them, then on pseudo-labels."""
    from sklearn.model_selection import StratifiedKFold, train_test_split

    from deepen.datasets import load_mnist

    X, y, X_test, y_test = load_mnist()
    labelled, others = train_test_split(
        np.arange(len(y)), train_size=n_labels, stratify=y, random_state=draw
    )
    pool, X, y = X[others[: POOL[n_labels]]], X[labelled], y[labelled]
    folds = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=draw).split(X, y))
    n_steps = args.steps or STEPS[n_labels]
    passes = args.passes or PASSES[n_labels]
    results = Results(args.out / f"{n_labels}-{method}-{draw}.json", args.machine)
    common = {"labels": n_labels, "method": method, "draw": draw, "steps": n_steps}
    common |= {} if args.rows is None else {"rows": args.rows}

    def fitted(rows: Any, settings: dict[str, Any]) -> Any:
        return network(settings, len(rows), n_steps, draw, args).fit(X[rows], y[rows])

    def test(settings: dict[str, Any], is_pseudo: bool) -> float:
        model = fitted(np.arange(n_labels), settings)
        if is_pseudo:
            model = with_pseudo_labels(model, X, y, pool, passes, PSEUDO_RATE[method])
        return percent_wrong(model, X_test, y_test)

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
    chosen = common | {"validated": best["error"], "settings": best["settings"]}
    one_run(chosen | {"judged_on": TEST}, partial(test, best["settings"], False), results)
    if args.pseudo:
        identity = chosen | {"judged_on": PSEUDO, "passes": list(passes)}
        one_run(identity, partial(test, best["settings"], True), results)


def candidates(method: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Settings that a method tries, with its layers' epochs where they are given."""
    found = []
    for settings in CANDIDATES[method]:
        if "stack" in settings and args.epochs is not None:
            kind, sizes, options = settings["stack"]
            settings = settings | {"stack": [kind, sizes, options | {"epochs": args.epochs}]}
        found.append(settings)
    return found


def tests_of(folder: Path, judged_on: str) -> dict[tuple[int, str, int], dict[str, Any]]:
    """The last test run of every (labels, method, draw) in a folder."""
    found = {}
    for path in sorted(folder.glob("*-*-*.json")):
        for run in json.loads(path.read_text())["runs"]:
            if run["judged_on"] == judged_on:
                found[run["labels"], run["method"], run["draw"]] = run
    return found


def summarise(folder: Path) -> str:
    """Table of all methods, then whether pre-training pays, for what the folder holds."""
    lines = [
        "| labels | | method | test error % | each draw | published |",
        "|---|---|---|---|---|---|",
    ]
    words = []
    for judged_on, title in ((TEST, "labels alone"), (PSEUDO, "pseudo-labels")):
        tests = tests_of(folder, judged_on)
        for n_labels in sorted({n for n, _, _ in tests}):
            for method in METHODS:
                runs = [r for (n, m, _), r in sorted(tests.items()) if (n, m) == (n_labels, method)]
                if runs:
                    text = summary([run["error"] for run in runs])
                    lines.append(
                        f"| {n_labels:,} | {title} | {method} | {text} | {PUBLISHED[n_labels]} |"
                    )
            words.append(f"{title}, {paired(n_labels, tests)}")
    if not words:
        raise SystemExit(f"{folder} holds no finished run.")
    runs = [r for p in folder.glob("*-*-*.json") for r in json.loads(p.read_text())["runs"]]
    hours = sum(run["cpu_seconds"] for run in runs) / 3600
    lines += ["", *words, "", f"{hours:.1f} hours of processor time after the layers were trained."]
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
    parser.add_argument("--pseudo", action="store_true", help="go on with pseudo-labels")
    parser.add_argument("--passes", type=int, nargs=2, help="of pseudo-labels, and how many rise")
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

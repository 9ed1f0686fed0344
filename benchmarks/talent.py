"""The ladder's rungs on mfeat-factors with TALENT's split, tuned on its validation part alone.

    DEEPEN_DATA=... python -m benchmarks.talent [--seeds 5] [--candidates 16] [--rungs linear,modern]
                                                [--set KEY=VALUE ...]

The candidates of a rung are its own first setting and draws from its space (`--set` fixes a parameter in
all of them). Each trains once on the 1,280 training rows; the quarter that errs least on the 320 validation
rows trains with every seed; the one with the least mean validation error, of equals the one with the least
mean log loss there, is the rung's. Only then are its networks, one a seed, judged on the 400 test rows.
One test row is .0025.

Published test accuracies (TALENT, means over seeds): linear .9675, MLP .9615, ResNet .9725, RealMLP
.9710, CatBoost .9680, the best .9775; tuned there by a hundred draws on the same validation rows, which
stop the training too, as here.
"""

from __future__ import annotations

import argparse
import ast
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import deepen
from deepen.model_selection.data import Data, columns_of
from deepen.model_selection.intervals import Judging
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.rungs import candidates, select_rungs
from deepen.model_selection.splits import Split
from deepen.model_selection.training import fit_candidate

FILE = "talent/mfeat-factors.csv.gz"
PARTS = ("train", "val", "test")
FINALISTS = 4  # one in so many candidates


def parts(path):
    """Rows of the three parts: X and y of each."""
    table = pd.read_csv(path)
    split = table.pop("split")
    y = table.pop("target")
    return {name: (table[split == name], y[split == name].to_numpy()) for name in PARTS}


def prepared(path):
    """The rows as a ladder of one repeat has them; validation rows stop and tune."""
    found = parts(path)
    X = pd.concat([X for X, _ in found.values()], ignore_index=True)
    y = np.concatenate([y for _, y in found.values()])
    ends = np.cumsum([len(y) for _, y in found.values()])
    train, val, test = np.split(np.arange(len(y)), ends[:-1])
    split, judging = Split(train, val, val, test), Judging(np.arange(len(y)), 0.25)
    return Data(X, y, "classification", METRICS["error"], [split], judging, 0, columns_of(X))


def losses(model, rows, data):
    """Error and log loss of a model on rows."""
    X, y = rows
    output, y = data.output(model, X), data.codes(y)
    return [float(METRICS[key].of_output(y, output).mean()) for key in ("error", "log_loss")]


def with_layers_of(arrays, seed):
    """The same arrays, whose layers, where there are any, are trained with another seed."""
    before = arrays.pretraining
    return (
        arrays
        if before is None
        else replace(arrays, pretraining=replace(before, seed=seed, known={}))
    )


def chosen(rung, arrays, data, settings, n_seeds):
    """Setting, validation losses of shape (seeds, 2) and models of the best candidate."""

    own = {seed: with_layers_of(arrays, seed) for seed in range(n_seeds)}

    def trained(params, seed):
        return fit_candidate(rung, params, own[seed], data, seed=seed).model

    models = [[trained(params, 0)] for params in settings]
    first = [losses(model, arrays.tuning, data) for [model] in models]
    finalists = sorted(range(len(settings)), key=first.__getitem__)
    finalists = finalists[: -(-len(settings) // FINALISTS)]
    for i in finalists:
        models[i] += [trained(settings[i], seed) for seed in range(1, n_seeds)]
    figures = {i: np.array([losses(m, arrays.tuning, data) for m in models[i]]) for i in finalists}
    best = min(finalists, key=lambda i: tuple(figures[i].mean(axis=0)))
    return settings[best], figures[best], models[best]


def parsed(words):
    """Parameters in words such as alpha=0.1; what is no Python literal is text."""
    found = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--rungs", default="linear,one_hidden,deep,modern,boosting")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    deepen.enable_compilation_cache()
    data = prepared(Path(os.environ["DEEPEN_DATA"]) / FILE)
    rungs, _ = select_rungs(options.rungs.split(","))
    for rung in (rung for rung in rungs if rung.role != "baseline"):
        start = time.perf_counter()
        arrays = data.arrays(0, rung.form)
        drawn = candidates(rung, "classification", options.candidates, 0)
        settings = [{**one, **parsed(options.set)} for one in drawn]
        params, validation, models = chosen(rung, arrays, data, settings, options.seeds)
        scores = 1 - np.array([losses(model, arrays.verdict, data)[0] for model in models])
        print(
            f"{rung.title:36s} {scores.mean():.4f} +- {scores.std():.4f} over {len(scores)} seeds "
            f"({' '.join(f'{score:.4f}' for score in scores)}), "
            f"validation {1 - validation[:, 0].mean():.4f}, log loss {validation[:, 1].mean():.4f}, "
            f"{time.perf_counter() - start:.0f} s; {params}",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""The ladder's rungs on mfeat-factors with TALENT's split, tuned on its validation part alone.

    DEEPEN_DATA=... python -m benchmarks.talent [--seeds 5] [--trials 16] [--rungs linear,modern]
                                                [--numbers robust] [--set KEY=VALUE ...]

One ingredient at a time: `--numbers robust` scales by quartiles and clips smoothly; `--set` fixes a
parameter of the rung's estimator in every setting, such as `--set activation=gelu`. Beside the mean over
seeds stand the accuracy of the seeds' averaged probabilities and that on the validation rows, by which
alone an ingredient may be chosen.

Published test accuracies (TALENT, means over seeds): linear .9675, MLP .9615, ResNet .9725, RealMLP
.9710, CatBoost .9680, the best .9775. Settings are tried by successive halving on the 1,280 training
rows; the 320 validation rows stop and choose, as they do there; the 400 test rows are judged once a
seed. One test row is .0025.
"""

from __future__ import annotations

import argparse
import ast
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

import deepen
from deepen.model_selection.data import Arrays, Data, columns_of, new_encoder
from deepen.model_selection.intervals import Judging
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.rungs import candidates, select_rungs
from deepen.model_selection.training import fit_candidate
from deepen.model_selection.tuning import tune

FILE = "talent/mfeat-factors.csv.gz"
PARTS = ("train", "val", "test")


def parts(path):
    """Rows of the three parts: X and y of each."""
    table = pd.read_csv(path)
    split = table.pop("split")
    y = table.pop("target")
    return {name: (table[split == name], y[split == name].to_numpy()) for name in PARTS}


def encoded(found, for_trees, numbers):
    """Arrays as a repeat of the ladder has them; validation rows stop and tune."""
    X, y = found["train"]
    encoder = new_encoder(columns_of(X), for_trees=for_trees).set_params(numbers=numbers)
    encoder.fit(X, y)
    train, val, test = ((encoder.transform(found[name][0]), found[name][1]) for name in PARTS)
    mask = encoder.categorical_features_ if for_trees else None
    return Arrays(encoder, train, val, val, test, is_categorical=mask)


def accuracies(rung, found, options, fixed):
    """Test and validation accuracy and setting of each seed; accuracy of the mean probabilities."""
    arrays = encoded(found, rung.kind == "trees", options.numbers)
    groups = np.arange(sum(len(y) for _, y in found.values()))
    y = np.concatenate([y for _, y in found.values()])
    data = Data(None, y, "classification", METRICS["error"], [], Judging(groups, 0.25), 0)
    results, total = [], 0.0
    for seed in range(options.seeds):

        def fit(params, part, number, seed=seed):
            return fit_candidate(rung, params, part, data, seed=1000 * seed + number)

        drawn = candidates(rung, "classification", options.trials, seed)
        settings = [{**one, **fixed} for one in drawn]
        tuned = tune(settings, arrays, data, fit, np.random.default_rng(seed))
        output = data.output(tuned.fitted.model, arrays.verdict[0])
        total = total + output
        chosen_by = data.loss(arrays.tuning[1], data.output(tuned.fitted.model, arrays.tuning[0]))
        results.append((1 - data.loss(arrays.verdict[1], output), 1 - chosen_by, tuned.params))
    return results, 1 - data.loss(arrays.verdict[1], total)


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
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--rungs", default="linear,one_hidden,deep,modern,boosting")
    parser.add_argument("--numbers", default="standard", choices=("standard", "robust"))
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    deepen.enable_compilation_cache()
    found = parts(Path(os.environ["DEEPEN_DATA"]) / FILE)
    for rung in select_rungs(options.rungs.split(","))[0]:
        start = time.perf_counter()
        results, together = accuracies(rung, found, options, parsed(options.set))
        scores = np.array([score for score, *_ in results])
        validation = np.mean([score for _, score, _ in results])
        print(
            f"{rung.title:36s} {scores.mean():.4f} +- {scores.std():.4f} over {len(scores)} seeds, "
            f"averaged {together:.4f}, validation {validation:.4f}, "
            f"{time.perf_counter() - start:.0f} s; last setting {results[-1][-1]}",
            flush=True,
        )


if __name__ == "__main__":
    main()

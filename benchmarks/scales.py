"""In which scale networks like their columns: rungs of the ladder on few labels of ten tables.

    DEEPEN_DATA=... python -m benchmarks.scales [--rung one_hidden] [--splits 8] [--tables digits,wine]
                                                [--numbers standard,robust,clipped,unit]

Every split draws rows that train, by lot and class by class, as many again that stop, and judges by at most
500 of the others. Each network has the rung's first setting. Printed: the mean loss over the splits with
its standard error, the error rate or, of a regression, the squared error in units of the target's
variance; behind it the mean log loss.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

import deepen
from deepen.datasets import TableEncoder
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.intervals import Judging
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.rungs import RUNGS
from deepen.model_selection.training import fit_candidate

MOST_JUDGES = 500
MADE = {"n_samples": 1200, "random_state": 0}
N_TRAINING = {
    "digits": 75, "mfeat-factors": 100, "wine": 50, "breast cancer": 75, "spambase": 200,
    "e-commerce": 150, "classification": 200, "hastie": 200, "friedman": 200, "diabetes": 120,
}  # fmt: skip


def table_of(name, data):
    """Columns, target and task of a table."""
    if name == "mfeat-factors":
        table = pd.read_csv(data / "talent/mfeat-factors.csv.gz")
        table = table[table.pop("split") != "test"]
        return table.drop(columns="target"), table["target"].to_numpy(), "classification"
    if name == "spambase":
        table = pd.read_csv(data / "lazyprogrammer/spambase.data", header=None)
        return table.iloc[:, :-1], table.iloc[:, -1].to_numpy(), "classification"
    if name == "e-commerce":
        table = pd.read_csv(data / "lazyprogrammer/ecommerce_data.csv")
        y = table.pop("user_action").to_numpy()
        return table.astype({"time_of_day": str}), y, "classification"
    made = {
        "digits": datasets.load_digits,
        "wine": datasets.load_wine,
        "breast cancer": datasets.load_breast_cancer,
        "diabetes": datasets.load_diabetes,
    }
    if name in made:
        X, y = made[name](return_X_y=True)
    elif name == "classification":
        X, y = datasets.make_classification(n_informative=8, n_redundant=4, n_classes=4, **MADE)
    elif name == "hastie":
        X, y = datasets.make_hastie_10_2(**MADE)
    else:
        X, y = datasets.make_friedman1(noise=1.0, **MADE)
    task = "regression" if name in ("friedman", "diabetes") else "classification"
    names = [f"x{i}" for i in range(X.shape[1])]
    return pd.DataFrame(X, columns=names), y, task


def split_losses(rung, table, numbers, n_training, seed):
    """Loss and log loss of one split."""
    X, y, task = table
    order = np.arange(len(y))

    def drawn(rows, n):
        return train_test_split(
            rows, train_size=n, random_state=seed,
            stratify=y[rows] if task == "classification" else None,
        )  # fmt: skip

    training, others = drawn(order, n_training)
    stopping, others = drawn(others, n_training)
    judging = others if len(others) <= MOST_JUDGES else drawn(others, MOST_JUDGES)[0]
    encoder = TableEncoder(numbers=numbers).fit(X.iloc[training], y[training])
    parts = [(encoder.transform(X.iloc[rows]), y[rows]) for rows in (training, stopping, judging)]
    arrays = Arrays(encoder, parts[0], parts[1], parts[1], parts[2])
    metric = METRICS["error" if task == "classification" else "rmse"]
    data = Data(None, y, task, metric, [], Judging(order, 0.25), 0)
    model = fit_candidate(rung, rung.first, arrays, data, seed=seed).model
    output = data.output(model, parts[2][0])
    if task == "regression":
        return float(np.mean((output - parts[2][1]) ** 2) / np.var(y)), float("nan")
    codes = data.codes(parts[2][1])
    return tuple(float(METRICS[k].of_output(codes, output).mean()) for k in ("error", "log_loss"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rung", default="one_hidden")
    parser.add_argument("--splits", type=int, default=8)
    parser.add_argument("--tables", default=",".join(N_TRAINING))
    parser.add_argument("--numbers", default="standard,robust,clipped,unit")
    options = parser.parse_args()
    deepen.enable_compilation_cache()
    data = Path(os.environ["DEEPEN_DATA"])
    (rung,) = (rung for rung in RUNGS if rung.name == options.rung)
    for name in options.tables.split(","):
        table, cells = table_of(name, data), []
        for numbers in options.numbers.split(","):
            losses = np.array([
                split_losses(rung, table, numbers, N_TRAINING[name], seed)
                for seed in range(options.splits)
            ])  # fmt: skip
            error = losses[:, 0].std(ddof=1) / np.sqrt(len(losses))
            cells.append(
                f"{numbers} {losses[:, 0].mean():.3f} +- {error:.3f} ({losses[:, 1].mean():.3f})"
            )
        print(f"{name:16s} {N_TRAINING[name]:4d} rows   " + "   ".join(cells), flush=True)


if __name__ == "__main__":
    main()

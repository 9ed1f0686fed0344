"""A report with every section, made up, with whatever names a test wants in it."""

from __future__ import annotations

import numpy as np

from deepen.report import (
    Calibration,
    CalibrationBin,
    ColumnRow,
    FeatureMap,
    Filters,
    GainRow,
    ImportanceRow,
    LabelCurve,
    LabelLine,
    LayersView,
    MistakeRow,
    Notice,
    Report,
    RowsUse,
    RungRow,
    Threshold,
)

HOSTILE = "<script>document.title='x'</script>\"'&$x$"


def sample_report(name="deep network", n_columns=3, *, is_classification=True, has_pictures=True):
    """Every section filled; `name` stands wherever a stranger's text can stand."""
    rng = np.random.default_rng(0)
    return Report(
        title=name,
        sentence=f"{name} suffices, error rate 3.1 % (2.2 to 4.0 %). And more of {name}.",
        is_open=True,
        metric="error rate, %",
        min_gain=0.01,
        min_gain_text="1 point",
        facts={name: name, "rows": "1,797"},
        rungs=rungs(name),
        notices=[Notice("leakage", f"{name} gives it away.", True), Notice(name, name)],
        best=name,
        gains=[gain(name, f"{name} {i}", o) for i, o in enumerate(OUTCOMES)],
        curves={
            f"{name}{i}": [
                {"loss": falling(rng, 300), "validation_loss": falling(rng, 300)} for _ in range(12)
            ]
            for i in range(4)
        },
        labels=LabelCurve([label_line(name), label_line(f"{name}, pre-trained")], f"{name} helps."),
        **predictions(rng, name, is_classification),
        is_classification=is_classification,
        chosen_title=name,
        **judgements(name),
        importances=[importance(rng, name, i) for i in range(n_columns)],
        importance_words=f"It looks at {name}.",
        mistakes=[mistake(rng, name, i, has_pictures) for i in range(30)],
        filters=Filters(name, rng.standard_normal((64, 40)), (8, 8)),
        layers=[layers(rng, name)] * 2,
        columns=[
            ColumnRow(f"{name}{i}", "text", "left out", name, f"--types {name}=category")
            for i in range(n_columns)
        ],
        rows_used=[RowsUse(name, "about 60 %", name)],
        footer={"command": name, "seed": "0"},
    )


def layers(rng, name):
    pictures = rng.random((8, 28, 28))
    return LayersView(
        name, f"Two layers of {name}.",
        filters=[Filters(name, rng.standard_normal((784, 256)), (28, 28))] * 2,
        samples=pictures, rows=pictures, reconstructions=pictures,
        maps=[FeatureMap(name, method, rng.random((400, 2))) for method in ("PCA", name) * 3],
        labels=[None if i % 3 == 0 else f"{name}{i % 30}" for i in range(400)],
    )  # fmt: skip


OUTCOMES = ("pays", "does not pay", "cannot tell")


def rungs(name):
    nan = float("nan")
    return [
        RungRow("baseline", "90 %", "89 to 91 %", 0.9, (0.89, 0.91), [0.9, 0.91], "", "", "< 1 s",
                is_compared=False),
        RungRow(name, "3.1 %", "2.2 to 4.0 %", 0.031, (0.022, 0.04), [0.028, 0.034],
                "", "", "1 s, 4 settings", is_chosen=True, remark=name),
        RungRow(f"{name} 2", "3.0 %", "2.0 to 4.0 %", 0.03, (0.02, 0.04), [0.025, 0.035],
                "0.1 points (−1.0 to 1.2)", "cannot tell", "20 s, 4 settings"),
        RungRow(f"{name} 3", "n/a", "", nan, (nan, nan), [], "", "", "", remark=f"{name} diverged"),
    ]  # fmt: skip


def gain(candidate, reference, outcome):
    return GainRow(
        candidate, reference, "1.0 points", "0.0 to 2.5 points", 0.01, (0.0, 0.025), outcome, "1.5 points"
    )  # fmt: skip


def falling(rng, n):
    return (2 * np.exp(-np.arange(n) / 40) + 0.1 + 0.02 * rng.random(n)).tolist()


def label_line(name):
    counts = [50, 100, 200, 400, 1078]
    means = [0.16, 0.11, 0.08, 0.05, 0.031]
    return LabelLine(name, counts, means, [m - 0.02 for m in means], [m + 0.02 for m in means])


def predictions(rng, name, is_classification):
    if not is_classification:
        targets = rng.normal(100, 30, 700)
        return {"targets": targets, "predictions": targets + rng.normal(0, 10, 700)}
    targets = np.array([name, "b", "c"] * 20)
    return {"targets": targets, "predictions": np.where(np.arange(60) % 7, targets, targets[::-1])}


def judgements(name):
    bins = [
        CalibrationBin(p, p**1.2, (max(0.0, p**1.2 - 0.05), min(1.0, p**1.2 + 0.05)), 40)
        for p in np.linspace(0.05, 0.95, 8)
    ]
    recall = np.linspace(0, 1, 400)
    return {
        "calibration": Calibration(bins, f"{name} is a little too sure."),
        "threshold": Threshold(
            name, recall, 1 - 0.7 * recall**3, 0.1, f"Call {name} above 0.31.", (0.8, 0.64)
        ),
    }


def importance(rng, name, i):
    mean = 0.1 / (i + 1)
    names = [f"{name}{i}"] + [f"{name}{j}" for j in range(5)] * (i == 1)
    return ImportanceRow(
        names, f"{100 * mean:.1f} points", "1.0 to 2.0", mean, (mean - 0.01, mean + 0.01)
    )


def mistake(rng, name, i, has_pictures):
    values = [(f"{name}{j}", name) for j in range(12)]
    picture = rng.random((8, 8)) if has_pictures else None
    return MistakeRow(str(i), name, "b", "99 % sure", values, picture)

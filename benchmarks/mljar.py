"""deepen ladder beside mljar-supervised: the same tables, rows, time; error, memory, files.

    python -m venv peer && peer/bin/pip install mljar-supervised
    DEEPEN_DATA=... python -m benchmarks.mljar --python peer/bin/python [--budget 60] [--runs 1]

Both train on the same rows, each in a process of its own that has the same number of seconds, and
predict the same held-out rows (a quarter drawn by lot, class by class; of mfeat-factors TALENT's
test rows). Wall time holds everything from reading the file to the report; memory is the largest that
the system saw of a process or its children. One row of the smallest table is .008 of the error: a
difference of some rows says nothing, and `--runs` draws anew. The machine must be idle.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._harness import environment
from deepen.datasets import read_table

TALENT = "talent/mfeat-factors.csv.gz"
HELD_OUT = 0.25
MEGA = 2**20

DEEPEN = """
import subprocess, sys
train, test, target, out, predicted, budget = sys.argv[1:7]
command = [sys.executable, "-m", "deepen"]
subprocess.run([*command, "ladder", train, "--target", target, "--time-budget", budget + "s",
                "--seed", sys.argv[7], "--out", out, "--force"], check=True)
subprocess.run([*command, "predict", out + "/model.deepen", test, "--out", predicted, "--force"],
               check=True)
"""

PEER = """
import sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
from supervised.automl import AutoML
train, test, target, out, predicted, budget, seed, mode = sys.argv[1:9]
table = pd.read_csv(train)
y = table.pop(target)
model = AutoML(results_path=out, total_time_limit=int(float(budget)), mode=mode, random_state=int(seed))
model.fit(table, y)
pd.DataFrame({target: model.predict(pd.read_csv(test))}).to_csv(predicted, index=False)
"""


def tables():
    """Name, table with its target, name of the target, and which rows are held out or None."""
    data = Path(os.environ["DEEPEN_DATA"])
    for name, target in (
        ("ecommerce", "user_action"),
        ("spambase", "target"),
        ("digits", "target"),
    ):
        yield name, read_table(name), target, None
    table = pd.read_csv(data / TALENT)
    split = table.pop("split")
    yield "mfeat-factors", table, "target", (split == "test").to_numpy()


def by_lot(y, seed):
    """A quarter of the rows, class by class."""
    rng, is_out = np.random.default_rng(seed), np.zeros(len(y), bool)
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        is_out[members[: round(HELD_OUT * len(members))]] = True
    return is_out


def measured(command, log):
    """Seconds, largest memory in bytes and exit code of a process and its children."""
    start = time.perf_counter()
    # It counts in the peak that this process saw of its children: one measures, one at a time.
    script = (
        "import json, resource, subprocess, sys\n"
        "rc = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], 'w'), stderr=subprocess.STDOUT)\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps([rc.returncode, peak]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(log), *command],
        capture_output=True, text=True, check=True, env=environment(),
    )  # fmt: skip
    code, peak = json.loads(done.stdout)
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - start, peak * unit, code


def files_in(folder):
    """Number of files below a folder, and their size in bytes."""
    found = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()]
    return len(found), sum(found)


def one_run(name, table, target, is_out, options, seed, folder):
    """Figures of both on one split of one table."""
    train, test = folder / "train.csv", folder / "test.csv"
    table[~is_out].to_csv(train, index=False)
    table[is_out].drop(columns=target).to_csv(test, index=False)
    truth = table.loc[is_out, target].astype(str).to_numpy()
    contenders = {
        "deepen": [sys.executable, "-c", DEEPEN],
        "mljar-supervised": [options.python, "-c", PEER],
    }
    for contender, command in contenders.items():
        if contender != "deepen" and options.python is None:
            continue
        out, predicted = folder / contender, folder / f"{contender}.csv"
        words = [train, test, target, out, predicted, options.budget, seed, options.mode]
        log = folder / f"{contender}.log"
        seconds, peak, code = measured([*command, *map(str, words)], log)
        if code or not predicted.exists():
            print(f"{name:14} {contender:17} failed: {log.read_text()[-300:]!r}", flush=True)
            continue
        said = pd.read_csv(predicted)[target].astype(str).to_numpy()
        n_files, size = files_in(out)
        wrong = int((said != truth).sum())
        print(
            f"{name:14} {contender:17} error {wrong / len(truth):.4f} ({wrong} of {len(truth)}), "
            f"{seconds:5.0f} s, peak {peak / MEGA:5.0f} MB, {n_files:4} files, {size / MEGA:6.2f} MB",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", help="the interpreter that has mljar-supervised")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each")
    parser.add_argument("--mode", default="Explain", help="of mljar: Explain, Perform or Compete")
    parser.add_argument("--runs", type=int, default=1, help="splits of each table")
    parser.add_argument("--tables", help="only these, such as digits,spambase")
    options = parser.parse_args()
    for name, table, target, held_out in tables():
        if options.tables and name not in options.tables.split(","):
            continue
        for seed in range(options.runs):
            is_out = by_lot(table[target].to_numpy(), seed) if held_out is None else held_out
            with tempfile.TemporaryDirectory() as folder:
                one_run(name, table, target, is_out, options, seed, Path(folder))


if __name__ == "__main__":
    main()

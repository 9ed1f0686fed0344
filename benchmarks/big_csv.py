"""A CSV file of 200 MB: how long it takes to read, type, encode and climb, and in how much memory.

    python -m benchmarks.big_csv                    write the file, read and encode it
    python -m benchmarks.big_csv --ladder 15m       and climb on it

What must hold: a provisional answer of the ladder within a minute, and never more memory than three
times the file. Each step is a process of its own; its memory is the largest that the system saw it
have, and that of the same process when it had imported everything and read nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

N_ROWS = 2_000_000
MEGA = 2**20

STEP = """
import json, resource, sys, time
import numpy, pandas, sklearn.preprocessing
from deepen.datasets import TableEncoder, infer_columns, read_chunks, read_table
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
facts = {"imported": peak()}
path, step = sys.argv[1:3]
start = time.perf_counter()
if step == "chunks":
    facts["rows"] = sum(len(table) for table in read_chunks(path))
else:
    table = read_table(path)
    facts["rows"] = len(table)
    facts["table"] = int(table.memory_usage(deep=True).sum())
if step in ("type", "encode"):
    columns = infer_columns(table)
    facts["kinds"] = {column.name: column.kind for column in columns}
if step == "encode":
    target = table.pop("target")
    facts["encoded"] = TableEncoder().fit_transform(table, target).nbytes
facts |= {"seconds": time.perf_counter() - start, "peak": peak()}
print(json.dumps(facts))
"""


def write_table(path: Path, n_rows: int = N_ROWS, seed: int = 0) -> None:
    """Ten columns of numbers, two of categories, a date and a target, some cells empty."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    cities = np.array([f"city {k}" for k in range(200)])
    kinds = np.array(["basic", "plus", "premium"])
    step = 200_000
    for first in range(0, n_rows, step):
        n = min(step, n_rows - first)
        x = rng.normal(size=(n, 9)).round(5)
        table = pd.DataFrame(x, columns=[f"x{k}" for k in range(9)])
        table.loc[rng.random(n) < 0.05, "x3"] = np.nan
        table["visits"] = rng.poisson(20, n)
        table["city"] = rng.choice(cities, n)
        table["plan"] = rng.choice(kinds, n)
        days = pd.to_timedelta(rng.integers(0, 1000, n), unit="D")
        table["since"] = (pd.Timestamp("2020-01-01") + days).strftime("%Y-%m-%d")
        score = x[:, 0] + x[:, 1] * x[:, 2] + (table["plan"] == "plus")
        table["target"] = np.where(score + rng.normal(size=n) > 0.5, "stays", "leaves")
        table.to_csv(path, mode="w" if first == 0 else "a", header=first == 0, index=False)


def measure(path: Path, step: str) -> dict[str, Any]:
    """Facts of one step in a process of its own."""
    command = [sys.executable, "-c", STEP, str(path), step]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def resident(pid: int) -> dict[str, int]:
    """Memory of a process now, in bytes, where the system says it in /proc: all, and its own.

    The rest are pages of files, such as the libraries', that are there once for all processes and
    that the system drops when it needs room.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines if line.startswith(("VmRSS:", "RssAnon:"))]
    return {name: 1024 * int(kilobytes) for name, kilobytes, _ in words}


def climb(path: Path, budget: str, out: Path) -> dict[str, Any]:
    """Peak memory of ``deepen ladder`` and the moment at which each rung was told."""
    words = ["ladder", str(path), "--target", "target", "--time-budget", budget, "--out", str(out)]
    start, told = time.perf_counter(), []
    process = subprocess.Popen(
        [sys.executable, "-m", "deepen", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = {"VmRSS:": 0, "RssAnon:": 0}

    def listen() -> None:
        assert process.stderr is not None
        told.extend((time.perf_counter() - start, line.strip()) for line in process.stderr)

    listener = threading.Thread(target=listen)
    listener.start()
    while process.poll() is None:
        for name, now in resident(process.pid).items():
            peak[name] = max(peak[name], now)
        time.sleep(0.2)
    listener.join()
    return {
        "seconds": time.perf_counter() - start,
        "peak": peak["VmRSS:"],
        "own": peak["RssAnon:"],
        "told": told,
        "rc": process.returncode,
    }


def main() -> None:
    """Write, measure, print one line a step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=N_ROWS)
    parser.add_argument("--ladder", metavar="BUDGET", help="such as 15m: climb too")
    parser.add_argument("--folder", type=Path, help="where the file stays; else it is thrown away")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = (options.folder or Path(folder)) / f"big-{options.rows}.csv"
        if not path.exists():
            write_table(path, options.rows)
        size = path.stat().st_size
        print(f"{path.name}: {options.rows:,} rows, {size / MEGA:.0f} MB")
        for step in ("chunks", "read", "type", "encode"):
            facts = measure(path, step)
            own = facts["peak"] - facts["imported"]
            print(
                f"{step:<7} {facts['seconds']:6.1f} s   peak {facts['peak'] / MEGA:5.0f} MB,"
                f" {facts['peak'] / size:.2f} times the file;"
                f" over the imports {own / MEGA:5.0f} MB, {own / size:.2f} times"
            )
        print(facts.get("kinds"))
        if options.ladder:
            facts = climb(path, options.ladder, Path(folder) / "ladder")
            for seconds, line in facts["told"]:
                print(f"{seconds:7.1f} s  {line}")
            print(
                f"ladder: {facts['seconds']:.0f} s, rc {facts['rc']}, peak"
                f" {facts['peak'] / MEGA:.0f} MB, {facts['peak'] / size:.2f} times the file; without"
                f" pages of files {facts['own'] / MEGA:.0f} MB, {facts['own'] / size:.2f} times"
            )


if __name__ == "__main__":
    main()

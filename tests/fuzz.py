"""Damaged and hostile files through the commands: success, or one clear line and exit code 2.

    python tests/fuzz.py --tables 5000 --models 1000 --seed 0

Never a traceback, never a file left behind. The suite runs a few with a new seed each time, and the
full number under the mark ``slow``.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import hashlib
import io
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from survivor import table_to_survive

N_ROWS = 40
CELLS = [
    b"", b"inf", b"-inf", b"nan", b"1e400", b"-1e-400", b"9" * 400, b'"', b'""', b"'", b"=1+1",
    b"<script>alert(1)</script>", b"\0", b"\n", b"\r", b"\t", b"\xff", b"\xc3", b"1,5", b"1.234,5",
    b"0x1F", "２".encode(), "\u202e".encode(), b"x" * 5000, b"\x1b[31m", b"N/A", b"?", b"1_0", b"1e5",
    b"2024-02-30", b"0000-00-00", b"99999999", b"31.12.9999", b"True", b"$ 5", b"5 %", b"(1)", b"-",
    b'"a\nb"', b"a;b", b"..", b"{}", b"%s%n", b"-0", b"1970-01-01T00:00:00Z", b"18446744073709551616",
]  # fmt: skip


def base_table(rng):
    """A small table that every command takes, with a target of either task."""
    table = table_to_survive(600, int(rng.integers(2**31))).iloc[:N_ROWS]
    table = table.drop(columns=list(rng.choice(["id", "row", "text", "date", "copy"], 2, False)))
    if rng.random() < 0.4:
        return table.assign(label=rng.normal(size=N_ROWS).round(2))
    return table.assign(label=["yes", "no"] * (N_ROWS // 2))


def damaged_bytes(rng, content):
    """Bytes with some flipped, cut out, doubled, put in or cut off."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        if not content:
            break
        at = int(rng.integers(len(content)))
        size = int(rng.integers(1, 40))
        what = rng.integers(6)
        if what == 0:
            content[at] ^= 1 << int(rng.integers(8))
        elif what == 1:
            del content[at : at + size]
        elif what == 2:
            content[at:at] = content[at : at + size]
        elif what == 3:
            content[at:at] = rng.bytes(size)
        elif what == 4:
            content[at : at + 1] = CELLS[rng.integers(len(CELLS))]
        elif rng.random() < 0.3:
            del content[at:]
    return bytes(content)


def damaged_cells(rng, content):
    """Text with some cells and lines replaced, moved, added or taken away."""
    lines = [line.split(b",") for line in content.split(b"\n")]
    for _ in range(rng.integers(1, 6)):
        line = lines[rng.integers(len(lines))]
        what = rng.choice(9, p=[0.15, 0.15, 0.15, 0.15, 0.05, 0.05, 0.1, 0.1, 0.1])
        if what <= 3:
            line[rng.integers(len(line))] = CELLS[rng.integers(len(CELLS))]
        elif what == 4:
            del line[rng.integers(len(line))]
            if not line:
                line.append(b"")
        elif what == 5:
            line.append(CELLS[rng.integers(len(CELLS))])
        elif what == 6:
            lines.insert(rng.integers(len(lines)), [b""])
        elif what == 7:
            del lines[rng.integers(len(lines))]
            lines = lines or [[b""]]
        else:
            column = rng.integers(len(lines[0]))
            cell = CELLS[rng.integers(len(CELLS))]
            for other in lines[1:]:
                if column < len(other):
                    other[column] = cell
    return b"\n".join(b",".join(line) for line in lines)


def damaged_csv(rng):
    """Name and content of a delimited file with something wrong."""
    separator = str(rng.choice([",", ";", "\t", "|"], p=[0.7, 0.1, 0.1, 0.1]))
    text = base_table(rng).to_csv(
        index=False, sep=separator, decimal="," if separator == ";" else "."
    )
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"], p=[0.8, 0.1, 0.05, 0.05]))
    content = text.encode(encoding)
    for change, share in ((damaged_cells, 0.75), (damaged_bytes, 0.25)):
        if rng.random() < share:
            content = change(rng, content)
    if rng.random() < 0.05:
        content = gzip.compress(content)
        content = damaged_bytes(rng, content) if rng.random() < 0.5 else content
    return "data.csv", content


def odd_column(rng):
    """Values of a kind that Parquet bears and few tables have."""
    n = N_ROWS
    return [
        lambda: pd.Series([[1, 2]] * n),
        lambda: pd.Series([{"a": 1}] * n),
        lambda: pd.Series([b"\xff\0"] * n),
        lambda: pd.Series(pd.to_datetime(["2024-01-01"] * n).tz_localize("UTC")),
        lambda: pd.Series(pd.to_timedelta(np.arange(n), unit="s")),
        lambda: pd.Series(pd.Categorical(["a", "b"] * (n // 2))),
        lambda: pd.Series([np.inf, 1.0] * (n // 2)),
        lambda: pd.Series([None] * n),
        lambda: pd.Series([2**63 - 1, -(2**63)] * (n // 2)),
        lambda: pd.Series(["\0", "\ud7ff"] * (n // 2)),
        lambda: pd.Series([pd.Timestamp("1700-01-01").date()] * n),
        lambda: pd.Series(pd.array([1, None] * (n // 2), dtype="Int64")),
        lambda: pd.Series(pd.array([True, None] * (n // 2), dtype="boolean")),
        lambda: pd.Series([1.5, np.nan] * (n // 2), dtype="float32"),
    ][rng.integers(14)]()


def damaged_parquet(rng):
    """Name and content of a Parquet file with odd columns or damaged bytes."""
    table = base_table(rng).reset_index(drop=True)
    for k in range(rng.integers(0, 3)):
        name = "label" if rng.random() < 0.2 else f"odd{k}"
        table[name] = odd_column(rng)
    if rng.random() < 0.1:
        table = table.iloc[: rng.integers(0, 3)]
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    content = buffer.getvalue()
    return "data.parquet", damaged_bytes(rng, content) if rng.random() < 0.5 else content


def _nodes(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from _nodes(value, (*path, key))
        else:
            yield (*path, key)


def damaged_model(rng, content):
    """Content of a model file: bytes damaged, or parts exchanged and its digests made to fit."""
    from safetensors.numpy import load, save

    from deepen.modelfile import digest_of

    if rng.random() < 0.3:
        return damaged_bytes(rng, content)
    size = int.from_bytes(content[:8], "little")
    header = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["deepen"])
    arrays = {name: array.copy() for name, array in load(content).items()}
    values = [None, 0, -1, 1e308, 2**70, "", "x", [], {}, True, [[]], {"__float__": "nan"},
              {"__tuple__": [1]}, {"__array__": "model.no", "dtype": "float32", "shape": [1]}]  # fmt: skip
    for _ in range(rng.integers(1, 4)):
        if rng.random() < 0.3 and arrays:
            name = sorted(arrays)[rng.integers(len(arrays))]
            array = arrays[name]
            changes = [lambda a: a[:-1], lambda a: a * np.nan, lambda a: a.astype("int8"), lambda a: a * 0,
                       lambda a: a.reshape(-1), lambda a: a.astype("float64")]  # fmt: skip
            with np.errstate(all="ignore"):
                array = changes[rng.integers(len(changes))](array) if array.ndim else array
            arrays[name] = np.ascontiguousarray(array)
            _tell_shape(header, name, arrays[name])
            continue
        paths = list(_nodes(header))
        path = paths[rng.integers(len(paths))]
        if not path:
            continue
        parent = header
        for key in path[:-1]:
            parent = parent[key]
        if rng.random() < 0.3:
            del parent[path[-1]]
        elif rng.random() < 0.3:
            other = header
            for key in paths[rng.integers(len(paths))]:
                other = other[key]
            parent[path[-1]] = copy.deepcopy(other)
        else:
            # A copy: a list put into itself by a later change would have no end.
            parent[path[-1]] = copy.deepcopy(values[rng.integers(len(values))])
    header["arrays_sha256"] = digest_of(arrays)
    text = json.dumps(header)
    return save(
        arrays, {"deepen": text, "deepen-sha256": hashlib.sha256(text.encode()).hexdigest()}
    )


def _tell_shape(node, name, array):
    """Let the header say of an array what is now true."""
    if isinstance(node, dict):
        if node.get("__array__") == name:
            node.update(dtype=array.dtype.name, shape=list(array.shape))
        for value in node.values():
            _tell_shape(value, name, array)
    elif isinstance(node, list):
        for value in node:
            _tell_shape(value, name, array)


def run(folder, *words):
    """Run a command in this process; its exit code, with all that must hold checked."""
    from deepen.cli import app

    before = set(folder.iterdir())
    result = CliRunner().invoke(app, [str(word) for word in words])
    new = {path.name for path in set(folder.iterdir()) - before}
    told = result.stderr + result.stdout
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 2), told
    if result.exit_code == 2:
        lines = [
            line for line in result.stderr.splitlines() if not line.startswith(("Note", "Left"))
        ]
        assert len(lines) == 1 and lines[0].startswith("Error: "), told
        assert not new, new
    assert "Traceback" not in told
    return result.exit_code


MODELS = (["logistic", "--set", "max_iter=3"], ["linear"], ["mlp", "--set", "max_iter=1"])


def try_table(rng, folder):
    """Fit on a damaged table and predict with what came of it; how it ended."""
    name, content = damaged_csv(rng) if rng.random() < 0.75 else damaged_parquet(rng)
    data, model = folder / name, folder / "m.deepen"
    data.write_bytes(content)
    chosen = MODELS[rng.choice(3, p=[0.45, 0.45, 0.1])]
    small = ["--set", "hidden_layer_sizes=2"] if chosen[0] == "mlp" else []
    words = ["--target", "label", "--model", *chosen, *small, "--no-intervals", "--out", model]
    code = run(folder, "fit", data, *words)
    if code == 0:
        run(folder, "predict", model, data, "--out", folder / "p.csv")
    else:
        run(folder, "predict", folder.parent / "good.deepen", data, "--out", folder / "p.csv")
    return code


def try_model(rng, folder, content):
    """Inspect a damaged model and predict with it; how it ended."""
    model = folder / "bad.deepen"
    model.write_bytes(damaged_model(rng, content))
    run(folder, "inspect", model)
    return run(folder, "predict", model, folder.parent / "good.csv", "--out", folder / "p.csv")


def prepare(folder, rng):
    """Files that are whole, in ``folder``; models of three kinds."""
    table = table_to_survive(600, int(rng.integers(2**31)))
    table.assign(amount=rng.normal(size=600)).to_csv(folder / "good.csv", index=False)
    contents = []
    for words in (
        ["label", "--model", "logistic", "--set", "max_iter=3"],
        ["label", "--set", "hidden_layer_sizes=3", "--set", "max_iter=2"],
        ["amount", "--model", "linear"],
    ):
        path = folder / "good.deepen"
        assert (
            run(folder, "fit", folder / "good.csv", "--force", "--out", path, "--target", *words)
            == 0
        )
        contents.append(path.read_bytes())
    return contents


def fuzz(n_tables, n_models, seed):
    """Counts of cases by how they ended; a case that breaks is told with its number and seed."""
    ends = {"tables": {0: 0, 2: 0}, "models": {0: 0, 2: 0}}
    with tempfile.TemporaryDirectory() as root:
        good = prepare(Path(root), np.random.default_rng(seed))
        for kind, n_cases in (("tables", n_tables), ("models", n_models)):
            for case in range(n_cases):
                rng = np.random.default_rng([seed, kind == "models", case])
                with tempfile.TemporaryDirectory(dir=root) as name:
                    folder = Path(name)
                    try:
                        if kind == "tables":
                            code = try_table(rng, folder)
                        else:
                            code = try_model(rng, folder, good[case % len(good)])
                    except Exception as error:
                        error.add_note(f"fuzz: {kind}, seed {seed}, case {case}")
                        raise
                ends[kind][code] += 1
    return ends


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=5000)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(fuzz(options.tables, options.models, options.seed))

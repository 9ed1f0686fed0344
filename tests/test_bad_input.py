"""Every fault of the user's input is one line that names the place and the remedy, and code 2."""

from __future__ import annotations

import errno
import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from deepen.cli import app
from survivor import HOSTILE, table_to_survive

FIT = ["--model", "logistic", "--set", "max_iter=5"]


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def told(folder, *words):
    """The one line of a command that refuses, with nothing left behind."""
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    result = run(*words)
    assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
    lines = [x for x in result.stderr.splitlines() if not x.startswith(("Note", "Left out"))]
    assert len(lines) == 1 and lines[0].startswith("Error: "), result.stderr
    after = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before
    return lines[0]


def simple(n=40):
    return pd.DataFrame(
        {"a": np.arange(n) ** 2.0, "b": ["x", "y"] * (n // 2), "y": [0, 1] * (n // 2)}
    )


def csv(table, **options):
    return table.to_csv(index=False, **options).encode()


TEXT = csv(simple())
ONE_LONE = csv(simple().assign(y=["rare"] + ["p", "q"] * 19 + ["p"]))

FILES = {
    "empty": (b"", "data.csv: is empty; it must have a header and rows"),
    "blank": (b" \n\n  \n", "is empty"),
    "header only": (b"a,b,y\n", "has a header and no rows; add rows"),
    "ragged": (TEXT + b"1,2\n", "line 42: 2 fields where the first line has 3 (separator: comma)"),
    "quote never closed": (TEXT + b'1,"2,1\n3,4,0\n', "fields"),
    "binary": (b"a,b,y\n\0\1\2,1,0\n" + TEXT, "is a binary file, not text"),
    "UTF-16 cut": ("a,y\n1,0\n".encode("utf-16")[:-1], "save it as UTF-8"),
    "archive cut": (gzip.compress(TEXT)[:-9], "damaged or cut short"),
    "one class": (csv(simple().assign(y=1)), "target 'y': the target has one class only"),
    "a class with one row": (ONE_LONE, "class 'rare' has 1 row and"),
    "no target": (csv(simple().assign(y=None)), "no value in any row"),
    "dates as target": (
        csv(simple().assign(y=pd.date_range("2024-01-01", periods=40).strftime("%d.%m.%Y"))),
        "holds dates",
    ),
    "infinite target": (csv(simple().assign(y=[np.inf, *np.arange(39) ** 1.5])), "infinity"),
    "infinite cell": (csv(simple().assign(a=[np.inf, *range(39)])), "'a' contains infinity"),
    "no usable column": (csv(simple()[["y"]].assign(c="x")), "c: constant"),
    "few rows": (csv(simple(6)), "rows with a target, got 6"),
    "only a target": (csv(simple()[["y"]]), "has no column but the target"),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name, tmp_path):
    content, message = FILES[name]
    (tmp_path / "data.csv").write_bytes(content)
    words = ["fit", tmp_path / "data.csv", "--target", "y", "--out", tmp_path / "m.deepen"]
    model = ["--model", "linear"] if "infinite target" in name else FIT
    line = told(tmp_path, *words, *model)
    assert message in line and "data.csv" in line


def test_unknown_columns_and_names(tmp_path):
    (tmp_path / "data.csv").write_bytes(TEXT)
    out = ["--out", tmp_path / "m.deepen"]
    for words, message in [
        (
            ["fit", tmp_path / "data.csv", "--target", "z"],
            "data.csv: column 'z' is not in the table",
        ),
        (["fit", tmp_path / "data.csv"], "--target; columns: 'a', 'b', 'y'"),
        (["fit", tmp_path / "date.csv", "--target", "y"], "no such file"),
        (["fit", tmp_path, "--target", "y"], "is a folder"),
        (["fit", "digitss"], "did you mean 'digits'"),
        (["fit", tmp_path / "data.csv", "--target", "y", "--types", "A=text"], "did you mean 'a'"),
        (["fit", tmp_path / "data.csv", "--target", "y", "--set", "max_iter=-1"], "max_iter"),
        (
            ["fit", tmp_path / "data.csv", "--target", "y", "--set", "hidden_layer_sizes=x"],
            "hidden",
        ),
    ]:
        assert message in told(tmp_path, *words, *out), words


def test_a_number_column_of_words(tmp_path):
    (tmp_path / "data.csv").write_bytes(TEXT)
    words = ["fit", tmp_path / "data.csv", "--target", "y", "--out", tmp_path / "m.deepen"]
    assert "'b' is numeric, but holds 'x', 'y'" in told(tmp_path, *words, "--types", "b=numeric")
    said = "'b' is told to be boolean, but holds 'x'; mend these cells, give --types b=categorical"
    assert said in told(tmp_path, *words, "--types", "b=boolean")
    assert "'b' is a date, but holds 'x', 'y'" in told(tmp_path, *words, "--types", "b=date")


def test_a_constant_column_is_left_out_and_said(tmp_path):
    (tmp_path / "data.csv").write_bytes(csv(simple().assign(c=7)))
    words = ["--target", "y", "--out", tmp_path / "m.deepen"]
    result = run("fit", tmp_path / "data.csv", *words, *FIT)
    assert result.exit_code == 0 and "Left out (deepen inspect says why): c" in result.stderr


@pytest.mark.parametrize(("often", "is_said"), [(4, True), (1, False)])
def test_a_target_that_seems_to_stand_for_nothing_is_said(tmp_path, often, is_said):
    table = simple().assign(y=np.linspace(15.1, 22.3, 40))
    table.loc[: often - 1, "y"] = -999.0
    (tmp_path / "data.csv").write_bytes(csv(table))
    words = ["--target", "y", "--out", tmp_path / "m.deepen", "--model", "linear"]
    result = run("fit", tmp_path / "data.csv", *words)
    assert result.exit_code == 0
    assert ("4 rows have -999 for their target 'y'" in result.stderr) is is_said


def test_a_line_of_sums_is_left_out_and_said(tmp_path):
    table = simple().assign(c=1.5, shop="Ulm")[["shop", "b", "c", "a", "y"]]
    data = tmp_path / "data.csv"
    for last, n_rows, note in (
        ("Total,,,40,\n", 40, "'Total', is a line of sums"),
        ("Ulm,,,1,1\n", 41, ""),
    ):
        data.write_bytes(csv(table) + last.encode())
        result = run("fit", data, "--target", "y", *FIT, "--out", tmp_path / "m", "--force")
        assert f"{n_rows} rows" in result.stdout and note in result.stderr
        assert ("line of sums" in result.stderr) == bool(note)
        judged = run("evaluate", tmp_path / "m", data)
        assert f"{n_rows} rows" in judged.stdout and note in judged.stderr


def test_wrong_shapes(tmp_path):
    np.savez(tmp_path / "data.npz", X=np.ones((30, 2)), y=np.ones(20))
    line = told(tmp_path, "fit", tmp_path / "data.npz", "--out", tmp_path / "m.deepen")
    assert "one value a row, shape (30,), got (20,)" in line
    np.savez(tmp_path / "data.npz", X=np.ones((30, 0)), y=np.arange(30) % 2)
    line = told(tmp_path, "fit", tmp_path / "data.npz", "--out", tmp_path / "m.deepen")
    assert "no column but the target" in line


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "data.csv").write_bytes(TEXT)
    words = ["fit", folder / "data.csv", "--target", "y", "--out", folder / "m.deepen"]
    assert run(*words, *FIT).exit_code == 0
    return folder / "m.deepen"


def test_truncated_foreign_and_future_models(model, tmp_path):
    (tmp_path / "data.csv").write_bytes(TEXT)
    content = model.read_bytes()
    future = content.replace(b'\\"schema\\": 2', b'\\"schema\\": 9')
    assert future != content
    for bad, message in [
        (content[:-1], "cut short"),
        (content[: len(content) // 2], "cut short"),
        (b"", "not a model file"),
        (content[:-5] + b"\0\1\2\3\4", "checksum does not fit"),
        (b"\x80\x04\x95 pickled", "not a model file"),
        (future, "written by a newer deepen"),
    ]:
        (tmp_path / "bad.deepen").write_bytes(bad)
        for command in (["predict"], ["evaluate"], ["inspect"]):
            data = [] if command == ["inspect"] else [tmp_path / "data.csv"]
            out = ["--out", tmp_path / "p.csv"] if command == ["predict"] else []
            if command == ["inspect"] and message == "checksum does not fit":
                continue  # told from the header alone, which is whole
            line = told(tmp_path, *command, tmp_path / "bad.deepen", *data, *out)
            assert message in line and "bad.deepen" in line


def test_nothing_is_overwritten_without_force(model, tmp_path):
    (tmp_path / "data.csv").write_bytes(TEXT)
    (tmp_path / "mine").write_text("of the user")
    for words in (
        ["fit", tmp_path / "data.csv", "--target", "y", *FIT, "--out", tmp_path / "mine"],
        ["predict", model, tmp_path / "data.csv", "--out", tmp_path / "mine"],
        ["evaluate", model, tmp_path / "data.csv", "--json", tmp_path / "mine"],
    ):
        line = told(tmp_path, *words)
        assert "mine" in line and "--force" in line
        no_folder = [*words[:-1], tmp_path / "no" / "mine"]
        assert "folder does not exist" in told(tmp_path, *no_folder)


def full_commands(model, folder):
    return [
        ["fit", folder / "data.csv", "--target", "y", *FIT, "--out", folder / "m.deepen"],
        ["predict", model, folder / "data.csv", "--out", folder / "p.csv"],
        ["evaluate", model, folder / "data.csv", "--json", folder / "e.json"],
    ]


@pytest.mark.parametrize("command", range(3))
def test_a_full_disk(model, tmp_path, monkeypatch, command):
    (tmp_path / "data.csv").write_bytes(TEXT)
    words = full_commands(model, tmp_path)[command]

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    line = told(tmp_path, *words)
    assert "No space left on device; free some space" in line and str(words[-1]) in line
    words[-1].write_text("of an earlier run")
    told(tmp_path, *words, "--force")


LIMITED = """
import resource, sys
from deepen.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.argv = ["deepen", *sys.argv[1:]]
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of a POSIX process")
def test_a_disk_that_takes_a_hundred_bytes(model, tmp_path):
    """The system itself refuses, in the middle of a write."""
    (tmp_path / "data.csv").write_bytes(TEXT)
    words = ["predict", model, tmp_path / "data.csv", "--proba", "--out", tmp_path / "p.csv"]
    command = [sys.executable, "-c", LIMITED, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "p.csv: File too large; free some space" in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_a_hostile_name_is_shown_as_it_is(tmp_path):
    hostile = "\x1b[31m[bold]" + HOSTILE
    table = table_to_survive(60).rename(columns={HOSTILE: hostile})
    (tmp_path / "data.csv").write_bytes(csv(table))
    words = ["--target", "label", "--out", tmp_path / "m.deepen", "--types", "copy=ignore"]
    assert run("fit", tmp_path / "data.csv", *words, *FIT).exit_code == 0
    for command in ("inspect", "evaluate"):
        data = [tmp_path / "data.csv"] if command == "evaluate" else []
        result = run(command, tmp_path / "m.deepen", *data)
        assert result.exit_code == 0, result.stderr
        assert "\x1b" not in result.stdout + result.stderr
    assert "[bold]" + HOSTILE in run("inspect", tmp_path / "m.deepen").stdout
    (tmp_path / "new.csv").write_bytes(csv(table.drop(columns=hostile)))
    line = told(tmp_path, "predict", tmp_path / "m.deepen", tmp_path / "new.csv", "--out", "p.csv")
    assert HOSTILE in line and "\x1b" not in line


def test_a_model_from_python_loads_as_a_pipeline(model):
    import deepen

    pipeline = deepen.load(model)
    assert [name for name, _ in pipeline.steps] == ["table", "model"]
    assert pipeline.predict(simple()).shape == (40,)
    assert Path(model).suffix == ".deepen"

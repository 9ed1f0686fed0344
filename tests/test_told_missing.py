"""Codes such as 8 and 9 that the user says stand for a missing value: nothing sees them but the reason."""

from __future__ import annotations

import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

import deepen
from deepen.cli import app
from deepen.cli._ladder_run import Options
from deepen.datasets import DataError, Drift, TableEncoder, infer_columns
from deepen.datasets.told_missing import without_codes
from deepen.model_selection import Ladder
from deepen.model_selection.numbers import without_times
from deepen.model_selection.store import RunError, RunStore

LITTLE = {"repeats": 2, "trials": 1, "rungs": ["linear"]}
TINY = ["--trials", 1, "--repeats", 2, "--rungs", "linear"]


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def survey(n_rows=120, seed=0):
    """Answers from 1 to 5 with codes among them, a target of two of them, and the table without codes."""
    rng = np.random.default_rng(seed)
    answers = rng.integers(1, 6, (n_rows, 2)).astype(float)
    clean = pd.DataFrame(answers, columns=["trust", "health"])
    clean["owns"] = rng.integers(0, 2, n_rows).astype(float)
    clean["job"] = rng.choice(["worker", "farmer"], n_rows)
    y = np.where(answers.sum(axis=1) + clean["owns"] > 6, "yes", "no")
    raw = clean.copy()
    for name, codes in {"trust": [8, 9], "health": [8, 9], "owns": [9], "job": ["refused"]}.items():
        rows = rng.random(n_rows) < 0.15
        raw.loc[rows, name] = rng.choice(codes, rows.sum())
        clean.loc[rows, name] = None
    numbers = ["trust", "health", "owns"]
    return raw.astype({name: int for name in numbers}), y, clean


CODES = {"*": [8, 9], "job": ["refused"]}


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([1, 2, 3, 8, 9, 5], ["8", "9"]),
        ([1, 2, 3, 8, 9, 5], [8.0, 9]),
        (np.array([1, 2, 3, 8, 9, 5], np.uint8), np.array([8, 9])),
        ([1.5, 2.0, np.nan, 8.0, 99.9, 5.0], ["8", "99.9"]),
        (np.array([1.5, 2.0, 3, 8, 99.9, 5], np.float32), ["8", "99.9"]),
        (["1", "2.5", "3", "8", " 9.0 ", None], ["8", 9]),
        (["1", "2.5", "3", "refused", "don't know", "7"], ["refused", " don't know "]),
        (["a", "b", "a", "8", "refused", "b"], [8, "refused"]),
        (pd.Categorical(["a", "b", "a", "8", "refused", "b"]), [8, "refused"]),
        (pd.Categorical([1, 2, 1, 8, 9, 2]), ["8", 9]),
        (pd.array([1, 2, None, 8, 9, 5], dtype="Int64"), [8, "9"]),
        (pd.array(["a", "b", None, "8", "9", "b"], dtype="string"), ["8", "9"]),
        (pd.Series([1, 2, 1, 8, 9.0, "b"], dtype=object), ["8", "9"]),
        ([0, 1, 1, 9, 9, 0], [9]),
        (pd.to_datetime([f"20{y}-03-01" for y in (20, 21, 22, 99, 99, 23)]), ["2099-03-01"]),
        (["2020-03-01", "2021-03-01", None, "2099-03-01", "2099-03-01 00:00", "2023-03-01"],
         ["2099-03-01"]),
    ],
)  # fmt: skip
def test_an_encoder_sees_no_code(values, codes):
    """Neither in the rows of fit nor in those of transform: all is as if the cells were empty."""
    raw = pd.DataFrame({"a": values, "b": [*"xyxyxx"]})
    clean = raw.copy()
    clean["a"] = raw["a"].mask(np.isin(np.arange(6), [3, 4]))
    told, plain = TableEncoder(missing={"a": codes}).fit(raw), TableEncoder().fit(clean)
    assert [c.kind for c in told.columns_] == [c.kind for c in plain.columns_]
    assert told.columns_[0].reason.startswith(plain.columns_[0].reason + "; ")
    np.testing.assert_array_equal(told.transform(raw), plain.transform(clean))
    assert told.get_feature_names_out().tolist() == plain.get_feature_names_out().tolist()


def test_other_cells_stay_and_other_columns_are_not_copied():
    raw = pd.DataFrame(
        {"age": [8, 18, 88, 7], "word": ["8 a", "08x", "eight", "Refused"],
         "truth": [True, False, True, False], "own": ["8", "1", "2", "3"]}
    )  # fmt: skip
    blank = without_codes(raw, [8, 1, 0, "refused"]).table
    assert blank["age"].isna().tolist() == [True, False, False, False]
    assert blank["own"].isna().tolist() == [True, True, False, False]
    for name in ("word", "truth"):
        assert blank[name].equals(raw[name]) and blank[name].dtype == raw[name].dtype
    assert np.shares_memory(blank["truth"].to_numpy(), raw["truth"].to_numpy())
    assert raw["age"].tolist() == [8, 18, 88, 7]
    assert without_codes(raw, None).table is raw


def test_kinds_are_those_of_what_is_left():
    raw = pd.DataFrame({"flag": [0, 1, 9] * 8, "gone": [8, 9, 9] * 8, "size": [1, 2, 7] * 8})
    found = {c.name: c for c in infer_columns(raw, [8, 9])}
    assert [c.kind for c in found.values()] == ["boolean", "constant", "numeric"]
    assert found["gone"].reason == "no value in any row; 8 and 9 count as missing, as told"
    kinds = {"flag": "numeric", "size": "numeric"}
    encoder = TableEncoder(kinds, missing=[7, 9]).fit(raw)
    assert list(encoder.get_feature_names_out())[:2] == ["flag", "flag:missing"]
    assert encoder.columns_[0].reason == (
        "set by types; 9 counts as missing, as told; every other number counts"
    )


def test_the_reason_names_the_codes_that_a_column_held():
    raw = pd.DataFrame({"a": [1, 2, 3, 8] * 5, "b": [1, 2, 3, 4] * 5, "c": [*"xyzx"] * 5})
    encoder = TableEncoder(missing={"*": [8, 9], "c": ["refused"]}).fit(raw)
    assert [column.reason for column in encoder.columns_] == [
        "numbers, 3 distinct, 25 % missing; 8 counts as missing, as told",
        "numbers, 4 distinct",
        "strings, 3 distinct",
    ]
    assert encoder.missing_ == {"*": [8, 9], "c": ["refused"]}
    raw["a"] = [*range(85, 100), 1, 2, 3, 4, 5]
    many = TableEncoder(missing={"a": [*range(90, 100)]}).fit(raw).columns_[0].reason
    assert many.endswith("; 90, 91, 92, 93, 94, 95 and 4 more count as missing, as told")


@pytest.mark.parametrize(
    ("missing", "error", "message"),
    [
        ({"Trusts": [8]}, DataError, "'Trusts' is not in the table; did you mean 'trust'"),
        ({"trust": ["8", " "]}, DataError, "a code is empty"),
        ("99", TypeError, "must be a list of codes"),
        (99, TypeError, "must be a list of codes"),
        ({"trust": "8"}, TypeError, "must be a list of codes"),
        ([["8"]], TypeError, "text or a number"),
    ],
)
def test_wrong_codes_are_named(missing, error, message):
    raw, y, _ = survey()
    with pytest.raises(error, match=message):
        TableEncoder(missing=missing).fit(raw)
    with pytest.raises(error, match=message):
        Ladder(**LITTLE, missing=missing).fit(raw, y)


def test_arrays_and_columns_without_names():
    rows = np.array([[1, 8], [2, 5], [9, 4], [4, 3], [5, 9]])
    clean = np.array([[1, np.nan], [2, 5], [np.nan, 4], [4, 3], [5, np.nan]])
    wanted = TableEncoder().fit_transform(clean)
    for missing in ([8, 9], {"x0": [9], "x1": ["8", "9"]}):
        encoder = TableEncoder(missing=missing)
        np.testing.assert_array_equal(encoder.fit_transform(rows), wanted)
        np.testing.assert_array_equal(encoder.transform(rows), wanted)
    table = pd.DataFrame(rows)
    found = TableEncoder(missing={"0": [9], "1": [8, 9]}).fit_transform(table)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("missing", [{"a": (8, 9)}, {8, "9"}, range(8, 10)])
def test_a_model_file_keeps_the_codes(tmp_path, missing):
    """Of whatever type they were given."""
    raw = pd.DataFrame({"a": [1, 2, 3, 8] * 5, "b": [*"xyxx"] * 5})
    encoder = TableEncoder(missing=missing).fit(raw)
    deepen.save(encoder, tmp_path / "e.deepen")
    loaded = deepen.load(tmp_path / "e.deepen")
    new = pd.DataFrame({"a": ["9", "2"], "b": ["x", "y"]})
    empty = pd.DataFrame({"a": [None, "2"], "b": ["x", "y"]})
    np.testing.assert_array_equal(loaded.transform(new), encoder.transform(empty))
    assert loaded.transform(new)[0, 1] == 1  # a:missing


def test_files_of_before_have_no_codes_and_made_up_ones_are_refused():
    raw = pd.DataFrame({"a": [1, 2, 3, 8] * 5})
    encoder = TableEncoder().fit(raw)
    before = encoder.transform(raw)
    del encoder.missing_
    encoder.check_arrays()
    np.testing.assert_array_equal(encoder.transform(raw), before)
    for wrong in ([8], {"a": 8}, {"a": [None]}, {1: ["8"]}, {"a": [10**400]}):
        encoder.missing_ = wrong
        with pytest.raises(ValueError, match="missing_"):
            encoder.check_arrays()


def test_drift_counts_codes_as_missing():
    raw = pd.DataFrame({"a": [1, 2, 3, 4] * 10, "b": [*"xyxx"] * 10})
    drift = Drift(TableEncoder(missing={"a": [9], "b": ["refused"]}).fit(raw))
    drift.update(pd.DataFrame({"a": [9, 1], "b": ["refused", "x"]}))
    said = [(finding.column, finding.kind) for finding in drift.findings()]
    assert said == [("a", "missing"), ("b", "missing")]


def numbers_of(ladder):
    """All that a ladder says, but for what it says of the codes."""
    said = without_times(ladder.to_dict())
    for column in said["columns"]:
        column["reason"] = column["reason"].split(";")[0]
    return said


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_ladder_sees_no_code():
    """Of any rows, those without a target and those of the test file too; later ones lose them as well."""
    raw, y, clean = survey()
    y = pd.Series(y).where(np.arange(120) > 4)
    X_test, y_test, clean_test = survey(40, seed=1)
    told = Ladder(**LITTLE, missing=CODES).fit(raw, y, X_test=X_test, y_test=y_test)
    plain = Ladder(**LITTLE).fit(clean, y, X_test=clean_test, y_test=y_test)
    assert json.dumps(numbers_of(told)) == json.dumps(numbers_of(plain))
    pd.testing.assert_frame_equal(told.mistake_rows_, plain.mistake_rows_, check_dtype=False)
    wanted = plain.predict_proba(clean_test)
    np.testing.assert_array_equal(told.predict_proba(X_test), wanted)
    assert not np.array_equal(plain.predict_proba(X_test), wanted)
    reasons = {column.name: column.reason for column in told.columns_}
    assert reasons["owns"].endswith("missing; 9 counts as missing, as told")
    assert reasons["job"].endswith("missing; 'refused' counts as missing, as told")


def test_a_ladder_of_arrays_sees_no_code():
    raw, y, clean = survey()
    numbers = ["trust", "health", "owns"]
    told = Ladder(**LITTLE, missing=["8", "9"]).fit(raw[numbers].to_numpy(), y)
    plain = Ladder(**LITTLE).fit(clean[numbers].to_numpy(), y)
    assert json.dumps(numbers_of(told)) == json.dumps(numbers_of(plain))
    np.testing.assert_array_equal(
        told.predict_proba(raw[numbers].to_numpy()), plain.predict_proba(clean[numbers].to_numpy())
    )


def test_a_code_is_no_leak():
    raw, y, _ = survey()
    raw["asked"] = np.where(y == "yes", [8, 9] * 60, [1, 2] * 60)
    raw.loc[:1, "asked"] = [3, 4]
    assert [leak.column for leak in Ladder(**LITTLE).fit(raw, y).leaks_] == ["asked"]
    told = Ladder(**LITTLE, missing={"asked": [1, 2, 8, 9]}).fit(raw, y)
    assert told.leaks_ == []


def test_the_plan_says_what_counts_as_missing():
    raw, y, _ = survey()
    said = []
    Ladder(**LITTLE, missing=CODES, progress=lambda e: said.append((e.kind, e.rung))).fit(raw, y)
    plan = dict(said)["plan"]
    assert "As told, 8 and 9 count as missing in 'trust', 'health'.\n" in plan
    assert "As told, 9 counts as missing in 'owns'.\n" in plan


def test_repeats_of_other_codes_are_not_gone_on_from(tmp_path):
    raw, y, clean = survey()
    Ladder(**LITTLE, missing=CODES, checkpoint=tmp_path).fit(raw, y)
    Ladder(**LITTLE, missing=CODES, checkpoint=tmp_path).fit(raw, y)
    with pytest.raises(RunError, match="another missing"):
        Ladder(**LITTLE, missing=[8, 9], checkpoint=tmp_path).fit(raw, y)
    with pytest.raises(RunError, match="another missing"):
        Ladder(**LITTLE, checkpoint=tmp_path).fit(clean, y)


@pytest.fixture
def files(tmp_path):
    """A survey as a file, one with empty cells in place of codes, and new rows of both kinds."""
    for name, seed in (("train", 0), ("new", 1)):
        raw, y, clean = survey(seed=seed)
        for end, table in (("", raw), ("_clean", clean)):
            table.assign(vote=y).to_csv(tmp_path / f"{name}{end}.csv", index=False)
    return tmp_path


TOLD = ["--missing", "8,9", "--missing", "job=refused"]


def test_ladder_inspect_predict_and_evaluate(files):
    words = ["--target", "vote", *TINY]
    told = run("ladder", files / "train.csv", *words, *TOLD, "--out", files / "out")
    assert told.exit_code == 0, told.output
    assert run("ladder", files / "train_clean.csv", *words, "--out", files / "plain").exit_code == 0
    one, other = (
        json.loads((files / name / "ladder.json").read_text()) for name in ("out", "plain")
    )
    assert one["rungs"][1]["scores"] == other["rungs"][1]["scores"]
    assert shlex.join(TOLD) in one["command"]
    page = (files / "out" / "report.html").read_text()
    page = re.sub("<[^>]*>", "", page)
    assert "8 and 9 count as missing, as told" in page and shlex.join(TOLD) in page
    seen = run("inspect", files / "out" / "model.deepen").stdout
    assert "'refused' counts as missing, as told" in " ".join(seen.split())
    model, said, csv = files / "out" / "model.deepen", {}, {}
    for end in ("", "_clean"):
        path = files / f"new{end}.csv"
        said[end] = run("evaluate", model, path).stdout
        assert run("predict", model, path, "--proba", "--out", files / f"p{end}.csv").exit_code == 0
        csv[end] = (files / f"p{end}.csv").read_bytes()
    assert said[""] == said["_clean"] and "error" in said[""]
    assert csv[""] == csv["_clean"]


def test_fit_predict_and_evaluate(files):
    """Of a number, so that the part of the rows that intervals come from is looked at too."""
    words = ["--target", "health", "--model", "linear"]
    for end in ("", "_clean"):
        table = pd.read_csv(files / f"train{end}.csv")
        table["health"] = np.arange(len(table)) + 0.5
        table.to_csv(files / f"train{end}.csv", index=False)
    told = run("fit", files / "train.csv", *words, *TOLD, "--out", files / "told.deepen")
    assert told.exit_code == 0, told.output
    plain = run("fit", files / "train_clean.csv", *words, "--out", files / "plain.deepen")
    assert plain.exit_code == 0, plain.output
    said = []
    for name, end in (("told", ""), ("plain", "_clean")):
        model, new = files / f"{name}.deepen", files / f"new{end}.csv"
        out = files / f"{name}.csv"
        result = run("predict", model, new, "--interval", 0.8, "--out", out)
        assert result.exit_code == 0, result.output
        said.append((out.read_bytes(), result.stderr))
        said[-1] += (run("evaluate", model, files / f"train{end}.csv").stdout,)
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--missing", "trsut=8"], "'trsut' is not in the table; did you mean 'trust'"),
        (["--missing", "trust=8,,9"], "--missing 'trust=8,,9': write column=code"),
        (["--missing", "trust="], "--missing 'trust=': write column=code"),
        (["--missing", ""], "write column=code"),
        (["--missing", "=8"], "write column=code"),
        (["--missing", "vote=no"], "'vote' is the target and stays as it is"),
    ],
)
def test_wrong_options_are_one_line_and_code_2(files, words, message):
    for command in (["ladder", *TINY], ["fit", "--model", "logistic"]):
        result = run(command[0], files / "train.csv", "--target", "vote", *command[1:], *words,
                     "--out", files / "out")  # fmt: skip
        assert result.exit_code == 2, result.output
        assert message in result.stderr and result.stderr.count("\n") == 1
        assert not (files / "out").exists()


@pytest.mark.parametrize("option", ["groups", "time-column"])
def test_codes_of_groups_and_times_are_refused(files, option):
    result = run("ladder", files / "train.csv", "--target", "vote", *TINY, f"--{option}", "trust",
                 "--missing", "trust=9", "--out", files / "out")  # fmt: skip
    assert result.exit_code == 2
    assert f"'trust' is the column of --{option} and stays as it is" in result.stderr


def test_names_with_signs_and_codes_below_zero(tmp_path):
    raw, y, _ = survey()
    raw = raw.rename(columns={"trust": "trust=high, or low", "health": "*"})
    raw["trust=high, or low"] *= -1
    raw.assign(vote=y).to_csv(tmp_path / "d.csv", index=False)
    result = run("fit", tmp_path / "d.csv", "--target", "vote", "--model", "logistic",
                 "--missing", "trust=high, or low=-8,-9", "--missing", "-1",
                 "--out", tmp_path / "m.deepen")  # fmt: skip
    assert result.exit_code == 0, result.output
    encoder = deepen.load(tmp_path / "m.deepen")[0]
    assert encoder.missing_ == {"trust=high, or low": ["-8", "-9"], "*": ["-1"]}
    assert encoder.columns_[0].reason.endswith("; -8, -9 and -1 count as missing, as told")


def test_the_command_says_the_codes_again(tmp_path):
    kept = Options("d.csv", "y", missing=["8,9", "a b=don't know"])
    words = shlex.split(kept.command(tmp_path))
    group = typer.main.get_command(app)
    with group.make_context("deepen", words[1:]) as context:
        name, command, rest = group.resolve_command(context, words[1:])
        parsed = command.make_context(name, rest, parent=context)
    assert list(parsed.params["missing"]) == kept.missing


def test_resume_has_the_codes_and_runs_of_before_none(files, monkeypatch):
    from deepen.model_selection import climb

    original = climb.Climber.tell

    def tell(self, kind, rung, **facts):
        if kind == "candidate" and facts["repeat"] == 2:
            raise KeyboardInterrupt
        original(self, kind, rung, **facts)

    for name, more in (("told", TOLD), ("before", [])):
        out = files / name
        with monkeypatch.context() as patch:
            patch.setattr(climb.Climber, "tell", tell)
            run("ladder", files / "train.csv", "--target", "vote", *TINY, *more, "--out", out)
        if name == "before":  # as a deepen wrote it that knew no codes
            store = RunStore(out / "run")
            known = store.read()
            for part in ("options", "identity"):
                del known[part]["missing"]
            store.write(**{part: known[part] for part in ("options", "identity")})
        result = run("resume", out)
        assert result.exit_code == 0, result.output
        command = json.loads((out / "ladder.json").read_text())["command"]
        assert (shlex.join(TOLD) in command) == (name == "told")
        assert ("--missing" in command) == (name == "told")
        reasons = run("inspect", out / "model.deepen").stdout
        assert ("as told" in " ".join(reasons.split())) == (name == "told")


def test_digits_with_a_leading_zero_are_names():
    table = pd.DataFrame({"zip": ["00099", "00120", "12E3"] * 4, "n": [99, 1, 2] * 4})
    blank = without_codes(table, [99, 12000]).table
    assert blank["zip"].tolist() == table["zip"].tolist() and blank["n"].isna().sum() == 4


def test_codes_in_any_kind_of_list_serve_climb_and_model(rng):
    X = pd.DataFrame({"a": rng.randint(1, 8, 60), "b": rng.normal(size=60)})
    X.loc[:5, "a"] = 8
    y = np.where(X["b"] > 0, "yes", "no")
    for codes in (iter([8]), {8}, range(8, 9)):
        ladder = Ladder(trials=1, repeats=2, rungs=["linear"], missing=codes).fit(X, y)
        assert ladder.best_estimator_[0].missing_ == {"*": [8]}

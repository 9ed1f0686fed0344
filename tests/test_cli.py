"""The command line: what it writes, how it fails, what it leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from deepen.cli import app
from deepen.cli._common import interrupts_after, note_seconds, parse_duration
from deepen.model_selection import layer_views, pretraining, training
from quick_compiler import shipped_environment

HOSTILE = "<script>document.title='x'</script>"
LINES = "two\nlines\x1b[31m"
FILES = ["ladder.json", "model.deepen", "report.html", "run"]


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {HOSTILE: rng.random(60), "b": rng.random(60), "city": ["Rome", "Oslo"] * 30}
    )
    frame["label"] = np.where(frame[HOSTILE] > 0.5, "yes", "no")
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    return path


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def climb(table, out, *more):
    return run(
        "ladder", table, "--target", "label", "--trials", 1, "--repeats", 2, "--out", out, *more
    )


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    """One climb, looked at by several tests."""
    folder = tmp_path_factory.mktemp("climb")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {HOSTILE: rng.random(60), "b": rng.random(60), "city": ["Rome", "Oslo"] * 30}
    )
    frame["label"] = np.where(frame[HOSTILE] > 0.5, "yes", "no")
    frame[LINES] = 1
    frame.to_csv(folder / "data.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:  # little training: how good a rung is, nobody asks
        patch.setattr(pretraining, "N_STEPS", 20)
        patch.setattr(pretraining, "LAYER_EPOCHS", (1, 3))
        patch.setattr(pretraining, "fine_tuning_epochs", lambda *args: 5)
        patch.setattr(training, "fine_tuning_epochs", lambda *args: 5)
        patch.setattr(layer_views, "MAP_ITERATIONS", 250)
        return folder, climb(folder / "data.csv", folder / "out")


def test_a_name_neither_breaks_a_line_nor_commands_the_terminal(climbed):
    _, result = climbed
    assert "left out (the report says why): two\N{REPLACEMENT CHARACTER}lines" in result.stdout
    assert "\x1b" not in result.stdout + result.stderr


def test_ladder_writes_report_numbers_and_model(climbed):
    folder, result = climbed
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (folder / "out").iterdir()) == FILES
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;document.title=" in page
    numbers = json.loads((folder / "out" / "ladder.json").read_text(encoding="utf-8"))
    assert numbers["verdict"]["sentence"] in " ".join(result.output.split())
    assert [len(rung["scores"]) for rung in numbers["rungs"]] == [2] * 8
    assert "--trials 1" in numbers["command"]


def test_predict_uses_the_saved_model(climbed, tmp_path):
    folder, _ = climbed
    model, data = folder / "out" / "model.deepen", folder / "data.csv"
    result = run("predict", model, data, "--out", tmp_path / "p.csv")
    assert result.exit_code == 0, result.output
    predicted = pd.read_csv(tmp_path / "p.csv")
    assert list(predicted.columns) == ["label"] and len(predicted) == 60
    assert set(predicted["label"]) <= {"yes", "no"}
    assert run("predict", model, data, "--proba", "--out", tmp_path / "q.csv").exit_code == 0
    shares = pd.read_csv(tmp_path / "q.csv")
    assert list(shares.columns) == ["no", "yes"]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    again = run("predict", model, data, "--out", tmp_path / "p.csv")
    assert again.exit_code == 2 and "--force" in again.stderr


def test_nothing_is_overwritten_without_force(climbed):
    folder, _ = climbed
    before = (folder / "out" / "report.html").read_bytes()
    result = climb(folder / "data.csv", folder / "out")
    assert result.exit_code == 2 and "--force" in result.stderr
    assert result.stderr.count("\n") == 1
    assert (folder / "out" / "report.html").read_bytes() == before


def test_the_time_column_is_a_feature_and_the_groups_are_none(table, tmp_path):
    frame = pd.read_csv(table).assign(day=pd.date_range("2024-01-01", periods=60).astype(str))
    frame.to_csv(tmp_path / "days.csv", index=False)
    more = ["--rungs", "baseline,linear"]
    result = climb(tmp_path / "days.csv", tmp_path / "t", "--time-column", "day", *more)
    assert result.exit_code == 0, result.output
    numbers = json.loads((tmp_path / "t" / "ladder.json").read_text())
    assert "day" in [column["name"] for column in numbers["columns"]]
    frame["city"] = np.arange(60) // 2
    groups = ["--groups", list(frame.columns).index("city"), "--repeats", 2]
    frame.to_csv(tmp_path / "days.csv", index=False)
    result = climb(tmp_path / "days.csv", tmp_path / "g", *groups, *more)
    assert result.exit_code == 0, result.output
    numbers = json.loads((tmp_path / "g" / "ladder.json").read_text())
    assert "city" not in [column["name"] for column in numbers["columns"]]
    page = (tmp_path / "g" / "report.html").read_text()
    assert "city keeps rows together, and is no column that a model sees." in page


def test_a_network_of_amounts_does_not_depend_on_their_unit(tmp_path, rng):
    """Nor does it need many steps to reach a mean that is far from zero."""
    X = rng.normal(size=(400, 2))
    amount = 500 + 100 * X[:, 0] + rng.normal(size=400)
    table = pd.DataFrame(X, columns=["a", "b"])
    said = {}
    for unit in (1.0, 1000.0):
        path, model, out = (tmp_path / f"{unit:.0f}{end}" for end in (".csv", ".deepen", ".p"))
        table.assign(amount=amount * unit).to_csv(path, index=False)
        words = ["--set", "max_iter=200", "--set", "n_iter_no_change=500", "--out", model]
        assert run("fit", path, "--target", "amount", *words).exit_code == 0
        assert run("predict", model, path, "--out", out).exit_code == 0
        said[unit] = pd.read_csv(out)["amount"].to_numpy()
    np.testing.assert_allclose(said[1000.0] / 1000, said[1.0], rtol=1e-3)
    assert np.sqrt(np.mean((said[1.0] - amount) ** 2)) < 20


def test_fit_then_predict(table, tmp_path):
    out = tmp_path / "m.deepen"
    result = run(
        "fit", table, "--target", "label", "--model", "logistic", "--set", "C=0.5", "--out", out
    )
    assert result.exit_code == 0, result.output
    assert run("predict", out, table, "--out", tmp_path / "p.csv").exit_code == 0
    import deepen

    assert deepen.load(out)[-1].C == 0.5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ladder", "nowhere.csv", "--target", "y"], "nowhere.csv"),
        (["ladder", "{table}", "--target", "lable"], "label"),
        (["ladder", "{table}", "--target", "label", "--groups", "label"], "is the target"),
        (
            ["ladder", "{table}", "--target", "label", "--groups", "0", "--time-column", "0"],
            "both name",
        ),
        (["ladder", "{table}"], "--target"),
        (["ladder", "{table}", "--target", "label", "--time-budget", "soon"], "90s"),
        (["ladder", "{table}", "--target", "label", "--metric", "auk"], "metric must be one of"),
        (["ladder", "{table}", "--target", "label", "--min-gain", "5"], "min_gain must be below 1"),
        (["fit", "{table}", "--target", "label", "--model", "tree"], "mlp, logistic"),
        (["fit", "{table}", "--target", "label", "--set", "alhpa=1"], "Did you mean 'alpha'"),
        (["fit", "{table}", "--target", "label", "--set", "alpha"], "name=value"),
        (["predict", "{table}", "{table}"], "data.csv"),
    ],
)
def test_wrong_input_is_one_line_and_code_2(words, message, table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*[word.format(table=table) for word in words])
    assert result.exit_code == 2, result.output
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_durations():
    assert [parse_duration(text) for text in ("90", "90s", "1.5m", "2h")] == [90, 90, 90, 7200]


@pytest.mark.parametrize(
    "text, is_told", [("5", True), ("5s", False), ("90", False), ("5m", False)]
)
def test_a_small_number_without_a_unit_is_told_to_be_seconds(text, is_told, capsys):
    note_seconds(text)
    assert ("5 seconds; write 5m for minutes" in capsys.readouterr().err) == is_told


def test_interrupt_still_writes_the_report(table, tmp_path, monkeypatch):
    from deepen.model_selection import climb as climbing

    original = climbing.Climber.tell

    def tell(self, kind, rung, **facts):
        if rung == "one hidden layer" and kind == "candidate":
            raise KeyboardInterrupt
        original(self, kind, rung, **facts)

    monkeypatch.setattr(climbing.Climber, "tell", tell)
    result = climb(table, tmp_path / "out")
    assert result.exit_code == 130
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    assert "interrupted" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_interrupt_while_training_on_all_rows_keeps_the_verdict(table, tmp_path, monkeypatch):
    from deepen.model_selection import training as module

    def refit(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "refit", refit)
    out = tmp_path / "out"
    out.mkdir()
    (out / "model.deepen").write_text("of an earlier climb")
    result = climb(table, out, "--force", "--rungs", "linear,one_hidden")
    assert result.exit_code == 130, result.output
    assert sorted(path.name for path in out.iterdir()) == ["ladder.json", "report.html", "run"]
    assert "no model" in (out / "report.html").read_text(encoding="utf-8")
    assert "training on all rows was interrupted" in result.output


def test_a_folder_that_cannot_be_written_is_found_before_the_climb(table, tmp_path, monkeypatch):
    import tempfile

    from deepen.model_selection import ladder_steps

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied", str(kwargs["dir"]))

    def never(*args):
        raise AssertionError("the climb began")

    monkeypatch.setattr(ladder_steps, "fit_given", never)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    result = climb(table, tmp_path / "out")
    assert result.exit_code == 2 and "Permission denied" in result.stderr
    assert not (tmp_path / "out").exists()


def test_as_a_process_in_a_pipe(table, tmp_path):
    """Plain lines, no colour codes, exit code 0; --help imports nothing heavy."""
    command = [sys.executable, "-m", "deepen"]
    words = [
        "fit",
        str(table),
        "--target",
        "label",
        "--model",
        "logistic",
        "--out",
        str(tmp_path / "m.deepen"),
    ]
    environment = {**shipped_environment(), "NO_COLOR": "1"}
    done = subprocess.run(
        [*command, *words], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout and "60 rows" in done.stdout
    names = "{'jax', 'sklearn', 'pandas', 'matplotlib', 'numpy'}"
    heavy = f"import sys, deepen.cli; print(sorted({names} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def interrupts():
    """Set what a Ctrl-C does; a process in the background may ignore it from the start."""
    before = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_waits_while_a_library_is_loaded(interrupts):
    """Cut short, the import of JAX took the process with it, or swallowed the Ctrl-C."""
    interrupts(signal.default_int_handler)
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_after():
        signal.raise_signal(signal.SIGINT)
        done.append("loaded")
    assert done == ["loaded"]
    with pytest.raises(KeyboardInterrupt):  # as before
        signal.raise_signal(signal.SIGINT)
    with interrupts_after():
        done.append("again")
    assert done == ["loaded", "again"]


def test_an_interrupt_that_waited_does_what_it_did_before(interrupts):
    """It stays ignored where it was, and reaches the handler of whoever set one."""
    interrupts(signal.SIG_IGN)
    with interrupts_after():
        signal.raise_signal(signal.SIGINT)
    caught = []
    interrupts(lambda number, frame: caught.append(number))
    with interrupts_after():
        signal.raise_signal(signal.SIGINT)
        assert caught == []
    assert caught == [signal.SIGINT]


def test_fit_of_counts_by_task(tmp_path, rng):
    counts = rng.poisson(0.3, 300)
    counts[:2] = 7
    pd.DataFrame({"a": rng.normal(size=300), "claims": counts}).to_csv(
        tmp_path / "c.csv", index=False
    )
    words = ["fit", tmp_path / "c.csv", "--target", "claims", "--out", tmp_path / "m.deepen"]
    result = run(*words)
    assert result.exit_code == 2 and "if they are amounts: --task regression" in result.stderr
    assert run(*words, "--task", "regression").exit_code == 0
    assert "regression" in run("inspect", tmp_path / "m.deepen").stdout
    words[-1] = tmp_path / "n.deepen"
    assert "choose one of" in run(*words, "--task", "amounts").stderr
    assert (
        "knows classification alone"
        in run(*words, "--task", "regression", "--model", "logistic").stderr
    )

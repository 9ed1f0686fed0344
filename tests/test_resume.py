"""A climb that is interrupted, killed, or given more time goes on from the repeats it finished."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from deepen.cli import app
from deepen.cli._set_aside import set_aside
from deepen.model_selection import Ladder, training
from deepen.model_selection.intervals import RowLosses
from deepen.model_selection.numbers import without_times
from deepen.model_selection.results import Outcome, Trial
from deepen.model_selection.store import RunError, RunStore

RUNGS = ["baseline", "linear", "boosting"]


@pytest.fixture(autouse=True)
def verdict_only(monkeypatch):
    """What follows the verdict is no part of what is resumed."""
    from deepen.model_selection import ladder_steps

    monkeypatch.setattr(ladder_steps, "costly_findings", lambda *args: None)


def table(n_rows=120):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((n_rows, 3)), columns=list("abc"))
    return X, np.where(X["a"] + 0.5 * rng.standard_normal(n_rows) > 0, "yes", "no")


def counted(monkeypatch):
    """Names of the rungs that were trained, one entry a training."""
    trained, original = [], training.fit_candidate

    def fit(rung, *args, **kwargs):
        trained.append(rung.name)
        return original(rung, *args, **kwargs)

    monkeypatch.setattr(training, "fit_candidate", fit)
    return trained


def interrupt_at(rung, repeat):
    def interrupt(event):
        if (event.kind, event.rung, event.repeat) == ("candidate", rung, repeat):
            raise KeyboardInterrupt

    return interrupt


def test_an_outcome_survives_the_disk(tmp_path, rng):
    store = RunStore(tmp_path / "run")
    store.begin({"data": "d"})
    losses = RowLosses(np.arange(3, 8), rng.rand(5))
    kept = Outcome(
        2, losses, rng.rand(5, 2).astype(np.float32), {"hidden_layer_sizes": (4, 2), "alpha": 0.1},
        n_epochs=7, trials=[Trial({"hidden_layer_sizes": (4, 2)}, [0.5, 0.25], [10, 20])],
        history={"loss": [1.0, 0.5]}, temperature=0.5,
    )  # fmt: skip
    assert not store.has("deep")
    store.save("deep", kept, spent=3.5)
    [(number, found)] = store.load("deep").items()
    assert number == 2 and found.params == kept.params and found.trials == kept.trials
    np.testing.assert_array_equal(found.losses.values, losses.values)
    np.testing.assert_array_equal(found.output, kept.output)
    assert np.isnan(found.threshold) and found.history == kept.history
    assert found.temperature == 0.5 and store.has("deep") and not store.has("dee")
    assert store.begin({"data": "d"}) == 3.5 and store.load("dee") == {}


def test_interrupted_and_resumed_is_the_same_as_undisturbed(tmp_path, monkeypatch):
    X, y = table()
    options = {"repeats": 3, "trials": 2, "rungs": RUNGS}
    whole = Ladder(**options).fit(X, y)
    first = Ladder(
        **options, checkpoint=tmp_path, progress=interrupt_at("gradient boosting", 2)
    ).fit(X, y)
    assert first.is_interrupted_ and len(first.results_[2].scores) == 1
    trained = counted(monkeypatch)
    second = Ladder(**options, checkpoint=tmp_path).fit(X, y)
    assert set(trained) == {"boosting"}  # and two repeats of it
    assert len(trained) == 2 * 2
    one, other = (without_times(ladder.to_dict()) for ladder in (whole, second))
    assert json.dumps(one) == json.dumps(other)


def test_more_repeats_and_more_time_use_what_is_there(tmp_path, monkeypatch):
    X, y = table()
    Ladder(60.0, repeats=2, rungs=RUNGS[:2], checkpoint=tmp_path).fit(X, y)
    trained = counted(monkeypatch)
    ladder = Ladder(600.0, repeats=3, rungs=RUNGS[:2], checkpoint=tmp_path).fit(X, y)
    assert [len(result.scores) for result in ladder.results_] == [3, 3]
    assert trained.count("baseline") == 1 and "linear" in trained
    trained.clear()
    Ladder(600.0, repeats=3, rungs=RUNGS[:2], checkpoint=tmp_path).fit(X, y)
    assert trained == []


@pytest.mark.parametrize(
    ("change", "named"),
    [({"random_state": 1}, "another seed"), ({"trials": 2}, "another trials"),
     ({"metric": "log_loss"}, "another metric"), ({"types": {"a": "ignore"}}, "another types")],
)  # fmt: skip
def test_another_run_is_refused(tmp_path, change, named):
    X, y = table()
    options = {"repeats": 2, "trials": 1, "rungs": RUNGS[:2], "checkpoint": tmp_path}
    Ladder(**options).fit(X, y)
    with pytest.raises(RunError, match=named):
        Ladder(**{**options, **change}).fit(X, y)


def test_changed_rows_are_refused(tmp_path):
    X, y = table()
    options = {"repeats": 2, "trials": 1, "rungs": RUNGS[:2], "checkpoint": tmp_path}
    Ladder(**options).fit(X, y)
    for other_X, other_y in [(X + 1e-9, y), (X, y[::-1]), (X.rename(columns={"a": "z"}), y)]:
        with pytest.raises(RunError, match="rows have changed"):
            Ladder(**options).fit(other_X, other_y)


def test_damage_is_named(tmp_path):
    X, y = table()
    options = {"repeats": 2, "trials": 1, "rungs": RUNGS[:2], "checkpoint": tmp_path}
    Ladder(**options).fit(X, y)
    path = tmp_path / "linear-001.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(RunError, match=r"linear-001.npz: is damaged .* delete it and resume"):
        Ladder(**options).fit(X, y)
    path.unlink()
    assert len(Ladder(**options).fit(X, y).results_[1].scores) == 2
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(RunError, match="not a run of deepen"):
        Ladder(**options).fit(X, y)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def data(tmp_path):
    X, y = table(60)
    X.assign(label=y).to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


@pytest.fixture
def begun(data, monkeypatch):
    """A climb that Ctrl-C ended in the first repeat of all: nothing can be said yet."""
    from deepen.model_selection import climb

    with monkeypatch.context() as patch:
        original = climb.Climber.tell

        def tell(self, kind, rung, **facts):
            if kind == "candidate" and rung == "logistic regression" and facts["repeat"] == 2:
                raise KeyboardInterrupt
            original(self, kind, rung, **facts)

        patch.setattr(climb.Climber, "tell", tell)
        out = data.parent / "out"
        result = run("ladder", data, "--target", "label", "--trials", 1, "--repeats", 2,
                     "--rungs", "baseline,linear", "--out", out)  # fmt: skip
    return out, result


def test_an_interrupt_leaves_the_line_that_goes_on(data, begun, monkeypatch):
    out, result = begun
    assert result.exit_code == 130 and f"deepen resume {out}" in result.stderr
    assert "Traceback" not in result.stderr
    assert [path.name for path in out.iterdir()] == ["run"]
    again = run("ladder", data, "--target", "label", "--out", out)
    assert again.exit_code == 2 and f"deepen resume {out}" in again.stderr
    trained = counted(monkeypatch)
    resumed = run("resume", out)
    assert resumed.exit_code == 0, resumed.output
    assert trained == ["linear"]
    numbers = json.loads((out / "ladder.json").read_text())
    assert [len(rung["scores"]) for rung in numbers["rungs"]] == [2, 2]
    assert numbers["verdict"]["status"] == "alone" and "--trials 1" in numbers["command"]


def test_resume_refuses_what_it_cannot_go_on_with(data, begun, tmp_path):
    out, _ = begun
    nothing = run("resume", tmp_path / "nowhere")
    assert nothing.exit_code == 2 and "holds no climb" in nothing.stderr
    data.write_text(data.read_text().replace("yes", "yea"))
    changed = run("resume", out)
    assert changed.exit_code == 2 and "rows have changed" in changed.stderr
    assert changed.stderr.strip().count("\n") == 0


def test_resume_with_more_repeats(begun):
    out, _ = begun
    assert run("resume", out, "--repeats", 3).exit_code == 0
    numbers = json.loads((out / "ladder.json").read_text())
    assert [len(rung["scores"]) for rung in numbers["rungs"]] == [3, 3]
    assert "--repeats 3" in numbers["command"]


@pytest.mark.parametrize(("budget", "is_told"), [("60s", True), ("5m", False)])
def test_a_budget_that_is_used_up_is_told_with_the_line_that_goes_on(
    begun, monkeypatch, budget, is_told
):
    from deepen.cli import _ladder_run

    out, _ = begun
    store = RunStore(out / "run")
    store.write(options={**store.read()["options"], "trials": None}, spent=57.0)
    monkeypatch.setattr(_ladder_run, "run", lambda *args, **kwargs: None)
    result = run("resume", out, "--time-budget", budget)
    line = (
        "took 57 s, with a budget of 60s: little can be begun in the rest. With more time: "
        f"deepen resume {out} --time-budget 2m"
    )
    assert (line in result.stderr) == is_told


def test_a_spent_budget_changes_nothing(begun, monkeypatch):
    """What the report says beside the verdict would be lost: there is no time to work it out again."""
    from deepen.cli import _ladder_run

    out, _ = begun
    (out / "report.html").write_text("all of it")
    store = RunStore(out / "run")
    options = {**store.read()["options"], "trials": None}
    store.write(options=options, spent=55.0, is_finished=True)
    monkeypatch.setattr(_ladder_run, "run", None)
    result = run("resume", out, "--time-budget", "60s")
    assert result.exit_code == 2 and f"deepen resume {out} --time-budget 2m" in result.stderr
    assert (out / "report.html").read_text() == "all of it"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "lable"], "did you mean 'label'"),
        (["--target", "label", "--rungs", "tall"], "rungs must be"),
        (["--target", "label", "--metric", "rmse"], "metric"),
        (["--target", "label", "--types", "zz=numeric"], "'zz'"),
        (["--target", "label", "--min-gain", -1], "min_gain"),
    ],
)
def test_force_forgets_a_climb_only_once_the_new_one_has_a_plan(data, begun, words, message):
    """A slip of the pen costs nothing: the climb that was there goes on."""
    out, _ = begun
    before = {path.name: path.read_bytes() for path in (out / "run").iterdir()}
    result = run("ladder", data, "--out", out, "--force", *words)
    assert result.exit_code == 2 and message in result.stderr
    assert {path.name: path.read_bytes() for path in (out / "run").iterdir()} == before
    assert sorted(path.name for path in out.iterdir()) == ["run"]


def test_a_killed_start_anew_leaves_the_climb_of_before(tmp_path):
    before = RunStore(tmp_path / "run.before")
    before.begin({"data": "d"})
    with set_aside(RunStore(tmp_path / "run"), is_anew=False):
        assert RunStore(tmp_path / "run").read()["identity"] == {"data": "d"}
    assert not before.folder.exists()


def test_force_starts_anew(data, begun, monkeypatch):
    out, _ = begun
    trained = counted(monkeypatch)
    result = run("ladder", data, "--target", "label", "--trials", 1, "--repeats", 2,
                 "--rungs", "baseline,linear", "--out", out, "--force")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert trained.count("linear") == 2


def test_a_misspelt_target_is_told_before_the_folder(tmp_path):
    """Who runs anew after a slip would hear of the folder, give --force, and only then of the slip."""
    from test_predict import refused

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("of before")
    words = ["ladder", "digits", "--out", tmp_path / "out", "--target"]
    assert "did you mean 'target'?" in refused(*words, "tarket")
    assert "holds report.html already" in refused(*words, "target")

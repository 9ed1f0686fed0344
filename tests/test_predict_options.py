"""What ``deepen predict``, ``evaluate`` and ``fit`` offer beside: thresholds, kept columns, groups."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import deepen
from deepen.cli._groups import folds
from deepen.modelfile import read_header
from test_predict import good, refused


def rare_classes(rng, n_rows):
    """One row in six is looked for; ids with leading zeros."""
    x = rng.randn(n_rows)
    y = np.where(x + rng.randn(n_rows) > 1.4, "gone", "stays")
    return pd.DataFrame({"customer id": [f"{i:05d}" for i in range(n_rows)], "x": x, "y": y})


@pytest.fixture
def churn(tmp_path, rng):
    table = rare_classes(rng, 400)
    table.to_csv(tmp_path / "data.csv", index=False)
    good("fit", tmp_path / "data.csv", "--target", "y", "--model", "logistic",
         "--out", tmp_path / "m.deepen")  # fmt: skip
    return tmp_path, table


def test_a_threshold_says_the_rare_class_from_its_probability_on(churn):
    folder, table = churn
    rare = deepen.load(folder / "m.deepen").predict_proba(table)[:, 0]
    words = ["predict", folder / "m.deepen", folder / "data.csv", "--out", folder / "p.csv"]
    for value in (0.1, 0.35, 0.8):
        result = good(*words, "--threshold", value, "--force")
        said = pd.read_csv(folder / "p.csv")["y"]
        np.testing.assert_array_equal(said == "gone", rare >= value)
        n_rows = int((rare >= value).sum())
        assert (
            f"{n_rows} of 400 rows {'is' if n_rows == 1 else 'are'} said to be 'gone'"
            in result.stderr
        )


def test_evaluate_counts_what_a_threshold_says(churn):
    folder, table = churn
    rare = deepen.load(folder / "m.deepen").predict_proba(table)[:, 0]
    good("evaluate", folder / "m.deepen", folder / "data.csv", "--threshold", 0.2,
         "--json", folder / "e.json")  # fmt: skip
    figures = json.loads((folder / "e.json").read_text())
    is_said, is_so = rare >= 0.2, (table["y"] == "gone").to_numpy()
    expected = [[sum(is_so & is_said), sum(is_so & ~is_said)],
                [sum(~is_so & is_said), sum(~is_so & ~is_said)]]  # fmt: skip
    assert figures["confusion"] == expected


@pytest.mark.parametrize(
    "words, message",
    [
        (["--threshold", 1.2], "between 0 and 1"),
        (["--threshold", 0.2, "--proba"], "give one"),
        (["--keep", "customer"], "did you mean 'customer id'"),
    ],
)
def test_options_that_cannot_be(churn, words, message):
    folder, _ = churn
    out = folder / "p.csv"
    line = refused("predict", folder / "m.deepen", folder / "data.csv", "--out", out, *words)
    assert message in line
    assert not out.exists()


def test_a_threshold_is_for_two_classes(tmp_path):
    good("fit", "iris", "--model", "logistic", "--out", tmp_path / "m.deepen")
    line = refused("predict", tmp_path / "m.deepen", "iris", "--threshold", 0.3)
    assert "two classes" in line
    good("fit", "diabetes", "--model", "linear", "--out", tmp_path / "r.deepen")
    line = refused("evaluate", tmp_path / "r.deepen", "diabetes", "--threshold", 0.3)
    assert "predicts numbers" in line


def test_kept_columns_stand_first_as_they_were_written(churn):
    folder, table = churn
    words = ["predict", folder / "m.deepen", folder / "data.csv", "--out", folder / "p.csv"]
    assert "'customer id'" in good(*words).stdout  # the remedy for predictions without a name
    result = good(*words, "--force", "--proba", "--keep", "customer id", "--keep", "x")
    found = pd.read_csv(folder / "p.csv", dtype={"customer id": str})
    assert list(found) == ["customer id", "x", "gone", "stays"]
    assert found["customer id"].tolist() == table["customer id"].tolist()
    np.testing.assert_allclose(found["x"], table["x"])
    assert "would name" not in result.stdout
    good(*words, "--force", "--keep", "customer id,y")
    found = pd.read_csv(folder / "p.csv", dtype=str)
    assert list(found) == ["customer id", "y_given", "y"]
    assert found["y_given"].tolist() == table["y"].tolist()
    assert found["customer id"].tolist() == table["customer id"].tolist()


def test_a_training_that_was_too_short_names_the_option(tmp_path, rng):
    pd.DataFrame({"x": rng.randn(90), "y": rng.randn(90)}).to_csv(tmp_path / "d.csv", index=False)
    words = ["fit", tmp_path / "d.csv", "--target", "y", "--out", tmp_path / "m.deepen", "--force"]
    said = good(*words, "--set", "max_iter=2").stdout
    assert "--set max_iter=10 trains for longer, --set early_stopping=true" in said


def test_a_ladder_keeps_the_threshold_that_it_found(tmp_path, rng):
    rare_classes(rng, 300).to_csv(tmp_path / "data.csv", index=False)
    good("ladder", tmp_path / "data.csv", "--target", "y", "--trials", 1, "--repeats", 2,
         "--rungs", "linear", "--out", tmp_path / "run")  # fmt: skip
    kept = read_header(tmp_path / "run" / "model.deepen")["info"]["threshold"]
    assert kept["label"] == "gone" and 0 < kept["value"] < 1
    words = ["predict", tmp_path / "run" / "model.deepen", tmp_path / "data.csv"]
    result = good(*words, "--threshold", round(kept["value"], 2), "--out", tmp_path / "p.csv")
    assert "said to be 'gone', from a probability of" in result.stderr


def test_predictions_below_zero_are_told_where_no_target_was(tmp_path, rng):
    x = rng.rand(60)
    table = pd.DataFrame({"x": x, "y": 3 * x})
    table.to_csv(tmp_path / "data.csv", index=False)
    good("fit", tmp_path / "data.csv", "--target", "y", "--model", "linear",
         "--out", tmp_path / "m.deepen")  # fmt: skip
    pd.DataFrame({"x": [-5.0, -1.0, 0.5]}).to_csv(tmp_path / "new.csv", index=False)
    result = good(
        "predict", tmp_path / "m.deepen", tmp_path / "new.csv", "--out", tmp_path / "p.csv"
    )
    assert "2 predictions are below 0, where no target of the training rows was" in result.stderr


def test_folds_are_of_whole_groups(rng):
    n = rng.randint(60, 300)
    groups = rng.choice([*"abcdefghijklmnopqrst", None], n)
    numbers = folds(n, groups, 5, seed=rng.randint(2**31))
    for name in {value for value in groups if value is not None}:
        assert len(set(numbers[groups == name])) == 1
    sizes = np.bincount(numbers, minlength=5)  # as even as whole groups allow
    assert sizes.sum() == n and np.ptp(sizes) <= 2 * max(np.sum(groups == name) for name in groups)
    assert np.ptp(np.bincount(folds(n, None, 5, seed=0))) <= 1


def test_no_group_that_fits_is_told_and_equal_rows_keep_their_intervals(tmp_path, rng):
    """Two binary inputs make four different rows, each of a quarter of all."""
    table = pd.DataFrame({"a": rng.randint(0, 2, 400), "b": rng.randint(0, 2, 400)})
    table["y"] = table["a"] + rng.randn(400)
    table["site"], table["one"] = np.repeat(list("pqrs"), 100), np.repeat(["a"], 400)
    table["odd"] = ["b"] + ["a"] * 399  # one row says nothing of the others
    table.to_csv(tmp_path / "data.csv", index=False)
    words = ["fit", tmp_path / "data.csv", "--target", "y", "--model", "linear", "--out"]
    good(*words, tmp_path / "rows.deepen", "--types", "site=ignore")
    assert "residuals" in read_header(tmp_path / "rows.deepen")["info"]
    result = good(*words, tmp_path / "g.deepen", "--groups", "site")
    assert "site keeps rows together and is no input" in result.stdout
    info = read_header(tmp_path / "g.deepen")["info"]
    assert info["residuals"]["n"] == 400 and info["groups"] == "site"
    result = good(*words, tmp_path / "h.deepen", "--groups", "one")
    assert "no prediction intervals: the groups of 'one' are too few or too uneven" in result.stderr
    result = good(*words, tmp_path / "i.deepen", "--groups", "odd")
    assert "the groups of 'odd' are too few or too uneven" in result.stderr
    for name, message in {"y": "is the target", "1": "give the column's name"}.items():
        assert message in refused(*words, tmp_path / "no.deepen", "--groups", name)


def test_intervals_are_of_groups_that_were_not_seen(tmp_path, rng):
    """The ward tells the target of rows whose patient was seen, and nothing of others'."""
    patient = np.repeat(np.arange(40), 10)
    table = pd.DataFrame({"patient": patient, "ward": [f"w{i}" for i in patient]})
    table["noise"] = rng.randn(400)  # or rows of a ward would repeat each other
    table["y"] = rng.randn(40)[patient] + 0.01 * rng.randn(400)
    table.to_csv(tmp_path / "data.csv", index=False)
    widths = {}
    for name, words in {
        "rows": ["--types", "patient=ignore"],
        "groups": ["--groups", "patient"],
    }.items():
        model, out = tmp_path / f"{name}.deepen", tmp_path / f"{name}.csv"
        good("fit", tmp_path / "data.csv", "--target", "y", "--out", model, "--model", "linear",
             *words)  # fmt: skip
        names = deepen.load(model)[0].get_feature_names_out()
        assert not any(name.startswith("patient") for name in names)
        result = good("predict", model, tmp_path / "data.csv", "--interval", 0.8, "--out", out)
        assert "Not used" not in result.stderr
        found = pd.read_csv(out)
        widths[name] = float((found["y_high"] - found["y_low"]).mean())
    assert widths["groups"] > 5 * widths["rows"]


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_intervals_that_hold_too_seldom_are_marked(tmp_path, rng, scale):
    """Rows that scatter as those of the training did, and rows that scatter more."""

    def table(width):
        x = rng.randn(600)
        return pd.DataFrame({"x": x, "y": x + width * rng.randn(600)})

    for name, width in (("a", 1.0), ("b", scale)):
        table(width).to_csv(tmp_path / f"{name}.csv", index=False)
    words = ["--model", "linear", "--out", tmp_path / "m.deepen"]
    good("fit", tmp_path / "a.csv", "--target", "y", *words)
    out = good("evaluate", tmp_path / "m.deepen", tmp_path / "b.csv").stdout
    [line] = [line for line in out.splitlines() if line.startswith("80 %")]
    if scale > 1:
        assert " *" in line and "* fewer than promised" in out
    else:
        assert 0.7 < float(line.split()[2]) / 100 < 0.9 and len(line.split("%")) == 6

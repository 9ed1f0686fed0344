"""``deepen predict``, ``evaluate`` and ``inspect``: new rows as people have them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import deepen
from deepen.cli import app
from deepen.cli._common import parse_types
from deepen.model_selection.target import finite_values
from deepen.modelfile import read_header
from survivor import HOSTILE, table_to_survive


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def good(*words):
    result = run(*words)
    assert result.exit_code == 0, result.stdout + result.stderr
    return result


def refused(*words):
    result = run(*words)
    assert result.exit_code == 2, result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1 and "Traceback" not in result.stderr
    return lines[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One classifier and one regressor, looked at by several tests."""
    folder = tmp_path_factory.mktemp("models")
    table = table_to_survive()
    rng = np.random.default_rng(0)
    table["amount"] = 3 * table[HOSTILE] + rng.normal(size=len(table))
    table.to_csv(folder / "data.csv", index=False)
    types = ["--types", "copy=ignore,amount=ignore"]
    words = ["--target", "label", "--model", "logistic", "--out", folder / "c.deepen", *types]
    good("fit", folder / "data.csv", *words)
    words = ["--target", "amount", "--model", "linear", "--out", folder / "r.deepen"]
    good("fit", folder / "data.csv", *words, "--types", "label=ignore")
    return folder


def predicted(folder, table, out, model="c.deepen", *words):
    table.to_csv(out.parent / "new.csv", index=False)
    result = good("predict", folder / model, out.parent / "new.csv", "--out", out, *words)
    return pd.read_csv(out), result


def test_columns_in_another_order_and_further_ones(folder, tmp_path):
    table = table_to_survive(100, seed=3)
    plain, quiet = predicted(folder, table.drop(columns="label"), tmp_path / "a.csv")
    assert quiet.stderr == ""
    shuffled = table[table.columns[::-1]].assign(**{"new one": 1})
    again, told = predicted(folder, shuffled, tmp_path / "b.csv")
    pd.testing.assert_frame_equal(again, plain)
    assert "Not used by the model: columns 'new one'." in told.stderr


def test_a_missing_column_is_named_with_its_likeliest_namesake(folder, tmp_path):
    table = table_to_survive(30).rename(columns={"city": "City "}).drop(columns="date")
    table.to_csv(tmp_path / "new.csv", index=False)
    before = sorted(tmp_path.iterdir())
    line = refused(
        "predict", folder / "c.deepen", tmp_path / "new.csv", "--out", tmp_path / "p.csv"
    )
    assert "lacks 'date', 'city'" in line
    assert sorted(tmp_path.iterdir()) == before
    table = table_to_survive(30).rename(columns={"city": "Citty"})
    table.to_csv(tmp_path / "new.csv", index=False)
    assert "lacks 'city'; did you mean 'Citty'?" in refused(
        "predict", folder / "c.deepen", tmp_path / "new.csv", "--out", tmp_path / "p.csv"
    )


def test_unseen_categories_and_drift_are_told(folder, tmp_path):
    table = table_to_survive(100, seed=4)
    table["city"] = ["Atlantis"] * 5 + ["city 1"] * 95
    table[HOSTILE] += 100
    _, result = predicted(folder, table, tmp_path / "p.csv")
    notes = result.stderr.splitlines()
    assert "Column 'city': 5 rows (5 %) have a category that the model never saw" in notes[0]
    assert "100 rows (100 %) have a value outside the training rows'" in notes[1]
    assert len(notes) == 2


def test_names_that_look_like_numbers_stay_names(tmp_path):
    """In the training a word stands among them, in the new rows none does."""
    names = ["1.50", "007", "x"] * 20
    train = pd.DataFrame({"code": names, "label": ["a", "b", "b"] * 20})
    train.to_csv(tmp_path / "train.csv", index=False)
    words = ["--target", "label", "--model", "logistic", "--out", tmp_path / "m.deepen"]
    good("fit", tmp_path / "train.csv", *words)
    new = pd.DataFrame({"code": ["1.50", "007", "1.50"]})
    out, result = predicted(tmp_path, new, tmp_path / "p.csv", "m.deepen")
    assert list(out["label"]) == ["a", "b", "a"] and result.stderr == ""


def test_rows_stand_in_their_order_whatever_the_pieces(folder, tmp_path, monkeypatch):
    from deepen.cli._saved import SavedModel
    from deepen.datasets import chunks, records

    table = table_to_survive(500, seed=5)
    table.to_parquet(tmp_path / "new.parquet", row_group_size=90)
    whole, _ = predicted(folder, table, tmp_path / "whole.csv", "r.deepen")
    sizes = []
    original = SavedModel.predicted

    def counting(self, rows, *more):
        sizes.append(len(rows))
        return original(self, rows, *more)

    monkeypatch.setattr(SavedModel, "predicted", counting)
    monkeypatch.setattr(records, "BLOCK", 1 << 12)
    monkeypatch.setattr(chunks.read_chunks, "__kwdefaults__", {"as_text": (), "n_rows": 64})
    for name in ("new.csv", "new.parquet"):
        sizes.clear()
        words = ["--out", tmp_path / "pieces.csv", "--force"]
        good("predict", folder / "r.deepen", tmp_path / name, *words)
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "pieces.csv"), whole)
        assert max(sizes) <= 64 and sum(sizes) == 500 and len(sizes) >= 8


def test_a_fault_far_down_leaves_nothing(folder, tmp_path, monkeypatch):
    from deepen.datasets import records

    monkeypatch.setattr(records, "BLOCK", 1 << 12)
    text = table_to_survive(500, seed=5).to_csv(index=False)
    (tmp_path / "new.csv").write_text(text + "1,2,3\n")
    words = ["predict", folder / "c.deepen", tmp_path / "new.csv", "--out", tmp_path / "p.csv"]
    assert "line 502: 3 fields" in refused(*words)
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_large_numbers_are_written_in_full_and_read_back_as_they_were(rng):
    from deepen.cli.predict import _as_written

    numbers = (rng.normal(size=200) * 10 ** rng.uniform(-3, 9, 200)).astype(np.float32)
    numbers[0] = np.nan
    text = _as_written(pd.DataFrame({"y": numbers, "label": "a"})).to_csv(index=False)
    assert "e+" not in text
    read = pd.read_csv(io.StringIO(text))["y"].to_numpy().astype(np.float32)
    np.testing.assert_array_equal(read, numbers)


def test_intervals_hold_new_rows(folder, tmp_path):
    rng = np.random.default_rng(1)
    table = table_to_survive(2400, seed=6)
    table["amount"] = 3 * table[HOSTILE] + rng.normal(size=len(table))
    table["city"] = [f"city {k % 12}" for k in range(2400)]
    out, _ = predicted(folder, table, tmp_path / "p.csv", "r.deepen", "--interval", "0.8")
    assert list(out.columns) == ["amount", "amount_low", "amount_high"]
    held = (out["amount_low"] <= table["amount"]) & (table["amount"] <= out["amount_high"])
    assert 0.7 < held.mean() < 0.9  # 591 held-out rows leave that much to chance
    assert 1 < len(set((out["amount_high"] - out["amount_low"]).round(4))) <= 5


@pytest.mark.parametrize(
    ("model", "words", "message"),
    [
        ("c.deepen", ["--interval", "0.9"], "predicts classes"),
        ("r.deepen", ["--interval", "90"], "between 0 and 1"),
        ("r.deepen", ["--interval", "0.9999"], "needs 9999 held-out rows"),
        ("r.deepen", ["--proba"], "predicts numbers"),
        ("c.deepen", ["--out", "data.csv"], "--force"),
        ("no.deepen", [], "no such file"),
        ("data.csv", [], "not a model file"),
    ],
)
def test_wrong_options(folder, tmp_path, monkeypatch, model, words, message):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    out = [] if "--out" in words else ["--out", tmp_path / "p.csv"]
    assert message in refused("predict", folder / model, "data.csv", *out, *words)
    assert sorted(folder.iterdir()) == before and not list(tmp_path.iterdir())


def amounts(rng, n_rows):
    """Whole amounts whose noise grows with them."""
    table = pd.DataFrame(rng.uniform(1, 10, (n_rows, 2)), columns=["size", "age"])
    noise = 20 * table["size"] * rng.normal(size=n_rows)
    return table.assign(amount=np.maximum(0, 300 * table["size"] + noise).astype(int))


def check_intervals(model, table, folder, least, most):
    """Wider where the amounts are larger; `evaluate` finds the coverage that the file has."""
    table.to_csv(folder / "new.csv", index=False)
    good("predict", model, folder / "new.csv", "--interval", "0.8", "--out", folder / "p.csv")
    out = pd.read_csv(folder / "p.csv")
    widths = (out["amount_high"] - out["amount_low"]).to_numpy()
    is_small = out["amount"].to_numpy() < 900
    assert np.median(widths[~is_small]) > 2 * np.median(widths[is_small])
    held = (out["amount_low"] <= table["amount"]) & (table["amount"] <= out["amount_high"])
    assert least < held.mean() < most
    good("evaluate", model, folder / "new.csv", "--json", folder / "e.json", "--force")
    coverage = json.loads((folder / "e.json").read_text())["coverage"]
    assert coverage["80 %"] == pytest.approx(
        held.mean(), abs=1e-3
    )  # the file is in single precision


def test_a_ladders_model_has_intervals_from_the_rows_that_judged(tmp_path, rng):
    amounts(rng, 1500).to_csv(tmp_path / "old.csv", index=False)
    good("ladder", tmp_path / "old.csv", "--target", "amount", "--rungs", "baseline,linear",
         "--repeats", "3", "--out", tmp_path / "run")  # fmt: skip
    model = tmp_path / "run" / "model.deepen"
    kept = read_header(model)["info"]["residuals"]
    # a fifth of the rows judges in each repeat; each row counts once
    assert 500 < kept["n"] <= 900 and len(kept["parts"]) == 5
    check_intervals(model, amounts(rng, 2000), tmp_path, 0.7, 0.9)


def test_a_fitted_model_has_intervals_that_widen(tmp_path, rng):
    amounts(rng, 3000).to_csv(tmp_path / "old.csv", index=False)
    model = tmp_path / "m.deepen"
    good("fit", tmp_path / "old.csv", "--target", "amount", "--model", "linear", "--out", model)
    assert len(read_header(model)["info"]["residuals"]["parts"]) == 5
    check_intervals(model, amounts(rng, 2000), tmp_path, 0.74, 0.86)


@pytest.mark.parametrize("change", [
    {"n": None}, {"absolute": None}, {"absolute": [3.0, 1.0]}, {"absolute": [-1.0, 1.0]},
    {"edges": [1.0]}, {"parts": [[1.0], [2.0]]}, {"edges": [2.0, 1.0], "parts": [[1.0]] * 3},
    {"edges": ["x"], "parts": [[1.0], [2.0]]}, {"edges": [1.0], "parts": [[1.0], ["nan"]]},
    {"edges": [1.0], "parts": [[1.0], None]}, {"edges": [1.0], "parts": 5},
    {"edges": [1.0], "parts": [[1.0], []]}, {"edges": [float("inf")], "parts": [[1.0], [2.0]]},
])  # fmt: skip
def test_damaged_errors_are_one_clear_line(folder, tmp_path, change):
    residuals = {"n": 3, "absolute": [0.5, 1.0, 2.0]} | change
    info = read_header(folder / "r.deepen")["info"] | {"residuals": residuals}
    deepen.save(deepen.load(folder / "r.deepen"), tmp_path / "m.deepen", info=info)
    words, out = [tmp_path / "m.deepen", folder / "data.csv"], tmp_path / "p"
    for line in (
        refused("predict", *words, "--interval", "0.5", "--out", out),
        refused("evaluate", *words, "--json", out),
    ):
        assert "held-out errors are damaged" in line and not out.exists()


def test_ends_below_zero_are_cut_where_no_amount_was(tmp_path, rng):
    table = pd.DataFrame({"size": rng.uniform(0, 10, 400)})
    table["price"] = np.maximum(0, 5 * table["size"] - 10 + rng.normal(size=400))
    table.to_csv(tmp_path / "t.csv", index=False)
    model, out = tmp_path / "m.deepen", tmp_path / "p.csv"
    good("fit", tmp_path / "t.csv", "--target", "price", "--model", "linear", "--out", model)
    good("predict", model, tmp_path / "t.csv", "--interval", "0.9", "--out", out)
    found = pd.read_csv(out)
    low, price = found["price_low"].to_numpy(), found["price"].to_numpy()
    assert (price < 0).any() and (low[price >= 0] >= 0).all() and (low == 0).any()
    np.testing.assert_allclose(
        low[price < 0], price[price < 0], rtol=1e-6
    )  # no prediction is outside
    assert (found["price_high"] >= np.maximum(price, 0)).all()
    held = (low <= table["price"]) & (table["price"] <= found["price_high"])
    assert held.mean() > 0.8


def test_fit_names_columns_that_give_the_target_away_and_evaluate_its_own_rows(tmp_path, rng):
    y = np.where(rng.uniform(size=400) < 0.5, "stays", "leaves")
    reason = np.where((y == "leaves") & (rng.uniform(size=400) < 0.5), "price", None)
    table = pd.DataFrame({"age": rng.normal(size=400), "reason": reason, "code": 9, "y": y})
    table.loc[y == "stays", "code"] = 3
    data, model = tmp_path / "t.csv", tmp_path / "m.deepen"
    table.to_csv(data, index=False)
    words = ["fit", data, "--target", "y", "--model", "logistic", "--out", model]
    said = good(*words).stderr
    assert "'reason'" in said and "'code' alone" in said and "'age'" not in said
    said = good(*words, "--types", "reason=ignore", "--missing", "code=9,3", "--force").stderr
    assert "reason'" not in said and "'code'" not in said
    assert "learnt from" in good("evaluate", model, data).stderr
    table[:300].to_csv(data, index=False)
    assert "learnt from" not in good("evaluate", model, data).stderr
    table.to_csv(tmp_path / "others.csv", index=False)
    assert "learnt from" not in good("evaluate", model, tmp_path / "others.csv").stderr


def test_columns_of_one_name_are_told_and_are_no_target(tmp_path, rng):
    data = tmp_path / "t.csv"
    rows = [",".join(f"{v:.3f}" for v in row) for row in rng.uniform(size=(60, 4))]
    data.write_text("\n".join(["a,b,a,y", *rows]))
    words = ["--model", "linear", "--out", tmp_path / "m.deepen"]
    assert "called 'a'; others: a.1" in good("fit", data, "--target", "y", *words).stderr
    assert "called 'a'; rename" in refused("fit", data, "--target", "a", *words, "--force")
    assert "called" not in good("fit", data, "--target", "2", *words, "--force").stdout


def test_no_intervals_were_kept(folder, tmp_path):
    words = ["--target", "amount", "--model", "linear", "--no-intervals"]
    good("fit", folder / "data.csv", *words, "--out", tmp_path / "m.deepen")
    words = ["--interval", "0.5", "--out", tmp_path / "p.csv"]
    assert "no held-out errors" in refused(
        "predict", tmp_path / "m.deepen", folder / "data.csv", *words
    )


def test_into_a_pipe(folder):
    result = good("predict", folder / "c.deepen", folder / "data.csv", "--out", "-", "--proba")
    lines = result.stdout.splitlines()
    assert lines[0] == "no,yes" and len(lines) == 601
    assert "predictions" not in result.output.replace(result.stdout, "")


@pytest.mark.skipif(os.name != "posix", reason="pipes of a shell")
def test_a_reader_that_has_had_enough(folder):
    command = f"{sys.executable} -m deepen predict c.deepen data.csv --out - | head -1"
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == "label\n" and "Traceback" not in done.stderr


def test_evaluate_a_classifier(folder, tmp_path):
    words = ["evaluate", folder / "c.deepen", folder / "data.csv", "--json", tmp_path / "e.json"]
    result = good(*words)
    numbers = json.loads((tmp_path / "e.json").read_text())
    table = table_to_survive()
    is_known = table["label"].notna()
    said = pd.read_csv(predicted_file(folder, tmp_path))["label"]
    assert numbers["error"] == pytest.approx(np.mean(said[is_known] != table["label"][is_known]))
    assert numbers["n_rows"] == is_known.sum() == 553
    last = result.stdout.strip().splitlines()[-1]
    assert last.startswith("label: error ") and "the model is better" in last
    assert "47 rows have no target" in result.stderr
    assert "--force" in refused(*words)


def predicted_file(folder, tmp_path):
    good("predict", folder / "c.deepen", folder / "data.csv", "--out", tmp_path / "all.csv")
    return tmp_path / "all.csv"


def test_evaluate_a_regressor(folder, tmp_path):
    words = ["evaluate", folder / "r.deepen", folder / "data.csv", "--json", tmp_path / "e.json"]
    result = good(*words)
    numbers = json.loads((tmp_path / "e.json").read_text())
    assert 0.8 < numbers["rmse"] < 1.2 < numbers["baseline_rmse"]
    assert set(numbers["coverage"]) == {"50 %", "80 %", "90 %", "95 %"}
    assert 0.8 < numbers["coverage"]["90 %"] <= 1
    assert "prediction intervals of" in result.stdout


def test_evaluate_with_labels_never_seen_and_without_a_target(folder, tmp_path):
    table = table_to_survive(60)
    table.loc[:9, "label"] = "perhaps"
    table.to_csv(tmp_path / "new.csv", index=False)
    result = good("evaluate", folder / "c.deepen", tmp_path / "new.csv")
    assert "perhaps" in result.stdout
    table.assign(label=1).to_csv(tmp_path / "others.csv", index=False)
    line = refused("evaluate", folder / "c.deepen", tmp_path / "others.csv")
    assert "'label' holds '1', and the model's classes are 'no', 'yes'; write them alike" in line
    table.drop(columns="label").to_csv(tmp_path / "none.csv", index=False)
    line = refused("evaluate", folder / "c.deepen", tmp_path / "none.csv")
    assert "none.csv: column 'label' is not in the table" in line
    table.assign(label=None).to_csv(tmp_path / "empty.csv", index=False)
    assert "no row has a value" in refused("evaluate", folder / "c.deepen", tmp_path / "empty.csv")
    table.assign(amount="much").to_csv(tmp_path / "words.csv", index=False)
    assert "predicts numbers" in refused("evaluate", folder / "r.deepen", tmp_path / "words.csv")


def test_inspect_tells_columns_facts_and_layers(folder):
    out = good("inspect", folder / "c.deepen").stdout
    assert "TableEncoder -> LogisticRegression" in out
    assert "classes      no " in out and "rows         553" in out and "unlabelled   47" in out
    settings = next(line for line in out.splitlines() if line.startswith("settings"))
    assert settings.endswith("others as by default") and "tol=" not in settings
    assert "set by types" in out and "--types id=categorical" in out and HOSTILE in out
    facts = read_header(folder / "r.deepen")["info"]
    assert facts["residuals"]["n"] == 600 and facts["task"] == "regression"
    assert "from the errors on 600 held-out rows" in good("inspect", folder / "r.deepen").stdout


def test_inspect_runs_nothing_of_the_file(folder, monkeypatch):
    from deepen import _model_state

    def never(*args):
        raise AssertionError("a class was looked up")

    monkeypatch.setattr(_model_state, "_resolved", never)
    good("inspect", folder / "c.deepen")


def test_inspect_reads_models_of_all_kinds(tmp_path):
    for path in sorted((Path(__file__).parent / "data").glob("*.model")):
        out = good("inspect", path).stdout
        assert "schema 1" in out and "colour" in out
    assert "4 trees" in out


def test_pictures(tmp_path):
    words = ["--set", "max_iter=2", "--set", "hidden_layer_sizes=6", "--out", tmp_path / "d.deepen"]
    good("fit", "digits", *words)
    words = ["inspect", tmp_path / "d.deepen", "--out", tmp_path / "pictures"]
    out = good(*words).stdout
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    # three pixels of the border never vary and are left out: the picture has them none the less
    assert names == ["filters.png", "learning-curves.png"]
    assert all(str(tmp_path / "pictures" / name) in out for name in names)
    assert "exists" in refused(*words)
    good(*words, "--force")


def test_no_picture_of_trees(tmp_path):
    model = Path(__file__).parent / "data" / "schema1_trees.model"
    line = refused("inspect", model, "--out", tmp_path / "pictures")
    assert "no picture" in line and not list(tmp_path.iterdir())


def test_types_on_the_command_line(folder, tmp_path):
    words = ["--target", "label", "--model", "logistic", "--out", tmp_path / "m.deepen"]
    good(
        "fit", folder / "data.csv", *words, "--types", "row=numeric", "--types", f"{HOSTILE}=ignore"
    )
    import deepen

    kinds = {c.name: c.kind for c in deepen.load(tmp_path / "m.deepen")[0].columns_}
    assert (kinds["row"], kinds[HOSTILE]) == ("numeric", "ignore")
    words = ["fit", folder / "data.csv", "--target", "label", "--out", tmp_path / "n.deepen"]
    assert "kinds are numeric" in refused(*words, "--types", "row=number")
    assert "did you mean 'row'" in refused(*words, "--types", "rows=numeric")


def test_yes_and_no_are_read_in_columns_but_are_names_in_the_target(tmp_path, rng):
    spelt = {0: ["Nein", "nein", "N"], 1: ["Ja", "ja", "J"]}
    truth = rng.randint(0, 2, 90)
    cells = [spelt[k][i % 3] for i, k in enumerate(truth)]
    table = pd.DataFrame({"paid": cells, "amount": rng.rand(90), "kept": cells})
    table.to_csv(tmp_path / "a.csv", index=False)
    model = tmp_path / "m.deepen"
    words = ["--target", "kept", "--model", "logistic", "--out", model]
    good("fit", tmp_path / "a.csv", *words)
    assert "and 2 more are no" in " ".join(good("inspect", model).stdout.split())
    fitted = deepen.load(model)
    assert fitted.classes_.tolist() == sorted(spelt[0] + spelt[1])
    later = table.assign(paid=table["paid"].str.swapcase())
    np.testing.assert_array_equal(fitted[0].transform(later), fitted[0].transform(table))
    with pytest.raises(ValueError, match="a regression needs numbers"):
        finite_values(table["kept"])


def test_names_with_commas_and_equality_signs():
    assert parse_types(["a,b=c=date,d=text"]) == {"a,b=c": "date", "d": "text"}
    assert parse_types(None) == {}


@pytest.mark.parametrize("mark", [",", ";"])
def test_points_between_thousands_mean_the_same_in_every_file(tmp_path, rng, mark):
    """With and without small amounts, a sign or a word, and whatever the decimal mark of the file."""
    km = 10 * rng.randint(1, 20_000, 400)
    written = pd.Series([f"{one:,}".replace(",", ".") for one in km])
    table = pd.DataFrame({"km": written + " km", "wear": km / 1000})
    table.loc[:3, "km"] = "unknown"
    table["share"] = rng.rand(400).round(3)
    for name in ("wear", "share"):  # all numbers of a file are written alike
        table[name] = table[name].astype(str).str.replace(".", "," if mark == ";" else ".")
    table.to_csv(tmp_path / "train.csv", index=False, sep=mark)
    model = tmp_path / "m.deepen"
    words = ["--target", "wear", "--model", "linear", "--types", "share=ignore", "--out", model]
    good("fit", tmp_path / "train.csv", *words)
    later = table[4:].drop(columns="wear")
    large = km[4:] >= 1000
    ways = {"signed": later, "bare": later.assign(km=written[4:]), "large": later[large]}
    for name, rows in ways.items():
        rows.to_csv(tmp_path / f"{name}.csv", index=False, sep=mark)
        good("predict", model, tmp_path / f"{name}.csv", "--out", tmp_path / f"{name}.out")
        said = pd.read_csv(tmp_path / f"{name}.out")["wear"].to_numpy()
        expected = km[4:][large] if name == "large" else km[4:]
        np.testing.assert_allclose(said, expected / 1000, atol=2)


@pytest.mark.parametrize("word", ["", "k.A."])
def test_a_unit_that_is_missing_in_new_rows_changes_no_number(tmp_path, rng, word):
    """Whether or not a word beside the numbers has the file read them as text."""
    power = rng.uniform(5, 90, 200).round(1)
    table = pd.DataFrame({"power": [f"{x} kW".replace(".", ",") for x in power], "y": 2 * power})
    table.loc[:9, "power"] = "k.A."
    table["y"], table["size"] = table["y"].astype(str).str.replace(".", ","), rng.randint(1, 9, 200)
    words = ["--target", "y", "--model", "linear", "--out", tmp_path / "m.deepen"]
    table.to_csv(tmp_path / "d.csv", index=False, sep=";")
    good("fit", tmp_path / "d.csv", *words)
    new = table[10:].assign(power=table["power"][10:].str.removesuffix(" kW")).drop(columns="y")
    new.loc[10, "power"] = word or new.loc[10, "power"]
    new.to_csv(tmp_path / "new.csv", index=False, sep=";")
    good("predict", tmp_path / "m.deepen", tmp_path / "new.csv", "--out", tmp_path / "p.csv")
    said = pd.read_csv(tmp_path / "p.csv")["y"].to_numpy()
    np.testing.assert_allclose(said[1:], 2 * power[11:], atol=15)  # ten rows have no power

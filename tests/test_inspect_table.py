"""``deepen inspect`` of a table: what the ladder would do with each column, before it does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import deepen
from deepen.datasets._errors import did_you_mean
from test_predict import good, refused


@pytest.fixture
def table(tmp_path, rng):
    n = 120
    frame = pd.DataFrame({
        "patient no": np.arange(1000, 1000 + n), "age": rng.randint(20, 90, n).astype(float),
        "ward": rng.choice(["north", "south"], n), "again": rng.permutation(["yes", "no"] * (n // 2)),
    })  # fmt: skip
    frame.loc[::10, "again"] = None
    frame["copy"] = (frame["again"] == "yes").astype(int)
    frame.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


def test_a_table_is_told_as_fit_takes_it(table, tmp_path):
    out = good("inspect", table, "--target", "again").stdout
    assert "rows         120" in out and "again, classification" in out
    assert (
        "no target    12 rows" in out
        and "Suspect:" in out
        and "copy" in out.partition("Suspect:")[2]
    )
    lines = out.splitlines()
    model = tmp_path / "m.deepen"
    good("fit", table, "--target", "again", "--model", "logistic", "--out", model)
    for column in deepen.load(model)[0].columns_:
        line = next(line for line in lines if line.startswith(column.name))
        assert all(part in line for part in (column.kind, column.treatment, column.override))
    assert not list(tmp_path.glob("*.html"))


def test_kinds_and_codes_can_be_tried_out(table):
    out = good("inspect", table, "--types", "ward=ignore", "--missing", "age=20,21").stdout
    ward, age = (next(x for x in out.splitlines() if x.startswith(n)) for n in ("ward", "age"))
    assert "left out" in ward and "again" in out and "target" not in out
    age = good("inspect", table, "--types", "age=categorical").stdout
    assert "categorical" in next(line for line in age.splitlines() if line.startswith("age"))


def test_what_is_for_the_other_sort_is_refused(table, tmp_path):
    assert "is a table; --out and --data are for models" in refused(
        "inspect", table, "--out", tmp_path
    )
    good("fit", table, "--target", "again", "--model", "logistic", "--out", tmp_path / "m.deepen")
    line = refused("inspect", tmp_path / "m.deepen", "--target", "again")
    assert "--target, --types and --missing are for tables" in line
    assert "did you mean 'patient no'?" in refused("inspect", table, "--target", "patent")


def test_the_beginning_of_a_name_is_understood():
    names = ["Status (target)", "Stage", "x"]
    assert did_you_mean("stats", names) == "; did you mean 'Stage'?"
    assert did_you_mean("statsu", names[::2]) == "; did you mean 'Status (target)'?"
    assert did_you_mean("qu", names) == did_you_mean("other", names) == ""

"""What is new in a table is counted right, whole or in chunks."""

import itertools

import numpy as np
import pandas as pd
import pytest

from deepen.datasets import Drift, TableEncoder
from survivor import HOSTILE, table_to_survive


def found(encoder, table, expected=(), n_chunks=1):
    drift = Drift(encoder, expected)
    edges = np.linspace(0, len(table), n_chunks + 1).astype(int)
    for start, stop in itertools.pairwise(edges):
        drift.update(table.iloc[start:stop])
    return {(f.column, f.kind): f for f in drift.findings()}


@pytest.fixture
def encoder():
    return TableEncoder().fit(table_to_survive().drop(columns="label"))


def test_rows_like_those_of_the_training_are_no_news(encoder):
    table = table_to_survive(seed=0)
    assert found(encoder, table, ("label",)) == {}
    assert list(found(encoder, table)) == [("", "extra")]


@pytest.mark.parametrize("n_chunks", [1, 7])
def test_everything_that_can_be_new(encoder, n_chunks):
    table = table_to_survive(100, seed=1).drop(columns="label").assign(extra=1)
    table["city"] = table["city"].where(np.arange(100) >= 10, "Atlantis")
    table["city"] = table["city"].where(np.arange(100) != 10, "Mu")
    table[HOSTILE] = pd.Series(0.5, index=table.index, dtype=object)
    table.loc[:19, HOSTILE] = 1e6
    table.loc[20:21, HOSTILE] = None
    table.loc[22, HOSTILE] = "broken"
    table.loc[:4, "date"] = "01.01.2050"
    news = found(encoder, table, n_chunks=n_chunks)
    assert set(news) == {
        ("", "extra"), ("city", "unseen"), (HOSTILE, "missing"), (HOSTILE, "word"),
        (HOSTILE, "range"), ("date", "range"),
    }  # fmt: skip
    assert news["city", "unseen"].n_rows == 11
    assert "11 rows (11 %)" in news["city", "unseen"].text
    assert "'Atlantis' (10), 'Mu' (1)" in news["city", "unseen"].text
    assert news[HOSTILE, "range"].n_rows == 20
    assert news[HOSTILE, "missing"].n_rows == 2
    assert "'broken'" in news[HOSTILE, "word"].text
    assert news["date", "range"].n_rows == 5 and "2021-" in news["date", "range"].text
    assert all("\n" not in finding.text for finding in news.values())


def test_a_column_that_has_become_empty_is_told_though_gaps_are_usual(rng):
    numbers = rng.randint(0, 300, 200).astype(float)
    gaps = rng.random_sample(200) < 0.3
    table = pd.DataFrame(
        {"days": np.where(gaps, -1, numbers), "b": np.where(gaps, None, "x y".split() * 100)}
    )
    encoder = TableEncoder().fit(table)
    assert found(encoder, table) == {}
    for empty in (-1, np.nan, None):
        later = table.assign(days=empty)
        assert "no row has a value" in found(encoder, later)["days", "missing"].text
    assert list(found(encoder, table.assign(b=None))) == [("b", "missing")]
    assert found(encoder, table.assign(b=None)[:5]) == {}


def test_a_shift_within_the_range(rng):
    encoder = TableEncoder().fit(pd.DataFrame({"x": rng.normal(size=5000)}))
    low, high = encoder.encoders_[0].quantiles[-2], encoder.encoders_[0].quantiles[-1]
    shifted = pd.DataFrame(
        {"x": np.r_[rng.uniform(low, high, 60), rng.normal(size=40).clip(-2, 2)]}
    )
    assert list(found(encoder, shifted)) == [("x", "shift")]
    fresh = pd.DataFrame({"x": rng.normal(size=2000)})
    assert ("x", "shift") not in found(encoder, fresh)


def test_one_row_far_outside_is_told_though_few_rows_prove_no_shift(encoder):
    row = table_to_survive(50).drop(columns="label").iloc[[0]].assign(**{HOSTILE: 1e9})
    assert list(found(encoder, row)) == [(HOSTILE, "range")]
    row[HOSTILE] = encoder.encoders_[-1].quantiles[-1] + 0.01
    assert found(encoder, row) == {}


def test_few_rows_of_training_do_not_know_what_is_rare(rng):
    """A hundred rows say little of the ends of what thousands more will have."""
    train = pd.DataFrame(rng.normal(size=(100, 40)), columns=[f"c{k}" for k in range(40)])
    more = pd.DataFrame(rng.normal(size=(4000, 40)), columns=train.columns)
    told = [name for name, kind in found(TableEncoder().fit(train), more) if kind == "shift"]
    assert len(told) <= 2

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from deepen.datasets import Column, DataError, TableEncoder, infer_columns, infer_task, read_table


@parametrize_with_checks([TableEncoder()])
def test_contract(estimator, check):
    check(estimator)


def kinds(table):
    return {column.name: column.kind for column in infer_columns(pd.DataFrame(table))}


def awkward_table(n=600, seed=0):
    """One column of every kind that a user may bring, and a hostile name."""
    rng = np.random.default_rng(seed)
    words = np.array("a nice bad very big product of last year".split())
    return pd.DataFrame(
        {
            "id": [f"u{i:05}" for i in rng.permutation(n)],
            "row": np.arange(n) + 17,
            "date": pd.date_range("2020-01-01", periods=n).strftime("%d.%m.%Y"),
            "stamp": pd.date_range("2020-01-01", periods=n),
            "free": [" ".join(rng.choice(words, 7)) + f" {i}" for i in range(n)],
            "city": rng.choice([f"city {i}" for i in range(25)], n),
            "constant": "x",
            "nothing": None,
            "copy": rng.integers(0, 2, n),
            "flag": rng.integers(0, 2, n).astype(bool),
            "count": rng.integers(0, 5, n),
            "price": np.where(rng.random(n) < 0.1, "N/A", rng.normal(size=n).round(3).astype(str)),
            "<script>document.title='x'</script>": rng.normal(size=n),
        }
    )


def test_kinds_of_an_awkward_table():
    found = kinds(awkward_table())
    script = found.pop("<script>document.title='x'</script>")
    assert script == "numeric"
    assert found == {
        "id": "id", "row": "id", "date": "date", "stamp": "date", "free": "text",
        "city": "categorical", "constant": "constant", "nothing": "constant", "copy": "boolean",
        "flag": "boolean", "count": "numeric", "price": "numeric",
    }  # fmt: skip


@pytest.mark.parametrize("marker", ["N/A", "?", "-", "", None, np.nan])
def test_numbers_among_markers_stay_numbers(marker):
    table = pd.DataFrame({"a": ["1.5", marker, "2", "-3e2", "7"]}, dtype=object)
    encoder = TableEncoder().fit(table)
    assert encoder.columns_[0].kind == "numeric"
    assert list(encoder.get_feature_names_out()) == ["a", "a:missing"]
    assert encoder.transform(table)[:, 1].tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (range(5, 25), "id"),
        (range(0, 40, 2), "numeric"),
        ([3, 1, 2] * 7, "numeric"),
        ([1, 2, 3], "numeric"),
        ([0.0, 1.0, None] * 5, "boolean"),
        ([1.5, None] * 5, "boolean"),
        (["yes", "no"] * 5, "categorical"),
        (["yes", None] * 5, "categorical"),
        ([True, False, None] * 5, "boolean"),
        (["a b c d", "e f g h"] * 20, "categorical"),
        ([1, "x", 2.5] * 5, "categorical"),
        (pd.array([1, None, 3, 5] * 3, dtype="Int64"), "numeric"),
        (pd.Categorical([1, 2, 3] * 5), "categorical"),
    ],
)
def test_kind_of_a_column(values, kind):
    assert kinds({"a": values}) == {"a": kind}


def test_numbers_are_standardised_and_gaps_take_the_median():
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0, np.nan, 10.0]})
    out = TableEncoder(dtype="float64").fit_transform(table)
    filled = np.array([1, 2, 3, 2.5, 10])
    mean, deviation = np.mean([1, 2, 3, 10]), np.std([1, 2, 3, 10])
    np.testing.assert_allclose(out[:, 0], (filled - mean) / deviation)
    assert out[:, 1].tolist() == [0, 0, 0, 1, 0]


def test_booleans_are_zero_and_one_whatever_the_two_numbers():
    out = TableEncoder().fit_transform(pd.DataFrame({"a": [2, 7, 7, 2], "b": [True, False] * 2}))
    assert out.tolist() == [[0, 1], [1, 0], [1, 1], [0, 0]]
    assert out.dtype == np.float32


def test_rare_unseen_and_missing_categories():
    common = ["red"] * 60 + ["blue"] * 40
    table = pd.DataFrame({"a": [*common, "once", None]})
    encoder = TableEncoder().fit(table)
    assert list(encoder.get_feature_names_out()) == ["a=blue", "a=red", "a:other", "a:missing"]
    out = encoder.transform(pd.DataFrame({"a": ["red", "once", "never seen", None, " blue "]}))
    assert out.tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    # without rare categories in fit there is no place for an unseen one
    plain = TableEncoder().fit(pd.DataFrame({"a": common}))
    assert plain.transform(pd.DataFrame({"a": ["green", None]})).tolist() == [[0, 0], [0, 0]]


def test_a_category_keeps_its_name_where_all_rows_at_hand_look_like_numbers():
    encoder = TableEncoder().fit(pd.DataFrame({"a": ["007", "1.50", "x", 2] * 3}))
    names = encoder.get_feature_names_out().tolist()
    assert names == ["a=007", "a=1.50", "a=2", "a=x"]
    assert encoder.transform(pd.DataFrame({"a": ["1.50", "007"]})).argmax(axis=1).tolist() == [1, 0]


def test_types_override_and_are_checked():
    table = pd.DataFrame({"grade": [1, 2, 3, 1, 2, 3], "size": np.arange(6) ** 2})
    encoder = TableEncoder(types={"grade": "categorical"}).fit(table)
    assert encoder.get_feature_names_out().tolist() == ["grade=1", "grade=2", "grade=3", "size"]
    # integers arrive as floats where a cell is empty
    out = encoder.transform(pd.DataFrame({"grade": [1.0, np.nan], "size": [0, 1]}))
    assert out[:, :3].tolist() == [[1, 0, 0], [0, 0, 0]]
    assert encoder.columns_[0].reason == "set by types"
    with pytest.raises(DataError, match="did you mean 'grade'"):
        TableEncoder(types={"Grades": "numeric"}).fit(table)
    with pytest.raises(DataError, match="must be one of"):
        TableEncoder(types={"grade": "number"}).fit(table)
    with pytest.raises(DataError, match="'a' is numeric, but holds 'x'"):
        TableEncoder(types={"a": "numeric"}).fit(pd.DataFrame({"a": ["1", "x"]}))


def test_every_column_has_a_treatment_and_a_reason():
    encoder = TableEncoder().fit(awkward_table())
    assert all(isinstance(column, Column) and column.reason for column in encoder.columns_)
    for column in encoder.columns_:
        assert (column.treatment == "left out") == (not column.is_used)


@pytest.mark.parametrize(
    ("values", "said"),
    [([1.5, 2, 4, None] * 25, ", 25 % missing"), (["a", "b", None, None] * 25, ", 50 % missing"),
     ([1.5, 2.5, 4.0] * 67 + [None], ", under 1 % missing"), ([1.5, 2.5, 4.0] * 30, " distinct"),
     ([*"abc"] + [None] * 997, ", over 99 % missing"), ([None] * 50, "no value in any row")],
)  # fmt: skip
def test_the_reason_says_how_much_is_missing(values, said):
    [column] = infer_columns(pd.DataFrame({"a": values}))
    assert column.reason.endswith(said)


def test_missing_column_infinity_word_and_unusable_table():
    table = pd.DataFrame({"size": [1.0, 2.5, 3.0], "weight": [3.0, 1.0, 2.0]})
    encoder = TableEncoder().fit(table)
    with pytest.raises(DataError, match="lacks 'weight'; did you mean 'Weight'"):
        encoder.transform(table.rename(columns={"weight": "Weight"}))
    with pytest.raises(DataError, match="'size' contains infinity"):
        encoder.transform(table.assign(size=np.inf))
    with pytest.raises(DataError, match="'size' is numeric, but holds 'big'"):
        encoder.transform(table.assign(size=["1", "big", "2"]))
    with pytest.raises(DataError, match="No column can be used"):
        TableEncoder().fit(pd.DataFrame({"a": ["x"] * 3}))
    with pytest.raises(DataError, match="'a' occurs twice"):
        TableEncoder().fit(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
    with pytest.raises(DataError, match="is expecting 2 features"):
        encoder.transform(np.ones((2, 3)))


def test_polars_and_unnamed_columns():
    table = awkward_table().drop(columns=["nothing", "stamp"])
    encoder = TableEncoder().fit(table)
    np.testing.assert_array_equal(
        encoder.transform(pl.from_pandas(table)), encoder.transform(table)
    )
    assert infer_columns(pl.from_pandas(table)) == infer_columns(table)
    numbers = np.random.default_rng(0).normal(size=(20, 3))
    by_position = TableEncoder().fit(pd.DataFrame(numbers))
    np.testing.assert_array_equal(
        by_position.transform(numbers), by_position.transform(pd.DataFrame(numbers))
    )


def test_huge_and_tiny_numbers_stay_finite():
    table = pd.DataFrame({"huge": [1e308, -1e308, 5e307], "tiny": [1e-320, 5e-320, 3e-320]})
    out = (
        TableEncoder()
        .fit(table)
        .transform(pd.concat([table, table * 1e12]).clip(-1.7e308, 1.7e308))
    )
    assert np.isfinite(out).all()


columns_of_any_kind = st.one_of(
    st.lists(st.floats(allow_infinity=False, width=32) | st.none(), min_size=12, max_size=12),
    st.lists(st.integers(-5, 5) | st.none(), min_size=12, max_size=12),
    st.lists(st.sampled_from(["a", "b", "?", "-", "", None]), min_size=12, max_size=12),
    st.lists(st.text(max_size=4) | st.none(), min_size=12, max_size=12),
    st.lists(st.booleans() | st.none(), min_size=12, max_size=12),
)


@settings(deadline=None)
@given(columns=st.lists(columns_of_any_kind, min_size=1, max_size=5), random=st.randoms())
def test_permuted_columns_and_rows_give_the_same_numbers(columns, random):
    table = pd.DataFrame(
        {f"c{i}": pd.Series(values, dtype=object) for i, values in enumerate(columns)}
    )
    table["anchor"] = np.arange(12) ** 2
    encoder = TableEncoder().fit(table)
    out = encoder.transform(table)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert out.shape == (12, len(encoder.get_feature_names_out()))
    names = list(table.columns)
    random.shuffle(names)
    np.testing.assert_array_equal(encoder.transform(table[names]), out)
    np.testing.assert_array_equal(encoder.transform(table.assign(extra=1)[["extra", *names]]), out)
    rows = random.sample(range(12), 5)
    np.testing.assert_array_equal(encoder.transform(table.iloc[rows]), out[rows])


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (["a", "b", "c"], "classification"),
        ([True, False], "classification"),
        ([0.0, 1.0, np.nan, 1.0], "classification"),
        ([0.5, 1.5, 0.5], "classification"),
        (list(range(10)) * 5, "classification"),
        (["1", "2", "1", "2", "3", "3"], "classification"),
        (list(range(10)), "regression"),
        (list(range(30)) * 5, "regression"),
        ([1.5, 2.5, 3.25, 1.5], "regression"),
        (["1.5", "2.25", "?", "7"], "regression"),
        (["Ja", "ja", "J", "nein", "N", "1"] * 4, "classification"),
        (pd.Series(pd.Categorical(range(30))), "classification"),
    ],
)
def test_task_of_a_target(y, task):
    assert infer_task(y) == task
    assert infer_task(pd.Series(y)) == task


def test_tasks_of_the_shipped_tables():
    tasks = {
        name: infer_task(read_table(name)["target"]) for name in ("digits", "wine", "diabetes")
    }
    assert tasks == {"digits": "classification", "wine": "classification", "diabetes": "regression"}


def test_targets_without_a_task():
    with pytest.raises(DataError, match="no value"):
        infer_task([None, np.nan])
    for dates in (
        pd.date_range("2020-01-01", periods=3),
        ["31.1.2024", "1.2.2024"],
        pd.to_timedelta([1, 2], unit="D"),
    ):
        with pytest.raises(DataError, match="dates"):
            infer_task(pd.Series(dates))
    with pytest.raises(DataError, match="infinity"):
        infer_task([1.0, np.inf])

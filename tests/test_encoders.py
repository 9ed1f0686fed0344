"""Treatments of columns: what they compute, and that none learns from rows it must not see."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from deepen.datasets import Column, DataError, TableEncoder, infer_columns
from deepen.datasets._columns import told_columns
from deepen.datasets.encoders import as_categories
from deepen.model_selection.data import with_categories
from survivor import HOSTILE, table_to_survive


def treatments(encoder):
    return {column.name: column.treatment for column in encoder.columns_}


def test_the_table_to_survive(seed):
    table = table_to_survive(seed=seed).drop(columns="label")
    encoder = TableEncoder()
    out = encoder.fit_transform(table)
    assert np.isfinite(out).all() and out.dtype == np.float32
    kinds = {column.name: column.kind for column in encoder.columns_}
    assert kinds == {
        "id": "id", "row": "id", "date": "date", "text": "text", "city": "categorical",
        "constant": "constant", "copy": "boolean", HOSTILE: "numeric",
    }  # fmt: skip
    assert treatments(encoder)["id"] == treatments(encoder)["row"] == "left out"
    overrides = {column.name: column.override for column in encoder.columns_}
    assert overrides["id"] == "--types id=categorical"
    assert overrides["city"] == "--types city=ignore"
    assert overrides["constant"] == ""
    names = encoder.get_feature_names_out()
    assert len(names) == out.shape[1] == len(encoder.categorical_features_)
    assert len(set(names)) == len(names)


def test_columns_that_were_left_out_may_be_absent_later():
    table = table_to_survive().drop(columns="label")
    encoder = TableEncoder().fit(table)
    few = table.drop(columns=["id", "constant"])
    np.testing.assert_array_equal(encoder.transform(few), encoder.transform(table))


def test_kinds_as_found_keep_their_reasons():
    table = table_to_survive()
    found = infer_columns(table)
    encoder = TableEncoder(types=found).fit(table)
    assert [c.reason for c in encoder.columns_] == [c.reason for c in found]
    with pytest.raises(DataError, match="'no' is not in the table"):
        TableEncoder(types=[Column("no", "text", "", "")]).fit(table)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("customer_id", [17, 3, 99, 45, 1000, 6, 71, 812, 9, 55], "id"),
        ("customerId", [17, 3, 99, 45, 1000, 6, 71, 812, 9, 55], "id"),
        ("amount", [17, 3, 99, 45, 1000, 6, 71, 812, 9, 55], "numeric"),
        ("paid", [17, 3, 99, 45, 1000, 6, 71, 812, 9, 55], "numeric"),
        ("shuffled", [3, 1, 4, 2, 9, 5, 8, 6, 7, 10], "id"),
        ("day", [20240131, 20240229, 20231231, 20240131], "date"),
        ("zip", ["00501", "90210", "10115"] * 4, "categorical"),
        ("price", ["1,50 €", "2,75 €", "3,00 €", "12,00 €"], "numeric"),
        ("share", ["12 %", "15 %", "N/A", "3 %"], "numeric"),
        ("few words", [*map(str, range(2, 60, 2)), "unknown"], "numeric"),
        ("truth", ["true", "False", None, "TRUE"], "boolean"),
        ("span", pd.to_timedelta([1, 2, 5, 7], unit="h"), "numeric"),
    ],
)
def test_kinds(name, values, kind):
    (column,) = infer_columns(pd.DataFrame({name: values}))
    assert column.kind == kind, column


def test_formats_of_numbers_are_remembered():
    train = pd.DataFrame({"price": ["1.234,50 €", "2.000,00 €", "17,25 €", "3,00 €"]})
    encoder = TableEncoder(dtype="float64").fit(train)
    plain = TableEncoder(dtype="float64").fit(pd.DataFrame({"price": [1234.5, 2000, 17.25, 3]}))
    # alone, "1.500" would be one and a half
    later = pd.DataFrame({"price": ["1.500", "2,5"]})
    expected = plain.transform(pd.DataFrame({"price": [1500.0, 2.5]}))
    np.testing.assert_allclose(encoder.transform(later), expected)


@pytest.mark.parametrize("numbers", ["standard", "clipped", "unit"])
@pytest.mark.parametrize("unit", ["", " bar"])
def test_a_number_that_stands_for_a_missing_one_is_missing(numbers, unit, rng):
    """Minus 999 encodes as an empty cell does, in fit and later, in words with units too."""
    values = pd.Series(rng.normal(20, 5, 200).round(2))
    is_gap = rng.random_sample(200) < 0.1
    is_gap[:3], is_gap[3:6] = True, False
    words = values.astype(str) + unit if unit else values
    marked = pd.DataFrame({"t": words.mask(is_gap, "-999" if unit else -999.0)})
    empty = pd.DataFrame({"t": words.mask(is_gap, None)})
    first, second = (TableEncoder(numbers=numbers).fit(table) for table in (marked, empty))
    np.testing.assert_array_equal(first.transform(marked), second.transform(empty))
    np.testing.assert_array_equal(first.transform(marked[::-1]), second.transform(empty[::-1]))
    assert first.columns_[0].reason.endswith("-999 counts as missing")
    trees = TableEncoder(categories="codes").fit_transform(marked)
    np.testing.assert_array_equal(np.isnan(trees[:, 0]), is_gap)


def test_a_number_that_stands_for_missing_in_one_column_does_in_its_sisters():
    """Found thrice in one column, once is enough in another; what is near the others stays."""
    rng = np.random.default_rng(4)
    answers = rng.integers(1, 6, (200, 3)).astype(float)
    answers[:6, 0] = answers[7, 1] = 99.0
    table = pd.DataFrame(answers, columns=["q1", "q2", "q3"]).assign(age=rng.integers(18, 100, 200))
    table.loc[3, "age"] = 99
    found = infer_columns(table)
    assert [column.stand_in for column in found] == [99.0, 99.0, 99.0, None]
    assert [column.holds_stand_in for column in found] == [True, True, False, False]
    assert found[0].override == "--types q1=numeric  # keeps 99" and "ignore" in found[2].override
    later = pd.DataFrame({"q3": [99.0, np.nan]})
    third = TableEncoder(types=found[2:3]).fit(table[["q3"]])
    assert third.transform(later)[0] == third.transform(later)[1]  # both are missing
    # The rows that train need not hold it at all.
    encoder = TableEncoder(types=found).fit(table[8:])
    assert np.abs(encoder.transform(table)).max() < 10
    as_they_are = TableEncoder(types={"q1": "numeric"}).fit(table[["q1"]])
    assert as_they_are.get_feature_names_out().tolist() == ["q1"]


def test_rows_without_a_target_tell_what_counts_as_missing():
    """A code that none of the labelled rows holds often enough."""
    few = pd.DataFrame({"q1": [1.0, 2.0, 3.0, 99.0, 5.0] * 4})[:5]
    many = pd.DataFrame({"q1": [1.0, 2.0, 4.0, 99.0, 5.0] * 20})
    assert told_columns(few, None)[0].stand_in is None
    assert told_columns(few, None, many)[0].stand_in == 99.0
    few, many = (table.astype(int).astype(str) + " kg" for table in (few, many))
    assert told_columns(few, None)[0].stand_in is None
    assert told_columns(few, None, many)[0].stand_in == 99.0


def test_categories_that_capitals_alone_tell_apart_are_named():
    table = pd.DataFrame({"a": ["North", "South ", "north", "South"] * 5, "b": [*"wxyz"] * 5})
    first, second = infer_columns(table)
    assert first.reason == "strings, 3 distinct; 'North' and 'north' differ by case alone"
    assert second.reason == "strings, 4 distinct"


@pytest.mark.parametrize(
    "numbers", [[95.0, 97, 99, 96, 99, 98, 99], [1, 2, 3, 4, 999], [5, 999] * 9]
)
def test_a_number_near_the_others_or_a_single_one_stands_for_itself(numbers):
    [column] = infer_columns(pd.DataFrame({"a": np.array(numbers, dtype=float)}))
    assert "missing" not in column.reason


def test_truth_values_among_numbers_stay_what_they_are():
    cells = [*map(str, range(40)), *["false"] * 20, *["true"] * 5]
    assert infer_columns(pd.DataFrame({"a": cells}))[0].kind == "categorical"


def test_minus_one_among_counts_is_missing_where_it_is_the_commonest(rng):
    days = rng.randint(0, 300, 400).astype(float)
    never = rng.random_sample(400) < 0.3
    marked = pd.DataFrame({"days": np.where(never, -1, days)})
    empty = pd.DataFrame({"days": np.where(never, np.nan, days)})
    first, second = TableEncoder().fit(marked), TableEncoder().fit(empty)
    assert "-1 counts as missing" in first.columns_[0].reason
    np.testing.assert_array_equal(first.transform(marked), second.transform(empty))


@pytest.mark.parametrize("values", ["temperatures", "floors", "scale", "amounts"])
def test_minus_one_that_is_a_number(values, rng):
    if values == "temperatures":
        numbers = rng.randint(-20, 30, 400)
    elif values == "floors":
        numbers = np.repeat(np.arange(-1, 30), [5, 40, *[10] * 29])
    elif values == "scale":
        numbers = np.repeat([-1, 0, 1, 2], [40, 20, 20, 20])
    else:
        numbers = np.where(rng.random_sample(400) < 0.2, -1, rng.gamma(2, 50, 400))
    [column] = infer_columns(pd.DataFrame({"a": np.asarray(numbers, float)}))
    assert column.stand_in is None


def test_a_word_that_stands_for_missing_numbers(rng):
    days, never = rng.randint(0, 300, 400).astype(str), rng.random_sample(400) < 0.3
    marked = pd.DataFrame({"days": np.where(never, "None so far", days)})
    empty = pd.DataFrame({"days": np.where(never, None, days)})
    first, second = TableEncoder().fit(marked), TableEncoder().fit(empty)
    assert first.columns_[0].reason.endswith("; 'none so far' counts as missing")
    np.testing.assert_array_equal(first.transform(marked), second.transform(empty))
    all_words = pd.DataFrame({"days": ["none so far"] * 3})
    assert first.transform(all_words)[:, 1].tolist() == [1, 1, 1]  # as often as it may be


def test_words_in_a_column_of_numbers():
    table = pd.DataFrame({"a": [*map(str, range(2, 60, 2)), "unknown"]})
    encoder = TableEncoder().fit(table)
    assert "'unknown' count as missing" in encoder.columns_[0].reason
    assert encoder.transform(table)[:, 1].tolist() == [0] * 29 + [1]
    few = pd.DataFrame({"a": ["1", "2", "3", "new word"]})
    assert encoder.transform(few)[:, 1].tolist() == [0, 0, 0, 1]
    with pytest.raises(DataError, match="'a' is numeric, but holds 'b'"):
        encoder.transform(pd.DataFrame({"a": ["1", "b"]}))


CENTRES_AND_SCALES = {
    "robust": lambda x: (np.median(x), np.quantile(x, 0.75) - np.quantile(x, 0.25)),
    "clipped": lambda x: (x.mean(), 2 * x.std()),
}


@pytest.mark.parametrize("numbers", sorted(CENTRES_AND_SCALES))
def test_scaled_numbers_are_clipped_smoothly(numbers, rng):
    x = rng.standard_cauchy(500)
    table = pd.DataFrame({"x": x, "two": np.where(x > 0, 7, 5)})
    out = TableEncoder(numbers=numbers, dtype="float64").fit_transform(table)
    center, scale = CENTRES_AND_SCALES[numbers](x)
    z = (x - center) / scale
    np.testing.assert_allclose(out[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-12)
    assert np.abs(out).max() < 3
    np.testing.assert_array_equal(out[:, 1], x > 0)
    huge = TableEncoder(numbers=numbers).fit(pd.DataFrame({"x": x}))
    assert huge.transform(pd.DataFrame({"x": [1e308, -1e308]})).tolist() == [[3], [-3]]
    largest = pd.DataFrame({"x": [1.7e308, -1.7e308, 0.0]})
    assert np.isfinite(TableEncoder(numbers=numbers).fit_transform(largest)).all()


def test_dates_become_the_parts_that_vary(rng):
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.randint(0, 60, 80), unit="D")
    table = pd.DataFrame({"d": moments.strftime("%d/%m/%Y")})
    table.loc[3, "d"] = None
    encoder = TableEncoder(dtype="float64").fit(table)
    names = encoder.get_feature_names_out().tolist()
    assert names == ["d:month", "d:day", "d:day of week", "d:days", "d:missing"]
    out = encoder.transform(table)
    known = np.arange(80) != 3
    days = (moments - moments.min()).days.to_numpy()[known]
    z = (days - days.mean()) / days.std()
    np.testing.assert_allclose(out[known, 3], z, rtol=1e-9)
    assert out[:, -1].sum() == 1 and out[3, -1] == 1
    # as moments they are the same dates
    typed = TableEncoder(dtype="float64").fit_transform(pd.DataFrame({"d": moments}))
    assert typed.shape == (80, 4)


def test_text_tells_what_its_words_tell(rng):
    good = rng.randint(0, 2, 300)
    words = np.array(["parcel", "house", "street", "weather", "music", "table"])
    table = pd.DataFrame(
        {
            "text": [
                f"{' '.join(rng.choice(words, 5))} {'splendid' if g else 'dreadful'} {i}"
                for i, g in enumerate(good)
            ]
        }
    )
    encoder = TableEncoder().fit(table.iloc[:200])
    out = encoder.transform(table)
    assert out.shape == (300, 16)
    fit = LinearRegression().fit(out[:200], good[:200])
    assert fit.score(out[200:], good[200:]) > 0.9
    unknown = encoder.transform(pd.DataFrame({"text": ["never heard", None]}))
    assert not unknown.any()


def test_text_without_recurring_words_is_left_out():
    table = pd.DataFrame({"a": [f"w{i} x{i} y{i} z{i}" for i in range(30)], "b": range(0, 60, 2)})
    encoder = TableEncoder().fit(table)
    assert treatments(encoder)["a"] == "left out"
    assert encoder.transform(table).shape == (30, 1)


def many_categories(rng, n=1500):
    city = rng.randint(0, 150, n)
    return pd.DataFrame({"city": [f"c{c}" for c in city]}), city


def test_means_of_the_target_by_category(rng):
    table, city = many_categories(rng)
    y = (city % 7) + 0.1 * rng.normal(size=len(city))
    encoder = TableEncoder(dtype="float64")
    encoder.fit(table, y)
    out = encoder.transform(table)[:, 0]
    assert np.corrcoef(out, city % 7)[0, 1] > 0.99
    assert "mean of the target" in treatments(encoder)["city"]
    labels = np.array(["low", "mid", "high"])[city % 3]
    classes = TableEncoder().fit(table, labels)
    assert classes.get_feature_names_out().tolist() == [
        f"city:mean of {label}" for label in ("high", "low", "mid")
    ]
    unseen = classes.transform(pd.DataFrame({"city": ["nowhere", None]}))
    assert np.isfinite(unseen).all() and (unseen[0] == unseen[1]).all()


def test_means_of_a_target_without_any_signal_do_not_leak(rng):
    """A row's own target must not come back through its category's mean."""
    table = pd.DataFrame({"city": [f"c{c}" for c in rng.randint(0, 400, 800)]})
    y = rng.normal(size=800)
    own = TableEncoder().fit_transform(table, y)[:, 0]
    assert abs(np.corrcoef(own, y)[0, 1]) < 0.15
    leaky = TableEncoder().fit(table, y).transform(table)[:, 0]
    assert np.corrcoef(leaky, y)[0, 1] > 0.15
    model = make_pipeline(TableEncoder(), LinearRegression())
    assert cross_val_score(model, table, y, cv=4).mean() < 0.05


def test_gaps_in_the_target_and_too_few_labels(rng):
    table, city = many_categories(rng)
    y = np.where(rng.rand(len(city)) < 0.5, np.nan, city % 2)
    out = TableEncoder().fit_transform(table, y)
    assert np.isfinite(out).all() and out.shape[1] == 1
    few = np.full(len(city), np.nan)
    few[:3] = 1.0
    assert TableEncoder().fit_transform(table, few).shape[1] == 32


def test_hashed_without_a_target(rng):
    table, _ = many_categories(rng)
    encoder = TableEncoder().fit(table)
    out = encoder.transform(table)
    assert out.shape == (1500, 32)
    assert set(np.unique(out)) == {-1.0, 0.0, 1.0} and (np.abs(out).sum(axis=1) == 1).all()
    again = TableEncoder().fit(table.sample(frac=1, random_state=0))
    np.testing.assert_array_equal(again.transform(table), out)


def test_codes_are_native_categories_of_trees(rng):
    n = 400
    table = pd.DataFrame(
        {
            "colour": rng.choice(["red", "green", "blue", None], n),
            "size": np.where(rng.rand(n) < 0.1, np.nan, rng.normal(size=n)),
            "day": pd.date_range("2024-01-01", periods=n).strftime("%Y-%m-%d"),
        }
    )
    y = (table["colour"] == "green").to_numpy() ^ (table["size"] > 1).to_numpy()
    encoder = TableEncoder(categories="codes")
    out = encoder.fit_transform(table)
    assert encoder.categorical_features_.tolist() == [True] + [False] * (out.shape[1] - 1)
    assert np.isnan(out[:, 0]).tolist() == table["colour"].isna().tolist()
    np.testing.assert_allclose(out[:, 1], table["size"].astype("float32"))
    trees = HistGradientBoostingClassifier(
        categorical_features=encoder.categorical_features_, random_state=0
    ).fit(out, y)
    assert trees.score(out, y) > 0.97
    new = encoder.transform(pd.DataFrame({"colour": ["violet"], "size": [0.0], "day": [None]}))
    assert np.isnan(new[0, 0]) and np.isnan(new[0, 2])
    many = pd.DataFrame({"c": [f"c{k % 700}" for k in range(1400)]})
    codes = TableEncoder(categories="codes").fit_transform(many)
    assert codes.max() == 250  # the rest share one code, below what trees bear


def test_whole_numbers_as_categories_whatever_their_type():
    table = pd.DataFrame({"grade": [1, 2, 3] * 4, "size": np.arange(12.0) ** 2})
    encoder = TableEncoder(types={"grade": "categorical"}).fit(table)
    expected = encoder.transform(table)
    for values in (table["grade"].astype(float), table["grade"].map("{}.0".format),
                   table["grade"].map("{}".format), table["grade"].astype("category")):  # fmt: skip
        np.testing.assert_array_equal(encoder.transform(table.assign(grade=values)), expected)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"numbers": "rank"}, "numbers must be"), ({"categories": "ints"}, "categories must be"),
     ({"dtype": "int32"}, "dtype must be")],
)  # fmt: skip
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder(**parameters).fit(pd.DataFrame({"a": [1.0, 2.0]}))


def test_categories_read_once_encode_as_their_cells_do(rng):
    """Missing marks, blanks around names, numbers among words, a rare name, categories unused."""
    cells = np.array(["a", " a", "b ", "N/A", "", "7", "once", None], dtype=object)
    column = cells[rng.choice(8, 300, p=[0.3, 0.1, 0.2, 0.1, 0.1, 0.15, 0.0, 0.05])]
    column[0] = "once"
    raw = pd.DataFrame({"c": column, "x": rng.normal(size=300)})
    kinds = infer_columns(raw)
    once = with_categories(
        raw, [replace(c, kind="categorical") if c.name == "c" else c for c in kinds]
    )
    assert isinstance(once["c"].dtype, pd.CategoricalDtype)
    assert raw["c"].iloc[0] == "once" and not isinstance(raw["c"].dtype, pd.CategoricalDtype)
    for form in ("columns", "codes"):
        first = TableEncoder(types={"c": "categorical"}, categories=form).fit(raw[1:200])
        second = TableEncoder(types={"c": "categorical"}, categories=form).fit(once[1:200])
        assert first.encoders_ == second.encoders_
        expected = first.transform(raw)
        for encoder, table in ((first, once), (second, raw), (second, once)):
            np.testing.assert_array_equal(encoder.transform(table), expected)


def test_text_of_many_names_and_numbers_stay_as_they_are(rng):
    many = pd.Series([f"n{i}" for i in range(300)])
    assert as_categories(many) is many
    numbers = pd.Series(rng.randint(0, 3, 300))
    assert as_categories(numbers) is numbers


@pytest.mark.parametrize(
    ("name", "value"), [("n_samples_", []), ("n_features_in_", 3), ("dtype", "int8")]
)
def test_a_fitted_state_that_does_not_fit_together_is_refused(name, value):
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.0, 2, 4], "b": [*"xyx"]}))
    encoder.check_arrays()
    setattr(encoder, name, value)
    with pytest.raises(ValueError, match=name):
        encoder.check_arrays()


def test_limits_of_what_can_be_measured(rng):
    levels = np.round(rng.gamma(2, 1, 400), 2)
    measured = pd.DataFrame({"lead": [str(x) if x >= 0.5 else "<0.5" for x in levels]})
    encoder = TableEncoder(numbers="none").fit(measured)
    assert "; limits such as '<0.5' count as their numbers" in encoder.columns_[0].reason
    np.testing.assert_allclose(
        encoder.transform(measured)[:, 0], np.maximum(levels, 0.5), rtol=1e-6
    )
    later = pd.DataFrame({"lead": ["> 20", "3"]})
    assert encoder.transform(later)[:, 0].tolist() == [20, 3]


@pytest.mark.parametrize("limit", ["> 9999", ">999"])
def test_the_number_of_a_limit_is_no_stand_in(limit, rng):
    readings = [*map(str, rng.randint(40, 400, 300)), *[limit] * 20]
    encoder = TableEncoder(numbers="none").fit(
        pd.DataFrame({"glucose": readings, "b": [-999, 1] * 160})
    )
    told = encoder.transform(pd.DataFrame({"glucose": [limit], "b": [1]}))
    assert told[0, 0] == float(limit.strip("> "))


YES_AND_NO = [
    ("true t", "false f"), ("yes y", "no n"), ("on", "off"), ("ja j", "nein nee nej nei n"),
    ("wahr", "falsch"), ("oui o", "non n"), ("vrai", "faux"), ("sí si sì s", "no n"),
    ("sim s", "não nao n"), ("vero", "falso"), ("verdadero", "falso"), ("verdadeiro", "falso"),
]  # fmt: skip


@settings(deadline=None)
@given(
    pair=st.sampled_from(YES_AND_NO),
    rows=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.randoms()), max_size=20),
    has_digits=st.booleans(),
)
def test_yes_and_no_in_several_spellings(pair, rows, has_digits):
    yes, no = (words.split() for words in pair)
    yes, no = yes + ["1"] * has_digits, no + ["0"] * has_digits
    cells, truth = [yes[0], yes[0].upper(), no[0], None], [1, 1, 0]
    for is_yes, which, random in rows:
        word = (yes if is_yes else no)[which % len(yes if is_yes else no)]
        cells.append("".join(random.choice((c, c.upper())) for c in word))
        truth.append(int(is_yes))
    table = pd.DataFrame({"x": cells})
    encoder = TableEncoder().fit(table)
    assert encoder.columns_[0].kind == "boolean"
    for written in (cells, [cell and cell.swapcase() for cell in cells]):
        out = encoder.transform(pd.DataFrame({"x": written}))
        assert np.delete(out[:, 0], 3).tolist() == truth
        assert np.flatnonzero(out[:, 1]).tolist() == [3]


@pytest.mark.parametrize(
    "cells",
    ["Yes No", "ja nein", "o n s", "t f n", "n N", "ja Ja JA", "ja Ja no", "ja nein unknown",
     "true Ja nein", "0 1 n", "1 n N", "0 1 on 2", "y n j"],
)  # fmt: skip
def test_categories_that_are_no_yes_and_no(cells):
    cells = cells.split() * 4
    [column] = infer_columns(pd.DataFrame({"a": cells}))
    assert column.kind == "categorical"
    encoder = TableEncoder().fit(pd.DataFrame({"a": cells}))
    assert len(encoder.get_feature_names_out()) == len(set(cells))
    assert infer_columns(pd.DataFrame({"a": pd.Categorical(cells)}))[0].kind == "categorical"


def test_what_yes_and_no_are_is_said():
    cells = ["1", "Ja", "ja", "J", "Nein", "n", None, None]
    [column] = infer_columns(pd.DataFrame({"a": cells}))
    said = "; 'Ja' and 3 more are yes, 'Nein' and 1 more are no"
    assert column.reason == "2 distinct numbers, 25 % missing" + said
    told = TableEncoder(types={"a": "boolean"}).fit(pd.DataFrame({"a": cells}))
    assert told.columns_[0].reason == "set by types" + said


@pytest.mark.parametrize("cells", [["Nein", "Ja"], ["n", "1"], ["0", "J"], ["false", "true"]])
@pytest.mark.parametrize("dtype", [object, "category"])
def test_a_column_told_to_be_boolean(cells, dtype):
    table = pd.DataFrame({"a": pd.Series(cells, dtype=dtype)})
    out = TableEncoder(types={"a": "boolean"}).fit_transform(table)
    assert out.tolist() == [[0], [1]]


@pytest.mark.parametrize(
    ("cells", "said"),
    [("maybe perhaps", "'maybe', 'perhaps'"), ("ja Nein perhaps", "'perhaps'"), ("ja no", "'ja', 'no'"),
     ("1 0 x", "'x'")],
)  # fmt: skip
def test_a_column_told_to_be_boolean_that_is_not(cells, said):
    table = pd.DataFrame({"my x": cells.split()})
    remedy = "mend these cells, or give --types 'my x=categorical'."
    if said != "'ja', 'no'":  # which are answers
        words = ",".join(said.split("'")[1::2])
        remedy = (
            "mend these cells, give --types 'my x=categorical', or have what stands for nothing count as "
            f"missing by --missing 'my x={words}'."
        )
    message = f"^Column 'my x' is told to be boolean, but holds {said}; {remedy}$"
    with pytest.raises(DataError, match=message):
        TableEncoder(types={"my x": "boolean"}).fit(table)
    with pytest.raises(DataError, match="is numeric, but holds"):
        TableEncoder(types={"my x": "numeric"}).fit(table)


def test_words_in_a_later_column_of_yes_and_no():
    encoder = TableEncoder().fit(pd.DataFrame({"a": ["ja", "Ja", "nein", None]}))
    out = encoder.transform(pd.DataFrame({"a": ["JA", "N", "1", "no"]}))
    assert out.tolist() == [[1, 0], [0, 0], [1, 0], [1, 1]]
    with pytest.raises(DataError, match="'a' is boolean, but holds 'yes', 'no'; mend these cells"):
        encoder.transform(pd.DataFrame({"a": ["JA", "N", "yes", "no"]}))


def test_yes_and_no_among_numbers_are_missing():
    cells = [*(str(k * k) for k in range(1, 40)), *["no"] * 30]
    for words in ([], ["yes"]):
        encoder = TableEncoder(numbers="none").fit(pd.DataFrame({"a": cells + words}))
        assert encoder.columns_[0].kind == "numeric"
        assert encoder.transform(pd.DataFrame({"a": ["no", "7"]})).tolist() == [[400, 1], [7, 0]]


def test_rows_of_one_side_are_read_as_the_whole_column_is():
    """Letters such as n are of several families; which it is, the whole column says."""
    table = pd.DataFrame({"a": ["n", "N", "j", "J"], "b": ["n", "n", "1", "1"], "c": [5, 1, 2, 9]})
    found = told_columns(table, {"b": "boolean"})
    assert [column.truth for column in found] == ["ja", "yes", ""]
    encoder = TableEncoder(types=found).fit(table[:2])
    assert encoder.transform(table)[:, :2].tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]


def test_no_answer_beside_yes_and_no_is_missing(rng):
    """Twelve categories, were each spelling and each word for nothing one."""
    cells = ["Ja", "ja", "J", "Nein", "nein", "k.A.", "unbekannt", None] * 5
    encoder = TableEncoder(numbers="none").fit(pd.DataFrame({"a": rng.permutation(cells)}))
    [column] = encoder.columns_
    assert column.kind == "boolean" and "count as missing" in column.reason
    out = encoder.transform(pd.DataFrame({"a": ["JA", "nein", "K.A.", "keine Angabe", None]}))
    assert out[:2].tolist() == [[1, 0], [0, 0]] and out[2:, 1].tolist() == [1, 1, 1]
    told = TableEncoder(types={"a": "boolean"}).fit(
        pd.DataFrame({"a": ["Ja", "Nein", "Unbekannt"] * 4})
    )
    assert told.columns_[0].truth == "ja"
    for cells in (["true", "false", "unknown"], ["1", "0", "Unknown"]):
        encoder = TableEncoder(types={"a": "boolean"}, numbers="none")
        out = encoder.fit_transform(pd.DataFrame({"a": cells * 4}))
        assert out[:2].tolist() == [[1, 0], [0, 0]] and out[2, 1] == 1
    three = TableEncoder().fit(pd.DataFrame({"a": ["Ja", "Nein", "unbekannt"] * 9}))
    assert three.columns_[0].kind == "categorical"  # two spellings: plain categories
    assert "'unbekannt' among them, missing if told by --missing" in three.columns_[0].reason

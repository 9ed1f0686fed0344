"""Numbers and dates as people write them come back as what they were."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepen.datasets.dates import date_parts, find_order, parse_dates
from deepen.datasets.number_format import MARKS, NumberFormat, find_format, limit_mark


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,5", "12,25"], [1.5, 12.25]),
        (["1,234", "5,678"], [1234, 5678]),
        (["0,123", "1,5"], [0.123, 1.5]),
        (["1.234", "12"], [1.234, 12]),
        (["1.234", "1.234.567"], [1234, 1234567]),
        (["1.234,50 €", "12 €"], [1234.5, 12]),
        (["$1,234.50", "-$3"], [1234.5, -3]),
        (["12 %", "3.5%"], [12, 3.5]),
        (["1 234,5", "12\u00a0000"], [1234.5, 12000]),
        (["1'234.5", "7"], [1234.5, 7]),
        (["(3.50)", "4"], [-3.5, 4]),
        (["5-", "\u22123"], [-5, -3]),
        (["3.5 bar", "-2bar", "-999"], [3.5, -2, -999]),
        (["85 m2", "1,120 m2", "7.5m2"], [85, 1120, 7.5]),
        (["21 °C", "1,5 °C"], [21, 1.5]),
        (["1.200,5 m²", "5 m²"], [1200.5, 5]),
        (["USD 10", "USD 1e3"], [10, 1000]),
        (["2.468,84 €", "€ 224,40", "1.001,55 EUR"], [2468.84, 224.4, 1001.55]),
        ([".5", "+2.", "-1E-2"], [0.5, 2, -0.01]),
        (["13.750 €", "650 €", "8.100 €", "1.249.000 €"], [13750, 650, 8100, 1249000]),
        (["13.750 EUR", "22.490 EUR", "8.900 EUR"], [13750, 22490, 8900]),
        (["1.250 kg", "2.500 kg", "3.750 kg", "10 kg"], [1.25, 2.5, 3.75, 10]),
        (["12.500 %", "33.330 %", "8.250 %", "100 %"], [12.5, 33.33, 8.25, 100]),
        (["$12.345", "$13.217", "$12.998", "$13.410"], [12.345, 13.217, 12.998, 13.41]),
        (["13.750", "8.100", "22.490", "650"], [13.75, 8.1, 22.49, 650]),
        (["199.900 km", "1.250 km", "900 km", "9.000 km"], [199900, 1250, 900, 9000]),
        (["1.459 €", "1.399 €", "1.520 €"], [1.459, 1.399, 1.52]),
        (["12.500", "13.125", "8.250"], [12.5, 13.125, 8.25]),
        (["1.234", "5.678", "9.101", "12"], [1.234, 5.678, 9.101, 12]),
        (["0.750", "1.250", "2.500", "3"], [0.75, 1.25, 2.5, 3]),
        (["1.250", "2.5", "3.750", "4"], [1.25, 2.5, 3.75, 4]),
        (["1.250", "2.750", "3.500", "1024"], [1.25, 2.75, 3.5, 1024]),
    ],
)
def test_ways_to_write_numbers(cells, numbers):
    number_format, share = find_format(cells)
    assert share == 1
    assert number_format.parse_all(cells) == numbers


@pytest.mark.parametrize(
    "cells",
    [["a", "b"], ["$5", "€5"], ["$5", "5 EUR"], ["00501", "90210"], ["0x10"], ["1_0"], ["5 % 3"], ["1,2,3"],
     ["12:30"], ["1-2"], ["5 kg", "500 g"], ["12a", "12b"], ["5a", "6", "7"], ["A4", "A5"], ["3 4 a"],
     [], ["ABC 12", "ABC 13"]],
)  # fmt: skip
def test_what_is_no_number(cells):
    assert find_format(cells)[0] is None


def test_a_unit_that_was_not_learnt_is_a_word():
    number_format = find_format(["5 kg", "3 kg"])[0]
    assert number_format.affix == "kg" and number_format.words == "unit kg"
    assert number_format.parse_all(["7", "7kg"]) == [7, 7]
    assert np.isnan(number_format.parse_all(["7 g", "kg", "7 kg kg"])).all()
    assert np.isnan(find_format(["5", "3"])[0].parse("5 kg"))


def test_a_few_words_among_numbers():
    cells = [str(k) for k in range(99)] + ["unknown"]
    number_format, share = find_format(cells)
    assert number_format == NumberFormat() and share == 0.99
    assert np.isnan(number_format.parse("unknown"))
    assert find_format(["1", "2", "x"])[0] is None


@settings(deadline=None)
@given(
    word=st.sampled_from(["none", "Unknown", "n. d.", "pending"]),
    numbers=st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 2)), min_size=20, unique=True),
    n_of_word=st.integers(2, 500),
)
def test_one_word_among_many_numbers_stands_for_a_missing_one(word, numbers, n_of_word):
    cells, counts = [*map(str, numbers), word], [1] * len(numbers) + [n_of_word]
    found, share = find_format(cells, counts)
    is_common = len(numbers) / sum(counts) < 0.95
    assert found.parse_all(cells[:-1]) == numbers
    assert share == (1 if is_common else len(numbers) / sum(counts))
    assert found.word == (word.lower() if is_common else "")


def test_words_that_are_categories():
    numbers, total = [str(k) for k in range(100)], 1000
    two = [total // 3, total // 3]
    assert find_format([*numbers, "low", "high"], [1] * 100 + two)[0] is None
    assert find_format([*numbers[:19], "none"], [20] * 19 + [200])[0] is None  # nineteen grades
    codes = [f"{k:03d}" for k in range(100)]
    assert find_format([*codes, "none"], [1] * 100 + [50])[0] is None


def written(number, decimal, thousands, digits):
    text = f"{number:,.{digits}f}".replace(",", "\0").replace(".", decimal)
    return text.replace("\0", thousands)


@settings(deadline=None)
@given(
    marks=st.sampled_from(MARKS),
    numbers=st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), min_size=1, max_size=20),
    sign=st.sampled_from(["", "€", "%", "$"]),
)
def test_any_format_reads_what_it_writes(marks, numbers, sign):
    cells = [written(number, *marks, 2) + sign for number in numbers]
    assert NumberFormat(*marks).parse_all(cells) == numbers
    found, share = find_format(cells)
    assert share == 1
    # two decimals are never three digits of thousands, so that only one reading is left
    assert found.parse_all(cells) == numbers


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["2024-03-31", "2023-1-2"], None),
        (["2024-03", "2023-12"], None),
        (["3/2024", "11/2023"], None),
        (["31.03.2024", "1.2.2024"], "dmy"),
        (["3/31/24", "1/2/24"], "mdy"),
        (["31/12/24", "1/2/24"], "dmy"),
        (["1/2/24", "3/4/24"], "mdy"),
        (["1-2-2024", "3-4-2024"], "dmy"),
        (["31 March 2024", "1. Apr 2023"], None),
        (["Mar 31, 2024", "April 1st, 2023"], None),
        (["20240331", "20231231"], None),
        (["2024-03-31T10:00:00Z", "2024-03-31 10:00"], None),
    ],
)
def test_orders_of_dates(cells, order):
    found, share = find_order(cells)
    assert share == 1
    assert order is None or found == order


def test_no_dates():
    for cells in (["192.168.1.1"], ["1.2.3"], ["31.02.2024"], ["2024-13-01"], ["May"], ["12"], []):
        assert find_order(cells)[1] == 0
    assert np.isnat(parse_dates(["30.2.2024", "2024-00-10", "soon", "99999999"], "dmy")).all()


WAYS = ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d %B %Y %H:%M:%S",
        "%b %d, %Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d %H:%M:%S"]  # fmt: skip


@settings(deadline=None)
@given(
    moments=st.lists(
        st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2099, 12, 31)), min_size=1
    ),
    way=st.sampled_from(WAYS),
)
def test_parts_of_dates_are_those_of_the_calendar(moments, way):
    order = "mdy" if way.startswith("%m") else "dmy"
    parsed = parse_dates([moment.strftime(way) for moment in moments], order)
    parts = date_parts(parsed)
    for moment, row in zip(moments, parts, strict=True):
        moment = moment.replace(microsecond=0)
        days = (moment - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)
        assert row[:6].tolist() == [
            moment.year, moment.month, moment.day, moment.weekday(), moment.hour, moment.minute
        ]  # fmt: skip
        assert row[6] == pytest.approx(days, abs=1e-9)


@settings(deadline=None)
@given(
    months=st.lists(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)), min_size=1),
    way=st.sampled_from(["%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%B %Y", "%b-%Y"]),
)
def test_months_are_their_first_days(months, way):
    parsed = parse_dates([month.strftime(way) for month in months], "dmy")
    assert parsed.astype("M8[D]").tolist() == [month.replace(day=1) for month in months]


def test_no_date_has_no_parts():
    assert np.isnan(date_parts(np.array(["NaT"], "M8[s]"))).all()


@settings(deadline=None)
@given(
    mark=st.sampled_from(["<", "> ", "<=", "\u2265"]),
    limit=st.floats(0, 1e6).map(lambda x: round(x, 2)),
    unit=st.sampled_from(["", " mg/L"]),
    numbers=st.lists(st.floats(0, 1e6).map(lambda x: round(x, 2)), min_size=20, unique=True),
    n_of_limit=st.integers(1, 500),
)
def test_a_limit_among_many_numbers_is_its_number(mark, limit, unit, numbers, n_of_limit):
    cells = [f"{number}{unit}" for number in numbers]
    found, share = find_format([*cells, f"{mark}{limit}{unit}"], [1] * len(cells) + [n_of_limit])
    assert found is not None and not found.word
    assert found.parse_all([*cells, f"{mark}{limit}{unit}"]) == [*numbers, limit]
    assert share == 1 and found.limits


@pytest.mark.parametrize(
    "cells", [["<18", "18-25", ">65"], ["<=50K", ">50K"], ["<1", "1", "2", "3", ">3"]]
)
def test_ranges_are_categories(cells):
    assert find_format(cells, [100] * len(cells))[0] is None


def test_few_numbers_and_limits():
    limits, numbers = ["<0.5", "> 9"], ["1", "2", "3", "4", "5"]
    assert find_format([*limits, *numbers], [300] * 2 + [5] * 5)[0] == NumberFormat(limits=True)
    assert find_format([*limits, *numbers[:4]], [300] * 2 + [5] * 4)[0] is None
    assert find_format([*limits, *numbers, "none"], [300] * 2 + [5] * 5 + [300])[0] is None


def test_limits_of_every_kind():
    numbers = [str(k) for k in range(-30, 30)]
    for limit, number in (("<-60", -60), ("< $5", 5), ("$<5", 5), ("<  1", 1), (">1,000", 1000)):
        found, share = find_format([*numbers, limit], [1] * 60 + [100])
        assert share == 1 and found.parse_all([limit]) == [number] and limit_mark(limit)
    # What a column learnt is remembered with it, also that of files of before.
    assert np.isnan(NumberFormat(word="<0.5").parse("<0.5"))

"""The page: complete, escaped, small, without anything to run or to fetch."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
import sys
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from deepen.plotting import plot_confusion_matrix, plot_filters, plot_ladder, plot_learning_curves
from deepen.report import ColumnRow, Filters, ImportanceRow, MistakeRow, Notice, render
from deepen.report.chart import Span, round_steps, tick_text
from deepen.report.data import Limits
from deepen.report.explanation import contact_sheet, heat_map
from deepen.report.page import parts_of
from deepen.report.png import png, thumbnail
from deepen.report.style import DARK, LIGHT, PAPER, STYLE
from deepen.report.text import cleaned, clip, named, shown
from sample_report import HOSTILE, sample_report

ONE_MEGABYTE = 1_000_000
SECTIONS = [
    "ladder", "differences", "curves", "labels", "confusion", "calibration", "threshold",
    "importances", "mistakes", "filters", "layers", "columns", "rows",
]  # fmt: skip


class Tags(HTMLParser):
    """Collects tags and attributes as a browser would see them."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text, self.headings, self.open = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "h2":
            self.headings.append(dict(attrs)["id"])
        if tag not in ("meta", "link", "img", "line", "circle", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag, f"<{tag}> closes another element"

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    return tags


def text_of(page):
    return " ".join("".join(parsed(page.split("</style>")[1]).text).split())


# What a stranger's table can do.


@pytest.mark.parametrize("is_classification", [True, False])
@pytest.mark.parametrize("has_pictures", [True, False])
@pytest.mark.parametrize(
    "name", [HOSTILE, "' onload='x", '" onmouseover="x', "</style><script>x", "<!--", "&lt;b&gt;"]
)
def test_hostile_names_stay_text(name, is_classification, has_pictures):
    how = {"is_classification": is_classification, "has_pictures": has_pictures}
    tags = parsed(render(sample_report(name, **how)))
    plain = parsed(render(sample_report("a" * len(name), **how)))
    assert tags.tags == plain.tags
    assert [n for n, _ in tags.attributes if n != "title"] == [
        n for n, _ in plain.attributes if n != "title"
    ]
    assert "script" not in tags.tags and not [n for n, _ in tags.attributes if n.startswith("on")]
    assert sum(name[:12] in text for text in tags.text) > 25


def test_a_name_of_any_length_is_cut_in_the_middle_and_kept_in_part():
    name = "start-" + "x" * 10_000 + "-end"
    page = render(sample_report(name, 40))
    assert len(page.encode()) < ONE_MEGABYTE
    titles = [value for n, value in parsed(page).attributes if n == "title"]
    assert titles and max(len(title) for title in titles) < 300
    assert "start-xx" in page and "-end</span>" in page and "10,010 characters" in titles[0]
    assert not re.search("x{2001}", page)


@pytest.mark.parametrize(
    "bad", ["\x00", "\x1b[31m", "\ud800", "\u202e", "\u2066", "\uffff", "\x85"]
)
def test_characters_that_do_harm_are_replaced(bad):
    page = render(sample_report(f"a{bad}b"))
    assert bad not in page
    page.encode("utf-8")


def test_nameless_columns_and_spaces():
    assert "no name" in named("")
    assert cleaned(" a\r\n\tb ") == " a b "
    assert shown("3 %") == "3\u00a0%"


@pytest.mark.parametrize("length", [1, 2, 5, 10, 11])
def test_a_clipped_text_has_the_length_asked_for(length):
    words = clip("abcdefghijk", length)
    assert len(words) == min(length, 11)
    assert words == "abcdefghijk" or "\N{HORIZONTAL ELLIPSIS}" in words


def test_nothing_is_fetched_and_nothing_runs():
    page = render(sample_report(HOSTILE))
    tags = parsed(page)
    for name, value in tags.attributes:
        if name in ("src", "href", "xlink:href", "action", "srcset"):
            assert value.startswith(("#", "data:")), value
        assert name != "style" and not name.startswith("on")
    assert not re.search(r"url\(|@import|https?:", page)


def test_the_policy_lets_in_this_style_alone_and_no_script():
    page = render(sample_report())
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "script-src" not in rules
    assert "unsafe" not in policy
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert rules["style-src"] == f"'sha256-{digest}'"


# Size, sameness, completeness.


def test_a_wide_table_stays_below_a_megabyte_and_says_what_is_left_out():
    report = sample_report("a" * 500, n_columns=5_000)
    page = render(report)
    assert len(page.encode()) < ONE_MEGABYTE
    assert "5,000 columns:" in page and "more columns left out, listed in ladder.json" in page


def test_the_worst_characters_in_every_cell_stay_below_a_megabyte(rng):
    """Six bytes to escape each, in every list at once, and many rungs, repeats and warnings."""
    bad = "'" * 5000
    report = sample_report(bad, 5_000)
    wide = replace(
        report,
        notices=[Notice(bad, bad)] * 5000,
        curves={f"{bad}{i}": next(iter(report.curves.values())) * 20 for i in range(50)},
        mistakes=[replace(one, picture=rng.random_sample((300, 300, 3))) for one in report.mistakes]
        * 9,
        rungs=[*report.rungs] * 100,
        gains=[*report.gains] * 100,
        targets=np.array([f"{bad}{i}" for i in range(600)]),
        predictions=np.array([f"{bad}{i}" for i in range(600)]),
    )
    page = render(wide)
    assert len(page.encode()) < ONE_MEGABYTE
    assert "4,988 warnings" in page


def test_limits_halve_down_to_one():
    limits = Limits()
    for _ in range(20):
        limits = limits.halved()
    assert set(vars(limits).values()) == {1}
    parsed("".join(part.html for part in parts_of(sample_report(), limits)))


def test_same_report_same_bytes():
    assert render(sample_report()) == render(sample_report())


def test_sections_stand_in_their_order():
    assert parsed(render(sample_report())).headings == SECTIONS


NO_DATA = {
    "differences": {"gains": ()},
    "curves": {"curves": {}},
    "labels": {"labels": None},
    "confusion": {"targets": None, "predictions": None},
    "calibration": {"calibration": None},
    "threshold": {"threshold": None},
    "importances": {"importances": ()},
    "mistakes": {"mistakes": ()},
    "filters": {"filters": None},
    "layers": {"layers": ()},
    "columns": {"columns": ()},
    "rows": {"rows_used": ()},
}


@pytest.mark.parametrize("section", NO_DATA)
def test_a_section_without_data_is_absent(section):
    page = render(replace(sample_report(), **NO_DATA[section]))
    assert parsed(page).headings == [s for s in SECTIONS if s != section]
    assert f'href="#{section}"' not in page


def test_the_barest_report_is_a_page():
    gone = {name: value for fields in NO_DATA.values() for name, value in fields.items()}
    page = render(replace(sample_report(), **gone, notices=(), facts={}, footer={}))
    assert parsed(page).headings == ["ladder"]


def test_the_verdict_comes_first_then_the_warnings():
    words = text_of(render(replace(sample_report("Linear"), notices=[
        Notice("rows", "a mild one"), Notice("leakage", "a serious one", is_serious=True),
    ])))  # fmt: skip
    places = [
        words.index(w) for w in ("Linear suffices", "a serious one", "a mild one", "The rungs")
    ]
    assert places == sorted(places)


def test_every_number_shown_is_the_one_given():
    page = render(sample_report())
    words = text_of(page)
    for figure in ("3.1 %2.2 to 4.0 %", "1.0 points0.0 to 2.5 points", "gap to show: 1.5 points"):
        assert figure in words
    assert "n/a: deep network diverged" in words
    assert "lower is better" in words
    for css, word in (
        ("not", "falls short"),
        ("pays", "close enough"),
        ("open-answer", "cannot tell"),
    ):
        assert f'<span class="{css}">{word}</span>' in page


def test_ids_are_unique_and_references_resolve():
    tags = parsed(render(sample_report()))
    ids = [value for name, value in tags.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {v[1:] for n, v in tags.attributes if n == "href" and v.startswith("#")}
    assert links == set(ids) == set(SECTIONS)
    assert {v for n, v in tags.attributes if n == "aria-labelledby"} == set(ids)


def test_pictures_have_words_and_tables_have_headers():
    page = render(sample_report())
    for svg in re.findall(r"<svg[^>]*>", page):
        inside = page[: page.index(svg)].rsplit("<tr", 1)[-1]
        assert "aria-label=" in svg or "aria-hidden" in svg or 'aria-hidden="true"' in inside
    assert all(re.search(r'alt="[^"]+"', img) for img in re.findall(r"<img[^>]*>", page))
    assert page.count("<table") == page.count('<thead role="rowgroup"') == 6


# Lists that are cut.


def test_no_line_end_tears_an_option_apart():
    notice = Notice("Rungs left out", "the time is short (--rungs names them)")
    command = {"command": "deepen ladder a--b.csv --time-budget 60s"}
    page = render(replace(sample_report(), notices=[notice], footer=command))
    assert '(<span class="option">--rungs</span> names' in page
    assert 'a--b.csv <span class="option">--time-budget</span> 60s' in page


def test_left_out_columns_stay_in_sight_of_a_long_table():
    columns = [ColumnRow(f"c{i}", "numeric", "standardised", "numbers") for i in range(400)]
    columns[399] = ColumnRow("hidden-id", "id", "left out", "distinct", "--types hidden-id=numeric")
    page = render(replace(sample_report(), columns=columns))
    assert page.index("hidden-id") < page.index(">c0<")
    assert "400 columns: 399 numeric; left out: 1 id." in page
    assert "299 of 399 columns used" in page and "and 100 more columns used" in page
    assert "--types hidden-id=numeric" in page


def test_mistakes_and_importances_say_how_many_are_left():
    report = sample_report(has_pictures=False)
    rows = [
        MistakeRow(str(i), "a", "b", "", [(f"c{j}", "1") for j in range(30)]) for i in range(90)
    ]
    found = [ImportanceRow([f"c{i}"], "1", "0 to 2", 1.0, (0.0, 2.0)) for i in range(70)]
    words = text_of(render(replace(report, mistakes=rows, importances=found)))
    assert "12 of the 90 in ladder.json. 8 of 30 columns." in words
    assert "60 more rows" in words and "and 45 more rows in ladder.json." in words


def test_many_classes_are_taken_together():
    classes = np.repeat(np.arange(40), np.arange(1, 41)).astype(str)
    page = render(replace(sample_report(), targets=classes, predictions=classes))
    matrix = page.split('class="matrix"')[1].split("</table>")[0]
    assert matrix.count("<tr") == 1 + 15 and "26 others" in matrix


def test_the_farthest_residual_is_in_the_picture_whichever_row_has_it(seed):
    targets = np.random.default_rng(seed).normal(100, 30, 5000)
    predictions = targets.copy()
    predictions[seed % 5000] += 7777
    report = replace(
        sample_report(is_classification=False), targets=targets, predictions=predictions
    )
    assert "farther off, up to 7,780" in render(report)


def test_the_confusion_matrix_adds_up():
    targets = np.array(["a"] * 200 + ["b"] * 50)
    predictions = np.array(["a"] * 150 + ["b"] * 49 + ["c"] + ["b"] * 50)
    page = render(replace(sample_report(), targets=targets, predictions=predictions))
    cells = re.findall(r'<td role="cell" class="(shade\d+[^"]*|count)">([^<]*)', page)
    assert [text for _, text in cells] == ["75", "24", "200", "", "100", "50"]
    assert cells[0][0] == "shade15 right"


# Numbers and pictures.


@pytest.mark.parametrize(
    "low, high", [(0, 1), (-3, 17), (1e-6, 3e-6), (-5e4, 2e5), (0.021, 0.0213)]
)
def test_ticks_are_round_and_within(low, high):
    ticks = round_steps(low, high)
    assert 2 <= len(ticks) <= 6
    assert all(low - 1e-9 * abs(low) <= tick <= high * (1 + 1e-9) for tick in ticks)
    step = ticks[1] - ticks[0]
    np.testing.assert_allclose(np.diff(ticks), step)
    assert f"{step:.0e}"[0] in "125"


@pytest.mark.parametrize("span", [1.5, 3, 30, 1e3, 1e8])
def test_logarithmic_ticks_fit_and_keep_their_order(span):
    ticks = [value for value, _ in Span([0.7, 0.7 * span], is_log=True).ticks()]
    assert len(ticks) <= 6 and ticks == sorted(ticks)
    assert span < 3 or len(ticks) >= 2


def test_ticks_have_the_decimals_of_their_step():
    assert [tick_text(v, 0.05, is_percent=True) for v in (0.0, 0.05)] == ["0 %", "5 %"]
    assert tick_text(0.125, 0.025) == "0.125"[:4] or tick_text(0.125, 0.025) == "0.12"
    ticks = [tick_text(v, 5e5) for v in (-1.5e6, 0.0, 1e6, 1.5e6, 2e6, 1.25e7)]
    assert ticks == ["\N{MINUS SIGN}1.5e6", "0", "1e6", "1.5e6", "2e6", "1.25e7"]
    assert (
        tick_text(2e6, 1e6) == "2e6"
        and tick_text(0.0, 1e6) == "0"
        and tick_text(0.00002, 0.00002) == "2e−5"
    )


def test_png_holds_the_pixels(rng):
    for channels in (1, 3, 4):
        pixels = rng.randint(0, 256, (5, 7, channels)).astype(np.uint8)
        file = png(pixels)
        assert struct.unpack(">II", file[16:24]) == (7, 5)
        start = file.index(b"IDAT") + 4
        length = struct.unpack(">I", file[start - 8 : start - 4])[0]
        lines = np.frombuffer(zlib.decompress(file[start : start + length]), np.uint8).reshape(
            5, -1
        )
        np.testing.assert_array_equal(lines[:, 1:].reshape(pixels.shape), pixels)
        assert not lines[:, 0].any()


def test_large_pictures_become_thumbnails():
    assert max(thumbnail(np.zeros((1000, 300, 3))).shape) <= 64
    assert thumbnail(np.array([[np.nan, -1.0, 2.0]])).ravel().tolist() == [128, 0, 255]


def test_first_layer_pictures_are_bounded_and_signed():
    weights = np.zeros((64, 500))
    weights[0], weights[1] = 1.0, -2.0
    sheet, n_shown, n_units = contact_sheet(Filters("t", weights, (8, 8)), 64)
    assert (n_shown, n_units) == (64, 500)
    np.testing.assert_array_equal(sheet[0, 0], [213, 94, 0, 128])
    np.testing.assert_array_equal(sheet[0, 1], [0, 96, 156, 255])
    assert sheet[0, 2, 3] == 0
    assert contact_sheet(Filters("t", np.ones((784, 300)), (28, 28)), 64)[0].size < 300_000


def test_where_it_looks_is_a_picture_of_what_is_lost():
    pixels = heat_map([[0.0, 0.5], [1.0, -3.0]])
    assert pixels[..., 3].tolist() == [[15, 135], [255, 15]]
    page = render(replace(sample_report(), importance_map=np.eye(4)))
    assert 'alt="Where it looks"' in page and "pixel by pixel" in page


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colours", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_text_stands_out_from_what_is_behind_it(colours):
    """At least 4.5 to 1, as WCAG asks of text (success criterion 1.4.3)."""
    pairs = [(text, "page") for text in ("ink", "soft", "accent", "warn", "bad")]
    pairs += [(text, "wash") for text in ("ink", "soft", "accent")]
    pairs += [("ink", "warnwash"), ("ink", "badwash"), ("bad", "badwash"), ("ink", "deep")]
    pairs += [("ink", "card"), ("soft", "card")]
    for text, behind in pairs:
        light, dark = sorted((luminance(colours[text]), luminance(colours[behind])))[::-1]
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, behind)
    assert set(re.findall(r"var\(--([a-z]+)\)", STYLE)) - {"hue"} <= set(colours)


# The pictures of deepen.plotting.


def test_pictures_without_pyplot():
    plot_ladder(["$a$"], [1.0], [(0.5, 1.5)], scores=[[1.0]])
    plot_confusion_matrix(["a", "b", "b"], ["a", "b", "a"])
    ax = plot_learning_curves([{"loss": [2.0, 1.0]}, {"loss": [3.0]}])
    assert len(ax.lines) == 2
    assert "matplotlib.pyplot" not in sys.modules
    with pytest.raises(ValueError, match="shape must multiply"):
        plot_filters(np.ones((10, 4)), shape=(3, 3))


def test_confusion_matrix_counts():
    ax = plot_confusion_matrix([0, 0, 0, 1], [0, 0, 1, 1])
    np.testing.assert_allclose(ax.images[0].get_array(), [[2 / 3, 1 / 3], [0, 1]])

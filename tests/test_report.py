"""The page: complete, escaped, small, without anything to run or to fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from deepen.plotting import plot_confusion_matrix, plot_filters, plot_ladder, plot_learning_curves
from deepen.report import ColumnRow, GainRow, Report, RungRow, render

HOSTILE = "<script>document.title='x'</script>\"'&$x$"


class Tags(HTMLParser):
    """Collects tags and attributes as a browser would see them."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def report(name=HOSTILE, n_columns=3, is_classification=True):
    rng = np.random.default_rng(0)
    rung = RungRow(
        name,
        "3 %",
        "2 to 4 %",
        0.03,
        (0.02, 0.04),
        [0.03, 0.02],
        "",
        "",
        "1 s",
        is_chosen=True,
        remark=name,
    )
    other = RungRow(
        name, "n/a", "", float("nan"), (float("nan"),) * 2, [], name, "cannot tell", name
    )
    gain = GainRow(name, name, "1 point", "0 to 2", 0.01, (0.0, 0.02), "cannot tell", "1 point")
    targets = np.array([name, "b", "c"] * 20) if is_classification else rng.random(60)
    return Report(
        title=name,
        sentence=f"{name} suffices. And more.",
        is_open=True,
        metric="error rate, %",
        min_gain=0.01,
        min_gain_text="1 point",
        reference=name,
        facts={name: name},
        rungs=[rung, other],
        gains=[gain],
        columns=[ColumnRow(f"{name}{i}", "text", "left out", name) for i in range(n_columns)],
        curves={
            name: [{"loss": rng.random(500).tolist(), "validation_loss": rng.random(400).tolist()}]
            * 10
        },
        targets=targets,
        predictions=targets[::-1],
        is_classification=is_classification,
        chosen_title=name,
        warnings=[name],
        footer={"command": name},
    )


def parsed(page):
    tags = Tags()
    tags.feed(page)
    return tags


@pytest.mark.parametrize("is_classification", [True, False])
def test_hostile_names_stay_text(is_classification):
    tags = parsed(render(report(is_classification=is_classification)))
    assert "script" not in tags.tags
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert sum("document.title" in text for text in tags.text) > 10


def test_nothing_is_fetched():
    page = render(report())
    tags = parsed(page)
    assert any(n == "content" and "default-src 'none'" in v for n, v in tags.attributes)
    for name, value in tags.attributes:
        if name in ("src", "href", "xlink:href"):
            assert value.startswith(("#", "data:")), value
    assert not re.search(r"url\((?!#)", page) and "@import" not in page


def test_ids_are_unique_and_references_resolve():
    tags = parsed(render(report()))
    ids = [value for name, value in tags.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {v[1:] for n, v in tags.attributes if n == "xlink:href" and v.startswith("#")} <= set(
        ids
    )


def test_a_wide_table_stays_below_a_megabyte():
    assert len(render(report(name="a" * 500, n_columns=20_000)).encode()) < 1_000_000


def test_the_verdict_comes_first():
    tags = parsed(render(report(name="Linear")))
    body = "".join(tags.text).split("deepen ladder")[-1]
    assert body.index("Linear suffices.") < body.index("The rungs")


def test_same_report_same_bytes():
    assert render(report()) == render(report())


def test_pictures_without_pyplot():
    import sys

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

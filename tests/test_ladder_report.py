"""From a fitted ladder to the page: figures rounded to their uncertainty, every reader warned."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from deepen.model_selection import Ladder
from deepen.model_selection.ladder_report import report_of, rung_rows
from deepen.model_selection.report_extras import first_layer, notices, picture_shape, rows_used
from deepen.report import render

HOSTILE = "<script>document.title='x'</script>"


@pytest.fixture(scope="module")
def classes():
    """Three classes, an id, a constant, unlabelled and repeated rows, a hostile name."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((240, 3)), columns=["a", "b", HOSTILE])
    y = pd.Series(np.digitize(X["a"] + 0.3 * rng.standard_normal(240), [-0.5, 0.5])).astype(float)
    X["customer_id"] = [f"C{i}" for i in range(240)]
    X["always"] = "one"
    y[:20] = np.nan
    return Ladder(repeats=3, trials=1, rungs=["baseline", "linear", "one_hidden"]).fit(X, y)


@pytest.fixture(scope="module")
def pictures():
    """Rows of 4 x 4 pixels, one of which never changes."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.random((200, 16)), columns=[f"pixel_{i // 4}_{i % 4}" for i in range(16)])
    X["pixel_0_0"] = 0.0
    y = (X["pixel_1_1"] * X["pixel_2_2"] > 0.25).astype(int)
    ladder = Ladder(repeats=2, trials=1, rungs=["one_hidden"])
    return ladder.fit(X, y)


def test_losses_have_the_decimals_that_their_intervals_allow(classes):
    for row, result in zip(rung_rows(classes), classes.results_, strict=True):
        half_width = 100 * (result.interval[1] - result.interval[0]) / 2
        [text] = re.findall(r"[\d.]+", row.loss)
        unit = 10.0 ** -len(text.partition(".")[2])
        # One figure of the uncertainty is shown, two where it begins with 1 or 2.
        assert unit <= half_width < 30 * unit or unit == 1.0
        assert float(text) == pytest.approx(100 * result.mean, abs=unit / 2 + 1e-9)


def test_one_repeat_has_no_interval_and_few_decimals(classes):
    import copy

    ladder = copy.copy(classes)
    once = replace(classes.results_[2], scores=[0.123456], mean=0.123456, interval=(math.nan,) * 2)
    ladder.results_ = [*classes.results_[:2], once]
    row = rung_rows(ladder)[2]
    assert row.loss == "12 %" and row.interval == "no interval from one repeat"
    assert "no interval" in render(report_of_safely(ladder))


def report_of_safely(ladder):
    """A report of results that do not all belong to the verdict."""
    page = report_of(ladder, title="t", footer={})
    return replace(page, rungs=rung_rows(ladder))


def test_the_best_is_compared_with_every_other_rung(classes):
    report = report_of(classes, title="t", footer={})
    names = {result.title for result in classes.results_[1:]}
    assert {gain.reference for gain in report.gains} == names - {report.best}
    assert all(gain.candidate == report.best and gain.mean >= 0 for gain in report.gains)


def test_what_to_know_is_said_once_and_first(classes):
    found = {notice.kind: notice.text for notice in notices(classes, ["careful"])}
    assert found["Note"] == "careful"
    assert "20 rows without a target" in found["Unlabelled rows"]
    assert "customer_id" in found["Columns left out"] and "always" in found["Columns left out"]


def test_an_interrupted_climb_is_a_serious_warning(classes):
    import copy

    ladder = copy.copy(classes)
    ladder.is_interrupted_, ladder.refit_reason_ = True, "the training was interrupted"
    found = notices(ladder)
    assert [n.kind for n in found if n.is_serious] == ["Interrupted"]
    assert any("There is no model file: the training was interrupted." == n.text for n in found)
    assert "the model that is saved" not in {use.name for use in rows_used(ladder)}


def test_rows_are_named_by_what_they_did(classes):
    uses = {use.name: use.count for use in rows_used(classes)}
    assert uses["training"].startswith("60 %") and "132" in uses["training"]
    assert uses["stopping"].startswith("10 %") and uses["tuning"].startswith("10 %")
    assert uses["verdict"].startswith("20 %")
    assert uses["without a target"] == "20 rows" and uses["the model that is saved"] == "all 220"


def test_the_page_of_a_fitted_ladder_escapes_its_columns(classes):
    page = render(report_of(classes, title=f"t: {HOSTILE}", footer={"seed": "0"}))
    assert "<script" not in page and "&lt;script&gt;document.title" in page


def test_the_same_fit_gives_the_same_page_but_for_times():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.standard_normal((60, 2)), columns=["a", "b"])
    y = (X["a"] > 0).astype(int)
    pages = []
    for _ in range(2):
        ladder = Ladder(repeats=2, trials=1, rungs=["baseline", "linear", "one_hidden"]).fit(X, y)
        ladder.elapsed_ = 1.0
        for result in ladder.results_:
            result.seconds = 1.0
        pages.append(render(report_of(ladder, title="t", footer={})))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        ([f"pixel_{i}" for i in range(784)], (28, 28)),
        ([f"pixel{i + 1}" for i in range(16)], (4, 4)),
        ([f"pixel_{i // 8}_{i % 8}" for i in range(64)], (8, 8)),
        ([f"pixel_{i}" for i in range(65)], None),
        ([f"pixel_{15 - i}" for i in range(16)], None),
        ([f"column_{i}" for i in range(64)], None),
        ([f"{i // 28 + 1}x{i % 28 + 1}" for i in range(784)], (28, 28)),
        ([f"{i % 4}x{i // 4}" for i in range(16)], None),
        ([f"px{i}" for i in range(16)], (4, 4)),
        ([str(i) for i in range(16)], None),
        (["pixel_0"], None),
        ([], None),
    ],
)
def test_pictures_are_known_by_the_names_of_their_columns(names, shape):
    assert picture_shape(names) == shape


def test_first_layer_weights_return_to_their_pixels(pictures):
    found = first_layer(pictures, "one hidden layer")
    coefs = pictures.best_estimator_.named_steps["model"].coefs_[0]
    assert found.shape == (4, 4) and found.weights.shape == (16, coefs.shape[1])
    assert not found.weights[0].any()
    np.testing.assert_array_equal(found.weights[1:], coefs)
    assert "Its first layer" in render(report_of(pictures, title="t", footer={}))


def test_a_linear_model_shows_its_classes():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.random((150, 16)), columns=[f"pixel_{i}" for i in range(16)])
    y = X[["pixel_3", "pixel_7", "pixel_11"]].to_numpy().argmax(axis=1)
    ladder = Ladder(repeats=2, trials=1, rungs=["linear"]).fit(X, y)
    found = first_layer(ladder, "logistic regression")
    assert found.weights.shape == (16, 3) and found.are_classes
    assert found.weights.argmax(axis=0).tolist() == [3, 7, 11]
    assert "Its weights" in render(report_of(ladder, title="t", footer={}))


def test_tables_have_no_first_layer_to_show(classes):
    assert first_layer(classes, "linear") is None


def test_a_difference_over_fewer_repeats_than_its_means_says_so(classes):
    import copy

    ladder = copy.copy(classes)
    assert not any(gain.remark for gain in report_of(classes, title="t", footer={}).gains)
    best = ladder.verdict_.best
    ladder.results_ = [
        r if r.name == best else replace(r, scores=r.scores[:2]) for r in classes.results_
    ]
    gains = [replace(gain, n_repeats=2) for gain in classes.verdict_.gains]
    ladder.verdict_ = replace(classes.verdict_, gains=tuple(gains))
    report = report_of(ladder, title="t", footer={})
    assert {gain.remark for gain in report.gains} == {"over the 2 repeats that both have"}
    assert "over the 2 repeats that both have" in render(report)

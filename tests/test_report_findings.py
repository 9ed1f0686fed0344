"""What the page says of the chosen rung beside its loss."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from deepen.model_selection.after import Findings
from deepen.model_selection.after import Threshold as Found
from deepen.model_selection.calibration import CalibrationBin
from deepen.model_selection.importance import Importance
from deepen.model_selection.label_curve import CurvePoint, LabelCurve
from deepen.model_selection.leakage import Leak
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.mistakes import Mistake
from deepen.model_selection.report_extras import notices, rows_used
from deepen.model_selection.report_findings import (
    calibration,
    importance_map,
    importance_rows,
    importance_words,
    label_curve,
    mistake_rows,
    threshold,
)
from deepen.model_selection.splits import describe_split


def ladder(**facts):
    """As much of a fitted ladder as these functions read."""
    findings = Findings(**facts.pop("findings", {}))
    plain = {
        "metric_": METRICS["error"], "metric": None, "columns_": [], "leaks_": [], "results_": [],
        "without_leaks_": None, "is_interrupted_": False, "refit_reason_": "", "n_used_": 100,
        "n_samples_": 100, "n_duplicates_": 0, "n_unlabeled_": 0, "class_counts_": {},
        "task_": "classification", "split_": describe_split(), "findings_": findings,
        "left_out_": "",
    }  # fmt: skip
    return SimpleNamespace(**{**plain, **facts})


def importance(mean, low, high, *columns):
    return Importance(columns, mean, (low, high))


def test_importances_are_points_rounded_to_their_intervals():
    found = ladder(findings={"importances": [importance(0.1234, 0.1134, 0.1334, "a", "b")]})
    [row] = importance_rows(found)
    assert (row.loss, row.interval) == ("12.3 points", "11.3 to 13.3 points")
    assert row.names == ("a", "b") and row.ends == (0.1134, 0.1334)


@pytest.mark.parametrize(
    ("lows", "words"),
    [
        ([-1, -1], "No column is shown to matter"),
        ([0.1, -1], "a surely matters; of the rest"),
        ([0.1, 0.1], "a and b surely matter; of the rest"),
        ([0.1] * 5, "a, b and c matter most, of 5 that surely matter."),
    ],
)
def test_importances_in_words(lows, words):
    found = [importance(0.2, low, 0.3, name) for low, name in zip(lows, "abcde", strict=False)]
    rows = importance_rows(ladder(findings={"importances": found}))
    assert importance_words(rows).startswith(words)
    assert importance_words([]) == ""


def test_the_label_curve_keeps_every_rung_and_says_the_answer():
    points = [CurvePoint(50, 0.3, (0.2, 0.4)), CurvePoint(100, 0.2, (0.1, 0.3))]
    curves = [
        LabelCurve(n, n, points, 5, "would help", f"{n} says so.") for n in ("deep", "linear")
    ]
    found = label_curve(ladder(findings={"label_curves": curves}))
    assert [line.title for line in found.lines] == ["deep", "linear"]
    assert found.words == "deep says so. linear says so."
    assert found.lines[0].counts == [50, 100] and found.lines[0].lows == [0.2, 0.1]
    assert label_curve(ladder()) is None


def test_one_answer_for_several_rungs_is_said_once():
    points = [CurvePoint(50, 0.3, (0.2, 0.4)), CurvePoint(100, 0.2, (0.1, 0.3))]
    said = {
        "deep": "More labels would help: deep gained 2.",
        "linear": "More labels would not help: linear gained 0.",
        "boosting": "More labels would help: boosting gained 1.",
    }
    curves = [LabelCurve(n, n, points, 5, "", words) for n, words in said.items()]
    assert label_curve(ladder(findings={"label_curves": curves})).words == (
        "More labels would help: deep gained 2; boosting gained 1. "
        "More labels would not help: linear gained 0."
    )


def test_mistakes_show_who_it_is_then_what_matters_and_what_was_left_out_last():
    table = pd.DataFrame({"same": [1], "a": [1.23456789], "b": [np.nan], "c": ["x"], "id": ["u1"]})
    columns = [
        SimpleNamespace(name="same", kind="constant", treatment="left out"),
        SimpleNamespace(name="id", kind="id", treatment="left out"),
    ]
    findings = {
        "importances": [importance(0.2, 0.1, 0.3, "c"), importance(0.1, 0.0, 0.2, "b")],
        "mistakes": [Mistake(7, "yes", "no", 0.998, 0.002)],
    }
    found = ladder(findings=findings, mistake_rows_=table, columns_=columns)
    [row] = mistake_rows(found, None)
    assert row.values == [("id", "u1"), ("c", "x"), ("b", ""), ("a", "1.2346"), ("same", "1")]
    assert (row.row, row.truth, row.predicted, row.remark) == ("7", "yes", "no", "over 99 % sure")


def test_a_column_that_changes_no_prediction_adds_nothing():
    found = ladder(findings={"importances": [importance(0.0, 0.0, 0.0, "a")]})
    [row] = importance_rows(found)
    assert (row.loss, row.interval) == ("nothing", "")


@pytest.mark.parametrize(
    ("value", "shown"), [(1974.0, "1974"), (12000.0, "12,000"), (2.5, "2.5"), (np.nan, "")]
)
def test_a_year_beside_an_empty_cell_is_a_year(value, shown):
    findings = {"mistakes": [Mistake(1, 300.0, 143.5)]}
    [row] = mistake_rows(ladder(findings=findings, mistake_rows_=np.array([[value]])), None)
    assert row.values == [("column 0", shown)]


def test_mistakes_of_a_regression_say_how_far_off():
    findings = {"mistakes": [Mistake(1, 300.0, 143.5)]}
    [row] = mistake_rows(ladder(findings=findings, mistake_rows_=np.ones((1, 2))), None)
    assert (row.truth, row.predicted, row.remark) == ("300", "143.5", "off by +156")
    assert row.values == [("column 0", "1"), ("column 1", "1")]
    findings = {"mistakes": [Mistake(1, 1_345_224.0, 1_695_187.4)]}
    [row] = mistake_rows(ladder(findings=findings, mistake_rows_=np.ones((1, 2))), None)
    assert (row.truth, row.predicted, row.remark) == (
        "1,345,224", "1,695,200", "off by \N{MINUS SIGN}350,000"
    )  # fmt: skip


def test_mistaken_pictures_share_one_scale_of_grey():
    pixels = np.array([[0.0, 8.0, 16.0, 4.0], [0.0, 0.0, 8.0, 8.0]])
    findings = {"mistakes": [Mistake(1, 3, 5, 0.7, 0.2), Mistake(2, 5, 3, 0.6, 0.4)]}
    rows = mistake_rows(ladder(findings=findings, mistake_rows_=pixels), (2, 2))
    np.testing.assert_array_equal(rows[0].picture, [[0, 0.5], [1, 0.25]])
    np.testing.assert_array_equal(rows[1].picture, [[0, 0], [0.5, 0.5]])
    assert not rows[0].values


def test_the_map_of_importances_shares_what_goes_together():
    found = ladder(
        findings={
            "importances": [importance(0.2, 0.1, 0.3, "p0", "p3"), importance(0.1, 0, 0.2, "p1")]
        },
        feature_names_in_=np.array(["p0", "p1", "p2", "p3"], dtype=object),
    )
    np.testing.assert_array_equal(importance_map(found, (2, 2)), [[0.2, 0.1], [0, 0.2]])
    assert importance_map(found, None) is None


def test_calibration_says_what_is_surely_off():
    good = CalibrationBin(50, 0.3, 0.32, 0.2, 0.45)
    bad = CalibrationBin(50, 0.9, 0.6, 0.46, 0.73)
    assert (
        "in no group by more than chance"
        in calibration(ladder(findings={"calibration": [good], "calibration_error": 0.02})).words
    )
    found = calibration(ladder(findings={"calibration": [good, bad], "calibration_error": 0.16}))
    assert found.words.endswith(
        "in 1 of 2 groups by more than chance. Where it says 90 %, 60 % come true (46 to 73 %)."
    )
    assert found.bins[1].ends == (0.46, 0.73)
    assert calibration(ladder()) is None


def test_a_threshold_is_shown_where_classes_are_uneven():
    at = {"recall": (0.5, 1.0), "precision": (0.9, 0.1), "at": (0.8, 0.64)}
    rare = Found("yes", 0.312, 0.12, 0.31, **at, base_rate=0.1)
    found = threshold(ladder(findings={"threshold": rare}))
    assert "probability of 0.31 on: balanced error 12 %, 31 % at 0.5" in found.words
    assert "finds 80 % of them, and 64 % of its calls" in found.words and found.at == (0.8, 0.64)
    even = Found("yes", 0.5, 0.1, 0.1, **at, base_rate=0.45)
    assert threshold(ladder(findings={"threshold": even})) is None
    never = Found("yes", 0.9, 0.5, 0.5, (1.0,), (0.1,), (0.0, float("nan")), 0.1)
    assert threshold(ladder(findings={"threshold": never})).at is None


def test_leaks_come_first_with_the_verdict_without_them():
    leaks = [Leak("<b>copy", 1.0)]
    without = SimpleNamespace(sentence="Linear suffices.")
    first, second, *_ = notices(ladder(leaks_=leaks, without_leaks_=without), ["a note"])
    assert first.is_serious and "<b>copy" in first.text
    assert (second.kind, second.text) == ("Without it", "Linear suffices.")
    reasons = {"without_leaks": "no time was left for it"}
    [_, second] = notices(ladder(leaks_=leaks, findings={"reasons": reasons}))
    assert second.text == "n/a: no time was left for it."
    [_, second] = notices(ladder(leaks_=leaks, is_interrupted_=True))[:2]
    assert second.text == "n/a: the climb was interrupted."


def test_what_could_not_be_had_is_named_with_its_reason():
    reasons = {"label_curves": "no time was left", "calibration": "a regression"}
    [notice] = notices(ladder(findings={"reasons": reasons}))
    assert notice.text == "error against labels: n/a, no time was left."


def test_uneven_classes_and_rows_left_aside_are_counted():
    counts = {"no": 950, **{f"c{i}": 10 for i in range(8)}}
    found = notices(
        ladder(metric_=METRICS["balanced_error"], class_counts_=counts, n_samples_=1030)
    )
    assert (
        found[0].text.startswith("Rows of each class: no (950), c0 (10)")
        and "and 3 more. The" in found[0].text
    )
    assert found[1].text.startswith("100 of 1,030 rows are used")


def test_classes_that_capitals_alone_tell_apart_are_named():
    [notice] = notices(ladder(class_counts_={"Yes": 90, "no": 40, "yes": 3}))
    assert notice.text.startswith("'Yes' (90) and 'yes' (3) differ by case")
    assert not notices(ladder(class_counts_={"yes": 90, "no": 40}))


def test_another_split_is_said_in_its_own_words():
    usual = rows_used(ladder())
    assert [use.name for use in usual][:4] == ["training", "stopping", "tuning", "verdict"]
    by_time = rows_used(ladder(split_=describe_split(has_time=True)))
    assert by_time[0].purpose == describe_split(has_time=True)
    assert not any(use.count for use in by_time[:5])
    groups = rows_used(ladder(split_=describe_split(has_groups=True)))
    assert "group" in groups[0].purpose and groups[1].count

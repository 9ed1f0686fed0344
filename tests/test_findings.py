"""What is worked out beside the verdict, on tables whose answer is known."""

from __future__ import annotations

import json
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from deepen.intervals import wilson_interval
from deepen.model_selection import Ladder
from deepen.model_selection.calibration import (
    balanced_error_at,
    best_threshold,
    calibration_bins,
    expected_calibration_error,
    natural_probabilities,
    precision_recall,
)
from deepen.model_selection.groups import joined_groups
from deepen.model_selection.importance import joined
from deepen.model_selection.intervals import RowLosses
from deepen.model_selection.leakage import find_leaks
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.mistakes import worst_mistakes
from deepen.model_selection.prepare import Given, prepare_table
from deepen.model_selection.report_extras import few_rows_decide, notices
from deepen.model_selection.results import Outcome
from deepen.model_selection.splits import Plan, draw_split, time_splits

QUICK = ["baseline", "linear"]


def table(n_rows=240, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((n_rows, 4)), columns=list("abcd"))
    X["a again"] = X["a"] + 0.01 * rng.standard_normal(n_rows)
    return X, np.where(X["a"] + noise * rng.standard_normal(n_rows) > 0, "yes", "no")


def test_a_copy_of_the_target_is_a_leak_and_an_honest_column_is_not(rng):
    X, y = table()
    codes = (y == "yes").astype(int)
    X["copy"] = np.where(y == "yes", "won", "lost")
    X["late"] = np.where(y == "yes", 1.0, np.nan)  # only known where the answer is yes
    X["id"] = [f"u{i}" for i in range(len(y))]
    assert {leak.column for leak in find_leaks(X, codes, "classification")} == {"copy", "late"}
    assert find_leaks(X[["a", "b", "id"]], rng.permutation(codes), "classification") == []


def test_a_value_that_only_one_class_has_is_a_leak_and_its_gap_too(rng):
    y = rng.randint(0, 3, 900)
    reason = np.where((y == 2) & (rng.rand(900) < 0.4), rng.choice(list("abc"), 900), None)
    paid = np.where((y == 1) & (rng.rand(900) < 0.5), np.nan, rng.rand(900))
    rare = np.where(y == 2, np.nan, 1.0)
    rare[np.flatnonzero(y == 2)[5:]] = 1.0  # five gaps may be chance
    gaps = np.where(rng.rand(900) < 0.5, rng.rand(900), np.nan)
    X = pd.DataFrame(
        {"reason": reason, "paid": paid, "rare": rare, "gaps": gaps, "full": rng.rand(900)}
    )
    found = find_leaks(X, y, "classification")
    assert {(leak.column, leak.told_by) for leak in found} == {("reason", "value"), ("paid", "gap")}
    assert {leak.n_rows for leak in found} == {X["reason"].notna().sum(), X["paid"].isna().sum()}
    assert (
        "with a value in the column 'reason'"
        in next(x for x in found if x.told_by == "value").sentence
    )
    assert (
        "without a value in the column 'paid'"
        in next(x for x in found if x.told_by == "gap").sentence
    )
    assert find_leaks(X, rng.permutation(y), "classification") == []


def test_a_few_gaps_beside_a_rare_class_are_no_leak(rng):
    for n_gaps, share in ((1, 0.04), (3, 0.01), (2, 0.02)):
        y = (rng.rand(2000) < share).astype(int)
        y[:2] = 0, 1
        values = rng.rand(2000, 30)
        for column in range(30):
            values[rng.choice(2000, n_gaps, replace=False), column] = np.nan
        values[y == 1, 0] = np.nan  # the gaps of a whole class are one, though
        [leak] = find_leaks(pd.DataFrame(values), y, "classification")
        assert leak.column == "0"


def test_a_leak_of_a_regression_and_of_a_rare_class(rng):
    X, _ = table(1000)
    y = X["a"].to_numpy() + X["b"].to_numpy()
    X["tax"] = 1.2 * y
    assert [leak.column for leak in find_leaks(X, y, "regression")] == ["tax"]
    # Of a skewed target the largest values have most of the variance, and no neighbours.
    y = np.exp(2 * y)
    X["tax"] = 1.19 * y + 0.01 * np.median(y) * rng.standard_normal(len(y))
    X["half"] = np.exp(2 * X["a"])
    assert [leak.column for leak in find_leaks(X, y, "regression")] == ["tax"]
    # A tree that always says the common class is right 98 times in 100 and no leak.
    rare = (rng.rand(1000) < 0.02).astype(int)
    assert find_leaks(X, rare, "classification") == []


def test_the_verdict_without_a_leak_stands_beside(monkeypatch):
    from deepen.model_selection import ladder_steps

    monkeypatch.setattr(ladder_steps, "costly_findings", lambda *args: None)
    X, y = table()
    X["copy"] = y
    told = []
    ladder = Ladder(repeats=3, trials=1, rungs=[*QUICK, "boosting"], progress=told.append).fit(X, y)
    assert [leak.column for leak in ladder.leaks_] == ["copy"]
    assert any(e.kind == "leak" and "'copy'" in e.rung for e in told)
    assert ladder.results_[1].mean < 0.05
    without = ladder.without_leaks_
    assert ladder.verdict_.sentence.endswith("All of this rests on the suspect column 'copy'.")
    assert "copy" not in without.sentence and without.gains[0].n_repeats == 3
    numbers = ladder.to_dict()
    assert numbers["leaks"][0]["column"] == "copy" and numbers["without_leaks"]["sentence"]


def test_a_part_that_fails_leaves_the_verdict_and_says_why(monkeypatch):
    from deepen.model_selection import ladder_steps

    def refused(*args):
        raise ValueError("the loss diverged")

    for part in ("_without_leaks", "layer_views"):
        monkeypatch.setattr(ladder_steps, part, refused)
    monkeypatch.setattr(ladder_steps, "costly_findings", lambda *args: None)
    monkeypatch.setattr(ladder_steps, "with_layers", lambda ascent: [1])
    X, y = table()
    ladder = Ladder(repeats=2, trials=1, rungs=QUICK).fit(X.assign(copy=y), y)
    assert ladder.verdict_.sentence and ladder.without_leaks_ is None and ladder.layers_ == []
    said = {notice.kind: notice.text for notice in notices(ladder)}
    assert said["Without it"] == "n/a: the loss diverged."
    assert said["Not worked out"] == "pictures of the layers: n/a, the loss diverged."


def test_findings_of_a_climb(capsys):
    X, y = table()
    ladder = Ladder(repeats=3, trials=1, rungs=[*QUICK, "one_hidden"]).fit(X, y)
    found = ladder.findings_
    curve = found.label_curves[0]
    assert curve.name == ladder.verdict_.chosen
    counts = [point.n_labels for point in curve.points]
    assert counts == sorted(counts) and counts[-1] == 144 and curve.n_repeats == 3
    all_rows = ladder.results_[[r.name for r in ladder.results_].index(curve.name)]
    assert curve.points[-1].mean == pytest.approx(all_rows.mean)
    assert curve.sentence.count(".") >= 1 and curve.answer in (
        "would help", "would not help", "cannot tell",
    )  # fmt: skip
    # The two columns that say the same are shuffled together, and only they matter.
    first, *others = found.importances
    assert first.columns == ("a", "a again") and first.interval[0] > 0
    assert {importance.columns for importance in others} == {("b",), ("c",), ("d",)}
    assert all(importance.mean < first.mean / 2 for importance in others)
    json.dumps(ladder.to_dict())
    worst = found.mistakes[0]
    assert y[worst.row - 1] == worst.target != worst.predicted
    assert worst.probability == pytest.approx(1 - worst.probability_of_target, abs=1e-5)
    pd.testing.assert_frame_equal(
        ladder.mistake_rows_, X.iloc[[mistake.row - 1 for mistake in found.mistakes]]
    )
    assert found.threshold.label == "yes" and sum(b.n for b in found.calibration) == 144


def test_more_labels_help_where_the_error_still_falls(monkeypatch):
    """Forty noisy columns: 500 rows are far from enough, so that the last doubling gains."""
    from deepen.model_selection import after

    monkeypatch.setattr(after, "importances", lambda *args: [])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 60))
    y = (X @ rng.standard_normal(60) + rng.standard_normal(600) > 0).astype(int)
    ladder = Ladder(repeats=5, trials=1, rungs=QUICK).fit(X, y)
    [curve] = ladder.findings_.label_curves
    assert curve.answer == "would help" and curve.sentence.startswith("More labels would help")
    means = [point.mean for point in curve.points]
    assert means == sorted(means, reverse=True)


def test_labels_enough_are_said_to_be_enough(monkeypatch):
    from deepen.model_selection import after

    monkeypatch.setattr(after, "importances", lambda *args: [])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 2))
    y = (X[:, 0] + 0.1 * rng.standard_normal(3000) > 0).astype(int)
    ladder = Ladder(repeats=5, trials=1, rungs=QUICK, min_gain=0.02).fit(X, y)
    assert ladder.findings_.label_curves[0].answer == "would not help"


def test_columns_join_when_all_of_them_agree(rng):
    a, b = rng.randn(2, 500)
    X = np.stack([a, a + 0.1 * rng.randn(500), b, -b, rng.randn(500)], axis=1)
    blocks = {name: np.array([i]) for i, name in enumerate("vwxyz")}
    assert sorted(joined(blocks, X)) == [("v", "w"), ("x", "y"), ("z",)]
    # One column of the table that became two, one of them like another column.
    wide = {"v": np.array([0, 4]), "w": np.array([1]), "x": np.array([2, 3])}
    assert sorted(joined(wide, X)) == [("v", "w"), ("x",)]


def outcome(repeat, rows, output):
    output = np.asarray(output, dtype=np.float32)
    return Outcome(repeat, RowLosses(np.array(rows), np.zeros(len(rows))), output, {})


def test_mistakes_are_ranked_by_how_sure_the_model_was():
    outcomes = [outcome(0, [0, 1, 2], [[0.9, 0.1], [0.35, 0.65], [0.2, 0.8]]),
                outcome(1, [2, 3], [[0.4, 0.6], [0.1, 0.9]])]  # fmt: skip
    y, numbers = np.array(["a", "a", "a", "b"]), np.array([10, 11, 12, 13])
    found = worst_mistakes(outcomes, y, np.array(["a", "b"]), numbers)
    # Row 2 judged twice, with the mean probability 0.3 of the truth.
    assert [(m.row, m.predicted) for m in found] == [(13, "b"), (12, "b")]
    assert found[0].probability == pytest.approx(0.7)
    values = [outcome(0, [0, 1], [1.0, 5.0])]
    [worst, _] = worst_mistakes(values, np.array([0.5, 2.0]), np.empty(0), numbers)
    assert (worst.row, worst.target, worst.predicted, worst.probability) == (12, 2.0, 5.0, None)


def test_calibrated_probabilities_lie_on_the_line(rng):
    p = rng.rand(20_000)
    is_true = rng.rand(20_000) < p
    bins = calibration_bins(is_true, p)
    assert sum(b.n for b in bins) == 20_000 and expected_calibration_error(bins) < 0.02
    overconfident = calibration_bins(is_true, np.where(p > 0.5, 0.99, 0.01))
    assert expected_calibration_error(overconfident) > 0.2
    assert wilson_interval(0.0, 10)[0] == 0.0


def test_intervals_of_calibration_hold_the_truth_as_often_as_they_say(rng):
    covers = []
    for _ in range(40):
        p = rng.rand(2000)
        bins = calibration_bins(rng.rand(2000) < p, p)
        covers += [b.lower <= b.predicted <= b.upper for b in bins]
    # 400 bins at 95 %: a standard deviation of .01
    assert len(covers) == 400 and 0.90 <= np.mean(covers) <= 0.99


@pytest.mark.parametrize("labels", [("fail", "ok"), ("ok", "zz fail")])
def test_the_rare_class_is_the_one_that_is_looked_for(labels, rng):
    """Whichever comes first in the alphabet: the share of finding, precision and calibration are its own."""
    X = pd.DataFrame(rng.randn(400, 2), columns=["a", "b"])
    is_fail = X["a"] + 0.5 * rng.randn(400) > np.quantile(X["a"], 0.9)
    ok, fail = labels[::-1] if "fail" in labels[0] else labels
    y = np.where(is_fail, fail, ok)
    ladder = Ladder(repeats=3, trials=1, rungs=QUICK, metric="balanced_error").fit(X, y)
    found = ladder.findings_.threshold
    assert found.label == fail and found.base_rate < 0.3
    observed = [b.observed for b in ladder.findings_.calibration]
    assert np.average(observed, weights=[b.n for b in ladder.findings_.calibration]) < 0.3
    assert 0 < found.value < 1 and found.at[0] > 0.5


@pytest.mark.parametrize("n_rare", [4, 12])
def test_a_class_too_rare_for_fewer_labels_costs_its_curve_and_no_more(n_rare, rng):
    """A network refuses a class among the rows that stop it that none of those that train have."""
    X = pd.DataFrame(rng.randn(200, 2), columns=["a", "b"])
    y = np.where(X["a"] > 0, "p", "Q")
    y[:n_rare] = "q"
    told = []
    ladder = Ladder(repeats=5, trials=1, rungs=["one_hidden"], random_state=rng.randint(1000),
                    progress=lambda event: told.append((event.kind, event.rung))).fit(X, y)  # fmt: skip
    assert ladder.verdict_.chosen == "one_hidden" and hasattr(ladder, "best_estimator_")
    curves, reasons = ladder.findings_.label_curves, ladder.findings_.reasons
    why = reasons.get("label_curves: one hidden layer", "")
    assert bool(curves) != ("a class is so rare" in why)
    assert curves or n_rare == 4
    plan = next(text for kind, text in told if kind == "plan")
    assert f"'Q' ({np.sum(y == 'Q')}) and 'q' ({n_rare}) differ by case alone" in plan


def test_a_part_that_fails_costs_no_verdict(rng, monkeypatch):
    def refuse(*args):
        raise ValueError("no such thing")

    for name in ("label_losses", "importances"):
        monkeypatch.setattr(f"deepen.model_selection.after.{name}", refuse)
    X = pd.DataFrame(rng.randn(100, 2), columns=["a", "b"])
    ladder = Ladder(repeats=3, trials=1, rungs=QUICK).fit(X, (X["a"] > 0).to_numpy())
    assert ladder.verdict_.chosen == "linear" and ladder.findings_.importances == []
    reasons = ladder.findings_.reasons
    assert set(reasons.values()) >= {"no such thing"} and len(reasons) >= 2


def test_few_rows_that_decide_are_told(rng):
    """Two far errors of a hundred rows make nearly all of the mean of squares."""
    told = SimpleNamespace(
        metric_=METRICS["rmse"], test_rows_=np.arange(200), test_predictions_=np.zeros(200),
        test_targets_=np.append(rng.normal(size=198), [1000.0, -1000.0]),
    )  # fmt: skip
    assert few_rows_decide(told).startswith("2 rows of 200 make 100 % of the squared error")
    assert "logarithms" not in few_rows_decide(told)  # of a target below zero there is none
    told.test_targets_ = np.exp(np.append(rng.normal(size=198), [8.0, 8.0]))
    assert "logarithms by what ratio" in few_rows_decide(told)
    told.test_targets_ = rng.normal(size=200)
    assert few_rows_decide(told) == ""
    told.metric_ = METRICS["mae"]
    assert few_rows_decide(told) == ""


def test_the_threshold_has_the_least_balanced_error(rng):
    is_second = rng.rand(300) < 0.1
    p = np.clip(0.1 * is_second + 0.2 * rng.rand(300), 0, 1).round(2)
    found = best_threshold(is_second, p)
    errors = [balanced_error_at(is_second, p, t) for t in np.linspace(0, 1, 500)]
    assert balanced_error_at(is_second, p, found) == pytest.approx(min(errors))
    assert balanced_error_at(is_second, p, 0.5) == 0.5
    assert best_threshold(np.zeros(5), p[:5]) == 0.5


def test_precision_and_recall_by_scikit_learn(rng):
    from sklearn.metrics import precision_recall_curve

    is_second, p = rng.rand(60) < 0.3, rng.rand(60).round(1)
    precision, recall, _ = precision_recall_curve(is_second, p)
    found = precision_recall(is_second, p)
    np.testing.assert_allclose(found[0], recall[:-1][::-1])
    np.testing.assert_allclose(found[1], precision[:-1][::-1])


def test_probabilities_of_a_balanced_model_are_given_back_their_shares():
    y = np.repeat([0, 1], [90, 10])
    natural = natural_probabilities(np.array([[0.5, 0.5]]), y, is_balanced=True)
    np.testing.assert_allclose(natural, [[0.9, 0.1]])


def test_groups_stay_together_also_with_repeated_rows():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 30, 200)
    X = pd.DataFrame(rng.standard_normal((200, 2)), columns=["a", "b"])
    X.iloc[100:110] = X.iloc[0:10].to_numpy()  # repeats tie some groups to one another
    y = (X["a"] > 0).astype(int)
    told = Ladder(repeats=2, trials=1, rungs=QUICK)
    told.fit(X, y, groups=groups)
    assert "rows of one group stay together" in told.split_
    ties = joined_groups(np.r_[np.arange(100), np.arange(10), np.arange(100, 190)], groups)
    for repeat in range(5):
        split = draw_split(None, ties, repeat, 0)
        parts = [set(groups[part]) for part in split]
        assert sum(map(len, parts)) == len(set().union(*parts))


def test_the_past_never_sees_the_future(rng):
    time = rng.permutation(np.repeat(np.arange(60), 4))
    splits = time_splits(time, 5)
    for split in splits:
        ends = [(time[part].min(), time[part].max()) for part in split]
        assert all(before[1] < after[0] for before, after in pairwise(ends))
    assert time[splits[0].verdict].max() == 59  # the latest first, then one that is far away
    assert time[splits[0].verdict].min() - time[splits[1].verdict].max() > 6
    judged = np.concatenate([split.verdict for split in splits])
    assert len(judged) == len(set(judged)) and time[judged].min() == 30
    with pytest.raises(ValueError, match="too few for 50 stretches"):
        time_splits(np.arange(40), 50)


def test_a_time_column_is_read_and_its_faults_are_named():
    X, y = table()
    days = pd.date_range("2024-01-01", periods=len(y)).strftime("%Y-%m-%d")
    ladder = Ladder(repeats=3, trials=1, rungs=QUICK).fit(X, y, time=days)
    assert "what came before" in ladder.split_
    dates = pd.date_range("2024-01-01", periods=len(y))
    zoned = pd.date_range("2024-10-26", periods=len(y), freq="15min", tz="Europe/Berlin")
    ways = [dates.strftime("%d.%m.%Y"), dates.strftime("%B %d, %Y"), zoned, zoned.map(str),
            pd.date_range("1900-01", periods=len(y), freq="MS").strftime("%Y-%m"),
            np.arange(len(y)) + 2**60]  # fmt: skip
    for later in ways:  # on both sides of the end of summer time too
        table_of = prepare_table(None, Given(X, y, time=later))
        assert len(np.unique(table_of.time)) == len(y) and (np.diff(table_of.time) > 0).all()
    with pytest.raises(ValueError, match="lacks values"):
        Ladder(trials=1, rungs=QUICK).fit(X, y, time=[None, *days[1:]])
    with pytest.raises(ValueError, match="'soon', which is no date"):
        Ladder(trials=1, rungs=QUICK).fit(X, y, time=["soon", *days[1:]])


def test_a_test_file_alone_judges_and_its_copies_do_not_train():
    X, y = table()
    X_test, y_test = table(60, seed=1)
    X_test.iloc[0] = X.iloc[0]
    ladder = Ladder(repeats=3, trials=1, rungs=QUICK)
    ladder.fit(X, y, X_test=X_test, y_test=y_test)
    assert len(ladder.test_targets_) == 3 * 60 and "60 rows of the test file" in ladder.split_
    groups = np.r_[np.arange(240), 0, np.arange(240, 299)]
    for split in Plan(groups, None, 0, n_test=60).splits(3):
        assert split.verdict.tolist() == list(range(240, 300))
        assert 0 not in np.concatenate(split[:3]) and len(np.concatenate(split[:3])) == 239
    with pytest.raises(ValueError, match="lacks the columns d"):
        ladder.fit(X, y, X_test=X_test.drop(columns="d"), y_test=y_test)
    with pytest.raises(ValueError, match="need the names of X's columns"):
        ladder.fit(X, y, X_test=X_test.to_numpy(), y_test=y_test)


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_tables_of_other_libraries_keep_the_names_of_their_columns(library):
    module = pytest.importorskip(library)
    table_of = module.from_pandas if library == "polars" else module.Table.from_pandas
    X, y = table()
    X_test, y_test = table(60, seed=1)
    ladder = Ladder(repeats=3, trials=1, rungs=QUICK)
    of_pandas = ladder.fit(X, y, X_test=X_test, y_test=y_test).best_estimator_
    ours, theirs = table_of(X), table_of(X_test[X.columns[::-1]])
    of_theirs = ladder.fit(ours, y, X_test=theirs, y_test=y_test).best_estimator_
    assert [column.name for column in ladder.columns_] == list(X.columns)
    np.testing.assert_array_equal(of_theirs.predict_proba(theirs), of_pandas.predict_proba(X_test))


def test_rare_classes_count_and_the_best_may_be_saved():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 3))
    y = (X[:, 0] + 0.5 * rng.standard_normal(500) > 1.9).astype(int)
    ladder = Ladder(repeats=3, trials=1, rungs=[*QUICK, "boosting"], best=True).fit(X, y)
    assert ladder.metric_.key == "balanced_error" and sum(ladder.class_counts_.values()) == 500
    assert ladder.results_[1].mean < 0.35  # a model that ignores the class has 0.5
    assert ladder.saved_ == ladder.verdict_.best
    assert ladder.results_[0].mean == 0.5


@pytest.mark.parametrize("metric", ["auc", "log_loss"])
def test_probabilities_can_be_judged(metric):
    X, y = table()
    ladder = Ladder(repeats=3, trials=1, rungs=[*QUICK, "one_hidden"], metric=metric).fit(X, y)
    linear = ladder.results_[1]
    assert linear.mean == pytest.approx(linear.measures[metric], rel=0.2)
    assert linear.mean < ladder.results_[0].mean

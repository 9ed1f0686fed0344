"""The ladder on small tables whose answer is known."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from deepen.model_selection import Ladder
from deepen.model_selection import groups as groups_
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.groups import duplicate_groups
from deepen.model_selection.intervals import Judging
from deepen.model_selection.metrics import METRICS, choose_metric, measures, unit_of
from deepen.model_selection.prepare import prepare
from deepen.model_selection.rungs import RUNGS, build, candidates
from deepen.model_selection.splits import draw_split
from deepen.model_selection.target import class_labels
from deepen.model_selection.training import ClassJudge, KeepBest, StopAfter, fit_candidate

QUICK = ["baseline", "linear"]


@pytest.fixture(autouse=True)
def verdict_only(monkeypatch):
    """What follows the verdict has tests of its own."""
    from deepen.model_selection import ladder_steps

    monkeypatch.setattr(ladder_steps, "costly_findings", lambda *args: None)


def table(n_rows=200, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((n_rows, 4)), columns=list("abcd"))
    return X, np.where(X["a"] + 0.5 * X["b"] > 0, "yes", "no")


def parts_of(split):
    return (split.training, split.stopping, split.tuning, split.verdict)


def test_split_parts_are_disjoint_stratified_and_rotate():
    strata = np.repeat([0, 1], [80, 20])
    splits = [draw_split(strata, np.arange(100), repeat, seed=1) for repeat in range(10)]
    for split in splits:
        assert sorted(np.concatenate(parts_of(split))) == list(range(100))
        assert [np.sum(strata[part] == 1) for part in parts_of(split)] == [12, 2, 2, 4]
    assert sorted(np.concatenate([s.verdict for s in splits[:5]])) == list(range(100))
    assert not np.array_equal(splits[0].verdict, splits[5].verdict)


def test_every_class_stands_in_every_part():
    strata = np.repeat([0, 1], [50, 4])
    for repeat in range(5):
        split = draw_split(strata, np.arange(54), repeat, seed=0)
        assert all(1 in strata[part] for part in parts_of(split))


def never_straddle(groups, split):
    """No group on two sides of a split."""
    parts = [set(groups[part]) for part in parts_of(split)]
    return sum(map(len, parts)) == len(set().union(*parts))


def test_duplicates_never_straddle():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((60, 3))).iloc[np.r_[0:60, 0:20]].reset_index(drop=True)
    groups, n_repeated = duplicate_groups(X)
    assert n_repeated == 20
    for repeat in range(5):
        assert never_straddle(groups, draw_split(None, groups, repeat, seed=0))


def test_duplicates_stay_together_where_most_rows_repeat():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(np.tile(rng.standard_normal((20, 2)), (10, 1)), columns=["a", "b"])
    groups, n_repeated = duplicate_groups(X)
    assert n_repeated == 180 and len(set(groups)) == 20
    strata = rng.integers(0, 2, 200)  # equal rows of different classes
    for repeat in range(5):
        assert never_straddle(groups, draw_split(strata, groups, repeat, seed=0))
    ladder = Ladder(repeats=2, trials=1, rungs=QUICK).fit(X, X["a"] * 2)
    assert ladder.n_duplicates_ == 180


def test_too_few_different_rows_are_refused_with_their_count():
    X = np.tile([[0, 1], [1, 0]], (50, 1))
    with pytest.raises(ValueError, match="only 2 different rows among 100"):
        Ladder(repeats=2, trials=1, rungs=QUICK).fit(X, np.tile([0, 1], 50))


def test_numbers_too_large_for_labels_do_not_become_one_class():
    X, _ = table(60)
    for largest in (2e300, 2.0**63):
        with pytest.raises(ValueError, match="too large for classes; choose another"):
            Ladder(trials=1, rungs=QUICK).fit(X, np.arange(60) % 3 * largest / 2)
    assert set(class_labels(pd.Series([0.0, 2.0**62] * 4)).tolist()) == {0, 2**62}


def test_five_groups_are_enough_and_fewer_are_told_as_such():
    X, y = table(200)
    ladder = Ladder(trials=1, repeats=5, rungs=QUICK)
    ladder.fit(X, y, groups=np.arange(200) % 5)
    assert sorted(len(o) for o in np.split(ladder.test_rows_, 5)) == [40] * 5
    rungs = ["baseline", "linear", "boosting"]
    other = Ladder(trials=1, repeats=5, rungs=rungs).fit(X, y, groups=np.arange(200) % 5)
    [gain] = other.verdict_.gains
    assert 0 < gain.smallest_gap < 1 and np.isfinite(other.results_[1].interval).all()
    assert "these 200 rows in 5 groups" in other.verdict_.sentence and other.n_groups_ == 5
    assert gain.lower <= gain.mean <= gain.upper  # it was "surely below 0", whatever the gain
    with pytest.raises(ValueError, match="the rows fall into 4 groups, and whole groups train"):
        ladder.fit(X, y, groups=np.arange(200) % 4)


DIVERGED = "Solver produced non-finite parameter weights. The input data may contain large values."


def diverge(monkeypatch, is_hit):
    """Training raises where `is_hit(rung, params)`."""
    from deepen.model_selection import training

    original = training.fit_candidate

    def fit(rung, params, *args, **kwargs):
        if is_hit(rung, params):
            return training.Fitted(None, failure=DIVERGED.partition(". ")[0])
        return original(rung, params, *args, **kwargs)

    monkeypatch.setattr(training, "fit_candidate", fit)


def test_a_setting_that_diverges_is_never_chosen(monkeypatch):
    X, y = table()
    diverge(monkeypatch, lambda rung, params: params.get("C") == 1.0)
    ladder = Ladder(repeats=2, trials=2, rungs=QUICK).fit(X, y)
    assert ladder.results_[1].params["C"] != 1.0 and not ladder.results_[1].is_failed


def test_a_rung_that_diverges_is_left_out_and_the_others_kept(monkeypatch):
    from deepen.model_selection.ladder_report import rung_rows

    X, y = table()
    diverge(monkeypatch, lambda rung, params: rung.name == "deep")
    ladder = Ladder(repeats=2, trials=1, rungs=[*QUICK, "one_hidden", "deep"]).fit(X, y)
    failed = ladder.results_[3]
    assert failed.is_failed and "non-finite parameter weights" in failed.reason
    assert [len(result.scores) for result in ladder.results_] == [2, 2, 2, 0]
    gains = ladder.verdict_.gains
    assert {gains[0].candidate, gains[0].reference} == {"linear", "one_hidden"} and len(gains) == 1
    assert "repeat 1" in rung_rows(ladder)[3].remark and rung_rows(ladder)[3].loss == "n/a"
    diverge(monkeypatch, lambda rung, params: rung.name == "linear")
    with pytest.raises(ValueError, match="no rung is left to compare: logistic regression failed"):
        Ladder(repeats=2, trials=1, rungs=QUICK).fit(X, y)


def test_other_errors_are_not_taken_for_divergence(monkeypatch):
    from deepen.model_selection import training

    def fit(*args, **kwargs):
        raise ValueError("a fault of ours")

    monkeypatch.setitem(training._FITS, "plain", fit)
    with pytest.raises(ValueError, match="a fault of ours"):
        Ladder(repeats=2, trials=1, rungs=QUICK).fit(*table())


def test_one_huge_cell_does_not_end_a_regression():
    X, _ = table(100)
    y = X["a"] + X["b"]
    X.loc[3, "c"] = 1e22
    ladder = Ladder(repeats=5, trials=1, rungs=[*QUICK, "one_hidden", "boosting"]).fit(X, y)
    assert ladder.verdict_.sentence and ladder.results_[3].is_finished


@pytest.mark.parametrize(
    ("error", "said"), [(KeyboardInterrupt(), "interrupted"), (ValueError(DIVERGED), "failed")]
)
def test_the_verdict_outlives_the_training_on_all_rows(monkeypatch, error, said):
    from deepen.model_selection import training as module
    from deepen.model_selection.ladder_report import report_of

    def refit(*args, **kwargs):
        raise error

    X, y = table()
    ladder = Ladder(repeats=2, trials=1, rungs=QUICK).fit(X, y)
    assert ladder.refit_reason_ == ""
    monkeypatch.setattr(module, "refit", refit)
    ladder.fit(X, y)
    assert ladder.verdict_.chosen == "linear" and not hasattr(ladder, "best_estimator_")
    assert said in ladder.refit_reason_
    assert ladder.is_interrupted_ == (said == "interrupted")
    report = report_of(ladder, title="t", footer={})
    assert any("no model" in notice.text for notice in report.notices)


def test_the_columns_say_why_they_are_of_their_kind():
    from deepen.datasets import infer_columns

    X, y = table()
    X["name"] = [f"row {i}" for i in range(200)]
    ladder = Ladder(repeats=2, trials=1, rungs=QUICK).fit(X, y)
    assert [c.reason for c in ladder.columns_] == [c.reason for c in infer_columns(X)]
    assert {c.name: c.treatment for c in ladder.columns_}["a"] == "standardised"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("n_classes", [2, 3])
def test_networks_are_judged_in_the_ladders_metric(n_classes):
    """The weights kept are those of the least balanced error on the stopping rows."""
    from deepen.model_selection.training import fit_candidate

    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 3)).astype(np.float32)
    y = np.digitize(X[:, 0] + rng.standard_normal(400), [1.8, 2.5][: n_classes - 1])
    half = (X[200:300], y[200:300])
    arrays = Arrays(None, (X[:200], y[:200]), half, half, (X[300:], y[300:]))
    params = {"hidden_layer_sizes": (8,), "learning_rate_init": 0.01}
    judged = []
    metric = METRICS["balanced_error"]
    data = Data(X, y, "classification", metric, [], Judging(np.arange(400), 0.25), 0)
    judge = ClassJudge(data, arrays)
    for weights_kept_for in (metric, METRICS["error"]):
        data.metric = weights_kept_for
        fitted = fit_candidate(RUNGS[2], params, arrays, data, seed=0)
        model = fitted.model
        judged.append(judge((model.coefs_, model.intercepts_)))
        assert judged[-1] == pytest.approx(metric(half[1], model.predict(half[0])))
    assert judged[0] <= judged[1]


def test_keep_best_follows_its_judge():
    keep = KeepBest(patience=9, judge=lambda params: abs(float(params[0][0][0]) - 2))
    for epoch in (1, 2, 3):
        keep(Event(epoch, score=float(epoch)))
    assert keep.epoch == 2


def test_of_a_walk_the_end_is_the_best():
    keep = KeepBest(patience=9, walks_to_end=True)
    for epoch, score in ((1, 0.9), (2, 0.8), (3, 0.1)):
        keep(Event(epoch, score))
    assert keep.epoch == 3 and keep.params[0][0] == 3
    cut = KeepBest(patience=9, walks_to_end=True)
    for epoch, score in ((1, 0.9), (2, 0.8)):
        cut(Event(epoch, score))
    assert cut.epoch == 1


@pytest.mark.parametrize("name", ["modern", "sae", "dbn"])
def test_stopping_rows_do_not_move_a_network_that_walks_to_its_end(name, rng):
    """Its weights but for the scale of the last layer are those of any other stopping rows."""
    X = rng.standard_normal((400, 4)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    own = [(X[k::4], y[k::4]) for k in range(4)]
    data = Data(X, y, "classification", METRICS["error"], [], None, 0)
    rung = next(rung for rung in RUNGS if rung.name == name)
    found = []
    for labels in (own[1][1], rng.permutation(own[1][1])):
        arrays = Arrays(None, own[0], (own[1][0], labels), own[2], own[3])
        found.append(fit_candidate(rung, dict(rung.first), arrays, data, seed=0))
    ours, theirs = (fitted.model.coefs_ for fitted in found)
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert found[0].n_epochs == found[1].n_epochs == found[0].model.n_iter_


def test_metrics_by_hand():
    y, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0])
    assert METRICS["error"](y, predicted) == 0.5
    assert METRICS["balanced_error"](y, predicted) == pytest.approx((1 / 3 + 1) / 2)
    assert METRICS["rmse"]([1.0, 2.0], [1.0, 4.0]) == pytest.approx(np.sqrt(2))
    assert METRICS["mae"]([1.0, 2.0], [1.0, 4.0]) == 1
    assert unit_of(METRICS["rmse"], y) == 0
    # The one row of the rare class counts 4 / (2 * 1).
    assert unit_of(METRICS["balanced_error"], y) == 2
    with pytest.raises(ValueError, match="metric must be one of"):
        choose_metric("rmse", "classification", y)


def test_every_loss_is_a_mean_over_rows(rng):
    from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

    y, p = rng.randint(0, 2, 80), rng.randint(1, 10, 80) / 10  # with ties
    proba = np.stack([1 - p, p], axis=1)
    found = measures("classification", y, proba)
    assert found["auc"] == pytest.approx(1 - roc_auc_score(y, p))
    assert found["balanced_error"] == pytest.approx(
        1 - balanced_accuracy_score(y, proba.argmax(axis=1))
    )
    assert found["log_loss"] == pytest.approx(log_loss(y, proba))
    many = measures("classification", np.arange(3), np.eye(3))
    assert many["auc"] == "n/a: AUC needs two classes, the target has 3"
    with pytest.raises(ValueError, match="needs two classes"):
        choose_metric("auc", "classification", np.arange(3))


def test_auc_has_delongs_variance(rng):
    """The rows' losses scatter as the placements of DeLong, DeLong and Clarke-Pearson say."""
    y, p = np.repeat([0, 1], [30, 20]), rng.rand(50)
    rows = METRICS["auc"].rows(y, np.stack([1 - p, p], axis=1))
    wins = (p[30:, None] > p[None, :30]).astype(float)
    second, first = wins.mean(axis=1), wins.mean(axis=0)
    expected = second.var() / 20 + first.var() / 30
    assert np.var(rows) / 50 == pytest.approx(expected)


def test_candidates_are_repeatable_and_extend():
    rung = RUNGS[2]
    assert candidates(rung, "classification", 5, 3)[:3] == candidates(rung, "classification", 3, 3)
    assert candidates(rung, "classification", 5, 3) != candidates(rung, "classification", 5, 4)


def test_linear_regression_of_one_setting_bears_as_many_columns_as_rows(rng):
    X, noise = rng.normal(size=(400, 100)), rng.normal(size=400)
    y = X[:, 0] + noise
    params = candidates(RUNGS[1], "regression", 1, 0)[0]
    model = build(RUNGS[1], "regression", params, 0).fit(X[:100], y[:100])
    assert np.mean((model.predict(X[100:]) - y[100:]) ** 2) < 10 * np.var(y)


class Event:
    max_iter = 3

    def __init__(self, epoch, score):
        self.epoch, self.validation_score = epoch, score

    def params(self):
        return ([np.full(1, self.epoch)], [np.zeros(1)])


def test_keep_best_takes_the_latest_of_equals_and_stops():
    keep = KeepBest(patience=2)
    stops = [
        keep(Event(epoch, score)) for epoch, score in enumerate([0.1, 0.5, 0.5, 0.4, 0.3], start=1)
    ]
    assert stops == [False, False, False, False, True]
    assert keep.epoch == 3
    assert [StopAfter(2)(Event(epoch, 0)) for epoch in (1, 2)] == [False, True]


def test_unlabelled_rows_are_counted_and_left_out():
    X, y = table()
    y = pd.Series(y).mask(np.arange(200) < 47)
    ladder = Ladder(repeats=2, trials=1, rungs=QUICK).fit(X, y)
    assert (ladder.n_unlabeled_, ladder.n_samples_) == (47, 153)
    # Integers read as floats, for the missing cells alone, are classes again.
    assert prepare(X, pd.Series([0.0, 1.0, None, 1.0] * 50), None)[1].dtype.kind == "i"


def test_same_seed_same_result_and_pairing():
    X, y = table()
    first, second = (
        Ladder(repeats=3, trials=2, rungs=["baseline", "linear", "one_hidden"], random_state=5).fit(
            X, y
        )
        for _ in range(2)
    )
    assert [r.scores for r in first.results_] == [r.scores for r in second.results_]
    assert first.verdict_ == second.verdict_
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert all(len(r.scores) == 3 for r in first.results_)
    assert first.results_[2].n_candidates == 2


def test_more_categories_than_bins_do_not_end_a_climb(rng):
    """The trees' bins are coarse, and a column has 100 categories; the refitted model has them too."""
    X = pd.DataFrame({"city": [f"city {i}" for i in rng.permutation(np.arange(3000) % 100)]})
    X["a"] = rng.normal(size=3000)
    y = X["city"].str[-1].isin(list("02468")).astype(int)
    ladder = Ladder(repeats=2, trials=1, rungs=["baseline", "boosting"]).fit(X, y)
    assert not ladder.results_[1].is_failed and ladder.results_[1].mean < 0.3
    assert ladder.score(X, y) > 0.8


def test_the_whole_table_is_let_go_before_the_rungs_begin(monkeypatch):
    """Rows that do not fit the budget take no memory while others train."""
    import weakref

    from deepen.model_selection import beginning
    from deepen.model_selection.ladder_steps import fit_given
    from deepen.model_selection.prepare import Given

    monkeypatch.setattr(beginning, "affordable_rows", lambda *args: 100)
    X, y = table(300)
    alive, whole = [], weakref.ref(X)

    def told(event):
        if event.kind == "rung":
            alive.append(whole() is not None)

    ladder = Ladder(1e5, repeats=2, rungs=QUICK, progress=told)
    given = Given(X, y)
    del X
    fit_given(ladder, given)
    assert ladder.n_used_ == 100 and ladder.n_samples_ == 300
    assert alive and not any(alive)


def test_hashes_and_class_numbers_are_those_of_all_rows_at_once(rng, monkeypatch):
    """Pieces, for the sake of memory, change no digest."""
    from deepen.model_selection import beginning, target

    X = pd.DataFrame({"a": rng.normal(size=95), "b": pd.Categorical(rng.choice(list("xyz"), 95))})
    X["c"] = rng.choice(["one", "two", None], 95)
    labels = rng.choice(["no", "yes", "maybe"], 95)
    whole = groups_.row_hashes(X), b"".join(beginning._as_text(labels))
    assert whole[1] == "\0".join(labels.tolist()).encode()
    monkeypatch.setattr(groups_, "ROWS_AT_A_TIME", 10)
    monkeypatch.setattr(beginning, "PIECE", 10)
    monkeypatch.setattr(target, "PIECE", 10)
    np.testing.assert_array_equal(groups_.row_hashes(X), whole[0])
    assert b"".join(beginning._as_text(labels)) == whole[1]
    classes, numbers = target.class_numbers(labels)
    expected = np.unique(labels, return_inverse=True)
    np.testing.assert_array_equal(classes, expected[0])
    np.testing.assert_array_equal(numbers, expected[1])


def test_interaction_needs_a_hidden_layer():
    """x1 * x2 > 0 is beyond a line and within one hidden layer: the rung pays."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (600, 2))
    events = []
    ladder = Ladder(
        repeats=5, trials=1, rungs=["baseline", "linear", "one_hidden"], progress=events.append
    ).fit(X, (X[:, 0] * X[:, 1] > 0).astype(int))
    assert ladder.verdict_.behind("linear").outcome == "pays"
    assert (ladder.verdict_.status, ladder.verdict_.chosen) == ("suffices", "one_hidden")
    assert ladder.verdict_.sentence.startswith("One hidden layer")
    assert ladder.score(X, (X[:, 0] * X[:, 1] > 0).astype(int)) > 0.9
    assert ladder.predict_proba(X).shape == (600, 2)
    kinds = [event.kind for event in events]
    assert kinds[0] == "plan" and kinds[-1] == "finished" and kinds.count("repeat") == 15


def test_regression_in_the_targets_own_units():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((300, 3)), columns=list("abc"))
    y = 1000 + 50 * X["a"] - 20 * X["b"] + rng.standard_normal(300)
    ladder = Ladder(repeats=3, trials=1, rungs=["baseline", "linear", "one_hidden"]).fit(X, y)
    linear = ladder.results_[1]
    assert ladder.metric_.key == "rmse" and linear.mean == pytest.approx(1.0, abs=0.3)
    assert linear.measures["r2"] > 0.99
    assert ladder.results_[2].mean < 30  # a network that forgot the shift would be off by 1000
    assert ladder.predict(X).mean() == pytest.approx(y.mean(), abs=5)


@pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung.name != "baseline"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_setting_that_may_be_drawn_can_be_trained(rung, task):
    """Draws beyond the default: a setting that its estimator refuses would end a ladder."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3)).astype(np.float32)
    y = X[:, 0] if task == "regression" else (X[:, 0] > 0).astype(int)
    for params in candidates(rung, task, 3, seed=0):
        model = build(rung, task, params, seed=0)
        if "max_iter" in model.get_params() and rung.name != "linear":
            model.set_params(max_iter=2, n_iter_no_change=1)
        if rung.pretraining:  # which has tests of its own
            model.set_params(pretrainer=None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            assert model.fit(X, y).predict(X).shape == (60,)


def test_interrupt_keeps_what_finished():
    X, y = table()

    def interrupt(event):
        if event.rung == "one hidden layer" and event.kind == "candidate" and event.repeat == 3:
            raise KeyboardInterrupt

    ladder = Ladder(repeats=4, trials=1, rungs=["linear", "one_hidden"], progress=interrupt).fit(
        X, y
    )
    assert ladder.is_interrupted_
    assert [len(r.scores) for r in ladder.results_] == [4, 4, 2]  # the baseline first
    assert ladder.verdict_.gains[0].n_repeats == 2


def test_to_dict_is_plain():
    X, y = table()
    ladder = Ladder(repeats=2, trials=1, rungs=QUICK).fit(X, y)
    text = json.dumps(ladder.to_dict())
    assert json.loads(text)["rungs"][1]["scores"] == ladder.results_[1].scores


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"repeats": 1}, "repeats must be at least 2"),
        ({"trials": 0}, "trials must be at least 1"),
        ({"time_budget": -1}, "time_budget must be greater than 0"),
        ({"min_gain": 0}, "min_gain must be greater than 0"),
        ({"rungs": ["tall"]}, "rungs must be 'auto' or among"),
        ({"metric": "auk"}, "metric must be one of"),
        ({"task": "ranking"}, "task must be"),
    ],
)
def test_bad_parameters_are_named(change, message):
    X, y = table()
    with pytest.raises(ValueError, match=message):
        Ladder(**{"trials": 1, "rungs": QUICK, **change}).fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a"] * 200, "one class only"),
        (["a"] * 199 + ["b"], "class 'b' has 1 row"),
        ([None] * 190 + ["a", "b"] * 5, "at least 15 rows with a target"),
        (["a", "b"] * 50, "inconsistent numbers of samples"),
    ],
)
def test_bad_targets_are_named(y, message):
    X, _ = table()
    with pytest.raises(ValueError, match=message):
        Ladder(trials=1, rungs=QUICK).fit(X, y)


def test_ctrl_c_in_a_network_ends_the_climb():
    from deepen.model_selection.training import fit_network
    from deepen.neural_network import MLPClassifier

    def interrupt(event):
        raise KeyboardInterrupt

    X, y = table()
    with pytest.raises(KeyboardInterrupt):
        fit_network(MLPClassifier((2,), callbacks=[interrupt]), X.to_numpy(), y)


def test_all_classes_with_too_few_rows_are_named_at_once():
    y = pd.Series(["a"] * 20 + ["b"] * 20 + ["c"] * 3 + ["d"])
    with pytest.raises(ValueError, match=r"'d' has 1 row and .*; so with 'c' \(3\): leave these"):
        class_labels(y)
    many = pd.Series([f"c{i}" for i in range(20)] + ["a"] * 20)
    with pytest.raises(ValueError, match=r"'c10' \(1\).* and 14 more: leave these classes out"):
        class_labels(many)
    with pytest.raises(ValueError, match=r"'c' has 3 rows and at least 4 are needed: leave the"):
        class_labels(y[:-1])
    spelt = pd.Series(["Gold"] * 20 + ["silver"] * 20 + ["GOLD"] * 2)
    with pytest.raises(
        ValueError, match="write 'GOLD' and 'Gold' alike where they are one class, or"
    ):
        class_labels(spelt)
    names = pd.Series([f"id {i}" for i in range(200)])
    with pytest.raises(
        ValueError, match="200 different values in 200 rows, such as 'id 0': it seems"
    ):
        class_labels(names)


def test_a_target_of_numbers_and_a_word_names_the_word():
    X = np.random.default_rng(0).standard_normal((200, 2))
    y = pd.Series(X[:, 0].round(3).astype(str)).where(X[:, 1] < 1, "Pending")
    n = int((X[:, 1] >= 1).sum())
    for task in (None, "regression"):
        with pytest.raises(ValueError, match=f"holds numbers, but 'Pending' in {n} rows: leave"):
            Ladder(rungs=["baseline"], task=task).fit(X, y)
    y = y.where(y != "Pending", "1.0") + " EUR"
    for amounts in (y, pd.Series(pd.Categorical(np.arange(200)))):
        ladder = Ladder(rungs=["baseline", "linear"], task="regression", repeats=2, trials=1)
        assert ladder.fit(X, amounts).task_ == "regression"
    y[:2] = ["VB", "on request"]
    with pytest.raises(ValueError, match="but 'VB' in 1 row, 'on request' in 1 row: leave"):
        Ladder(rungs=["baseline"], task="regression").fit(X, y)


def test_the_reference_is_met_in_pairs(rng):
    """Amounts of which a column tells little, but surely: by itself, a loss of far errors says nothing."""
    X = pd.DataFrame(rng.standard_normal((4000, 2)), columns=["a", "b"])
    y = 0.3 * X["a"] + rng.standard_t(5, 4000)
    settings = {"repeats": 5, "trials": 1, "rungs": ["linear"], "task": "regression"}
    ladder = Ladder(**settings).fit(X, y)
    base, linear = (r for r in ladder.results_ if r.name in ("baseline", "linear"))
    assert linear.interval[1] > base.mean
    assert "is not shown to be better" not in ladder.verdict_.sentence
    noise = pd.DataFrame(rng.standard_normal((200, 40))).rename(columns="c{}".format)
    ladder = Ladder(**settings).fit(noise, rng.standard_normal(200))  # learns what is not there
    assert "Linear regression is not shown to be better than the mean" in ladder.verdict_.sentence

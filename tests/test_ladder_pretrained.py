"""The pre-trained rungs: what their layers see, what is said of them, and what is shown."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import deepen
from deepen.model_selection import (
    Ladder,
    clock,
    ladder_steps,
    layer_views,
    pretraining,
    report_extras,
    training,
    unlabelled_gain,
)
from deepen.model_selection.attempt import Attempt
from deepen.model_selection.climb import seed_of
from deepen.model_selection.cost import CostModel
from deepen.model_selection.data import Data, columns_of, new_encoder
from deepen.model_selection.intervals import Judging, RowLosses
from deepen.model_selection.ladder_report import report_of
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.pretraining import Pretraining, on_one_scale, unit_scaler
from deepen.model_selection.refitting import refit_on_all
from deepen.model_selection.results import Outcome, RungResult
from deepen.model_selection.rungs import RUNGS, build, select_rungs
from deepen.model_selection.store import RunError
from deepen.neural_network import BernoulliRBM, DBNClassifier, GaussianRBM
from deepen.report import render

RUNG = {rung.name: rung for rung in RUNGS}
PRETRAINED = ["sae", "dbn"]
SIDE = 4


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Little training: these tests are about who sees what."""
    monkeypatch.setattr(pretraining, "N_STEPS", 20)
    monkeypatch.setattr(pretraining, "LAYER_EPOCHS", (1, 3))
    monkeypatch.setattr(pretraining, "fine_tuning_epochs", lambda *args: 5)
    monkeypatch.setattr("deepen.model_selection.training.fine_tuning_epochs", lambda *args: 5)
    monkeypatch.setattr(layer_views, "MAP_ITERATIONS", 250)


@pytest.fixture
def verdict_only(monkeypatch):
    """Nothing is worked out after the verdict."""
    monkeypatch.setattr(ladder_steps, "costly_findings", lambda *args: None)
    monkeypatch.setattr(ladder_steps, "layer_views", lambda *args: [])


def pictures(n_labelled=60, n_unlabelled=70, task="classification"):
    """Bars in pictures of 4 x 4 pixels; the last rows have no target."""
    rng = np.random.default_rng(0)
    n = n_labelled + n_unlabelled
    row = rng.integers(0, SIDE, n)
    images = 0.3 * rng.random((n, SIDE, SIDE))
    images[np.arange(n), row] += 0.7
    X = pd.DataFrame(images.reshape(n, -1), columns=[f"pixel_{i}" for i in range(SIDE * SIDE)])
    y = pd.Series((row < 2).astype(float) if task == "classification" else images.sum((1, 2)) + row)
    y[n_labelled:] = np.nan
    return X, y


def data_of(X, y, n_repeats=2, seed=0):
    from deepen.model_selection.prepare import Given, prepare_table

    table = prepare_table(None, Given(X, y))
    plan, _ = table.split_plan(seed)
    judging = Judging(plan.groups, 0.25, 1.0)
    return Data(table.X, table.y, table.task, METRICS["error"], plan.splits(n_repeats), judging, seed,
                X_unlabelled=table.X_unlabelled)  # fmt: skip


def test_auto_pre_trains_where_it_may_pay():
    plain = [rung.name for rung in RUNGS if not rung.pretraining]
    for has_unlabelled, seconds, is_there in [
        (True, 60.0, True), (False, 60.0, False), (False, 900.0, True), (False, None, True),
    ]:  # fmt: skip
        rungs, reason = select_rungs("auto", has_unlabelled=has_unlabelled, seconds=seconds)
        names = [rung.name for rung in rungs]
        assert set(plain) <= set(names) and (set(PRETRAINED) <= set(names)) == is_there
        assert bool(reason) != is_there
    named, _ = select_rungs("sae", has_unlabelled=False, seconds=1.0)
    assert [rung.name for rung in named] == ["baseline", "sae"]


def test_layers_see_training_and_unlabelled_rows_and_no_other():
    X, y = pictures()
    data = data_of(X, y)
    for repeat, split in enumerate(data.splits):
        arrays = data.arrays(repeat, "layers")
        seen = {row.tobytes() for row in arrays.pretraining.rows}
        assert len(arrays.pretraining.rows) == len(split.training) + 70
        assert arrays.pretraining.n_unlabelled == 70
        assert all(row.tobytes() in seen for row in arrays.training[0])
        for X_part, _ in (arrays.stopping, arrays.tuning, arrays.verdict):
            assert not any(row.tobytes() in seen for row in X_part)
        assert arrays.pretraining.rows.min() >= 0 and arrays.pretraining.rows.max() <= 1


@pytest.mark.parametrize("name", PRETRAINED)
def test_one_stack_serves_every_setting_and_number_of_labels(name):
    data = data_of(*pictures())
    arrays = data.arrays(0, "layers")
    part = arrays.with_training_rows(np.arange(20))
    assert part.pretraining is arrays.pretraining
    params = dict(RUNG[name].first)
    models = [build(RUNG[name], "classification", {**params, "alpha": a}, 0) for a in (0.0, 1.0)]
    for model in models:
        arrays.pretraining.start(model, None)
    first, second = (model.pretrainer for model in models)
    assert [a.estimator is b.estimator for a, b in zip(first, second, strict=True)] == [True, True]
    # A repeat that is not kept in memory keeps what its layers have learnt.
    data._encoded.clear()
    assert data.arrays(0, "layers").pretraining.known is arrays.pretraining.known


SIX = np.random.default_rng(3).permutation(np.tile(np.arange(6), 20)).reshape(20, 6)  # 0 to 5
MONEY = np.random.default_rng(3).lognormal(10, 1, (200, 6))


@pytest.mark.parametrize(
    ("table", "is_there"),
    [
        (SIX, True),
        (SIX[:, :3], False),  # too few columns to tell
        (SIX * 51, True),
        (SIX + 1, True),
        (SIX > 2, True),
        (SIX - 1, False),  # below zero
        (SIX + 100, False),  # far from zero
        (SIX * [1, 1, 1, 9, 90, 900], False),
        (MONEY, False),
        (MONEY[:, :1], False),
        (np.where(np.eye(20, 6, dtype=bool), 99, SIX), True),  # stands for a missing answer
        (np.where(np.eye(20, 6, k=-9, dtype=bool), np.nan, SIX), True),
        (np.hstack([SIX[:, :5], 2024 * np.ones((20, 1))]), True),  # constant
        (np.hstack([SIX[:, :5], np.full((20, 1), np.nan)]), True),
        (np.vstack([SIX, [[0, 0, 0, 0, 0, 9000]]]), True),  # one absurd value
    ],
)
def test_columns_on_one_scale_are_known(table, is_there):
    def answer(X, types=None):
        return on_one_scale(new_encoder(columns_of(X, types)).fit(X))

    assert answer(table) == is_there
    frame = pd.DataFrame(table, columns=[f"a{i}" for i in range(table.shape[1])])
    assert answer(frame) == is_there
    assert answer(frame.map(str)) == is_there
    if is_there:
        # A column that is left out has no say, one of categories has.
        assert answer(frame.assign(row=np.arange(500, 500 + len(frame)))) or len(frame) < 20
        assert not answer(frame, {"a0": "categorical"})
        # Pixels are known by their names.
        square = pd.DataFrame(np.hstack([table] * 3)[:, :16] - 3.0)
        assert answer(square.set_axis([f"pixel_{i}" for i in range(16)], axis=1))
        # Those of 1x1 and so on may be entries of a matrix, too, which have signs.
        cells = [f"{i // 4 + 1}x{i % 4 + 1}" for i in range(16)]
        assert not answer(square.set_axis(cells, axis=1))
        assert answer(((square + 3.0) * np.arange(1, 17)).set_axis(cells, axis=1))


def test_columns_that_do_not_vary_in_these_rows_have_no_say():
    rare = np.zeros((20, 9), int)
    rare[-1] = 5
    for amounts, is_there in [(SIX, True), (SIX * [1, 5, 30, 200, 900, 7000], False)]:
        table = pd.DataFrame(np.hstack([amounts, rare]))
        assert on_one_scale(new_encoder(columns_of(table)).fit(table[:-1])) == is_there


@pytest.mark.parametrize("name", PRETRAINED)
@pytest.mark.parametrize("is_one_scale", [True, False])
def test_columns_on_scales_of_their_own_are_clipped_and_their_machine_is_gaussian(
    name, is_one_scale, tmp_path
):
    """The layers of pixels are of rows in [0, 1]; of anything else, of the rows that the modern rung has."""
    X, y = pictures()
    if not is_one_scale:
        X = (X * np.arange(1, 17)).set_axis([f"x{i}" for i in range(16)], axis=1)
    data = data_of(X, y)
    arrays = data.arrays(0, "layers")
    assert data.has_one_scale == is_one_scale
    clipped = data.arrays(0, "clipped").training[0]
    assert np.array_equal(arrays.training[0], clipped) != is_one_scale
    model = build(RUNG[name], "classification", RUNG[name].first, 0)
    arrays.pretraining.start(model, None)
    result = RungResult(name, "", "ladder", params=dict(RUNG[name].first), n_epochs=2)
    refitted, _ = refit_on_all(RUNG[name], result, data)
    assert ("scale" in refitted.named_steps) == is_one_scale
    size, n_epochs = pretraining.length_of(len(arrays.pretraining.rows))
    for first, second in (
        [layer.estimator for layer in model.pretrainer],
        refitted.named_steps["model"].pretrainers_,
    ):
        if name == "dbn":
            assert isinstance(first, BernoulliRBM if is_one_scale else GaussianRBM)
            assert isinstance(second, BernoulliRBM) and second.centered == "visible"
            assert (first.n_iter, second.n_iter) == (n_epochs, n_epochs)
        else:
            assert first.loss == ("cross_entropy" if is_one_scale else "squared_error")
            assert (first.max_iter, second.max_iter) == (n_epochs, n_epochs)
            assert first.corruption_level == second.corruption_level == pretraining.MASKED_SHARE
        assert (first.batch_size, second.batch_size) == (size, size)
    deepen.save(refitted, tmp_path / "model.deepen")
    again = deepen.load(tmp_path / "model.deepen")
    np.testing.assert_array_equal(again.predict_proba(X), refitted.predict_proba(X))


def test_the_same_seed_gives_the_same_layers():
    rows = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    found = []
    for seed in (1, 1, 2):
        model = build(RUNG["dbn"], "classification", RUNG["dbn"].first, 0)
        Pretraining(rows, seed=seed).start(model, None)
        found.append(model.pretrainer[0].estimator.components_)
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])


def test_layers_cut_short_are_not_kept(monkeypatch):
    rows = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    monkeypatch.setattr(clock, "source", lambda: 10.0)
    model = build(RUNG["sae"], "classification", RUNG["sae"].first, 0)
    late = Pretraining(rows)
    late.start(model, deadline=5.0)
    assert not late.known and model.pretrainer[0].estimator.n_iter_ == 1


def test_ctrl_c_while_layers_learn_ends_the_climb(monkeypatch):
    def interrupt(self, event):
        raise KeyboardInterrupt

    monkeypatch.setattr(pretraining._StopAt, "__call__", interrupt)
    rows = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    for name in PRETRAINED:
        model = build(RUNG[name], "classification", RUNG[name].first, 0)
        with pytest.raises(KeyboardInterrupt):
            Pretraining(rows).start(model, deadline=clock.now() + 1000)


def test_columns_come_into_the_unit_interval(rng):
    X = rng.standard_normal((300, 3)).astype(np.float32)
    X[0, 0], X[:, 1] = 1e6, 0.0
    X[0, 1] = 1.0  # nearly always the same
    scaled = unit_scaler(X).transform(X)
    assert scaled.dtype == np.float32 and scaled.min() == 0 and scaled.max() == 1
    # One absurd value does not flatten the others.
    assert scaled[1:, 0].std() > 0.1 and scaled[0, 1] == 1


def test_a_ladder_of_pre_trained_rungs(tmp_path, monkeypatch):
    X, y = pictures()
    rungs = ["one_hidden", "sae", "dbn"]
    ladder = Ladder(repeats=2, trials=1, rungs=rungs, best=True, checkpoint=tmp_path / "run")
    ladder.fit(X, y)
    assert all(result.is_compared for result in ladder.results_ if result.role != "baseline")
    found = ladder.findings_
    assert (
        found.pretraining.n_unlabelled == 70
        and "70 rows without a target" in found.pretraining.sentence
    )
    assert found.pretraining.plain == "one_hidden" and found.pretraining_by_labels
    assert found.unlabelled.n_repeats == 2 and found.unlabelled.name == found.pretraining.pretrained
    assert {c.name for c in found.label_curves} >= {"one_hidden", found.pretraining.pretrained}
    json.dumps(ladder.to_dict())
    views = ladder.layers_
    assert [len(view.filters) for view in views] == [2, 2] and len(views[0].maps) == 6
    for view in views:
        assert view.filters[1].weights.shape == (16, 256)
        assert view.reconstructions.shape == view.rows.shape == (8, SIDE, SIDE)
        is_belief = view.title == "deep belief network"
        assert (view.samples is not None) == is_belief
    page = render(report_of(ladder, title="bars", footer={}))
    assert (
        "What pre-training learnt" in page and "t-SNE of layer 2" in page and len(page) < 1_000_000
    )
    assert "by themselves" in page
    again = Ladder(repeats=2, trials=1, rungs=rungs, best=True, checkpoint=tmp_path / "run")
    monkeypatch.setattr(training, "fit_candidate", None)  # nothing is trained again
    monkeypatch.setattr(ladder_steps, "costly_findings", lambda *args: None)
    monkeypatch.setattr(ladder_steps, "layer_views", lambda *args: [])
    again.fit(X, y)
    assert [r.scores for r in again.results_] == [r.scores for r in ladder.results_]
    assert again.findings_.pretraining == found.pretraining
    with pytest.raises(RunError, match="rows have changed"):
        again.fit(X.iloc[:-1], y.iloc[:-1])


def errors_in(data, repeat, error, **more):
    """A repeat of which so large a share of the verdict rows is wrong; its settings are its own."""
    rows = data.splits[repeat].verdict
    values = (np.arange(len(rows)) < error * len(rows)).astype(float)
    params = {**RUNG["dbn"].first, "alpha": 0.1 * repeat}
    return Outcome(repeat, RowLosses(rows, values), np.empty(0), params, **more)


def trained_alone(monkeypatch, data, error_alone, during=lambda: None):
    """What networks without the unlabelled rows are trained with, whose errors are made up."""
    seen = []

    def fit(rung, params, arrays, data, *, seed, deadline):
        seen.append((params, arrays, seed))
        during()
        return training.Fitted(object(), 0.0)

    def judged(fitted, arrays, data, repeat):
        assert arrays.verdict is data.arrays(repeat, "layers").verdict
        return errors_in(data, repeat, error_alone)

    monkeypatch.setattr(training, "fit_candidate", fit)
    monkeypatch.setattr(unlabelled_gain, "outcome_of", judged)
    return seen


@pytest.mark.parametrize(
    ("error_alone", "answer", "words"),
    [
        (0.5, "helped", "The 70 rows without a target helped by themselves: over the same"),
        (0.0, "did not help", "The 70 rows without a target did not help by themselves"),
        (0.2, "cannot tell", "Whether the 70 rows without a target helped by themselves does not"),
    ],
)
def test_what_unlabelled_rows_are_worth_by_themselves(error_alone, answer, words, monkeypatch):
    data = data_of(*pictures(), n_repeats=4)
    seen = trained_alone(monkeypatch, data, error_alone)
    outcomes = [errors_in(data, repeat, 0.2) for repeat in range(4)]
    attempt = Attempt(RUNG["dbn"], RungResult("dbn", "", "rung"), outcomes)
    found = unlabelled_gain.unlabelled_gain(attempt, data, 0.01, float("inf"))
    assert (found.answer, found.n_repeats, found.n_unlabelled) == (answer, 4, 70)
    assert found.sentence.startswith(words)
    assert found.mean == pytest.approx(error_alone - 0.2, abs=0.05)
    assert found.interval[0] <= found.mean <= found.interval[1]
    for repeat, (params, arrays, seed) in enumerate(seen):
        assert params == outcomes[repeat].params and arrays.pretraining.n_unlabelled == 0
        whole = data.arrays(repeat, "layers")
        assert np.array_equal(arrays.pretraining.rows, whole.training[0])
        assert arrays.training is whole.training and arrays.pretraining is not whole.pretraining
        assert seed == arrays.pretraining.seed == seed_of(data.seed, repeat, 0)
    # A gain too small to matter is none.
    found = unlabelled_gain.unlabelled_gain(attempt, data, 1.0, float("inf"))
    assert found.answer == ("helped" if answer == "helped" else "did not help")
    assert unlabelled_gain.unlabelled_gain(attempt, data, 0.01, clock.now() - 1) is None
    data.X_unlabelled = None
    assert unlabelled_gain.unlabelled_gain(attempt, data, 0.01, float("inf")) is None


@pytest.mark.parametrize(
    ("seconds", "deadline", "n_repeats"),
    [(1.0, 2.5, 2), (1.0, 1.5, None), (1.0, 9.0, 4), (2.0, 3.5, None), (0.1, 1.05, None)],
)
def test_unlabelled_rows_are_judged_on_the_repeats_that_time_allows(
    seconds, deadline, n_repeats, monkeypatch
):
    """Fits that were expected to take a second; the first repeats are paired with each other."""
    time = [0.0]
    data = data_of(*pictures(), n_repeats=4)
    monkeypatch.setattr(clock, "source", lambda: time[0])

    def pass_by():
        time[0] += seconds

    trained_alone(monkeypatch, data, 0.5, pass_by)
    times = {"fit_seconds": 0.5, "pretraining_seconds": 0.5}
    outcomes = [errors_in(data, repeat, 0.2 + 0.2 * repeat, **times) for repeat in range(4)]
    attempt = Attempt(RUNG["dbn"], RungResult("dbn", "", "rung"), outcomes)
    found = unlabelled_gain.unlabelled_gain(attempt, data, 0.01, deadline)
    if n_repeats is None:
        assert found is None
        return
    expected = np.mean([0.5 - 0.2 - 0.2 * repeat for repeat in range(n_repeats)])
    assert found.n_repeats == n_repeats and found.mean == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("name", PRETRAINED)
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.usefixtures("verdict_only")
def test_a_pre_trained_model_is_kept_in_a_file(name, task, tmp_path):
    X, y = pictures(task=task)
    ladder = Ladder(repeats=2, trials=1, rungs=[name]).fit(X, y)
    model = ladder.best_estimator_
    assert [step for step, _ in model.steps] == ["table", "scale", "model"]
    assert model[-1].pretrainer == RUNG[name].pretraining and len(model[-1].pretrainers_) == 2
    deepen.save(model, tmp_path / "m.deepen")
    np.testing.assert_array_equal(deepen.load(tmp_path / "m.deepen").predict(X), model.predict(X))
    if task == "regression":
        assert abs(np.mean(ladder.predict(X)) - y.mean()) < 3 * y.std()


def test_filters_of_upper_layers_are_seen_through_the_lower_ones():
    from deepen.neural_network import BernoulliRBM

    rows = np.random.default_rng(0).random((30, 5))
    first = BernoulliRBM(4, n_iter=1, random_state=0).fit(rows)
    second = BernoulliRBM(3, n_iter=1, random_state=0).fit(first.transform(rows))
    lower, upper = layer_views.filters_of([first, second])
    np.testing.assert_array_equal(lower, first.components_.T)
    np.testing.assert_allclose(upper, first.components_.T @ second.components_.T)
    samples = layer_views.samples_of([first, second], 7, seed=3)
    assert samples.shape == (7, 5) and 0 <= samples.min() <= samples.max() <= 1


def cost(**facts):
    return CostModel("classification", 1000, 50, 2, speed=1e10, **facts)


def test_layers_learn_from_some_of_many_rows_and_from_all_without_a_target(monkeypatch, seed):
    """What they see: rows with a target by lot, each once, then the others in their order."""
    rows = np.arange(12, dtype=np.float32).reshape(12, 1)
    seen = []
    monkeypatch.setattr(pretraining, "_trained", lambda model, X, *others: seen.append(X) or [])
    monkeypatch.setattr(pretraining, "MOST_LABELLED", 4)
    model = DBNClassifier((3,))
    Pretraining(rows, n_unlabelled=2, seed=seed).start(model, None)
    drawn, others = np.split(seen[0].ravel(), [4])
    assert others.tolist() == [10, 11] and len(set(drawn)) == 4 and drawn.max() < 10
    assert Pretraining(rows, n_unlabelled=2).n_learnt == len(seen[0])
    few = Pretraining(rows[:6], n_unlabelled=2, seed=seed)
    few.start(model.set_params(pretrainer="rbm"), None)
    assert seen[1] is few.rows and few.n_learnt == 6


def test_the_plan_counts_pre_training():
    sae, modern = RUNG["sae"], RUNG["modern"]
    before = cost().pretraining_seconds(sae)
    assert before > 0 == cost().pretraining_seconds(modern)
    assert cost(n_unlabelled=50_000).rows_before(sae) == 50_600
    assert replace(cost(n_unlabelled=9), n_rows=1_000_000).rows_before(sae) == 20_009
    many = cost().rung_seconds(sae, 1, 10) - cost().rung_seconds(sae, 1, 1)
    assert many == pytest.approx(9 * (before + cost().fit_seconds(sae, 600)), rel=0.05)
    model = cost()
    model.learn_pretraining(sae, 3 * before)
    assert model.pretraining_seconds(sae) == pytest.approx(3 * before)
    assert model.pretraining_seconds(RUNG["dbn"]) == cost().pretraining_seconds(RUNG["dbn"])


@pytest.mark.usefixtures("verdict_only")
def test_a_rung_without_time_for_two_repeats_is_not_begun(monkeypatch):
    monkeypatch.setattr(
        CostModel, "pretraining_seconds", lambda self, rung: 1e6 * bool(rung.pretraining)
    )
    ladder = Ladder(30.0, repeats=2, rungs=["linear", "sae"]).fit(*pictures())
    sae = ladder.results_[2]
    assert not sae.scores and sae.reason.startswith("two repeats would take about")
    assert ladder.verdict_.status == "alone"
    assert "had no time" in report_extras.use_of_unlabelled(ladder)

"""The budget, by a clock that only trainings move; no test here waits or times."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from deepen.model_selection import (
    Ladder,
    ascent,
    clock,
    ladder_steps,
    report_extras,
    training,
    verdict,
)
from deepen.model_selection.attempt import Attempt
from deepen.model_selection.beginning import line_of
from deepen.model_selection.climb import Climber
from deepen.model_selection.clock import Clock
from deepen.model_selection.cost import CostModel
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.intervals import Judging, RowLosses
from deepen.model_selection.ladder_report import rung_rows
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.plan import affordable_rows, duration, plan_rungs
from deepen.model_selection.prepare import Given, prepare_table
from deepen.model_selection.pretraining import fine_tuning_epochs
from deepen.model_selection.results import Outcome, RungResult
from deepen.model_selection.rungs import RUNGS, select_rungs
from deepen.model_selection.training import BATCH_SIZE
from deepen.model_selection.tuning import stage_sizes, tune, work_of


def table(n_rows=200):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((n_rows, 4)), columns=list("abcd"))
    return X, np.where(X["a"] + X["b"] > 0, "yes", "no")


class FakeTime:
    """Seconds that pass in trainings alone, so many for each rung; only `winner` learns anything."""

    def __init__(self, monkeypatch, seconds, layers=0.0, winner=None):
        self.seconds, self.now, self.trained = seconds, 0.0, []
        self.layers, self.pretrained, self.winner = layers, set(), winner
        monkeypatch.setattr(ladder_steps, "layer_views", lambda *args: [])
        monkeypatch.setattr(clock, "source", lambda: self.now)
        monkeypatch.setattr(training, "fit_candidate", self.fit)
        monkeypatch.setattr(training, "refit", self.refit)

    def fit(self, rung, params, arrays, data, *, seed, deadline=None):
        X, y = arrays.training
        if rung.pretraining:
            self.pretrain(rung, arrays, deadline)
        one = self.seconds.get(rung.name, 0.1) * len(y) / 120
        if deadline is not None and rung.kind != "plain":  # callbacks and rounds obey the clock
            one = min(one, max(0.0, deadline - self.now) + 0.1)
        self.now += one
        self.trained.append(rung.name)
        model = DummyClassifier(strategy="prior")
        model = (LogisticRegression() if rung.name == self.winner else model).fit(X, y)
        return training.Fitted(
            model, one, pretraining_seconds=self.layers * bool(rung.pretraining),
            is_cut=rung.is_network and deadline is not None and self.now >= deadline,
        )  # fmt: skip

    def pretrain(self, rung, arrays, deadline):
        """Once for each rung and repeat; the layers' callbacks obey the clock."""
        key = (rung.name, arrays.pretraining.seed)
        if key not in self.pretrained:
            left = np.inf if deadline is None else max(0.0, deadline - self.now) + 0.1
            self.now += min(self.layers, left)
            self.pretrained.add(key)

    def refit(self, rung, params, X, data, **others):
        self.now += self.seconds.get(rung.name, 0.1) * len(X) / 120
        self.now += self.layers * bool(rung.pretraining)
        return DummyClassifier(strategy="prior").fit(X, data.y)


NAMES = [rung.name for rung in RUNGS if rung.role != "baseline"]
PRETRAINED = {rung.name for rung in RUNGS if rung.pretraining}
SPEEDS = {
    "quick": {},
    "even": dict.fromkeys(NAMES, 0.5),
    "one rung is slow": {"modern": 20.0},
    "boosting is slow": {"boosting": 25.0},
    "all are slow": dict.fromkeys(NAMES, 2.5),
}


@pytest.mark.parametrize("speeds", SPEEDS)
@pytest.mark.parametrize("budget", [60.0, 900.0])
def test_the_budget_holds_and_the_verdict_is_complete(monkeypatch, speeds, budget):
    time = FakeTime(monkeypatch, SPEEDS[speeds])
    X, y = table()
    ladder = Ladder(budget).fit(X, y)
    assert ladder.elapsed_ <= 1.05 * budget
    assert ladder.verdict_.sentence and ladder.best_estimator_ is not None
    compared = [result.name for result in ladder.results_ if result.is_compared]
    if speeds not in ("one rung is slow", "boosting is slow") or budget == 900:
        # Without rows that lack a target a minute is too short for pre-training to be tried.
        assert len(compared) == (5 if budget == 60 else 7)
    assert len(compared) >= 4
    assert bool(ladder.left_out_) == (budget == 60)
    for result in ladder.results_:
        assert len(result.scores) == 10 or result.reason
    if speeds == "quick":
        assert all(len(result.scores) == 10 for result in ladder.results_)
        left_out = PRETRAINED if budget == 60 else set()
        assert set(time.trained) == {rung.name for rung in RUNGS} - left_out


@pytest.mark.parametrize("layers", [0.2, 2.0, 8.0, 100.0])
@pytest.mark.parametrize("budget", [60.0, 600.0])
def test_the_budget_holds_with_slow_layers(monkeypatch, layers, budget):
    """What the plan does not know of: layers that take up to 1.7 times the budget."""
    time = FakeTime(monkeypatch, {}, layers)
    X, y = table(400)
    ladder = Ladder(budget).fit(X, pd.Series(y).mask(np.arange(400) >= 200))
    assert ladder.elapsed_ <= 1.05 * budget and ladder.best_estimator_ is not None
    found = {result.name: result for result in ladder.results_}
    for name in PRETRAINED:
        assert len(found[name].scores) == 10 or found[name].reason
    assert all(len(found[name].scores) == 10 for name in found if name not in PRETRAINED)
    assert not ladder.left_out_ and bool(time.pretrained)
    if layers == 0.2:
        assert all(len(found[name].scores) == 10 for name in PRETRAINED)
        assert ladder.findings_.pretraining.n_unlabelled == 200


def test_time_that_one_rung_leaves_the_next_have(monkeypatch):
    """Each of five rungs has a fifth of the time; the last, alone slow, gets nearly all of it."""
    speeds = dict.fromkeys(("linear", "boosting", "one_hidden", "deep"), 0.01)
    FakeTime(monkeypatch, {**speeds, "modern": 3.0})
    ladder = Ladder(60.0).fit(*table())
    modern = next(result for result in ladder.results_ if result.name == "modern")
    assert modern.seconds > 60 / 5 and len(modern.scores) == 10


FOUR = ["boosting", "one_hidden", "deep", "modern"]


def test_what_is_left_over_makes_rungs_comparable_before_it_is_shared(monkeypatch):
    """Shared with rungs that it is too little for, it would be too little for all."""
    seconds = dict(zip(FOUR, (28.2, 12.5, 24.4, 12.5), strict=True))
    FakeTime(monkeypatch, seconds, layers=0.1, winner="modern")
    ladder = Ladder(400.0, rungs=["baseline", "linear", *FOUR, *PRETRAINED]).fit(*table())
    found = {result.name: result for result in ladder.results_}
    assert found["boosting"].is_compared and ladder.elapsed_ <= 1.05 * 400


@pytest.mark.parametrize("compiling", [0.0, 12.0])
def test_compiling_once_costs_no_repeat(monkeypatch, compiling):
    """The first training of layers compiles for long: the second repeat is not thought to do so again."""
    time = FakeTime(monkeypatch, {}, layers=2.0)
    pretrain, compiled = time.pretrain, dict.fromkeys(PRETRAINED, 0.0)
    monkeypatch.setattr(clock, "_compiling", lambda: sum(compiled.values()))

    def compile_and_pretrain(rung, arrays, deadline):
        time.now += compiling - compiled[rung.name]
        compiled[rung.name] = compiling
        pretrain(rung, arrays, deadline)

    monkeypatch.setattr(time, "pretrain", compile_and_pretrain)
    X, y = table(400)
    ladder = Ladder(180.0).fit(X, pd.Series(y).mask(np.arange(400) >= 200))
    found = {result.name: result for result in ladder.results_}
    assert all(len(found[name].scores) >= 4 for name in PRETRAINED)
    assert ladder.elapsed_ <= 1.05 * 180


def test_a_first_training_that_was_cut_is_no_repeat(monkeypatch):
    """With time for one setting it would be the first repeat; its seconds teach nothing."""
    time = FakeTime(monkeypatch, dict.fromkeys(PRETRAINED, 6.0), layers=3.0)
    whole, n_cut = time.fit, dict.fromkeys(PRETRAINED, 0)

    def cut_first(rung, *args, **kwargs):
        fitted = whole(rung, *args, **kwargs)
        fitted.is_cut = rung.name in n_cut and not n_cut[rung.name]
        if rung.name in n_cut:
            n_cut[rung.name] += 1
        return fitted

    monkeypatch.setattr(training, "fit_candidate", cut_first)
    X, y = table(400)
    ladder = Ladder(400.0).fit(X, pd.Series(y).mask(np.arange(400) >= 200))
    found = {result.name: result for result in ladder.results_}
    for name in PRETRAINED:
        assert found[name].n_candidates == 1 and len(found[name].scores) >= 2
        assert found[name].n_cut == 0 and n_cut[name] > len(found[name].scores)


def slower_from_the_second_repeat_on(time, name, seconds):
    """Progress callable after which trainings of a rung take so long."""

    def told(event):
        if event.kind == "repeat" and event.rung == "deep belief network" and event.repeat == 1:
            time.seconds[name] = seconds

    return told


def test_layers_may_take_longer_than_their_share(monkeypatch):
    """Two repeats of 18.5 s, where the share of each of two such rungs is 35 s."""
    FakeTime(monkeypatch, {"sae": 18.5})
    ladder = Ladder(100.0, rungs=["linear", "sae", "dbn"]).fit(*table())
    found = {result.name: result for result in ladder.results_}
    assert len(found["sae"].scores) == 2 and found["sae"].n_cut == 0
    assert found["dbn"].reason and ladder.elapsed_ <= 105


def test_a_repeat_of_layers_that_was_cut_does_not_count(monkeypatch):
    time = FakeTime(monkeypatch, {"dbn": 20.0})
    ladder = Ladder(
        100.0, rungs=["linear", "dbn"],
        progress=slower_from_the_second_repeat_on(time, "dbn", 200.0),
    ).fit(*table())  # fmt: skip
    found = {result.name: result for result in ladder.results_}
    assert len(found["dbn"].scores) == 1 and found["dbn"].n_cut == 0
    assert ladder.verdict_.chosen == "linear" and ladder.elapsed_ <= 105


def test_a_second_repeat_leaves_the_time_of_a_model_of_all_rows(monkeypatch):
    """What the first repeat shows of that time, the second one's end obeys."""
    time = FakeTime(monkeypatch, {"dbn": 20.0}, winner="dbn")
    ladder = Ladder(
        100.0, rungs=["linear", "dbn"],
        progress=slower_from_the_second_repeat_on(time, "dbn", 60.0),
    ).fit(*table())  # fmt: skip
    assert ladder.elapsed_ <= 105


def test_a_rung_left_out_of_the_comparison_is_named_everywhere(monkeypatch):
    """Here by name; what decides has tests of its own. The level is paid for it all the same."""
    FakeTime(monkeypatch, {}, winner="linear")
    asked = []

    def decide_and_note(losses, *args, n_rungs=0, **kwargs):
        asked.append((list(losses), n_rungs))
        return verdict.decide(losses, *args, n_rungs=n_rungs, **kwargs)

    monkeypatch.setattr(
        ascent, "comparable", lambda losses, judging: [n for n in losses if n != "deep"]
    )
    monkeypatch.setattr(ascent, "decide", decide_and_note)
    told = []
    rungs = ["baseline", "linear", "one_hidden", "deep"]
    ladder = Ladder(60.0, rungs=rungs, progress=told.append).fit(*table())
    assert (["linear", "one_hidden"], 3) in asked  # of the verdict, and of what is told before it
    assert "Not compared, for want of repeats: deep network (10)." in ladder.verdict_.sentence
    assert ladder.verdict_.names == {"linear", "one_hidden"}
    row = rung_rows(ladder)[3]
    assert not row.is_compared and row.remark == "too few repeats to compare" and not row.outcome


def test_what_is_told_on_the_way_pays_for_the_rungs_to_come(monkeypatch):
    FakeTime(monkeypatch, {"linear": 0.5, "boosting": 2.0, "deep": 5.0})
    asked, decide = [], verdict.decide
    monkeypatch.setattr(
        ascent,
        "decide",
        lambda losses, *args, n_rungs=0, **kwargs: (
            asked.append((len(losses), n_rungs)),
            decide(losses, *args, n_rungs=n_rungs, **kwargs),
        )[1],
    )
    Ladder(900.0).fit(*table())
    assert asked[0] == (1, 7) and (2, 7) in asked


@pytest.mark.parametrize("n_kept", [0, 1])
def test_a_new_sitting_compiles_anew(monkeypatch, n_kept):
    """A repeat of 5 s is thought to fit into 20 s, but not where 50 s of compiling come first."""
    monkeypatch.setattr(clock, "source", lambda: 0.0)
    X, y = table()
    plan, _ = prepare_table(None, Given(X, y)).split_plan(0)
    judging = Judging(plan.groups, 0.25)
    data = Data(X, y, "classification", METRICS["error"], plan.splits(4), judging, 0)
    climber = Climber(
        data, Clock(100.0), CostModel("classification", 200, 4, 2, speed=1e9), None, None, None
    )
    rung = next(rung for rung in RUNGS if rung.name == "deep")
    outcome = Outcome(0, RowLosses(np.arange(40), np.zeros(40)), np.zeros((40, 2)), {}, fit_seconds=5.0,
                      seconds=60.0, compiling=50.0)  # fmt: skip
    attempt = Attempt(rung, RungResult("deep", "deep", "ladder"), [outcome], n_kept=n_kept)
    assert attempt.seconds == [10.0]
    assert climber._has_time(attempt, 1, 20.0) == (n_kept == 0)


def test_a_watch_leaves_compiling_out():
    import deepen.engine  # noqa: F401 - it counts

    watch, start = clock.Stopwatch(), clock.now()
    jax.jit(lambda x: jnp.sin(x) @ jnp.cos(x).T)(np.ones((37, 41))).block_until_ready()
    wall = clock.now() - start
    assert 0 < watch.compiling <= wall
    assert watch.seconds == pytest.approx(wall - watch.compiling, abs=0.05)


def test_a_slow_rung_leaves_time_for_its_model_of_all_rows(monkeypatch):
    """Its model of all rows takes what further repeats would."""
    time = FakeTime(monkeypatch, {"modern": 50.0}, winner="modern")  # 83 s for a model of all rows
    before = []

    def at_verdict(event):
        if event.kind == "verdict":
            before.append(time.trained.count("modern"))

    rungs = ["baseline", "linear", "modern"]
    ladder = Ladder(300.0, rungs=rungs, progress=at_verdict).fit(*table())
    assert before == [3]  # what was tried before the plan counts
    assert ladder.saved_ == "modern" and len(ladder.results_[2].scores) == 3
    assert ladder.elapsed_ <= 300


def test_the_cheapest_rungs_have_an_interval_however_slow_the_start(monkeypatch):
    """Loading a compiler as a rung begins is not its time, and the baseline costs nothing."""
    time = FakeTime(monkeypatch, {"linear": 7.0, **dict.fromkeys(NAMES[1:], 30.0)})

    def load(event):
        if event.kind == "rung" and event.role != "baseline":
            time.now += 4.0

    ladder = Ladder(60.0, progress=load).fit(*table())
    found = {result.name: result for result in ladder.results_}
    assert len(found["baseline"].scores) == 10 and found["linear"].is_compared
    assert ladder.verdict_.sentence and ladder.elapsed_ <= 1.05 * 60


@pytest.mark.parametrize("seconds", np.arange(1.0, 11.0, 0.5))
def test_what_follows_the_verdict_is_begun_only_where_two_repeats_fit(monkeypatch, seconds):
    time = FakeTime(monkeypatch, {"linear": seconds})
    before = []

    def at_verdict(event):
        if event.kind == "verdict":
            before.append(len(time.trained))

    ladder = Ladder(60.0, rungs=["baseline", "linear"], progress=at_verdict).fit(*table())
    findings = ladder.findings_
    assert findings.label_curves or findings.importances or len(time.trained) == before[0]


def test_a_machine_too_slow_for_the_budget_still_gives_its_cheapest_verdict(monkeypatch):
    """Where the first repeat outlives the time, the second is the least that an interval takes."""
    time = FakeTime(monkeypatch, {"linear": 70.0})
    ladder = Ladder(60.0).fit(*table())
    assert ladder.verdict_.status == "alone" and ladder.saved_ == "linear"
    assert len(ladder.results_[1].scores) == 2
    assert set(time.trained) == {"baseline", "linear"}


def test_nothing_starts_once_the_budget_is_spent(monkeypatch):
    time = FakeTime(monkeypatch, {})
    X, y = table()

    def spend(event):
        if event.kind == "rung finished" and event.rung.startswith("logistic"):
            time.now += 60.0

    ladder = Ladder(60.0, rungs=["baseline", "linear", "one_hidden"], progress=spend).fit(X, y)
    assert ladder.verdict_.status == "alone"
    assert ladder.results_[2].reason == "the time budget was spent"
    assert "one_hidden" not in time.trained
    assert ladder.findings_.label_curves == []
    assert "label_curves: logistic regression" in ladder.findings_.reasons


def test_a_provisional_answer_comes_within_the_first_minute(monkeypatch):
    time = FakeTime(monkeypatch, {"linear": 0.5, "boosting": 2.0, "deep": 5.0})
    told = []
    Ladder(900.0, progress=lambda e: told.append((time.now, e.kind, e.rung))).fit(*table())
    (at, _, words), *_ = [one for one in told if one[1] == "provisional"]
    assert at <= 60 and "logistic regression" in words
    first = [one[1] for one in told]
    assert first.index("plan") < first.index("rung")


def test_the_first_answer_takes_what_one_repeat_says(monkeypatch):
    """Boosting needs much of a minute for a repeat: it is shown, and nothing is decided by it.

    Once it has repeats enough, the answer is told again.
    """
    time = FakeTime(monkeypatch, {"linear": 0.1, "boosting": 42.0, "deep": 5.0})
    told = []
    Ladder(900.0, progress=lambda e: told.append((time.now, e.kind, e.rung))).fit(*table())
    [(at, _, words), (later, _, more)] = [one for one in told if one[1] == "provisional"]
    assert at <= 60 and "(one repeat)" in words and "leads surely" not in words
    assert later > at and "gradient boosting" in more and "(one repeat)" not in more


def test_the_first_answer_does_not_wait_for_the_end_of_a_repeat(monkeypatch):
    """A repeat of boosting takes minutes, with its settings: what is known is told between two of them."""
    time = FakeTime(monkeypatch, {"linear": 0.1, "boosting": 25.0, "deep": 5.0})
    told = []
    Ladder(
        3600.0, repeats=2, progress=lambda e: told.append((time.now, e.kind, e.rung, e.candidate))
    ).fit(*table())
    place, (at, _, words, _) = next(
        (n, one) for n, one in enumerate(told) if one[1] == "provisional"
    )
    assert at <= 75 and "logistic regression" in words and "boosting" not in words
    assert told[place + 1][1] == "candidate" and told[place + 1][3] > 1


def test_estimates_come_from_what_was_measured(monkeypatch):
    """After a repeat the time left is that of the repeats done, times those to come."""
    FakeTime(monkeypatch, {"deep": 1.0})
    told = []
    Ladder(trials=1, repeats=5, rungs=["deep"], progress=told.append).fit(*table())
    left = [e.seconds_left for e in told if e.kind == "repeat" and e.rung == "deep network"]
    assert left == pytest.approx([4.0, 3.0, 2.0, 1.0, 0.0])


def test_a_clock_counts_earlier_sittings(monkeypatch):
    monkeypatch.setattr(clock, "source", lambda: now[0])
    now = [100.0]
    found = Clock(60.0, spent=50.0)
    now[0] = 104.0
    assert (found.elapsed, found.total, found.left) == (4.0, 54.0, 6.0)
    now[0] = 200.0
    assert found.left == 0.0 and Clock(None).left == float("inf")


def test_halving_keeps_the_better_half(monkeypatch):
    """Settings are ranked by their known losses; half of them reach each further stage."""
    X, y = table(400)
    table_ = prepare_table(None, Given(X, y))
    from deepen.model_selection.data import Data
    from deepen.model_selection.intervals import Judging

    plan, _ = table_.split_plan(0)
    data = Data(X, y, "classification", METRICS["error"], plan.splits(2),
                Judging(plan.groups, 0.25), 0)  # fmt: skip
    arrays = data.arrays(0)

    class Known:
        def __init__(self, error):
            self.error, self.classes_ = error, np.array(["no", "yes"])

        def predict_proba(self, X):
            wrong = np.arange(len(X)) < self.error * len(X)
            is_yes = (arrays.tuning[1] == "yes") != wrong
            return np.stack([~is_yes, is_yes], axis=1).astype(float)

    trained = []

    def fit(params, part, number):
        trained.append((params["error"], len(part.training[1])))
        return training.Fitted(Known(params["error"]))

    errors = [0.5, 0.1, 0.4, 0.3, 0.9, 0.2, 0.8, 0.7]
    tuned = tune([{"error": e} for e in errors], arrays, data, fit, np.random.default_rng(0))
    assert tuned.params == {"error": 0.1}
    sizes = stage_sizes(8, 240)
    assert [e for e, size in trained[8:12]] == [0.1, 0.2, 0.3, 0.4] and len(trained) == 14
    assert sizes == [200, 200, 240] and trained[-1][1] == 240
    assert [len(trial.losses) for trial in tuned.trials] == [1, 3, 2, 2, 1, 3, 1, 1]


def test_parts_for_halving_hold_every_class_in_proportion():
    from deepen.model_selection.tuning import stratified_order

    strata = np.repeat([0, 1, 2], [800, 150, 50])
    order = stratified_order(strata, np.random.default_rng(1))
    assert sorted(order) == list(range(1000))
    for n in (100, 250, 500):
        counts = np.bincount(strata[order[:n]])
        assert np.abs(counts - n * np.array([0.8, 0.15, 0.05])).max() <= 1


def cost(n_rows, speed=1e10):
    return CostModel("classification", n_rows, 50, 2, speed=speed)


def test_the_plan_grows_with_every_factor():
    network = next(rung for rung in RUNGS if rung.name == "deep")
    one = cost(10_000).rung_seconds(network, 1, 10)
    assert cost(20_000).rung_seconds(network, 1, 10) > 1.5 * one
    assert cost(10_000).rung_seconds(network, 8, 10) > 3 * one
    assert cost(10_000).rung_seconds(network, 1, 20) > 1.5 * one
    assert cost(10_000, speed=1e9).rung_seconds(network, 1, 10) > one


def test_the_plan_says_what_will_be_counted():
    """Trees are no epochs, and fine-tuning has as many epochs as its rows make of its steps."""
    lines = {plan.name: line_of(plan) for plan in plan_rungs(cost(50_000), RUNGS, 10, 60.0, 4)}
    assert "up to 400 trees x up to 4 settings" in lines["boosting"]
    assert "epochs" in lines["deep"] and "epochs" not in lines["linear"]
    n_epochs = fine_tuning_epochs(30_000, BATCH_SIZE)
    assert (
        "pre-trained on about 20,000 rows" in lines["dbn"]
        and f"up to {n_epochs} epochs" in lines["dbn"]
    )


def test_a_measured_training_corrects_its_kind():
    network = next(rung for rung in RUNGS if rung.name == "deep")
    model = cost(10_000)
    expected = model.fit_seconds(network, 6000)
    model.learn(network, [10 * expected, 3 * expected, 3 * expected])
    assert model.fit_seconds(network, 6000) == pytest.approx(3 * expected)
    linear = next(rung for rung in RUNGS if rung.name == "linear")
    assert model.fit_seconds(linear, 6000) == cost(10_000).fit_seconds(linear, 6000)


def test_two_million_rows_are_cut_to_the_budget():
    model = cost(2_000_000)
    n_rows = affordable_rows(model, RUNGS, 60.0)
    assert 10_000 <= n_rows < 200_000
    assert affordable_rows(model, RUNGS, 1e9) == 2_000_000
    assert affordable_rows(cost(5000), RUNGS, 0.1) == 5000
    plans = plan_rungs(model, RUNGS, 10, 60.0, None)
    assert all(plan.seconds <= 60 / 7 and plan.n_candidates == 1 for plan in plans)
    assert [plan.n_candidates for plan in plan_rungs(model, RUNGS, 10, 60.0, 3)][1:] == [3] * 7


def test_rows_left_out_for_time_keep_the_classes_and_are_said(monkeypatch):
    from deepen.model_selection import beginning

    FakeTime(monkeypatch, {})
    monkeypatch.setattr(beginning, "affordable_rows", lambda *args: 100)
    ladder = Ladder(60.0, repeats=5).fit(*table())
    assert (ladder.n_samples_, ladder.n_used_) == (200, 100)
    assert "100 of 200 rows" in ladder.verdict_.sentence or ladder.verdict_.status == "suffices"


def test_work_and_durations():
    assert [work_of(n) for n in (1, 2, 4, 8)] == [1, 2, 4, 6]
    assert duration(float("inf")) == "unknown" and duration(10_000) == "2.8 h"


def test_a_training_that_the_time_ended_is_told_and_done_anew(monkeypatch, tmp_path):
    X, y = table(400)
    time = FakeTime(monkeypatch, {})
    original = time.fit

    def fit(rung, *args, **others):
        fitted = original(rung, *args, **others)
        fitted.is_cut = rung.name == "modern"
        return fitted

    monkeypatch.setattr(training, "fit_candidate", fit)
    names = ["linear", "modern"]
    ladder = Ladder(60.0, repeats=3, rungs=names, checkpoint=tmp_path / "run").fit(X, y)
    found = {result.name: result for result in ladder.results_}
    assert found["modern"].n_cut == 3 and found["linear"].n_cut == 0
    words = "deep network with modern training in 3 of 3 repeats"
    assert words in report_extras.cut_short(ladder)
    time.trained.clear()
    monkeypatch.setattr(training, "fit_candidate", original)
    ladder = Ladder(120.0, repeats=3, rungs=names, checkpoint=tmp_path / "run").fit(X, y)
    assert "modern" in time.trained
    assert report_extras.cut_short(ladder) == ""


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_whose_time_is_over_says_so(rng):
    X, [rung] = rng.standard_normal((400, 3)), [rung for rung in RUNGS if rung.name == "one_hidden"]
    parts = [(X[k::4].astype(np.float32), np.where(X[k::4, 0] > 0, "yes", "no")) for k in range(4)]
    arrays = Arrays(None, *parts)
    judging = Judging(np.arange(400), 0.25)
    data = Data(X, parts[0][1], "classification", METRICS["error"], [], judging, 0)
    late = training.fit_candidate(rung, rung.first, arrays, data, seed=0, deadline=clock.now())
    assert late.is_cut and late.n_epochs == 1
    assert not training.fit_candidate(rung, rung.first, arrays, data, seed=0).is_cut


def test_no_rung_with_kept_repeats_is_left_out():
    """A short sitting that goes on from a longer one counts what is there."""
    short = {"has_unlabelled": False, "seconds": 60.0}
    none, why = select_rungs("auto", **short)
    assert why and not PRETRAINED & {rung.name for rung in none}
    some, why = select_rungs("auto", **short, begun=["sae", "deep"])
    assert not why and {rung.name for rung in some} - {rung.name for rung in none} == {"sae"}

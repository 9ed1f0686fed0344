"""Temperatures: closed forms, samples of known probabilities, and networks whose probabilities come true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, log_softmax, logit, softmax

from deepen.model_selection import Ladder, training
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.intervals import Judging, RowLosses
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.results import Outcome, RungResult
from deepen.model_selection.rungs import RUNGS
from deepen.model_selection.temperature import (
    PRIOR_DEVIATION,
    temperature_of,
    temperature_of_network,
)
from deepen.model_selection.training import fit_candidate
from deepen.model_selection.units import scale_last_layer
from deepen.neural_network import DBNClassifier, MLPClassifier

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def drawn(rng, n, temperature=1.0, n_classes=3):
    """Logits, and classes drawn from softmax(z / T)."""
    z = 3 * rng.standard_normal((n, n_classes))
    return z, (z / temperature + rng.gumbel(size=z.shape)).argmax(axis=1)


def test_two_logits_and_a_share_have_a_closed_form(rng):
    a, n = rng.uniform(0.5, 4), 200_000
    n_true = int(n * rng.uniform(0.6, 0.95))
    z = np.tile([0.0, a], (n, 1))
    codes = (np.arange(n) < n_true).astype(int)
    # s = sigma(a / T)
    assert temperature_of(z, codes) == pytest.approx(a / logit(n_true / n), rel=2e-3)
    # A row of weight two is two rows.
    weights = np.where(codes == 1, 2.0, 1.0)
    share = 2 * n_true / (n + n_true)
    assert temperature_of(z, codes, weights) == pytest.approx(a / logit(share), rel=2e-3)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_it_is_found_from_a_sample(rng, temperature):
    z, codes = drawn(rng, 20_000, temperature)
    assert temperature_of(z, codes) == pytest.approx(temperature, rel=0.1)


def test_it_is_where_the_slope_of_the_cost_is_zero(rng):
    z, codes = drawn(rng, 40, 1.7)
    log_t, h = np.log(temperature_of(z, codes)), 1e-3

    def cost(u):
        surprise = -log_softmax(z / np.exp(u), axis=1)[np.arange(40), codes].sum()
        return surprise + u**2 / (2 * PRIOR_DEVIATION**2)

    assert cost(log_t) <= min(cost(log_t - h), cost(log_t + h))


def test_few_rows_say_little(rng):
    """Rows that are all right would have T = 0; one of them hardly moves it."""
    z = np.array([[0.0, 4.0]])
    assert 0.9 < temperature_of(z, np.array([1])) < 1
    found = [temperature_of(np.tile(z, (n, 1)), np.ones(n, int)) for n in (3, 30, 300)]
    assert 1 > found[0] > found[1] > found[2] > 0.1


def logits(model, X):
    """What probabilities tell of them: all but what is the same for all classes."""
    return np.log(model.predict_proba(X))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_network_gives_softmax_of_divided_logits(rng, n_classes):
    z, y = drawn(rng, 300, n_classes=n_classes)
    names = np.array(["a", "b", "c"])
    model = MLPClassifier((6,), activation="tanh", max_iter=3, random_state=0).fit(z, names[y])
    before, predicted = logits(model, z), model.predict(z)
    scale_last_layer(model, 1 / 0.3)
    wanted = softmax(before / 0.3, axis=1)
    np.testing.assert_allclose(model.predict_proba(z), wanted, rtol=1e-3, atol=1e-6)
    assert np.array_equal(model.predict(z), predicted)


@pytest.mark.parametrize(
    "model", [MLPClassifier((4, 3), ("relu", "tanh")), DBNClassifier((4,)), MLPClassifier((4,))]
)
def test_a_networks_is_that_of_its_logits(rng, model):
    z, y = drawn(rng, 300)
    model.set_params(max_iter=3, random_state=0).fit(expit(z), y)
    wanted = temperature_of(logits(model, expit(z)), y)
    assert temperature_of_network(model, expit(z), y) == pytest.approx(wanted, rel=1e-3)


def test_rows_of_unknown_classes_and_logits_that_are_no_numbers_say_nothing(rng):
    z, y = drawn(rng, 200)
    known = y < 2
    model = MLPClassifier((4,), max_iter=3, random_state=0).fit(z[known], y[known])
    found = temperature_of_network(model, z, y)
    assert found == temperature_of_network(model, z[known], y[known]) != 1
    assert temperature_of_network(model, z[:5], np.full(5, 2)) == 1
    model.intercepts_[-1][:] = np.inf
    assert temperature_of_network(model, z, y) == 1


def test_balanced_classes_count_equally_for_as_many_rows_as_they_are_worth(rng):
    z = rng.standard_normal((2000, 1))
    y = (expit(2 * z[:, 0] - 2) > rng.uniform(size=2000)).astype(int)
    model = MLPClassifier((4,), class_weight="balanced", max_iter=30, random_state=0).fit(z, y)
    weights = np.where(y == 1, 1 / (y == 1).mean(), 1 / (y == 0).mean())
    weights *= weights.sum() / (weights**2).sum()
    found = temperature_of_network(model, z, y, is_balanced=True)
    assert found == pytest.approx(temperature_of(logits(model, z), y, weights), rel=1e-3)
    # Of a class of two rows, both right, little more can be said than of four rows.
    rare = np.r_[np.flatnonzero(model.predict(z) * y)[:2], np.flatnonzero(y == 0)[:500]]
    assert 0.5 < temperature_of_network(model, z[rare], y[rare], is_balanced=True) < 2


def parts(rng, n=400):
    """Arrays of one repeat, and who looks at them."""
    X = rng.standard_normal((4 * n, 3)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] + 0.3 * rng.standard_normal(4 * n) > 1.2).astype(int)
    own = [(X[k::4], y[k::4]) for k in range(4)]
    return Arrays(None, *own), Data(X, y, "classification", METRICS["error"], [], None, 0)


def noise(rng, part):
    return part[0], rng.permutation(part[1])


def test_only_the_stopping_rows_are_asked(rng):
    # This rung trains to its end, whatever the stopping rows say.
    rung, (arrays, data) = next(r for r in RUNGS if r.name == "modern"), parts(rng)
    found = fit_candidate(rung, {}, arrays, data, seed=0)
    blind = replace(arrays, tuning=noise(rng, arrays.tuning), verdict=noise(rng, arrays.verdict))
    assert fit_candidate(rung, {}, blind, data, seed=0).temperature == found.temperature
    lost = replace(arrays, stopping=noise(rng, arrays.stopping))
    assert fit_candidate(rung, {}, lost, data, seed=0).temperature > 2 * found.temperature
    # Scaled by what was found, the network has nothing left to scale but for the prior.
    again = temperature_of_network(found.model, *arrays.stopping)
    assert abs(np.log(again)) < 0.1 + 0.2 * abs(np.log(found.temperature))


@pytest.mark.parametrize("metric", ["error", "balanced_error"])
def test_classes_count_equally_where_the_metric_says_so(rng, metric, monkeypatch):
    asked, own = [], training.temperature_of_network

    def spy(*args, is_balanced):
        asked.append(is_balanced)
        return own(*args, is_balanced=is_balanced)

    monkeypatch.setattr(training, "temperature_of_network", spy)
    rung, (arrays, data) = next(r for r in RUNGS if r.name == "one_hidden"), parts(rng, 100)
    fit_candidate(rung, {}, arrays, replace(data, metric=METRICS[metric]), seed=0)
    assert asked == [metric == "balanced_error"]


def test_the_repeats_have_one_between_them():
    """Half and double are one."""
    result = RungResult("deep", "deep", "ladder")
    rows = np.arange(4)
    losses = [RowLosses(rows, np.array([0.0, 1.0, 0.0, 1.0])) for _ in range(2)]
    outcomes = [
        Outcome(k, losses[k], np.zeros((4, 2), np.float32), {}, temperature=t)
        for k, t in enumerate((0.5, 2.0))
    ]
    result.summarise(outcomes, Judging(rows, 0.25), METRICS["error"])
    assert result.temperature == pytest.approx(1)


def test_a_ladders_probabilities_come_true(monkeypatch):
    """Smoothed labels leave a network less sure than it may be: log loss falls, no error changes."""
    from deepen.model_selection import ladder_steps

    monkeypatch.setattr(ladder_steps, "costly_findings", lambda *args: None)
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((600, 4)), columns=list("abcd"))
    y = np.where(X["a"] + X["b"] > 0, "yes", "no")
    settings = {"repeats": 3, "trials": 1, "rungs": ["modern"], "random_state": 0}
    honest = Ladder(**settings).fit(X, y)
    monkeypatch.setattr(training, "temperature_of_network", lambda *args, **options: 1.0)
    smoothed = Ladder(**settings).fit(X, y)
    ours, theirs = honest.results_[1], smoothed.results_[1]
    assert ours.scores == theirs.scores and theirs.temperature == 1
    assert ours.temperature < 0.8
    assert ours.measures["log_loss"] < 0.8 * theirs.measures["log_loss"]
    model, plain = (ladder.best_estimator_[-1] for ladder in (honest, smoothed))
    np.testing.assert_allclose(
        model.coefs_[-1], plain.coefs_[-1] / ours.temperature, rtol=1e-5, atol=1e-7
    )

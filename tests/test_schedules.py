"""Learning rates: each schedule is its closed form exactly, also inside a run."""

import math

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from deepen import neural_network
from deepen.engine import (
    SGD,
    Adaptive,
    Constant,
    Cosine,
    Exponential,
    Inverse,
    InverseScaling,
    Run,
    Schedule,
    Step,
    Stopping,
    minimize,
)
from deepen.engine.schedules import SCHEDULES, as_schedule
from engine_problems import FunctionOfPoint, Point, descend, make_batches, regression_rows

A = 0.7
CLOSED_FORMS = [
    (Constant(A), lambda t: A),
    (Step(A, every=3), lambda t: A / 2 ** (t // 3)),
    (Step(A, every=4, factor=0.1), lambda t: A * 0.1 ** (t // 4)),
    (Inverse(A, decay=0.3), lambda t: A / (1 + 0.3 * t)),
    (Exponential(A, decay=0.3), lambda t: A * math.exp(-0.3 * t)),
    (Cosine(A, 8), lambda t: A * (1 + math.cos(math.pi * min(t, 8) / 8)) / 2),
    (
        Cosine(A, 8, final=0.1),
        lambda t: 0.1 + (A - 0.1) * (1 + math.cos(math.pi * min(t, 8) / 8)) / 2,
    ),
    (InverseScaling(A, power_t=0.25), lambda t: A / (1 + 12 * t) ** 0.25),
]


def still(x):
    return 0 * x


@pytest.mark.parametrize(("schedule", "closed_form"), CLOSED_FORMS)
def test_rate_is_the_closed_form_exactly(schedule, closed_form):
    rates = [schedule.rate(epoch=t, n_rows_seen=12 * t) for t in range(25)]
    assert rates == [closed_form(t) for t in range(25)]


@pytest.mark.parametrize(("schedule", "closed_form"), CLOSED_FORMS)
def test_a_run_records_the_closed_form(schedule, closed_form):
    rows = make_batches(np.zeros((12, 1)), np.zeros((12, 1)), batch_size=5)
    result = descend(FunctionOfPoint(still), Point(np.array(1.0)), rows, SGD(schedule), 20)
    assert result.progress.history["learning_rate"] == [closed_form(t) for t in range(20)]


@pytest.mark.parametrize("callbacks", [(), (lambda event: None,)])
def test_the_rate_of_each_epoch_is_the_one_that_is_used(callbacks):
    schedule = Exponential(0.5, decay=0.2)
    rows = make_batches(np.zeros((1, 1)), np.zeros((1, 1)))
    run = Run(stopping=Stopping(max_iter=20, n_iter_no_change=np.inf), callbacks=callbacks)
    # f(x) = -x: the way that x goes is the sum of the rates
    result = minimize(FunctionOfPoint(down), Point(np.array(0.0)), rows, SGD(schedule), run)
    expected = sum(0.5 * math.exp(-0.2 * t) for t in range(20))
    np.testing.assert_allclose(result.params.x, expected, rtol=1e-14)


def down(x):
    return -x


def test_a_run_that_goes_on_goes_on_with_the_schedule():
    schedule = Step(0.8, every=3)
    rows = make_batches(np.zeros((4, 1)), np.zeros((4, 1)))
    run = Run(stopping=Stopping(max_iter=4, n_iter_no_change=np.inf), first_epoch=5)
    result = minimize(FunctionOfPoint(still), Point(np.array(1.0)), rows, SGD(schedule), run)
    assert result.progress.history["learning_rate"] == [0.4, 0.2, 0.2, 0.2]


def test_adaptive_divides_when_training_stalls_and_stops_at_the_smallest_rate():
    schedule = Adaptive(0.5, divisor=5, smallest=0.1)
    rows = make_batches(np.zeros((4, 1)), np.zeros((4, 1)))
    run = Run(stopping=Stopping(max_iter=50, n_iter_no_change=2))
    result = minimize(FunctionOfPoint(still), Point(np.array(1.0)), rows, SGD(schedule), run)
    # the first epoch improves on infinity; then three stalls in a row divide the rate
    assert result.progress.history["learning_rate"] == [0.5] * 4 + [0.1] * 3
    assert result.progress.stop_reason.endswith("Learning rate too small.")
    assert result.converged


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["constant", "invscaling", "adaptive"])
def test_scikit_learns_schedules_give_its_loss_curve(name, seed):
    X, y = regression_rows(seed, 30)
    options = {
        "solver": "sgd",
        "learning_rate": name,
        "learning_rate_init": 0.01,
        "random_state": seed,
        "max_iter": 60,
        "n_iter_no_change": 2,
        "batch_size": 6,  # divides the rows: a short batch takes a shorter step than there
        "tol": 1e-3,
    }
    theirs = MLPRegressor(hidden_layer_sizes=(4,), **options).fit(X, y.ravel())
    own = neural_network.MLPRegressor(hidden_layer_sizes=(4,), **options).fit(X, y.ravel())
    assert own.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(own.loss_curve_, theirs.loss_curve_, rtol=1e-8)


def test_names_and_numbers_become_schedules():
    for schedule in SCHEDULES.values():
        assert isinstance(schedule(0.1), Schedule)
    assert as_schedule(0.25) == Constant(0.25)
    assert as_schedule(Step(0.1)) == Step(0.1)

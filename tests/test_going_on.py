"""What a fit that goes on from an earlier one, or fails, leaves behind."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import scale

from deepen.engine import SGD, RMSprop, Step
from deepen.linear_model import LinearRegression, LogisticRegression
from deepen.neural_network import MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("name", ["Adam", "svd", "newton_cg", ""])
def test_an_unknown_solver_is_never_another(name):
    for model in (MLPClassifier(), MLPRegressor(), LogisticRegression(), LinearRegression()):
        with pytest.raises(ValueError, match="solver must be one of sgd, momentum"):
            model.set_params(solver=name).fit(X, Y)


def test_an_unknown_schedule_and_a_second_rate_are_refused():
    with pytest.raises(ValueError, match="learning_rate must be one of constant"):
        MLPClassifier(learning_rate="fast").fit(X, Y)
    for extra in ({"learning_rate": Step(0.5)}, {"learning_rate_init": 9.0}):
        with pytest.raises(ValueError, match="carries its own learning rate"):
            MLPClassifier(solver=RMSprop(), **extra).fit(X, Y)


def test_a_checkpoint_does_not_freeze_what_goes_on(tmp_path):
    network = MLPClassifier((8,), random_state=0, checkpoint=tmp_path / "run", max_iter=3)
    with pytest.raises(ValueError, match="partial_fit takes no checkpoint"):
        network.partial_fit(X, Y, classes=[0, 1, 2])
    network.set_params(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="other data or parameters"):
        network.fit(X, Y)  # from other weights: not the run of the file


def test_warm_logistic_regression_of_other_classes_is_refused():
    model = LogisticRegression(warm_start=True).fit(X, Y == 0)
    with pytest.raises(ValueError, match="Initialization coef is of shape"):
        model.fit(X, Y)


def test_a_score_on_other_rows_is_no_record_to_beat():
    """A first validation set that any network gets right; on the second the weights must still move."""
    rng = np.random.RandomState(0)
    labels = rng.randint(2, size=200)
    rows = rng.randn(200, 2) + 3 * labels[:, None]
    network = MLPClassifier((5,), warm_start=True, max_iter=40, random_state=0)
    network.set_params(learning_rate_init=0.05)
    network.fit(rows, labels, X_val=rows[labels == 0] - 50, y_val=labels[labels == 0])
    assert network.best_validation_score_ == 1.0
    network.fit(rows, 1 - labels, X_val=rows, y_val=1 - labels)
    assert network.score(rows, 1 - labels) > 0.9


def test_a_schedule_starts_anew_with_each_fit_and_goes_on_with_each_part():
    warm = MLPClassifier((3,), learning_rate="cosine", warm_start=True, max_iter=4, random_state=0)
    first = warm.fit(X, Y).history_["learning_rate"]
    assert warm.fit(X, Y).history_["learning_rate"] == first
    parts = MLPClassifier((3,), solver=SGD(Step(0.8, every=1)), random_state=0)
    rates = [parts.partial_fit(X, Y, classes=[0, 1, 2]).history_["learning_rate"][0] for _ in "123"]
    assert rates == [0.8, 0.4, 0.2]
    with pytest.raises(ValueError, match="partial_fit has no end"):
        MLPClassifier(learning_rate="cosine").partial_fit(X, Y, classes=[0, 1, 2])


def test_adaptive_divides_in_parts_too():
    network = MLPClassifier((3,), solver="sgd", learning_rate="adaptive", learning_rate_init=0.1)
    network.set_params(tol=10, n_iter_no_change=2, random_state=0)
    for _ in range(12):
        network.partial_fit(X, Y, classes=[0, 1, 2])
    assert network.history_["learning_rate"][0] < 0.01


def test_momentum_with_l1_goes_on_in_parts_as_in_one_fit():
    options = {"solver": "nesterov", "l1": 0.1, "batch_size": 150, "shuffle": False}
    options |= {"learning_rate_init": 0.05, "random_state": 0, "tol": 0.0}
    whole = MLPClassifier((4,), max_iter=20, **options).fit(X, Y)
    parts = MLPClassifier((4,), **options)
    for _ in range(20):
        parts.partial_fit(X, Y, classes=[0, 1, 2])
    np.testing.assert_allclose(parts.coefs_[0], whole.coefs_[0], atol=1e-12)


def test_balanced_classes_in_parts_are_refused():
    network = MLPClassifier(class_weight="balanced")
    with pytest.raises(ValueError, match="not supported for partial_fit"):
        network.partial_fit(X, Y, classes=[0, 1, 2])
    weights = {0: 1.0, 1: 2.0, 2: 3.0}
    MLPClassifier((3,), class_weight=weights).partial_fit(X[:50], Y[:50], classes=[0, 1, 2])


def test_ctrl_c_keeps_what_has_been_learnt():
    def interrupt(event):
        if event.epoch == 60:
            raise KeyboardInterrupt

    network = MLPClassifier((8,), learning_rate_init=0.02, random_state=0, callbacks=[interrupt])
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        network.fit(X, Y)
    assert network.stop_reason_ == "Training interrupted by user."
    assert network.n_iter_ == 60 and network.score(X, Y) > 0.8


def test_a_fit_that_fails_leaves_the_estimator_as_it_was():
    def fail(event):
        raise OSError("no disk")

    network = MLPClassifier((3,), callbacks=[fail], random_state=0)
    with pytest.raises(OSError, match="no disk"):
        network.fit(X, Y)
    with pytest.raises(NotFittedError):
        network.predict(X)
    network.set_params(callbacks=None, max_iter=30).fit(X, Y)
    before = network.predict_proba(X)
    with pytest.raises(OSError, match="no disk"):
        network.set_params(callbacks=[fail]).fit(X[:, :2], Y)
    np.testing.assert_array_equal(network.predict_proba(X), before)


def test_early_stopping_fits_where_a_stratified_split_has_no_room():
    rng = np.random.RandomState(0)
    network = MLPClassifier((3,), early_stopping=True, max_iter=2, random_state=0)
    network.fit(rng.randn(50, 2), np.arange(50) % 10)
    assert len(network.validation_scores_) == 2


def test_a_callback_that_stops_is_no_failure_to_converge():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogisticRegression(callbacks=[lambda event: event.epoch == 2]).fit(X, Y)


def test_a_small_gradient_stops():
    options = {"gradient_tol": 1e-3, "tol": 0.0, "n_iter_no_change": np.inf, "max_iter": 5000}
    model = LogisticRegression(solver="momentum", C=0.01, random_state=0, **options).fit(X, Y)
    assert model.stop_reason_ == "Gradient smaller than 0.001."
    assert model.history_["gradient"][-1] <= 1e-3 < model.history_["gradient"][-2]
    network = MLPClassifier((3,), activation="tanh", alpha=1.0, batch_size="full", **options)
    # Standardised: of columns far from zero, steps of this size swing up again after thousands.
    network.set_params(solver="sgd", learning_rate_init=0.05, random_state=0).fit(scale(X), Y)
    assert network.stop_reason_ == "Gradient smaller than 0.001." and network.n_iter_ < 2000

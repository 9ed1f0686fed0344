"""Multilayer perceptrons beside scikit-learn's, and what they add."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from deepen.engine import LBFGS, SGD, Exponential, ProgressBar
from deepen.functions.activations import ACTIVATIONS
from deepen.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PAIRS = [
    (MLPClassifier, neural_network.MLPClassifier),
    (MLPRegressor, neural_network.MLPRegressor),
]


def rows(kind, rng, n_rows=120, n_classes=3):
    if kind in (MLPRegressor, neural_network.MLPRegressor):
        X, y = make_regression(n_rows, 5, n_targets=2, noise=0.1, random_state=rng)
        return X, y / 100
    return make_classification(
        n_rows, 5, n_informative=4, n_redundant=0, n_classes=n_classes, random_state=rng
    )


def weights_of(network):
    return np.concatenate([np.ravel(part) for part in (*network.coefs_, *network.intercepts_)])


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_with_scikit_learns_weights_probabilities_are_equal(activation, n_classes, rng):
    X, y = rows(MLPClassifier, rng, n_classes=n_classes)
    settings = {"hidden_layer_sizes": (7, 4), "activation": activation, "max_iter": 30}
    theirs = neural_network.MLPClassifier(**settings, random_state=0).fit(X, y)
    ours = MLPClassifier(**settings | {"max_iter": 1}, random_state=1).fit(X, y)
    assert np.abs(ours.predict_proba(X) - theirs.predict_proba(X)).max() > 1e-3
    ours.coefs_, ours.intercepts_ = theirs.coefs_, theirs.intercepts_
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


TRAJECTORIES = [
    {"solver": "sgd", "momentum": 0.0},
    {"solver": "sgd", "nesterovs_momentum": False},
    {"solver": "sgd", "learning_rate": "invscaling"},
    {"solver": "sgd", "activation": "tanh", "shuffle": False},
    {"solver": "sgd", "warm_start": True},
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda c: c.__module__.split(".")[0])
@pytest.mark.parametrize("settings", TRAJECTORIES, ids=str)
def test_the_same_seed_trains_to_scikit_learns_own_weights(ours, theirs, settings, rng):
    X, y = rows(ours, rng)  # 120 rows: a multiple of the batch, for a short last one differs
    common = {
        "hidden_layer_sizes": (6, 3),
        "batch_size": 24,
        "learning_rate_init": 0.01,
        "max_iter": 20,
        "n_iter_no_change": np.inf,  # for some seeds the loss is flat before
        "alpha": 0.1,
        "random_state": rng.randint(1000),
        **settings,
    }
    found, expected = ours(**common).fit(X, y), theirs(**common).fit(X, y)
    if settings.get("warm_start"):
        found.fit(X, y)
        expected.fit(X, y)
    np.testing.assert_allclose(weights_of(found), weights_of(expected), rtol=1e-10, atol=1e-10)
    assert found.n_iter_ == expected.n_iter_ == 20
    assert found.t_ == expected.t_
    if ours is MLPClassifier:
        np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-10)


def test_the_loss_of_several_targets_is_their_sum(rng):
    X, y = rows(MLPRegressor, rng)
    common = {"hidden_layer_sizes": (3,), "alpha": 0.0, "batch_size": "full", "max_iter": 1}
    network = MLPRegressor(solver=SGD(1e-9), **common).fit(X, y)
    squares = (network.predict(X) - y) ** 2
    assert network.loss_ == pytest.approx(0.5 * squares.sum(axis=1).mean(), rel=1e-6)


def test_held_out_rows_stop_the_fit_and_give_the_best_weights(rng):
    X, y = rows(MLPClassifier, rng, 300)
    X_val, y_val = X[200:], y[200:]
    best = {"score": -np.inf}

    def remember(event):
        if event.validation_score > best["score"]:
            best.update(score=event.validation_score, params=event.params(), epoch=event.epoch)

    network = MLPClassifier(
        (20,), learning_rate_init=0.02, max_iter=500, n_iter_no_change=5, callbacks=[remember]
    ).fit(X[:200], y[:200], X_val=X_val, y_val=y_val)
    scores = network.validation_scores_
    assert len(scores) == network.n_iter_ == len(network.loss_curve_) < 500
    # The recorded curve implies the epoch of the stop: the first with six stalls in a row.
    n_stalled, highest = 0, -np.inf
    epoch = 0
    for score in scores:
        epoch += 1
        n_stalled = n_stalled + 1 if score < highest + network.tol else 0
        highest = max(highest, score)
        if n_stalled > 5:
            break
    assert epoch == network.n_iter_
    assert "Validation score did not improve" in network.stop_reason_
    assert network.best_validation_score_ == max(scores)
    assert best["epoch"] < network.n_iter_
    for found, expected in zip(network.coefs_, best["params"].coefs, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert accuracy_score(y_val, network.predict(X_val)) == max(scores)
    assert len(network.history_["validation_loss"]) == network.n_iter_


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_early_stopping_holds_out_a_share_of_the_rows(kind, rng):
    X, y = rows(kind, rng, 200)
    network = kind(
        hidden_layer_sizes=(10,),
        early_stopping=True,
        validation_fraction=0.25,
        max_iter=5,
        random_state=0,
    )
    network.fit(X, y)
    assert network.t_ == 5 * 150
    assert len(network.validation_scores_) == 5
    with pytest.raises(ValueError, match="X_val and y_val belong together"):
        network.fit(X, y, X_val=X)


def test_each_layer_has_its_activation_and_transform_shows_it(rng):
    X, y = rows(MLPClassifier, rng)
    names = ("tanh", "leaky_relu", "softplus")
    network = MLPClassifier((6, 5, 4), activation=names, max_iter=3, random_state=0).fit(X, y)
    a = X
    for layer, name in enumerate(names, 1):
        a = ACTIVATIONS[name](a @ network.coefs_[layer - 1] + network.intercepts_[layer - 1])
        np.testing.assert_allclose(network.transform(X, layer=layer), a, rtol=1e-12)
        np.testing.assert_allclose(network.transform(X, layer=layer - 4), a, rtol=1e-12)
    np.testing.assert_allclose(network.transform(X), a, rtol=1e-12)
    for layer in (0, 4, -4):
        with pytest.raises(ValueError, match="layer must be between 1 and 3"):
            network.transform(X, layer=layer)
    with pytest.raises(ValueError, match="one of them for each of the 3 hidden layers"):
        MLPClassifier((6, 5, 4), activation=("tanh", "relu")).fit(X, y)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["sgd", "rmsprop", "adam", "adagrad"])
def test_partial_fits_equal_a_fit_in_full_batches(kind, solver, rng):
    X, y = rows(kind, rng)
    common = {"hidden_layer_sizes": (6,), "max_iter": 7, "tol": 0, "random_state": 0}
    network = kind(solver=solver, batch_size="full", **common)
    whole = network.fit(X, y)
    steps = kind(**network.get_params())
    for _ in range(7):
        classes = {"classes": np.unique(y)} if kind is MLPClassifier else {}
        steps.partial_fit(X, y, **classes)
    np.testing.assert_allclose(weights_of(steps), weights_of(whole), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(steps.loss_curve_, whole.loss_curve_, rtol=1e-9)


def test_partial_fit_goes_on_after_the_loss_has_long_been_flat(rng):
    X, y = rows(MLPClassifier, rng, 20)
    network = MLPClassifier((2,), tol=10.0, n_iter_no_change=2, random_state=0)
    for n in range(8):
        network.partial_fit(X, y, classes=np.unique(y))
        assert len(network.loss_curve_) == n + 1
    network.set_params(warm_start=True, max_iter=50).fit(X, y)
    assert network.n_iter_ == 1  # scikit-learn's count of stalls goes on


def test_partial_fit_with_another_solver_starts_that_solver_afresh(rng):
    X, y = rows(MLPClassifier, rng)
    network = MLPClassifier((4,), solver="rmsprop", batch_size="full", random_state=0)
    network.partial_fit(X, y, classes=np.unique(y)).set_params(solver="adagrad")
    fresh = MLPClassifier((4,), solver="adagrad", batch_size="full", random_state=0)
    fresh.partial_fit(X, y, classes=np.unique(y))
    fresh.coefs_, fresh.intercepts_ = list(network.coefs_), list(network.intercepts_)
    fresh._optimizer_state = None
    np.testing.assert_array_equal(
        weights_of(network.partial_fit(X, y)), weights_of(fresh.partial_fit(X, y))
    )


def test_a_warm_start_begins_where_the_last_fit_ended(rng):
    X, y = rows(MLPClassifier, rng)
    settings = {"solver": SGD(0.05), "batch_size": "full", "random_state": 0}
    network = MLPClassifier((6,), max_iter=5, warm_start=True, **settings).fit(X, y).fit(X, y)
    once = MLPClassifier((6,), max_iter=10, **settings).fit(X, y)
    np.testing.assert_allclose(weights_of(network), weights_of(once), rtol=1e-10)
    assert len(network.loss_curve_) == 10
    assert network.history_["loss"] == network.loss_curve_[5:]


def test_the_history_holds_the_schedules_rates(rng):
    X, y = rows(MLPClassifier, rng)
    network = MLPClassifier((3,), solver=SGD(Exponential(0.1, decay=0.2)), max_iter=4).fit(X, y)
    expected = 0.1 * np.exp(-0.2 * np.arange(4))
    np.testing.assert_allclose(network.history_["learning_rate"], expected)


@pytest.mark.parametrize("solver", ["lbfgs", "cg"])
@pytest.mark.parametrize("name", ["dropout", "input_dropout", "noise", "max_norm"])
def test_full_batch_solvers_refuse_what_is_random(solver, name, rng):
    X, y = rows(MLPClassifier, rng)
    network = MLPClassifier((3,), solver=solver).set_params(**{name: 0.5})
    with pytest.raises(ValueError, match=f"solver='{solver}'.*stochastic solver"):
        network.fit(X, y)
    with pytest.raises(AttributeError, match="partial_fit"):
        network.partial_fit(X, y)


def test_dropout_and_noise_act_in_training_alone(rng):
    X, y = rows(MLPClassifier, rng)
    settings = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
    plain = MLPClassifier(**settings).fit(X, y)
    for name in ("dropout", "input_dropout", "noise"):
        network = MLPClassifier(**settings, **{name: 0.4}).fit(X, y)
        again = MLPClassifier(**settings, **{name: 0.4}).fit(X, y)
        assert np.abs(weights_of(network) - weights_of(plain)).max() > 1e-6
        np.testing.assert_array_equal(weights_of(network), weights_of(again))
        np.testing.assert_array_equal(network.predict_proba(X), network.predict_proba(X))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_smoothed_labels_keep_probabilities_from_the_ends(n_classes, rng):
    y = np.arange(30 * n_classes) % n_classes
    X = np.eye(n_classes)[y] + 0.01 * rng.standard_normal((len(y), n_classes))
    share = rng.uniform(0.1, 0.4)
    settings = {"solver": "lbfgs", "alpha": 0.0, "tol": 1e-6, "max_iter": 500, "random_state": 0}
    network = MLPClassifier((4,), "tanh", label_smoothing=share, **settings).fit(X, y)
    # The cross-entropy with the smoothed targets is least where the probabilities are these.
    best = (1 - share) * np.eye(n_classes)[y] + share / n_classes
    np.testing.assert_allclose(network.predict_proba(X), best, atol=0.01)
    # Held-out rows are judged by their own labels.
    held = MLPClassifier((4,), label_smoothing=share, max_iter=3).fit(X, y, X_val=X, y_val=y)
    own = log_loss(y, held.predict_proba(X))
    assert min(abs(np.array(held.history_["validation_loss"]) - own)) < 1e-6


@pytest.mark.parametrize("solver", ["adam", "lbfgs", LBFGS()], ids=str)
def test_l1_gives_networks_exact_zeros_and_max_norm_binds(solver, rng):
    X, y = rows(MLPClassifier, rng)
    settings = {"solver": solver, "max_iter": 200, "random_state": 0}
    if solver == "adam":
        settings["learning_rate_init"] = 0.01
    network = MLPClassifier((8,), l1=3.0, **settings).fit(X, y)
    assert 0.05 < np.mean(network.coefs_[0] == 0) < 1
    assert not np.any(network.intercepts_[0] == 0)
    if solver == "adam":
        bound = MLPClassifier((8,), max_norm=0.5, **settings).fit(X, y)
        norms = np.concatenate([np.linalg.norm(W, axis=0) for W in bound.coefs_])
        assert norms.max() == pytest.approx(0.5)


def test_float32_fits_as_well_as_float64(rng):
    X, y = load_digits(return_X_y=True)
    settings = {"hidden_layer_sizes": (16,), "max_iter": 20, "random_state": rng.randint(1000)}
    scores = [
        MLPClassifier(**settings).fit(X.astype(kind) / 16, y).score(X.astype(kind) / 16, y)
        for kind in (np.float32, np.float64)
    ]
    assert abs(scores[0] - scores[1]) < 0.02


def test_verbose_and_the_progress_bar_change_no_bit(rng, capsys):
    X, y = rows(MLPClassifier, rng)
    quiet = MLPClassifier((4,), max_iter=6, random_state=0).fit(X, y)
    loud = MLPClassifier((4,), max_iter=6, random_state=0, verbose=True, callbacks=[ProgressBar()])
    loud.fit(X, y)
    np.testing.assert_array_equal(weights_of(loud), weights_of(quiet))
    assert capsys.readouterr().out.count("Iteration") == 6


XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def test_three_hidden_units_learn_xor_for_95_of_100_seeds():
    X, y = XOR
    n_learnt = 0
    settings = {"activation": "tanh", "solver": "lbfgs", "alpha": 0.01, "max_iter": 100}
    with threadpool_limits(1):  # two threads on four rows wait for each other
        for seed in range(100):
            network = MLPClassifier((3,), random_state=seed, **settings).fit(X, y)
            n_learnt += network.score(X, y) == 1
    assert n_learnt >= 95


def test_the_donut_needs_a_hidden_layer(rng):
    radius = np.repeat([2.0, 5.0], 200) + 0.3 * rng.standard_normal(400)
    angle = rng.uniform(0, 2 * np.pi, 400)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    y = np.repeat([0, 1], 200)
    network = MLPClassifier((8,), activation="tanh", solver="lbfgs", alpha=0.1, random_state=0)
    network.fit(StandardScaler().fit_transform(X), y)
    assert network.score(StandardScaler().fit_transform(X), y) > 0.98
    straight = MLPClassifier((8,), activation="identity", solver="lbfgs", random_state=0)
    assert straight.fit(X, y).score(X, y) < 0.75

"""Networks trained on centred rows: the same function, the steps of rows without their mean."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse
from sklearn.frozen import FrozenEstimator

import deepen
from deepen.engine.devices import computing, to_numpy
from deepen.functions.moments import column_means
from deepen.layers.autoencoder_cost import AutoencoderCost
from deepen.layers.centred_rows import CentredCost, plain, relative
from deepen.layers.corruption import CORRUPTIONS
from deepen.layers.cost import NetworkCost
from deepen.layers.feed_forward import Params, forward
from deepen.model_selection.rungs import RUNGS, build
from deepen.neural_network import (
    Autoencoder,
    GradientMonitor,
    MLPClassifier,
    MLPRegressor,
    StackedAutoencoderClassifier,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_ROWS, N_FEATURES = 60, 9
SETTINGS = {"hidden_layer_sizes": (7, 5), "activation": "tanh", "max_iter": 15, "random_state": 0}


def bright(rng, shape=(N_ROWS, N_FEATURES)):
    """Rows far from zero, and two classes that half of the columns tell."""
    X = 2 + rng.random(shape)
    y = (X[:, : shape[1] // 2].sum(axis=1) > X[:, shape[1] // 2 :].sum(axis=1) - 1).astype(int)
    y[:2] = 0, 1
    return X, y


def random_params(rng, units):
    coefs = tuple(rng.standard_normal(pair) for pair in itertools.pairwise(units))
    return Params(coefs, tuple(rng.standard_normal(n) for n in units[1:]))


def test_both_coordinates_say_the_same_and_lead_back(rng):
    X, _ = bright(rng)
    params, mean = random_params(rng, (N_FEATURES, 4, 2)), X.mean(axis=0)
    inside = relative(params, mean)
    np.testing.assert_allclose(
        forward(inside, X - mean, ["tanh"]), forward(params, X, ["tanh"]), atol=1e-12
    )
    for one, other in zip(
        jax.tree.leaves(plain(inside, mean)), jax.tree.leaves(params), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("is_autoencoder", [False, True])
def test_the_gradient_is_that_of_rows_without_their_mean(is_autoencoder, rng):
    X, y = bright(rng)
    mean = X.mean(axis=0)
    if is_autoencoder:
        cost = AutoencoderCost("squared_error", ("tanh",), "identity")
        params = random_params(rng, (N_FEATURES, 4, N_FEATURES))
    else:
        cost = NetworkCost("softmax", ("tanh",))
        params = random_params(rng, (N_FEATURES, 4, 2))
    weights = rng.random(N_ROWS)

    def total(cost, params):
        rows = jnp.asarray(X), jnp.asarray(y)
        return cost(params, rows, jnp.asarray(weights), None, None)[0]

    with computing(np.float64):
        gradient = jax.grad(total, argnums=1)
        plain_gradient = to_numpy(gradient(cost, params))
        found = to_numpy(gradient(CentredCost(cost, mean), relative(params, mean)))
    expected = plain_gradient.coefs[0] - np.outer(mean, plain_gradient.intercepts[0])
    np.testing.assert_allclose(found.coefs[0], expected, atol=1e-8)
    np.testing.assert_allclose(found.coefs[1], plain_gradient.coefs[1], atol=1e-8)
    np.testing.assert_allclose(found.intercepts[0], plain_gradient.intercepts[0], atol=1e-9)


@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop", "lbfgs"])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_fit_is_the_fit_on_centred_rows_with_another_first_bias(kind, solver, rng):
    X, y = bright(rng)
    settings = SETTINGS | {"solver": solver, "alpha": 0.1}
    found = kind(**settings, centered=True).fit(X, y)
    mean = X.mean(axis=0)
    np.testing.assert_allclose(found.offset_, mean, rtol=1e-14)
    expected = kind(**settings).fit(X - mean, y)
    expected.intercepts_[0] = expected.intercepts_[0] - mean @ expected.coefs_[0]
    tolerance = 1e-4 if solver == "lbfgs" else 1e-9  # whose line search goes other ways
    for name in ("coefs_", "intercepts_"):
        for one, other in zip(getattr(found, name), getattr(expected, name), strict=True):
            np.testing.assert_allclose(one, other, atol=tolerance)


def test_what_watches_a_fit_sees_the_parameters_for_the_rows_as_they_are(rng):
    X, y = bright(rng)
    seen, monitor = [], GradientMonitor(X, y)
    model = MLPClassifier(
        **SETTINGS, centered=True, callbacks=[lambda event: seen.append(event.params()), monitor]
    ).fit(X, y)
    for one, other in zip(seen[-1].intercepts, model.intercepts_, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    a = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    np.testing.assert_allclose(monitor.history_["mean"][-1][0], a.mean(), rtol=1e-5)


@pytest.mark.parametrize("kind", [MLPClassifier, Autoencoder])
def test_sparse_rows_stay_sparse_and_give_the_same(kind, rng):
    X, y = bright(rng)
    X[rng.random(X.shape) < 0.5] = 0
    dense = kind(**SETTINGS, centered=True).fit(X, y)
    found = kind(**SETTINGS, centered=True).fit(sparse.csr_matrix(X), y)
    np.testing.assert_allclose(found.offset_, dense.offset_, rtol=1e-12)
    for one, other in zip(found.coefs_, dense.coefs_, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_weights_count_in_the_mean_as_repeated_rows_do(rng):
    X, y = bright(rng)
    times = rng.randint(0, 3, len(X))
    times[:2] = 1
    model = MLPClassifier(**SETTINGS, centered=True)
    repeated = model.fit(np.repeat(X, times, axis=0), np.repeat(y, times)).offset_
    for rows in (X, sparse.csr_matrix(X)):
        weighted = model.fit(rows, y, sample_weight=times.astype(float)).offset_
        np.testing.assert_allclose(weighted, repeated, rtol=1e-12)


@pytest.mark.parametrize("corruption", ["masking", "gaussian", "salt_and_pepper", None])
def test_the_mean_is_that_of_corrupted_rows(corruption, rng):
    X, _ = bright(rng, (4000, 3))
    found = Autoencoder((4,), max_iter=1, centered=True, corruption=corruption).fit(X).offset_
    if corruption is None:
        np.testing.assert_allclose(found, X.mean(axis=0), rtol=1e-12)
        return
    low_high = (jnp.float32(X.min()), jnp.float32(X.max()))
    rows, key = jnp.asarray(X, jnp.float32), jax.random.key(rng.randint(1000))
    seen = np.asarray(CORRUPTIONS[corruption](rows, jnp.float32(0.3), low_high, key))
    np.testing.assert_allclose(found, seen.mean(axis=0), atol=6 * seen.std() / np.sqrt(len(X)))


def test_many_small_rows_add_up(rng):
    X = np.full((300_000, 1), 0.1, np.float32)
    for rows in (X, sparse.csr_matrix(X)):
        for weights in (None, np.ones(len(X), np.float32)):
            np.testing.assert_allclose(column_means(rows, weights), np.float32(0.1), rtol=1e-6)


def test_held_out_rows_are_scored_as_predict_would_and_not_in_the_mean(rng):
    X, y = bright(rng)
    X_val, y_val = bright(rng)
    model = MLPClassifier(**SETTINGS, centered=True).fit(X, y, X_val=X_val, y_val=y_val)
    assert model.best_validation_score_ == pytest.approx(model.score(X_val, y_val), abs=1e-6)
    powers = 2.0 ** np.arange(40)[:, None]  # any sum of them says which
    half = MLPClassifier(
        (2,), early_stopping=True, validation_fraction=0.5, max_iter=1, centered=True
    )
    assert int(20 * half.fit(powers, np.arange(40) % 2).offset_[0]).bit_count() == 20


def test_a_start_that_is_given_stays_what_it_was(rng):
    X, y = bright(rng)
    layer = FrozenEstimator(Autoencoder((7,), "tanh", max_iter=1, random_state=0).fit(X))
    still = SETTINGS | {"hidden_layer_sizes": (7,), "learning_rate_init": 1e-12, "max_iter": 1}
    model = MLPClassifier(**still, pretrainer=[layer], centered=True).fit(X, y)
    np.testing.assert_allclose(model.intercepts_[0], layer.estimator.intercepts_[0], atol=1e-9)
    np.testing.assert_allclose(model.coefs_[0], layer.estimator.coefs_[0], atol=1e-9)


def test_a_callback_is_closed(rng):
    class Closed:
        is_closed = False

        def __call__(self, event):
            self.is_closed = False

        def close(self):
            self.is_closed = True

    callback = Closed()
    MLPClassifier(**SETTINGS, centered=True, callbacks=[callback]).fit(*bright(rng))
    assert callback.is_closed


def test_a_fit_goes_on_in_the_coordinates_that_it_began_in(rng, tmp_path):
    X, y = bright(rng)
    model = MLPClassifier(**SETTINGS, centered=True).partial_fit(X, y, classes=[0, 1])
    begun = model.offset_.copy()
    apart = MLPClassifier(**SETTINGS).partial_fit(X - begun, y, classes=[0, 1])
    deepen.save(model, tmp_path / "model.deepen")
    loaded = deepen.load(tmp_path / "model.deepen")
    np.testing.assert_array_equal(loaded.offset_, begun)
    for one in (model, loaded):
        one.partial_fit(X + 1, y)
        np.testing.assert_array_equal(one.offset_, begun)
    apart.partial_fit(X + 1 - begun, y)
    for W, expected in zip(model.coefs_, apart.coefs_, strict=True):
        np.testing.assert_allclose(W, expected, atol=1e-9)
    assert not hasattr(model.set_params(centered=False).fit(X, y), "offset_")


def test_a_killed_fit_resumes_to_the_same_bits(rng, tmp_path):
    X, y = bright(rng)
    whole = MLPClassifier(**SETTINGS, centered=True, n_iter_no_change=np.inf).fit(X, y)
    half = whole.set_params(checkpoint=str(tmp_path / "run"))
    expected = [W.copy() for W in whole.coefs_]
    half.set_params(max_iter=6).fit(X, y)
    found = half.set_params(max_iter=SETTINGS["max_iter"]).fit(X, y)
    for one, other in zip(found.coefs_, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def dead_share(model, X):
    """Share of first-layer rectifiers that no row turns on."""
    return float(np.mean(model.transform(X, layer=1).max(axis=0) <= 0))


def test_rectifiers_live_on_rows_that_are_bright_everywhere(rng):
    X = np.clip(0.6 + 0.2 * rng.standard_normal((400, 400)), 0, 1).astype(np.float32)
    y = rng.randint(0, 5, len(X))
    settings = {"hidden_layer_sizes": (64,), "learning_rate_init": 0.01, "max_iter": 10}
    with_mean = MLPClassifier(**settings).fit(X, y)
    without = MLPClassifier(**settings, centered=True).fit(X, y)
    assert dead_share(with_mean, X) > 0.3
    assert dead_share(without, X) < 0.1


def test_the_layers_below_a_centred_network_are_centred_too(rng, monkeypatch):
    monkeypatch.setattr("deepen.neural_network._pretraining.N_STEPS", 10)
    X = rng.random((50, 8))
    y = rng.randint(0, 2, 50)
    for is_centred in (False, True):
        model = StackedAutoencoderClassifier((5, 4), centered=is_centred, max_iter=1).fit(X, y)
        assert [layer.centered for layer in model.pretrainers_] == [is_centred] * 2


def test_the_rungs_that_pre_train_are_centred():
    for rung in (rung for rung in RUNGS if rung.pretraining):
        for task in ("classification", "regression"):
            assert build(rung, task, {}, 0).centered

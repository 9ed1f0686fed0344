"""The deep belief network against enumeration: its bound, its samples, its classes."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator

import deepen
from deepen.functions import belief_network
from deepen.functions.belief_network import Layer, Params
from deepen.layers.wake_sleep import WakeSleep
from deepen.neural_network import (
    Autoencoder,
    BernoulliRBM,
    DeepBeliefNetwork,
    GaussianRBM,
    RBMClassifier,
)
from small_machines import bernoulli_machine, log_joint, log_partition, states

SIZES = (6, 5, 4)


def random_network(rng, sizes=SIZES):
    """Network whose two directions have nothing to do with each other; the last two sizes are the top's."""

    def layer(n_in, n_out):
        return Layer(rng.normal(size=(n_in, n_out)), rng.normal(size=n_out))

    pairs = list(pairwise(sizes[:-1]))
    recognition = tuple(layer(below, above) for below, above in pairs)
    generative = tuple(layer(above, below) for below, above in pairs)
    return Params(recognition, generative, bernoulli_machine(rng, *sizes[-2:], dtype=np.float64))


def log_bernoulli(z, h):
    """Value log p(h) of binary units with log-odds z, summed over the last axis."""
    return (h * z - np.logaddexp(0, z)).sum(axis=-1)


def exact(params, v):
    """Log-likelihood and bound of each row of v by enumeration of the paths h_1, ..., h_{L-1}."""
    joint, up = np.zeros((len(v), 1)), np.zeros((len(v), 1))  # of each row and path so far
    below = v[:, None]  # the last state of each path
    for R, G in zip(params.recognition, params.generative, strict=True):
        h = states(len(R.bias))
        below = below[:, :, None]
        down = log_bernoulli((h @ G.weights + G.bias)[None, None], below)
        joint = (joint[:, :, None] + down).reshape(len(v), -1)
        rise = log_bernoulli(below @ R.weights + R.bias, h[None, None])
        up = (up[:, :, None] + rise).reshape(len(v), -1)
        n_paths = joint.shape[1] // len(h)
        below = np.broadcast_to(np.tile(h, (n_paths, 1)), (len(v), joint.shape[1], len(R.bias)))
    log_prior = np.logaddexp.reduce(log_joint(params.top), axis=1) - log_partition(params.top)
    joint = joint + np.tile(log_prior, joint.shape[1] // len(log_prior))
    return np.logaddexp.reduce(joint, axis=1), (np.exp(up) * (joint - up)).sum(axis=1)


@pytest.mark.parametrize("sizes", [SIZES, (4, 3, 3, 4)], ids=["one directed layer", "two"])
def test_the_bound_is_what_enumeration_says_and_below_the_likelihood(sizes, seed):
    rng = np.random.RandomState(seed)
    params, v, n_draws = random_network(rng, sizes), states(sizes[0]), 4000
    likelihood, bound = exact(params, v)
    assert np.exp(likelihood).sum() == pytest.approx(1)
    assert (bound <= likelihood + 1e-9).all()
    with jax.enable_x64(True):
        rows = jnp.repeat(jnp.asarray(v), n_draws, axis=0)
        drawn = belief_network.bound_sample(params, rows, jax.random.key(seed))
    drawn = np.asarray(drawn).reshape(len(v), n_draws) - log_partition(params.top)
    error = drawn.std(axis=1) / np.sqrt(n_draws)
    assert (np.abs(drawn.mean(axis=1) - bound) < 6 * error + 1e-9).all()


def test_with_tied_weights_it_is_the_machine_and_every_draw_of_the_bound_exact(seed):
    rng = np.random.RandomState(seed)
    machine = bernoulli_machine(rng, 6, 5, dtype=np.float64)
    W, a, b = machine
    # Hinton, Osindero and Teh 2006, section 3: the posterior is then factorial.
    params = Params((Layer(W, b),), (Layer(W.T, a),), type(machine)(W.T, b, a))
    v = states(6)
    with jax.enable_x64(True):
        drawn = belief_network.bound_sample(params, jnp.asarray(v), jax.random.key(seed))
    expected = np.logaddexp.reduce(log_joint(machine), axis=1)
    np.testing.assert_allclose(drawn, expected, rtol=1e-10)


@pytest.mark.parametrize("sizes", [(3, 3, 2), (3, 2, 3, 2)], ids=["one directed layer", "two"])
def test_samples_have_the_enumerated_probabilities(sizes, seed):
    rng = np.random.RandomState(seed)
    params, n = random_network(rng, sizes), 40_000
    probability = np.exp(exact(params, states(3))[0])
    with jax.enable_x64(True):
        x = jnp.asarray(rng.uniform(size=(n, sizes[-2])) < 0.5, float)
        mean = np.asarray(belief_network.sample(params, x, None, jax.random.key(seed), 100))
    likelihood = np.where(states(3)[:, None], mean, 1 - mean).prod(axis=2)  # of each state, by draw
    error = likelihood.std(axis=1) / np.sqrt(n)
    assert (np.abs(likelihood.mean(axis=1) - probability) < 6 * error + 1e-9).all()


def test_wake_and_sleep_move_each_weight_by_its_delta_rule(seed):
    rng = np.random.RandomState(seed)
    params = random_network(rng)
    v = (rng.uniform(size=(7, SIZES[0])) < 0.5).astype(float)
    weights, y = rng.uniform(size=7), np.full(7, -1)
    cost = WakeSleep(n_steps=2)
    key = jax.random.key(seed)
    with jax.enable_x64(True):
        up_key, _, chain_key, down_key = jax.random.split(key, 4)
        v, weights, y = jnp.asarray(v), jnp.asarray(weights), jnp.asarray(y)
        gradient = jax.grad(lambda p: cost(p, (v, y), weights, None, key)[0])(params)
        _, h = belief_network.sample_up(params, v, up_key)
        x = h
        for i in range(2):
            x, _ = belief_network.top_step(params.top, x, None, jax.random.fold_in(chain_key, i))
        d, x = map(np.asarray, belief_network.sample_down(params, x, down_key))
    v, h, w = np.asarray(v), np.asarray(h), np.asarray(weights)[:, None]

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    G, R, top = params.generative[0], params.recognition[0], params.top
    down_error = w * (sigma(h @ G.weights + G.bias) - v)
    np.testing.assert_allclose(gradient.generative[0].weights, h.T @ down_error, atol=1e-10)
    np.testing.assert_allclose(gradient.generative[0].bias, down_error.sum(axis=0), atol=1e-10)
    up_error = w * (sigma(d @ R.weights + R.bias) - x)
    np.testing.assert_allclose(gradient.recognition[0].weights, d.T @ up_error, atol=1e-10)
    p, q = (sigma(s @ top.weights + top.hidden_bias) for s in (h, x))
    contrast = -(h.T @ (w * p)) + x.T @ (w * q)
    np.testing.assert_allclose(gradient.top.weights, contrast, atol=1e-10)


def stripes(rng, n):
    """Rows of 3 x 3 bars, vertical (class 'v') or horizontal ('h')."""
    lines = rng.uniform(size=(n, 3)) < 0.5
    is_vertical = rng.uniform(size=n) < 0.5
    images = np.where(is_vertical[:, None, None], lines[:, None, :], lines[:, :, None])
    return images.reshape(n, 9).astype(np.float32), np.where(is_vertical, "v", "h")


def small(hidden=(8, 8), **settings):
    machine = BernoulliRBM(learning_rate=0.1, n_iter=60, batch_size=20, algorithm="cd")
    return DeepBeliefNetwork(hidden, pretrainer=machine, random_state=0, **settings)


@pytest.mark.parametrize("n_epochs", [0, 40])
def test_it_learns_more_than_independent_pixels_and_its_bound_says_so(n_epochs, rng):
    X, _ = stripes(rng, 400)
    network = small(wake_sleep_iter=n_epochs, learning_rate_init=0.02).fit(X)
    likelihood, bound = exact(network._params(), X.astype(float))
    assert (network.log_likelihood_bound(X, n_draws=50).mean() - bound.mean()) < 0.5
    assert likelihood.mean() > bound.mean() > 9 * np.log(0.5) + 0.5
    assert len(network.history_["loss"]) == network.n_iter_ == n_epochs


def test_samples_of_a_class_look_like_it_and_rows_are_told_apart(rng):
    X, y = stripes(rng, 600)
    keep = (X.reshape(-1, 3, 3).mean(axis=(1, 2)) % 1) > 0  # all off or all on is either class
    machine = RBMClassifier(
        objective="generative", max_iter=150, n_iter_no_change=np.inf, batch_size=20
    )
    network = small(label_units=True, label_machine=machine, hidden=(16, 16)).fit(X[keep], y[keep])
    assert (network.predict(X[keep]) == y[keep]).mean() > 0.9
    for label, axis in (("v", 1), ("h", 2)):
        images = network.sample(200, label=label, random_state=0).reshape(-1, 3, 3)
        spread = {a: images.std(axis=a).mean() for a in (1, 2)}
        assert spread[axis] < 0.7 * spread[3 - axis]  # alike along the bar, unlike across


def test_the_partition_function_with_classes_is_that_of_enumeration(rng):
    X, y = stripes(rng, 100)
    network = small(label_units=True).fit(X, y)
    top = network.top_._params()
    x, h = states(8), states(8)
    energies = [
        (x @ top.visible_bias)[:, None]
        + x @ top.weights @ h.T
        + (h @ (top.hidden_bias + top.class_weights[k]))[None, :]
        + top.class_bias[k]
        for k in range(2)
    ]
    expected = np.logaddexp.reduce(np.concatenate([e.ravel() for e in energies]))
    assert network.log_partition_function().value == pytest.approx(expected, rel=1e-5)
    bound = network.log_likelihood_bound(X[:5])
    assert np.isfinite(bound).all() and (bound < 0).all()


def test_without_a_class_samples_are_of_all_classes(rng):
    X, y = stripes(rng, 300)
    network = small(label_units=True).fit(X, y)
    mean = network.sample(4000, 100, random_state=0).mean(axis=0)
    each = [network.sample(4000, 100, label=k, random_state=0).mean(axis=0) for k in "hv"]
    p = _class_probabilities(network.top_._params())
    np.testing.assert_allclose(mean, p @ each, atol=0.05)


def test_the_error_of_a_sum_over_classes_is_that_of_its_spread(rng):
    X, y = stripes(rng, 100)
    network = small(label_units=True).fit(X, y)
    options = {"n_temperatures": 20, "n_chains": 20}
    found = [network.log_partition_function("ais", random_state=s, **options) for s in range(40)]
    spread = np.std([estimate.value for estimate in found])
    stated = np.mean([estimate.standard_error for estimate in found])
    assert 0.5 < spread / stated < 1.5  # one generator for all classes would give sqrt 2 at most


def _class_probabilities(top):
    """Value p(y) of a top machine by enumeration."""
    x = states(8)
    scores = np.log1p(np.exp((x @ top.weights + top.hidden_bias)[:, None] + top.class_weights))
    terms = (x @ top.visible_bias)[:, None] + scores.sum(axis=2) + top.class_bias
    log_p = np.logaddexp.reduce(terms, axis=0)
    return np.exp(log_p - np.logaddexp.reduce(log_p))


def test_wake_sleep_with_classes_trains_on_rows_without_one(rng):
    X, y = stripes(rng, 200)
    marked = y.astype(object)
    marked[::2] = None
    network = small(label_units=True, unlabeled=None)
    with_none = clone(network).set_params(unlabeled="?", wake_sleep_iter=3)
    with_none.fit(X, np.where(np.arange(200) % 2, y, "?"))
    assert with_none.classes_.tolist() == ["h", "v"]
    assert np.isfinite(with_none.history_["loss"]).all()


def test_normal_visible_units_are_drawn_with_their_variance(rng):
    X = rng.normal(3, 2, size=(300, 4)).astype(np.float32)
    network = DeepBeliefNetwork(
        (6, 5), wake_sleep_iter=5, learning_rate_init=1e-3, random_state=0
    ).fit(X)
    drawn = network.sample(2000, random_state=0)
    assert np.abs(drawn.std(axis=0) - 2).max() < 0.6
    assert np.isfinite(network.log_likelihood_bound(X)).all()


def test_it_is_saved_and_the_seed_repeats_it(tmp_path, seed):
    X, y = load_digits(return_X_y=True)
    X = (X[:200] > 8).astype(np.float32)
    machine = BernoulliRBM(n_iter=2, algorithm="cd")
    network = DeepBeliefNetwork(
        (20, 10), pretrainer=machine, label_units=True, wake_sleep_iter=2, random_state=seed
    )
    network.label_machine = RBMClassifier(objective="generative", max_iter=3, n_iter_no_change=9)
    first, second = clone(network).fit(X, y[:200]), clone(network).fit(X, y[:200])
    expected = first.sample(5, label=3, random_state=seed)
    np.testing.assert_array_equal(expected, second.sample(5, label=3, random_state=seed))
    deepen.save(first, tmp_path / "network.deepen")
    loaded = deepen.load(tmp_path / "network.deepen")
    np.testing.assert_array_equal(loaded.sample(5, label=3, random_state=seed), expected)
    np.testing.assert_allclose(loaded.transform(X), first.transform(X), rtol=1e-5)


def test_fitted_machines_are_taken_as_they_are_and_turned_over_keep_the_likelihood(rng, seed):
    """A machine upside down has the distribution of the one below: the bound is exact (Hinton 2006)."""
    X, _ = stripes(rng, 60)
    first = BernoulliRBM(5, n_iter=30, random_state=seed).fit(X)
    second = BernoulliRBM(9, n_iter=1, random_state=seed).fit(first.transform(X))
    second.components_ = first.components_.T
    second.intercept_visible_ = first.intercept_hidden_
    second.intercept_hidden_ = first.intercept_visible_
    kept = [machine.components_.copy() for machine in (first, second)]
    frozen = [FrozenEstimator(first), FrozenEstimator(second)]
    network = DeepBeliefNetwork((5, 9), pretrainer=frozen).fit(X)
    for machine, weights in zip(network.machines_, kept, strict=True):
        np.testing.assert_array_equal(machine.components_, weights)
    bound = network.log_likelihood_bound(X, n_draws=400, random_state=seed)
    np.testing.assert_allclose(bound, first.log_likelihood(X), atol=1e-3)


def test_faults_are_named(rng):
    X, y = stripes(rng, 50)
    with pytest.raises(ValueError, match="at least two layers"):
        DeepBeliefNetwork((5,)).fit(X)
    with pytest.raises(ValueError, match="label_units=True needs y"):
        DeepBeliefNetwork((5, 5), label_units=True).fit(X)
    with pytest.raises(ValueError, match="only one class"):
        DeepBeliefNetwork((5, 5), label_units=True).fit(X, np.zeros(50))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        DeepBeliefNetwork((5, 5), label_units=True).fit(X, y[:-1])
    with pytest.raises(TypeError, match="binary machines above the first"):
        machines = [BernoulliRBM(n_iter=1), GaussianRBM(n_iter=1, learning_rate=1e-4)]
        DeepBeliefNetwork((5, 5), pretrainer=machines).fit(X)
    with pytest.raises(TypeError, match="restricted Boltzmann machines, got Autoencoder"):
        layer = Autoencoder(activation="logistic", max_iter=1)
        DeepBeliefNetwork((5, 5), pretrainer=layer).fit(X)
    with pytest.raises(ValueError, match="wake-sleep draws every state"):
        small(solver="lbfgs", wake_sleep_iter=1).fit(X)
    network = small().fit(X)
    with pytest.raises(ValueError, match="n_draws must be"):
        network.log_likelihood_bound(X, n_draws=0)
    assert not hasattr(network, "predict")
    with pytest.raises(ValueError, match="label needs a network"):
        network.sample(label="v")
    with pytest.raises(ValueError, match="label must be one of"):
        small(label_units=True).fit(X, y).sample(label="x")

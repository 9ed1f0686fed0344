"""L1, L2 and max-norm against their definitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize
from sklearn.linear_model import Ridge

from deepen.engine import LBFGS, SGD, Adam, ConjugateGradient, Penalty, Run, Stopping, minimize
from deepen.engine.penalties import soft_threshold
from deepen.layers.cost import NetworkCost
from engine_problems import (
    central_differences,
    descend,
    endless,
    make_batches,
    random_network,
    regression_rows,
    zeros_like_linear,
)


def on_device(params):
    return jax.tree.map(jnp.asarray, params)


def test_soft_threshold_minimises_its_own_definition(seed):
    """prox(v) is the w that minimises 1/2 (w - v)^2 + s |w|."""
    rng = np.random.RandomState(seed)
    v, s = 2 * rng.standard_normal(20), rng.uniform(0, 2, 20)
    with jax.enable_x64(True):
        own = np.asarray(soft_threshold(jnp.asarray(v), jnp.asarray(s)))
    for w, v_i, s_i in zip(own, v, s, strict=True):
        best = optimize.minimize_scalar(
            lambda u, v=v_i, s=s_i: 0.5 * (u - v) ** 2 + s * abs(u),
            bounds=(-9, 9),
            method="bounded",
        )
        assert abs(w - best.x) < 1e-4
    np.testing.assert_array_equal(own == 0, abs(v) <= s)


def test_l2_and_l1_are_their_sums_over_the_weights_alone(seed):
    params = random_network(seed, (4, 3, 2))
    squares = sum((W**2).sum() for W in params.coefs)
    sizes = sum(abs(W).sum() for W in params.coefs)
    with jax.enable_x64(True):
        penalty = Penalty(l2=0.3, l1=0.7)
        np.testing.assert_allclose(penalty.smooth(on_device(params)), 0.15 * squares)
        np.testing.assert_allclose(penalty.value(on_device(params)), 0.15 * squares + 0.7 * sizes)
        gradient = jax.grad(penalty.smooth)(on_device(params))
    for own, W in zip(gradient.coefs, params.coefs, strict=True):
        np.testing.assert_allclose(np.asarray(own), 0.3 * W)
    for own in gradient.intercepts:
        assert not np.asarray(own).any()
    assert Penalty().value(params) == 0


def test_maps_leave_biases_and_unnamed_fields_alone(seed):
    params = on_device(random_network(seed, (4, 3, 2), np.float32))
    sizes = jax.tree.map(jnp.ones_like, params)
    penalty = Penalty(l1=jnp.float32(100), max_norm=jnp.float32(1e-3))
    for mapped in (penalty.proximal(params, sizes), penalty.project(params)):
        for own, before in zip(mapped.intercepts, params.intercepts, strict=True):
            np.testing.assert_array_equal(np.asarray(own), np.asarray(before))
        assert all(abs(np.asarray(W)).max() <= 1e-3 for W in mapped.coefs)
    other = Penalty(max_norm=jnp.float32(1e-3), fields=("intercepts",))
    sideways = params._replace(intercepts=params.coefs, coefs=params.intercepts)
    np.testing.assert_array_equal(
        np.asarray(other.project(sideways).coefs[0]), np.asarray(params.intercepts[0])
    )


def test_max_norm_is_the_nearest_point_of_the_ball_column_by_column(seed):
    params = random_network(seed, (6, 50), np.float32)
    W = params.coefs[0] * np.random.RandomState(seed).uniform(0.2, 3, 50).astype(np.float32)
    W[:, 0] = 0  # a dead unit stays one
    projected = Penalty(max_norm=jnp.float32(1.2)).project(on_device(params._replace(coefs=(W,))))
    own, norms = np.asarray(projected.coefs[0]), np.linalg.norm(W, axis=0)
    assert (norms > 1.2).any() and (norms < 1.2).any()
    np.testing.assert_allclose(own, W * np.minimum(1, 1.2 / np.maximum(norms, 1e-9)), rtol=1e-5)
    np.testing.assert_array_equal(own[:, norms < 1.19], W[:, norms < 1.19])


def test_stationarity_is_the_smallest_subgradient(seed):
    rng = np.random.RandomState(seed)
    params = random_network(seed, (5, 4, 2))
    W = params.coefs[0].copy()
    W[rng.uniform(size=W.shape) < 0.5] = 0
    params = params._replace(coefs=(W, params.coefs[1]))
    gradient = jax.tree.map(lambda w: rng.standard_normal(w.shape), params)
    by_hand = []
    for w, g in zip(params.coefs, gradient.coefs, strict=True):
        for w_i, g_i in zip(w.ravel(), g.ravel(), strict=True):
            lo, hi = (-0.4, 0.4) if w_i == 0 else (0.4 * np.sign(w_i),) * 2
            nearest = min(max(-g_i, lo), hi)  # the s in l1 d|w| nearest to -g
            by_hand.append(abs(g_i + nearest))
    by_hand += [abs(g).max() for g in gradient.intercepts]
    with jax.enable_x64(True):
        own = Penalty(l1=0.4).stationarity(on_device(params), on_device(gradient))
        plain = Penalty().stationarity(on_device(params), on_device(gradient))
    np.testing.assert_allclose(own, max(by_hand))
    np.testing.assert_allclose(plain, max(abs(g).max() for g in jax.tree.leaves(gradient)))


def test_the_penalised_cost_of_an_epoch_is_the_sum_of_its_terms(seed):
    X, y = regression_rows(seed, 24, 3)
    params = random_network(seed, (3, 1))
    penalty = Penalty(l2=0.3, l1=0.2)
    run = Run(penalty=penalty, stopping=endless(1))
    cost = NetworkCost("squared_error", ())
    result = minimize(cost, params, make_batches(X, y), SGD(1e-300), run)
    W, b = params.coefs[0], params.intercepts[0]
    expected = 0.5 * ((X @ W + b - y) ** 2).mean() + 0.15 * (W**2).sum() + 0.2 * abs(W).sum()
    np.testing.assert_allclose(result.progress.history["loss"], [expected], rtol=1e-12)


@pytest.mark.parametrize("optimizer", [SGD(0.3), SGD(0.05, 0.9, nesterov=True), LBFGS(ftol=0.0)])
def test_l2_finds_the_ridge_optimum_with_a_free_bias(optimizer, seed):
    X, y = regression_rows(seed)
    run = Run(penalty=Penalty(l2=0.3), stopping=Stopping(1500, 1e-13, np.inf))
    result = minimize(
        NetworkCost("squared_error", ()), zeros_like_linear(X), make_batches(X, y), optimizer, run
    )
    ridge = Ridge(alpha=0.3 * len(X)).fit(X, y)
    np.testing.assert_allclose(result.params.coefs[0].ravel(), ridge.coef_.ravel(), atol=1e-7)
    np.testing.assert_allclose(result.params.intercepts[0], ridge.intercept_, atol=1e-7)


@pytest.mark.parametrize(
    "optimizer",
    [SGD(0.1), SGD(0.05, 0.9), SGD(0.05, 0.9, nesterov=True), Adam(0.05)],
    ids=["plain", "momentum", "nesterov", "adam"],
)
@pytest.mark.parametrize("l1", [None, 0.01])
def test_max_norm_holds_for_what_is_returned(optimizer, l1, seed):
    X, y = regression_rows(seed)
    if l1 is not None and isinstance(optimizer, Adam):
        pytest.skip("refused: no sound step")
    run = Run(penalty=Penalty(max_norm=0.5, l1=l1), stopping=endless(30))
    result = minimize(
        NetworkCost("squared_error", ()), zeros_like_linear(X), make_batches(X, y), optimizer, run
    )
    assert np.linalg.norm(result.params.coefs[0]) <= 0.5 * (1 + 1e-12)


def test_max_norm_finds_the_constrained_optimum(seed):
    X, y = regression_rows(seed)
    centred, target = X - X.mean(axis=0), (y - y.mean())[:, 0]
    free = np.linalg.lstsq(centred, target)[0]
    limit = np.linalg.norm(free) / 2
    run = Run(penalty=Penalty(max_norm=limit), stopping=endless(800))
    result = minimize(
        NetworkCost("squared_error", ()), zeros_like_linear(X), make_batches(X, y), SGD(0.3), run
    )

    def ridge(alpha):  # the constrained optimum is a ridge's with the norm at the limit
        return np.linalg.solve(centred.T @ centred + alpha * np.eye(5), centred.T @ target)

    alpha = optimize.brentq(lambda a: np.linalg.norm(ridge(a)) - limit, 0, 1e5, xtol=1e-12)
    np.testing.assert_allclose(result.params.coefs[0].ravel(), ridge(alpha), atol=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_bounded_weights_come_to_the_optimum_within_the_bounds(momentum, seed):
    """Least squares with lower bounds, those that hold back and those that do not."""
    X, y = regression_rows(seed)
    centred, target = X - X.mean(axis=0), y - y.mean(axis=0)
    least = np.random.RandomState(seed).uniform(-1, 1, (X.shape[1], 1))
    found = optimize.nnls(centred, (target - centred @ least).ravel())[0] + least.ravel()
    run = Run(penalty=Penalty(least={"coefs": (least,)}), stopping=endless(800))
    result = minimize(
        NetworkCost("squared_error", ()),
        zeros_like_linear(X),
        make_batches(X, y),
        SGD(0.1 if momentum else 0.3, momentum),
        run,
    )
    np.testing.assert_allclose(result.params.coefs[0].ravel(), found, atol=1e-6)
    assert (result.params.coefs[0] >= least).all()


@pytest.mark.parametrize(
    ("optimizer", "penalty", "message"),
    [
        (LBFGS(), Penalty(max_norm=1.0), "'lbfgs' has no sound step with max_norm"),
        (ConjugateGradient(), Penalty(max_norm=1.0), "'cg' has no sound step with max_norm"),
        (LBFGS(), Penalty(least={"coefs": (0.0,)}), "'lbfgs' has no sound step with least"),
        (ConjugateGradient(), Penalty(l1=0.1), "'cg' has no sound step with l1"),
    ],
)
def test_pairs_without_a_sound_step_are_refused(optimizer, penalty, message, seed):
    X, y = regression_rows(seed)
    with pytest.raises(ValueError, match=message):
        minimize(
            NetworkCost("squared_error", ()),
            zeros_like_linear(X),
            make_batches(X, y),
            optimizer,
            Run(penalty=penalty),
        )


def test_a_strength_of_zero_changes_no_result(seed):
    X, y = regression_rows(seed)
    cost, start = NetworkCost("squared_error", ()), zeros_like_linear(X)
    plain = descend(cost, start, make_batches(X, y), SGD(0.1), 20)
    run = Run(penalty=Penalty(l2=0.0, l1=0.0, max_norm=1e9), stopping=endless(20))
    result = minimize(cost, start, make_batches(X, y), SGD(0.1), run)
    np.testing.assert_allclose(result.params.coefs[0], plain.params.coefs[0], rtol=1e-12)


def test_gradient_of_l2_equals_central_differences(seed):
    W = np.random.RandomState(seed).standard_normal((3, 2))
    params = random_network(seed, (3, 2))
    with jax.enable_x64(True):
        penalty = Penalty(l2=0.7)

        def value(w):
            return penalty.smooth(params._replace(coefs=(jnp.asarray(w),)))

        gradient = np.asarray(jax.grad(value)(jnp.asarray(W)))
        differences = central_differences(value, W)
    np.testing.assert_allclose(gradient, differences, atol=1e-8)

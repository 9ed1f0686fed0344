"""Update rules: trajectories equal torch's, fixed points with L1 are the lasso's optimum."""

import jax
import numpy as np
import pytest
from scipy import optimize
from sklearn.linear_model import Lasso

from deepen.engine import SGD, AdaGrad, Adam, Penalty, RMSprop, Run, minimize
from deepen.layers.cost import NetworkCost
from engine_problems import (
    endless,
    make_batches,
    random_network,
    regression_rows,
    zeros_like_linear,
)
from torch_trajectories import (
    KEPT,
    KEPT_EVERY,
    KEPT_SEED,
    RULES,
    flat,
    kept_name,
    problem,
    to_keep,
    torchs_trajectory,
)


def trajectory(cost, params, batches, optimizer):
    """Parameters after each of 100 epochs of one step."""
    path = []
    run = Run(stopping=endless(100), callbacks=(lambda event: path.append(event.params()),))
    result = minimize(cost, params, batches, optimizer, run)
    path.append(result.params)
    return path


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("is_network", [False, True], ids=["least-squares", "network"])
def test_trajectory_of_100_steps_equals_torchs(name, is_network, seed):
    pytest.importorskip("torch")
    cost, params, X, y = problem(is_network, seed)
    own = trajectory(cost, params, make_batches(X, y), RULES[name][0])
    theirs = torchs_trajectory(name, is_network, seed)
    for step, (own_leaves, their_leaves) in enumerate(zip(own[:100], theirs, strict=True)):
        for a, b in zip(jax.tree.leaves(own_leaves), their_leaves, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-10, err_msg=f"step {step + 1}")
    for a, b in zip(jax.tree.leaves(own[100]), theirs[99], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)
    moved = [abs(a - b).max() for a, b in zip(own[100].coefs, params.coefs, strict=True)]
    assert min(moved) > 0.01
    np.testing.assert_allclose(kept(name, is_network), to_keep(name, is_network), atol=1e-10)


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("is_network", [False, True], ids=["least-squares", "network"])
def test_trajectory_equals_the_one_that_torch_left(name, is_network):
    cost, params, X, y = problem(is_network, KEPT_SEED)
    own = trajectory(cost, params, make_batches(X, y), RULES[name][0])
    steps = own[KEPT_EVERY - 1 : 100 : KEPT_EVERY]
    for step, theirs in zip(steps, kept(name, is_network), strict=True):
        np.testing.assert_allclose(flat(jax.tree.leaves(step)), theirs, atol=1e-10)


def kept(name, is_network):
    with np.load(KEPT) as file:
        return file[kept_name(name, is_network)]


L1_RULES = {
    "plain": (SGD(0.2), 3000),
    "momentum": (SGD(0.05, 0.9), 3000),
    "nesterov": (SGD(0.05, 0.9, nesterov=True), 3000),
    "adagrad": (AdaGrad(0.5), 6000),
    "rmsprop": (RMSprop(0.002, epsilon=0.05), 6000),
    "adam": (Adam(0.01, epsilon=0.01), 6000),
}


def lasso_rows(seed):
    """Rows with correlated columns, where a wrong metric finds another optimum; 3 of 12 weights."""
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((80, 12))
    X[:, 6:] = 0.6 * X[:, :6] + 0.8 * X[:, 6:]
    y = X[:, [0, 4, 7]] @ [[1.5], [-2.0], [1.0]] + 0.3 * rng.standard_normal((80, 1)) + 1
    return X, y


@pytest.mark.parametrize("name", sorted(L1_RULES))
def test_fixed_point_with_l1_is_the_lassos_optimum(name, seed):
    optimizer, n_steps = L1_RULES[name]
    X, y = lasso_rows(seed)
    run = Run(penalty=Penalty(l1=0.15), stopping=endless(n_steps, gradient_tol=1e-9))
    start = random_network(seed, (12, 1))  # zeros must be found, not kept
    result = minimize(NetworkCost("squared_error", ()), start, make_batches(X, y), optimizer, run)
    lasso = Lasso(alpha=0.15, tol=1e-14, max_iter=100_000).fit(X, y)
    own = result.params.coefs[0].ravel()
    np.testing.assert_allclose(own, lasso.coef_, atol=2e-6)
    np.testing.assert_allclose(result.params.intercepts[0], lasso.intercept_, atol=2e-6)
    is_safe = abs(X.T @ (y.ravel() - lasso.predict(X)) / len(X)) < 0.15 - 1e-4
    assert is_safe.any()
    assert (own[is_safe] == 0).all()  # exact zeros, strictly inside the subgradient


@pytest.mark.parametrize("name", sorted(L1_RULES))
def test_the_lassos_optimum_is_a_fixed_point(name, seed):
    optimizer, _ = L1_RULES[name]
    X, y = lasso_rows(seed)
    lasso = Lasso(alpha=0.15, tol=1e-15, max_iter=100_000).fit(X, y)
    start = random_network(seed, (12, 1))
    start = start._replace(
        coefs=(lasso.coef_.reshape(12, 1).copy(),), intercepts=(np.array(lasso.intercept_),)
    )
    run = Run(penalty=Penalty(l1=0.15), stopping=endless(30))
    result = minimize(NetworkCost("squared_error", ()), start, make_batches(X, y), optimizer, run)
    # AdaGrad's and RMSprop's first steps divide rounding errors by their own size
    limit = 1e-6 if name != "adagrad" else np.inf
    assert abs(result.params.coefs[0] - start.coefs[0]).max() < limit


@pytest.mark.parametrize("rule", [SGD(0.1, 0.9), AdaGrad(), RMSprop(), Adam()])
def test_a_run_in_two_parts_is_the_run_in_one(rule, seed):
    X, y = regression_rows(seed, 30, 4)
    cost, start = NetworkCost("squared_error", ()), zeros_like_linear(X)
    whole = minimize(cost, start, make_batches(X, y), rule, Run(stopping=endless(20)))
    first = minimize(cost, start, make_batches(X, y), rule, Run(stopping=endless(12)))
    second = minimize(
        cost,
        first.params,
        make_batches(X, y),
        rule,
        Run(stopping=endless(8), n_rows_seen=12 * 30),
        optimizer_state=first.optimizer_state,
    )
    np.testing.assert_array_equal(second.params.coefs[0], whole.params.coefs[0])


def test_rules_converge_to_scipys_optimum_of_logistic_regression(seed):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((60, 3))
    y = (rng.uniform(size=(60, 1)) < 0.5).astype(float)

    def cost_fn(w):
        z = X @ w[:3, None] + w[3]
        return (np.logaddexp(0, z) - y * z).mean() + 0.05 * (w[:3] ** 2).sum()

    best = optimize.minimize(cost_fn, np.zeros(4), tol=1e-12)
    for optimizer in (SGD(0.8), SGD(0.3, 0.8), SGD(0.3, 0.8, nesterov=True)):
        run = Run(penalty=Penalty(l2=0.1), stopping=endless(600))
        result = minimize(
            NetworkCost("logistic", ()), zeros_like_linear(X), make_batches(X, y), optimizer, run
        )
        own = np.concatenate([result.params.coefs[0].ravel(), result.params.intercepts[0]])
        np.testing.assert_allclose(own, best.x, atol=1e-5)

"""The gradient loop: textbook minima, rows and weights, stopping rules, windows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from deepen.engine import (
    LBFGS,
    SGD,
    Adam,
    ConjugateGradient,
    Penalty,
    Run,
    Stopping,
    minimize,
)
from deepen.layers.cost import NetworkCost
from engine_problems import (
    FunctionOfPoint,
    Point,
    descend,
    make_batches,
    regression_rows,
    zeros_like_linear,
)


def parabola(x):
    return x**2 + x


def negative_log_product(x):
    return -(jnp.log(x) + jnp.log(1 - x))


def negative_sine(x):
    return -jnp.sin(x)


TEXTBOOK = [
    (parabola, 3.0, -0.5, 0.1),
    (negative_log_product, 0.1, 0.5, 0.02),
    (negative_sine, 0.3, np.pi / 2, 0.2),
]


@pytest.mark.parametrize(("function", "start", "optimum", "rate"), TEXTBOOK)
@pytest.mark.parametrize("batch_size", [12, 5, 1], ids=["full", "mini-batch", "single-row"])
def test_textbook_minima(function, start, optimum, rate, batch_size):
    batches = make_batches(np.zeros((12, 1)), np.zeros((12, 1)), batch_size=batch_size)
    result = descend(
        FunctionOfPoint(function), Point(np.array(start)), batches, SGD(rate), max_iter=400
    )
    np.testing.assert_allclose(result.params.x, optimum, atol=1e-9)


@pytest.mark.parametrize("optimizer", [LBFGS(ftol=0.0), ConjugateGradient()])
def test_textbook_minimum_by_line_search(optimizer):
    batches = make_batches(np.zeros((12, 1)), np.zeros((12, 1)))
    run = Run(stopping=Stopping(tol=1e-10))
    result = minimize(FunctionOfPoint(parabola), Point(np.array(3.0)), batches, optimizer, run)
    np.testing.assert_allclose(result.params.x, -0.5, atol=1e-8)


def multinomial_rows(seed):
    rng = np.random.RandomState(seed)
    return rng.standard_normal((50, 3)), rng.randint(4, size=50)


@pytest.mark.parametrize("optimizer", [LBFGS(ftol=0.0), ConjugateGradient()])
def test_deterministic_stepper_finds_scipys_optimum(optimizer, seed):
    X, y = multinomial_rows(seed)

    def cost_fn(w):
        z = X @ w[:12].reshape(3, 4) + w[12:]
        fit = np.log(np.exp(z).sum(axis=1)) - z[np.arange(50), y]
        return fit.mean() + 0.01 * (w[:12] ** 2).sum() + 0.01 * w[12:].sum() ** 2

    best = optimize.minimize(cost_fn, np.zeros(16), method="BFGS", options={"gtol": 1e-7})
    run = Run(penalty=Penalty(l2=0.02), stopping=Stopping(max_iter=2000, tol=1e-9))
    result = minimize(
        NetworkCost("softmax", ()), zeros_like_linear(X, 4), make_batches(X, y), optimizer, run
    )
    assert result.progress.n_iter < 2000
    np.testing.assert_allclose(result.params.coefs[0].ravel(), best.x[:12], atol=1e-6)
    own = result.params.intercepts[0]
    np.testing.assert_allclose(own - own.mean(), best.x[12:] - best.x[12:].mean(), atol=1e-6)


def test_lbfgs_with_l1_finds_exact_zeros_and_the_optimum(seed):
    from sklearn.linear_model import Lasso

    X, y = regression_rows(seed, 60, 10)
    run = Run(penalty=Penalty(l1=0.5), stopping=Stopping(max_iter=2000, tol=1e-10))
    result = minimize(
        NetworkCost("squared_error", ()),
        zeros_like_linear(X),
        make_batches(X, y),
        LBFGS(ftol=0.0),
        run,
    )
    lasso = Lasso(alpha=0.5, tol=1e-14, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(result.params.coefs[0].ravel(), lasso.coef_, atol=1e-6)
    np.testing.assert_array_equal(result.params.coefs[0].ravel() == 0, lasso.coef_ == 0)


def test_the_deterministic_stepper_refuses_what_is_random(seed):
    X, y = regression_rows(seed)
    cost = NetworkCost("squared_error", (), noise=0.1)
    with pytest.raises(ValueError, match="without randomness"):
        minimize(cost, zeros_like_linear(X), make_batches(X, y), LBFGS(), Run())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", [SGD(0.05, 0.9), Adam(), LBFGS()])
def test_the_result_is_numpy_of_the_dtype_that_came_in(dtype, optimizer, seed):
    X, y = regression_rows(seed, 20, 3, dtype)
    start = zeros_like_linear(X)
    batches = make_batches(X, y)
    result = minimize(NetworkCost("squared_error", ()), start, batches, optimizer, Run())
    for leaf in jax.tree.leaves((result.params, result.optimizer_state)):
        assert type(leaf) is np.ndarray
        assert leaf.dtype == dtype
        leaf += 1  # writable
    for leaf in jax.tree.leaves(start):
        assert not leaf.any()  # and the parameters that came in are as they were

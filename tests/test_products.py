"""Products of rounded factors, and training by them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from deepen.engine import LBFGS
from deepen.functions.products import bfloat16_product
from deepen.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
ROUNDING = 2.0**-8  # half a unit in the last place of 8 bits


def matrices(rng):
    shapes = [(7, 30), (30, 5), (7, 5)]
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def to_eight_bits(x):
    """Nearest number of 8 bits of precision, ties to even, in float64."""
    mantissa, exponent = np.frexp(x.astype(np.float64))
    return np.ldexp(np.round(mantissa * 2**8), exponent - 8)


def test_product_and_gradients_are_those_of_rounded_factors(rng):
    a, b, g = matrices(rng)
    found, pull_back = jax.vjp(bfloat16_product, jnp.asarray(a), jnp.asarray(b))
    by_a, by_b = pull_back(jnp.asarray(g))
    ra, rb, rg = map(to_eight_bits, (a, b, g))
    for own, exact in [(found, ra @ rb), (by_a, rg @ rb.T), (by_b, ra.T @ rg)]:
        assert own.dtype == np.float32
        np.testing.assert_allclose(np.asarray(own), exact, atol=1e-4)
    assert (np.abs(found - a @ b) <= 2.1 * ROUNDING * (np.abs(a) @ np.abs(b))).all()
    assert np.abs(found - a @ b).max() > 1e-3  # it does round


def test_a_step_of_training_is_the_one_by_hand(rng):
    """One batch of plain gradient descent on half the squared error, by NumPy in float64."""
    X = rng.standard_normal((40, 6)).astype(np.float32)
    y = rng.standard_normal(40).astype(np.float32)
    settings = {"alpha": 0.0, "batch_size": "full", "learning_rate_init": 0.1, "momentum": 0.0}
    settings |= {
        "hidden_layer_sizes": (5,),
        "activation": "tanh",
        "solver": "sgd",
        "random_state": 0,
    }
    start = MLPRegressor(**settings | {"learning_rate_init": 1e-30}, max_iter=1).fit(X, y)
    (W1, W2), (b1, b2) = start.coefs_, start.intercepts_
    r = to_eight_bits
    a = np.tanh(r(X) @ r(W1) + b1).astype(np.float32)
    error = ((r(a) @ r(W2) + b2 - y[:, None]) / 40).astype(np.float32)
    below = (r(error) @ r(W2).T * (1 - a**2)).astype(np.float32)
    found = MLPRegressor(**settings, max_iter=1, precision="bfloat16").fit(X, y)
    gradients = [r(X).T @ r(below), r(a).T @ r(error)]
    for own, first, gradient in zip(found.coefs_, (W1, W2), gradients, strict=True):
        assert own.dtype == np.float32
        np.testing.assert_allclose((first - own) / 0.1, gradient, atol=2e-5)
    exact = MLPRegressor(**settings, max_iter=1).fit(X, y)
    assert np.abs(exact.coefs_[0] - found.coefs_[0]).max() > 1e-5


def test_networks_learn_the_digits_as_well(rng):
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X).astype(np.float32)
    settings = {"max_iter": 25, "dropout": 0.1, "random_state": rng.randint(1000), "max_norm": 3.0}
    network = MLPClassifier((32,), precision="bfloat16", **settings)
    score = network.fit(X[:1200], y[:1200], X_val=X[1200:1400], y_val=y[1200:1400])
    exact = MLPClassifier((32,), **settings).fit(X[:1200], y[:1200])
    assert abs(score.score(X[1400:], y[1400:]) - exact.score(X[1400:], y[1400:])) < 0.05


@pytest.mark.parametrize(
    ("settings", "dtype", "words"),
    [
        ({}, np.float64, r'X is float64. Give X.astype\("float32"\)'),
        ({"solver": "lbfgs"}, np.float32, "lbfgs.*no sound step with precision='bfloat16'"),
        ({"solver": LBFGS()}, np.float32, "LBFGS.*no sound step with precision='bfloat16'"),
        ({"precision": "float16"}, np.float32, "'precision' parameter .* must be"),
    ],
)
def test_what_it_is_not_for_is_refused_in_words(settings, dtype, words, rng):
    X = rng.standard_normal((30, 3)).astype(dtype)
    network = MLPClassifier((4,), **{"precision": "bfloat16", **settings})
    with pytest.raises(ValueError, match=words):
        network.fit(X, np.arange(30) % 2)

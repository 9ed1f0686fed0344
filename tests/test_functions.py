"""Activations, losses, back-propagation, random draws and initialisers against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special
from sklearn.metrics import log_loss, mean_poisson_deviance, mean_squared_error
from sklearn.neural_network import MLPClassifier

from deepen.functions import activations
from deepen.functions.initializers import glorot_uniform
from deepen.functions.losses import LOSSES
from deepen.layers.cost import NetworkCost
from deepen.layers.feed_forward import Params, forward
from engine_problems import central_differences, random_network

CLOSED_FORMS = {
    "identity": lambda z: z,
    "logistic": special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: (
        1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0)))
    ),
    "softplus": lambda z: np.logaddexp(z, 0),
    "gelu": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z * special.expit(z),
}
TORCH_NAMES = {
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "elu": "elu",
    "selu": "selu",
    "softplus": "softplus",
    "silu": "silu",
}
GRID = np.concatenate([np.linspace(-30, 30, 241), [-1e4, -100.0, -1e-8, 1e-8, 100.0, 1e4]])


def test_every_activation_has_a_closed_form_here():
    assert set(CLOSED_FORMS) == set(activations.ACTIVATIONS)


@pytest.mark.parametrize("name", sorted(CLOSED_FORMS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activation_equals_its_closed_form_in_numpy_and_jax(name, dtype):
    z = GRID.astype(dtype)
    expected = CLOSED_FORMS[name](z.astype(np.float64))
    # The lower tails of logistic and silu are rounded to zero in the form that JAX differentiates.
    tolerance = {"rtol": 8 * np.finfo(dtype).eps, "atol": 64 * np.finfo(dtype).eps}
    in_numpy = activations.ACTIVATIONS[name](z)
    assert in_numpy.dtype == dtype
    np.testing.assert_allclose(in_numpy, expected, **tolerance)
    with jax.enable_x64(dtype == np.float64):
        in_jax = activations.ACTIVATIONS[name](jnp.asarray(z))
        assert in_jax.dtype == dtype
        np.testing.assert_allclose(np.asarray(in_jax), expected, **tolerance)


@pytest.mark.parametrize("name", sorted(CLOSED_FORMS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activation_has_the_right_finite_derivative(name, dtype):
    with jax.enable_x64(dtype == np.float64):
        slope = jax.vmap(jax.grad(activations.ACTIVATIONS[name]))
        assert np.isfinite(slope(jnp.asarray(GRID.astype(dtype)))).all()
        if dtype == np.float64:
            z = np.linspace(-6.03, 6.01, 60)  # away from the kinks at zero
            closed = CLOSED_FORMS[name]
            differences = (closed(z + 1e-5) - closed(z - 1e-5)) / 2e-5
            np.testing.assert_allclose(np.asarray(slope(jnp.asarray(z))), differences, atol=1e-8)


@pytest.mark.parametrize("name", sorted(TORCH_NAMES))
def test_activation_and_derivative_equal_torchs(name):
    torch = pytest.importorskip("torch")
    z = np.linspace(-8, 8, 101)
    z_torch = torch.tensor(z, requires_grad=True)
    function = getattr(torch.nn.functional, TORCH_NAMES[name])
    value = function(z_torch)
    (slope,) = torch.autograd.grad(value.sum(), z_torch)
    with jax.enable_x64(True):
        own, own_slope = jax.vmap(jax.value_and_grad(activations.ACTIVATIONS[name]))(jnp.asarray(z))
    np.testing.assert_allclose(np.asarray(own), value.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(np.asarray(own_slope), slope.numpy(), atol=1e-12)


def test_gelu_equals_torchs_tanh_form():
    torch = pytest.importorskip("torch")
    z = np.linspace(-8, 8, 101)
    expected = torch.nn.functional.gelu(torch.tensor(z), approximate="tanh").numpy()
    np.testing.assert_allclose(activations.gelu(z), expected, atol=1e-13)


def test_logistic_keeps_its_lower_tail_in_numpy():
    assert activations.logistic(np.array([-700.0]))[0] == special.expit(-700.0) > 0


@pytest.mark.parametrize("xp", [np, jnp])
def test_softmax_equals_scipys_and_stays_finite(xp, seed):
    z = np.random.RandomState(seed).standard_normal((7, 5)).astype(np.float32) * 10
    z[0, 0], z[1, 1] = 1e4, -1e4
    np.testing.assert_allclose(
        np.asarray(activations.softmax(xp.asarray(z))), special.softmax(z, axis=1), rtol=2e-5
    )


def test_softmax_loss_equals_log_loss(seed):
    rng = np.random.RandomState(seed)
    z, y = 3 * rng.standard_normal((50, 4)), rng.randint(4, size=50)
    with jax.enable_x64(True):
        loss = np.asarray(LOSSES["softmax"](jnp.asarray(z), jnp.asarray(y)))
    expected = log_loss(y, special.softmax(z, axis=1), labels=np.arange(4))
    np.testing.assert_allclose(loss.mean(), expected, rtol=1e-12)
    np.testing.assert_allclose(loss, special.logsumexp(z, axis=1) - z[np.arange(50), y], rtol=1e-12)


def test_logistic_loss_equals_log_loss(seed):
    rng = np.random.RandomState(seed)
    z, y = 3 * rng.standard_normal((50, 1)), rng.randint(2, size=(50, 1)).astype(float)
    with jax.enable_x64(True):
        loss = np.asarray(LOSSES["logistic"](jnp.asarray(z), jnp.asarray(y)))
    np.testing.assert_allclose(loss.mean(), log_loss(y[:, 0], special.expit(z[:, 0])), rtol=1e-11)


def test_squared_and_poisson_losses_are_half_of_scikit_learns(seed):
    rng = np.random.RandomState(seed)
    z, y = rng.standard_normal((50, 2)), rng.poisson(2.0, (50, 2)).astype(float)
    with jax.enable_x64(True):
        squared = np.asarray(LOSSES["squared_error"](jnp.asarray(z), jnp.asarray(y)))
        poisson = np.asarray(LOSSES["poisson"](jnp.asarray(z), jnp.asarray(y)))
    np.testing.assert_allclose(squared.mean(), mean_squared_error(y, z), rtol=1e-12)
    half_deviance = mean_poisson_deviance(y.ravel(), np.exp(z).ravel()) / 2
    np.testing.assert_allclose(poisson.mean(), 2 * half_deviance, rtol=1e-12)


def test_poisson_loss_of_a_count_of_zero_is_the_mean():
    loss, slope = jax.value_and_grad(lambda z: LOSSES["poisson"](z, jnp.zeros(1)))(jnp.ones(1))
    np.testing.assert_allclose(loss, np.e, rtol=1e-6)
    np.testing.assert_allclose(slope, [np.e], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [-1e4, 1e4])
@pytest.mark.parametrize("name", ["softmax", "logistic", "squared_error"])
def test_losses_and_gradients_are_finite_at_extreme_logits(name, size, dtype):
    z = np.array([size, 0.0, -size], dtype)
    y = np.int32(0) if name == "softmax" else np.array([0, 1, 1], dtype)
    with jax.enable_x64(dtype == np.float64):
        loss, gradient = jax.value_and_grad(LOSSES[name])(jnp.asarray(z), jnp.asarray(y))
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    by_hand = {
        "softmax": max(0, -2 * size) if size < 0 else 0.0,
        "logistic": max(size, 0) + np.log(2) + max(size, 0),
        "squared_error": 0.5 * (size**2 + 1 + (1 + size) ** 2),
    }
    np.testing.assert_allclose(loss, by_hand[name], rtol=1e-6, atol=1e-6)


def test_poisson_loss_is_finite_at_very_small_rates():
    loss, gradient = jax.value_and_grad(LOSSES["poisson"])(jnp.array([-1e4]), jnp.array([2.0]))
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradient_of_each_loss_equals_central_differences(name, seed):
    rng = np.random.RandomState(seed)
    z = rng.standard_normal(4)
    y = np.int64(rng.randint(4)) if name == "softmax" else rng.poisson(1.0, 4).astype(float)
    with jax.enable_x64(True):
        gradient = np.asarray(jax.grad(LOSSES[name])(jnp.asarray(z), jnp.asarray(y)))
        differences = central_differences(
            lambda at: LOSSES[name](jnp.asarray(at), jnp.asarray(y)), z
        )
    np.testing.assert_allclose(gradient, differences, atol=1e-8)


@pytest.mark.parametrize(("name", "n_outputs"), [("softmax", 4), ("logistic", 1), ("logistic", 3)])
def test_smoothed_labels_cost_what_the_mixture_of_all_labels_costs(name, n_outputs, seed):
    rng = np.random.RandomState(seed)
    params, X, share = random_network(seed, (5, n_outputs)), rng.standard_normal((9, 5)), rng.rand()
    y = rng.randint(4, size=9) if name == "softmax" else rng.randint(2, size=(9, n_outputs)) * 1.0
    with jax.enable_x64(True):
        cost = NetworkCost(name, (), label_smoothing=share)
        own = cost(params, (jnp.asarray(X), jnp.asarray(y)), jnp.ones(9), None, None)[0]
    z = X @ params.coefs[0] + params.intercepts[0]
    if name == "softmax":
        target = (1 - share) * np.eye(4)[y] + share / 4
        by_hand = -(target * special.log_softmax(z, axis=1)).sum()
    else:
        target = (1 - share) * y + share / 2
        by_hand = -(target * special.log_expit(z) + (1 - target) * special.log_expit(-z)).sum()
    np.testing.assert_allclose(own, by_hand, rtol=1e-10)


def hand_derived_gradient(params, X, labels):
    """Back-propagation through tanh, then logistic units, to a softmax, written out."""
    (W_1, W_2, W_3), (b_1, b_2, b_3) = params
    a_1 = np.tanh(X @ W_1 + b_1)
    a_2 = special.expit(a_1 @ W_2 + b_2)
    p = special.softmax(a_2 @ W_3 + b_3, axis=1)
    delta_3 = p - np.eye(p.shape[1])[labels]  # dC/dz_3 = p - y
    delta_2 = delta_3 @ W_3.T * a_2 * (1 - a_2)
    delta_1 = delta_2 @ W_2.T * (1 - a_1**2)
    deltas = (delta_1, delta_2, delta_3)
    inputs = (X, a_1, a_2)
    coefs = tuple(a.T @ delta for a, delta in zip(inputs, deltas, strict=True))
    return Params(coefs, tuple(delta.sum(axis=0) for delta in deltas))


def test_back_propagation_equals_the_hand_derived_gradient_and_finite_differences(seed):
    rng = np.random.RandomState(seed)
    X, labels = rng.standard_normal((9, 4)), rng.randint(3, size=9)
    params = random_network(seed, (4, 5, 6, 3))
    cost = NetworkCost("softmax", ("tanh", "logistic"))

    def total(params):
        return cost(params, (jnp.asarray(X), jnp.asarray(labels)), jnp.ones(9), None, None)[0]

    with jax.enable_x64(True):
        automatic = jax.grad(total)(jax.tree.map(jnp.asarray, params))
        by_hand = hand_derived_gradient(params, X, labels)
        leaves, structure = jax.tree.flatten(params)
        for i, (own, derived) in enumerate(
            zip(jax.tree.leaves(automatic), jax.tree.leaves(by_hand), strict=True)
        ):
            np.testing.assert_allclose(np.asarray(own), derived, atol=1e-12)

            def of_leaf(value, i=i):
                return total(structure.unflatten([*leaves[:i], value, *leaves[i + 1 :]]))

            differences = central_differences(jax.jit(of_leaf), leaves[i])
            np.testing.assert_allclose(np.asarray(own), differences, atol=1e-7)


def test_forward_is_the_same_in_numpy_and_jax(seed):
    params = random_network(seed, (4, 5, 3), np.float32)
    X = np.random.RandomState(seed).standard_normal((6, 4)).astype(np.float32)
    in_jax = forward(jax.tree.map(jnp.asarray, params), jnp.asarray(X), ("relu",))
    np.testing.assert_allclose(
        forward(params, X, ("relu",)), np.asarray(in_jax), rtol=2e-5, atol=1e-6
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("activation", ["relu", "logistic"])
def test_starting_weights_are_scikit_learns(activation, seed):
    X = np.random.RandomState(seed).standard_normal((20, 4))
    still = {"solver": "sgd", "learning_rate_init": 1e-300, "max_iter": 1, "random_state": seed}
    theirs = MLPClassifier((5, 6), activation=activation, **still).fit(X, np.arange(20) % 3)
    coefs, intercepts = glorot_uniform(
        np.random.RandomState(seed), (4, 5, 6, 3), (activation, activation), np.float64
    )
    for own, other in zip(
        (*coefs, *intercepts), (*theirs.coefs_, *theirs.intercepts_), strict=True
    ):
        np.testing.assert_array_equal(own, other)

"""Energies of restricted Boltzmann machines against enumeration, integration and scikit-learn."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logsumexp
from sklearn import neural_network

from deepen.engine.devices import computing
from deepen.functions import bernoulli_energy, gaussian_energy
from deepen.functions.bernoulli_energy import softplus


def bernoulli_params(rng, n_visible=6, n_hidden=4, scale=1.0, dtype=np.float64):
    shapes = ((n_visible, n_hidden), n_visible, n_hidden)
    return bernoulli_energy.Params(*(scale * rng.standard_normal(s).astype(dtype) for s in shapes))


def gaussian_params(rng, n_visible=2, n_hidden=3):
    binary = bernoulli_params(rng, n_visible, n_hidden)
    return gaussian_energy.Params(*binary, 0.5 * rng.standard_normal(n_visible))


def states(n_units):
    return np.array(list(itertools.product([0.0, 1.0], repeat=n_units)))


def energy_by_hand(params, v, h):
    a, b, W = params.visible_bias, params.hidden_bias, params.weights
    terms = [-(a[i] * v[i]) for i in range(len(v))] + [-(b[j] * h[j]) for j in range(len(h))]
    terms += [-(v[i] * W[i, j] * h[j]) for i in range(len(v)) for j in range(len(h))]
    return sum(terms)


def test_energy_is_the_sum_of_its_terms(rng):
    params = bernoulli_params(rng, 4, 3)
    for v, h in zip(states(4), rng.randint(0, 2, (16, 3)), strict=True):
        np.testing.assert_allclose(
            bernoulli_energy.energy(params, v, h), energy_by_hand(params, v, h), atol=1e-12
        )


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(1, 1), (6, 4), (12, 8)])
def test_bernoulli_probabilities_by_enumeration(n_visible, n_hidden, rng):
    params = bernoulli_params(rng, n_visible, n_hidden)
    v, h = states(n_visible), states(n_hidden)
    energies = bernoulli_energy.energy(params, v[:, None, :], h[None, :, :])
    free, hidden_free = (
        bernoulli_energy.free_energy(params, v),
        bernoulli_energy.hidden_free_energy(params, h),
    )
    np.testing.assert_allclose(free, -logsumexp(-energies, axis=1), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(hidden_free, -logsumexp(-energies, axis=0), rtol=1e-10, atol=1e-10)
    joint = np.exp(-energies - logsumexp(-energies))
    np.testing.assert_allclose(np.exp(-free - logsumexp(-free)), joint.sum(axis=1), atol=1e-12)
    mean_h = joint @ h / joint.sum(axis=1, keepdims=True)
    mean_v = joint.T @ v / joint.sum(axis=0)[:, None]
    np.testing.assert_allclose(bernoulli_energy.hidden_mean(params, v), mean_h, atol=1e-9)
    np.testing.assert_allclose(bernoulli_energy.visible_mean(params, h), mean_v, atol=1e-9)


def test_gaussian_free_energies_by_integration(rng):
    params = gaussian_params(rng)
    h = states(3)
    grid = np.linspace(-25, 25, 801)
    v = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    energies = gaussian_energy.energy(params, v[:, None, :], h[None, :, :])
    free = gaussian_energy.free_energy(params, v)
    np.testing.assert_allclose(free, -logsumexp(-energies, axis=1), rtol=1e-9, atol=1e-9)
    cell = 2 * np.log(grid[1] - grid[0])
    by_sum = -logsumexp(-energies, axis=0) - cell
    np.testing.assert_allclose(gaussian_energy.hidden_free_energy(params, h), by_sum, atol=1e-6)
    # p(v | h) is the Gaussian with that mean and those variances, p(h | v) the logistic of its log-odds
    conditional = np.exp(-energies - logsumexp(-energies, axis=0) - cell)
    for j, mean in enumerate(gaussian_energy.visible_mean(params, h)):
        density = stats.multivariate_normal(mean, np.diag(np.exp(params.log_variance))).pdf(v)
        np.testing.assert_allclose(conditional[:, j], density, atol=1e-7)
    mean_h = np.exp(-energies + free[:, None]) @ h
    np.testing.assert_allclose(gaussian_energy.hidden_mean(params, v), mean_h, atol=1e-9)


def test_free_energy_is_scikit_learns(rng):
    params = bernoulli_params(rng, 9, 5)
    theirs = neural_network.BernoulliRBM(5)
    theirs.components_ = params.weights.T
    theirs.intercept_visible_, theirs.intercept_hidden_ = params.visible_bias, params.hidden_bias
    v = rng.randint(0, 2, (20, 9)).astype(float)
    np.testing.assert_allclose(
        bernoulli_energy.free_energy(params, v), theirs._free_energy(v), rtol=1e-12
    )


@pytest.mark.parametrize("kind", [bernoulli_energy, gaussian_energy])
def test_one_row_and_many_numpy_and_jax_agree(kind, rng):
    params = bernoulli_params(rng) if kind is bernoulli_energy else gaussian_params(rng, 6, 4)
    v, h = rng.randint(0, 2, (3, 5, 6)) * 1.0, rng.randint(0, 2, (3, 5, 4)) * 1.0
    with computing(np.float64):
        on_jax = jax.tree.map(jnp.asarray, params)
        for name, rows in [
            ("free_energy", (v,)),
            ("hidden_free_energy", (h,)),
            ("energy", (v, h)),
            ("hidden_mean", (v,)),
            ("visible_mean", (h,)),
            ("scaled", (v,)),
        ]:
            function = getattr(kind, name)
            many = function(params, *rows)
            np.testing.assert_allclose(function(on_jax, *map(jnp.asarray, rows)), many, rtol=1e-9)
            one = function(params, *(r[1, 2] for r in rows))
            np.testing.assert_allclose(one, many[1, 2], rtol=1e-12)


@pytest.mark.parametrize("kind", [bernoulli_energy, gaussian_energy])
def test_draws_have_the_conditional_moments(kind, rng, seed):
    n = 20_000
    params = bernoulli_params(rng) if kind is bernoulli_energy else gaussian_params(rng, 6, 4)
    v, h = rng.randint(0, 2, 6) * 1.0, rng.randint(0, 2, 4) * 1.0
    with computing(np.float64):
        on_jax = jax.tree.map(jnp.asarray, params)
        key = jax.random.key(seed)
        h_drawn = kind.sample_hidden(on_jax, jnp.tile(v[None], (n, 1)), key)
        v_drawn = kind.sample_visible(on_jax, jnp.tile(h[None], (n, 1)), key)
        h_drawn, v_drawn = np.asarray(h_drawn), np.asarray(v_drawn)
    assert h_drawn.dtype == np.float64
    assert set(np.unique(h_drawn)) <= {0.0, 1.0}
    p = kind.hidden_mean(params, v)
    bound = 6 / np.sqrt(n)  # six standard errors of what has deviation one
    assert (abs(h_drawn.mean(axis=0) - p) <= bound * np.sqrt(p * (1 - p)) + 1e-9).all()
    mean = kind.visible_mean(params, h)
    if kind is bernoulli_energy:
        variance = mean * (1 - mean)
    else:
        variance = np.exp(params.log_variance)
        np.testing.assert_allclose(v_drawn.var(axis=0), variance, rtol=10 / np.sqrt(n))
    assert (abs(v_drawn.mean(axis=0) - mean) <= bound * np.sqrt(variance) + 1e-9).all()


def test_tempered_machines_lie_between_independent_units_and_the_machine(rng):
    params = bernoulli_params(rng)
    v = states(6)
    np.testing.assert_allclose(
        bernoulli_energy.free_energy(bernoulli_energy.tempered(params, 1.0), v),
        bernoulli_energy.free_energy(params, v),
    )
    log_p = -bernoulli_energy.free_energy(bernoulli_energy.tempered(params, 0.0), v)
    p = np.exp(log_p - logsumexp(log_p))
    np.testing.assert_allclose(p @ v, expit(params.visible_bias), atol=1e-12)


@pytest.mark.parametrize("kind", [bernoulli_energy, gaussian_energy])
def test_gradient_of_the_free_energy_against_differences(kind, rng):
    params = bernoulli_params(rng) if kind is bernoulli_energy else gaussian_params(rng, 6, 4)
    v = rng.rand(5, 6)
    direction = jax.tree.map(lambda w: rng.standard_normal(w.shape), params)

    def along(t):
        moved = jax.tree.map(lambda w, d: w + t * d, params, direction)
        return kind.free_energy(moved, v).sum()

    step = 1e-6
    by_differences = (along(step) - along(-step)) / (2 * step)
    with computing(np.float64):
        on_jax = jax.tree.map(jnp.asarray, params)
        gradient = jax.grad(lambda p: kind.free_energy(p, jnp.asarray(v)).sum())(on_jax)
        gradient = jax.tree.map(np.asarray, gradient)
    products = jax.tree.map(lambda g, d: (g * d).sum(), gradient, direction)
    np.testing.assert_allclose(sum(products), by_differences, rtol=1e-6, atol=1e-6)


def test_softplus_has_the_sigmoid_as_derivative_far_out_too():
    z = np.array([-1e4, -50.0, 0.0, 50.0, 1e4])
    with computing(np.float64):
        values, slopes = jax.vmap(jax.value_and_grad(softplus))(jnp.asarray(z))
    np.testing.assert_allclose(values, softplus(z), atol=1e-12)
    np.testing.assert_allclose(slopes, expit(z), atol=1e-12)


def test_softplus_beside_the_mean_is_softplus():
    z = jnp.linspace(-100, 100, 2001, dtype=jnp.float32)
    found = bernoulli_energy.softplus_beside(z, bernoulli_energy.logistic(z))
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, softplus(z), rtol=1e-6, atol=2e-7)


def test_first_visible_biases_are_the_datas_log_odds(rng):
    X = (rng.rand(1000, 4) < [0.5, 0.1, 0.9, 0.3]).astype(np.float64)
    mean = X.mean(axis=0)
    bias = bernoulli_energy.initial_visible_bias(mean, 10**9)
    np.testing.assert_allclose(expit(bias), mean, atol=1e-6)


def test_columns_without_variance_begin_finite(rng):
    mean, variance = np.array([0.0, 1.0, 0.5], np.float32), np.array([0.0, 0.0, 1.0], np.float32)
    for kind in (bernoulli_energy, gaussian_energy):
        params = kind.initialize(rng, mean, variance, 10, 4)
        assert all(np.isfinite(part).all() for part in params)
        assert {part.dtype for part in params} == {np.dtype(np.float32)}
        np.testing.assert_allclose(kind.hidden_mean(params, mean), 0.5, atol=1e-5)
    constant = gaussian_energy.initialize(rng, mean, np.zeros(3, np.float32), 10, 4)
    assert all(np.isfinite(part).all() for part in constant)


def test_weights_zero_and_first_biases_are_the_model_of_independent_units(rng):
    """Half a row of either value is added to the counts (Jeffreys)."""
    bias = bernoulli_energy.initial_visible_bias(np.array([0.0, 0.25, 1.0]), 4)
    np.testing.assert_allclose(expit(bias), [0.5 / 5, 1.5 / 5, 4.5 / 5])


def test_draws_of_any_shape_are_independent(seed):
    """Both halves of the rows, which share blocks of random words, odd numbers of them too."""
    for shape in [(1,), (5,), (3, 4), (4, 3, 2)]:
        p = jnp.full(shape, 0.5, jnp.float32)
        drawn = np.asarray(bernoulli_energy.draw(p, jax.random.key(seed)))
        assert drawn.shape == shape
        assert set(np.unique(drawn)) <= {0.0, 1.0}
    ends = jnp.array([[0.0, 1.0]] * 1001, jnp.float32)
    drawn = np.asarray(bernoulli_energy.draw(ends, jax.random.key(seed)))
    np.testing.assert_array_equal(drawn, ends)
    n = 10_000
    drawn = np.asarray(bernoulli_energy.draw(jnp.full((6, n), 0.3), jax.random.key(seed)))
    correlation = np.corrcoef(drawn)[np.triu_indices(6, 1)]
    assert abs(correlation).max() < 6 / np.sqrt(n)
    along = np.corrcoef(drawn[:, :-1].ravel(), drawn[:, 1:].ravel())[0, 1]
    assert abs(along) < 6 / np.sqrt(6 * n)

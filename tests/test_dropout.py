"""Dropout and noise against their definitions."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from deepen.engine import SGD, Run, Stopping, minimize
from deepen.layers.cost import NetworkCost
from deepen.layers.dropout import dropout, gaussian_noise
from deepen.layers.feed_forward import Params, forward
from engine_problems import make_batches, random_network

RARE = 1e-6


@pytest.mark.parametrize("keep", [0.5, 0.8])
def test_scaled_weights_of_a_softmax_layer_are_the_geometric_mean_over_all_masks(keep, seed):
    """Srivastava et al. (2014), for masks weighted by their probabilities."""
    rng = np.random.RandomState(seed)
    params, x = random_network(seed, (8, 4)), rng.standard_normal(8)
    log_mean = np.zeros(4)
    for mask in product((0, 1), repeat=8):
        mask = np.array(mask)
        probability = keep ** mask.sum() * (1 - keep) ** (8 - mask.sum())
        # Training divides the units it keeps by their probability.
        log_mean += probability * special.log_softmax(forward(params, mask * x / keep, ()))
    geometric_mean = special.softmax(log_mean)
    np.testing.assert_allclose(special.softmax(forward(params, x, ())), geometric_mean, rtol=1e-10)


def test_the_masks_of_dropout_are_those_and_no_others(seed):
    """Every mask of four units comes about as often as its probability says."""
    n, rate = 40_000, 0.3
    a = jnp.ones((n, 4))
    dropped = np.asarray(dropout(a, jnp.float32(rate), jax.random.key(seed)))
    kept = dropped > 0
    np.testing.assert_allclose(dropped[kept], 1 / (1 - rate), rtol=1e-6)
    counts = np.bincount(kept @ (1, 2, 4, 8), minlength=16)
    n_kept = np.array([bin(mask).count("1") for mask in range(16)])
    expected = n * (1 - rate) ** n_kept * rate ** (4 - n_kept)
    assert stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > RARE


def test_dropout_and_noise_keep_the_mean(seed):
    rng = np.random.RandomState(seed)
    a = jnp.asarray(rng.uniform(0.5, 1.5, (1, 6)).astype(np.float32))
    n = 40_000
    many = jnp.tile(a, (n, 1))
    key = jax.random.key(seed)
    after_dropout = np.asarray(dropout(many, jnp.float32(0.4), key)).mean(axis=0)
    spread = np.asarray(a)[0] * np.sqrt(0.4 / 0.6 / n)
    assert (abs(after_dropout - np.asarray(a)[0]) < 5.5 * spread).all()
    noisy = np.asarray(gaussian_noise(many, jnp.float32(0.5), key)) - np.asarray(a)
    assert (abs(noisy.mean(axis=0)) < 5.5 * 0.5 / np.sqrt(n)).all()
    assert stats.kstest(noisy.ravel()[:50_000] / 0.5, "norm").pvalue > RARE


def test_each_layer_and_step_draws_a_mask_of_its_own(seed):
    cost = NetworkCost("squared_error", ("identity", "identity"), dropout=jnp.float32(0.5))
    eye = jnp.eye(300)
    params = Params((eye, eye, eye), ())
    x, key = jnp.ones((1, 300)), jax.random.key(seed)
    out = np.asarray(cost.training_forward(params, x, key))
    # two independent masks of one half keep a quarter; twice the same one would keep a half
    assert 30 < (out > 0).sum() < 120
    np.testing.assert_allclose(out[out > 0], 4)
    other = np.asarray(cost.training_forward(params, x, jax.random.fold_in(key, 1)))
    assert (out != other).any()


def test_input_dropout_leaves_the_hidden_layers_alone(seed):
    params = random_network(seed, (5, 4, 3), np.float32)
    x = jnp.asarray(np.random.RandomState(seed).standard_normal((7, 5)).astype(np.float32))
    on_device = jax.tree.map(jnp.asarray, params)
    nothing = NetworkCost("squared_error", ("tanh",), input_dropout=jnp.float32(0))
    np.testing.assert_allclose(
        np.asarray(nothing.training_forward(on_device, x, jax.random.key(0))),
        forward(params, np.asarray(x), ("tanh",)),
        rtol=1e-4,
        atol=1e-5,
    )
    everything = NetworkCost("squared_error", ("tanh",), input_dropout=jnp.float32(1 - 2e-6))
    blind = np.asarray(everything.training_forward(on_device, x, jax.random.key(0)))
    np.testing.assert_allclose(
        blind, forward(params, np.zeros((7, 5), np.float32), ("tanh",)), rtol=1e-4, atol=1e-5
    )


class KeepsMasks:
    """Objective whose state adds up every mask that dropout has drawn in an epoch."""

    is_random = True

    def __call__(self, params, batch, weights, state, key):
        mask = dropout(jnp.ones_like(params.coefs[0]), jnp.float32(0.5), key)
        state = {"sum": state["sum"] + mask, "steps": state["steps"] + 1}
        return (weights.sum() * 0) * params.coefs[0].sum(), weights.sum(), state


jax.tree_util.register_pytree_node(KeepsMasks, lambda o: ((), None), lambda _, __: KeepsMasks())


@pytest.mark.parametrize("budget_bytes", [1 << 31, 400])
def test_every_step_of_an_epoch_draws_anew_also_across_windows(budget_bytes, seed):
    X = np.zeros((80, 10), np.float32)
    params = Params((np.zeros((2000, 1), np.float32),), ())
    state = {"sum": np.zeros((2000, 1), np.float32), "steps": np.zeros((), np.float32)}
    batches = make_batches(
        X, np.zeros((80, 1), np.float32), batch_size=5, budget_bytes=budget_bytes
    )
    run = Run(stopping=Stopping(max_iter=1), seed=seed)
    result = minimize(KeepsMasks(), params, batches, SGD(0.1), run, objective_state=state)
    steps = result.objective_state["steps"]
    assert steps == 16
    # sums of 16 independent masks of 0 and 2 have variance 16; repeated ones have more
    variance = result.objective_state["sum"].var()
    assert abs(variance - 16) < 6 * 16 * np.sqrt(2 / 2000)

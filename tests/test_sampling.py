"""Samples: block Gibbs, clamped, in-painted and tempered chains against enumerated probabilities.

Thousands of chains run side by side and each gives one draw, so that the draws are independent and a
chi-square test is exact. Its threshold is passed by mistake once in a million draws.
"""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats

from deepen.engine.devices import computing
from deepen.functions import sampling, tempering
from deepen.functions.bernoulli_energy import Params
from deepen.functions.sampling import (
    clamped_gibbs,
    clamped_gibbs_trace,
    gibbs,
    gibbs_trace,
    inpaint,
)
from deepen.functions.tempered_path import base_rates, inverse_temperatures
from small_machines import (
    bernoulli_machine,
    draw,
    gaussian_machine,
    index,
    probabilities,
    states,
    two_modes,
)

RARE = 1e-6
N_CHAINS = 4000


def p_value(drawn, expected):
    """Chi-square test of drawn state numbers; states that are hardly expected count as one."""
    counts = np.bincount(drawn, minlength=len(expected)).astype(float)
    expected = expected / expected.sum() * counts.sum()
    is_common = expected >= 5
    pools = [(x[is_common], x[~is_common].sum()) for x in (counts, expected)]
    (counts, counts_rare), (expected, expected_rare) = pools
    if expected_rare > 0:
        # Too few to be a cell of their own: join the smallest one.
        smallest = expected.argmin()
        counts[smallest] += counts_rare
        expected[smallest] += expected_rare
    return stats.chisquare(counts, expected).pvalue


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(6, 4), (4, 7)])
def test_gibbs_samples_have_the_enumerated_probabilities(n_visible, n_hidden, rng, seed):
    machine = bernoulli_machine(rng, n_visible, n_hidden)
    begin = np.zeros((N_CHAINS, n_visible), np.float32)
    v = gibbs(machine, begin, jax.random.key(seed), 200)
    assert p_value(index(v), probabilities(machine)) > RARE
    # One step from exact samples stays exact, whatever the mixing.
    v = gibbs(machine, draw(machine, rng, N_CHAINS), jax.random.key(seed + 1), 1)
    assert p_value(index(v), probabilities(machine)) > RARE


def test_a_trace_holds_every_chain_after_every_sample(rng, seed):
    machine = bernoulli_machine(rng, 5, 3)
    begin = draw(machine, rng, 7)
    trace = np.asarray(gibbs_trace(machine, begin, jax.random.key(seed), 6, 2))
    assert trace.shape == (6, 7, 5) and trace.dtype == np.float32
    assert set(np.unique(trace)) <= {0, 1}
    assert len(np.unique(index(trace.reshape(-1, 5)))) > 1
    wide = np.asarray(gibbs_trace(machine, draw(machine, rng, N_CHAINS), jax.random.key(seed), 3))
    for v in wide:
        assert p_value(index(v), probabilities(machine)) > RARE
    # Two successive states of a chain are not the same draw.
    assert not np.array_equal(wide[0], wide[1])


def test_gaussian_samples_have_the_exact_moments(rng, seed):
    machine = gaussian_machine(rng, 3, 3, 0.5)
    W, a, b, log_variance = (np.asarray(part, np.float64) for part in machine)
    h = states(3)
    means = a + h @ W.T
    log_weight = h @ b + ((means**2 - a**2) / (2 * np.exp(log_variance))).sum(axis=1)
    p = np.exp(log_weight - np.logaddexp.reduce(log_weight))
    mean = p @ means
    covariance = (means - mean).T @ (p[:, None] * (means - mean)) + np.diag(np.exp(log_variance))
    v = np.asarray(gibbs(machine, np.zeros((N_CHAINS, 3), np.float32), jax.random.key(seed), 300))
    spread = np.sqrt(np.diag(covariance))
    assert np.all(np.abs(v.mean(axis=0) - mean) < 5 * spread / np.sqrt(N_CHAINS))
    deviation = np.abs(np.cov(v.T) - covariance) / np.outer(spread, spread)
    assert deviation.max() < 5 * np.sqrt(
        3 / N_CHAINS
    )  # a mixture's fourth moment stays below 3 + 1


def test_clamped_chains_have_the_enumerated_conditionals(rng, seed):
    machine = bernoulli_machine(rng, 6, 4)
    is_clamped = np.array([True, False, False, True, False, False])
    values = rng.randint(0, 2, (2, 6)).astype(np.float32)
    v = np.repeat(values, N_CHAINS, axis=0)
    mask = np.broadcast_to(is_clamped, v.shape)
    out = np.asarray(clamped_gibbs(machine, v, mask, jax.random.key(seed), 200))
    np.testing.assert_array_equal(out[:, is_clamped], v[:, is_clamped])
    everything = states(6)
    for row, value in enumerate(values):
        agrees = np.all(everything[:, is_clamped] == value[is_clamped], axis=1)
        expected = np.where(agrees, probabilities(machine), 0)
        drawn = index(out[row * N_CHAINS : (row + 1) * N_CHAINS])
        assert np.all(agrees[drawn])
        assert p_value(drawn, expected) > RARE
    trace = clamped_gibbs_trace(machine, v, mask, jax.random.key(seed), 3)
    assert trace.shape == (3, *v.shape)
    assert np.all(np.asarray(trace)[:, :, is_clamped] == v[:, is_clamped])


@pytest.mark.parametrize("make", [bernoulli_machine, gaussian_machine])
def test_inpainting_leaves_what_is_there_and_fills_in_the_conditional_mean(make, rng, seed):
    machine = make(rng, 6, 4, 0.6)
    full = rng.randint(0, 2, (4, 6)).astype(np.float32) + np.float32(1e-3) * (
        make is gaussian_machine
    )
    holes = rng.uniform(size=full.shape) < 0.4
    holes[0], holes[1] = False, [False, True, True, False, False, True]
    damaged = np.where(holes, np.nan, full).astype(np.float32)
    whole = np.asarray(inpaint(machine, damaged, jax.random.key(seed), 5000, 100))
    assert whole.dtype == np.float32 and np.isfinite(whole).all()
    np.testing.assert_array_equal(whole[~holes], full[~holes])
    if make is gaussian_machine:
        return
    assert 0 <= whole.min() and whole.max() <= 1
    for row, hole, found in zip(full, holes, whole, strict=True):
        agrees = np.all(states(6)[:, ~hole] == row[~hole], axis=1)
        p = np.where(agrees, probabilities(machine), 0)
        expected = p @ states(6) / p.sum()
        # 5,000 correlated steps of probabilities: .02 is five errors even at a correlation over 10
        np.testing.assert_allclose(found[hole], expected[hole], atol=0.04)


def test_inpainting_listens_to_what_is_there(seed):
    machine = two_modes(6, 1.5)
    rows = np.array([[1.0] * 5 + [np.nan], [0.0] * 5 + [np.nan]], np.float32)
    on, off = np.asarray(inpaint(machine, rows, jax.random.key(seed), 4000, 100))[:, -1]
    p = probabilities(machine)
    expected = p[0b111111] / (p[0b111111] + p[0b111110])
    assert expected > 0.6  # while every unit alone is on with probability 1/2
    np.testing.assert_allclose([on, off], [expected, 1 - expected], atol=0.03)


def test_a_row_with_nothing_in_it_is_filled_as_well(rng, seed):
    machine = bernoulli_machine(rng, 5, 3, 0.5)
    nothing = np.full((1, 5), np.nan, np.float32)
    found = np.asarray(inpaint(machine, nothing, jax.random.key(seed), 5000, 100))[0]
    np.testing.assert_allclose(found, probabilities(machine) @ states(5), atol=0.04)


def test_parallel_tempering_has_the_enumerated_probabilities(rng, seed):
    machine = bernoulli_machine(rng, 6, 4, 1.5)
    path, betas = base_rates(machine, draw(machine, rng, 200)), inverse_temperatures(6)
    state = tempering.init(path, jax.random.key(seed), betas, N_CHAINS)
    key = jax.random.key(seed + 1)
    v, state, info = tempering.parallel_tempering(path, state, key, betas, n_samples=3, n_steps=50)
    assert v.shape == (3, N_CHAINS, 6) and int(state.n_steps) == 150
    for sample in v:
        assert p_value(index(sample), probabilities(machine)) > RARE
    rates = np.asarray(info.swap_rates)
    assert rates.shape == (5,) and np.all((rates > 0) & (rates <= 1.001))


def test_exchanges_leave_exact_samples_exact_at_every_temperature(rng, seed):
    machine = bernoulli_machine(rng, 5, 4, 1.5)
    path, betas = base_rates(machine, draw(machine, rng, 50)), np.array([0.3, 0.7, 1.0], "f")
    at = []
    for beta in betas:
        bias = (1 - beta) * path.base_bias + beta * machine.visible_bias
        at.append(Params(beta * machine.weights, bias, beta * machine.hidden_bias))
    begin = np.stack([draw(one, rng, N_CHAINS) for one in at])
    state = tempering.State(begin, np.int32(0))
    for number in range(3):  # an even round, an odd one, and again
        key = jax.random.key(seed + number)
        state, _ = tempering.step(path, betas, state, key)
        for one, v in zip(at, state.v, strict=True):
            assert p_value(index(v), probabilities(one)) > RARE


def test_both_partners_of_an_exchange_decide_alike(rng, seed):
    machine = bernoulli_machine(rng, 5, 4, 1.5)
    path, betas = base_rates(machine), np.array([0.2, 0.6, 0.8, 1.0], "f")
    v, other = rng.randint(0, 2, (4, 200, 5)).astype(np.float32), np.array([1, 0, 3, 2], np.int32)
    # Compiled, as ever: a state that one takes and the other keeps would be there twice.
    accepted, log_odds = jax.jit(tempering._accepted)(path, betas, v, other, jax.random.key(seed))
    np.testing.assert_array_equal(accepted, np.asarray(accepted)[other])
    np.testing.assert_allclose(log_odds, np.asarray(log_odds)[other], rtol=1e-4, atol=1e-4)
    assert 0 < np.mean(accepted) < 1


def test_tempering_crosses_between_modes_where_gibbs_steps_stay(seed):
    machine = two_modes(6)
    rows = np.repeat([[0.0], [1.0]], 50, axis=0) * np.ones(6)
    path, betas = base_rates(machine, rows), inverse_temperatures(10)
    begin = np.zeros((N_CHAINS, 6), np.float32)  # all chains in one of the two modes
    stuck = np.asarray(gibbs(machine, begin, jax.random.key(seed), 200))
    assert stuck.mean() < 0.01
    state = tempering.start(path, betas, begin)
    key = jax.random.key(seed)
    v, _, info = tempering.parallel_tempering(path, state, key, betas, n_samples=1, n_steps=200)
    assert p_value(index(v[0]), probabilities(machine)) > RARE
    assert np.asarray(info.swap_rates).min() > 0.1


def test_float64_machines_stay_float64(rng, seed):
    machine = bernoulli_machine(rng, 4, 3, dtype=np.float64)
    with computing(np.float64):
        key = jax.random.key(seed)
        v = gibbs(machine, np.zeros((5, 4)), key, 3)
        assert v.dtype == np.float64
        damaged = np.where(np.eye(4) > 0, np.nan, 1.0)
        assert inpaint(machine, damaged, key, 3, 1).dtype == np.float64
        path, betas = base_rates(machine), inverse_temperatures(4, np.float64)
        state = tempering.init(path, key, betas, 6)
        samples, _, _ = tempering.parallel_tempering(path, state, key, betas, n_samples=2)
        assert samples.dtype == np.float64


def test_same_key_same_samples_and_other_numbers_of_steps_compile_nothing(rng, seed):
    machine = bernoulli_machine(rng, 4, 3)
    begin = np.zeros((8, 4), np.float32)
    first = np.asarray(gibbs(machine, begin, jax.random.key(seed), 5))
    n_programs = sampling._trace._cache_size()
    np.testing.assert_array_equal(first, gibbs(machine, begin, jax.random.key(seed), 5))
    assert not np.array_equal(first, gibbs(machine, begin, jax.random.key(seed + 1), 50))
    assert sampling._trace._cache_size() == n_programs

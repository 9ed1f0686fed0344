"""Partition functions: exact against plain enumeration, annealed against exact."""

from __future__ import annotations

import re

import jax
import numpy as np
import pytest

from deepen.engine.devices import computing
from deepen.functions import annealing, partition
from deepen.functions.annealing import (
    annealed_log_partition,
    conservative_log_likelihood,
    reversed_log_partition,
)
from deepen.functions.bernoulli_energy import Params
from deepen.functions.partition import exact_log_partition, log_likelihood
from deepen.functions.tempered_path import (
    base_rates,
    hidden_logits,
    inverse_temperatures,
    log_density,
    log_partition_of_base,
    log_ratio,
)
from deepen.neural_network import BernoulliRBM
from small_machines import (
    bernoulli_machine,
    draw,
    gaussian_machine,
    log_joint,
    log_partition,
    probabilities,
    states,
)


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(12, 8), (5, 11), (1, 1), (12, 12), (3, 1)])
def test_log_z_and_probabilities_equal_enumeration_of_both_layers(n_visible, n_hidden, rng):
    machine = bernoulli_machine(rng, n_visible, n_hidden, dtype=np.float64)
    with computing(np.float64):
        log_z = float(exact_log_partition(machine))
        log_p = np.asarray(log_likelihood(machine, states(n_visible), log_z))
    assert log_z == pytest.approx(log_partition(machine), rel=1e-12)
    np.testing.assert_allclose(np.exp(log_p), probabilities(machine), rtol=1e-9)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-9)
    single = Params(*(part.astype(np.float32) for part in machine))
    assert float(exact_log_partition(single)) == pytest.approx(log_z, abs=1e-4)


def test_more_states_than_a_chunk_holds(rng):
    n_hidden = partition.UNITS_IN_A_CHUNK + 3
    machine = bernoulli_machine(rng, 20, n_hidden, 0.3, dtype=np.float64)
    h = states(n_hidden)
    inputs = h @ machine.weights.T + machine.visible_bias
    expected = np.logaddexp.reduce(h @ machine.hidden_bias + np.logaddexp(inputs, 0).sum(axis=1))
    with computing(np.float64):
        assert float(exact_log_partition(machine)) == pytest.approx(expected, rel=1e-12)


def test_a_gaussian_machines_log_z_is_the_integral_over_v(rng):
    machine = gaussian_machine(rng, 2, 5, dtype=np.float64)
    spread = np.exp(machine.log_variance / 2)
    reach = np.abs(machine.weights).sum(axis=1) + 10 * spread
    n = 1500  # equal weights on a fine grid are exact to rounding for what decays like a Gaussian
    axes = [a + r * np.linspace(-1, 1, n) for a, r in zip(machine.visible_bias, reach, strict=True)]
    v = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    scaled = (v - machine.visible_bias) / spread
    inputs = (v / spread**2) @ machine.weights + machine.hidden_bias
    density = np.exp(-0.5 * (scaled**2).sum(axis=-1) + np.logaddexp(inputs, 0).sum(axis=-1))
    expected = np.log(density.sum() * np.prod(2 * reach / (n - 1)))
    with computing(np.float64):
        assert float(exact_log_partition(machine)) == pytest.approx(expected, abs=1e-8)


def test_a_machine_too_large_to_enumerate_is_refused_with_the_way_out(rng):
    large = bernoulli_machine(rng, 30, 26)
    with pytest.raises(
        ValueError, match=r"at most 25 units, got 26; estimate.*annealed"
    ) as refusal:
        exact_log_partition(large)
    # What it names is there.
    method, log_z = re.search(r'(\w+)\("ais"\).* as (\w+)\.', str(refusal.value)).groups()
    model = estimator_of(large)
    estimate = getattr(model, method)("ais", n_temperatures=20, n_chains=2, random_state=0)
    assert np.isfinite(model.log_likelihood(np.zeros((1, 30)), **{log_z: estimate})).all()
    wide = gaussian_machine(rng, 2, 26)
    with pytest.raises(ValueError, match="hidden layer of at most 25 units, got 26"):
        exact_log_partition(wide)
    with pytest.raises(ValueError, match="betas must begin at 0 and end at 1, got 0 and 0"):
        annealed_log_partition(base_rates(large), jax.random.key(0), np.array([0, 0.5]), 2)
    with pytest.raises(ValueError, match="n_temperatures must be at least 2, got 1"):
        inverse_temperatures(1)


@pytest.mark.parametrize("make", [bernoulli_machine, gaussian_machine])
@pytest.mark.parametrize("has_rows", [False, True])
def test_the_path_leads_from_independent_units_to_the_machine(make, has_rows, rng):
    machine = make(rng, 3, 4, dtype=np.float64)
    rows = rng.uniform(size=(50, 3)) if has_rows else None
    v = rng.uniform(size=(7, 3))
    with computing(np.float64):
        path = base_rates(machine, rows)
        logits = hidden_logits(path, v)
        end = np.asarray(log_density(path, 1.0, v, logits))
        free_energy = log_likelihood(machine, v, 0.0)
        np.testing.assert_allclose(end, free_energy, rtol=1e-12)
        base = machine._replace(
            weights=0 * machine.weights, hidden_bias=0 * machine.hidden_bias,
            visible_bias=path.base_bias,
        )  # fmt: skip
        np.testing.assert_allclose(
            log_density(path, 0.0, v, logits), log_likelihood(base, v, 0.0), rtol=1e-12
        )
        log_z_0 = float(log_partition_of_base(path))
        assert log_z_0 == pytest.approx(float(exact_log_partition(base)), rel=1e-12)
        old, new = 0.3, 0.45
        difference = log_density(path, new, v, logits) - log_density(path, old, v, logits)
        ratio = log_ratio(path, (np.array(old), np.array(new)), v, logits)
        np.testing.assert_allclose(ratio, difference, rtol=1e-9, atol=1e-12)


def test_the_base_has_the_datas_log_odds(rng):
    machine = bernoulli_machine(rng, 4, 3)
    rows = (rng.uniform(size=(2000, 4)) < [0.1, 0.5, 0.9, 0.0]).astype(np.float32)
    odds = base_rates(machine, rows).base_bias
    mean = (
        rows.sum(axis=0) + 0.5
    ) / 2001  # half a row of either value: finite where no pixel is on
    np.testing.assert_allclose(odds, np.log(mean / (1 - mean)), rtol=1e-4)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("make", [bernoulli_machine, gaussian_machine])
def test_the_stated_error_is_the_error_over_twenty_machines(make, direction, rng, seed):
    betas, z = inverse_temperatures(60), []
    for key in jax.random.split(jax.random.key(seed), 20):
        machine = make(rng, 7, 5, 1.0 if make is bernoulli_machine else 0.4)
        truth = float(exact_log_partition(machine))
        if direction == "forward":
            estimate = annealed_log_partition(base_rates(machine), key, betas, 300)
        else:
            v = (
                draw(machine, rng, 300)
                if make is bernoulli_machine
                else exact_gaussian(machine, rng)
            )
            estimate = reversed_log_partition(base_rates(machine), v, key, betas)
        z.append((float(estimate.value) - truth) / float(estimate.standard_error))
        assert estimate.standard_error < 0.25
    assert np.abs(z).max() < 5
    # sum of squares of 20 standard normal draws: beyond these with probability 1e-5
    assert 3 < np.square(z).sum() < 65


def estimator_of(machine):
    """The estimator that has the parameters of a machine."""
    names = "components_", "intercept_visible_", "intercept_hidden_", "n_features_in_"
    values = machine.weights.T, machine.visible_bias, machine.hidden_bias, len(machine.weights)
    model = BernoulliRBM(len(machine.hidden_bias))
    for name, value in zip(names, values, strict=True):
        setattr(model, name, value)
    return model


@pytest.mark.parametrize("method", ["ais", "reverse_ais"])
def test_the_estimators_stated_error_is_its_error_over_twenty_machines(method, rng):
    """As a user asks: with the method's own chains, which the reverse begins after its own burn-in."""
    z = []
    for _ in range(20):
        model = estimator_of(bernoulli_machine(rng, 12, 8))
        found = model.log_partition_function(method, n_temperatures=200, random_state=rng)
        assert 0 < found.standard_error < 0.5
        z.append((found.value - model.log_partition_function().value) / found.standard_error)
    assert np.abs(z).max() < 5
    assert np.sqrt(np.square(z).mean()) < 2


def exact_gaussian(machine, rng, n=300):
    """Exact samples of a Gaussian machine: hidden states by enumeration, then v given h."""
    W, a, b, log_variance = (np.asarray(part, np.float64) for part in machine)
    h = states(len(b))
    mean = a + h @ W.T
    log_weight = h @ b + ((mean**2 - a**2) / (2 * np.exp(log_variance))).sum(axis=1)
    p = np.exp(log_weight - np.logaddexp.reduce(log_weight))
    chosen = mean[rng.choice(len(p), n, p=p / p.sum())]
    drawn = chosen + rng.normal(size=chosen.shape) * np.exp(log_variance / 2)
    return drawn.astype(machine.weights.dtype)


def test_forward_bounds_log_z_from_below_and_reverse_from_above(rng, seed):
    machine = bernoulli_machine(rng, 7, 6, 1.5)
    truth, n = log_partition(machine), 4000
    path, gaps = base_rates(machine), []
    log_z_0 = float(log_partition_of_base(path))
    for n_temperatures in (3, 30):  # so few that a single chain's estimate is far off
        betas = inverse_temperatures(n_temperatures)
        up = annealed_log_partition(path, jax.random.key(seed), betas, n)
        down = reversed_log_partition(path, draw(machine, rng, n), jax.random.key(seed), betas)
        lower = log_z_0 + np.asarray(up.log_weights)  # what every chain alone would say
        upper = log_z_0 - np.asarray(down.log_weights)
        assert truth - lower.mean() > 4 * lower.std() / np.sqrt(n)
        assert upper.mean() - truth > 4 * upper.std() / np.sqrt(n)
        gaps.append(upper.mean() - lower.mean())
    assert gaps[1] < 0.5 * gaps[0]


def test_the_conservative_estimates_of_all_rows_are_a_distribution(rng, seed):
    machine = bernoulli_machine(rng, 5, 4, 0.6)
    all_rows, n = states(5).astype(np.float32), 2000
    path = base_rates(machine)
    # Whatever the number of steps, the annealing program defines a model whose probabilities sum to 1.
    few = conservative_log_likelihood(
        path, all_rows, jax.random.key(seed), inverse_temperatures(4), n
    )
    p, error = np.exp(few.value), np.exp(few.value) * few.standard_error
    assert few.value.shape == few.standard_error.shape == (32,)
    assert abs(p.sum() - 1) < 5 * np.sqrt(np.square(error).sum())
    many = conservative_log_likelihood(
        path, all_rows, jax.random.key(seed), inverse_temperatures(300), n
    )
    expected = np.log(probabilities(machine))
    assert np.all(np.abs(many.value - expected) < 5 * np.asarray(many.standard_error) + 0.02)


def test_the_last_states_of_forward_annealing_are_weighted_samples(rng, seed):
    machine = bernoulli_machine(rng, 5, 4)
    estimate = annealed_log_partition(
        base_rates(machine), jax.random.key(seed), inverse_temperatures(100), 5000
    )
    weights = np.exp(estimate.log_weights - np.max(estimate.log_weights))
    mean = weights @ np.asarray(estimate.v) / weights.sum()
    np.testing.assert_allclose(mean, probabilities(machine) @ states(5), atol=0.05)


def test_extreme_machines_give_no_nan(seed):
    n_visible, n_hidden = 6, 5
    for value in (-1e4, 0.0, 1e4):
        machine = Params(
            np.full((n_visible, n_hidden), value, np.float32),
            np.full(n_visible, -value, np.float32), np.full(n_hidden, value, np.float32),
        )  # fmt: skip
        rows = np.zeros((9, n_visible), np.float32)
        path, betas = base_rates(machine, rows), inverse_temperatures(20)
        estimate = annealed_log_partition(path, jax.random.key(seed), betas, 9)
        down = reversed_log_partition(path, estimate.v, jax.random.key(seed), betas)
        for part in (*estimate, *down, exact_log_partition(machine)):
            assert np.isfinite(part).all()
        assert float(exact_log_partition(machine)) == pytest.approx(log_partition(machine))


def test_a_hundred_thousand_small_terms_add_up_in_float32(rng, seed):
    # Independent units: every weight is Z / Z_0, whatever the chain does, and only rounding is left.
    machine = Params(
        np.zeros((10, 40), np.float32), rng.normal(size=10).astype(np.float32),
        rng.normal(size=40).astype(np.float32) + 10,
    )  # fmt: skip
    path, betas = base_rates(machine), inverse_temperatures(100_000)
    estimate = annealed_log_partition(path, jax.random.key(seed), betas, 1)
    _, a, b = (np.asarray(part, np.float64) for part in machine)
    truth = np.logaddexp(a, 0).sum() + np.logaddexp(b, 0).sum()
    # A plain sum is off by hundredths; what is left is one rounding of the total.
    assert float(estimate.value) == pytest.approx(truth, abs=4e-4)


def test_one_program_for_all_values(rng, seed):
    betas = inverse_temperatures(10)
    for number in range(3):
        path = base_rates(bernoulli_machine(rng, 4, 3), rng.uniform(size=(5, 4)))
        annealed_log_partition(path, jax.random.key(seed + number), betas, 8)
        if number == 0:
            n_programs = annealing._forward._cache_size()
    assert annealing._forward._cache_size() == n_programs


def test_the_oracle_itself(rng):
    machine = bernoulli_machine(rng, 3, 2, dtype=np.float64)
    v, h = np.array([1.0, 0, 1]), np.array([0.0, 1])
    energy = -v @ machine.visible_bias - h @ machine.hidden_bias - v @ machine.weights @ h
    assert log_joint(machine)[0b101, 0b01] == pytest.approx(-energy, rel=1e-12)


def test_the_gradient_of_a_large_exact_sum_takes_little_memory():
    params = Params(*(np.zeros(shape, np.float32) for shape in ((30, 18), 30, 18)))
    compiled = jax.jit(jax.grad(lambda p: exact_log_partition(p))).lower(params).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 5e7

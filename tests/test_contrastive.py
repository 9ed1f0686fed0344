"""The contrast of free energies and its gradients, against enumeration and written-out algebra."""

import itertools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepen.engine import SGD, Run, minimize
from deepen.engine.devices import computing, to_numpy
from deepen.functions import bernoulli_energy, gaussian_energy
from deepen.functions.partition import exact_log_partition
from deepen.layers.centred_gradient import centred
from deepen.layers.centred_gradient import contrast as contrast_of
from deepen.layers.contrastive import ContrastiveDivergence, State, gibbs_steps
from engine_problems import endless, make_batches
from test_energy import bernoulli_params, gaussian_params, states

ALGORITHMS = ["pcd", "cd", "fpcd", "pt", "exact"]
PLAIN = (False, False)
CENTRED = list(itertools.product([True, False], repeat=2))  # by the visible, by the hidden units


def contrast(algorithm="pcd", units="bernoulli", n_rows=8, **options):
    chosen = {"n_steps": 1, "centred": (True, True), "learns_variance": True, "is_binarized": False}
    fast_rate = 0.1 if algorithm == "fpcd" else None
    chosen |= {"nominal_weight": float(n_rows), "fast_rate": fast_rate} | options
    return ContrastiveDivergence(units, algorithm, **chosen)


def first_state(rng, params, algorithm="pcd", n_chains=5):
    n_visible, n_hidden = params.weights.shape
    chains = rng.randint(0, 2, (n_chains, n_hidden)).astype(params.weights.dtype)
    if algorithm in ("cd", "exact"):
        chains = None
    if algorithm == "pt":
        from deepen.functions import tempering

        v = rng.randint(0, 2, (4, n_chains, n_visible)).astype(params.weights.dtype)
        chains = tempering.State(v, np.int32(0))
    fast = jax.tree.map(lambda w: 0.1 * w, params) if algorithm == "fpcd" else None
    return State(rng.rand(n_visible), rng.rand(n_hidden), chains, fast)


def gradient_of(objective, params, v, weights, state, seed=0):
    """Cost, gradient and new state of one batch, in float64."""
    with computing(np.float64):
        key = jax.random.key(seed) if objective.is_random else None

        def cost_fn(params):
            cost, weight, new_state = objective(params, (v, v), weights, state, key)
            return cost, (weight, new_state)

        on_device = jax.tree.map(jnp.asarray, (params, v, weights, state))
        params, v, weights, state = on_device
        (cost, (_, state)), gradient = jax.value_and_grad(cost_fn, has_aux=True)(params)
        return to_numpy((cost, gradient, state))


def assert_close(one, other, **tolerance):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def mean_log_likelihood(params, v):
    log_z = np.logaddexp.reduce(-bernoulli_energy.free_energy(params, states(v.shape[1])))
    return -bernoulli_energy.free_energy(params, v).mean() - log_z


def expected(params, v, weights):
    """Sums of v h', v and h over rows v of these weights."""
    h = bernoulli_energy.hidden_mean(params, v)
    return bernoulli_energy.Params((v * weights[:, None]).T @ h, weights @ v, weights @ h)


def plain_gradient(params, v, weights):
    """Gradient of the weighted sum of -log p(v), by the model's and the data's expectations."""
    every = states(v.shape[1])
    log_p = -bernoulli_energy.free_energy(params, every)
    p = np.exp(log_p - np.logaddexp.reduce(log_p)) * weights.sum()
    return jax.tree.map(np.subtract, expected(params, every, p), expected(params, v, weights))


def test_exact_gradient_is_the_difference_of_expectations(rng):
    params = bernoulli_params(rng, 7, 5)
    v, weights = rng.randint(0, 2, (8, 7)) * 1.0, rng.rand(8)
    objective = contrast("exact", centred=PLAIN)
    cost, gradient, _ = gradient_of(
        objective, params, v, weights, first_state(rng, params, "exact")
    )
    assert_close(gradient, plain_gradient(params, v, weights), atol=1e-10)
    unweighted = gradient_of(objective, params, v, np.ones(8), first_state(rng, params, "exact"))[0]
    np.testing.assert_allclose(unweighted, -8 * mean_log_likelihood(params, v), rtol=1e-10)
    assert np.isfinite(cost)


def test_exact_gradient_of_gaussian_units_against_differences(rng):
    params = gaussian_params(rng, 3, 4)
    v, weights, state = rng.standard_normal((8, 3)), rng.rand(8), None
    state = first_state(rng, params, "exact")
    objective = contrast("exact", "gaussian", centred=PLAIN)
    gradient = gradient_of(objective, params, v, weights, state)[1]
    variance = np.exp(params.log_variance)  # in which the steps of W's rows and of a are measured
    gradient = gradient._replace(
        weights=gradient.weights / variance[:, None], visible_bias=gradient.visible_bias / variance
    )
    direction = jax.tree.map(lambda w: rng.standard_normal(w.shape), params)

    def along(t):
        moved = jax.tree.map(lambda w, d: w + t * d, params, direction)
        with computing(np.float64):
            log_z = float(exact_log_partition(moved))
        return weights @ (gaussian_energy.free_energy(moved, v) + log_z)

    by_differences = (along(1e-5) - along(-1e-5)) / 2e-5
    products = jax.tree.map(lambda g, d: (g * d).sum(), gradient, direction)
    np.testing.assert_allclose(sum(products), by_differences, rtol=1e-6, atol=1e-6)
    fixed = contrast("exact", "gaussian", centred=PLAIN, learns_variance=False)
    assert not gradient_of(fixed, params, v, weights, state)[1].log_variance.any()


def reparametrised(params, mu, offset):
    """Plain parameters of the machine with E = -(v - mu)'a - b'(h - offset) - (v - mu)'W (h - offset)."""
    W, a, b = params
    return bernoulli_energy.Params(W, a - W @ offset, b - mu @ W)


def test_the_centred_gradient_is_that_of_the_reparametrised_machine(rng):
    """A small step along it moves the machine as a step of the centred parameters does."""
    mu, offset = rng.rand(6), rng.rand(4)
    plain = bernoulli_params(rng)
    W, a, b = plain
    own = bernoulli_energy.Params(W, a + W @ offset, b + mu @ W)
    assert_close(reparametrised(own, mu, offset), plain, atol=1e-12)
    v = jnp.asarray(rng.randint(0, 2, (9, 6)), np.float32)

    with computing(np.float64):

        def loss(params):
            return bernoulli_energy.free_energy(params, jnp.asarray(v, np.float64)).sum()

        place = jax.tree.map(jnp.asarray, (plain, own, mu, offset))
        centred_gradient = jax.grad(lambda p: loss(centred(p, *place[2:], jnp.ones(6))))(place[0])
        of_own = jax.grad(lambda p: loss(reparametrised(p, *place[2:])))(place[1])
        moved = jax.tree.map(lambda p, g: p - 1e-3 * g, place[1], of_own)
        wanted = to_numpy(reparametrised(moved, *place[2:]))
        step = to_numpy(jax.tree.map(lambda p, g: p - 1e-3 * g, place[0], centred_gradient))
        assert float(loss(centred(place[0], *place[2:], jnp.ones(6)))) == float(loss(place[0]))
    assert_close(step, wanted, atol=1e-12)


@pytest.mark.parametrize("centred_by", CENTRED)
def test_gaussian_units_learn_the_same_in_any_scale_of_the_columns(centred_by, rng):
    params = gaussian_params(rng, 3, 4)
    scale = np.exp(3 * rng.standard_normal(3))
    scaled = gaussian_energy.Params(
        params.weights * scale[:, None],
        params.visible_bias * scale,
        params.hidden_bias,
        params.log_variance + 2 * np.log(scale),
    )
    v, weights = rng.standard_normal((8, 3)), rng.rand(8)
    objective = contrast("exact", "gaussian", centred=centred_by)
    state = first_state(rng, params, "exact")
    of_scaled = state._replace(visible_offset=state.visible_offset * scale)
    found = gradient_of(objective, scaled, v * scale, weights, of_scaled)[1]
    wanted = gradient_of(objective, params, v, weights, state)[1]
    assert_close(found.weights, wanted.weights * scale[:, None], rtol=1e-8)
    assert_close(found.visible_bias, wanted.visible_bias * scale, rtol=1e-8)
    assert_close(found.hidden_bias, wanted.hidden_bias, rtol=1e-8)
    assert_close(found.log_variance, wanted.log_variance, rtol=1e-8)


@pytest.mark.parametrize("is_centred", [True, False])
@pytest.mark.parametrize("n_blocks", [1, 2])
def test_the_contrast_in_one_product_has_the_gradient_that_is_derived_and_then_centred(
    n_blocks, is_centred, rng
):
    params = bernoulli_params(rng, 7, 5)
    rows = rng.rand(6, 7), rng.randint(0, 2, (4, 7)) * 1.0
    weights = rng.rand(6), rng.rand(4)
    weights[1][:] *= -weights[0].sum() / weights[1].sum()  # as many samples as rows, in weight
    offsets = (rng.rand(7), rng.rand(5)) if is_centred else (np.zeros(7), np.zeros(5))
    if n_blocks == 1:
        rows, weights = (np.concatenate(rows),), (np.concatenate(weights),)

    def derived(params, rows, weights, offsets):
        own = centred(params, *offsets, jnp.ones(7))
        return sum(
            w @ bernoulli_energy.free_energy(own, v) for v, w in zip(rows, weights, strict=True)
        )

    with computing(np.float64):
        place = jax.tree.map(jnp.asarray, (params, rows, weights, offsets))
        found = jax.value_and_grad(lambda p: 3 * contrast_of(p, *place[1:]))(place[0])
        wanted = jax.value_and_grad(lambda p: 3 * derived(p, *place[1:]))(place[0])
        found, wanted = to_numpy(found), to_numpy(wanted)
    assert_close(found, wanted, atol=1e-11)


@pytest.mark.parametrize(("algorithm", "wanted"), [("pcd", 3), ("cd", 4)])
def test_a_step_takes_no_more_products_than_it_says(algorithm, wanted, rng):
    """Of matrices by matrices, once the compiler has joined the equal ones."""
    n, params = 16, jax.tree.map(np.float32, bernoulli_params(rng, 24, 12))
    v, weights = rng.rand(n, 24).astype(np.float32), np.ones(n, np.float32)
    state = jax.tree.map(np.float32, first_state(rng, params, algorithm, n_chains=n))

    def step(params, v, weights, state, key):
        def cost_fn(params):
            return contrast(algorithm, n_rows=n)(params, (v, v), weights, state, key)[::2]

        return jax.value_and_grad(cost_fn, has_aux=True)(params)

    text = jax.jit(step).lower(params, v, weights, state, jax.random.key(0)).compile().as_text()
    made = re.findall(r"= f32\[(\d+),(\d+)\]\S* dot\(", text)
    assert sum(min(int(a), int(b)) > 1 for a, b in made) == wanted


class DerivedGradient(ContrastiveDivergence):
    """The contrast whose gradient nobody arranged by hand: that of mean free energies, then centred."""

    def _cost(self, params, data, rows, signed, state):
        offsets = [
            mean if is_centred else jnp.zeros_like(mean)
            for mean, is_centred in zip(state[:2], self.centred, strict=True)
        ]
        own = centred(params, *offsets, jnp.ones_like(offsets[0]))
        blocks = zip(rows, signed, strict=True)
        cost = sum(r @ bernoulli_energy.free_energy(own, block) for block, r in blocks)
        if self.algorithm == "exact":
            cost = cost + data[1].sum() * exact_log_partition(own)
        return cost


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("centred_by", CENTRED)
def test_every_algorithm_has_the_gradient_of_its_free_energies(algorithm, centred_by, rng, seed):
    params = bernoulli_params(rng, 7, 5)
    v, weights = rng.rand(8, 7), np.where(np.arange(8) < 6, rng.rand(8), 0)
    state = first_state(rng, params, algorithm)
    objective = contrast(algorithm, centred=centred_by, n_steps=3)
    derived = DerivedGradient(**vars(objective))
    found, wanted = (
        gradient_of(form, params, v, weights, state, seed) for form in (objective, derived)
    )
    assert_close(found, wanted, atol=1e-11)
    assert all(np.abs(part).max() > 1e-3 for part in found[1])


def mirrored(params):
    """The machine that gives 1 - v the probability of v."""
    W, a, b = params
    return bernoulli_energy.Params(-W, -a, b + W.sum(axis=0))


@pytest.mark.parametrize("centred_by", CENTRED)
def test_inverted_data_lead_to_the_mirrored_machine_when_they_are_centred_and_only_then(
    centred_by, rng
):
    params = bernoulli_params(rng, 6, 3)
    X = (rng.rand(40, 6) < 0.25).astype(np.float64)
    objective = contrast("exact", centred=centred_by, n_rows=10)
    offset = np.full(3, 0.5)

    def trained(params, X):
        batches = make_batches(X, np.zeros(40), batch_size=10)
        state = State(X.mean(axis=0), offset)
        run = Run(stopping=endless(20))
        return minimize(objective, params, batches, SGD(0.1), run, objective_state=state).params

    straight, inverted = trained(params, X), trained(mirrored(params), 1 - X)
    apart = max(abs(a - b).max() for a, b in zip(mirrored(straight), inverted, strict=True))
    assert (apart < 1e-9) == centred_by[0]
    gain = mean_log_likelihood(straight, X) - mean_log_likelihood(params, X)
    assert gain > 0


def test_centred_and_plain_steps_climb_to_the_same_optimum(rng):
    """On four states of three units a machine of three hidden units finds all probabilities."""
    X = np.repeat([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]], [1, 2, 3, 4], axis=0) * 1.0
    p = np.array([0.1, 0.2, 0.3, 0.4])
    bound = (p * np.log(p)).sum()
    start = bernoulli_params(rng, 3, 6, scale=0.5)
    found = []
    for centred_by in CENTRED:
        state = State(X.mean(axis=0), np.full(6, 0.5))
        run = Run(stopping=endless(3000))
        result = minimize(
            contrast("exact", centred=centred_by, n_rows=10),
            start,
            make_batches(X, np.zeros(10)),
            SGD(0.2, 0.9),
            run,
            objective_state=state,
        )
        found.append(mean_log_likelihood(result.params, X))
    assert max(found) <= bound + 1e-9
    assert min(found) > bound - 0.15


def half_steps(params, v, h):
    """Probabilities of every h given every v, and of every v given every h, a row each."""

    def table(mean, every):
        return np.prod(np.where(every[None] == 1, mean[:, None], 1 - mean[:, None]), axis=2)

    to_hidden = table(bernoulli_energy.hidden_mean(params, v), h)
    return to_hidden, table(bernoulli_energy.visible_mean(params, h), v)


def test_gibbs_steps_follow_the_transition_matrix(rng, seed):
    """After k steps the frequencies of all states are those of the k-th power of the kernel."""
    params = bernoulli_params(rng, 3, 2)
    v, h = states(3), states(2)
    v_to_h, h_to_v = half_steps(params, v, h)
    n = 40_000
    start = np.tile(h[1], (n, 1))
    place = 2 ** np.arange(2, -1, -1)
    for k in (1, 2, 7):
        with computing(np.float64):
            drawn = gibbs_steps(
                bernoulli_energy,
                jax.tree.map(jnp.asarray, params),
                jnp.asarray(start),
                k,
                jax.random.key(seed),
                jnp.asarray(v),
            )
            v_drawn, h_drawn = to_numpy(drawn)
        kernel = np.linalg.matrix_power(h_to_v @ v_to_h, k - 1)
        wanted = (kernel @ h_to_v)[1]
        found = np.bincount((v_drawn @ place).astype(int), minlength=8) / n
        bound = 6 * np.sqrt(wanted * (1 - wanted) / n) + 1e-4
        assert (abs(found - wanted) < bound).all(), k
        wanted = (kernel @ h_to_v @ v_to_h)[1]
        found = np.bincount((h_drawn @ place[1:]).astype(int), minlength=4) / n
        bound = 6 * np.sqrt(wanted * (1 - wanted) / n) + 1e-4
        assert (abs(found - wanted) < bound).all(), k


def test_contrastive_divergence_is_that_of_k_steps_of_the_kernel(rng, seed):
    """Data's expectations against those of the data sent k times through the exact kernel."""
    params = bernoulli_params(rng, 4, 3, scale=1.5)
    every = states(4)
    v_to_h, h_to_v = half_steps(params, every, states(3))
    n = 40_000
    chosen = rng.randint(0, len(every), 4)
    v, weights = np.tile(every[chosen], (n // 4, 1)), np.full(n, 1 / n)
    of_data = np.bincount(chosen, minlength=len(every)) / 4
    for k in (1, 3, 20):
        objective = contrast("cd", centred=PLAIN, n_steps=k, n_rows=n)
        state = first_state(rng, params, "cd")
        gradient = gradient_of(objective, params, v, weights, state, seed)[1]
        after = of_data @ np.linalg.matrix_power(v_to_h @ h_to_v, k)
        wanted = jax.tree.map(
            np.subtract, expected(params, every, after), expected(params, every, of_data)
        )
        # Six standard errors of a mean of n draws between 0 and 1.
        assert_close(gradient, wanted, rtol=0, atol=3 / np.sqrt(n))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("units", ["bernoulli", "gaussian"])
def test_rows_without_weight_change_nothing(algorithm, units, rng):
    """What stands in the empty slots of a short batch has no say, and a short batch no long step."""
    params = bernoulli_params(rng) if units == "bernoulli" else gaussian_params(rng, 6, 4)
    v, weights = rng.randint(0, 2, (8, 6)) * 1.0, np.array([1, 1, 1, 0, 0, 0, 0, 0.0])
    state = first_state(rng, params, algorithm)
    other = np.where(weights[:, None] > 0, v, 1 - v)
    objective = contrast(algorithm, units, is_binarized=units == "bernoulli")
    one, two = (gradient_of(objective, params, rows, weights, state) for rows in (v, other))
    assert_close(one, two, rtol=0, atol=0)
    empty = gradient_of(objective, params, v, 0 * weights, state)
    assert empty[0] == 0
    assert not any(part.any() for part in empty[1])
    assert_close(empty[2][:2], state[:2], atol=1e-12)


def test_a_short_batch_moves_by_its_share(rng):
    params = bernoulli_params(rng)
    v = np.tile(rng.randint(0, 2, (1, 6)) * 1.0, (8, 1))
    state = first_state(rng, params)
    weights = np.array([1, 1, 0, 0, 0, 0, 0, 0.0])
    objective = contrast("pcd")
    _, short, moved = gradient_of(objective, params, v, weights, state)
    _, whole, moved_by_all = gradient_of(objective, params, v, np.ones(8), state)
    # The offsets differ a little, on which the centred gradient leans; the plain one is exact.
    plain = contrast("pcd", centred=PLAIN)
    short = gradient_of(plain, params, v, weights, state)[1]
    whole = gradient_of(plain, params, v, np.ones(8), state)[1]
    assert_close(jax.tree.map(lambda g: 4 * g, short), whole, atol=1e-10)
    assert_close(moved.chains, moved_by_all.chains, atol=0)
    distance = [abs(s.visible_offset - state.visible_offset) for s in (moved, moved_by_all)]
    np.testing.assert_allclose(4 * distance[0], distance[1], atol=1e-12)


def test_offsets_slide_to_the_means(rng):
    params = bernoulli_params(rng)
    v, state = rng.randint(0, 2, (8, 6)) * 1.0, first_state(rng, params)
    objective = contrast("pcd")
    slid = gradient_of(objective, params, v, np.ones(8), state)[2]
    np.testing.assert_allclose(
        slid.visible_offset, 0.99 * state.visible_offset + 0.01 * v.mean(axis=0)
    )
    mean = bernoulli_energy.hidden_mean(params, v).mean(axis=0)
    np.testing.assert_allclose(slid.hidden_offset, 0.99 * state.hidden_offset + 0.01 * mean)


def test_fast_weights_take_a_step_of_their_own_and_decay(rng):
    params = bernoulli_params(rng)
    v, state = rng.randint(0, 2, (8, 6)) * 1.0, first_state(rng, params, "fpcd")
    _, gradient, new = gradient_of(contrast("fpcd"), params, v, np.ones(8), state)
    wanted = jax.tree.map(lambda f, g: 0.95 * f - 0.1 * g / 8, state.fast, gradient)
    assert_close(new.fast, wanted, atol=1e-12)


def test_chains_with_fast_weights_are_those_of_the_machine_with_both_added(rng, seed):
    params = bernoulli_params(rng)
    v, state = rng.randint(0, 2, (8, 6)) * 1.0, first_state(rng, params, "fpcd", n_chains=50)
    state = state._replace(fast=bernoulli_params(rng, scale=2.0))
    chains = gradient_of(contrast("fpcd"), params, v, np.ones(8), state, seed)[2].chains
    together = jax.tree.map(np.add, params, state.fast)
    slow = state._replace(fast=None)
    wanted = gradient_of(contrast("pcd"), together, v, np.ones(8), slow, seed)[2].chains
    np.testing.assert_array_equal(chains, wanted)
    without = gradient_of(contrast("pcd"), params, v, np.ones(8), slow, seed)[2].chains
    assert (chains != without).any()


def test_tempered_chains_sample_the_machine(rng, seed):
    """Two far modes, between which a single chain at one temperature stays where it is."""
    from deepen.functions import tempering

    W = np.full((4, 2), 3.0)
    params = bernoulli_energy.Params(W, np.full(4, -3.0), np.full(2, -6.0))
    every = states(4)
    log_p = -bernoulli_energy.free_energy(params, every)
    mean = np.exp(log_p - np.logaddexp.reduce(log_p)) @ every
    objective = contrast("pt", n_steps=1000)
    n = 400
    chains = tempering.State(np.zeros((8, n, 4)), np.int32(0))
    state = first_state(rng, params)._replace(chains=chains)
    v = np.zeros((8, 4))
    chains = gradient_of(objective, params, v, np.ones(8), state, seed)[2].chains
    assert (abs(chains.v[-1].mean(axis=0) - mean) < 6 * 0.5 / np.sqrt(n)).all()


def test_binarised_rows_are_drawn_with_their_values(rng):
    """The mean gradient over draws is that at the values themselves, in the visible biases."""
    params = bernoulli_params(rng, 3, 2)
    n = 40_000
    v = np.tile(np.array([[0.2, 0.5, 1.0]]), (n, 1))
    weights = np.full(n, 1 / n)
    state = first_state(rng, params)
    drawn, still = (
        gradient_of(
            contrast("exact", centred=PLAIN, is_binarized=flag, n_rows=1),
            params,
            v,
            weights,
            state,
        )[1]
        for flag in (True, False)
    )
    bound = 6 * np.sqrt(np.array([0.16, 0.25, 0]) / n) + 1e-12
    assert (abs(drawn.visible_bias - still.visible_bias) < bound).all()
    assert abs(drawn.visible_bias - still.visible_bias)[:2].all()


def test_sparsity_pulls_the_mean_log_odds_by_the_excess(rng):
    params = bernoulli_params(rng)
    v, state = rng.randint(0, 2, (8, 6)) * 1.0, first_state(rng, params)
    options = {"centred": PLAIN, "sparsity_target": 0.1, "sparsity_cost": 3.0}
    with_target = gradient_of(contrast("pcd", **options), params, v, np.ones(8), state)
    without = gradient_of(contrast("pcd", centred=PLAIN), params, v, np.ones(8), state)
    excess = 3.0 * (with_target[2].hidden_offset - 0.1)
    pull = with_target[1].hidden_bias - without[1].hidden_bias
    np.testing.assert_allclose(pull, 8 * excess, atol=1e-10)
    np.testing.assert_allclose(with_target[0], without[0])  # the figure shown stays the contrast
    W_pull = with_target[1].weights - without[1].weights
    np.testing.assert_allclose(W_pull, np.outer(v.sum(axis=0), excess), atol=1e-10)


def test_all_units_and_algorithms_are_combined():
    """Nothing in the parametrisation above is left out when an algorithm is added."""
    from deepen.neural_network import BernoulliRBM

    options = BernoulliRBM._parameter_constraints["algorithm"][0].options
    assert options == set(ALGORITHMS)

"""Rows and weights: each row once an epoch, whatever the batches, windows and storage."""

import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from deepen.engine import (
    SGD,
    Adam,
    Batches,
    Penalty,
    Run,
    minimize,
)
from deepen.engine.batches import ALIGNMENT, bucket, pad_columns, pad_rows
from deepen.layers.cost import NetworkCost
from engine_problems import (
    Point,
    RowCounter,
    assert_same_bits,
    descend,
    endless,
    make_batches,
    random_network,
    regression_rows,
    zeros_like_linear,
)


@pytest.mark.parametrize("n_rows", [1, 2, 7, 1003])
def test_padding_copies_rows_and_columns_and_adds_zeros(n_rows, rng):
    a = rng.standard_normal((n_rows, 5))
    rows = pad_rows(a, n_rows + 4)
    np.testing.assert_array_equal(rows[:n_rows], a)
    assert rows.shape == (n_rows + 4, 5) and not rows[n_rows:].any()
    columns = pad_columns(a.T, n_rows + 4)
    np.testing.assert_array_equal(columns[:, :n_rows], a.T)
    assert columns.shape == (5, n_rows + 4) and not columns[:, n_rows:].any()
    assert rows.ctypes.data % ALIGNMENT == columns.ctypes.data % ALIGNMENT == 0


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "budget_bytes"),
    [
        (1, 1, 1 << 31),
        (7, 7, 1 << 31),
        (17, 17, 1 << 31),
        (100, 32, 1 << 31),
        (1003, 200, 1 << 31),
        (1025, 1024, 1 << 31),
        (1003, 1, 1 << 31),
        (1003, 200, 4000),
        (100, 32, 1),
        (61, 10, 400),
    ],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_row_counts_once_an_epoch(n_rows, batch_size, budget_bytes, shuffle, seed):
    X, names = np.zeros((n_rows, 1)), np.arange(n_rows, dtype=float)[:, None]
    batches = make_batches(
        X, names, batch_size=batch_size, shuffle=shuffle, seed=seed, budget_bytes=budget_bytes
    )
    for n_epochs in (1, 2):
        state = np.zeros(n_rows + 3)
        result = descend_with_state(RowCounter(), Point(np.array(1.0)), batches, n_epochs, state)
        np.testing.assert_array_equal(result.objective_state[:n_rows], n_epochs)
        np.testing.assert_array_equal(result.objective_state[n_rows:], 0)


def descend_with_state(objective, params, batches, max_iter, state, **options):
    run = Run(stopping=endless(max_iter), **options)
    return minimize(objective, params, batches, SGD(0.1), run, objective_state=state)


class Recorder:
    """Objective whose state keeps the names (targets) of the rows in the order of the steps."""

    is_random = False

    def __call__(self, params, batch, weights, state, key):
        names, at = batch[1][:, 0], state["at"].astype(jnp.int32)
        names = jnp.where(weights > 0, names, -1)
        order = jax.lax.dynamic_update_slice_in_dim(state["order"], names, at, 0)
        return (
            0 * params.x * weights.sum(),
            weights.sum(),
            {"order": order, "at": state["at"] + len(names)},
        )


jax.tree_util.register_pytree_node(Recorder, lambda o: ((), None), lambda _, __: Recorder())


def orders_of(batches, n_epochs, n_rows):
    state = {"order": np.full(n_epochs * 2 * n_rows, -1.0), "at": np.zeros(())}
    result = descend_with_state(Recorder(), Point(np.array(1.0)), batches, n_epochs, state)
    order = result.objective_state["order"]
    return order[order >= 0].reshape(n_epochs, n_rows)


def test_rows_are_shuffled_as_scikit_learn_does_and_anew_in_each_epoch(seed):
    n = 53
    names = np.arange(n, dtype=float)[:, None]
    batches = make_batches(names, names, batch_size=10, shuffle=True, seed=seed)
    orders = orders_of(batches, 4, n)
    rng, expected = np.random.RandomState(seed), np.arange(n)
    for order in orders:
        permutation = np.arange(n)
        rng.shuffle(permutation)
        expected = expected[permutation]
        np.testing.assert_array_equal(order, expected)
    assert (orders[0] != orders[1]).any()


def test_without_shuffling_rows_come_in_their_order():
    names = np.arange(23.0)[:, None]
    orders = orders_of(make_batches(names, names, batch_size=5), 2, 23)
    np.testing.assert_array_equal(orders, np.tile(np.arange(23.0), (2, 1)))


def test_a_short_batch_takes_a_proportional_step(seed):
    """13 rows in batches of 10: w <- w - eta sum(gradients) / 10 twice, the second of 3 rows."""
    X, y = regression_rows(seed, 13, 2)
    params = random_network(seed, (2, 1))
    run = Run(penalty=Penalty(l2=0.3), stopping=endless(1))
    cost = NetworkCost("squared_error", ())
    result = minimize(cost, params, make_batches(X, y, batch_size=10), SGD(0.1), run)
    w, b, loss = params.coefs[0].copy(), params.intercepts[0].copy(), 0.0
    for rows in (slice(0, 10), slice(10, 13)):
        error = X[rows] @ w + b - y[rows]
        n = len(error)
        loss += (0.5 * (error**2).sum() + n * 0.15 * (w**2).sum()) / 13
        w, b = (
            w - 0.1 * (X[rows].T @ error / 10 + n / 10 * 0.3 * w),
            b - 0.1 * error.sum(axis=0) / 10,
        )
    np.testing.assert_allclose(result.params.coefs[0], w, rtol=1e-12)
    np.testing.assert_allclose(result.params.intercepts[0], b, rtol=1e-12)
    np.testing.assert_allclose(result.progress.history["loss"], [loss], rtol=1e-12)


# Properties: full-batch steps depend on the set of rows and their weights alone.

PROPERTY = settings(
    max_examples=15,
    deadline=None,
    derandomize=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
COST = NetworkCost("squared_error", ("tanh",))


def fitted(X, y, weights=None, *, batch_size=None, rate=0.1, max_iter=3):
    params = random_network(0, (3, 4, 1))
    run = Run(penalty=Penalty(l2=0.1), stopping=endless(max_iter))
    batches = make_batches(X, y, weights, batch_size=batch_size)
    return minimize(COST, params, batches, SGD(rate), run)


def assert_close(a, b, rtol=1e-9):
    for x, y in zip(jax.tree.leaves(a.params), jax.tree.leaves(b.params), strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=1e-11)


# few sizes, because each is a program of its own
rows_and_seed = {"n": st.sampled_from([2, 5, 8, 13, 24]), "draw": st.integers(0, 10_000)}
batch_sizes = st.sampled_from([1, 3, 8, 24])


@PROPERTY
@given(**rows_and_seed)
def test_a_permutation_of_the_rows_changes_nothing(n, draw):
    X, y = regression_rows(draw, n, 3)
    weights = np.random.RandomState(draw).uniform(0.1, 2, n)
    order = np.random.RandomState(draw + 1).permutation(n)
    assert_close(fitted(X, y, weights), fitted(X[order], y[order], weights[order]))


@PROPERTY
@given(n_masked=st.sampled_from([1, 3]), **rows_and_seed)
def test_rows_of_weight_zero_change_nothing(n, draw, n_masked):
    X, y = regression_rows(draw, n, 3)
    junk = np.random.RandomState(draw).standard_normal((n_masked, 3)) * 100
    weights = np.concatenate([np.ones(n), np.zeros(n_masked)])
    padded = fitted(np.vstack([X, junk]), np.vstack([y, junk[:, :1]]), weights)
    assert_close(fitted(X, y), padded)


@PROPERTY
@given(batch_size=batch_sizes, **rows_and_seed)
def test_the_split_into_batches_changes_no_gradient(n, draw, batch_size):
    """At a vanishing rate, steps of batches add up to that of all rows, but for their number."""
    X, y = regression_rows(draw, n, 3)
    batch_size = min(batch_size, n)
    whole, split = (
        fitted(X, y, max_iter=1),
        fitted(X, y, batch_size=batch_size, max_iter=1, rate=1e-7),
    )
    start = random_network(0, (3, 4, 1))
    for w, a, b in zip(
        *(jax.tree.leaves(p) for p in (start, whole.params, split.params)), strict=True
    ):
        full_gradient = (w - a) / 0.1
        summed = (w - b) / 1e-7 * batch_size / n
        np.testing.assert_allclose(summed, full_gradient, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        split.progress.history["loss"], whole.progress.history["loss"], rtol=1e-4
    )


@PROPERTY
@given(batch_size=batch_sizes, **rows_and_seed)
def test_unit_weights_equal_no_weights_in_every_bit(n, draw, batch_size):
    X, y = regression_rows(draw, n, 3)
    batch_size = min(batch_size, n)
    unit = fitted(X, y, np.ones(n), batch_size=batch_size)
    assert_same_bits(unit.params, fitted(X, y, batch_size=batch_size).params)


@PROPERTY
@given(factor=st.floats(0.01, 100), **rows_and_seed)
def test_a_common_factor_of_the_weights_changes_nothing(n, draw, factor):
    X, y = regression_rows(draw, n, 3)
    assert_close(fitted(X, y, np.full(n, factor)), fitted(X, y), rtol=1e-8)


@PROPERTY
@given(**rows_and_seed)
def test_a_weight_of_two_is_the_row_twice(n, draw):
    X, y = regression_rows(draw, n, 3)
    counts = np.where(np.arange(n) < n // 2, 3, 1)
    repeated = fitted(np.repeat(X, counts, axis=0), np.repeat(y, counts, axis=0))
    assert_close(fitted(X, y, counts.astype(float)), repeated, rtol=1e-8)


@PROPERTY
@given(n=st.integers(1, 1_000_000))
def test_buckets_hold_their_rows_with_an_eighth_of_waste_at_most(n):
    size = bucket(n)
    assert n <= size <= max(8, n * 9 / 8)
    assert bucket(size) == size


# Where the rows lie.


@pytest.mark.parametrize("budget_bytes", [1, 500, 5000])
@pytest.mark.parametrize("is_random", [False, True], ids=["plain", "dropout"])
def test_windows_give_the_results_of_resident_rows(budget_bytes, is_random, seed):
    X, y = regression_rows(seed, 103, 5, np.float32)
    cost = NetworkCost("squared_error", ("tanh",), dropout=0.3 if is_random else None)

    def result(**options):
        batches = make_batches(X, y, batch_size=16, shuffle=True, seed=seed, **options)
        start = random_network(seed, (5, 8, 1), np.float32)
        return descend(cost, start, batches, Adam(0.01), 5, seed=seed)

    resident, windowed = result(), result(budget_bytes=budget_bytes)
    np.testing.assert_allclose(
        windowed.progress.history["loss"], resident.progress.history["loss"], rtol=1e-5
    )
    for a, b in zip(*(jax.tree.leaves(r.params) for r in (windowed, resident)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_no_window_is_written_over_while_it_is_learnt_from(seed):
    """Large ones, from which learning takes longer than gathering the next two."""
    X, y = regression_rows(seed, 4096, 512, np.float32)
    cost = NetworkCost("squared_error", ("tanh",))
    first = random_network(seed, (512, 256, 1), np.float32)

    def losses(**options):
        batches = make_batches(X, y, batch_size=32, shuffle=True, seed=seed, **options)
        return descend(cost, first, batches, SGD(0.001), 2, seed=seed).progress.history["loss"]

    windowed = losses(budget_bytes=X.nbytes // 4)
    np.testing.assert_allclose(windowed, losses(), rtol=1e-4)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_short_batch_of_a_window_is_filled_with_rows_that_are_there(order, rng):
    """A cost may have no finite value at zeros, which a weight of zero would not hide."""
    X = np.array(rng.uniform(1, 2, (103, 5)), order=order)
    batches = make_batches(X, X[:, 0], batch_size=16, shuffle=True, budget_bytes=32 * 5 * 8 * 2)
    n_rows = 0
    for (rows, y), weights, orders, n_batches in batches.windows(1):
        used = slice(int(n_batches) * 16)
        assert orders is None and (np.asarray(rows)[used] >= 1).all()
        np.testing.assert_array_equal(rows[used, 0], y[used])
        n_rows += int(weights.sum())
    assert n_rows == 103


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="other devices hold a copy of the rows")
def test_dense_rows_on_a_cpu_are_not_copied_as_a_whole():
    X = np.zeros((20_000, 512), np.float32)  # 40 MB
    for rows, is_resident in [
        (X, False),
        (X[:15_000], True),
        (np.asfortranarray(X), True),  # rows scattered in memory
        (X[:, 1:], True),
        (sparse.csr_array(X), True),
    ]:
        batches = make_batches(rows, np.zeros(len(X)), batch_size=100)
        assert batches.is_resident == is_resident
    assert make_batches(X, np.zeros(len(X))).is_resident  # one batch, so that windows save nothing
    batches = make_batches(X, X[:, 0], batch_size=100)
    addresses = {w.rows[0].unsafe_buffer_pointer() for w in batches.windows(1)}
    assert addresses == {buffer.ctypes.data for buffer in batches._buffers}
    assert 2 * batches.window_rows * X[0].nbytes <= 1 << 25


@pytest.mark.parametrize("budget_bytes", [1 << 31, 500])
def test_sparse_rows_and_memory_maps_give_the_bits_of_arrays(budget_bytes, seed):
    X, y = regression_rows(seed, 60, 5)
    X[np.random.RandomState(seed).uniform(size=X.shape) < 0.6] = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        np.save(path, X)
        mapped = np.load(path, mmap_mode="r")
        results = [
            descend(
                NetworkCost("squared_error", ()),
                zeros_like_linear(X),
                make_batches(rows, y, batch_size=16, shuffle=True, budget_bytes=budget_bytes),
                SGD(0.05),
                5,
            )
            for rows in (X, sparse.csr_matrix(X), sparse.csr_array(X), mapped)
        ]
        del mapped
    for result in results[1:]:
        assert_same_bits(result.params, results[0].params)


def test_state_is_carried_over_batches_epochs_and_runs():
    names = np.arange(10.0)[:, None]
    batches = make_batches(np.zeros((10, 1)), names, batch_size=3)
    point = Point(np.array(1.0))
    first = descend_with_state(RowCounter(), point, batches, 20, np.zeros(10))
    np.testing.assert_array_equal(first.objective_state, 20)
    second = descend_with_state(RowCounter(), point, batches, 3, first.objective_state)
    np.testing.assert_array_equal(second.objective_state, 23)


@pytest.mark.parametrize("loss", ["softmax", "squared_error"])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_rows_as_columns_have_the_same_cost_and_gradient(loss, is_sparse, seed):
    rng = np.random.RandomState(seed)
    X, params = rng.normal(size=(37, 5)), random_network(seed, (5, 4, 3))
    y = rng.randint(3, size=37) if loss == "softmax" else rng.normal(size=(37, 3))
    weights = rng.uniform(size=37)
    batches = Batches(
        sparse.csr_array(X) if is_sparse else X,
        y,
        weights,
        batch_size=37,
        shuffle=False,
        rng=rng,
    )
    cost = NetworkCost(loss, ("tanh",))

    def value(objective, rows, weights):
        return jax.value_and_grad(lambda p: objective(p, rows, weights, None, None)[0])(params)

    with jax.enable_x64(True):
        columns, padded_weights = batches.all_columns()
        found = value(cost.on_columns(), columns, padded_weights)
        expected = value(cost, (jnp.asarray(X), jnp.asarray(y)), jnp.asarray(weights))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)

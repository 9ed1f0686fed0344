"""Covariance: NumPy's at both divisors, weights as repetitions, streams as wholes, the bias of N."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn import covariance as theirs

import deepen
from deepen.covariance import EmpiricalCovariance, covariance, log_likelihood
from deepen.functions.moments import column_means, merge, moments, moments_of_blocks, row_blocks


class Stream:
    """Rows in uneven blocks, as often as they are asked for."""

    def __init__(self, X, sizes=(7, 1, 30)):
        self.X, self.sizes, self.n_reads = X, sizes, 0

    def batches(self):
        self.n_reads += 1
        start, turn = 0, 0
        while start < self.X.shape[0]:
            size = self.sizes[turn % len(self.sizes)]
            yield self.X[start : start + size]
            start, turn = start + size, turn + 1


@pytest.fixture(name="X")
def correlated_rows(rng):
    return rng.standard_normal((83, 6)) @ rng.standard_normal((6, 6)) + 3 * rng.standard_normal(6)


def sparse_rows(rng, n_samples=90, n_features=12):
    return sparse.random_array(
        (n_samples, n_features),
        density=0.3,
        random_state=np.random.default_rng(rng.randint(1 << 30)),
    ).tocsr()


@pytest.mark.parametrize("ddof", [0, 1])
def test_equals_numpy_at_both_divisors(X, ddof):
    np.testing.assert_allclose(covariance(X, ddof=ddof), np.cov(X.T, ddof=ddof), atol=1e-12)
    model = EmpiricalCovariance(ddof=ddof).fit(X)
    np.testing.assert_allclose(model.covariance_, np.cov(X.T, ddof=ddof), atol=1e-12)
    np.testing.assert_allclose(model.location_, X.mean(axis=0), atol=1e-12)
    precision = np.linalg.inv(np.cov(X.T, ddof=ddof))
    np.testing.assert_allclose(model.precision_, precision, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("ddof", [0, 1])
def test_a_weight_is_a_number_of_repetitions(X, rng, ddof):
    weights = rng.randint(0, 4, len(X))
    repeated = np.repeat(X, weights, axis=0)
    found = covariance(X, ddof=ddof, sample_weight=weights)
    np.testing.assert_allclose(found, np.cov(repeated.T, ddof=ddof), atol=1e-11)
    by_sparse = covariance(sparse.csr_array(X), ddof=ddof, sample_weight=weights)
    np.testing.assert_allclose(by_sparse, found, atol=1e-11)
    model = EmpiricalCovariance(ddof=ddof).fit(X, sample_weight=weights)
    np.testing.assert_allclose(model.covariance_, found, atol=1e-11)
    unit = covariance(X, ddof=ddof, sample_weight=np.ones(len(X)))
    np.testing.assert_allclose(unit, covariance(X, ddof=ddof), atol=1e-12)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_rows_stay_sparse_and_equal_dense_ones(rng, container):
    X = container(sparse_rows(rng))
    dense = EmpiricalCovariance(ddof=1).fit(X.toarray())
    model = EmpiricalCovariance(ddof=1).fit(X)
    np.testing.assert_allclose(model.covariance_, dense.covariance_, atol=1e-12)
    np.testing.assert_allclose(model.location_, dense.location_, atol=1e-12)


def test_memory_maps_streams_and_partial_fits_equal_one_fit(X, tmp_path):
    whole = EmpiricalCovariance(ddof=1).fit(X)
    np.save(tmp_path / "rows.npy", X)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    stream = Stream(X)
    in_parts = EmpiricalCovariance(ddof=1)
    for block in np.array_split(X, 5):
        in_parts.partial_fit(block)
    models = [EmpiricalCovariance(ddof=1).fit(mapped), EmpiricalCovariance(ddof=1).fit(stream)]
    for model in (*models, in_parts):
        np.testing.assert_allclose(model.covariance_, whole.covariance_, atol=1e-11)
        np.testing.assert_allclose(model.location_, whole.location_, atol=1e-11)
    assert stream.n_reads == 1


def test_weights_of_streams_and_memory_maps(X, rng, tmp_path):
    weights = rng.randint(0, 4, len(X))
    weights[:8] = 0  # a block whose rows do not count at all
    whole = EmpiricalCovariance(ddof=1).fit(X, sample_weight=weights)
    np.save(tmp_path / "rows.npy", X)
    for rows in (
        Stream(X),
        Stream(sparse.csr_array(X)),
        np.load(tmp_path / "rows.npy", mmap_mode="r"),
    ):
        model = EmpiricalCovariance(ddof=1).fit(rows, sample_weight=weights)
        np.testing.assert_allclose(model.covariance_, whole.covariance_, atol=1e-11)
        found = covariance(rows, ddof=1, sample_weight=weights)
        np.testing.assert_allclose(found, whole.covariance_, atol=1e-11)
    np.testing.assert_allclose(covariance(Stream(X)), np.cov(X.T, ddof=0), atol=1e-12)
    for n in (len(X) - 1, len(X) + 1):
        with pytest.raises(ValueError, match="sample_weight has"):
            EmpiricalCovariance().fit(Stream(X), sample_weight=np.ones(n))
    with pytest.raises(ValueError, match="Negative"):
        covariance(Stream(X), sample_weight=-np.ones(len(X)))
    with pytest.raises(ValueError, match=r"at least one non-zero|total weight"):
        covariance(X, sample_weight=np.zeros(len(X)))


def test_distances_and_scores_of_every_kind_of_rows(rng, tmp_path):
    X = sparse_rows(rng, 300)
    np.save(tmp_path / "rows.npy", X.toarray())
    ours, peer = EmpiricalCovariance().fit(X), theirs.EmpiricalCovariance().fit(X.toarray())
    expected, score = peer.mahalanobis(X.toarray()), peer.score(X.toarray())
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    for rows in (X, X.tocsc(), Stream(X), Stream(X.toarray()), mapped, X.toarray()):
        np.testing.assert_allclose(ours.mahalanobis(rows), expected, rtol=1e-7)
        assert ours.score(rows) == pytest.approx(score, abs=1e-8)
    np.testing.assert_allclose(
        log_likelihood(X, ours.location_, ours.covariance_).mean(), score, atol=1e-8
    )
    with pytest.raises(ValueError, match="expecting 12 features"):
        ours.mahalanobis(X[:, :3])


def test_crowded_sparse_rows(rng):
    X = sparse.random_array(
        (200, 9), density=0.6, random_state=np.random.default_rng(rng.randint(1 << 30))
    )
    weights = rng.randint(1, 4, 200)
    exact = np.cov(X.toarray().T, fweights=weights)
    np.testing.assert_allclose(covariance(X, ddof=1, sample_weight=weights), exact, atol=1e-12)


def test_assumed_mean_and_scikit_learns_methods(X):
    ours, peer = (
        EmpiricalCovariance(assume_centered=True),
        theirs.EmpiricalCovariance(assume_centered=True),
    )
    np.testing.assert_allclose(ours.fit(X).covariance_, peer.fit(X).covariance_, atol=1e-11)
    ours, peer = EmpiricalCovariance().fit(X), theirs.EmpiricalCovariance().fit(X)
    assert ours.score(X) == pytest.approx(peer.score(X), abs=1e-9)
    np.testing.assert_allclose(ours.mahalanobis(X), peer.mahalanobis(X), rtol=1e-7)
    assert ours.error_norm(peer.covariance_) < 1e-20


def test_maximum_likelihood_over_n_is_too_small_by_its_share(rng):
    n, n_repeats = 5, 40_000
    rows = rng.standard_normal((n_repeats, n, 1)) * 2.0
    found = {
        ddof: np.mean([covariance(x, ddof=ddof)[0, 0] for x in rows[:4000]]) for ddof in (0, 1)
    }
    assert found[0] / found[1] == pytest.approx((n - 1) / n, abs=1e-12)
    # The same by NumPy on all repeats: the standard error of the mean variance is 4 sqrt(2/4) / 200.
    variances = rows.var(axis=1, ddof=0)
    assert variances.mean() == pytest.approx(4 * (n - 1) / n, abs=5 * 4 * np.sqrt(2 / 4) / 200)
    np.testing.assert_allclose(
        [covariance(x)[0, 0] for x in rows[:50]], variances[:50, 0], rtol=1e-9
    )


def test_the_gaussians_density_is_scipys_and_largest_at_the_estimate(X, rng):
    S, m = covariance(X), X.mean(axis=0)
    expected = stats.multivariate_normal(m, S).logpdf(X)
    np.testing.assert_allclose(log_likelihood(X, m, S), expected, atol=1e-8)
    np.testing.assert_allclose(log_likelihood(sparse.csr_array(X), m, S), expected, atol=1e-7)
    best = log_likelihood(X, m, S).sum()
    for _ in range(5):
        A = rng.standard_normal(S.shape) * 0.02
        other = S + A @ A.T
        assert log_likelihood(X, m + 0.1 * rng.standard_normal(6), S).sum() < best
        assert log_likelihood(X, m, other).sum() < best
    with pytest.raises(ValueError, match="positive definite"):
        log_likelihood(X, m, np.zeros_like(S))


@pytest.mark.parametrize("mean", [1e3, 1e6])
def test_a_large_mean_does_not_drown_the_spread(rng, mean):
    X = (rng.standard_normal((3000, 4)) + mean).astype(np.float32)
    wide, weights = X.astype(np.float64), rng.randint(1, 3, len(X))
    np.testing.assert_allclose(covariance(X, ddof=1), np.cov(wide.T), atol=5e-6)
    np.testing.assert_allclose(moments(X).mean, wide.mean(axis=0), atol=1e-5)
    exact = np.cov(wide.T, fweights=weights)
    np.testing.assert_allclose(covariance(X, ddof=1, sample_weight=weights), exact, atol=5e-6)
    rows = sparse.csr_array(X)
    np.testing.assert_allclose(covariance(rows, ddof=1), np.cov(wide.T), atol=5e-6)
    np.testing.assert_allclose(covariance(rows, ddof=1, sample_weight=weights), exact, atol=5e-6)


def test_merging_is_associative_and_the_means_are_float64(rng):
    parts = [moments(rng.standard_normal((n, 3))) for n in (4, 1, 9)]
    left, right = merge(merge(*parts[:2]), parts[2]), merge(parts[0], merge(*parts[1:]))
    for a, b in zip(left, right, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-13)
    ones = np.full((1 << 15, 2), 0.1, np.float32)
    np.testing.assert_allclose(column_means(ones), np.float32(0.1), rtol=3e-6)
    blocks = row_blocks(ones, n_bytes=1000)
    np.testing.assert_allclose(moments_of_blocks(blocks).scatter, 0, atol=1e-6)


def test_what_cannot_be_estimated_is_refused(X):
    with pytest.raises(ValueError, match="greater than ddof=1"):
        covariance(X[:1], ddof=1)
    with pytest.raises(ValueError, match="Negative"):
        covariance(X, sample_weight=-np.ones(len(X)))
    with pytest.raises(ValueError, match="no block"):
        EmpiricalCovariance().fit(Stream(X[:0]))
    with pytest.raises(ValueError, match="NaN"):
        EmpiricalCovariance().fit(Stream(np.full((3, 2), np.nan)))
    with pytest.raises(ValueError, match="features"):
        EmpiricalCovariance().partial_fit(X).partial_fit(X[:, :2])


def test_saved_and_loaded(X, tmp_path):
    model = EmpiricalCovariance(ddof=1).fit(X)
    deepen.save(model, tmp_path / "covariance.deepen")
    again = deepen.load(tmp_path / "covariance.deepen")
    assert again.score(X) == model.score(X) and again.ddof == 1


def test_log_likelihood_checks_its_shapes_and_takes_memory_maps(rng, tmp_path):
    X = rng.standard_normal((50, 3)).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    cov = np.cov(X.T)
    np.testing.assert_allclose(
        log_likelihood(mapped, X.mean(axis=0), cov),
        stats.multivariate_normal(X.mean(axis=0), cov).logpdf(X),
        rtol=1e-6,
    )
    with pytest.raises(ValueError, match="shape"):
        log_likelihood(X, np.zeros(1), np.eye(3))
    with pytest.raises(ValueError, match="symmetric"):
        log_likelihood(X, np.zeros(3), np.eye(3) + np.eye(3, k=1))


def test_rows_that_partial_fit_refuses_do_not_count(rng):
    X = rng.standard_normal((20, 2))
    model = EmpiricalCovariance(ddof=1)
    with pytest.warns(UserWarning, match="one sample"), pytest.raises(ValueError, match="ddof"):
        model.partial_fit(X[:1])
    np.testing.assert_allclose(model.partial_fit(X).covariance_, np.cov(X.T))


def test_weighted_float32_moments_keep_their_digits(rng):
    X = (3 + rng.standard_normal((400_000, 3))).astype(np.float32)
    weights = rng.uniform(size=len(X)).astype(np.float32)
    found = covariance(X, sample_weight=weights)
    expected = np.cov(X.T.astype(float), aweights=weights.astype(float), ddof=0)
    np.testing.assert_allclose(found, expected, atol=2e-5)

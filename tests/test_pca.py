"""PCA: scikit-learn's components by every solver, from rows of every kind, without a dense copy."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn import decomposition
from sklearn.exceptions import ConvergenceWarning

import deepen
from deepen.decomposition import PCA, _sparse_rows
from deepen.decomposition._ascent import Ascent, start
from deepen.decomposition._lanczos import lanczos
from deepen.decomposition._rows import CentredRows, in_memory
from deepen.decomposition._singular import eigen_of_moments, positive_largest, tall_svd
from deepen.decomposition._sparse_rows import SparseRows
from deepen.engine.iterate import iterate
from deepen.functions.moments import moments
from deepen.plotting import plot_dimensions, reconstruction_error

K = 4
SHAPES = [(300, 40), (40, 300), (210, 150), (150, 210), (400, 30)]
SPECTRA = {
    "flat": lambda r: np.linspace(2, 1, r),
    "steep": lambda r: 10.0 ** -np.linspace(0, 3, r),
    "low rank": lambda r: np.r_[np.linspace(3, 1, 5), np.zeros(r - 5)],
}


class Stream:
    """Rows in blocks of 37, as often as they are asked for."""

    def __init__(self, X):
        self.X, self.n_reads = X, 0

    def batches(self):
        self.n_reads += 1
        return (self.X[start : start + 37] for start in range(0, self.X.shape[0], 37))


def rows_of(rng, n_samples, n_features, spectrum, dtype=np.float64, mean=1.0):
    """Rows whose centred singular values are the spectrum's, about a mean that is not zero."""
    r = min(n_samples - 1, n_features)
    U = rng.standard_normal((n_samples, r))
    U = np.linalg.qr(U - U.mean(axis=0))[0]
    V = np.linalg.qr(rng.standard_normal((n_features, r)))[0]
    return ((U * SPECTRA[spectrum](r)) @ V.T + mean * rng.standard_normal(n_features)).astype(dtype)


def assert_same_fit(ours, theirs, atol):
    """Equal up to signs where the largest entries of a component are nearly as large as each other."""
    signs = np.sign((ours.components_ * theirs.components_).sum(axis=1))[:, None]
    np.testing.assert_allclose(ours.components_ * signs, theirs.components_, atol=atol)
    rtol = 1e-5 if ours.components_.dtype == np.float32 else 1e-8
    for name in ("explained_variance_", "singular_values_", "explained_variance_ratio_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=rtol)
    np.testing.assert_allclose(ours.mean_, theirs.mean_, atol=1e-5 if rtol > 1e-6 else 1e-12)
    scale = theirs.explained_variance_[0]
    assert ours.noise_variance_ == pytest.approx(theirs.noise_variance_, abs=rtol * scale)
    assert ours.n_components_ == theirs.n_components_ and ours.n_samples_ == theirs.n_samples_


def kinds(X):
    return {
        "dense": X,
        "csr": sparse.csr_array(X),
        "csc": sparse.csc_matrix(X),
        "stream": Stream(X),
        "sparse stream": Stream(sparse.csr_array(X)),
    }


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_scikit_learn_by_every_solver_and_kind_of_rows(rng, shape, spectrum):
    X = rows_of(rng, *shape, spectrum)
    theirs = decomposition.PCA(K, svd_solver="full").fit(X)
    for kind, rows in kinds(X).items():
        for solver in ("lanczos", "auto"):
            ours = PCA(K, svd_solver=solver, random_state=rng).fit(rows)
            assert_same_fit(ours, theirs, 1e-8)
        if kind in ("dense", "csr", "stream"):
            ours = PCA(K, svd_solver="gradient", random_state=rng).fit(rows)
            assert_same_fit(ours, theirs, 1e-6)
    ours = PCA(K, svd_solver="covariance_eigh").fit(Stream(X))
    assert_same_fit(ours, theirs, 1e-8)


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_float32_stays_float32_and_comes_as_near_as_its_gaps_allow(rng, shape, spectrum):
    X = rows_of(rng, *shape, spectrum, np.float32, mean=0.03)
    exact = decomposition.PCA(svd_solver="full").fit(X.astype(np.float64))
    lam = exact.explained_variance_
    gaps = np.diff(lam[: K + 1]) * -1 / lam[0]
    atol = max(1e-5, 2e-6 / gaps.min())  # some units in the last place over the smallest gap
    theirs = decomposition.PCA(K, svd_solver="full").fit(X.astype(np.float64))
    for kind, rows in kinds(X).items():
        for solver in ("lanczos", "auto", "gradient")[: 3 if kind == "dense" else 2]:
            ours = PCA(K, svd_solver=solver, tol=1e-6, random_state=rng).fit(rows)
            assert ours.components_.dtype == ours.transform(X).dtype == np.float32
            assert_same_fit(ours, theirs, atol)


@pytest.mark.parametrize("solver", ["lanczos", "gradient", "covariance_eigh"])
def test_a_mean_that_drowns_the_spread_costs_float32_no_digits(rng, solver):
    X = (1e5 * rows_of(rng, 400, 80, "steep", mean=30.0)).astype(np.float32)
    theirs = decomposition.PCA(2, svd_solver="full").fit(X.astype(np.float64))
    for rows in (X, Stream(X)):
        ours = PCA(2, svd_solver=solver, tol=1e-6, random_state=rng).fit(rows)
        cosines = np.abs((ours.components_ * theirs.components_).sum(axis=1))
        assert np.arccos(np.minimum(cosines, 1)).max() < 1e-3
        np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=2e-7)
        np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-4)


@pytest.mark.parametrize("solver", ["lanczos", "gradient"])
@pytest.mark.parametrize("whiten", [False, True])
def test_codes_and_reconstructions_are_scikit_learns(rng, solver, whiten):
    X = rows_of(rng, 200, 90, "steep")
    ours = PCA(K, svd_solver=solver, whiten=whiten, tol=1e-10, random_state=rng)
    theirs = decomposition.PCA(K, svd_solver="full", whiten=whiten).fit(X)
    codes = ours.fit_transform(X)
    signs = np.sign((ours.components_ * theirs.components_).sum(axis=1))
    np.testing.assert_allclose(codes * signs, theirs.transform(X), atol=1e-6)
    np.testing.assert_allclose(
        ours.inverse_transform(codes), theirs.inverse_transform(theirs.transform(X)), atol=1e-7
    )
    codes = ours.fit_transform(sparse.csr_array(X))
    np.testing.assert_allclose(np.abs(codes), np.abs(theirs.transform(X)), atol=1e-6)


def test_likelihoods_covariance_and_precision_are_scikit_learns(rng):
    X = rows_of(rng, 200, 60, "steep")
    ours = PCA(K, svd_solver="lanczos", random_state=rng).fit(X)
    theirs = decomposition.PCA(K, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-7)
    np.testing.assert_allclose(
        ours.score_samples(sparse.csr_array(X)), theirs.score_samples(X), rtol=1e-6
    )
    assert ours.score(X) == pytest.approx(theirs.score(X), rel=1e-8)
    np.testing.assert_allclose(ours.get_covariance(), theirs.get_covariance(), atol=1e-10)
    np.testing.assert_allclose(ours.get_precision(), theirs.get_precision(), rtol=1e-6, atol=1e-6)
    white = [P(K, svd_solver="full", whiten=True).fit(X) for P in (PCA, decomposition.PCA)]
    np.testing.assert_allclose(*[m.score_samples(X) for m in white])


@pytest.mark.parametrize("solver", ["lanczos", "gradient", "covariance_eigh"])
def test_a_share_of_the_variance_asks_for_as_many_components_as_it_takes(rng, solver):
    X = rows_of(rng, 150, 80, "flat")
    theirs = decomposition.PCA(0.6, svd_solver="full").fit(X)
    ours = PCA(0.6, svd_solver=solver, random_state=rng, n_oversamples=30).fit(X)
    assert ours.n_components_ == theirs.n_components_ > 20
    assert ours.explained_variance_ratio_.sum() > 0.6
    by_stream = PCA(0.6).fit(Stream(X))
    assert by_stream.n_components_ == theirs.n_components_


def test_minkas_choice_on_a_stream_is_scikit_learns(rng):
    X = rng.standard_normal((300, 3)) @ rng.standard_normal((3, 12)) + 0.05 * rng.standard_normal(
        (300, 12)
    )
    assert (
        PCA("mle").fit(Stream(X)).n_components_
        == decomposition.PCA("mle").fit(X).n_components_
        == 3
    )
    with pytest.raises(ValueError, match="cannot be a string"):
        PCA("mle", svd_solver="lanczos").fit(X)
    with pytest.raises(ValueError, match="n_samples >= n_features"):
        PCA("mle").fit(Stream(X.T))


def test_memory_maps_streams_and_partial_fits_equal_the_fit_in_memory(rng, tmp_path):
    X = rows_of(rng, 500, 30, "flat")
    np.save(tmp_path / "rows.npy", X)
    np.save(tmp_path / "bytes.npy", (X * 20).astype(np.int8))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    whole = PCA(K).fit(X)
    in_parts = PCA(K)
    for block in Stream(X).batches():
        in_parts.partial_fit(block)
    for model in (PCA(K).fit(mapped), PCA(K).fit(Stream(X)), in_parts):
        assert_same_fit(model, whole, 1e-11)
    whole = PCA(K, svd_solver="lanczos", random_state=0).fit(X)
    for rows in (mapped, Stream(X)):
        assert_same_fit(PCA(K, svd_solver="lanczos", random_state=0).fit(rows), whole, 1e-11)
    integers = PCA(K).fit(np.load(tmp_path / "bytes.npy", mmap_mode="r"))
    assert_same_fit(integers, PCA(K).fit((X * 20).astype(np.int8)), 1e-11)


def test_partial_fit_begins_with_fewer_rows_than_components(rng):
    X = rng.standard_normal((40, 6))
    pca = PCA(5).partial_fit(X[:1])
    assert pca.components_.shape == (1, 6)
    assert pca.partial_fit(X[1:4]).components_.shape == (4, 6)
    pca.partial_fit(X[4:])
    assert_same_fit(pca, decomposition.PCA(5).fit(X), 1e-9)
    with pytest.raises(AttributeError, match="partial_fit"):
        PCA(2, svd_solver="lanczos").partial_fit(X)


def test_a_stream_is_read_as_seldom_as_can_be(rng):
    stream = Stream(rows_of(rng, 300, 40, "flat"))
    PCA(K).fit(stream)
    assert stream.n_reads == 2  # a look at the first block, and one pass
    stream = Stream(rows_of(rng, 300, 120, "steep"))
    pca = PCA(K, svd_solver="lanczos", random_state=0).fit(stream)
    assert stream.n_reads <= pca.n_iter_ + 3 <= 15


def test_sparse_rows_are_never_made_dense(rng):
    """A million features, which a dense copy of or their covariance would not fit any memory."""
    n, d = 300, 1_000_000
    generator = np.random.default_rng(rng.randint(1 << 30))
    noise = sparse.random_array((n, d), density=2e-5, random_state=generator)
    topics = sparse.random_array((3, d), density=5e-5, random_state=generator)
    X = (noise + sparse.csr_array(rng.uniform(0, [9, 6, 4], (n, 3))) @ topics).tocsr()
    used = X[:, np.unique(X.indices)].toarray()
    theirs = decomposition.PCA(3, svd_solver="full").fit(used)
    for solver in ("auto", "gradient"):
        ours = PCA(3, svd_solver=solver, n_oversamples=1, tol=1e-5, random_state=rng).fit(X)
        assert ours.components_.shape == (3, d)
        np.testing.assert_allclose(ours.singular_values_, theirs.singular_values_, rtol=1e-6)
    assert np.isfinite(ours.score(X[:10]))


def test_clustered_variances_converge_and_a_run_too_short_says_what_to_do(rng):
    r = 60
    V = np.linalg.qr(rng.standard_normal((90, r)))[0]
    U = rng.standard_normal((200, r))
    U = np.linalg.qr(U - U.mean(axis=0))[0]
    s = np.r_[3.0, 3.0, 3.0, 2.0 + 1e-6, 2.0, np.linspace(1.9, 1, r - 5)]
    X = (U * s) @ V.T
    for solver in ("lanczos", "gradient"):
        pca = PCA(5, svd_solver=solver, random_state=rng).fit(X)
        np.testing.assert_allclose(pca.singular_values_, s[:5], rtol=1e-6)
        inside = np.linalg.norm(pca.components_ @ V[:, :5], axis=1)
        assert (
            inside.min() > 0.9999
        )  # equal variances have no directions of their own, their space has
        np.testing.assert_allclose(pca.components_ @ pca.components_.T, np.eye(5), atol=1e-9)
        with pytest.warns(ConvergenceWarning, match="increase max_iter"):
            PCA(5, svd_solver=solver, max_iter=2, random_state=rng).fit(X)


def test_momentum_pays_where_variances_are_close(rng):
    X = rows_of(rng, 300, 200, "flat")
    n_iter = [
        PCA(K, svd_solver="gradient", momentum=momentum, tol=1e-4, random_state=0).fit(X).n_iter_
        for momentum in (True, False)
    ]
    assert n_iter[0] < 0.6 * n_iter[1]


def test_a_small_step_of_the_block_climbs_the_gradient_that_jax_differentiates(rng):
    """Each column by that of its own variance with the earlier columns' variances taken out."""
    import jax

    X = rows_of(rng, 30, 8, "flat")
    rows, Xc = in_memory(X), X - X.mean(axis=0)
    climb = start(8, 3, np.float64, rng)
    turned, _ = Ascent(rows.normal, 3, 1e-300, False)(climb)  # to the columns' own directions
    V, eta = turned.V, 1e-6 / turned.variances[0]
    moved, _ = Ascent(rows.normal, 3, 1e-6, False)(turned)

    def climbed(v, found, lam):
        return ((Xc @ v) ** 2).sum() - (lam * (found @ v) ** 2).sum()

    for i, v in enumerate(V.T):
        with jax.enable_x64(True):
            slope = np.asarray(jax.grad(climbed)(v, V.T[:i], turned.variances[:i]))
        step = v + eta / 2 * slope
        step /= np.linalg.norm(step)
        # Of higher order in eta are the turns; a wrong term would be of the first.
        np.testing.assert_allclose(step * np.sign(step @ moved.V[:, i]), moved.V[:, i], atol=1e-10)
        assert np.abs(step - v).max() > 1e-8


@pytest.mark.parametrize("block_size", [1, 3, 8])
def test_lanczos_finds_eigenpairs_however_many_are_equal(rng, block_size):
    n = 200
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    values = np.r_[5.0, 4.0, 4.0, 3.0, np.linspace(2.5, 0, n - 4)]
    G = (Q * values) @ Q.T
    found = lanczos(lambda V: G @ V, n, 4, dtype=G.dtype, rng=rng, block_size=block_size)
    assert found.converged
    np.testing.assert_allclose(found.values, values[:4], rtol=1e-10)
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(4), atol=1e-10)
    np.testing.assert_allclose(G @ found.vectors.T, found.vectors.T * found.values, atol=1e-9)


def test_lanczos_goes_on_where_an_invariant_space_ends(rng):
    n = 300
    A = rng.standard_normal((n, 3))
    G = A @ A.T
    exact = np.linalg.eigvalsh(G)[::-1][:5]
    for block_size in (1, 4):
        found = lanczos(lambda V: G @ V, n, 5, dtype=G.dtype, rng=rng, block_size=block_size)
        np.testing.assert_allclose(found.values, exact, atol=1e-9 * exact[0])
        np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(5), atol=1e-9)


def test_products_are_those_of_the_centred_rows(rng):
    X = rng.standard_normal((90, 25)) + 5
    Xc = X - X.mean(axis=0)
    U, V = rng.standard_normal((90, 3)), rng.standard_normal((25, 3))
    for rows in (in_memory(X), SparseRows(sparse.csr_array(X)), CentredRows(Stream(X).batches)):
        np.testing.assert_allclose(rows.mean, X.mean(axis=0), atol=1e-12)
        assert rows.total == pytest.approx((Xc**2).sum())
        np.testing.assert_allclose(rows.project(V), Xc @ V, atol=1e-10)
        np.testing.assert_allclose(rows.back(U), Xc.T @ U, atol=1e-10)
        np.testing.assert_allclose(rows.normal(V), Xc.T @ Xc @ V, atol=1e-9)
        np.testing.assert_allclose(rows.outer()(U), Xc @ Xc.T @ U, atol=1e-8)


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_products_by_bands_are_those_of_the_centred_rows(rng, monkeypatch, form):
    monkeypatch.setattr(_sparse_rows, "BAND", 300)
    monkeypatch.setattr(_sparse_rows, "LEAST_PER_ROW", 0)
    X = sparse.random_array((40, 1000), density=0.02, format=form, random_state=rng)
    X.data[:] += 1
    rows, Xc = SparseRows(X), X.toarray() - X.toarray().mean(axis=0)
    U, before = rng.standard_normal((40, 2)), rows.n_reads
    product = rows.outer()
    for _ in range(2):
        np.testing.assert_allclose(product(U), Xc @ (Xc.T @ U), atol=1e-10)
    assert rows.n_reads - before == (1 if form == "csr" else 4)
    monkeypatch.setattr(_sparse_rows, "memory_bytes", lambda: 4.0 * X.data.nbytes)
    np.testing.assert_allclose(rows.outer()(U), Xc @ (Xc.T @ U), atol=1e-10)
    assert rows.n_reads - before == (3 if form == "csr" else 6)  # no room for a copy


@pytest.mark.parametrize("k", [1, 4, 5, 7, None])
def test_columns_of_zeros_are_eigenvectors_of_their_own(rng, k):
    X = rng.standard_normal((200, 7)) * [5, 0, 3, 2, 0, 1, 0.5]
    squares, components = eigen_of_moments(moments(X), k)
    exact = np.linalg.eigvalsh(np.cov(X.T) * 199)[::-1][:k]
    np.testing.assert_allclose(squares, np.maximum(exact, 0), atol=1e-10 * exact[0])
    np.testing.assert_allclose(components @ components.T, np.eye(k or 7), atol=1e-12)
    turned = moments(X).scatter @ components.T
    np.testing.assert_allclose(turned, squares * components.T, atol=1e-10 * exact[0])


def test_the_mean_may_be_rounded_before_the_components_are_made(rng):
    X = rng.standard_normal((9, 30)).astype(np.float32)
    for offset in (0, 1e4):
        rows = in_memory(X + np.float32(offset))
        V, U = np.eye(30, 2, dtype=np.float32), np.eye(9, 2, dtype=np.float32)
        before = rows.normal(V), rows.back(U)
        rows.round_mean()
        assert rows.mean.dtype == np.float32
        np.testing.assert_allclose(rows.normal(V), before[0], atol=1e-4)
        np.testing.assert_array_equal(rows.back(U), before[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_small_svd_keeps_its_digits_on_a_steep_scale(rng, dtype):
    U = np.linalg.qr(rng.standard_normal((5000, 5)))[0]
    s = np.array([1.0, 1e-2, 1e-4, 1e-5, 0])
    B = (U * s).astype(dtype)
    V, found, W = tall_svd(B.copy(), rng)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, s, rtol=1e3 * eps, atol=eps)
    np.testing.assert_allclose(V.T @ V, np.eye(5), atol=1e2 * eps)
    np.testing.assert_allclose((V * found) @ W.T, B, atol=1e2 * eps)


def test_the_small_svd_bears_columns_that_are_not_orthogonal(rng):
    B = rng.standard_normal((300, 4)) @ (np.eye(4) + 0.3 * rng.standard_normal((4, 4)))
    V, s, W = tall_svd(B.copy(), rng)
    np.testing.assert_allclose(s, np.linalg.svd(B, compute_uv=False), rtol=1e-10)
    np.testing.assert_allclose(V.T @ V, np.eye(4), atol=1e-10)
    np.testing.assert_allclose((V * s) @ W.T, B, atol=1e-10)


def test_signs_are_turned_in_place_on_any_layout(rng):
    for order in "CF":
        A = np.asarray(rng.standard_normal((4, 3001)).astype(np.float32), order=order)
        B = positive_largest(A.copy(order=order))
        np.testing.assert_array_equal(np.abs(A), np.abs(B))
        assert (B[np.arange(4), np.abs(B).argmax(axis=1)] > 0).all()
        np.testing.assert_array_equal(np.abs((A * B).sum(axis=1)), np.abs((A * A).sum(axis=1)))


def test_the_fixed_point_loop_stops_at_its_limit_by_a_callback_and_at_nonsense():
    def halve(x):
        return x / 2, x / 2

    outcome = iterate(halve, 1.0, max_iter=3, tol=1e-9)
    assert (outcome.state, outcome.converged) == (0.125, False)
    assert "Maximum iterations (3)" in outcome.progress.stop_reason
    outcome = iterate(halve, 1.0, max_iter=30, tol=0.0, callbacks=(lambda n, x, m: n == 2,))
    assert outcome.progress.n_iter == 2 and "callback" in outcome.progress.stop_reason
    assert outcome.progress.history["change"] == [0.5, 0.25]
    with pytest.raises(ValueError, match="epoch 1"):
        iterate(lambda x: (x, float("nan")), 1.0, max_iter=3, tol=0.1)


def test_wrong_rows_and_parameters_get_one_clear_message(rng):
    X = rng.standard_normal((9, 5))
    for solver in ("lanczos", "gradient"):
        with pytest.raises(ValueError, match="must be between 1 and min"):
            PCA(6, svd_solver=solver).fit(X)
        with pytest.raises(ValueError, match="minimum of 2 is required"):
            PCA(1, svd_solver=solver).fit(X[:1])
        constant = PCA(2, svd_solver=solver).fit(np.ones((7, 4)))
        np.testing.assert_allclose(constant.explained_variance_, 0, atol=1e-12)
    with pytest.raises(ValueError, match="no block of rows"):
        PCA(1).fit(Stream(X[:0]))
    with pytest.raises(ValueError, match="NaN"):
        PCA(1).fit(Stream(np.full((4, 2), np.nan)))
    with pytest.raises(ValueError, match="is expecting 5 features"):
        PCA(1).fit(type("Uneven", (), {"batches": lambda self: iter((X, X[:, :3]))})())
    with pytest.raises(ValueError, match="learning_rate"):
        PCA(1, learning_rate=0.0).fit(X)


def test_the_error_over_the_size_of_the_code_is_what_is_left_of_the_variance(rng):
    X = rows_of(rng, 200, 12, "flat")
    models = [PCA(k).fit(X) for k in (8, 2, 5)]
    full = PCA().fit(X)
    left = full.singular_values_[::-1] ** 2
    expected = [left[: 12 - k].sum() / 200 for k in (2, 5, 8)]
    ax = plot_dimensions(
        {"of $X": models}, X, explained_variance_ratio=full.explained_variance_ratio_
    )
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [2, 5, 8]
    np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-8)
    assert reconstruction_error(models[1], X) == pytest.approx(expected[0])
    share = ax.figure.axes[1].lines[0].get_ydata()
    np.testing.assert_allclose(share, np.cumsum(full.explained_variance_ratio_))
    ax.figure.canvas.draw()
    with pytest.raises(ValueError, match="at least one"):
        plot_dimensions([], X)


def test_saved_and_loaded(rng, tmp_path):
    X = rows_of(rng, 60, 20, "flat")
    for model in (PCA(3).partial_fit(X), PCA(3, svd_solver="lanczos", random_state=0).fit(X)):
        deepen.save(model, tmp_path / "pca.deepen")
        again = deepen.load(tmp_path / "pca.deepen")
        np.testing.assert_array_equal(again.transform(X), model.transform(X))


def in_new_process(script, *arguments):
    """Output of a script in a Python of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "DEEPEN_"))}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    environment["OPENBLAS_NUM_THREADS"] = "1"
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_no_solver_loads_jax_but_the_gradient():
    out = in_new_process("""
        import sys, numpy as np
        from scipy import sparse
        from deepen.decomposition import PCA
        X = np.random.RandomState(0).standard_normal((60, 20))
        for rows in (X, sparse.csr_array(X)):
            for solver in ("auto", "lanczos"):
                PCA(2, svd_solver=solver).fit(rows)
        print("jax" in sys.modules)
    """)
    assert out.strip() == "False"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them")
@pytest.mark.parametrize("solver", ["auto", "lanczos"])
def test_a_memory_map_several_times_larger_than_the_memory_allowed(rng, tmp_path: Path, solver):
    n, d, k = 100_000, 800, 3
    axes = np.linalg.qr(rng.standard_normal((d, k)))[0].astype(np.float32)
    mean = rng.standard_normal(d).astype(np.float32) * 3
    path = tmp_path / "rows.npy"
    mapped = np.lib.format.open_memmap(path, "w+", np.float32, (n, d))
    for start_ in range(0, n, 10_000):
        codes = rng.standard_normal((10_000, k)) * [9, 6, 4]
        noise = rng.standard_normal((10_000, d))
        mapped[start_ : start_ + 10_000] = codes @ axes.T + mean + noise
    mapped.flush()
    out = in_new_process(
        """
        import resource, sys
        import numpy as np
        from deepen.decomposition import PCA
        import scipy.linalg, sklearn.utils
        now = int([l for l in open("/proc/self/status") if l.startswith("VmData")][0].split()[1]) << 10
        resource.setrlimit(resource.RLIMIT_DATA, (now + (100 << 20),) * 2)  # 100 MB, the file has 320
        try:
            np.ones(1 << 26)
            raise SystemExit("no limit")
        except MemoryError:
            pass
        X = np.load(sys.argv[1], mmap_mode="r")
        pca = PCA(3, svd_solver=sys.argv[2], tol=1e-6, random_state=0).fit(X)
        np.savez(sys.argv[1] + ".npz", V=pca.components_, m=pca.mean_, l=pca.explained_variance_)
        """,
        path,
        solver,
    )
    assert out == ""
    with np.load(f"{path}.npz") as found:
        assert np.abs(found["V"] @ axes).max(axis=1).min() > 0.999
        np.testing.assert_allclose(found["m"], mean, atol=0.2)
        np.testing.assert_allclose(found["l"], [82, 37, 17], rtol=0.03)


def test_an_iterator_that_is_spent_is_no_stream(rng):
    X = rng.standard_normal((300, 5))

    class Once:
        def __init__(self):
            self.blocks = iter(np.split(X, 3))

        def batches(self):
            return self.blocks

    with pytest.raises(ValueError, match="must start a new pass"):
        PCA(2).fit(Once())


def test_rows_that_were_refused_do_not_count(rng):
    X = rng.standard_normal((60, 6))
    pca = PCA("mle")
    with pytest.raises(ValueError, match="n_samples >= n_features"):
        pca.partial_fit(X[:5])
    assert pca.partial_fit(X[5:]).n_samples_ == 55
    np.testing.assert_allclose(pca.mean_, X[5:].mean(axis=0))

"""PCA by kind of rows: which solver they get, and that every method takes them, never dense as a whole."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn import decomposition
from sklearn.exceptions import ConvergenceWarning

from deepen.decomposition import PCA
from deepen.decomposition._choice import solver_for


class Stream:
    """Rows in blocks of 41, as often as they are asked for."""

    def __init__(self, X):
        self.X = X

    def batches(self):
        return (self.X[start : start + 41] for start in range(0, self.X.shape[0], 41))


def counts(rng, n_samples, n_features, density=0.1):
    generator = np.random.default_rng(rng.randint(1 << 30))
    X = sparse.random_array(
        (n_samples, n_features), density=density, random_state=generator, format="csr"
    )
    X.data[:] = generator.exponential(size=X.nnz)
    return X @ sparse.diags_array(np.linspace(3, 1, n_features))


@pytest.fixture
def kinds(rng, tmp_path):
    """The same rows as an array, sparse, streamed, and mapped."""
    X = counts(rng, 300, 20, 0.3)
    np.save(tmp_path / "rows.npy", X.toarray())
    return X.toarray(), {
        "csr": X,
        "csc": X.tocsc(),
        "stream": Stream(X.toarray()),
        "sparse stream": Stream(X),
        "mapped": np.load(tmp_path / "rows.npy", mmap_mode="r"),
    }


def test_auto_goes_by_shape_and_density(rng):
    few, crowded = counts(rng, 2000, 100, 0.05), counts(rng, 500, 400, 0.5)
    wide = sparse.random_array((30, 5000), density=0.01, format="csr")
    assert solver_for("auto", few, 5) == "covariance_eigh"
    assert solver_for("auto", few.tocsc(), 5) == "covariance_eigh"
    assert solver_for("auto", crowded, 5) == solver_for("auto", wide, 5) == "lanczos"
    assert solver_for("auto", wide, 0.9) == "lanczos"
    for all_of_them in (None, "mle", 0.9, 300):
        assert solver_for("auto", crowded, all_of_them) == "covariance_eigh"
    tall, square = np.ones((1000, 50)), np.ones((300, 300))
    assert solver_for("auto", tall, 5) == "covariance_eigh"
    assert solver_for("auto", square, 5) == "dense"


@pytest.mark.parametrize("n_components", [4, 0.7, "mle", None])
def test_narrow_sparse_rows(rng, n_components):
    X = counts(rng, 400, 30)
    ours = PCA(n_components).fit(X)
    assert ours._fit_svd_solver == "covariance_eigh"
    k = 29 if n_components is None else n_components  # as scikit-learn's 'auto' for sparse rows
    theirs = decomposition.PCA(k, svd_solver="full").fit(X.toarray())
    assert ours.n_components_ == theirs.n_components_
    signs = np.sign((ours.components_ * theirs.components_).sum(axis=1))[:, None]
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-9)
    np.testing.assert_allclose(ours.components_[:4] * signs[:4], theirs.components_[:4], atol=1e-6)
    assert ours.noise_variance_ == pytest.approx(theirs.noise_variance_, rel=1e-8)


def test_minkas_choice_of_wide_sparse_rows_is_refused_in_words(rng):
    wide = sparse.random_array((40, 5000), density=0.01, format="csr")
    with pytest.raises(ValueError, match="Ask for a number or a share of the variance"):
        PCA("mle").fit(wide)
    with pytest.raises(ValueError, match="svd_solver='covariance_eigh', which needs a matrix"):
        PCA("mle", svd_solver="lanczos").fit(wide)


@pytest.mark.parametrize("solver", ["full", "arpack", "randomized"])
def test_dense_solvers_refuse_streams_in_words(rng, solver):
    stream = Stream(rng.standard_normal((90, 4)))
    for method in ("fit", "fit_transform"):
        with pytest.raises(ValueError, match="hands them out in blocks; use 'auto', 'cov"):
            getattr(PCA(2, svd_solver=solver), method)(stream)


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("k", [5, 20])
def test_codes_and_likelihoods_of_every_kind_of_rows(kinds, k, whiten):
    X, others = kinds
    ours = PCA(k, svd_solver="covariance_eigh", whiten=whiten).fit(X)
    theirs = decomposition.PCA(k, svd_solver="covariance_eigh", whiten=whiten).fit(X)
    expected = theirs.score_samples(X)
    np.testing.assert_allclose(ours.score_samples(X), expected, rtol=1e-6)
    for rows in others.values():
        np.testing.assert_allclose(ours.score_samples(rows), expected, rtol=1e-6)
        assert ours.score(rows) == pytest.approx(expected.mean(), rel=1e-6)
        np.testing.assert_allclose(ours.transform(rows), theirs.transform(X), atol=1e-8)
    again = PCA(k, svd_solver="covariance_eigh", whiten=whiten)
    np.testing.assert_allclose(again.fit_transform(others["stream"]), ours.transform(X), atol=1e-8)


def test_rows_without_a_density_say_so(rng):
    X = counts(rng, 12, 40)
    pca = PCA(svd_solver="covariance_eigh").fit(X)
    with pytest.raises(ValueError, match="fewer n_components"):
        pca.score(X)


def test_rows_that_do_not_fit_are_refused(rng):
    pca = PCA(2).fit(rng.standard_normal((50, 4)))
    with pytest.raises(ValueError, match="expecting 4 features"):
        pca.transform(Stream(np.ones((9, 3))))
    assert pca.n_features_in_ == 4
    with pytest.raises(ValueError, match="no block of rows"):
        pca.transform(Stream(np.ones((0, 4))))


def test_codes_keep_their_digits_beside_a_large_mean(rng):
    X = (rng.standard_normal((200, 8)) + 1e5).astype(np.float32)
    pca = PCA(3).fit(X)
    exact = (X - X.mean(axis=0, dtype=np.float64)) @ pca.components_.T.astype(np.float64)
    # The mean itself is kept in float32: half a unit of its last place, .004, in each of 8 columns.
    np.testing.assert_allclose(pca.transform(X), exact, atol=0.03)


def test_an_ascent_that_only_rounding_stops_has_converged(rng):
    X = rng.standard_normal((120, 60)).astype(np.float32) * np.linspace(3, 1, 60, dtype=np.float32)
    pca = PCA(3, svd_solver="gradient", tol=1e-12, random_state=rng).fit(X)
    assert pca.n_iter_ < 600
    theirs = decomposition.PCA(3, svd_solver="full").fit(X.astype(np.float64))
    cosines = np.abs((pca.components_ * theirs.components_).sum(axis=1))
    assert cosines.min() > 1 - 1e-6
    with pytest.warns(ConvergenceWarning, match="did not converge in 3 iterations"):
        PCA(3, svd_solver="gradient", max_iter=3, random_state=rng).fit(X)


@pytest.mark.parametrize("tol", [0.0, 1e-6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_vector_of_a_repeated_eigenvalue_is_found(dtype, tol, rng):
    part = rng.standard_normal((20, 30)) * np.geomspace(3, 0.3, 30)
    X = sparse.kron(sparse.eye_array(4), part, format="csr").astype(dtype)
    expected = np.repeat(np.linalg.svd(part - part.mean(axis=0) / 4, compute_uv=False), 4)
    truth = np.linalg.svd(X.toarray() - X.toarray().mean(axis=0), compute_uv=False)
    assert abs(expected[0] / truth[0] - 1) < 0.1  # the copies are there, three of them exactly
    for k in (3, 6):
        pca = PCA(k, svd_solver="lanczos", tol=tol, random_state=rng).fit(X)
        np.testing.assert_allclose(pca.singular_values_, truth[:k], rtol=1e-4)


def test_few_sparse_rows_of_many_columns_are_never_made_dense():
    X = sparse.random_array((40, 500_000), density=1e-4, random_state=0, format="csr")
    tracemalloc.start()
    PCA(2).fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.6 * 40 * 500_000 * 8

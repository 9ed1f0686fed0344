"""t-SNE: its divergence by the definition, neighbours kept as well as scikit-learn keeps them, new rows."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import entr
from sklearn import manifold
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils._testing import assert_allclose

import deepen
from deepen.manifold import TSNE, _embedding
from deepen.manifold._known_rows import known_rows

N_ROWS, N_NEIGHBORS = 500, 10


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))[: N_ROWS + 150]
    return (X[rows] / 16).astype(np.float32), y[rows]


@pytest.fixture(scope="module")
def fitted(digits):
    """One fit, looked at by several tests."""
    return TSNE(random_state=0).fit(digits[0][:N_ROWS])


def tsne(**params):
    return TSNE(**{"perplexity": 5.0, "max_iter": 250, "random_state": 0, **params})


def joint_probabilities(X, perplexity):
    """p_ij by the definition: each row's width by bisection on its entropy."""
    squares = pairwise_distances(X.astype(np.float64)) ** 2
    conditional = np.zeros_like(squares)
    for i in range(len(X)):
        others = np.arange(len(X)) != i
        low, high = 1e-10, 1e10  # of 1 / 2 s²
        for _ in range(200):
            precision = np.sqrt(low * high)
            p = np.exp(-precision * (squares[i, others] - squares[i, others].min()))
            p /= p.sum()
            low, high = (
                (precision, high) if entr(p).sum() > np.log(perplexity) else (low, precision)
            )
        conditional[i, others] = p
    return (conditional + conditional.T) / (2 * len(X))


def test_the_divergence_is_that_of_the_definition(rng):
    n, perplexity = 40, 13.0  # 3 * 13 neighbours are all others
    X = rng.standard_normal((n, 5))
    model = TSNE(perplexity=perplexity, angle=0.0, random_state=rng.randint(1000)).fit(X)
    P = joint_probabilities(X, perplexity)
    q = 1 / (1 + pairwise_distances(model.embedding_) ** 2)
    np.fill_diagonal(q, 0)
    q /= q.sum()
    pairs = ~np.eye(n, dtype=bool)
    truth = np.sum(P[pairs] * np.log(P[pairs] / q[pairs]))
    assert model.kl_divergence_ == pytest.approx(truth, abs=1e-4)
    at_one_point = np.sum(P[pairs] * np.log(P[pairs] * n * (n - 1)))
    assert truth < 0.8 * at_one_point


def test_neighbours_are_kept_as_well_as_by_scikit_learn(digits, fitted, seed):
    X = digits[0][:N_ROWS]
    theirs = manifold.TSNE(random_state=seed).fit_transform(X)
    ours = [fitted.embedding_, TSNE(random_state=seed, method="fft", max_iter=500).fit_transform(X)]
    for embedding in ours:
        kept, peers = (trustworthiness(X, e, n_neighbors=N_NEIGHBORS) for e in (embedding, theirs))
        assert kept > peers - 0.01


@pytest.mark.parametrize("n", [30, 60, 120])
def test_few_rows_are_not_thrown_apart(digits, n, seed):
    X = digits[0][np.random.default_rng(seed).choice(N_ROWS, n, replace=False)]
    models = [
        module.TSNE(perplexity=n / 4, random_state=seed) for module in (deepen.manifold, manifold)
    ]
    kept, peers = (trustworthiness(X, m.fit_transform(X), n_neighbors=5) for m in models)
    assert kept > peers - 0.04  # of few rows a single one counts


def test_new_rows_come_to_their_own_class(digits, fitted):
    X, y = digits
    truth = KNeighborsClassifier(5).fit(X[:N_ROWS], y[:N_ROWS]).score(X[N_ROWS:], y[N_ROWS:])
    in_picture = KNeighborsClassifier(5).fit(fitted.embedding_, y[:N_ROWS])
    places = fitted.transform(X[N_ROWS:])
    assert in_picture.score(places, y[N_ROWS:]) > truth - 0.06
    assert places.dtype == np.float32


@pytest.mark.parametrize("method", ["barnes_hut", "fft"])
def test_new_rows_are_placed_one_by_one(digits, fitted, monkeypatch, method):
    if method == "fft":
        monkeypatch.setattr(_embedding, "MANY_ROWS", N_ROWS - 1)
    new = digits[0][N_ROWS : N_ROWS + 40]
    places = fitted.transform(new)
    for rows in (slice(0, 7), slice(7, 40)):
        assert_allclose(fitted.transform(new[rows]), places[rows], rtol=1e-4, atol=1e-4)
    y = digits[1]
    in_picture = KNeighborsClassifier(5).fit(fitted.embedding_, y[:N_ROWS])
    assert in_picture.score(places, y[N_ROWS : N_ROWS + 40]) > 0.7


def test_rows_of_the_fit_keep_their_place(digits, fitted):
    X = digits[0]
    np.testing.assert_array_equal(fitted.transform(X[:N_ROWS]), fitted.embedding_)
    mixed = fitted.transform(X[[3, N_ROWS + 1, 7]])
    np.testing.assert_array_equal(mixed[[0, 2]], fitted.embedding_[[3, 7]])
    np.testing.assert_array_equal(fitted.transform(X[:9].astype(float)), fitted.embedding_[:9])


@pytest.mark.parametrize("as_type", [np.asarray, csr_matrix])
def test_equal_rows(rng, as_type):
    X = np.repeat(rng.standard_normal((20, 4)) * (rng.random_sample((20, 4)) > 0.3), 3, axis=0)
    X[X == 0] *= -1  # a negative zero is a zero
    model = tsne().fit(as_type(X))
    assert np.isfinite(model.embedding_).all()
    np.testing.assert_array_equal(model.transform(as_type(abs(X) * np.sign(X))), model.embedding_)
    np.testing.assert_array_equal(known_rows([b"a"], [b"b", b"a", b"a"]), [-1, 0, 0])


@pytest.mark.parametrize("method", ["barnes_hut", "fft"])
@pytest.mark.parametrize("init", ["pca", "random", np.zeros((30, 2))])
def test_rows_that_are_all_equal(method, init):
    model = tsne(method=method, init=init).fit(np.ones((30, 3)))
    assert np.isfinite(model.embedding_).all()


def test_same_seed_same_result(digits, seed):
    X = digits[0][:200]
    for method in ("barnes_hut", "fft"):
        models = [tsne(random_state=seed, method=method).fit(X) for _ in range(2)]
        np.testing.assert_array_equal(models[0].embedding_, models[1].embedding_)
        assert models[0].kl_divergence_ == models[1].kl_divergence_
        new = [model.transform(digits[0][N_ROWS:]) for model in models]
        np.testing.assert_array_equal(*new)


def test_the_learning_rate_is_in_scikit_learns_scale(digits):
    X = digits[0][:120]
    # Without exaggeration 'auto' is a fourth of the rows all along.
    models = [tsne(early_exaggeration=1.0, learning_rate=rate).fit(X) for rate in ("auto", 30.0)]
    np.testing.assert_array_equal(models[0].embedding_, models[1].embedding_)
    assert models[0].learning_rate_ == models[1].learning_rate_ == 30.0


def test_pickled_and_saved(digits, fitted, tmp_path):
    new = digits[0][N_ROWS : N_ROWS + 20]
    deepen.save(fitted, tmp_path / "tsne.deepen")
    for copy in (pickle.loads(pickle.dumps(fitted)), deepen.load(tmp_path / "tsne.deepen")):
        assert_allclose(copy.transform(new), fitted.transform(new))
        np.testing.assert_array_equal(copy.transform(digits[0][:5]), fitted.embedding_[:5])


def test_sparse_rows_and_distances_are_the_same_rows(digits):
    X, new = digits[0][:120].astype(float), digits[0][N_ROWS : N_ROWS + 10].astype(float)
    dense, sparse, distances = (tsne(init="random", metric=m) for m in ("l2", "l2", "precomputed"))
    dense.fit(X)
    sparse.fit(csr_matrix(X))
    distances.fit(pairwise_distances(X))
    others = [sparse.transform(csr_matrix(new)), distances.transform(pairwise_distances(new, X))]
    for model, places in zip((sparse, distances), others, strict=True):
        # Distances differ in the last bits, and descent spreads that.
        assert model.kl_divergence_ == pytest.approx(dense.kl_divergence_, rel=0.2)
        kept = trustworthiness(X, model.embedding_, n_neighbors=5)
        assert kept > trustworthiness(X, dense.embedding_, n_neighbors=5) - 0.03
        assert np.isfinite(places).all() and places.shape == (10, 2)


@pytest.mark.parametrize("n_features", [1, 2, 3, 400])
def test_sparse_rows_start_from_their_own_components(digits, n_features):
    X = digits[0][:60].astype(float)
    X = np.tile(X, (1, 7))[:, :n_features] if n_features > 64 else X[:, 10 : 10 + n_features]
    random_state = [np.random.RandomState(0) for _ in range(2)]
    first = [
        _embedding.start(A, "pca", 2, r)
        for A, r in zip((X, csr_matrix(X)), random_state, strict=True)
    ]
    signs = np.sign((first[0] * first[1]).sum(axis=0))
    assert_allclose(first[1] * signs, first[0], atol=4e-6)  # a few of the jitter's deviations
    assert np.isfinite(tsne().fit(csr_matrix(X)).embedding_).all()


def test_types_follow_the_rows(digits):
    for dtype in (np.float32, np.float64):
        model = tsne().fit(digits[0][:60].astype(dtype))
        assert model.embedding_.dtype == dtype
        assert model.transform(digits[0][N_ROWS:].astype(dtype)).dtype == dtype


def test_an_approximate_search_where_an_exact_one_takes_too_long(digits, monkeypatch):
    X = digits[0][:N_ROWS]
    exact = _embedding.neighbors(X, 15, "euclidean", None, None, 0)
    monkeypatch.setattr(_embedding, "EXACT_SEARCH", 0)
    for metric in ("euclidean", "manhattan", "cosine"):
        found = _embedding.neighbors(X, 15, metric, None, None, 0)
        assert np.all(found[1] != np.arange(N_ROWS)[:, None])
        if metric == "euclidean":
            same = [len(np.intersect1d(*pair)) for pair in zip(found[1], exact[1], strict=True)]
            assert np.mean(same) > 0.95 * 15
            assert_allclose(np.median(found[0]), np.median(exact[0]), rtol=0.01)
    again = _embedding.neighbors(X, 15, "cosine", None, None, 0)
    np.testing.assert_array_equal(found[1], again[1])


def test_callbacks_are_told_and_can_stop(digits, capsys):
    events = []
    model = tsne(max_iter=300, callbacks=[events.append], verbose=1).fit(digits[0][:60])
    assert [event.iteration for event in events] == list(range(10, 301, 10))
    assert {event.max_iter for event in events} == {300} and model.n_iter_ == 300
    assert events[-1].kl_divergence < events[5].kl_divergence
    assert events[-1].kl_divergence == pytest.approx(model.kl_divergence_, rel=0.1)
    assert capsys.readouterr().out.count("[t-SNE] Iteration") == 6
    for stop in (30, 270):
        model = tsne(max_iter=300, callbacks=[lambda e, stop=stop: e.iteration >= stop])
        assert model.fit(digits[0][:60]).n_iter_ == stop


def test_the_descent_ends_where_nothing_moves(digits):
    X = digits[0][:60]
    assert tsne(max_iter=5000, n_iter_without_progress=30).fit(X).n_iter_ < 5000
    assert tsne(max_iter=500, min_grad_norm=1e3).fit(X).n_iter_ < 300


@pytest.mark.parametrize(
    ("params", "shape"),
    [({"n_components": 3}, 3), ({"method": "exact"}, 2), ({"n_components": 1}, 1)],
)
def test_other_numbers_of_columns_and_the_exact_method(digits, params, shape):
    X, y = digits[0][:150], digits[1]
    model = tsne(max_iter=400, **params).fit(X)
    assert model.embedding_.shape == (150, shape) and model.n_iter_ <= 400
    assert list(model.get_feature_names_out()) == [f"tsne{i}" for i in range(shape)]
    places = model.transform(digits[0][N_ROWS:])
    in_picture = KNeighborsClassifier(5).fit(model.embedding_, y[:150])
    assert in_picture.score(places, y[N_ROWS:]) > 0.55


def test_more_columns_than_a_tree_bears(digits):
    model = tsne(n_components=4, init="random").fit(digits[0][:40])
    assert model.embedding_.shape == (40, 4)
    with pytest.raises(ValueError, match="at most 3 columns, got n_components=4"):
        model.transform(digits[0][N_ROWS:])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"perplexity": 60.0}, r"perplexity \(60.0\) must be less than n_samples \(60\)"),
        ({"init": np.zeros((3, 2))}, r"init must have shape \(60, 2\), got \(3, 2\)"),
        ({"metric": "precomputed"}, 'init="pca" cannot be used with metric="precomputed"'),
        ({"metric": "precomputed", "init": "random"}, "X should be a square distance matrix"),
        ({"method": "fft", "n_components": 3}, "n_components must be at most 2 with method='fft'"),
        ({"method": "exact", "callbacks": [print]}, "callbacks are not called with method='exact'"),
    ],
)
def test_wrong_parameters_are_named(digits, params, message):
    with pytest.raises(ValueError, match=message):
        tsne(**params).fit(digits[0][:60])


def test_one_column_has_no_second_component(rng):
    embedding = tsne().fit_transform(rng.standard_normal((40, 1)))
    assert embedding.shape == (40, 2) and np.isfinite(embedding).all()


def test_importing_loads_neither_compiler_nor_opentsne():
    code = "import sys; from deepen.manifold import TSNE; TSNE()\n"
    code += "print([m for m in ('jax', 'openTSNE', 'matplotlib') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_an_approximate_search_measures_as_an_exact_one_does(metric, digits, monkeypatch):
    X = digits[0][:200] + 1
    exact, _ = _embedding.neighbors(X, 10, metric, None, None, 0)
    monkeypatch.setattr(_embedding, "EXACT_SEARCH", 0)
    found, _ = _embedding.neighbors(X, 10, metric, None, None, 0)
    assert_allclose(np.median(found), np.median(exact), rtol=0.05)

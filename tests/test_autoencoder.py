"""Autoencoders: principal components, gradients, corruption, contraction, sparsity, manners."""

from __future__ import annotations

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import deepen
from deepen.engine import SGD
from deepen.engine.devices import computing, traced_numbers
from deepen.functions.activations import ACTIVATIONS
from deepen.layers.autoencoder_cost import (
    AutoencoderCost,
    bernoulli_divergence,
    squared_jacobian,
    unrolled,
)
from deepen.layers.corruption import CORRUPTIONS
from deepen.layers.feed_forward import Params, hidden
from deepen.linear_model import LogisticRegression
from deepen.neural_network import Autoencoder
from engine_problems import central_differences, random_network

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def rows(rng, n_rows=60, n_features=6, rank=3):
    """Rows in [0, 1] that lie near a plane of the given dimension."""
    X = rng.standard_normal((n_rows, rank)) @ rng.standard_normal((rank, n_features))
    X += 0.05 * rng.standard_normal(X.shape)
    return (X - X.min()) / (X.max() - X.min())


def tied_network(seed, sizes):
    """Params of the encoder's weights alone, with the biases of both halves."""
    encoder = random_network(seed, sizes)
    back = random_network(seed + 1, sizes[::-1])
    return Params(encoder.coefs, (*encoder.intercepts, *back.intercepts))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("sizes", [(3,), (5, 3)])
def test_a_linear_autoencoder_finds_the_principal_subspace(tied, sizes, rng):
    spread = np.diag([3.0, 2.5, 2.0, 0.8, 0.5, 0.3, 0.2])
    rotation = np.linalg.qr(rng.standard_normal((7, 7)))[0]
    X = rng.standard_normal((100, 7)) @ spread @ rotation
    X -= X.mean(axis=0)
    pca = PCA(3).fit(X)
    best = np.square(X - pca.inverse_transform(pca.transform(X))).sum(axis=1).mean()
    model = Autoencoder(
        sizes, "identity", tied=tied, solver="lbfgs", alpha=0.0, max_iter=3000, tol=1e-7
    )
    model.set_params(random_state=rng.randint(1000)).fit(X)
    assert -model.score(X) == pytest.approx(best, rel=1e-3)
    decoder = np.linalg.multi_dot(model.coefs_[len(sizes) :]) if len(sizes) > 1 else model.coefs_[1]
    angle = np.degrees(subspace_angles(decoder.T, pca.components_.T)).max()
    assert angle < 1


TERMS = [
    {},
    {"loss": "cross_entropy", "output_activation": "logistic"},
    {"output_activation": "tanh"},
    {"contraction": 0.3},
    {"sparsity": 0.4, "target": 0.1},
    {"corruption": "masking", "level": 0.3},
    {"corruption": "gaussian", "level": 0.2},
    {"corruption": "salt_and_pepper", "level": 0.3, "extremes": (0.0, 1.0)},
    {"sparsity": 0.4, "target": 0.1, "contraction": 0.3, "corruption": "masking", "level": 0.1},
]


@pytest.mark.parametrize("terms", TERMS, ids=lambda t: "+".join(t) or "plain")
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    "activations",
    [("logistic",), ("softplus", "tanh", "softplus")],
    ids=["one layer", "two layers"],
)
def test_the_gradient_of_every_term_equals_central_differences(terms, tied, activations, rng):
    x = rows(rng, 7, 4)
    weights = rng.uniform(0.1, 2, len(x))
    sizes = [4, 3] if len(activations) == 1 else [4, 5, 3]
    seed = rng.randint(1000)
    free = random_network(seed, [*sizes, *sizes[-2::-1]])
    params = tied_network(seed, sizes) if tied else free
    settings = {"loss": "squared_error", "output_activation": "identity"} | terms
    cost = traced_numbers(AutoencoderCost(activations=activations, **settings), np.float64)
    key = jax.random.key(seed)
    leaves, structure = jax.tree.flatten(params)
    with computing(np.float64):
        x, weights, cost = jax.tree.map(jnp.asarray, (x, weights, cost))

        @jax.jit
        def value(leaves):
            return cost(jax.tree.unflatten(structure, leaves), (x, None), weights, None, key)[0]

        found = jax.grad(value)(leaves)
        for i, leaf in enumerate(leaves):

            def of_one(one, i=i):
                return value([*leaves[:i], one, *leaves[i + 1 :]])

            expected = central_differences(of_one, leaf)
            np.testing.assert_allclose(found[i], expected, rtol=1e-5, atol=2e-7)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_contractive_term_is_the_norm_of_the_jacobian(depth, rng):
    names = tuple(rng.choice(["logistic", "tanh", "softplus", "identity"], depth))
    network = random_network(rng.randint(1000), [6, 5, 4, 3][: depth + 1])
    x = rng.standard_normal((8, 6))
    with computing(np.float64):
        found = squared_jacobian(Params(*map(tuple, network)), jnp.asarray(x), names)
        jacobian = jax.vmap(jax.jacfwd(lambda row: hidden(network, row, names, depth)))(x)
        np.testing.assert_allclose(found, np.square(jacobian).sum(axis=(1, 2)), rtol=1e-10)


def test_the_cross_entropy_is_that_of_the_formula(rng):
    X = rows(rng).clip(0.01, 0.99)
    model = Autoencoder((3,), "tanh", loss="cross_entropy", alpha=0.0, solver=SGD(1e-12))
    model.set_params(batch_size="full", max_iter=1).fit(X)
    r = model.reconstruct(X)
    expected = -(X * np.log(r) + (1 - X) * np.log(1 - r)).sum(axis=1).mean()
    assert model.loss_ == pytest.approx(expected, rel=1e-9)


def test_the_squared_error_is_that_of_the_formula_with_any_output(rng):
    X = rows(rng)
    for output in ("auto", "logistic", "relu"):
        model = Autoencoder((3,), "tanh", output_activation=output, alpha=0.0, solver=SGD(1e-12))
        model.set_params(batch_size="full", max_iter=1).fit(X)
        h = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
        g = ACTIVATIONS["identity" if output == "auto" else output]
        r = g(h @ model.coefs_[1] + model.intercepts_[1])
        np.testing.assert_allclose(model.reconstruct(X), r, rtol=1e-12)
        assert model.loss_ == pytest.approx(0.5 * np.square(X - r).sum(axis=1).mean(), rel=1e-9)


def test_the_sparsity_term_is_the_divergence_of_the_mean_activations(rng):
    X = rows(rng)
    weights = rng.uniform(0.5, 2, len(X))
    common = {"solver": SGD(1e-12), "batch_size": "full", "max_iter": 1, "random_state": 0}
    for name in ("logistic", "relu"):
        plain = Autoencoder((4,), name, alpha=0.0, **common).fit(X, sample_weight=weights)
        sparser = Autoencoder((4,), name, alpha=0.0, sparsity=0.7, sparsity_target=0.1, **common)
        sparser.fit(X, sample_weight=weights)
        m, rho = np.average(plain.transform(X), axis=0, weights=weights), 0.1
        expected = 0.5 * (m - rho) ** 2
        if name == "logistic":
            expected = rho * np.log(rho / m) + (1 - rho) * np.log((1 - rho) / (1 - m))
        assert sparser.loss_ - plain.loss_ == pytest.approx(0.7 * expected.sum(), rel=1e-6)
    assert float(bernoulli_divergence(jnp.float32(0.3), jnp.float32([0.3]))[0]) == pytest.approx(0)


@pytest.mark.parametrize(("name", "level"), [("masking", 0.3), ("salt_and_pepper", 0.2)])
def test_the_stated_share_of_values_is_corrupted(name, level, seed):
    x = jnp.full((400, 500), 0.5, jnp.float32)
    ends = (jnp.float32(-1), jnp.float32(2))
    seen = np.asarray(CORRUPTIONS[name](x, jnp.float32(level), ends, jax.random.key(seed)))
    error = 6 * np.sqrt(level * (1 - level) / x.size)
    assert np.mean(seen != 0.5) == pytest.approx(level, abs=error)
    changed = seen[seen != 0.5]
    if name == "masking":
        assert not changed.any()
    else:
        assert set(np.unique(changed)) == {-1, 2}
        assert np.mean(changed == 2) == pytest.approx(0.5, abs=6 * 0.5 / np.sqrt(changed.size))


def test_gaussian_corruption_has_the_stated_deviation(seed):
    x = jnp.ones((400, 500), jnp.float32)
    noise = CORRUPTIONS["gaussian"](x, jnp.float32(0.3), None, jax.random.key(seed)) - x
    assert float(noise.std()) == pytest.approx(0.3, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=6 * 0.3 / np.sqrt(x.size))


@pytest.mark.parametrize("corruption", list(CORRUPTIONS))
def test_corruption_acts_in_training_alone(corruption, rng):
    X = rows(rng)
    common = {"activation": "tanh", "max_iter": 3, "random_state": 0}
    noisy = Autoencoder((3,), corruption=corruption, **common).fit(X)
    again = Autoencoder((3,), corruption=corruption, **common).fit(X)
    clean = Autoencoder((3,), **common).fit(X)
    np.testing.assert_array_equal(noisy.coefs_[0], again.coefs_[0])
    assert np.abs(noisy.coefs_[0] - clean.coefs_[0]).max() > 1e-6
    np.testing.assert_array_equal(noisy.transform(X), noisy.transform(X))
    assert noisy.score(X) == -np.square(X - noisy.reconstruct(X)).sum(axis=1).mean()
    with pytest.raises(ValueError, match="stochastic solver"):
        noisy.set_params(solver="lbfgs").fit(X)


def test_a_denoising_autoencoder_repairs_corrupted_rows(rng):
    X = (load_digits().data[:1000] / 16).astype(np.float32)
    common = {"tied": True, "loss": "cross_entropy", "learning_rate_init": 0.01, "max_iter": 20}
    common |= {"batch_size": 50, "random_state": rng.randint(1000)}
    plain = Autoencoder((128,), "logistic", **common).fit(X)
    trained = Autoencoder((128,), "logistic", corruption="masking", **common).fit(X)
    masked = np.where(rng.uniform(size=X.shape) < 0.3, np.float32(0), X)
    errors = [np.square(X - m.reconstruct(masked)).sum(axis=1).mean() for m in (plain, trained)]
    assert errors[1] < 0.75 * errors[0]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_tied_weights_are_one_array(solver, rng):
    X = rows(rng)
    model = Autoencoder((5, 2), "tanh", tied=True, solver=solver, l1=0.1, max_iter=15)
    for part in (model.fit(X), model.fit(X) if solver == "lbfgs" else model.partial_fit(X)):
        assert [W.shape for W in part.coefs_] == [(6, 5), (5, 2), (2, 5), (5, 6)]
        np.testing.assert_array_equal(part.coefs_[3], part.coefs_[0].T)
        np.testing.assert_array_equal(part.coefs_[2], part.coefs_[1].T)
    again = pickle.loads(pickle.dumps(model))
    if solver == "adam":
        again.partial_fit(X)
        np.testing.assert_array_equal(again.coefs_[3], again.coefs_[0].T)


def test_tied_weights_take_the_gradients_of_both_places(rng):
    """One step on tied weights is the sum of the two halves' steps on free ones that start equal."""
    X, rate = rows(rng, 20, 4), 0.1
    tied = tied_network(3, [4, 3])
    free = unrolled(tied)
    cost = AutoencoderCost("squared_error", ("tanh",), "identity")
    with computing(np.float64):
        tied, free, X = jax.tree.map(jnp.asarray, (tied, free, X))

        def gradient(params):
            return jax.grad(lambda p: cost(p, (X, None), jnp.ones(20), None, None)[0])(params)

        of_free, of_tied = gradient(free), gradient(tied)
        both = of_free.coefs[0] + of_free.coefs[1].T
        np.testing.assert_allclose(rate * of_tied.coefs[0], rate * both, rtol=1e-9)


def test_fit_takes_no_notice_of_y(rng):
    X = rows(rng)
    model = Autoencoder((3,), "tanh", max_iter=4, random_state=0, corruption="masking")
    codes = model.fit(X).transform(X)
    np.testing.assert_array_equal(model.fit(X, X).transform(X), codes)
    np.testing.assert_array_equal(model.fit(X, np.arange(len(X))).transform(X), codes)
    np.testing.assert_array_equal(model.fit_transform(X, X), codes)


@pytest.mark.parametrize("early", [True, False])
def test_held_out_rows_are_judged_by_the_score(early, rng):
    X = rows(rng, 200)
    model = Autoencoder((4,), "tanh", learning_rate_init=0.05, max_iter=300, n_iter_no_change=3)
    if early:
        model.set_params(early_stopping=True, random_state=0).fit(X)
    else:
        model.fit(X[:150], X_val=X[150:])
        assert model.score(X[150:]) == pytest.approx(model.best_validation_score_, rel=1e-9)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert len(model.validation_scores_) == model.n_iter_ < 300
    as_sparse = Autoencoder(**model.get_params())
    if early:
        as_sparse.fit(sparse.csr_matrix(X))
    else:
        as_sparse.fit(sparse.csr_matrix(X[:150]), X_val=sparse.csr_matrix(X[150:]))
    assert as_sparse.validation_scores_[0] < 0


def test_sparse_rows_are_reconstructed_like_dense_ones(rng):
    X = rows(rng) * (rng.uniform(size=(60, 6)) < 0.5)
    dense = Autoencoder((3,), "tanh", max_iter=5, random_state=0).fit(X)
    thin = Autoencoder((3,), "tanh", max_iter=5, random_state=0).fit(sparse.csr_matrix(X))
    np.testing.assert_allclose(thin.coefs_[0], dense.coefs_[0], rtol=1e-9)
    assert thin.score(sparse.csr_matrix(X)) == pytest.approx(dense.score(X), rel=1e-9)


def test_weights_of_rows_count_like_rows(rng):
    X = rows(rng)
    weights = rng.randint(0, 3, len(X))
    common = {"activation": "tanh", "solver": "lbfgs", "max_iter": 20, "random_state": 0}
    weighted = Autoencoder((3,), **common).fit(X, sample_weight=weights)
    repeated = Autoencoder((3,), **common).fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(weighted.coefs_[0], repeated.coefs_[0], rtol=1e-4, atol=1e-6)
    found = weighted.score(X, sample_weight=weights)
    assert found == pytest.approx(weighted.score(np.repeat(X, weights, axis=0)), rel=1e-9)


def test_codes_go_back_through_the_decoder(rng):
    X = rows(rng).astype(np.float32)
    model = Autoencoder((5, 4, 2), ("relu", "tanh", "identity"), max_iter=2, random_state=0).fit(X)
    h, activations = X, ("relu", "tanh", "identity", "tanh", "relu", "identity")
    for layer, name in enumerate(activations):
        h = ACTIVATIONS[name](h @ model.coefs_[layer] + model.intercepts_[layer])
        if layer == 2:
            np.testing.assert_allclose(model.transform(X), h, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(X), h, rtol=1e-5, atol=1e-5)
    assert model.reconstruct(X).dtype == model.transform(X).dtype == np.float32
    assert model.get_feature_names_out().tolist() == ["autoencoder0", "autoencoder1"]
    with pytest.raises(ValueError, match="codes of 2 numbers a row"):
        model.inverse_transform(X)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "cross_entropy"}, r"needs values in \[0, 1\]"),
        ({"loss": "cross_entropy", "output_activation": "tanh"}, "logistic outputs"),
        ({"corruption": "masking", "corruption_level": 1.5}, "corruption_level must be in"),
        ({"sparsity": 1.0, "sparsity_target": 0.0, "activation": "logistic"}, "sparsity_target"),
        ({"hidden_layer_sizes": ()}, "the code"),
        ({"activation": ("tanh", "relu")}, "each of the 1 hidden layers"),
    ],
)
def test_what_has_no_meaning_is_refused(settings, message, rng):
    X = rows(rng) if settings.get("output_activation") else 3 * rows(rng) - 1
    with pytest.raises(ValueError, match=message):
        Autoencoder((3,)).set_params(**settings).fit(X)


def test_a_checkpoint_and_partial_fits_go_on(tmp_path, rng):
    X = rows(rng)
    common = {"activation": "tanh", "tied": True, "corruption": "gaussian", "random_state": 3}
    whole = Autoencoder((4, 2), max_iter=6, **common).fit(X)
    file = tmp_path / "run"
    Autoencoder((4, 2), max_iter=3, checkpoint=file, **common).fit(X)
    resumed = Autoencoder((4, 2), max_iter=6, checkpoint=file, **common).fit(X)
    for a, b in zip(whole.coefs_, resumed.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
    parts = Autoencoder((4,), "tanh", solver="sgd", batch_size="full", random_state=0)
    for _ in range(4):
        parts.partial_fit(X)
    once = Autoencoder((4,), "tanh", solver="sgd", batch_size="full", random_state=0, max_iter=4)
    np.testing.assert_allclose(parts.coefs_[0], once.fit(X).coefs_[0], rtol=1e-9)


def test_a_saved_autoencoder_reconstructs_alike_and_goes_on(tmp_path, rng):
    X = rows(rng)
    model = Autoencoder((4, 2), "tanh", corruption="salt_and_pepper", max_iter=3, random_state=0)
    deepen.save(model.fit(X), tmp_path / "model.deepen")
    loaded = deepen.load(tmp_path / "model.deepen")
    np.testing.assert_array_equal(loaded.reconstruct(X), model.reconstruct(X))
    assert loaded.get_params() == model.get_params()
    assert np.isfinite(loaded.partial_fit(X).loss_)


def test_in_a_pipeline_and_a_grid(rng):
    X, y = load_digits(return_X_y=True)
    rows_used = rng.permutation(len(X))[:400]
    X, y = X[rows_used] / 16, y[rows_used]
    coder = Autoencoder((32,), "tanh", learning_rate_init=0.01, max_iter=20, random_state=0)
    assert make_pipeline(coder, LogisticRegression()).fit(X, y).score(X, y) > 0.8
    grid = GridSearchCV(coder, {"hidden_layer_sizes": [(2,), (16,)]}, cv=2, error_score="raise")
    assert grid.fit(X).best_params_ == {"hidden_layer_sizes": (16,)}

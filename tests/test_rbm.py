"""Restricted Boltzmann machines as estimators: what they learn, keep, answer and refuse."""

import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn import neural_network
from sklearn.pipeline import make_pipeline

import deepen
from deepen.engine import LBFGS, Adam, Adaptive, Exponential, Step
from deepen.linear_model import LogisticRegression
from deepen.neural_network import BernoulliRBM, FreeEnergyGap, GaussianRBM
from engine_problems import environment
from test_compilation import EPOCHS, compilations
from test_energy import states

ALGORITHMS = ["pcd", "cd", "fpcd", "pt", "exact"]
PATTERNS = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 0]], float)


def patterns(seed, n_rows=200, noise=0.05, dtype=np.float64):
    """Rows of three patterns with a few bits flipped."""
    rng = np.random.RandomState(seed)
    X = PATTERNS[rng.randint(3, size=n_rows)]
    return np.abs(X - (rng.rand(*X.shape) < noise)).astype(dtype)


def independent_log_likelihood(X):
    p = np.clip(X.mean(axis=0), 1e-9, 1 - 1e-9)
    return float((X * np.log(p) + (1 - X) * np.log(1 - p)).sum(axis=1).mean())


def fitted(model):
    """Every fitted array of a machine and of its memory."""
    names = ("components_", "intercept_visible_", "intercept_hidden_", "h_samples_")
    return [getattr(model, name) for name in names]


def assert_same_bits(one, other):
    for a, b in zip(fitted(one), fitted(other), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("algorithm", "centered"), [*((name, True) for name in ALGORITHMS), ("pcd", False)]
)
def test_every_algorithm_learns_how_units_depend(algorithm, centered, seed):
    X = patterns(seed)
    model = BernoulliRBM(
        4, algorithm=algorithm, centered=centered, n_iter=60, n_steps=2, random_state=seed
    )
    likelihood = model.fit(X).log_likelihood(X)
    assert likelihood.mean() > independent_log_likelihood(X) + 0.5
    total = np.exp(model.log_likelihood(states(6))).sum()
    np.testing.assert_allclose(total, 1, rtol=1e-6)


def test_solvers_penalties_and_schedules_reach_the_engine(seed):
    X = patterns(seed)
    for options in (
        {"solver": "adam", "learning_rate": 0.01},
        {"solver": Adam(0.01)},
        {"solver": "nesterov", "momentum": 0.9, "learning_rate": 0.01},
        {"learning_rate": Step(0.1, every=20)},
        {"binarize": True},
        {"alpha": 1e-3},
    ):
        # one start in thirty runs off: then another one must not
        starts = (
            BernoulliRBM(4, n_iter=60, random_state=seed + k, **options).fit(X) for k in range(3)
        )
        gains = (model.log_likelihood(X).mean() - independent_log_likelihood(X) for model in starts)
        assert any(gain > 0.3 for gain in gains), options
    sparse_weights = BernoulliRBM(4, n_iter=30, l1=0.05, random_state=seed).fit(X).components_
    assert (sparse_weights == 0).any()
    bounded = BernoulliRBM(4, n_iter=30, max_norm=0.5, random_state=seed).fit(X).components_
    assert np.linalg.norm(bounded, axis=1).max() <= 0.5 + 1e-9
    rare = BernoulliRBM(
        4, n_iter=60, sparsity_target=0.1, sparsity_cost=2.0, random_state=seed
    ).fit(X)
    usual = BernoulliRBM(4, n_iter=60, random_state=seed).fit(X)
    assert rare.transform(X).mean() < 0.3
    assert rare.transform(X).mean() < usual.transform(X).mean()


def test_rate_of_a_schedule_changes_with_the_epochs(seed):
    model = BernoulliRBM(2, n_iter=5, learning_rate=Step(0.4, every=2), random_state=seed)
    rates = model.fit(patterns(seed)).history_["learning_rate"]
    np.testing.assert_allclose(rates, [0.4, 0.4, 0.2, 0.2, 0.1])


@pytest.mark.parametrize("algorithm", ["pcd", "cd"])
def test_the_number_of_chains_has_nothing_to_do_with_the_last_batch(algorithm, seed):
    X = patterns(seed, 25)
    for n_chains, wanted in ((None, 10), (7, 7)):
        model = BernoulliRBM(3, n_iter=2, n_chains=n_chains, algorithm=algorithm, random_state=0)
        chains = model.fit(X).h_samples_
        if algorithm in ("pcd", "fpcd"):
            assert chains.shape == (wanted, 3)
        else:
            assert chains is None
    few = BernoulliRBM(3, n_iter=2, batch_size=100, random_state=0).fit(X)
    assert few.h_samples_.shape == (100, 3)


def test_free_energy_and_features_are_scikit_learns(seed):
    X = patterns(seed)
    model = BernoulliRBM(4, random_state=seed).fit(X)
    theirs = neural_network.BernoulliRBM(4).fit(X)
    for name in ("components_", "intercept_visible_", "intercept_hidden_"):
        setattr(theirs, name, getattr(model, name))
    np.testing.assert_allclose(model.free_energy(X), theirs._free_energy(X))
    np.testing.assert_allclose(model.transform(X), theirs.transform(X))
    np.testing.assert_allclose(
        model.inverse_transform(model.transform(X)), model.reconstruct(X), rtol=0
    )


def test_scores_are_the_sum_over_all_units_of_their_conditional_probability(seed, monkeypatch):
    X = patterns(seed, 11)
    model = BernoulliRBM(4, n_iter=20, random_state=seed).fit(X)
    wanted = []
    for v in X:
        flipped = np.abs(v - np.eye(6))
        log_p, log_p_flipped = -model.free_energy(v[None]), -model.free_energy(flipped)
        wanted.append((log_p - np.logaddexp(log_p, log_p_flipped)).sum())
    np.testing.assert_allclose(model.score_samples(X), wanted, rtol=1e-9)
    monkeypatch.setattr("deepen.neural_network.rbm.CHUNK_VALUES", 50)
    monkeypatch.setattr("deepen.neural_network._rbm_inference.CHUNK_VALUES", 24)
    np.testing.assert_allclose(model.score_samples(X), wanted, rtol=1e-9)
    np.testing.assert_array_equal(model.score_samples(X), model.score_samples(X))
    np.testing.assert_allclose(model.score_samples(sparse.csr_matrix(X)), wanted, rtol=1e-9)


def test_sparse_rows_learn_as_dense_ones(seed):
    X = (np.random.RandomState(seed).rand(60, 3000) < 0.01).astype(np.float64)
    dense, spare = (
        BernoulliRBM(5, n_iter=3, random_state=seed).fit(rows) for rows in (X, sparse.csr_array(X))
    )
    assert_same_bits(dense, spare)
    np.testing.assert_array_equal(dense.transform(X), dense.transform(sparse.csr_matrix(X)))


@pytest.mark.parametrize("estimator", [BernoulliRBM, GaussianRBM])
def test_columns_without_variance_and_one_row_never_give_nan(estimator, seed):
    X = np.random.RandomState(seed).rand(30, 5)
    X[:, 0], X[:, 1] = 0, 1
    for rows in (X, X[:1], np.zeros((4, 3)), np.ones((4, 3))):
        model = estimator(3, n_iter=3, random_state=seed).fit(rows)
        assert all(np.isfinite(part).all() for part in fitted(model))
        assert np.isfinite(model.score_samples(rows)).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("estimator", [BernoulliRBM, GaussianRBM])
def test_wide_sparse_rows_with_constant_columns_are_learnt(estimator, algorithm, seed):
    """Two kinds of rows among 800 columns, most of which are always 0 and a few always 1."""
    rng = np.random.RandomState(seed)
    X = np.zeros((60, 800), np.float32)
    X[::2, :20], X[1::2, 20:40], X[:, 40:45] = 1, 1, 1
    X[:, :60] = np.abs(X[:, :60] - (rng.uniform(size=(60, 60)) < 0.05))
    X[:, 45:50], X[:, 50:55] = 1, 0
    rows = sparse.csr_array(X)
    options = {"n_components": 3, "algorithm": algorithm, "random_state": seed, "batch_size": 20}
    is_real = estimator is GaussianRBM
    options |= {"learning_rate": 0.02, "learn_variance": True} if is_real else {}
    first, last = (estimator(n_iter=n, **options).fit(rows) for n in (0, 60))
    assert all(np.isfinite(part).all() for part in fitted(last) if part is not None)
    assert np.isfinite(last.transform(rows)).all()
    assert last.log_likelihood(rows).mean() > first.log_likelihood(rows).mean() + 3


@pytest.mark.parametrize("learn_variance", [False, True])
@pytest.mark.parametrize("scale", [1e-3, 1.0])
def test_gaussian_units_stay_bounded_whatever_the_columns(scale, learn_variance, seed):
    rng = np.random.RandomState(seed)
    X = scale * (patterns(seed) + 0.1 * rng.standard_normal((200, 6)))
    constant = np.column_stack([X, np.zeros(200), np.full(200, scale)])
    for rows in (X, constant, constant.astype(np.float32), sparse.csr_matrix(constant)):
        model = GaussianRBM(3, n_iter=100, learn_variance=learn_variance, random_state=seed)
        model.fit(rows)
        assert np.abs(model.components_).max() < 10 * scale
        assert np.abs(model.free_energy(rows)).max() < 1000


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("centered", [True, False])
def test_learnt_variances_stop_at_their_bound(algorithm, centered, seed):
    X = patterns(seed) + 0.3 * np.random.RandomState(seed).standard_normal((200, 6))
    X = np.column_stack([X, np.zeros(200), np.ones(200)])
    options = {"algorithm": algorithm, "centered": centered, "random_state": seed}
    model = GaussianRBM(3, n_iter=60, learning_rate=0.02, learn_variance=True, **options).fit(X)
    start = np.where(X.var(axis=0) > 0, X.var(axis=0), X.var(axis=0).mean())
    np.testing.assert_allclose(model.least_variances_, start / 100)
    # 1,200 steps of rate / 2, those of a variance with nothing to explain, would lead to e^-12. Noise of
    # the samples lifts the variances off the bound a little: over 80 fits at most by .6 of it.
    assert (model.variances_[6:] < 5 * start[6:] / 100).all()
    assert (model.variances_[:6] > start[:6] / 50).all()
    bound = model.least_variances_
    assert (model.variances_ > 0.999 * bound).all()
    model.partial_fit(X * 2)
    np.testing.assert_array_equal(model.least_variances_, bound)
    assert (model.variances_ > 0.999 * bound).all()
    assert np.abs(model.free_energy(X)).max() < 1000


def test_partial_fit_returns_self_and_keeps_the_dtype_and_the_chains(seed):
    X = patterns(seed, dtype=np.float32)
    model = BernoulliRBM(4, learning_rate=0.3, n_chains=100, random_state=seed)
    assert model.partial_fit(X[:30]) is model
    first = model.h_samples_.copy()
    assert model.components_.dtype == model.h_samples_.dtype == np.float32
    model.partial_fit(X[30:37].astype(np.float64))
    assert model.components_.dtype == model.h_samples_.dtype == np.float32
    assert model.h_samples_.shape == (100, 4)
    assert (model.h_samples_ != first).any()
    assert model.n_iter_ == 2
    for _ in range(300):
        model.partial_fit(X)
    # Over fifteen seeds a gain of 1.36 nats with deviation .15; ten chains for 200 rows would give .46.
    assert model.log_likelihood(X).mean() > independent_log_likelihood(X) + 0.3


@pytest.mark.parametrize("algorithm", ["pcd", "fpcd", "pt"])
def test_partial_fit_goes_on_with_every_algorithm(algorithm, seed):
    """Also after a copy through a pickle, to the same bits."""
    X = patterns(seed)
    model = GaussianRBM(3, algorithm=algorithm, solver="adam", random_state=seed)
    model.partial_fit(X[:50])
    other = pickle.loads(pickle.dumps(model))
    for part in (X[50:100], X[100:150]):
        np.testing.assert_array_equal(
            model.partial_fit(part).components_, other.partial_fit(part).components_
        )


def test_a_second_fit_with_other_values_compiles_nothing(seed):
    X = patterns(seed, 203, dtype=np.float32)
    options = {"n_components": 4, "n_iter": 2, "random_state": 0, "alpha": 0.1, "max_norm": 3.0}
    with compilations() as names:
        BernoulliRBM(**options).fit(X)
    assert names.count(EPOCHS) <= 1  # other tests may have compiled it
    changes = [
        {"learning_rate": 0.02},
        {"learning_rate": Step(0.5, every=1)},
        {"alpha": 0.7},
        {"max_norm": 1.0},
        {"random_state": 1},
        {"n_iter": 5},
        {"shuffle": False},
    ]
    for change in changes:
        with compilations() as names:
            model = BernoulliRBM(**(options | change)).fit(X[: 203 - len(change) * 7])
            model.transform(X), model.score_samples(X), model.gibbs(X), model.free_energy(X)
        assert not names, change


def test_same_seed_same_bits_and_draws_differ(seed):
    X = patterns(seed)
    models = [BernoulliRBM(4, random_state=seed).fit(X) for _ in range(2)]
    assert_same_bits(*models)
    other = BernoulliRBM(4, random_state=seed + 1).fit(X)
    assert (other.components_ != models[0].components_).any()
    samples = models[0].gibbs(X), models[0].gibbs(X)
    assert (samples[0] != samples[1]).any()
    assert (models[0].sample(50, 5, 0) == models[1].sample(50, 5, 0)).all()


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_rbm import noisy, patterns
def die(event):
    if event.epoch == 4:
        os.kill(os.getpid(), signal.SIGKILL)
noisy(int(sys.argv[1]), sys.argv[3], checkpoint=sys.argv[2], callbacks=[die]).fit(
    patterns(int(sys.argv[1])))
"""


def noisy(seed, algorithm, **options):
    return BernoulliRBM(
        4,
        n_iter=7,
        algorithm=algorithm,
        binarize=True,
        solver="adam",
        learning_rate=0.01,
        random_state=seed,
        **options,
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("algorithm", ["pcd", "fpcd"])
def test_a_killed_fit_resumes_to_the_bits_of_an_uninterrupted_one(algorithm, seed, tmp_path):
    path = tmp_path / "run"
    outcome = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED.format(tests=os.path.dirname(__file__)),
            str(seed),
            str(path),
            algorithm,
        ],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == -signal.SIGKILL, outcome.stderr
    heard = []
    follow = [lambda event: heard.append(event.epoch)]
    resumed = noisy(seed, algorithm, checkpoint=path, callbacks=follow).fit(patterns(seed))
    assert heard == [4, 5, 6, 7]
    assert_same_bits(resumed, noisy(seed, algorithm).fit(patterns(seed)))
    with pytest.raises(ValueError, match="other data or parameters"):
        noisy(seed + 1, algorithm, checkpoint=path).fit(patterns(seed))


@pytest.mark.parametrize("estimator", [BernoulliRBM, GaussianRBM])
def test_saved_and_loaded_it_answers_alike_and_can_go_on(estimator, seed, tmp_path):
    X = patterns(seed, dtype=np.float32)
    model = estimator(3, n_iter=3, random_state=seed).fit(X)
    model.gibbs(X)
    deepen.save(model, tmp_path / "machine.deepen")
    loaded = deepen.load(tmp_path / "machine.deepen")
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    np.testing.assert_array_equal(loaded.score_samples(X), model.score_samples(X))
    assert list(loaded.get_feature_names_out()) == list(model.get_feature_names_out())
    before = loaded.components_.copy()
    assert (loaded.partial_fit(X).components_ != before).any()


def test_the_gap_of_free_energies_is_recorded_and_stops(seed):
    X, X_val = patterns(seed), patterns(seed + 1)
    gap = FreeEnergyGap(X, X_val)
    model = BernoulliRBM(4, n_iter=4, callbacks=[gap], random_state=seed).fit(X)
    wanted = model.free_energy(X_val).mean() - model.free_energy(X).mean()
    np.testing.assert_allclose(gap.gaps[-1], wanted, rtol=1e-9, atol=1e-9)
    assert len(gap.history) == 4
    stop = FreeEnergyGap(X, 1 - X_val, max_gap=-np.inf)
    assert GaussianRBM(4, n_iter=4, callbacks=[stop], random_state=seed).fit(X).n_iter_ == 1


def test_gaussian_units_find_clusters_and_variances(seed):
    """Two Gaussians of deviation 1/2 are exactly a machine with one hidden unit."""
    rng = np.random.RandomState(seed)
    X = np.where(rng.rand(2000, 1) < 0.5, [[2.0, -1.0]], [[-2.0, 1.0]])
    X = X + 0.5 * rng.standard_normal(X.shape)
    options = {"n_iter": 200, "batch_size": 50, "random_state": seed}
    options["learning_rate"] = Exponential(0.05, decay=0.02)
    fixed = GaussianRBM(2, **options).fit(X)
    np.testing.assert_allclose(fixed.variances_, X.var(axis=0), rtol=1e-6)
    learnt = GaussianRBM(2, learn_variance=True, **options).fit(X)
    np.testing.assert_allclose(learnt.variances_, 0.25, rtol=0.2)
    likelihood = learnt.log_likelihood(X).mean()
    one_gaussian = -0.5 * np.log(2 * np.pi * np.e * X.var(axis=0)).sum()
    assert likelihood > one_gaussian + 0.5


def test_likelihood_samples_and_missing_values(seed):
    X = patterns(seed, 400, noise=0.01)
    model = BernoulliRBM(6, n_iter=150, batch_size=20, n_steps=5, random_state=seed).fit(X)
    exact = model.log_partition_function()
    for method in ("ais", "reverse_ais"):
        found = model.log_partition_function(
            method, X, n_temperatures=1000, n_chains=100, random_state=seed
        )
        assert abs(found.value - exact.value) < 0.5
        assert 0 < found.standard_error < 0.2
    assert exact.standard_error == 0
    np.testing.assert_allclose(model.log_likelihood(X, exact.value), model.log_likelihood(X))
    # Chains of a machine that has hardly learnt do not stay in one of its patterns.
    mild = BernoulliRBM(6, n_iter=5, batch_size=20, random_state=seed).fit(X)
    mean = np.exp(mild.log_likelihood(states(6))) @ states(6)
    samples = mild.sample(4000, 200, random_state=seed)
    assert set(np.unique(samples)) <= {0.0, 1.0}
    assert (abs(samples.mean(axis=0) - mean) < 0.05).all()
    holes = X[:20].copy()
    holes[:, 2] = np.nan
    filled = model.inpaint(holes, random_state=seed)
    np.testing.assert_array_equal(filled[:, [0, 1, 3, 4, 5]], X[:20, [0, 1, 3, 4, 5]])
    both = [X[:20].copy() for _ in range(2)]
    both[0][:, 2], both[1][:, 2] = 0, 1
    off, on = (np.exp(model.log_likelihood(rows)) for rows in both)
    np.testing.assert_allclose(filled[:, 2], on / (on + off), atol=0.15)


def test_clamped_samples_have_the_enumerated_conditional_probability(seed):
    X = patterns(seed)
    model = BernoulliRBM(6, n_iter=5, batch_size=20, random_state=seed).fit(X)
    held = np.array([1, np.nan, 0, np.nan, 1, np.nan])
    samples = model.sample(4000, 200, random_state=seed, clamped=held)
    np.testing.assert_array_equal(samples[:, [0, 2, 4]], np.tile([1, 0, 1], (4000, 1)))
    every = states(6)[np.all(states(6)[:, [0, 2, 4]] == [1, 0, 1], axis=1)]
    p = np.exp(model.log_likelihood(every))
    mean = p @ every / p.sum()
    assert (abs(samples.mean(axis=0) - mean) < 0.05).all()  # six standard errors
    rows = model.sample(2, 3, clamped=np.where(np.eye(2, 6) > 0, 1, np.nan))
    assert rows[0, 0] == rows[1, 1] == 1
    with pytest.raises(ValueError, match=r"clamped must have shape \(6,\) or \(2, 6\), got \(5,\)"):
        model.sample(2, clamped=held[:5])


def test_values_outside_the_unit_interval_are_named(seed):
    X = 3 * np.random.RandomState(seed).standard_normal((30, 4))
    told = {"expected_warning": UserWarning, "match": r"outside \[0, 1\].*MinMaxScaler"}
    with pytest.warns(**told):
        BernoulliRBM(2, n_iter=1).fit(X)
    model = BernoulliRBM(2).partial_fit(np.eye(4))
    with pytest.warns(**told) as notes:
        model.partial_fit(X)
    assert notes[0].filename == __file__
    with pytest.warns(**told):
        model.partial_fit(sparse.csr_matrix(X))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "lbfgs"}, "needs a cost without randomness"),
        ({"solver": LBFGS()}, "needs a cost without randomness"),
        ({"solver": "sdg"}, "solver must be one of"),
        ({"solver": Adam(0.1), "learning_rate": 0.2}, "carries its own"),
        ({"solver": "momentum"}, "needs a positive momentum"),
        ({"learning_rate": 0}, "learning_rate must be a positive number"),
        ({"learning_rate": "constant"}, "learning_rate must be a positive number"),
        ({"learning_rate": Adaptive(0.1)}, "learning_rate must be a positive number"),
        ({"algorithm": "mcmc"}, "'algorithm' parameter of BernoulliRBM must be"),
        ({"n_steps": 0}, "'n_steps' parameter"),
        ({"checkpoint": "run", "random_state": None}, "needs an int random_state"),
        ({"algorithm": "exact", "n_components": 30}, "at most 25"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options, message, seed):
    X = np.tile(patterns(seed), (1, 5))
    with pytest.raises(ValueError, match=message):
        BernoulliRBM(**options).fit(X)


def test_other_questions_are_refused_in_words(seed):
    model = BernoulliRBM(3, n_iter=1).fit(patterns(seed))
    with pytest.raises(ValueError, match="method must be"):
        model.log_partition_function("guess")
    with pytest.raises(ValueError, match="3 hidden units"):
        model.inverse_transform(np.zeros((2, 4)))
    model.set_params(checkpoint="run", random_state=0)
    with pytest.raises(ValueError, match="partial_fit takes no checkpoint"):
        model.partial_fit(patterns(seed))


def test_a_machine_feeds_a_classifier(seed):
    X = patterns(seed)
    y = (X[:, 0] + X[:, 4] == 1).astype(int)
    pipeline = make_pipeline(BernoulliRBM(16, n_iter=60, random_state=seed), LogisticRegression())
    assert pipeline.fit(X, y).score(X, y) > 0.8


def test_verbose_prints_scikit_learns_line(capsys, seed):
    GaussianRBM(2, n_iter=2, verbose=1, random_state=seed).fit(patterns(seed))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("[GaussianRBM] Iteration 1, negative free energy = ")


def two_noisy_modes(seed):
    rng = np.random.RandomState(seed)
    modes = np.stack([np.arange(12) % 2, 1 - np.arange(12) % 2])
    return np.abs(modes[rng.randint(0, 2, 500)] - (rng.uniform(size=(500, 12)) < 0.05))


def test_a_solver_that_rescales_climbs_as_long_as_it_runs(seed):
    X = two_noisy_modes(seed)
    settings = {"algorithm": "exact", "batch_size": 500, "learning_rate": 0.01, "solver": "adam"}
    model = BernoulliRBM(4, n_iter=600, random_state=seed, **settings).fit(X)
    assert model.log_likelihood(X).mean() > independent_log_likelihood(X) + 2.5


@pytest.mark.parametrize("solver", ["adam", "rmsprop", "adagrad"])
def test_a_solver_that_rescales_follows_the_plain_gradient(solver, seed):
    X = patterns(seed)
    weights = [
        BernoulliRBM(2, n_iter=2, solver=solver, centered=centered, random_state=seed)
        .fit(X)
        .components_
        for centered in (True, False)
    ]
    np.testing.assert_array_equal(*weights)


def test_numbers_of_steps_and_samples_are_checked(seed):
    model = BernoulliRBM(2, n_iter=1, random_state=seed).fit(patterns(seed))
    X = np.full((1, 6), np.nan)
    for call in (
        lambda: model.sample(0),
        lambda: model.sample(1, 0),
        lambda: model.inpaint(X, n_steps=0),
        lambda: model.inpaint(X, n_burn_in=-1),
    ):
        with pytest.raises(ValueError, match="must be >="):
            call()
    with pytest.raises(TypeError, match="n_samples"):
        model.sample(2.5)


def test_the_free_energy_gap_takes_sparse_rows(seed):
    X = patterns(seed)
    gaps = [FreeEnergyGap(kind(X[:20]), kind(X[20:40])) for kind in (np.asarray, sparse.csr_matrix)]
    BernoulliRBM(2, n_iter=2, callbacks=gaps, random_state=seed).fit(X)
    np.testing.assert_allclose(gaps[0].gaps, gaps[1].gaps)

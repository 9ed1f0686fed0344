"""Layer-wise pre-training: the layers are those trained by hand, the network is one network."""

from __future__ import annotations

import warnings

import jax
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import neural_network
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, KFold

import deepen
from deepen.engine import Checkpoint, ProgressBar
from deepen.functions.activations import logistic
from deepen.neural_network import (
    Autoencoder,
    BernoulliRBM,
    DBNClassifier,
    DBNRegressor,
    GaussianRBM,
    MLPClassifier,
    MLPRegressor,
    StackedAutoencoderClassifier,
    _pretraining,
)
from deepen.neural_network._pretraining import _fit_layer as fit_layer
from deepen.neural_network._pretraining import decoder_weights, encoder_weights
from test_compilation import compilations

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

MACHINE = BernoulliRBM(n_iter=3, batch_size=20, random_state=7)
CODER = Autoencoder(activation="logistic", max_iter=3, corruption="masking", random_state=7)
MACHINES = {"activation": "logistic", "pretrainer": "rbm", "centered": True}
KINDS = [MACHINE, CODER, neural_network.BernoulliRBM(n_iter=3, random_state=7)]


def rows(rng, n_rows=120):
    """Digits with pixels in [0, 1], drawn anew in every run."""
    X, y = load_digits(return_X_y=True)
    some = rng.permutation(len(X))[:n_rows]
    return (X[some] / 16).astype(np.float32), y[some]


def real_rows(rng):
    """Standardised numbers, and labels."""
    X, y = rows(rng)
    X = X @ rng.standard_normal((64, 10)).astype(np.float32)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def network(kind=MLPClassifier, **settings):
    common = {"hidden_layer_sizes": (12, 9), "activation": "logistic", "max_iter": 2}
    return kind(**(common | {"random_state": 0} | settings))


def by_hand(template, X, sizes):
    """The same estimators trained one above the other, by hand."""
    fitted, features = [], X
    for size in sizes:
        model = clone(template)
        name = "n_components" if "n_components" in model.get_params() else "hidden_layer_sizes"
        model.set_params(**{name: size if name == "n_components" else (size,)}).fit(features)
        features = model.transform(features)
        fitted.append(model)
    return fitted


def starting_weights(model, *data, **options):
    """Weights before the first epoch: what pre-training leaves, from a callback that stops the fit."""
    copies = []
    step = clone(model).set_params(learning_rate_init=1e-30, solver="sgd", max_iter=1, alpha=0.0)
    step.fit(*data, **options)
    copies.extend([*step.coefs_, *step.intercepts_])
    return copies, step


@pytest.mark.parametrize("template", KINDS, ids=lambda e: f"{type(e).__module__.split('.')[0]} {e}")
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor, Autoencoder])
def test_layers_are_those_of_the_same_estimators_trained_by_hand(kind, template, rng):
    X, y = rows(rng)
    expected = by_hand(template, X, (12, 9))
    start, model = starting_weights(network(kind, pretrainer=template), X, y)
    n_coefs = len(model.coefs_)
    for layer, trained in enumerate(expected):
        W, b = encoder_weights(trained)
        np.testing.assert_array_equal(start[layer], W)
        np.testing.assert_array_equal(start[n_coefs + layer], b)
        if kind is Autoencoder:
            V, c = decoder_weights(trained)
            np.testing.assert_array_equal(start[n_coefs - 1 - layer], V)
            np.testing.assert_array_equal(start[-1 - layer], c)
    assert [type(p) for p in model.pretrainers_] == [type(template)] * 2
    if kind is not Autoencoder:
        expected_codes = expected[1].transform(expected[0].transform(X))
        np.testing.assert_allclose(model.transform(X), expected_codes, rtol=1e-4, atol=1e-5)


def test_the_weights_of_every_model_make_its_transform(rng):
    X, _ = rows(rng)
    real = real_rows(rng)[0] * np.arange(1, 11, dtype=np.float32)
    for model in [*KINDS, GaussianRBM(n_components=5, n_iter=3), Autoencoder((6,), "tanh")]:
        seen = real if isinstance(model, GaussianRBM) else X
        fitted = clone(model).fit(seen)
        W, b = encoder_weights(fitted)
        g = np.tanh if getattr(model, "activation", "") == "tanh" else logistic
        np.testing.assert_allclose(g(seen @ W + b), fitted.transform(seen), rtol=1e-4, atol=1e-5)
        V, c = decoder_weights(fitted)
        assert (V.shape, c.shape) == (W.T.shape, (seen.shape[1],))


def test_features_take_the_place_of_those_below(rng, monkeypatch):
    """Layers of one width, whose rows go up in pieces of 50, are those trained by hand."""
    monkeypatch.setattr(_pretraining, "ROWS_AT_A_TIME", 50)
    X, y = rows(rng)
    sizes, handed = (9, 9, 9, 9), []
    monkeypatch.setattr(_pretraining, "_fit_layer", lambda network, model, features, *rest: (
        handed.append(features), fit_layer(network, model, features, *rest)))  # fmt: skip
    fitted = network(hidden_layer_sizes=sizes, pretrainer=[MACHINE] * 4).fit(X, y).pretrainers_
    assert handed[1] is handed[2] is handed[3] and handed[0] is not handed[1]
    for one, expected in zip(fitted, by_hand(MACHINE, X, sizes), strict=True):
        np.testing.assert_allclose(one.components_, expected.components_, rtol=1e-4, atol=1e-6)


class Keeper(neural_network.BernoulliRBM):
    """Keeps the rows that it is given, and hands out what it keeps."""

    def fit(self, X, y=None):
        self.seen_ = X
        return super().fit(X)

    def transform(self, X):
        self.made_ = np.asarray(jax.numpy.asarray(super().transform(X)))  # read-only
        return self.made_


def test_what_a_users_layer_keeps_is_left_alone(rng):
    X, y = rows(rng)
    keeper = Keeper(9, n_iter=3, random_state=7)
    frozen = FrozenEstimator(clone(keeper).fit(X[:, :9]))
    for layers in (
        [keeper] * 4,
        [MACHINE, keeper, MACHINE, keeper],
        [frozen, MACHINE, *[keeper] * 2],
    ):
        start = X if layers[0] is not frozen else X[:, :9].copy()
        before = start.copy()
        model = network(hidden_layer_sizes=(9,) * 4, pretrainer=layers)
        fitted, features = model.fit(start, y).pretrainers_, before
        np.testing.assert_array_equal(start, before)
        for one in fitted:
            if isinstance(one, Keeper):
                np.testing.assert_allclose(one.seen_, features, rtol=1e-5, atol=1e-6)
            features = one.transform(features)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_unlabelled_rows_count_in_pretraining_alone(kind, rng):
    X, y = rows(rng)
    y = y.astype(float)
    marked = np.where(np.arange(len(y)) % 3 == 1, np.nan, y)
    known = ~np.isnan(marked)
    labelled_only = network(kind, max_iter=5).fit(X[known], y[known])
    without = network(kind, max_iter=5, unlabeled=np.nan).fit(X, marked)
    np.testing.assert_array_equal(without.coefs_[0], labelled_only.coefs_[0])
    pretrained = network(kind, max_iter=5, unlabeled=np.nan, pretrainer=MACHINE).fit(X, marked)
    in_order = np.concatenate([X[known], X[~known]])
    for trained, expected in zip(
        pretrained.pretrainers_, by_hand(MACHINE, in_order, (12, 9)), strict=True
    ):
        np.testing.assert_array_equal(trained.components_, expected.components_)
    # From the weights that pre-training left the training is that of the labelled rows.
    assert pretrained.t_ == labelled_only.t_ == 5 * known.sum()
    start, _ = starting_weights(pretrained, X, marked)
    moved = X.copy()
    moved[~known] = moved[~known][:, ::-1]
    other, _ = starting_weights(pretrained, moved, marked)
    assert np.abs(start[0] - other[0]).max() > 1e-4
    as_sparse = clone(pretrained).fit(sparse.csr_matrix(X), marked)
    np.testing.assert_allclose(as_sparse.coefs_[0], pretrained.coefs_[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("marker", [-1, np.nan, "?"])
def test_a_marker_that_no_row_carries_changes_nothing(marker, rng):
    X, y = rows(rng)
    marked = network(pretrainer=MACHINE, unlabeled=marker).fit(X, y)
    plain = network(pretrainer=MACHINE).fit(X, y)
    for ours, theirs in zip(marked.coefs_, plain.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("marker", [-1.0, np.nan])
def test_scores_and_searches_leave_out_rows_without_a_target(kind, marker, rng):
    X, y = rows(rng, 200)
    y = y.astype(float)
    marked = np.where(np.arange(len(y)) % 2, y, marker)
    model = network(kind, pretrainer=MACHINE, unlabeled=marker, max_iter=20).fit(X, marked)
    weights = rng.uniform(0.5, 2, len(y))
    expected = model.score(X[1::2], y[1::2], weights[1::2])
    assert model.score(X, marked, weights) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="at least one row needs a target"):
        model.score(X[::2], marked[::2])
    search = GridSearchCV(model, {"noise": [0.0, 0.2]}, cv=KFold(2, shuffle=True, random_state=0))
    search.fit(X, marked)
    for train, test in search.cv.split(X):
        one = clone(model).fit(X[train], marked[train])
        seen = test[test % 2 == 1]
        scores = [search.cv_results_[f"split{k}_test_score"][0] for k in (0, 1)]
        assert any(s == pytest.approx(one.score(X[seen], y[seen]), rel=1e-6) for s in scores)


def test_held_out_rows_take_no_part_in_pretraining(rng):
    X, y = rows(rng, 300)
    model = network(pretrainer=MACHINE, early_stopping=True, validation_fraction=0.2).fit(X, y)
    seen = []

    class Spy(BernoulliRBM):
        def fit(self, X, y=None):
            seen.append(len(X))
            return super().fit(X)

    spied = network(pretrainer=Spy(n_iter=1), early_stopping=True, validation_fraction=0.2)
    spied.fit(X, y)
    assert seen == [240, 240] and model.t_ == 240 * model.n_iter_


def test_one_network_with_one_history(rng):
    X, y = rows(rng)
    model = network(pretrainer=MACHINE, max_iter=6).fit(X, y)
    assert len(model.loss_curve_) == model.n_iter_ == len(model.history_["loss"]) == 6
    assert model.pretrainer is MACHINE and not hasattr(MACHINE, "components_")
    again = network(pretrainer=MACHINE, max_iter=6).fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], again.coefs_[0])
    trained = model.pretrainers_[0].components_.T
    assert np.abs(model.coefs_[0] - trained).max() > 0  # fine-tuned, and the pretrainer is not
    np.testing.assert_array_equal(trained, by_hand(MACHINE, X, (12,))[0].components_.T)
    assert not hasattr(model.set_params(pretrainer=None).fit(X, y), "pretrainers_")
    plain = network(max_iter=6).fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], plain.coefs_[0])


def test_pretrainers_without_a_seed_get_theirs_from_the_network(rng):
    X, y = rows(rng)
    free = BernoulliRBM(n_iter=2, batch_size=20)
    fits = [network(pretrainer=free, random_state=s).fit(X, y) for s in (1, 1, 2)]
    np.testing.assert_array_equal(fits[0].coefs_[0], fits[1].coefs_[0])
    assert np.abs(fits[0].coefs_[0] - fits[2].coefs_[0]).max() > 1e-3
    seeds = {p.random_state for p in fits[0].pretrainers_}
    assert len(seeds) == 2 and None not in seeds


def test_a_warm_start_and_partial_fits_go_on_without_pretraining(rng):
    X, y = rows(rng)
    model = network(pretrainer=MACHINE, warm_start=True, max_iter=3).fit(X, y)
    first = model.pretrainers_
    before = model.coefs_[0]
    model.set_params(learning_rate_init=1e-12).fit(X, y).partial_fit(X, y)
    assert model.pretrainers_ is first
    np.testing.assert_allclose(model.coefs_[0], before, atol=1e-6)
    parts = network(pretrainer=MACHINE).partial_fit(X, y, classes=np.arange(10))
    machines = parts.pretrainers_  # of the first rows
    assert parts.partial_fit(X, y).pretrainers_ is machines


def test_one_pretrainer_for_each_layer(rng):
    X, y = real_rows(rng)
    both = [GaussianRBM(n_iter=2), CODER]
    model = network(pretrainer=both).fit(X, y)
    assert [type(p) for p in model.pretrainers_] == [GaussianRBM, Autoencoder]
    assert model.pretrainers_[1].hidden_layer_sizes == (9,)
    with pytest.raises(ValueError, match="one for each of the 2 hidden layers, got 1"):
        network(pretrainer=[MACHINE]).fit(X, y)


def test_frozen_models_are_taken_as_they_are(tmp_path, rng):
    X, y = rows(rng)
    fitted = by_hand(MACHINE, X, (12, 9))
    frozen = network(pretrainer=[FrozenEstimator(model) for model in fitted]).fit(X, y)
    trained = network(pretrainer=MACHINE).fit(X, y)
    np.testing.assert_array_equal(frozen.coefs_[1], trained.coefs_[1])
    assert frozen.pretrainers_[0].estimator is fitted[0]
    with pytest.raises(ValueError, match=r"layer 2 has weights of shape \(12, 9\)"):
        clone(frozen).set_params(hidden_layer_sizes=(12, 8)).fit(X, y)
    deepen.save(frozen, tmp_path / "model.deepen")
    np.testing.assert_array_equal(
        deepen.load(tmp_path / "model.deepen").predict(X), frozen.predict(X)
    )


def test_names_choose_the_models(rng, capsys):
    X, y = rows(rng)
    quick = {"hidden_layer_sizes": (6, 5), "max_iter": 1}
    real = real_rows(rng)[0].clip(-3, 2)
    real[0, :2] = -3, 2
    for values, first in ((X, BernoulliRBM), (real, GaussianRBM)):
        model = network(pretrainer="rbm", verbose=True, **quick).fit(values, y)
        assert [type(p) for p in model.pretrainers_] == [first, BernoulliRBM]
    text = capsys.readouterr().out
    assert "Visible layer: BernoulliRBM, since all values are in [0, 1]" in text
    assert (
        "Visible layer: GaussianRBM, since values from -3 to 2 are no probabilities: standardise them\n"
        in text
    )
    assert "Pre-training layer 2 of 2: BernoulliRBM, 6 to 5 units" in text
    network(pretrainer="rbm", verbose=True, **quick).fit(rng.poisson(2, (120, 10)), y)
    assert "or give numpy.log1p of these counts" in capsys.readouterr().out
    settings = quick | {"activation": "tanh", "pretrainer": "autoencoder"}
    model = network(**settings).fit(X, y)
    assert {p.activation for p in model.pretrainers_} == {"tanh"}
    unrolled = network(Autoencoder, loss="cross_entropy", **settings).fit(X)
    assert [p.out_activation_ for p in unrolled.pretrainers_] == ["logistic", "tanh"]


def columns_of_many_sizes(rng):
    X = real_rows(rng)[0] * np.array([1, 1, 1, 500, 1, 1, 1, 1, 1, 0], np.float32)
    return pd.DataFrame(X, columns=[f"c{i}" for i in range(10)])


@pytest.mark.parametrize(
    ("kind", "change", "column", "advice"),
    [
        (DBNClassifier, "pixels", "column 36 has", "Divide pixels"),
        (DBNRegressor, "table", "column 'c3' has mean .* deviation 500", "StandardScaler"),
        (DBNClassifier, "constant", r"column 4 has mean 1e\+06 .* deviation 0", "StandardScaler"),
        (DBNClassifier, "sparse", "column 3 has", "MinMaxScaler"),
        (StackedAutoencoderClassifier, "small", "deviation 0.001", "StandardScaler"),
        (StackedAutoencoderClassifier, "far off", r"mean 1e\+04 and", "StandardScaler"),
    ],
)
def test_columns_of_unusual_size_are_named_with_the_remedy(
    kind, change, column, advice, rng, monkeypatch
):
    monkeypatch.setattr(_pretraining, "N_EPOCHS", (1, 1))
    X, y = rows(rng)
    X[:, 36] = y > 4  # the pixel whose mean is largest
    X[:, :36], X[:, 37:] = X[:, :36] / 2, X[:, 37:] / 2
    changed = {
        "pixels": np.round(255 * X),
        "table": columns_of_many_sizes(rng),
        "sparse": sparse.csr_matrix(columns_of_many_sizes(rng)),
        "constant": np.hstack([X[:, :4], np.full((len(X), 1), 1e6)]),
        "small": real_rows(rng)[0] * 1e-3,
        "far off": real_rows(rng)[0] + 1e4,
    }[change]
    with pytest.warns(
        UserWarning, match=f"neither in .0, 1. nor standardised: .*{column}"
    ) as found:
        kind((4,), max_iter=1, random_state=0).fit(changed, y)
    told = [w for w in found if "neither" in str(w.message)]
    assert len(told) == 1 and advice in str(told[0].message) and told[0].filename == __file__


def test_columns_of_usual_size_are_taken_without_a_word(rng, monkeypatch):
    monkeypatch.setattr(_pretraining, "N_EPOCHS", (1, 1))
    X, y = rows(rng)
    constant = np.full((len(X), 2), [5, 1e-6], np.float32)
    real = np.hstack([real_rows(rng)[0], constant])
    for values in (X, X > 0.5, real, sparse.csr_matrix(real), rng.poisson(2, (120, 10))):
        for kind in (DBNClassifier, StackedAutoencoderClassifier):
            kind((4,), max_iter=1, random_state=0).fit(values, y)
    # Whoever gives a model of his own has chosen it.
    network(pretrainer=GaussianRBM(n_iter=1), max_iter=1, hidden_layer_sizes=(4,)).fit(99 * real, y)


@pytest.mark.parametrize("kind", [DBNClassifier, StackedAutoencoderClassifier])
def test_rows_with_holes_are_refused_before_anything_learns(kind, rng, monkeypatch):
    monkeypatch.setattr(_pretraining, "unfitted_layers", None)
    X, y = rows(rng)
    X[3, 5] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        kind().fit(X, y)


@pytest.mark.parametrize(
    ("short", "kind", "long"),
    [
        (DBNClassifier, MLPClassifier, MACHINES),
        (DBNRegressor, MLPRegressor, MACHINES),
        (
            StackedAutoencoderClassifier,
            MLPClassifier,
            {"pretrainer": "autoencoder", "centered": True},
        ),
    ],
)
def test_short_forms_are_the_long_ones_with_what_they_choose(short, kind, long, rng, monkeypatch):
    monkeypatch.setattr(_pretraining, "N_STEPS", 20)
    X, y = rows(rng)
    settings = {
        "hidden_layer_sizes": (6, 5), "solver": "nesterov", "alpha": 0.01, "batch_size": 30,
        "learning_rate": "exponential", "learning_rate_init": 0.05, "momentum": 0.8, "max_iter": 3,
        "dropout": 0.2, "input_dropout": 0.1, "noise": 0.3, "max_norm": 2.0, "random_state": 3,
    }  # fmt: skip
    if kind is MLPClassifier:
        settings |= {"class_weight": "balanced", "label_smoothing": 0.2}
    found = short(**settings).fit(X, y)
    expected = kind(**settings, **long).fit(X, y)
    for ours, theirs in zip(found.coefs_, expected.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for name in ("noise", "label_smoothing") if kind is MLPClassifier else ("noise",):
        without = short(**settings | {name: 0.0}).fit(X, y)
        assert not np.array_equal(without.coefs_[0], found.coefs_[0])


def test_nobody_makes_features_that_no_layer_learns_from(rng, monkeypatch):
    X, y = rows(rng)
    lower, middle, upper = by_hand(MACHINE, X, (12, 9, 7))
    frozen = [FrozenEstimator(lower), FrozenEstimator(middle)]
    made = []
    old = BernoulliRBM.transform
    monkeypatch.setattr(
        BernoulliRBM, "transform", lambda self, X: made.append(self.n_components) or old(self, X)
    )
    sizes = {"hidden_layer_sizes": (12, 9, 7)}
    found = network(pretrainer=[*frozen, MACHINE], **sizes).fit(X, y)
    assert made == [12, 9]
    np.testing.assert_array_equal(found.pretrainers_[2].components_, upper.components_)
    network(pretrainer=[*frozen, FrozenEstimator(upper)], **sizes).fit(X, y)
    assert made == [12, 9]


@pytest.mark.parametrize("kind", [DBNClassifier, StackedAutoencoderClassifier])
def test_short_forms_learn_words_from_few_rows_of_any_kind(kind, rng):
    """Twenty rows, constant columns and labels in words: all learnt by heart."""
    X = np.zeros((20, 12), np.float32)
    X[:, :6] = rng.randint(0, 2, (20, 6))
    X[:, 6] = 1
    words = np.where(X[:, 0] > 0, "yes", "no")
    words[:2] = "yes", "no"
    X[:2, 0] = 1, 0
    for values in (X, X.astype(bool), X.astype(int), (X - 0.5) * 3):
        model = kind((8,), learning_rate_init=0.02, random_state=0).fit(values, words)
        assert set(model.classes_) == {"yes", "no"} and model.score(values, words) == 1


class Strange(TransformerMixin, BaseEstimator):
    """A transformer of no known kind."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


@pytest.mark.parametrize(
    ("pretrainer", "message"),
    [
        (Strange(), "n_components or hidden_layer_sizes"),
        (PCA(), "restricted Boltzmann machine or an autoencoder"),
        ([MACHINE, 3], "must have fit and transform"),
    ],
)
def test_what_cannot_start_a_layer_is_refused(pretrainer, message, rng):
    X, y = rows(rng)
    with pytest.raises(TypeError, match=message):
        network(pretrainer=pretrainer).fit(X, y)


def test_other_units_than_the_pretrainers_are_warned_of(rng):
    X, y = rows(rng)
    with pytest.warns(UserWarning, match="Set activation='logistic'"):
        network(pretrainer=MACHINE, activation="relu", hidden_layer_sizes=(5,)).fit(X, y)


def test_a_grid_reaches_into_the_pretrainer(rng):
    X, y = rows(rng)
    grid = {"pretrainer__learning_rate": [0.01, 0.2], "pretrainer__n_iter": [1]}
    search = GridSearchCV(network(pretrainer=MACHINE), grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_estimator_.pretrainers_[0].n_iter == 1
    assert MACHINE.n_iter == 3
    choices = {"pretrainer": [None, MACHINE, CODER, "rbm"], "hidden_layer_sizes": [(4,)]}
    GridSearchCV(network(), choices, cv=2, error_score="raise").fit(X, y)


@pytest.mark.parametrize("pretrainer", [MACHINE, [MACHINE, CODER], "autoencoder"], ids=str)
def test_a_saved_network_predicts_alike(pretrainer, tmp_path, rng):
    X, y = rows(rng)
    model = network(pretrainer=pretrainer, hidden_layer_sizes=(5, 4)).fit(X, y)
    deepen.save(model, tmp_path / "model.deepen")
    loaded = deepen.load(tmp_path / "model.deepen")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert type(loaded.pretrainer) is type(pretrainer)
    assert [type(p) for p in loaded.pretrainers_] == [type(p) for p in model.pretrainers_]


def test_a_killed_run_keeps_the_layers_that_are_done(tmp_path, rng):
    X, y = rows(rng)
    calls = []

    def kill(event):
        calls.append(event.epoch)
        if len(calls) == 5:  # in the second epoch of the second layer
            raise MemoryError

    def fit(callbacks=None, **options):
        machine = BernoulliRBM(n_iter=3, batch_size=20, callbacks=callbacks)
        return network(pretrainer=machine, **options).fit(X, y)

    whole = fit()
    file = tmp_path / "run"
    with pytest.raises(MemoryError):
        fit([kill], checkpoint=file)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.layer1", "run.layer2"]
    epochs = []
    resumed = fit([lambda event: epochs.append(event.epoch)], checkpoint=Checkpoint(file))
    assert epochs in ([2, 3], [3])  # of the second layer alone
    for a, b in zip(whole.coefs_, resumed.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
    again = fit(checkpoint=file)  # all is done
    np.testing.assert_array_equal(again.coefs_[1], whole.coefs_[1])
    assert all(p.checkpoint is None for p in again.pretrainers_)


def test_ctrl_c_in_pretraining_ends_the_fit(rng):
    X, y = rows(rng)

    def interrupt(event):
        raise KeyboardInterrupt

    model = network(pretrainer=clone(CODER).set_params(callbacks=[interrupt]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, y)
    assert not hasattr(model, "coefs_")


def test_progress_bars_go_along(rng, monkeypatch):
    X, y = rows(rng)
    shown = []
    monkeypatch.setattr(
        ProgressBar, "__call__", lambda bar, event: shown.append((bar.description, event.epoch))
    )
    bars = [ProgressBar("digits")]
    network(pretrainer=MACHINE, callbacks=bars).fit(X, y)
    layers = ["digits, layer 1 of 2", "digits, layer 2 of 2"]
    expected = [(name, epoch) for name in layers for epoch in (1, 2, 3)]
    assert shown == [*expected, ("digits", 1), ("digits", 2)]


def test_a_second_pretrained_fit_compiles_nothing(rng):
    X, y = rows(rng)
    jax.clear_caches()
    network(pretrainer=CODER).fit(X, y)
    with compilations() as names:
        network(pretrainer=clone(CODER).set_params(corruption_level=0.1)).fit(X, y)
    assert not names


def test_pretraining_keeps_the_precision(rng):
    X, y = rows(rng)
    for kind in (np.float32, np.float64):
        model = network(pretrainer=KINDS[2]).fit(X.astype(kind), y)
        assert {W.dtype for W in model.coefs_} == {np.dtype(kind)}

"""What every estimator of deepen's adds to scikit-learn's contract, or keeps of it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pandas
import polars
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deepen.engine import Adam, RMSprop, Step
from deepen.linear_model import LinearRegression, LogisticRegression
from deepen.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (5,), "max_iter": 12, "random_state": 3}
MODELS = [
    LinearRegression(),
    LinearRegression(solver="nesterov", max_iter=12, random_state=3),
    LogisticRegression(),
    LogisticRegression(solver="adam", max_iter=12, batch_size=16, random_state=3),
    MLPClassifier(**SMALL),
    MLPClassifier(**SMALL, solver="lbfgs"),
    MLPRegressor(**SMALL),
]
CLASSIFIERS = [m for m in MODELS if hasattr(m, "predict_proba")]
ENGINE_MODELS = [m for m in MODELS if getattr(m, "solver", "") != "lstsq"]


def data(model, rng, n_rows=60):
    if hasattr(model, "predict_proba"):
        X, y = make_classification(n_rows, 4, n_informative=3, n_redundant=0, random_state=rng)
    else:
        X, y = make_regression(n_rows, 4, noise=0.1, random_state=rng)
        y /= 10
    return StandardScaler().fit_transform(X), y


def weights_of(model):
    parts = [*model.coefs_, *model.intercepts_] if hasattr(model, "coefs_") else [model.coef_]
    return np.concatenate([np.ravel(part) for part in parts])


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_dtype_follows_x(model, rng):
    X, y = data(model, rng)
    for dtype in (np.float32, np.float64):
        fitted = clone(model).fit(X.astype(dtype), y)
        assert weights_of(fitted).dtype == dtype
        if not hasattr(model, "predict_proba"):
            assert fitted.predict(X.astype(dtype)).dtype == dtype
        else:
            assert fitted.predict_proba(X.astype(dtype)).dtype == dtype
    # float64 is computed as such: the weights differ from those that were rounded on the way.
    assert np.any(weights_of(fitted) != weights_of(fitted).astype(np.float32))


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_equals_dense(model, container, rng):
    X, y = data(model, rng)
    X[np.abs(X) < 0.5] = 0
    dense, thin = clone(model).fit(X, y), clone(model).fit(container(X), y)
    tolerance = 1e-3 if getattr(model, "solver", "") == "lbfgs" else 1e-6
    np.testing.assert_allclose(weights_of(thin), weights_of(dense), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(dense.predict(container(X)), dense.predict(X), rtol=1e-12)


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_in(model, library, rng):
    X, y = data(model, rng)
    names = ["a", "b", "c", "d"]
    frame = (
        pandas.DataFrame(X, columns=names) if library == "pandas" else polars.DataFrame(X, names)
    )
    series = pandas.Series(y) if library == "pandas" else polars.Series(y)
    fitted, expected = clone(model).fit(frame, series), clone(model).fit(X, y)
    np.testing.assert_array_equal(fitted.feature_names_in_, names)
    np.testing.assert_allclose(weights_of(fitted), weights_of(expected), rtol=1e-9)
    np.testing.assert_allclose(fitted.predict(frame), expected.predict(X), rtol=1e-9)
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame[names[::-1]])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_transform_gives_named_columns(library, rng):
    X, y = data(MLPClassifier(), rng)
    network = MLPClassifier(**SMALL).set_output(transform=library).fit(X, y)
    assert list(network.transform(X).columns) == [f"mlpclassifier{i}" for i in range(5)]


MARKERS = [
    (-1, int),
    (np.nan, float),
    (np.nan, object),
    ("None", str),
    (-1, "Int64"),
    (np.nan, "str"),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=str)
@pytest.mark.parametrize(("marker", "kind"), MARKERS, ids=str)
def test_unlabelled_rows_equal_no_rows(model, marker, kind, rng):
    X, y = data(model, rng)
    is_missing = rng.uniform(size=len(y)) < 0.3
    is_missing[:2] = [True, False]
    if kind is object:
        given = np.where(is_missing, None, np.array(["no", "yes"], object)[y])
    elif kind == "str":
        given = pandas.Series(np.where(is_missing, None, np.array(["no", "yes"])[y]), dtype="str")
    elif kind == "Int64":
        given = pandas.Series(np.where(is_missing, -1, y)).astype("Int64")
    else:
        given = np.where(is_missing, marker, y.astype(kind))
    weight = rng.uniform(0.5, 2, len(y))
    rows = ~is_missing
    found = clone(model).set_params(unlabeled=marker).fit(X, given, weight)
    expected = clone(model).fit(X[rows], y[rows], weight[rows])
    np.testing.assert_array_equal(weights_of(found), weights_of(expected))
    assert len(found.classes_) == 2
    from_lists = clone(found).fit(X.tolist(), list(given), weight.tolist())
    np.testing.assert_array_equal(weights_of(from_lists), weights_of(expected))


@pytest.mark.parametrize("model", [LinearRegression(), MLPRegressor(**SMALL)], ids=str)
def test_unlabelled_numbers_equal_no_rows(model, rng):
    X, y = data(model, rng)
    given = y.copy()
    given[::3] = np.nan
    rows = np.isfinite(given)
    found = clone(model).set_params(unlabeled=np.nan).fit(X, given)
    np.testing.assert_array_equal(weights_of(found), weights_of(clone(model).fit(X[rows], y[rows])))
    with pytest.raises(ValueError, match="Every row of y is marked as unlabelled"):
        clone(found).fit(X, np.full(len(y), np.nan))


@pytest.mark.parametrize("model", CLASSIFIERS, ids=str)
def test_nothing_is_unlabelled_unless_a_marker_is_named(model, rng):
    X, y = data(model, rng)
    assert set(clone(model).fit(X, np.where(y == 0, -1, 1)).classes_) == {-1, 1}
    with pytest.raises(ValueError, match="NaN"):
        clone(model).fit(X, np.where(y == 0, np.nan, 1))
    for missing in (None, pandas.NA):
        with pytest.raises(ValueError, match="give unlabeled=float"):
            clone(model).fit(X, np.where(y == 0, missing, "b"))


FULL_BATCH = [
    LogisticRegression(C=0.5, tol=1e-10),
    LogisticRegression(C=0.5, solver="nesterov", max_iter=50),
    MLPClassifier(hidden_layer_sizes=(4,), solver="lbfgs", alpha=1.0, max_iter=20, random_state=0),
    MLPClassifier(
        hidden_layer_sizes=(4,),
        solver="sgd",
        batch_size="full",
        alpha=0.0,
        max_iter=20,
        random_state=0,
    ),
]


@pytest.mark.parametrize("model", FULL_BATCH, ids=str)
@pytest.mark.parametrize("class_weight", [{0: 1, 1: 3}, "balanced"], ids=str)
def test_class_weight_equals_repeated_rows(model, class_weight, rng):
    X, y = data(model, rng)
    common = np.flatnonzero(y == 0)
    rare = np.flatnonzero(y == 1)[: len(common) // 3]
    # balanced: three common rows to a rare one; repeated, a weight of 2/3 for 1 and 2 for 3
    common = common[: 3 * len(rare)]
    kept = np.concatenate([common, rare])
    weighted = clone(model).set_params(class_weight=class_weight).fit(X[kept], y[kept])
    repeated = np.concatenate([common, rare, rare, rare])
    scale = 1.0 if isinstance(class_weight, dict) else 2 / 3
    expected = clone(model).fit(X[repeated], y[repeated], np.full(len(repeated), scale))
    plain = clone(model).fit(X[kept], y[kept])
    tolerance = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(weights_of(weighted), weights_of(expected), **tolerance)
    assert np.abs(weights_of(plain) - weights_of(expected)).max() > 1e-3


@pytest.mark.parametrize("model", CLASSIFIERS, ids=str)
def test_balanced_counts_weights_as_rows(model, rng):
    model = clone(model).set_params(class_weight="balanced")
    X, y = data(model, rng)
    weight = np.where(y == 1, 2.0, 1.0)
    rows = np.flatnonzero(y == 1)
    twice = np.concatenate([np.arange(len(y)), rows])
    if getattr(model, "batch_size", "full") != "full" and not model.solver == "lbfgs":
        model.set_params(batch_size="full")
    found, expected = clone(model).fit(X, y, weight), clone(model).fit(X[twice], y[twice])
    np.testing.assert_allclose(weights_of(found), weights_of(expected), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("model", ENGINE_MODELS, ids=str)
def test_callbacks_see_every_epoch_and_stop(model, rng):
    X, y = data(model, rng)
    if getattr(model, "solver", "") == "lbfgs" and "tol" in model.get_params():
        model = clone(model).set_params(
            tol=1e-12
        )  # so that no seed's rows end it before the fourth
    events = []

    def stop_at_four(event):
        events.append(event)
        return event.epoch == 4

    fitted = clone(model).set_params(callbacks=[stop_at_four]).fit(X, y)
    assert [event.epoch for event in events] == [1, 2, 3, 4]
    assert np.all(fitted.n_iter_ == 4)
    assert fitted.stop_reason_ == "Stopped by a callback."
    assert fitted.history_["loss"] == [event.loss for event in events]
    assert {event.max_iter for event in events} == {model.max_iter}
    shorter = clone(model).set_params(max_iter=4).fit(X, y)
    np.testing.assert_allclose(weights_of(fitted), weights_of(shorter), rtol=1e-12)
    last = np.ravel(events[-1].params().coefs[0].T)
    assert np.isin(last, weights_of(shorter)).all()


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_clone_and_pickle(model, rng):
    X, y = data(model, rng)
    if hasattr(model, "learning_rate_init") and model.solver not in ("lstsq", "lbfgs"):
        model = clone(model).set_params(solver=RMSprop(Step(0.01, every=3), decay=0.8))
    fitted = clone(model).fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    assert clone(again).get_params().keys() == model.get_params().keys()
    np.testing.assert_array_equal(weights_of(clone(again).fit(X, y)), weights_of(fitted))
    if hasattr(fitted, "partial_fit"):
        np.testing.assert_array_equal(
            weights_of(again.partial_fit(X, y)), weights_of(fitted.partial_fit(X, y))
        )


def test_grid_search_in_a_pipeline_over_processes(rng):
    X, y = data(MLPClassifier(), rng)
    steps = make_pipeline(StandardScaler(), MLPClassifier(**SMALL))
    grid = {
        "mlpclassifier__solver": ["sgd", Adam(0.05)],
        "mlpclassifier__alpha": [0.1, 1.0],
    }
    search = GridSearchCV(steps, grid, cv=2, n_jobs=2).fit(X, y)
    alone = GridSearchCV(steps, grid, cv=2).fit(X, y)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("model", ENGINE_MODELS, ids=str)
@pytest.mark.parametrize("poison", [1e30, -1e30])
def test_divergence_raises_and_names_the_epoch(model, poison, rng):
    if model.solver == "lbfgs":
        pytest.skip("a line search does not diverge")
    X, y = data(model, rng)
    diverging = clone(model).set_params(
        solver="sgd", learning_rate_init=abs(poison), max_iter=300, n_iter_no_change=300
    )
    words = "Solver produced non-finite parameter weights.*This happened in epoch [0-9]+"
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=words):
        diverging.fit(X * poison / 1e15, y)


@pytest.mark.parametrize("model", ENGINE_MODELS, ids=str)
def test_a_limit_that_is_reached_is_a_warning_that_says_what_to_change(model, rng):
    X, y = data(model, rng)
    with pytest.warns(ConvergenceWarning, match=r"(?s)[Ii]ncrease.*max_iter"):
        clone(model).set_params(max_iter=2, tol=0).fit(X, y)


@pytest.mark.parametrize("module", ["deepen", "deepen.neural_network", "deepen.linear_model"])
def test_importing_and_predicting_loads_no_jax(module, rng, tmp_path):
    X, y = data(MLPClassifier(), rng)
    network = MLPClassifier(**SMALL).fit(X, y)
    (tmp_path / "network.pickle").write_bytes(pickle.dumps(network))
    np.save(tmp_path / "rows.npy", X)
    script = f"""
import pickle, sys
import numpy as np
import {module}
assert "jax" not in sys.modules
network = pickle.load(open("network.pickle", "rb"))
np.save("labels.npy", network.predict(np.load("rows.npy")))
assert "jaxlib" not in sys.modules
"""
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
    environment = {**os.environ, "PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, env=environment)
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), network.predict(X))

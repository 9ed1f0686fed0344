"""scikit-learn's own callbacks (``sklearn.callback``, since 1.9) on deepen's estimators."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import GridSearchCV

from deepen.linear_model import LogisticRegression
from deepen.neural_network import MLPClassifier, MLPRegressor

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn is older than 1.9")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0}
MODELS = [
    MLPClassifier(**SMALL),
    MLPClassifier(**SMALL, solver="lbfgs"),
    MLPRegressor(**SMALL, solver="sgd"),
    LogisticRegression(max_iter=6),
    LogisticRegression(max_iter=6, solver="nesterov"),
]


class Recorder:
    """Keeps every hook's name and what the fitted estimator predicts."""

    def __init__(self, stop_at=None):
        self.stop_at, self.hooks, self.predictions = stop_at, [], []

    def setup(self, estimator, context):
        self.hooks.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.hooks.append("begin")

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.hooks.append("end")
        if fitted_estimator is not None and context.parent is not None:
            self.predictions.append(fitted_estimator.predict(X))
        return len(self.predictions) == self.stop_at

    def teardown(self, estimator, context):
        self.hooks.append("teardown")


def data(model, rng):
    if isinstance(model, MLPRegressor):
        X, y = make_regression(50, 4, random_state=rng)
        return X, y / 50
    return make_classification(50, 4, random_state=rng)


def fresh(model):
    return type(model)(**model.get_params())


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_hooks_are_balanced_and_see_an_estimator_that_predicts(model, rng):
    X, y = data(model, rng)
    recorder = Recorder()
    fitted = fresh(model).set_callbacks(recorder).fit(X, y)
    n_iter = int(np.max(fitted.n_iter_))
    assert recorder.hooks[0] == "setup"
    assert recorder.hooks[-1] == "teardown"
    # the fit, its epochs, and one empty task that closes them
    assert recorder.hooks.count("begin") == recorder.hooks.count("end") == n_iter + 2
    assert len(recorder.predictions) == n_iter
    quiet = fresh(model).fit(X, y)
    for n, prediction in enumerate(recorder.predictions, 1):
        shorter = fresh(model).set_params(max_iter=n).fit(X, y)
        np.testing.assert_allclose(prediction, shorter.predict(X), rtol=1e-9)
    np.testing.assert_allclose(fitted.predict(X), quiet.predict(X), rtol=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_a_callback_can_stop_the_fit(model, rng):
    X, y = data(model, rng)
    recorder = Recorder(stop_at=2)
    fitted = fresh(model).set_callbacks(recorder).fit(X, y)
    assert np.all(fitted.n_iter_ == 2)
    assert fitted.stop_reason_ == "Stopped by a callback."
    assert recorder.hooks[-1] == "teardown"
    shorter = fresh(model).set_params(max_iter=2).fit(X, y)
    np.testing.assert_allclose(fitted.predict(X), shorter.predict(X), rtol=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_an_error_in_a_fit_still_tears_callbacks_down(model, rng):
    X, y = data(model, rng)

    def fail(event):
        raise RuntimeError("of the user's")

    recorder = Recorder()
    with pytest.raises(RuntimeError, match="of the user's"):
        fresh(model).set_params(callbacks=[fail]).set_callbacks(recorder).fit(X, y)
    assert recorder.hooks[-1] == "teardown"


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_scikit_learns_progress_bar(model, rng, capsys):
    X, y = data(model, rng)
    fitted = fresh(model).set_callbacks(callback.ProgressBar()).fit(X, y)
    np.testing.assert_allclose(fitted.predict(X), fresh(model).fit(X, y).predict(X), rtol=1e-9)
    assert type(model).__name__ in capsys.readouterr().out


def test_a_search_hands_its_progress_bar_down(rng, capsys):
    X, y = data(MODELS[0], rng)
    search = GridSearchCV(fresh(MODELS[0]), {"alpha": [0.1, 1.0]}, cv=2)
    if not hasattr(search, "set_callbacks"):
        pytest.skip("this scikit-learn's searches take no callbacks")
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(X, y)
    assert "MLPClassifier" in capsys.readouterr().out


def test_only_scikit_learns_own_solvers_warn_that_callbacks_are_passed_over():
    with pytest.warns(UserWarning, match="only supported"):
        LogisticRegression(solver="saga").set_callbacks(Recorder())
    for solver in ("lbfgs", "cg", "sgd"):
        LogisticRegression(solver=solver).set_callbacks(Recorder())  # a warning would be an error

"""Gradients that vanish with depth, and what cures them; the monitor's figures by hand."""

from __future__ import annotations

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits

from deepen.engine.devices import computing
from deepen.functions.activations import ACTIVATIONS
from deepen.functions.initializers import he_uniform
from deepen.neural_network import Autoencoder, GradientMonitor, MLPClassifier, MLPRegressor
from deepen.plotting import plot_gradients

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def digits(rng, n_rows=1000):
    X, y = load_digits(return_X_y=True)
    order = rng.permutation(len(X))
    X, y = (X[order] / 16).astype(np.float32), y[order]
    return X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:]


def test_eight_sigmoid_layers_learn_only_when_pretrained(rng, optimized):
    X, y, X_test, y_test = digits(rng)
    common = {"hidden_layer_sizes": (64,) * 8, "batch_size": 50, "max_iter": 20}
    common |= {"n_iter_no_change": np.inf, "random_state": rng.randint(1000)}
    ratio, last, accuracy = {}, {}, {}
    for name, settings in {
        "plain": {"activation": "logistic"},
        "pretrained": {"activation": "logistic", "pretrainer": "autoencoder"},
        "he": {"activation": "relu", "init": "he"},
    }.items():
        monitor = GradientMonitor(X[:300], y[:300], every=5)
        network = MLPClassifier(**common, **settings, callbacks=[monitor]).fit(X, y)
        ratio[name], last[name] = monitor.ratios_[0], monitor.ratios_[-1]
        accuracy[name] = network.score(X_test, y_test)
    assert max(ratio["plain"], last["plain"]) <= 1e-2
    assert accuracy["plain"] < 0.3
    assert ratio["pretrained"] > 100 * ratio["plain"] and last["pretrained"] > 1e-2
    assert accuracy["pretrained"] > 0.75
    assert 0.1 <= ratio["he"] <= 10 and 0.1 <= last["he"] <= 10
    assert accuracy["he"] > 0.8


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor, Autoencoder])
def test_the_figures_are_those_of_the_definition(kind, rng):
    X, y, _, _ = digits(rng, 60)
    X = X.astype(np.float64)
    monitor = GradientMonitor(X[:20], y[:20])
    settings = {"hidden_layer_sizes": (7, 5), "activation": ("tanh", "logistic")}
    network = kind(**settings, max_iter=3, alpha=0.0, callbacks=[monitor]).fit(X, y)
    names = network._hidden_activations()
    assert monitor.history_["epoch"] == [0, 1, 2, 3]
    a, found = X[:20], {k: np.array(v[-1]) for k, v in monitor.history_.items() if k != "epoch"}
    derivatives = {"tanh": lambda a: 1 - a**2, "logistic": lambda a: a * (1 - a)}
    for layer, name in enumerate(names):
        a = ACTIVATIONS[name](a @ network.coefs_[layer] + network.intercepts_[layer])
        assert found["mean"][layer] == pytest.approx(a.mean(), rel=1e-9)
        assert found["deviation"][layer] == pytest.approx(a.std(), rel=1e-9)
        assert found["slope"][layer] == pytest.approx(derivatives[name](a).mean(), rel=1e-9)
    target = {MLPRegressor: y[:20, None], Autoencoder: X[:20]}.get(kind)

    with computing(np.float64):

        def cost(coefs):
            a = jnp.asarray(X[:20])
            for W, b, name in zip(coefs, network.intercepts_, (*names, "identity"), strict=True):
                a = ACTIVATIONS[name](a @ W + b[None])
            if kind is MLPClassifier:
                index = np.searchsorted(network.classes_, y[:20])
                return -jax.nn.log_softmax(a)[np.arange(20), index].mean()
            return 0.5 * jnp.square(a - target.astype(float)).sum(axis=1).mean()

        gradients = jax.grad(cost)([jnp.asarray(W) for W in network.coefs_])
        expected = [float(jnp.sqrt((g**2).mean())) for g in gradients]
    np.testing.assert_allclose(found["gradient"], expected, rtol=1e-8)
    np.testing.assert_allclose(monitor.ratios_[-1], expected[0] / expected[-1], rtol=1e-8)


def test_watching_changes_no_bit_and_keeps_nothing_of_the_network(rng):
    X, y, _, _ = digits(rng, 100)
    common = {"hidden_layer_sizes": (6, 5), "dropout": 0.2, "max_iter": 4, "random_state": 0}
    plain = MLPClassifier(**common).fit(X, y)
    monitor = GradientMonitor(sparse.csr_matrix(X[:10]), y[:10], every=2)
    watched = MLPClassifier(**common, callbacks=[monitor]).fit(X, y)
    np.testing.assert_array_equal(watched.coefs_[0], plain.coefs_[0])
    assert monitor.history_["epoch"] == [0, 2, 4]
    again = pickle.loads(pickle.dumps(watched))
    np.testing.assert_array_equal(again.predict(X), watched.predict(X))
    clone(watched).fit(X, y)
    watched.fit(X, y)
    assert monitor.history_["epoch"] == [0, 2, 4]  # a new fit, a new record
    tied = Autoencoder((6, 3), tied=True, max_iter=2, callbacks=[GradientMonitor(X[:10])]).fit(X)
    assert np.shape(tied.callbacks[0].history_["gradient"]) == (3, 2)  # two arrays are trained
    assert np.shape(tied.callbacks[0].history_["mean"]) == (3, 3)


def test_he_draws_have_their_variance_and_keep_the_scale_of_signals(rng):
    units = [300] * 20
    coefs, intercepts = he_uniform(rng, units, ("relu",) * 18, np.float64)
    assert np.var(coefs[0]) == pytest.approx(2 / 300, rel=0.05)
    assert not any(b.any() for b in intercepts)
    a = rng.standard_normal((200, 300))
    before = np.square(a).mean()
    for W in coefs:
        a = np.maximum(a @ W, 0)
    assert 0.3 < 2 * np.square(a).mean() / before < 6
    X, y, _, _ = digits(rng, 50)
    start = MLPClassifier((9,), init="he", solver="sgd", learning_rate_init=1e-30, max_iter=1)
    assert np.abs(start.fit(X, y).intercepts_[0]).max() < 1e-20
    assert start.coefs_[0].dtype == np.float32
    with pytest.raises(ValueError, match="init"):
        start.set_params(init="lucky").fit(X, y)


def test_the_plot_has_a_line_for_each_layer():
    history = {"epoch": [0, 2, 4], "gradient": [[1e-7, 1e-2], [0.0, 2e-2], [1e-5, 1e-2]]}
    ax = plot_gradients(history)
    assert [line.get_label() for line in ax.lines] == ["1", "output"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1e-7, np.nan, 1e-5])
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [0, 2, 4])
    assert ax.get_yscale() == "log"


def test_the_plot_shows_what_each_layer_passes_on():
    history = {"epoch": [0, 1], "gradient": [[1, 1, 1]] * 2, "deviation": [[0.5, 0.0], [0.4, 0.1]]}
    ax = plot_gradients(history, what="deviation")
    assert [line.get_label() for line in ax.lines] == ["1", "2"]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [0.0, 0.1])
    assert ax.get_yscale() == "linear" and "deviation" in ax.get_ylabel()
    with pytest.raises(ValueError, match="what must be one of"):
        plot_gradients(history, what="spread")

"""Linear models: the optima of scikit-learn's solvers, exact zeros, and refusals in words."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn import linear_model
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.fixes import parse_version

from deepen.engine import LBFGS, ConjugateGradient, Exponential
from deepen.linear_model import LinearRegression, LogisticRegression
from deepen.neural_network import MLPClassifier

L1_RATES = {
    "sgd": 0.5,
    "momentum": 0.1,
    "nesterov": 0.1,
    "adagrad": 0.5,
    "rmsprop": 0.01,
    "adam": 0.01,
}
TO_THE_END = {"max_iter": 5000, "tol": 0, "n_iter_no_change": 50}


def classes(rng, n_classes=2, n_rows=300):
    X, y = make_classification(
        n_rows, 6, n_informative=5, n_redundant=1, n_classes=n_classes, random_state=rng
    )
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("solver", ["lbfgs", "cg"])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_logistic_coefficients_equal_scikit_learns(n_classes, solver, class_weight, rng):
    X, y = classes(rng, n_classes)
    weights = rng.uniform(0.5, 2, len(y))
    common = {"C": 0.7, "tol": 1e-10, "max_iter": 2000, "class_weight": class_weight}
    expected = linear_model.LogisticRegression(solver="newton-cg", **common)
    expected.fit(X, y, weights)
    found = LogisticRegression(solver=solver, **{**common, "tol": 1e-8}).fit(X, y, weights)
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-6)
    np.testing.assert_allclose(found.intercept_, expected.intercept_, atol=1e-6)
    np.testing.assert_allclose(found.predict_proba(X), expected.predict_proba(X), atol=1e-6)


def sparse_truth(rng):
    """500 rows of 50 features, of which 8 count."""
    X = rng.standard_normal((500, 50))
    w = np.zeros(50)
    w[:8] = rng.choice([-1, 1], 8) * rng.uniform(0.5, 2, 8)
    return X, (X @ w + rng.logistic(size=500) > 0).astype(int)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # at the last digit
@pytest.mark.parametrize("solver", [*sorted(L1_RATES), LBFGS()], ids=str)
def test_l1_gives_exact_zeros_where_saga_does(solver, rng):
    X, y = sparse_truth(rng)
    C = 0.05
    is_old = parse_version(sklearn.__version__) < parse_version("1.8")
    l1 = {"penalty": "l1"} if is_old else {"l1_ratio": 1}
    expected = linear_model.LogisticRegression(
        C=C, solver="saga", max_iter=20_000, tol=1e-9, random_state=0, **l1
    ).fit(X, y)
    settings = {"tol": 1e-9}
    if solver in L1_RATES:
        settings = TO_THE_END | {"learning_rate_init": L1_RATES[solver]}
        settings["momentum"] = 0.0 if solver == "sgd" else 0.9
    found = LogisticRegression(C=C, l1_ratio=1, solver=solver, **settings).fit(X, y)
    # A weight on the very edge of the support may fall to either side; all others may not.
    weights = expected.coef_[0]
    gradient = C * np.abs(X.T @ (expected.predict_proba(X)[:, 1] - y))
    is_clear = (np.abs(weights) > 1e-3) | ((weights == 0) & (gradient < 0.99))
    assert 0 < np.count_nonzero(weights) < 50
    np.testing.assert_array_equal((found.coef_[0] == 0)[is_clear], (weights == 0)[is_clear])
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=2e-3)


@pytest.mark.parametrize("solver", ["lbfgs", LBFGS(ftol=1e-14)], ids=str)
def test_l1_by_lbfgs_equals_lasso(solver, rng):
    X, y = make_regression(200, 20, n_informative=5, noise=5.0, random_state=rng)
    expected = linear_model.Lasso(alpha=5.0, tol=1e-12, max_iter=100_000).fit(X, y)
    found = LinearRegression(solver=solver, l1=5.0 * len(y), tol=1e-9).fit(X, y)
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-4)
    np.testing.assert_array_equal(found.coef_ == 0, expected.coef_ == 0)


@pytest.mark.parametrize("solver", ["lstsq", "lbfgs", "cg"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_l2_equals_ridge(solver, n_targets, rng):
    X, y = make_regression(100, 5, n_targets=n_targets, noise=2.0, random_state=rng)
    weights = rng.uniform(0.5, 2, len(X))
    expected = linear_model.Ridge(alpha=3.0).fit(X, y, weights)
    found = LinearRegression(solver=solver, alpha=3.0, tol=1e-6, max_iter=5000)
    found.fit(X, y, weights)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.intercept_, expected.intercept_, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("solver", ["lstsq", "lbfgs"])
def test_linear_regression_equals_the_pseudo_inverse(solver, rng):
    X, y = make_regression(80, 6, noise=1.0, random_state=rng)
    expected = np.linalg.pinv(np.column_stack([X, np.ones(80)])) @ y
    found = LinearRegression(solver=solver, tol=1e-10).fit(X, y)
    found = np.array([*found.coef_, found.intercept_])
    assert np.abs(found - expected).max() <= 1e-8 * np.abs(expected).max()


def test_noise_on_the_inputs_is_ridge_with_n_sigma_squared(rng):
    # E sum (y - w.(x + sigma e) - b)^2 = sum (y - w.x - b)^2 + N sigma^2 ||w||^2   (Bishop 1995)
    n_rows, sigma = 400, 1.0
    X = rng.standard_normal((n_rows, 3))
    X -= X.mean(axis=0)
    y = X @ [1.0, -2.0, 0.5] + 0.1 * rng.standard_normal(n_rows)
    expected = linear_model.Ridge(alpha=n_rows * sigma**2).fit(X, y).coef_
    plain = linear_model.LinearRegression().fit(X, y).coef_
    averages = []
    model = LinearRegression(
        solver="sgd",
        momentum=0.0,
        learning_rate_init=0.02,
        noise=sigma,
        max_iter=3000,
        tol=0,
        n_iter_no_change=np.inf,
        random_state=rng.randint(1 << 30),
        callbacks=[lambda e: averages.append(e.params().coefs[0][:, 0]) if e.epoch > 300 else None],
    )
    with pytest.warns(Warning, match="Maximum iterations"):
        model.fit(X, y)
    # The mean over the epochs after the start has a Monte-Carlo error of about 0.005.
    np.testing.assert_allclose(np.mean(averages, axis=0), expected, atol=0.03)
    assert np.abs(plain - expected).max() > 0.2


REFUSED = [
    (LogisticRegression(solver="cg", l1_ratio=1.0), "cg.*no sound step with l1"),
    (LogisticRegression(max_norm=1.0), "lbfgs.*no sound step with max_norm"),
    (LogisticRegression(input_dropout=0.2), "lbfgs.*without randomness.*dropout"),
    (LogisticRegression(noise=0.2), "lbfgs.*without randomness"),
    (LogisticRegression(solver=ConjugateGradient(), l1_ratio=1.0), "cg.*no sound step with l1"),
    (LogisticRegression(l1_ratio=0.5), r"lbfgs supports only 'l2'.*solver=LBFGS\(\)"),
    (LinearRegression(solver=ConjugateGradient(), l1=1.0), "cg.*no sound step with l1"),
    (MLPClassifier(solver=ConjugateGradient(), l1=1.0), "cg.*no sound step with l1"),
    (MLPClassifier(solver=LBFGS(), max_norm=1.0), "lbfgs.*no sound step with max_norm"),
    (LogisticRegression(solver="saga", noise=0.1), "saga.*knows no noise"),
    (LogisticRegression(solver="liblinear", callbacks=[print]), "liblinear.*knows no callbacks"),
    (LinearRegression(l1=1.0), "lstsq.*knows no l1"),
    (LinearRegression(solver="sgd", positive=True), "positive=True needs solver='lstsq'"),
    (LogisticRegression(batch_size=1), "lbfgs.*knows no batch_size.*'sgd'"),
    (LogisticRegression(solver="cg", momentum=0.5), "cg.*knows no momentum"),
    (LogisticRegression(solver=LBFGS(), batch_size=3), "LBFGS.*knows no batch_size"),
    (LogisticRegression(learning_rate="step", gradient_tol=0.1), "learning_rate, gradient_tol"),
    (LogisticRegression(solver="saga", learning_rate_init=1.0), "saga.*no learning_rate_init"),
    (LinearRegression(batch_size=5, gradient_tol=1.0), "lstsq.*batch_size, gradient_tol"),
    (LinearRegression(solver="lbfgs", batch_size=5), "lbfgs.*knows no batch_size"),
]


@pytest.mark.parametrize(("model", "words"), REFUSED, ids=str)
def test_what_has_no_sound_step_is_refused_in_words(model, words, rng):
    with pytest.raises(ValueError, match=words):
        model.fit(*classes(rng))


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        LogisticRegression(solver="saga"),
        LogisticRegression(solver="sgd"),
        LinearRegression(),
        LinearRegression(solver="cg"),
        MLPClassifier(solver="lbfgs"),
        MLPClassifier(solver="cg"),
        MLPClassifier(),
    ],
    ids=str,
)
@pytest.mark.parametrize("rate", ["nonsense", 0.1, None])
def test_what_is_no_schedule_is_refused_by_every_solver(model, rate, rng):
    with pytest.raises(InvalidParameterError, match="learning_rate must be one of constant"):
        clone(model).set_params(learning_rate=rate).fit(*classes(rng))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_second_fit_by_another_solver_leaves_nothing_of_the_first(rng):
    X, y = classes(rng)
    sparse_rows, history = sparse.csr_array(X), {"history_", "loss_curve_", "stop_reason_"}
    ranks = {"rank_", "singular_"}
    model = LogisticRegression().fit(X, y)
    assert history <= set(vars(model))
    assert not history & set(vars(model.fit(sparse_rows, y)))
    model.set_params(solver="sgd").fit(X, y)
    assert not history & set(vars(model.set_params(solver="saga").fit(X, y)))
    model = LinearRegression(solver="lbfgs").fit(X, y)
    assert history <= set(vars(model))
    model.set_params(solver="lstsq").fit(X, y)
    assert ranks <= set(vars(model)) and not history & set(vars(model))
    assert not ranks & set(vars(model.set_params(alpha=1.0).fit(X, y)))
    model.set_params(alpha=0.0).fit(X, y)
    assert not ranks & set(vars(model.set_params(solver="lbfgs").fit(X, y)))


@pytest.mark.parametrize("solver", ["lbfgs", "saga"])
def test_held_out_rows_are_refused_where_they_would_be_passed_over(solver, rng):
    X, y = classes(rng)
    with pytest.raises(ValueError, match=r"X_val|validation set"):
        LogisticRegression(solver=solver).fit(X, y, X_val=X, y_val=y)


def test_max_norm_holds_and_binds(rng):
    X, y = classes(rng, 3)
    free = LogisticRegression(solver="nesterov", max_iter=200, n_iter_no_change=1e9)
    with pytest.warns(Warning, match="Maximum iterations"):
        free.fit(X, y)
        bound = LogisticRegression(**{**free.get_params(), "max_norm": 0.3}).fit(X, y)
    norms = np.linalg.norm(bound.coef_, axis=1)
    assert (norms <= 0.3 + 1e-12).all()
    assert np.isclose(norms.max(), 0.3)
    assert np.linalg.norm(free.coef_, axis=1).max() > 0.3


def test_single_rows_and_minibatches_come_near_the_optimum(rng):
    X, y = classes(rng)

    def cost(model):
        penalty = 0.5 / model.C * (model.coef_**2).sum()
        return log_loss(y, model.predict_proba(X)) + penalty / len(y)

    least = cost(LogisticRegression(C=0.1).fit(X, y))
    for batch_size, rate in ((1, 0.02), (32, 0.5)):
        model = LogisticRegression(
            C=0.1,
            solver="sgd",
            momentum=0.0,
            learning_rate=Exponential(rate, decay=0.1),
            batch_size=batch_size,
            max_iter=60,
            n_iter_no_change=1e9,
            random_state=0,
        )
        with pytest.warns(Warning, match="Maximum iterations"):
            model.fit(X, y)
        assert least - 1e-9 <= cost(model) < least + 2e-3


def test_xor_has_the_product_features_weights():
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = np.array([0, 1, 1, 0])
    features = np.column_stack([X, X[:, 0] * X[:, 1]])
    scores = np.column_stack([np.ones(4), features]) @ [-0.5, 1, 1, -2]
    np.testing.assert_array_equal(scores > 0, y == 1)
    assert LogisticRegression(C=100.0).fit(features, y).score(features, y) == 1
    assert LogisticRegression(C=100.0).fit(X, y).score(X, y) < 1

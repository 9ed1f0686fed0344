"""Boltzmann machines that classify: exact probabilities, exact gradients, and what each objective is for."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import deepen
from deepen.engine.devices import computing
from deepen.functions import class_energy
from deepen.functions.class_energy import Params, class_probabilities, draw_class, gibbs_step
from deepen.layers.class_contrast import ClassContrast
from deepen.neural_network import (
    Autoencoder,
    DeepBeliefNetwork,
    FreeEnergyGap,
    MLPClassifier,
    RBMClassifier,
)
from small_machines import states

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def machine(rng, n_visible=5, n_classes=3, n_hidden=4, dtype=np.float64):
    shapes = (n_visible, n_hidden), (n_classes, n_hidden), (n_visible,), (n_classes,), (n_hidden,)
    return Params(*(rng.normal(size=shape).astype(dtype) for shape in shapes))


def log_joint(params, v):
    """Values -E(v, y, h), shape (len(v), n_classes, 2^n_hidden), straight from the energy."""
    W, U, a, d, b = params
    h = states(len(b))
    return (
        (v @ a)[:, None, None]
        + d[None, :, None]
        + (h @ b)[None, None, :]
        + (v @ W @ h.T)[:, None, :]
        + (U @ h.T)[None, :, :]
    )


def probabilities(params, v):
    """Values p(y | v) by summing over all hidden states."""
    p = np.exp(log_joint(params, v)).sum(axis=2)
    return p / p.sum(axis=1, keepdims=True)


def digits(n_train=600):
    X, y = load_digits(return_X_y=True)
    return train_test_split(
        (X / 16).astype(np.float32), y, train_size=n_train, stratify=y, random_state=0
    )


def fitted(rng, n_rows=60, **settings):
    X = (rng.uniform(size=(n_rows, 6)) < 0.5).astype(float)
    y = np.array(["off", "on", "both"])[(X[:, 0] + X[:, 1]).astype(int)]
    return X, y, RBMClassifier(4, **{"max_iter": 5, "random_state": 0, **settings}).fit(X, y)


def test_class_probabilities_equal_enumeration_of_the_hidden_states(rng):
    params, v = machine(rng), states(5)
    np.testing.assert_allclose(class_probabilities(params, v), probabilities(params, v), rtol=1e-10)


def test_predict_proba_equals_enumeration(rng):
    _, _, model = fitted(rng, max_iter=30)
    v = states(6)
    params = Params(
        model.components_.T, model.class_components_.T, model.intercept_visible_,
        model.intercept_class_, model.intercept_hidden_,
    )  # fmt: skip
    expected = probabilities(params, v)
    found = model.predict_proba(v)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(model.predict_log_proba(v), np.log(expected), rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(model.predict(v), model.classes_[expected.argmax(axis=1)])
    np.testing.assert_allclose(model.predict_proba(sparse.csr_matrix(v)), found, rtol=1e-12)


def test_many_rows_are_taken_in_chunks(rng, monkeypatch):
    X, _, model = fitted(rng)
    whole = model.predict_proba(X)
    monkeypatch.setattr("deepen.neural_network.rbm_classifier.CHUNK_VALUES", 25)
    np.testing.assert_allclose(model.predict_proba(X), whole, rtol=1e-12)


def numerical_gradient(function, params, step=1e-6):
    """Central differences of a function of Params."""
    parts = []
    for number, part in enumerate(params):
        gradient = np.zeros_like(part)
        for place in np.ndindex(part.shape):
            ends = []
            for sign in (1, -1):
                moved = part.copy()
                moved[place] += sign * step
                ends.append(function(Params(*params[:number], moved, *params[number + 1 :])))
            gradient[place] = (ends[0] - ends[1]) / (2 * step)
        parts.append(gradient)
    return Params(*parts)


def test_the_discriminative_gradient_equals_finite_differences(rng):
    params, v = machine(rng), rng.uniform(size=(7, 5))
    y, weights = rng.randint(0, 3, 7).astype(np.int32), rng.uniform(size=7)
    y[2] = -1  # a row without a class

    def cost(params):
        p = probabilities(params, v)[np.arange(7), y]
        return -1.7 * (weights * np.log(p))[y >= 0].sum()

    with computing(np.float64):
        objective = ClassContrast(label_weight=1.7)
        assert not objective.is_random

        def value(params):
            rows = jnp.asarray(v), jnp.asarray(y)
            return objective(params, rows, jnp.asarray(weights), None, None)[0]

        found, gradient = jax.value_and_grad(value)(params)
    assert float(found) == pytest.approx(cost(params), rel=1e-10)
    for ours, expected in zip(gradient, numerical_gradient(cost, params), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-7)


def test_the_gap_of_free_energies_sums_over_classes_and_hidden_units(rng):
    X, held_out = (rng.uniform(size=(n, 6)) < 0.5 for n in (40, 30))
    gap = FreeEnergyGap(X * 1.0, sparse.csr_matrix(held_out * 1.0))
    _, _, model = fitted(rng, callbacks=[gap])
    free_energies = [-np.logaddexp.reduce(log_joint(model._params(), v).reshape(len(v), -1), axis=1)
                     for v in (X * 1.0, held_out * 1.0)]  # fmt: skip
    np.testing.assert_allclose(gap.history[-1], [f.mean() for f in free_energies], rtol=1e-9)
    assert len(gap.gaps) == 5
    assert gap.gaps[-1] == pytest.approx(gap.history[-1][1] - gap.history[-1][0], abs=1e-12)


@pytest.mark.parametrize(
    "model",
    [
        Autoencoder((2,), max_iter=1),
        MLPClassifier((2,), max_iter=1),
        DeepBeliefNetwork((3, 2), wake_sleep_iter=1),
    ],
)
def test_the_gap_refuses_models_without_a_free_energy(model, rng):
    X = (rng.uniform(size=(20, 4)) < 0.5).astype(float)
    model.set_params(callbacks=[FreeEnergyGap(X, X)])
    with pytest.raises(
        TypeError, match=r"FreeEnergyGap needs .*BernoulliRBM.*got parameters of type"
    ):
        model.fit(X, X[:, 0])


@pytest.mark.slow
@pytest.mark.parametrize("is_known", [True, False])
def test_after_many_steps_the_generative_gradient_is_the_exact_one(is_known, rng, seed):
    params, n = machine(rng, 3, 2, 2), 20_000
    one_v, label = np.array([[1.0, 0, 1]]), 1 if is_known else -1

    def log_likelihood(params):
        terms = np.exp(log_joint(params, states(3)))
        own = np.exp(log_joint(params, one_v))[0]
        return np.log(own[label].sum() if is_known else own.sum()) - np.log(terms.sum())

    v, y = np.repeat(one_v, n, axis=0), np.full(n, label, np.int32)
    objective = ClassContrast(n_steps=60, is_discriminative=False, generative_weight=1.0)
    with computing(np.float64):

        def mean_cost(params):
            key = jax.random.key(seed)
            rows = jnp.asarray(v), jnp.asarray(y)
            total, weight, _ = objective(params, rows, jnp.ones(n), None, key)
            return total / weight

        gradient = jax.jit(jax.grad(mean_cost))(params)
    for ours, expected in zip(gradient, numerical_gradient(log_likelihood, params), strict=True):
        # a mean of n values within [-1, 1] has an error of at most n^-1/2
        np.testing.assert_allclose(-np.asarray(ours), expected, atol=5 / np.sqrt(n))


@pytest.mark.parametrize("label", [1, -1])
def test_a_row_of_weight_three_counts_in_expectation_as_three_rows(label, rng, seed):
    """Not draw by draw: three rows have three samples, one row has one, that counts three times."""
    params, n = machine(rng, 4, 2, 3), 6000
    row = rng.randint(0, 2, (1, 4)) * 1.0
    objective = ClassContrast(n_steps=1, generative_weight=0.3)

    def gradients(n_rows, weight):
        """Of n machines side by side, each with its own key."""
        v, y = jnp.repeat(jnp.asarray(row), n_rows, axis=0), jnp.full(n_rows, label, jnp.int32)
        weights = jnp.full(n_rows, weight)

        def cost(params, key):
            return objective(params, (v, y), weights, None, key)[0]

        keys = jax.random.split(jax.random.key(seed + n_rows), n)
        return jax.jit(jax.vmap(jax.grad(cost), (None, 0)))(params, keys)

    with computing(np.float64):
        weighted, repeated = gradients(1, 3.0), gradients(3, 1.0)
    for one, other in zip(weighted, repeated, strict=True):
        one, other = np.asarray(one), np.asarray(other)
        error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / n)
        difference = np.abs(one.mean(axis=0) - other.mean(axis=0))
        assert np.all(difference <= 6 * error + 1e-9)


def test_gibbs_steps_leave_the_joint_distribution_as_it_is(rng, seed):
    params, n = machine(rng, 3, 3, 3), 40_000
    joint = np.exp(log_joint(params, states(3))).sum(axis=2)
    joint /= joint.sum()
    drawn = rng.choice(joint.size, n, p=joint.ravel())
    v, y = states(3)[drawn // 3], np.eye(3)[drawn % 3]
    with computing(np.float64):
        v, y = gibbs_step(params, jnp.asarray(v), jnp.asarray(y), jax.random.key(seed))
        v, y = np.asarray(v), np.asarray(y)
    assert np.all(y.sum(axis=1) == 1)
    number = (v @ [4, 2, 1]).astype(int) * 3 + y.argmax(axis=1)
    frequency = np.bincount(number, minlength=joint.size) / n
    error = np.sqrt(joint * (1 - joint) / n).ravel()
    assert np.all(np.abs(frequency - joint.ravel()) < 5 * error + 5 / n)


def test_drawn_classes_have_their_probabilities(rng, seed):
    logits, n = np.array([0.3, -2.0, 1.5], np.float32), 50_000
    drawn = draw_class(jnp.broadcast_to(logits[None], (n, 3)), jax.random.key(seed))
    p = np.exp(logits) / np.exp(logits).sum()
    assert np.all(np.abs(np.mean(drawn, axis=0) - p) < 5 * np.sqrt(p * (1 - p) / n))


def test_extreme_rows_and_weights_stay_finite(rng):
    params = Params(*(1e4 * part for part in machine(rng)))
    with np.errstate(over="raise", invalid="raise"):
        p = class_probabilities(params, 1e3 * rng.normal(size=(9, 5)))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    objective = ClassContrast(generative_weight=0.1)
    with computing(np.float64):
        y = jnp.zeros(4, jnp.int32)

        def cost(params):
            key = jax.random.key(0)
            return objective(params, (jnp.ones((4, 5)), y), jnp.ones(4), None, key)[0]

        gradient = jax.grad(cost)(params)
    assert all(np.isfinite(part).all() for part in gradient)


@pytest.mark.parametrize("objective", ["discriminative", "hybrid", "generative"])
def test_every_objective_learns_the_digits(objective, seed, optimized):
    X, X_test, y, y_test = digits()
    model = RBMClassifier(objective=objective, random_state=seed).fit(X, y)
    # Over fifteen seeds .909 with deviation .008, and .966 with .002 where the labels' cost counts.
    assert model.score(X_test, y_test) > (0.87 if objective == "generative" else 0.94)
    assert model.components_.dtype == np.float32
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]
    # What is told is -log p(y | v), whatever is trained.
    before = RBMClassifier(objective=objective, max_iter=1, learning_rate_init=1e-9, alpha=0.0,
                           random_state=seed).fit(X, y)  # fmt: skip
    log_p = before.predict_log_proba(X)[np.arange(len(y)), y]
    assert before.loss_curve_[0] == pytest.approx(-log_p.mean(), rel=1e-4)


def test_rows_without_a_class_teach_the_generative_term_alone(rng):
    X = (rng.uniform(size=(80, 6)) < 0.5).astype(float)
    y = np.where(X[:, 0] > 0, 3, 7)
    partly = np.where(np.arange(80) < 30, y, -1)
    settings = {"n_components": 4, "max_iter": 5, "random_state": 0, "unlabeled": -1}
    with_rest = RBMClassifier(**settings).fit(X, partly)
    assert with_rest.classes_.tolist() == [3, 7]
    other = X.copy()
    other[30:] = 1 - other[30:]
    assert (
        np.abs(
            RBMClassifier(**settings).fit(other, partly).components_ - with_rest.components_
        ).max()
        > 1e-4
    )
    # The discriminative objective leaves them out.
    settings["objective"] = "discriminative"
    without = RBMClassifier(**settings).fit(X[:30], y[:30])
    dropped = RBMClassifier(**settings).fit(X, partly)
    np.testing.assert_array_equal(dropped.components_, without.components_)
    by_nan = RBMClassifier(**settings | {"unlabeled": np.nan}).fit(
        X, np.where(partly > 0, y, np.nan)
    )
    np.testing.assert_array_equal(by_nan.components_, without.components_)
    with pytest.raises(ValueError, match="at least one row needs a target"):
        RBMClassifier(unlabeled=-1).fit(X, np.full(80, -1))


def test_weights_count_rows(rng):
    X, y, _ = fitted(rng)
    settings = {"n_components": 4, "objective": "discriminative", "solver": "lbfgs", "max_iter": 30}
    weights = rng.randint(0, 3, len(y)).astype(float)
    weighted = RBMClassifier(**settings, random_state=0).fit(X, y, weights)
    rows = np.repeat(np.arange(len(y)), weights.astype(int))
    repeated = RBMClassifier(**settings, random_state=0).fit(X[rows], y[rows])
    np.testing.assert_allclose(
        weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-4, atol=1e-6
    )
    plain, unit = (
        RBMClassifier(4, max_iter=3, random_state=0).fit(X, y, w) for w in (None, np.ones(len(y)))
    )
    np.testing.assert_array_equal(plain.components_, unit.components_)
    by_class = RBMClassifier(4, max_iter=3, random_state=0, class_weight={"on": 2.0}).fit(X, y)
    by_row = RBMClassifier(4, max_iter=3, random_state=0).fit(X, y, 1.0 + (y == "on"))
    np.testing.assert_allclose(by_class.components_, by_row.components_)


def test_same_seed_same_bits_and_a_second_fit_compiles_nothing(rng):
    X, y, first = fitted(rng, batch_size=10)
    second = RBMClassifier(4, max_iter=5, random_state=0, batch_size=10).fit(X, y)
    np.testing.assert_array_equal(first.components_, second.components_)
    from deepen.engine import epoch

    n_programs = epoch.run_epochs._cache_size()
    RBMClassifier(
        4,
        max_iter=7,
        random_state=1,
        generative_weight=0.3,
        learning_rate_init=0.1,
        alpha=0.2,
        batch_size=10,
    ).fit(X[:-5], y[:-5])
    assert epoch.run_epochs._cache_size() == n_programs


def test_held_out_rows_stop_the_fit_and_give_the_best_parameters(rng):
    X, X_val, y, y_val = digits(300)
    model = RBMClassifier(30, random_state=0, max_iter=100, learning_rate_init=0.02)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    scores = model.history_["validation_score"]
    assert len(scores) == model.n_iter_ < 100 and "Validation score" in model.stop_reason_
    assert model.score(X_val, y_val) == pytest.approx(max(scores))
    with pytest.raises(ValueError, match="classes that `y` has not"):
        model.fit(X, y, X_val=X_val, y_val=y_val + 5)
    with pytest.raises(ValueError, match="X_val and y_val belong together"):
        model.fit(X, y, X_val=X_val)


def test_what_has_no_sound_meaning_is_refused(rng):
    X, y, _ = fitted(rng)
    with pytest.raises(ValueError, match=r"solver='lbfgs'.*objective='discriminative'"):
        RBMClassifier(solver="lbfgs").fit(X, y)
    with pytest.warns(UserWarning, match=r"outside \[0, 1\] \(from 0 to 3\)"):
        RBMClassifier(max_iter=1).fit(3 * X, y)
    RBMClassifier(max_iter=1, objective="discriminative").fit(3 * X, y)
    with pytest.raises(ValueError, match="only one class"):
        RBMClassifier().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="'objective' parameter"):
        RBMClassifier(objective="both").fit(X, y)


def test_a_saved_model_predicts_alike(rng, tmp_path):
    X, _, model = fitted(rng)
    deepen.save(model, tmp_path / "model.deepen")
    again = deepen.load(tmp_path / "model.deepen")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.classes_.tolist() == model.classes_.tolist()


def test_the_functions_agree_with_the_plain_machine_on_v_and_one_hot(rng):
    # The class units are visible units of one plain machine: the same free energies.
    params = machine(rng)
    from deepen.functions import bernoulli_energy

    W, U, a, d, b = params
    joint = bernoulli_energy.Params(np.vstack([W, U]), np.concatenate([a, d]), b)
    v, y = states(5)[:6], np.eye(3)[[0, 1, 2, 0, 1, 2]]
    scores = class_energy.class_scores(params, v)
    expected = bernoulli_energy.free_energy(joint, np.hstack([v, y]))
    np.testing.assert_allclose(-(v @ a) - (scores * y).sum(axis=1), expected, rtol=1e-12)

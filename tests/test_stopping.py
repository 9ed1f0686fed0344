"""Stopping rules: the recorded curves imply the epoch of the stop."""

import jax.numpy as jnp
import numpy as np
import pytest

from deepen.engine import (
    SGD,
    Progress,
    Run,
    Stopping,
    minimize,
)
from deepen.engine.evaluate import outputs_and_cost
from deepen.layers.cost import NetworkCost
from engine_problems import (
    FunctionOfPoint,
    Point,
    assert_same_bits,
    deadline,
    descend,
    endless,
    make_batches,
    random_network,
    regression_rows,
    zeros_like_linear,
)


def parabola(x):
    return x**2 + x


def test_a_flat_cost_stops_after_its_epochs_without_improvement(seed):
    X, y = regression_rows(seed, 40, 3)
    for patience, tol in ((3, 1e-3), (10, 1e-4)):
        run = Run(stopping=Stopping(max_iter=3000, tol=tol, n_iter_no_change=patience))
        result = minimize(
            NetworkCost("squared_error", ()),
            zeros_like_linear(X),
            make_batches(X, y, batch_size=16),
            SGD(0.02),
            run,
        )
        losses = result.progress.history["loss"]
        best, stalls, implied = np.inf, 0, None
        for epoch, loss in enumerate(losses, start=1):
            stalls = 0 if best - loss >= tol else stalls + 1
            best = min(best, loss)
            if stalls > patience:
                implied = epoch
                break
        assert implied == len(losses) == result.progress.n_iter < 3000
        assert result.converged
        assert result.progress.stop_reason.startswith("Training loss did not improve more than")
        assert f"for {patience} consecutive epochs" in result.progress.stop_reason


def test_the_limit_of_epochs_is_no_convergence(seed):
    X, y = regression_rows(seed, 40, 3)
    for max_iter in (1, 15, 16, 17, 40):
        result = descend(
            NetworkCost("squared_error", ()),
            zeros_like_linear(X),
            make_batches(X, y),
            SGD(0.01),
            max_iter,
        )
        assert result.progress.n_iter == max_iter == len(result.progress.history["loss"])
        assert not result.converged
        assert result.progress.stop_reason == f"Maximum iterations ({max_iter}) reached."


def test_a_small_gradient_stops_at_the_first_epoch_that_has_one(seed):
    X, y = regression_rows(seed, 40, 3)
    start = random_network(seed, (3, 1))
    run = Run(stopping=endless(2000, gradient_tol=1e-3))
    result = minimize(NetworkCost("squared_error", ()), start, make_batches(X, y), SGD(0.1), run)
    gradients = result.progress.history["gradient"]
    assert result.converged
    assert result.progress.stop_reason == "Gradient smaller than 0.001."
    assert gradients[-1] <= 1e-3 < min(gradients[:-1])
    error = X @ start.coefs[0] + start.intercepts[0] - y
    by_hand = max(abs(X.T @ error / 40).max(), abs(error.mean()))
    np.testing.assert_allclose(gradients[0], by_hand, rtol=1e-10)


def held_out_problem(seed):
    """A network that fits 20 noisy rows better than others."""
    rng = np.random.RandomState(seed)
    X, X_val = rng.standard_normal((20, 6)), rng.standard_normal((200, 6))
    y, y_val = (rows[:, :1] + rng.standard_normal((len(rows), 1)) for rows in (X, X_val))
    cost, start = NetworkCost("squared_error", ("tanh",)), random_network(seed, (6, 30, 1))

    def validate(params):
        outputs, loss = outputs_and_cost(cost, params, X_val, y_val, None)
        return -float(np.mean((outputs - y_val) ** 2)), loss

    return cost, start, make_batches(X, y, batch_size=10), validate


def test_held_out_rows_stop_the_run_and_the_best_weights_come_back(seed):
    cost, start, batches, validate = held_out_problem(seed)
    kept = []
    run = Run(
        stopping=Stopping(max_iter=3000, tol=0.0, n_iter_no_change=7),
        validate=validate,
        callbacks=(lambda event: kept.append(event.params()),),
    )
    result = minimize(cost, start, batches, SGD(0.1, 0.9), run)
    scores = result.progress.history["validation_score"]
    assert result.converged
    assert result.progress.stop_reason.startswith("Validation score did not improve")
    best, stalls, implied = -np.inf, 0, None
    for epoch, score in enumerate(scores, start=1):
        stalls = 0 if score - best >= 0 else stalls + 1
        best = max(best, score)
        if stalls > 7:
            implied = epoch
            break
    assert implied == len(scores) == result.progress.n_iter < 3000
    assert result.progress.best == max(scores)
    assert_same_bits(result.params, kept[int(np.argmax(scores))])
    np.testing.assert_allclose(result.progress.history["validation_loss"], -np.array(scores) / 2)


def test_a_run_that_starts_stalled_still_ends():
    batches = make_batches(np.zeros((4, 1)), np.zeros((4, 1)))
    run = Run(stopping=Stopping(max_iter=5, n_iter_no_change=2))
    start = Point(np.array(3.0))
    with deadline(10):
        result = minimize(
            FunctionOfPoint(parabola),
            start,
            batches,
            SGD(0.1),
            run,
            progress=Progress(best=-10.0, n_stalled=9),
        )
    assert 1 <= result.progress.n_iter <= 5


def test_a_callback_stops_the_run_and_every_callback_hears_of_each_epoch():
    heard = [], []

    def first(event):
        heard[0].append(event.epoch)
        return event.epoch == 4

    def second(event):
        heard[1].append((event.epoch, event.max_iter, event.loss, event.learning_rate))

    batches = make_batches(np.zeros((4, 1)), np.zeros((4, 1)))
    run = Run(stopping=endless(9), callbacks=(first, second))
    result = minimize(FunctionOfPoint(parabola), Point(np.array(3.0)), batches, SGD(0.1), run)
    assert heard[0] == [1, 2, 3, 4]
    losses = result.progress.history["loss"]
    assert heard[1] == [(i + 1, 9, losses[i], 0.1) for i in range(4)]
    assert result.progress.stop_reason == "Stopped by a callback."


def blows_up(x):
    return jnp.exp(x * x)


@pytest.mark.parametrize("callbacks", [(), (lambda event: None,)])
def test_divergence_names_the_epoch_and_the_remedy(callbacks):
    batches = make_batches(np.zeros((4, 1)), np.zeros((4, 1)))
    run = Run(stopping=endless(50), callbacks=callbacks)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"epoch \d+.*learning rate"):
        minimize(FunctionOfPoint(blows_up), Point(np.array(1.5)), batches, SGD(1.0), run)

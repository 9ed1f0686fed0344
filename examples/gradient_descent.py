"""Gradient descent: the one line that everything else in deepen surrounds.

    params <- params - learning_rate * gradient(cost)

Above, three functions of one number, whose best points are known: x^2 + x is least at -1/2,
log x + log(1 - x) greatest at 1/2, sin x greatest on (0, pi) at pi/2. To climb instead of descend is
to descend on minus the function. Steps shrink by themselves, because the gradient does.

Below, the cost of a straight line y = w x + b on 100 points, a bowl over the plane (w, b):

    cost(w, b) = 1/(2N) sum_i (w x_i + b - y_i)^2

The gradient over all rows walks straight to the bottom, one step an epoch. Over 10 rows at a time
(mini-batches) it is a noisy estimate, but takes ten steps an epoch; over a single row it takes a
hundred, gets near first, and then jitters around the bottom for as long as the rate stays constant.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from common import BLACK, BLUE, COLOURS, ORANGE, arguments, save

from deepen.engine import SGD, Batches, Run, Stopping, minimize

options = arguments(__doc__)


class Params(NamedTuple):
    """What is learnt: any NamedTuple of arrays will do."""

    w: Any
    b: Any


def descend(cost, start, learning_rate, n_epochs, rows=None, batch_size=1):
    """Parameters after each epoch. cost(params, x, y) is that of one row, or of none at all."""

    def objective(params, batch, weights, state, key):
        costs = jax.vmap(partial(cost, params))(*batch)
        return (weights * costs).sum(), weights.sum(), state

    X, y = (np.zeros((1, 1)), np.zeros(1)) if rows is None else rows
    rng = np.random.RandomState(0)
    batches = Batches(X, y, None, batch_size=batch_size, shuffle=rows is not None, rng=rng)
    path = [start]
    follow = lambda event: path.append(event.params())  # noqa: E731
    run = Run(stopping=Stopping(max_iter=n_epochs, n_iter_no_change=np.inf), callbacks=(follow,))
    minimize(jax.tree_util.Partial(objective), start, batches, SGD(learning_rate), run)
    return np.array(path)


# name, function, its sign when descended, start, learning rate, where the best point is, domain
curves = [
    ("$x^2 + x$", lambda x: x**2 + x, 1, 2.0, 0.1, -0.5, (-2.8, 2.2)),
    (
        "$\\log x + \\log(1-x)$",
        lambda x: jnp.log(x) + jnp.log(1 - x),
        -1,
        0.05,
        0.005,
        0.5,
        (0.02, 0.98),
    ),
    ("$\\sin x$", jnp.sin, -1, 0.2, 0.3, np.pi / 2, (0.0, np.pi)),
]
figure, axes = plt.subplots(2, 3, figsize=(9.5, 6.4))
for ax, (name, f, sign, start, rate, best, domain) in zip(axes[0], curves, strict=True):
    path = descend(
        lambda p, _x, _y, f=f, sign=sign: sign * f(p.w),
        Params(np.array(start), np.array(0.0)),
        rate,
        500,
    )[:, 0]
    x = np.linspace(*domain, 200)
    ax.plot(x, f(x), color=BLUE)
    ax.plot(path, f(path), "o-", color=ORANGE, markersize=4, linewidth=0.8)
    ax.plot(path[-1], f(path[-1]), "*", color=BLACK, markersize=11)
    ax.set(title=f"{name},  rate {rate}", xlabel="x", ylabel="f(x)")
    print(f"{name:24s} ends at {path[-1]:.6f}, the truth is {best:.6f}")

rng = np.random.default_rng(0)
x = rng.normal(size=(100, 1))
y = 1.5 * x[:, 0] + 0.5 + 0.7 * rng.normal(size=100)
best = np.linalg.lstsq(np.column_stack([x, np.ones(100)]), y, rcond=None)[0]
w, b = np.meshgrid(np.linspace(-1.3, 2.4, 80), np.linspace(-1.7, 1.5, 80))
bowl = ((w[..., None] * x[:, 0] + b[..., None] - y) ** 2).mean(axis=-1) / 2
ways = [("full batch", 100, 30), ("mini-batches of 10", 10, 30), ("single rows", 1, 30)]
for ax, colour, (name, size, epochs) in zip(axes[1], COLOURS[1:4], ways, strict=True):
    line = lambda p, x, y: (p.w * x[0] + p.b - y) ** 2 / 2  # noqa: E731
    path = descend(line, Params(np.array(-1.0), np.array(-1.4)), 0.1, epochs, (x, y), size)
    ax.contour(
        w,
        b,
        bowl,
        levels=np.geomspace(bowl.min() * 1.02, bowl.max(), 14),
        colors="#aaaaaa",
        linewidths=0.7,
    )
    ax.plot(*path.T, "o-", color=colour, markersize=3.5, linewidth=0.9)
    ax.plot(*best, "*", color=BLACK, markersize=11, label="least squares")
    ax.set(title=f"{name}\n{100 // size} step{'s' * (size < 100)} an epoch", xlabel="w", ylabel="b")
    distances = np.linalg.norm(path - best, axis=1)
    print(
        f"{name:24s} from least squares after 1, 5, 30 epochs: {distances[[1, 5, 30]].round(4).tolist()}"
    )
# On white, so that no contour runs through the words.
axes[1, 0].legend(loc="upper left", frameon=True, framealpha=1, edgecolor="none")
save(figure, options, "gradient_descent")

"""XOR and the donut: what a straight line cannot do, and the two ways around it.

A logistic unit splits the plane by a straight line, since p(y = 1 | x) = sigma(w.x + b) is one half
where w.x + b = 0. Neither XOR (four points, opposite corners alike) nor a donut (a ring around
a ring) can be split so. The first way around is to hand the unit the feature it lacks:

    XOR     x = (1, x1, x2, x1 x2)         w = (-.5, 1, 1, -2) is -.5, .5, .5, -.5 on the four points
    donut   x = (x1, x2, r),  r = |x|      the line r = const is a circle in the plane

The second is to let a hidden layer find its own features: p = sigma(v.tanh(W x + b) + c) needs three
hidden units for XOR and a few more for the donut. The coloured regions are what each model decides.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import BLUE, ORANGE, arguments, save

from deepen.linear_model import LogisticRegression
from deepen.neural_network import MLPClassifier

options = arguments(__doc__)
rng = np.random.default_rng(0)

# XOR: four points, and the weights that one can write down by looking.
X_xor = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y_xor = np.array([0, 1, 1, 0])


def with_product(X):
    """The features 1, x1, x2 and x1 x2."""
    return np.column_stack([np.ones(len(X)), X, X[:, 0] * X[:, 1]])


weights = np.array([-0.5, 1, 1, -2])
by_hand = with_product(X_xor) @ weights > 0

# A hidden layer finds weights by itself; L-BFGS suits four rows better than minibatches do.
xor_network = MLPClassifier((3,), "tanh", solver="lbfgs", alpha=1e-3, max_iter=500, random_state=1)
xor_network.fit(X_xor, y_xor)

# The donut: a ring of radius about 5 inside one of radius about 10.
n = 500
angle = rng.uniform(0, 2 * np.pi, 2 * n)
r = np.repeat([5.0, 10.0], n) + rng.normal(size=2 * n)
X_donut = np.column_stack([r * np.cos(angle), r * np.sin(angle)])
y_donut = np.repeat([0, 1], n)


def with_radius(X):
    """The features x1, x2 and r."""
    return np.column_stack([X, np.hypot(X[:, 0], X[:, 1])])


plain = LogisticRegression().fit(X_donut, y_donut)
radial = LogisticRegression(C=100, max_iter=1000).fit(with_radius(X_donut), y_donut)
donut_network = MLPClassifier((8,), "tanh", solver="lbfgs", alpha=0.1, max_iter=500, random_state=0)
donut_network.fit(X_donut, y_donut)


def draw(ax, X, y, decide, title):
    """Points, and the region that a model gives to each class."""
    margin = 0.15 * np.ptp(X, axis=0)
    low, high = X.min(axis=0) - margin, X.max(axis=0) + margin
    x1, x2 = np.meshgrid(*(np.linspace(a, b, 300) for a, b in zip(low, high, strict=True)))
    regions = decide(np.column_stack([x1.ravel(), x2.ravel()])).reshape(x1.shape).astype(float)
    ax.contourf(x1, x2, regions, [-0.5, 0.5, 1.5], colors=[BLUE, ORANGE], alpha=0.25)
    for label, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "^")):
        size = 90 if len(X) == 4 else 7
        ax.scatter(*X[y == label].T, s=size, c=colour, marker=marker, label=f"class {label}")
    ax.set(title=title, xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


figure, axes = plt.subplots(2, 2, figsize=(7.5, 7.2))
draw(
    axes[0, 0],
    X_xor,
    y_xor,
    lambda X: with_product(X) @ weights > 0,
    "XOR, weights by hand on $x_1 x_2$",
)
draw(axes[0, 1], X_xor, y_xor, xor_network.predict, "XOR, three hidden units")
draw(
    axes[1, 0],
    X_donut,
    y_donut,
    lambda X: radial.predict(with_radius(X)),
    "donut, logistic regression on $r$",
)
draw(axes[1, 1], X_donut, y_donut, donut_network.predict, "donut, eight hidden units")
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)

print(f"XOR, weights {weights.tolist()} by hand: {(by_hand == y_xor).sum()} of 4 right")
print(f"XOR, network with 3 hidden units: {(xor_network.predict(X_xor) == y_xor).sum()} of 4 right")
print(f"donut, logistic regression on x1, x2: accuracy {plain.score(X_donut, y_donut):.3f}")
print(f"donut, with the radius: accuracy {radial.score(with_radius(X_donut), y_donut):.3f}")
print(f"donut, network with 8 hidden units: accuracy {donut_network.score(X_donut, y_donut):.3f}")
print("weights of x1, x2 and r:", radial.coef_[0].round(2).tolist())
save(figure, options, "xor_and_donut")

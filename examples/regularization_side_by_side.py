"""Regularisation side by side: dropout, L1, L2, noise, max-norm, and nothing.

A network with many more weights than rows learns the training rows by heart. What keeps it from that:

    L2          cost + alpha/(2N) sum w^2     every weight shrinks in proportion to itself
    L1          cost + l1/N sum |w|           small weights become exactly zero
    dropout     h <- m h / (1 - p)            units are absent half the time, and cannot rely on one another
    noise       x <- x + sigma e              rows are clouds; for a linear model it is the same as L2
    max-norm    |w_j| <= c for every unit     weights into a unit may not grow without bound

To make learning by heart hurt, every fifth training label is drawn at random. Above: cost and error on
held-out rows with true labels; without a penalty both fall, and then rise again, while the network
learns the wrong labels. (L1, L2 and max-norm buy a low error with modest probabilities, hence their
high cost.) Below: the first layer of the epoch that did best on the held-out rows, which is what
`fit` keeps, as a histogram of weights and as pictures of the units with the largest ones. L1 leaves
most of them at exactly zero.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import COLOURS, arguments, digits, has_data, mnist, save

from deepen.neural_network import MLPClassifier
from deepen.plotting import plot_filters

options = arguments(__doc__)
is_mnist = options.full and has_data("mnist/mnist.npz")
X_train, y_train, X_test, y_test = mnist(2000) if is_mnist else digits(n_train=400)
rng = np.random.default_rng(0)
is_wrong = rng.random(len(y_train)) < 0.2
y_train = np.where(is_wrong, rng.integers(0, 10, len(y_train)), y_train)
side = int(np.sqrt(X_train.shape[1]))
n_units, n_epochs, rate = (500, 60, 0.001) if is_mnist else (200, 150, 0.003)
ways = {
    "nothing": {},
    "L2": {"alpha": 1.0},
    "L1": {"l1": 0.03 if is_mnist else 0.1},
    "dropout": {"dropout": 0.5, "input_dropout": 0.2},
    "noise": {"noise": 0.6 if is_mnist else 0.3},
    "max-norm": {"max_norm": 1.0},
}

figure = plt.figure(figsize=(9.5, 7.4))
parts = figure.subfigures(2, 1, height_ratios=(1, 1.15))
curves, pictures = parts[0].subplots(1, 2), parts[1].subplots(2, len(ways))
styles = ["-", "--", "-.", "-", "--", "-."]
for column, (name, settings) in enumerate(ways.items()):
    network = MLPClassifier(
        (n_units,), max_iter=n_epochs, n_iter_no_change=np.inf, learning_rate_init=rate, batch_size=50,
        random_state=0, **({"alpha": 0.0} | settings),
    )  # fmt: skip
    # The held-out rows draw the curve; a user would also stop there, and test on other rows.
    network.fit(X_train, y_train, X_val=X_test, y_val=y_test)
    epochs = np.arange(1, n_epochs + 1)
    held_out = network.history_["validation_loss"]
    errors = 100 * (1 - np.array(network.history_["validation_score"]))
    line = dict(color=COLOURS[column], linestyle=styles[column])
    curves[0].plot(epochs, held_out, label=name, **line)
    curves[1].plot(epochs, errors, **line)

    W = network.coefs_[0]
    zeros = (W == 0).mean()
    print(
        f"{name:9s} cost {held_out[-1]:.3f}   error {errors[-10:].mean():.1f} %   exact zeros {zeros:.0%}"
    )
    histogram, filters = pictures[:, column]
    histogram.hist(np.clip(W.ravel(), -1, 1), bins=41, color=COLOURS[column])
    histogram.set(title=name, yscale="log", ylim=(0.5, W.size), xticks=[-1, 0, 1], xlabel="weight")
    histogram.tick_params(labelleft=column == 0)
    strongest = np.argsort(-np.linalg.norm(W, axis=0))[:9]
    plot_filters(W[:, strongest], (side, side), ax=filters)
pictures[0, 0].set_ylabel("how many")
curves[0].set(xlabel="epoch", ylabel="held-out cost (nats a row)", ylim=(0, 1.5))
curves[1].set(xlabel="epoch", ylabel="held-out error (%)", ylim=(0, 25))
curves[0].legend(ncols=2, fontsize=9)
save(figure, options, "regularization_side_by_side")

"""Six ways to use the same gradient g: plain, momentum, Nesterov, AdaGrad, RMSprop, Adam.

    plain       w <- w - eta g
    momentum    v <- mu v - eta g,             w <- w + v
    Nesterov    v <- mu v - eta g,             w <- w + mu v - eta g
    AdaGrad     c <- c + g^2,                  w <- w - eta g / (sqrt(c) + eps)
    RMSprop     c <- rho c + (1 - rho) g^2,    w <- w - eta g / (sqrt(c) + eps)
    Adam        RMSprop along a running mean of g, both corrected for starting at zero

The first three share one learning rate: momentum adds up past steps, so that where gradients agree it
moves about 1 / (1 - mu) = 10 times as far. The others divide by the size of past gradients and get
a rate of their own for every weight; AdaGrad remembers all of them, and so slows down for good.
Same network, same starting weights, same batches in the same order; only the rule differs. Left:
cost against epochs. Right: how fast each is over a range of rates, for no rule is best at every rate.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import COLOURS, arguments, digits, save

from deepen.engine import SGD, AdaGrad, Adam, RMSprop
from deepen.neural_network import MLPClassifier

options = arguments(__doc__)
X_train, y_train, X_test, y_test = digits()
n_epochs = 100 if options.full else 30

rules = {
    "plain": lambda rate: SGD(rate),
    "momentum": lambda rate: SGD(rate, momentum=0.9),
    "Nesterov": lambda rate: SGD(rate, momentum=0.9, nesterov=True),
    "AdaGrad": lambda rate: AdaGrad(rate),
    "RMSprop": lambda rate: RMSprop(rate),
    "Adam": lambda rate: Adam(rate),
}
shown = {
    "plain": 0.05,
    "momentum": 0.05,
    "Nesterov": 0.05,
    "AdaGrad": 0.01,
    "RMSprop": 0.001,
    "Adam": 0.001,
}
rates = np.logspace(-4, 0, 9)


def train(solver, epochs):
    """The network after some epochs, from the same start and with the same batches."""
    network = MLPClassifier(
        (64, 64), "tanh", solver=solver, alpha=0, batch_size=50, max_iter=epochs,
        n_iter_no_change=np.inf, random_state=0,
    )  # fmt: skip
    return network.fit(X_train, y_train)


figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.4))
styles = ["-", "--", "-.", "-", "--", "-."]
for (name, rule), colour, style in zip(rules.items(), COLOURS, styles, strict=False):
    network = train(rule(shown[name]), n_epochs)
    epochs = np.arange(1, n_epochs + 1)
    left.semilogy(
        epochs, network.loss_curve_, style, color=colour, label=f"{name}, rate {shown[name]:g}"
    )
    reached = [train(rule(float(rate)), 10).loss_curve_[-1] for rate in rates]
    right.loglog(rates, reached, style, color=colour, marker="o", markersize=4, label=name)
    below = np.flatnonzero(np.array(network.loss_curve_) < 0.1)
    first = f"in epoch {below[0] + 1}" if len(below) else f"not in {n_epochs} epochs"
    best = rates[np.argmin(reached)]
    error = 1 - network.score(X_test, y_test)
    print(
        f"{name:9s} cost below 0.1 {first:18s} test error {error:.3f}   best rate of those tried {best:.2g}"
    )
left.set(title="same start, same batches", xlabel="epoch", ylabel="training cost (nats a row)")
right.set(title="cost after 10 epochs", xlabel="learning rate", ylabel="training cost (nats a row)")
right.axhline(np.log(10), color="#888888", linewidth=0.8)
right.text(rates[0], np.log(10) * 1.4, "guessing: log 10", color="#666666", fontsize=8)
left.legend(fontsize=8)
save(figure, options, "optimizers_side_by_side")

"""Schedules: large steps first, to get near; small ones last, to settle.

Epoch t of a run takes its steps at the rate eta(t). From the same first rate A:

    constant       A
    step           A / 2 after every k epochs
    inverse        A / (1 + k t)
    exponential    A exp(-k t)
    cosine         A (1 + cos(pi t / T)) / 2

Gradients of minibatches are noisy, and at a constant rate the noise keeps the weights in motion: the
cost falls fast, then jumps about. Every schedule that shrinks the rate settles lower. One that shrinks
it too early, as a steep exponential does, stops on the way.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import COLOURS, arguments, digits, save

from deepen.engine import SGD, Constant, Cosine, Exponential, Inverse, Step
from deepen.neural_network import MLPClassifier

options = arguments(__doc__)
X_train, y_train, X_test, y_test = digits()
n_epochs, A = (200, 1.0) if options.full else (60, 1.0)
k = n_epochs / 6
schedules = {
    "constant": Constant(A),
    "step, half every sixth": Step(A, every=round(k), factor=0.5),
    "inverse": Inverse(A, decay=1 / k),
    "exponential": Exponential(A, decay=0.6 / k),
    "exponential, too steep": Exponential(A, decay=12 / k),
    "cosine": Cosine(A, n_epochs=n_epochs),
}

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.6))
styles = ["-", "--", "-.", "-", ":", "--"]
for (name, schedule), colour, style in zip(schedules.items(), COLOURS, styles, strict=False):
    losses, errors = [], []
    for seed in range(3):
        # One hidden layer and batches of ten rows: little to learn, much noise in the gradient.
        network = MLPClassifier(
            (30,), "tanh", solver=SGD(schedule), alpha=0.01, batch_size=10, max_iter=n_epochs,
            n_iter_no_change=np.inf, random_state=seed,
        ).fit(X_train, y_train)  # fmt: skip
        losses.append(network.loss_curve_)
        errors.append(1 - network.score(X_test, y_test))
    epochs = np.arange(1, n_epochs + 1)
    left.semilogy(epochs, network.history_["learning_rate"], style, color=colour, label=name)
    right.semilogy(epochs, np.mean(losses, axis=0), style, color=colour, linewidth=1.3)
    last = np.mean(losses, axis=0)[-5:].mean()
    print(f"{name:24s} cost over the last 5 epochs {last:.4f}   test error {np.mean(errors):.4f}")
left.set(title="rate", xlabel="epoch", ylabel="learning rate", ylim=(A / 300, A * 1.5))
right.set(
    title="what it does (mean of 3 starts)", xlabel="epoch", ylabel="training cost (nats a row)"
)
right.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
right.minorticks_off()
figure.legend(loc="outside lower center", ncols=3)
save(figure, options, "schedules")

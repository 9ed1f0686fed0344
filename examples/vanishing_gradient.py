"""The vanishing gradient: why eight sigmoid layers do not learn, and what makes them.

    dC/dW_1 carries g'(z_8) g'(z_7) ... g'(z_1),   and for the logistic function g' <= 1/4

so the gradient shrinks with every layer that it passes on its way down: at the first layer of eight
there is hardly any left, and back-propagation from random weights goes nowhere. Pre-training starts the
layers one by one, each on what the one below makes of the data, so that every layer already passes
something on; then the same network learns by the same back-propagation. Rectifiers with He's starting
weights have slopes of 0 and 1 and keep the gradient's scale by themselves, and so does tanh, whose slope at
0 is 1, from Glorot's. A GradientMonitor records all this on a fixed batch of rows while the networks
train: the gradient of each layer, and how far its activations differ from row to row and unit to unit.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import BLUE, GREEN, ORANGE, PINK, arguments, digits, save

from deepen.neural_network import GradientMonitor, MLPClassifier
from deepen.plotting import plot_gradients

options = arguments(__doc__)
X_train, y_train, X_test, y_test = digits(n_train=1000)
n_layers, n_epochs = 8, 100 if options.full else 40
networks = {
    "sigmoid": {"activation": "logistic"},
    "sigmoid, pre-trained": {"activation": "logistic", "pretrainer": "autoencoder"},
    "rectifiers, He's start": {"activation": "relu", "init": "he"},
    "tanh, Glorot's start": {"activation": "tanh"},
}

figure, axes = plt.subplots(2, 3, figsize=(15, 7.6))
(profile, spread, accuracy), (plain, cured, cured_spread) = axes
for (name, settings), colour in zip(networks.items(), (ORANGE, BLUE, GREEN, PINK), strict=True):
    monitor = GradientMonitor(X_train[:300], y_train[:300])
    network = MLPClassifier(
        (64,) * n_layers, batch_size=50, max_iter=n_epochs, n_iter_no_change=np.inf, random_state=0,
        callbacks=[monitor], **settings,
    )  # fmt: skip
    network.fit(X_train, y_train, X_val=X_test, y_val=y_test)
    ratios, scores = monitor.ratios_, network.validation_scores_
    print(
        f"{name:23s} first / last gradient {ratios[0]:.1e} at the start, {ratios[-1]:.1e} at the"
        f" end; test accuracy {scores[-1]:.3f}"
    )
    gradient, deviation = monitor.history_["gradient"][0], monitor.history_["deviation"][0]
    profile.semilogy(range(1, n_layers + 2), gradient, "o-", color=colour, label=name)
    spread.plot(range(1, n_layers + 1), deviation, "o-", color=colour)
    accuracy.plot(range(1, n_epochs + 1), scores, color=colour)
    if name == "sigmoid":
        plot_gradients(monitor.history_, plain)
        plain.set(title="sigmoid: gradient of each layer", ylim=(None, 1))
    elif name == "sigmoid, pre-trained":
        plot_gradients(monitor.history_, cured)
        cured.set(title=f"{name}: gradient of each layer", ylim=plain.get_ylim())
        plot_gradients(monitor.history_, cured_spread, "deviation")
        cured_spread.set(title=f"{name}: activations of each layer", ylim=(0, None))

profile.set(title="gradients before the first epoch", xlabel="layer (9 is the output)")
profile.set(ylabel="gradient (root mean square)")
profile.legend(loc="lower right")
spread.set(title="activations before the first epoch", xlabel="hidden layer")
spread.set(ylabel="deviation of the activations", ylim=(0, None))
accuracy.set(
    title="eight hidden layers of 64 units", xlabel="epoch", ylabel="test accuracy", ylim=(0, 1)
)
save(figure, options, "vanishing_gradient")

"""Width and depth: test error against the number of hidden units, with one, two and three layers.

    h_1 = g(W_1 x + b_1),   h_2 = g(W_2 h_1 + b_2),  ...   p = softmax(V h_L + c)

More units make a network that can bend more; more layers, one that builds features out of features.
Neither comes for free: each point is the mean over several starts, with its standard error, since a
difference smaller than the error bars is no difference. On a thousand small digits wide beats narrow,
and a second layer pays where the first is narrow; a third hardly does. With --full and MNIST in
DEEPEN_DATA the widths are 500 to 3000 units, which takes hours on a small CPU.
"""

from __future__ import annotations

import time

import matplotlib.pyplot as plt
import numpy as np
from common import COLOURS, arguments, digits, has_data, mnist, save

from deepen.neural_network import MLPClassifier

options = arguments(__doc__)
is_mnist = options.full and has_data("mnist/mnist.npz")
if is_mnist:
    name, widths, n_seeds, n_epochs, rate = "MNIST", (500, 1000, 2000, 3000), 2, 10, 0.001
    X_train, y_train, X_test, y_test = mnist(n_train=60_000)
else:
    name, widths, n_seeds, n_epochs, rate = "8 x 8 digits", (25, 50, 100, 200, 300), 5, 30, 0.005
    X_train, y_train, X_test, y_test = digits(n_train=1000)
depths = (1, 2, 3)


def error(width, depth, seed):
    """Test error in percent of one network."""
    network = MLPClassifier(
        (width,) * depth, alpha=1e-3, batch_size=100, learning_rate_init=rate, max_iter=n_epochs,
        learning_rate="cosine", n_iter_no_change=np.inf, random_state=seed,
    )  # fmt: skip
    return 100 * (1 - network.fit(X_train, y_train).score(X_test, y_test))


started = time.perf_counter()
figure, ax = plt.subplots(figsize=(7.5, 4.6))
for depth, colour, marker in zip(depths, COLOURS, "os^", strict=False):
    errors = np.array([[error(width, depth, seed) for seed in range(n_seeds)] for width in widths])
    mean, spread = errors.mean(axis=1), errors.std(axis=1, ddof=1) / np.sqrt(n_seeds)
    # A little aside, so that error bars do not hide each other.
    aside = np.array(widths) * (1 + 0.03 * (depth - 2))
    label = f"{depth} hidden layer{'s' * (depth > 1)}"
    ax.errorbar(aside, mean, spread, color=colour, marker=marker, capsize=3, label=label)
    print(
        f"{label:15s} "
        + "  ".join(
            f"{w}: {m:.2f} +- {s:.2f} %" for w, m, s in zip(widths, mean, spread, strict=True)
        )
    )
ax.set(title=f"{name}: mean and standard error of {n_seeds} starts", xscale="log", ylim=(0, None))
ax.set(xlabel="units in each hidden layer", ylabel="test error (%)")
ax.set_xticks(widths, [str(w) for w in widths])
ax.minorticks_off()
ax.legend()
n_networks = len(depths) * len(widths) * n_seeds
print(f"{n_networks} networks in {time.perf_counter() - started:.0f} s")
save(figure, options, "width_and_depth")

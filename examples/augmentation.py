"""Augmentation: more rows for nothing, if one knows what does not change a class.

    shift        x(p) <- x(p + t),       t up to a few pixels
    rotate       x(p) <- x(R p),         R a turn about the centre by a few degrees
    flip         x(i, j) <- x(i, -j)     left and right change places
    brightness   x <- (1 + u) x,         u small

Each epoch sees every training row in a new disguise, so the network must learn what the disguises have
in common. That helps where the disguise is one that real rows wear: a digit shifted by a pixel is still
that digit. It harms where it is not: a flipped 2 is no digit, and a network that must accept it has
less room for the rest. Above, six draws of each; below, the test error, with the standard error of its
difference to that of the rows as they are.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from common import BLUE, arguments, digits_or_mnist, save

from deepen.functions.augmentation import Brightness, Compose, Flip, Rotate, Shift
from deepen.neural_network import MLPClassifier

options = arguments(__doc__)
n_train = 10_000 if options.full else 1000
name, (X_train, y_train, _, _) = digits_or_mnist(n_train)
side = int(np.sqrt(X_train.shape[1]))
shape = (side, side)
n_repeats, n_epochs = (3, 60) if side == 28 else (5, 150)
# Small digits fill their frame: a whole pixel would cut strokes off, half of one does not.
shift = Shift(2, shape) if side == 28 else Shift(0.6, shape, whole=False)
rotate = Rotate(15, shape)
ways = {
    "as they are": None,
    "shift": shift,
    "rotate": rotate,
    "flip": Flip(shape),
    "brightness": Brightness(0.5),
    "shift, rotate": Compose((shift, rotate)),
}


def errors(augment):
    """Test errors in percent over several splits and starts."""
    found = []
    for seed in range(n_repeats):
        _, (X_train, y_train, X_test, y_test) = digits_or_mnist(n_train, seed)
        network = MLPClassifier(
            (300,), augment=augment, dropout=0.2, learning_rate_init=0.002, learning_rate="cosine",
            batch_size=100, max_iter=n_epochs, n_iter_no_change=np.inf, random_state=seed,
        )  # fmt: skip
        found.append(100 * (1 - network.fit(X_train, y_train).score(X_test, y_test)))
    return np.array(found)


figure = plt.figure(figsize=(7.5, 8.4))
above, below = figure.subfigures(2, 1, height_ratios=(1.9, 1))
grid = above.subplots(len(ways), 7, width_ratios=(1.6, *[1] * 6))
chosen = X_train[np.flatnonzero(y_train == 2)[0]]
for row, (label, augment) in zip(grid, ways.items(), strict=True):
    drawn = np.tile(chosen, (6, 1))
    if augment is not None:
        drawn = np.asarray(augment(jnp.asarray(drawn), jax.random.key(1)))
    row[0].text(0.9, 0.5, label, ha="right", va="center", transform=row[0].transAxes)
    row[0].set_axis_off()
    for ax, image in zip(row[1:], drawn, strict=True):
        ax.imshow(image.reshape(shape), cmap="gray_r", vmin=0, vmax=1.5)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)

results = {label: errors(augment) for label, augment in ways.items()}
means = [found.mean() for found in results.values()]
# Each repeat compares on the same rows: the bars are standard errors of the difference.
gains = [found - results["as they are"] for found in results.values()]
bars = [gain.std(ddof=1) / np.sqrt(n_repeats) for gain in gains]
ax = below.subplots()
ax.barh(list(results), means, xerr=bars, color=BLUE, height=0.6, capsize=3)
ax.axvline(means[0], color="black", linewidth=0.8, linestyle="--")
ax.invert_yaxis()
ax.set(xlabel=f"test error (%), mean of {n_repeats} repeats", title=name)
print(name)
for label, mean, bar in zip(results, means, bars, strict=True):
    print(f"{label:14s} test error {mean:.2f} %   difference {mean - means[0]:+.2f} +- {bar:.2f}")
save(figure, options, "augmentation")

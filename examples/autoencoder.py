"""Autoencoders: what a network must keep of a picture to draw it again.

    h = f(x),   r = g(h),   make ||x - r||^2 (or the cross-entropy) small with fewer units in h than in x

With two numbers a digit, a deep autoencoder draws what two principal components cannot, and its codes
keep the classes apart. A denoising autoencoder sees corrupted rows and must give the clean ones; its
units learn strokes, where those of a plain one of the same size may learn next to nothing. The deep one
starts from a stack of shallow ones (--full: longer training).
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import arguments, digits_or_mnist, save
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from deepen.neural_network import Autoencoder
from deepen.plotting import plot_filters

options = arguments(__doc__)
name, (X_train, y_train, X_test, y_test) = digits_or_mnist(n_train=5000)
side = int(np.sqrt(X_train.shape[1]))
n_epochs = 200 if options.full else 60
print(name)

deep = Autoencoder(
    (128, 64, 2), ("logistic", "logistic", "identity"), loss="cross_entropy", pretrainer="autoencoder",
    batch_size=50, learning_rate_init=0.003, max_iter=n_epochs, random_state=0, n_iter_no_change=np.inf,
).fit(X_train)  # fmt: skip
pca = PCA(2).fit(X_train)
error = {
    "deep autoencoder": -deep.score(X_test),
    "principal components": np.square(X_test - pca.inverse_transform(pca.transform(X_test)))
    .sum(axis=1)
    .mean(),
}
codes = {"deep autoencoder": deep.transform, "principal components": pca.transform}
for what, coder in codes.items():
    neighbours = KNeighborsClassifier(10).fit(coder(X_train), y_train)
    accuracy = neighbours.score(coder(X_test), y_test)
    print(f"{what:21s} 2 numbers: squared error {error[what]:.2f}, 10 neighbours {accuracy:.3f}")

common = {"tied": True, "loss": "cross_entropy", "learning_rate_init": 0.003, "max_iter": n_epochs}
common |= {"batch_size": 50, "random_state": 0, "n_iter_no_change": np.inf}
masked = np.where(np.random.default_rng(0).uniform(size=X_test.shape) < 0.3, 0, X_test)
masked = masked.astype(np.float32)
repairers = {}
for what, corruption in (("plain", None), ("denoising", "masking")):
    repairers[what] = Autoencoder((128,), "logistic", corruption=corruption, **common).fit(X_train)
    repaired = repairers[what].reconstruct(masked)
    print(f"{what:21s} repairs to error {np.square(X_test - repaired).sum(axis=1).mean():.2f}")

figure = plt.figure(figsize=(11, 9))
top, bottom = figure.subfigures(2, 1, height_ratios=(1.15, 1))
maps = top.subplots(1, 2)
for ax, (what, coder) in zip(maps, codes.items(), strict=True):
    points = ax.scatter(*coder(X_test[:2000]).T, c=y_test[:2000], cmap="tab10", s=7)
    ax.set(title=f"{what}: two numbers a digit", xlabel="first", ylabel="second")
top.colorbar(points, ax=maps, ticks=range(10), label="digit")
pictures, filters = bottom.subplots(1, 2, width_ratios=(1.5, 1))
shown = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
lines = {
    "test digit": X_test[shown],
    "deep, 2 numbers": deep.reconstruct(X_test[shown]),
    "PCA, 2 numbers": pca.inverse_transform(pca.transform(X_test[shown])),
    "30 % masked": masked[shown],
    "repaired": repairers["denoising"].reconstruct(masked[shown]),
}
strips = [
    np.hstack([np.pad(row.reshape(side, side), 1) for row in rows]) for rows in lines.values()
]
pictures.imshow(np.vstack(strips), cmap="gray_r", vmin=0, vmax=1)
pictures.set_yticks((side + 2) * (np.arange(len(lines)) + 0.5), list(lines))
pictures.set_xticks([])
pictures.tick_params(length=0)
pictures.spines[["left", "bottom"]].set_visible(False)
plot_filters(repairers["denoising"].coefs_[0], n_filters=64, ax=filters)
filters.set_title("denoising: what 64 units look for")
save(figure, options, "autoencoder")

"""What a network has learnt, seen in two dimensions: PCA and t-SNE of pixels and of a hidden layer.

    pixels x,   code h = g(W x + b),   PCA: directions of most variance,   t-SNE: neighbours stay neighbours

A hidden layer re-describes an image so that the classes come apart: what the output layer needs is that
a plane separates them. To see it, and to measure it, two columns are made of the pixels and two of the
codes, from training rows alone; held-out rows are then placed among them and classified by their five
nearest neighbours. A few principal components of the codes tell the digits apart better than as many of
the pixels, over several splits and starts; with ten the pixels have caught up. t-SNE keeps neighbours,
not variance: in its picture the pixels do well by themselves, and the codes gain little.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from common import arguments, digits, save
from sklearn.neighbors import KNeighborsClassifier

from deepen.decomposition import PCA
from deepen.manifold import TSNE
from deepen.neural_network import MLPClassifier
from deepen.plotting import plot_embedding

options = arguments(__doc__)


def trained(seed):
    """A network and its data: another split and another start for each seed."""
    X, y, X_new, y_new = digits(n_train=1000, seed=seed)
    network = MLPClassifier(
        (64,), alpha=1e-3, learning_rate_init=0.005, batch_size=100, max_iter=40, random_state=seed
    ).fit(X, y)
    return network, X, y, X_new, y_new


def by_neighbours(train, y, test, y_new):
    """Share of the held-out rows that their five nearest training rows classify rightly."""
    return KNeighborsClassifier(5).fit(train, y).score(test, y_new)


network, X_train, y_train, X_test, y_test = trained(seed=0)
print(f"network 64-64-10: test accuracy {network.score(X_test, y_test):.3f}")

features = {
    "pixels": (X_train, X_test),
    "hidden layer": (network.transform(X_train), network.transform(X_test)),
}
figure, axes = plt.subplots(2, 2, figsize=(11, 10))
for row, (what, (train, test)) in zip(axes, features.items(), strict=True):
    for ax, method in zip(row, (PCA(2), TSNE(random_state=0)), strict=True):
        name = "t-SNE" if isinstance(method, TSNE) else "PCA"
        places = method.fit_transform(train)
        new_places = method.transform(test)  # held-out rows, among those that stay where they are
        accuracy = by_neighbours(places, y_train, new_places, y_test)
        print(f"{name:5} of {what:12}  5-NN accuracy in the plane, held-out rows: {accuracy:.3f}")
        title = f"{name} of {what}: {100 * accuracy:.1f} % by five neighbours"
        both = np.concatenate([places, new_places])
        plot_embedding(both, np.concatenate([y_train, y_test]), title=title, ax=ax)

runs = [trained(seed) for seed in range(3)]
for k in (2, 5, 10):
    means = []
    for code in (lambda network, X: X, lambda network, X: network.transform(X)):
        scores = []
        for network, X, y, X_new, y_new in runs:
            pca = PCA(k).fit(code(network, X))
            new = pca.transform(code(network, X_new))
            scores.append(by_neighbours(pca.transform(code(network, X)), y, new, y_new))
        means.append(np.mean(scores))
    print(f"{k:2} components, mean of 3 runs: pixels {means[0]:.3f}, hidden layer {means[1]:.3f}")
save(figure, options, "learnt_features")

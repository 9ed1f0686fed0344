"""How many dimensions are there? Explained variance, and what is lost by a code of k numbers.

    error(k) = (1/N) sum_i |x_i - decode(encode(x_i))|^2    over rows that were not trained on

With principal components the code is linear, z = V_k'(x - m), and on the training rows the error is what
the other variances sum to. An autoencoder may bend its code: z = f(x), decoded by g(z). Where the two
curves meet, the rows lie as good as flat; where the autoencoder's runs below, they lie on something that
fewer numbers describe. Neither curve has a corner on real data: the answer to the question is a size and
what it costs. (--full: longer training, more sizes.)
"""

from __future__ import annotations

import matplotlib.pyplot as plt
from common import arguments, digits, save

from deepen.decomposition import PCA
from deepen.neural_network import Autoencoder
from deepen.plotting import plot_dimensions, reconstruction_error

options = arguments(__doc__)
X_train, _, X_test, _ = digits()
sizes = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32) if options.full else (1, 2, 4, 8, 16, 32)
n_epochs = 1000 if options.full else 250

components = [PCA(k).fit(X_train) for k in sizes]
autoencoders = [
    Autoencoder(
        (100, k), ("relu", "identity"), init="he", batch_size=50, learning_rate_init=0.002,
        max_iter=n_epochs, random_state=0, n_iter_no_change=n_epochs,
    ).fit(X_train)
    for k in sizes
]  # fmt: skip
for k, pca, network in zip(sizes, components, autoencoders, strict=True):
    errors = reconstruction_error(pca, X_test), reconstruction_error(network, X_test)
    print(f"{k:2d} numbers: PCA {errors[0]:.2f}, autoencoder {errors[1]:.2f}")

full = PCA().fit(X_train)
shares = full.explained_variance_ratio_.cumsum()
for share in (0.8, 0.9, 0.95):
    print(f"{share:.0%} of the variance: {(shares < share).sum() + 1} components")
figure, ax = plt.subplots(figsize=(8, 4.6))
plot_dimensions(
    {
        "principal components": components,
        "autoencoder with 100 units before the code": autoencoders,
    },
    X_test,
    explained_variance_ratio=full.explained_variance_ratio_[: sizes[-1]],
    ax=ax,
)
ax.set_title("8 x 8 digits: what a code of k numbers loses")
save(figure, options, "how_many_dimensions")

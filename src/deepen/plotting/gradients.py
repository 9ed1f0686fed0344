"""Gradients of the layers over the epochs: whether the first layer hears of the error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepen.plotting._axes import new_axes, tidy


def plot_gradients(history: Mapping[str, Sequence[Any]], ax: Any = None) -> Any:
    """Root mean square gradient of each layer's weights over the epochs, on a logarithmic scale.

    Parameters
    ----------
    history : dict of lists
        ``history_`` of a :class:`deepen.neural_network.GradientMonitor`.
    ax : matplotlib Axes, default=None
        None: axes of a new Figure.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> history = {"epoch": [0, 1], "gradient": [[1e-6, 1e-3, 0.1], [1e-5, 2e-3, 0.1]]}
    >>> ax = plot_gradients(history)
    >>> len(ax.lines), ax.get_yscale()
    (3, 'log')
    """
    from matplotlib import colormaps

    epochs, gradient = np.asarray(history["epoch"]), np.asarray(history["gradient"])
    n_layers = gradient.shape[1]
    # A gradient of exactly zero, as of dead rectifiers, has no place on the scale and leaves a gap.
    shown = np.where(gradient > 0, gradient, np.nan)
    ax = new_axes(ax)
    colours = colormaps["viridis"](np.linspace(0.0, 0.9, n_layers))
    for layer in range(n_layers):
        name = "output" if layer == n_layers - 1 else str(layer + 1)
        ax.plot(epochs, shown[:, layer], color=colours[layer], label=name, linewidth=1.4)
    ax.set_yscale("log")
    ax.set_xlabel("epoch")
    ax.set_ylabel("gradient (root mean square)")
    ax.legend(title="layer", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return tidy(ax)

"""Figures of the layers over the epochs: whether the first hears of the error, and what each passes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from deepen._extras import import_extra
from deepen.plotting._axes import new_axes, tidy

LABELS = {
    "gradient": "gradient (root mean square)",
    "mean": "mean activation",
    "deviation": "deviation of the activations",
    "slope": "mean slope of the activation function",
}


def plot_gradients(
    history: Mapping[str, Sequence[Any]],
    ax: Any = None,
    what: Literal["gradient", "mean", "deviation", "slope"] = "gradient",
) -> Any:
    """Root mean square gradient of each layer's weights over the epochs, on a logarithmic scale.

    Parameters
    ----------
    history : dict of lists
        ``history_`` of a :class:`deepen.neural_network.GradientMonitor`.
    ax : matplotlib Axes, default=None
        None: axes of a new Figure.
    what : {'gradient', 'mean', 'deviation', 'slope'}, default='gradient'
        What to show; the last three are of the hidden layers' activations, on a linear scale.

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
    if what not in LABELS:
        raise ValueError(f"what must be one of {sorted(LABELS)}, got {what!r}.")
    is_gradient = what == "gradient"
    epochs, values = np.asarray(history["epoch"]), np.asarray(history[what])
    n_layers = values.shape[1]
    # A gradient of exactly zero, as of dead rectifiers, has no place on the scale and leaves a gap.
    shown = np.where(values > 0, values, np.nan) if is_gradient else values
    ax = new_axes(ax)
    colours = import_extra("matplotlib").colormaps["viridis"](np.linspace(0.0, 0.9, n_layers))
    for layer in range(n_layers):
        name = "output" if is_gradient and layer == n_layers - 1 else str(layer + 1)
        ax.plot(epochs, shown[:, layer], color=colours[layer], label=name, linewidth=1.4)
    ax.set_yscale("log" if is_gradient else "linear")
    ax.set_xlabel("epoch")
    ax.set_ylabel(LABELS[what])
    ax.legend(title="layer", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return tidy(ax)

"""Weights as pictures: what each hidden unit looks for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deepen.plotting._axes import new_axes
from deepen.plotting._pictures import tile_square


def plot_filters(
    weights: ArrayLike, shape: tuple[int, int] | None = None, *, n_filters: int = 64, ax: Any = None
) -> Any:
    """The incoming weights of hidden units as small grey pictures in one grid.

    Parameters
    ----------
    weights : array-like of shape (n_features, n_units)
        For example ``coefs_[0]`` of a network; for ``components_`` give its transpose.
    shape : tuple of (int, int), default=None
        Height and width of a picture; None takes the square root of n_features.
    n_filters : int, default=64
        How many units to show, the first ones.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If n_features is not height times width.

    Examples
    --------
    >>> ax = plot_filters(np.eye(16), n_filters=4)
    >>> ax.images[0].get_array().shape
    (9, 9)
    """
    weights = np.asarray(weights, dtype=np.float64)
    pictures = weights[:, :n_filters].T
    largest = np.abs(pictures).max(axis=1, keepdims=True)
    grid, ratio = tile_square(pictures / np.where(largest > 0, largest, 1), shape)
    ax = new_axes(ax, 6.0, 6.0 * ratio)
    ax.imshow(grid, cmap="gray", vmin=-1, vmax=1)
    ax.set_axis_off()
    return ax

"""Weights as pictures: what each hidden unit looks for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deepen.plotting._axes import new_axes


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
    n_features, n_units = weights.shape
    side = int(np.sqrt(n_features))
    height, width = shape if shape is not None else (side, side)
    if height * width != n_features:
        raise ValueError(
            f"shape must multiply to the {n_features} features, got {(height, width)!r}."
        )
    n_shown = min(n_filters, n_units)
    n_columns = int(np.ceil(np.sqrt(n_shown)))
    n_rows = int(np.ceil(n_shown / n_columns))
    # One row and column of nothing between the pictures.
    grid = np.full((n_rows * (height + 1) - 1, n_columns * (width + 1) - 1), np.nan)
    for unit in range(n_shown):
        row, column = divmod(unit, n_columns)
        picture = weights[:, unit].reshape(height, width)
        top, left = row * (height + 1), column * (width + 1)
        grid[top : top + height, left : left + width] = picture / (np.abs(picture).max() or 1.0)
    ax = new_axes(ax, 6.0, 6.0 * n_rows / n_columns)
    ax.imshow(grid, cmap="gray", vmin=-1, vmax=1)
    ax.set_axis_off()
    return ax

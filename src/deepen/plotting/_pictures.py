"""Rows of pixels as small pictures in one grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def height_and_width(n_pixels: int, shape: tuple[int, int] | None) -> tuple[int, int]:
    """Sides of a picture; those of a square by default.

    Raises
    ------
    ValueError
        Where they do not multiply to n_pixels.
    """
    side = int(np.sqrt(n_pixels))
    height, width = shape if shape is not None else (side, side)
    if height * width != n_pixels:
        raise ValueError(f"shape must multiply to the {n_pixels} pixels, got {(height, width)!r}.")
    return height, width


def tile(pictures: NDArray[Any], shape: tuple[int, int] | None) -> NDArray[Any]:
    """Pictures of shape (n_rows, n_columns, n_pixels) side by side, NaN between them."""
    n_rows, n_columns, n_pixels = pictures.shape
    height, width = height_and_width(n_pixels, shape)
    grid = np.full((n_rows, height + 1, n_columns, width + 1), np.nan)
    grid[:, :height, :, :width] = pictures.reshape(n_rows, n_columns, height, width).swapaxes(1, 2)
    return grid.reshape(n_rows * (height + 1), n_columns * (width + 1))[:-1, :-1]


def tile_square(
    pictures: NDArray[Any], shape: tuple[int, int] | None
) -> tuple[NDArray[Any], float]:
    """Pictures of shape (n, n_pixels) in a grid as square as it gets, and its rows over its columns."""
    n_columns = int(np.ceil(np.sqrt(len(pictures))))
    n_rows = -(-len(pictures) // n_columns)
    filled = np.full((n_rows * n_columns, pictures.shape[1]), np.nan)
    filled[: len(pictures)] = pictures
    return tile(filled.reshape(n_rows, n_columns, -1), shape), n_rows / n_columns


def ordinal_ticks(n: int, size: int) -> list[float]:
    """Middles of n pictures of a size along one side of the grid."""
    return [(size + 1) * i + (size - 1) / 2 for i in range(n)]

"""Rows that are pictures: known by the names of their columns, and put back in their places."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_SIDE = 4  # of a picture, in pixels
_PIXEL = re.compile(r"(?:.*pixel[ _.]?|px[ _.]?)(\d+)(?:[ _.x](\d+))?|(\d+)x(\d+)", re.IGNORECASE)


def picture_shape(names: Sequence[Any]) -> tuple[int, int] | None:
    """Height and width where the columns are the pixels of a square picture, by their names.

    Examples
    --------
    >>> picture_shape([f"pixel_{i}" for i in range(64)]), picture_shape(["age", "pixel_1"])
    ((8, 8), None)
    >>> picture_shape([f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)])
    (28, 28)
    """
    side = math.isqrt(len(names))
    if side < LEAST_SIDE or side * side != len(names):
        return None
    matches = [_PIXEL.fullmatch(str(name)) for name in names]
    places = [(match[1] or match[3], match[2] or match[4]) for match in matches if match]
    if len(places) < len(names):
        return None
    first = int(places[0][0])
    one_number = [(str(i + first), None) for i in range(side * side)]
    two_numbers = [(str(i // side + first), str(i % side + first)) for i in range(side * side)]
    return (side, side) if places in (one_number, two_numbers) else None


def at_pixels(values: NDArray[Any], inputs: Sequence[Any], names: Sequence[Any]) -> NDArray[Any]:
    """Values of a model's inputs at all pixels; those that it does not have, which never change, are 0.

    Parameters
    ----------
    values : ndarray of shape (n_inputs, ...)
    inputs : sequence of str
        Names of the model's inputs.
    names : sequence of str
        Names of all pixels.

    Examples
    --------
    >>> at_pixels(np.array([[3.0], [4.0]]), ["b", "d"], ["a", "b", "c", "d"]).ravel().tolist()
    [0.0, 3.0, 0.0, 4.0]
    """
    places = {str(name): place for place, name in enumerate(names)}
    found = np.zeros((len(names), *values.shape[1:]))
    for row, name in zip(values, inputs, strict=True):
        if str(name) in places:
            found[places[str(name)]] = row
    return found

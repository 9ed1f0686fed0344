"""Small pictures as PNG data URIs, without a library: signature, header, one block of pixels, end."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # grey, RGB, RGBA: PNG specification, section 11.2.2


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of pixels of shape (height, width, channels), channels 1, 3 or 4, 8 bits each.

    Examples
    --------
    >>> png(np.zeros((2, 3, 1), np.uint8))[1:4]
    b'PNG'
    """
    height, width, n_channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[n_channels], 0, 0, 0)
    # Each line begins with its filter, none.
    lines = np.zeros((height, 1 + width * n_channels), np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    blocks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_block(name, body) for name, body in blocks)


def _block(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """The picture as an address that holds it.

    Examples
    --------
    >>> data_uri(np.zeros((1, 1, 1), np.uint8))[:22]
    'data:image/png;base64,'
    """
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")


def thumbnail(values: NDArray[np.floating], most: int = 64) -> NDArray[np.uint8]:
    """Values in [0, 1] of shape (height, width[, 3]) as pixels, every n-th where larger than `most`."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 2:
        values = values[:, :, None]
    step = -(-max(values.shape[:2]) // most)
    values = np.nan_to_num(values[::step, ::step], nan=0.5)
    return np.round(255 * values.clip(0, 1)).astype(np.uint8)

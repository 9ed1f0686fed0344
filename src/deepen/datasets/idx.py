"""The IDX format of MNIST's own files.

    0x00 0x00 | type: 1 byte | n: 1 byte | n sizes: big-endian uint32 | numbers, big-endian, C order

(LeCun, Cortes and Burges, The MNIST database of handwritten digits, "File formats".)
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from deepen.datasets._errors import DataError

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path) -> bytes:
    """Content of a file, unpacked where it is gzip by its first bytes, whatever its name.

    Raises
    ------
    DataError
        If the file cannot be opened or its gzip stream is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        message = f"{path}: the gzip file is damaged or cut short ({error}); fetch it again."
        raise DataError(message) from error


def read_idx(path: str | Path) -> np.ndarray[Any, np.dtype[Any]]:
    """Array of an IDX file, plain or gzip, in this machine's byte order.

    Parameters
    ----------
    path : str or path
        The file, for example ``train-images-idx3-ubyte.gz``.

    Returns
    -------
    array : ndarray
        Shape and dtype as the file says.

    Raises
    ------
    DataError
        If the file is not IDX, or its length is not what its header says.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from deepen.datasets import read_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "labels.idx"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    path = Path(path)
    content = read_bytes(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in DTYPES:
        raise DataError(f"{path}: not an IDX file (it must begin with two zero bytes and a type).")
    dtype, n_axes = np.dtype(DTYPES[content[2]]), content[3]
    start = 4 + 4 * n_axes
    if n_axes == 0 or len(content) < start:
        raise DataError(f"{path}: the IDX header is cut short; fetch the file again.")
    shape = [int(size) for size in np.frombuffer(content, ">u4", n_axes, 4)]
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise DataError(
            f"{path}: the IDX header promises shape {tuple(shape)}, {expected} bytes, but the file"
            f" has {len(content)}; fetch it again."
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))

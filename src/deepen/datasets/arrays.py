"""Tables from arrays, and from NumPy's files of one array (.npy) or several (.npz)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deepen.datasets._errors import DataError, shortened

if TYPE_CHECKING:
    import pandas as pd

TARGET = "target"
LEAST_SIDE = 4  # of a picture
TARGET_ARRAY = "target_array"  # in a table's attrs: what the file calls its target
# What npz files of other tools call their parts; test rows follow the training rows.
NPZ_PAIRS = (("X", "y"), ("x", "y"), ("data", "target"))
NPZ_SPLIT_PAIRS = (
    ("X_train", "y_train", "X_test", "y_test"),
    ("x_train", "y_train", "x_test", "y_test"),
)


def array_table(X: Any, y: Any = None, *, place: str) -> pd.DataFrame:
    """Table with a column for each feature of X and, where given, y as the column ``target``.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Numbers; axes after the first are laid flat, two equal ones into ``pixel_0_0``,
        ``pixel_0_1`` and so on. A structured array keeps its names.
    y : ndarray of shape (n_samples,) or (n_samples, 1), optional
        The target.
    place : str
        File or data set that errors name.

    Returns
    -------
    table : DataFrame of shape (n_samples, n_features) or (n_samples, n_features + 1)

    Raises
    ------
    DataError
        If shapes do not fit together or X has no rows' axis.
    """
    import pandas as pd

    if X.ndim == 0:
        raise DataError(f"{place}: holds a single number; it must hold rows of features.")
    if X.dtype.names:
        table = pd.DataFrame({name: X[name] for name in X.dtype.names})
    else:
        flat = X.reshape(len(X), -1) if X.size else X.reshape(len(X), 0)
        table = pd.DataFrame(flat, columns=_names(X.shape[1:], flat.shape[1]))
    if y is None:
        return table
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or len(y) != len(X):
        raise DataError(
            f"{place}: the target must have one value a row, shape ({len(X)},), got {y.shape}."
        )
    return table.assign(**{TARGET: y})


def _names(shape: tuple[int, ...], n_features: int) -> list[str]:
    """Names of an array's features; the pixels of square pictures are called so."""
    if len(shape) == 2 and shape[0] == shape[1] >= LEAST_SIDE:
        return [f"pixel_{i}_{j}" for i in range(shape[0]) for j in range(shape[1])]
    return [f"column_{i}" for i in range(n_features)]


def _load_numpy(path: Path, mmap_mode: Literal["r"] | None = None) -> Any:
    # Pickled objects in the file could run code, so they are refused.
    try:
        return np.load(path, mmap_mode, allow_pickle=False)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        message = (
            f"{path}: not a readable NumPy file of plain arrays ({str(error).splitlines()[0]})."
        )
        raise DataError(message) from error


def read_npy(path: Path) -> pd.DataFrame:
    """Table of a file of one array."""
    return array_table(_rows_of_npy(path), place=str(path))


def _rows_of_npy(path: Path, mmap_mode: Literal["r"] | None = None) -> Any:
    array = _load_numpy(path, mmap_mode)
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: holds several arrays; rename it to .npz.")
    return array


def npy_chunks(path: Path, n_rows: int) -> Iterator[pd.DataFrame]:
    """Tables of at most ``n_rows`` rows that together are a file's; one is in memory."""
    rows = _rows_of_npy(path, "r")
    for start in range(0, len(rows) if rows.ndim else 1, n_rows):
        part = np.array(rows[start : start + n_rows]) if rows.ndim else rows
        yield array_table(part, place=str(path))


def read_npz(path: Path) -> pd.DataFrame:
    """Table of a file of several arrays, features and a target."""
    archive = _load_numpy(path)
    if isinstance(archive, np.ndarray):
        raise DataError(f"{path}: holds a single array; rename it to .npy.")
    try:
        with archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        message = f"{path}: an array in it cannot be read ({str(error).splitlines()[0]})."
        raise DataError(message) from error
    X, y, name = _features_and_target(arrays, path)
    table = array_table(X, y, place=str(path))
    table.attrs[TARGET_ARRAY] = name
    return table


def _features_and_target(arrays: Mapping[str, Any], path: Path) -> tuple[Any, Any, str]:
    """Features, target or None, and what the file calls the target."""
    for x_train, y_train, x_test, y_test in NPZ_SPLIT_PAIRS:
        if x_train in arrays and y_train in arrays:
            X, y = [arrays[x_train]], [arrays[y_train]]
            if x_test in arrays and y_test in arrays:
                X, y = [*X, arrays[x_test]], [*y, arrays[y_test]]
            if len({part.shape[1:] for part in X}) > 1:
                raise DataError(f"{path}: {x_train} and {x_test} differ in their features.")
            return np.concatenate(X), np.concatenate(y), y_train
    if len(arrays) == 1:
        return next(iter(arrays.values())), None, ""
    pairs: tuple[tuple[str, str], ...] = NPZ_PAIRS
    if len(arrays) == 2:
        by_axes = sorted(arrays, key=lambda name: -np.squeeze(arrays[name]).ndim)
        is_clear = arrays[by_axes[0]].ndim > 1 and np.squeeze(arrays[by_axes[1]]).ndim == 1
        pairs = (*pairs, (by_axes[0], by_axes[1])) if is_clear else pairs
    for x_name, y_name in pairs:
        if x_name in arrays and y_name in arrays:
            return arrays[x_name], arrays[y_name], y_name
    raise DataError(
        f"{path}: needs arrays X and y, or x_train and y_train; it has {shortened(arrays)}."
    )

"""One door to all tables: a file by its extension, or a built-in data set by its name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deepen.datasets import builtin
from deepen.datasets._errors import DataError, did_you_mean, shortened
from deepen.datasets.delimited import read_delimited
from deepen.datasets.idx import read_idx
from deepen.datasets.parquet import read_parquet

if TYPE_CHECKING:
    import pandas as pd

TARGET = "target"
LEAST_SIDE = 4  # of a picture
TARGET_ARRAY = "target_array"  # in a table's attrs: what the file calls its target
TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data")
# What npz files of other tools call their parts; test rows follow the training rows.
NPZ_PAIRS = (("X", "y"), ("x", "y"), ("data", "target"))
NPZ_SPLIT_PAIRS = (
    ("X_train", "y_train", "X_test", "y_test"),
    ("x_train", "y_train", "x_test", "y_test"),
)


def read_table(
    source: str | Path, *, target: str | int | None = None, as_text: Sequence[str] = ()
) -> pd.DataFrame:
    """Table of a file or of a built-in data set, columns typed as far as their cells say.

    Text (.csv .tsv .tab .txt .data, each also .gz): the separator (comma, semicolon, tab, bar), a
    decimal comma, the encoding (UTF-8, UTF-16, else Windows-1252) and a missing header are found
    by looking; a file without a header has columns ``column_0``, ``column_1`` and so on. Empty
    cells, ``NA``, ``N/A``, ``null``, ``NaN``, ``?``, ``-`` and their kin are missing. Digits with
    leading zeros stay text. In files of 64 MiB or more fractions are kept in single precision.
    Arrays (.npy, .npz, .idx, MNIST's own ``-ubyte`` files, also .gz) become one column a feature;
    in .npz the features are called X or x_train (with x_test below it) and the target y, or they are
    the only two arrays, of which the target has one axis; it becomes the column ``target``, and an
    array alone is features without one. Parquet (.parquet) is read as it is.

    Parameters
    ----------
    source : str or path
        A file, or one of digits, iris, wine, breast_cancer, diabetes (shipped with scikit-learn),
        mnist, fer2013, ecommerce, spambase (from the folder in the environment variable
        DEEPEN_DATA; mnist from OpenML where that is not set). A path object is always a file.
    target : str or int, optional
        Column to be predicted, checked early; a name, or a position such as ``57`` or ``-1``.
    as_text : sequence of str
        Columns of a text file whose cells stay as they are written.

    Returns
    -------
    table : DataFrame of shape (n_samples, n_columns)
        All columns, the target among them. Built-ins call it ``target``, ecommerce ``user_action``.

    Raises
    ------
    DataError
        With one line that names place, cause and remedy.

    Examples
    --------
    >>> from deepen.datasets import read_table
    >>> table = read_table("iris", target="target")
    >>> table.shape
    (150, 5)
    """
    if isinstance(source, str) and source in builtin.NAMES:
        table = builtin.load_table(source)
    else:
        table = _read_file(Path(source), as_text)
    table.columns = [str(name) for name in table.columns]
    if table.shape[0] == 0 or table.shape[1] == 0:
        raise DataError(f"{source}: has no rows or no columns; there is nothing to learn from.")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"{source}: the column name {twice!r} occurs twice; rename one of them.")
    if target is not None:
        find_column(table, target)
    return table


def find_column(table: pd.DataFrame, column: str | int) -> str:
    """Name of a column given by its name or, where no column is called so, by its position.

    Parameters
    ----------
    table : DataFrame
        Where to look.
    column : str or int
        A name, or a position from the left (``0``) or from the right (``-1``), also as text.

    Returns
    -------
    name : str
        The column's name.

    Raises
    ------
    DataError
        If there is no such column; the closest name is proposed.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepen.datasets import find_column
    >>> find_column(pd.DataFrame({"a": [1], "b": [2]}), "-1")
    'b'
    """
    names = [str(name) for name in table.columns]
    if str(column) in names:
        return str(column)
    if TARGET in names and column == table.attrs.get(TARGET_ARRAY):
        return TARGET
    try:
        return names[int(column)]
    except IndexError:
        message = (
            f"Column {column}: the table has {len(names)} columns, numbered 0 to {len(names) - 1}."
        )
        raise DataError(message) from None
    except ValueError:
        hint = did_you_mean(str(column), names)
        message = f"Column {column!r} is not in the table{hint or '.'} Columns: {shortened(names)}."
        raise DataError(message) from None


def checked_suffix(path: Path) -> str:
    """Extension of a file that can be read, in lower case and without ``.gz``.

    Raises
    ------
    DataError
        If there is no such file, or its extension is not known.
    """
    suffix = _suffix(path)
    if path.is_dir():
        raise DataError(f"{path}: is a folder; give the name of a file.")
    if not path.exists():
        hint = did_you_mean(str(path), builtin.NAMES)
        if not path.suffix and not hint:
            hint = f"; built-in names are {', '.join(builtin.NAMES)}."
        raise DataError(f"{path}: no such file{hint or '; check the path.'}")
    if not path.is_file():
        raise DataError(f"{path}: is not a regular file; give the name of a file.")
    if suffix not in READERS:
        known = " ".join(sorted(READERS))
        raise DataError(f"{path}: unknown extension {suffix!r}; known are {known} (text also .gz).")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: is empty; it must have a header and rows.")
    return suffix


def _read_file(path: Path, as_text: Sequence[str]) -> pd.DataFrame:
    suffix = checked_suffix(path)
    if suffix in TEXT_SUFFIXES:
        return read_delimited(path, as_text)
    return READERS[suffix](path)


def _suffix(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return "-ubyte" if name.endswith("-ubyte") else Path(name).suffix


def _load_numpy(path: Path, mmap_mode: Literal["r"] | None = None) -> Any:
    # Pickled objects in the file could run code, so they are refused.
    try:
        return np.load(path, mmap_mode, allow_pickle=False)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        message = (
            f"{path}: not a readable NumPy file of plain arrays ({str(error).splitlines()[0]})."
        )
        raise DataError(message) from error


def _read_npy(path: Path) -> pd.DataFrame:
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


def _read_npz(path: Path) -> pd.DataFrame:
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


def _read_idx_table(path: Path) -> pd.DataFrame:
    images = read_idx(path)
    labels = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    y = read_idx(labels) if labels != path and labels.is_file() else None
    return array_table(images, y, place=str(path))


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


READERS: dict[str, Callable[[Path], Any]] = {
    **dict.fromkeys(TEXT_SUFFIXES, read_delimited),
    ".parquet": read_parquet,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".idx": _read_idx_table,
    "-ubyte": _read_idx_table,
}

"""One door to all tables: a file by its extension, or a built-in data set by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepen.datasets import builtin
from deepen.datasets._errors import DataError, did_you_mean, shortened
from deepen.datasets.arrays import TARGET, TARGET_ARRAY, array_table, read_npy, read_npz
from deepen.datasets.delimited import read_delimited
from deepen.datasets.idx import read_idx
from deepen.datasets.parquet import read_parquet

if TYPE_CHECKING:
    import pandas as pd

TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data")


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
    array alone is features without one. Parquet (.parquet) is read as it is,
    by pyarrow: ``pip install "deepen[parquet]"``.

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
    ImportError
        If the file is Parquet and pyarrow is not installed.

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
        find_column(table, target, source)
    return table


def find_column(table: pd.DataFrame, column: str | int, place: str | Path = "") -> str:
    """Name of a column given by its name or, where no column is called so, by its position.

    Parameters
    ----------
    table : DataFrame
        Where to look.
    column : str or int
        A name, or a position from the left (``0``) or from the right (``-1``), also as text.
    place : str or path, default=""
        Where the table comes from, for the error.

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
    said = f"{place}: column" if place else "Column"
    try:
        return names[int(column)]
    except IndexError:
        message = (
            f"{said} {column}: the table has {len(names)} columns, numbered 0 to {len(names) - 1}."
        )
        raise DataError(message) from None
    except ValueError:
        hint = did_you_mean(str(column), names)
        message = f"{said} {column!r} is not in the table{hint or '.'} Columns: {shortened(names)}."
        raise DataError(message) from None


def is_table_name(name: str) -> bool:
    """Whether a name is that of a table: by its extension, or built in."""
    return _suffix(Path(name)) in READERS or (name in builtin.NAMES and not Path(name).exists())


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


def _read_idx_table(path: Path) -> pd.DataFrame:
    images = read_idx(path)
    labels = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    y = read_idx(labels) if labels != path and labels.is_file() else None
    return array_table(images, y, place=str(path))


READERS: dict[str, Callable[[Path], Any]] = {
    **dict.fromkeys(TEXT_SUFFIXES, read_delimited),
    ".parquet": read_parquet,
    ".npy": read_npy,
    ".npz": read_npz,
    ".idx": _read_idx_table,
    "-ubyte": _read_idx_table,
}

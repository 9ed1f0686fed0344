"""Tables larger than memory: a file's rows in their order, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deepen.datasets import builtin
from deepen.datasets._errors import DataError
from deepen.datasets.arrays import npy_chunks
from deepen.datasets.delimited import delimited_chunks
from deepen.datasets.parquet import parquet_chunks
from deepen.datasets.readers import TEXT_SUFFIXES, checked_suffix, read_table

if TYPE_CHECKING:
    import pandas as pd

CHUNK_ROWS = 50_000


def read_chunks(
    source: str | Path, *, as_text: Sequence[str] = (), n_rows: int = CHUNK_ROWS
) -> Iterator[pd.DataFrame]:
    """Tables of at most ``n_rows`` rows that together are a file's, in the order of its rows.

    Text, Parquet and .npy are read piece by piece; other arrays and built-in data sets whole, then cut. A
    column of text may be numbers in one piece and words in another, as its cells have it.

    Parameters
    ----------
    source : str or path
        As in ``read_table``.
    as_text : sequence of str
        Columns of a text file whose cells stay as they are written.
    n_rows : int, default=50_000
        Rows in memory at a time.

    Yields
    ------
    table : DataFrame of shape (at most n_rows, n_columns)

    Raises
    ------
    DataError
        As ``read_table``; what is wrong far down in a file is found when its turn comes.

    Examples
    --------
    >>> from deepen.datasets import read_chunks
    >>> [len(table) for table in read_chunks("iris", n_rows=60)]
    [60, 60, 30]
    """
    is_builtin = isinstance(source, str) and source in builtin.NAMES
    suffix = "" if is_builtin else checked_suffix(Path(source))
    if suffix in TEXT_SUFFIXES:
        yield from _with_rows(delimited_chunks(Path(source), as_text, n_rows), source)
    elif suffix == ".parquet":
        yield from _with_rows(parquet_chunks(Path(source), n_rows), source)
    elif suffix == ".npy":
        yield from _with_rows(npy_chunks(Path(source), n_rows), source)
    else:
        table = read_table(source)
        for start in range(0, len(table), n_rows):
            yield table.iloc[start : start + n_rows].reset_index(drop=True)


def _with_rows(tables: Iterator[pd.DataFrame], source: str | Path) -> Iterator[pd.DataFrame]:
    n_tables = 0
    for table in tables:
        n_tables += 1
        table.columns = [str(name) for name in table.columns]
        yield table
    if not n_tables:
        raise DataError(f"{source}: has no rows; there is nothing to predict.")

"""Rows in files that need not fit in memory, as numbers, as often as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepen.datasets._errors import DataError, did_you_mean, shortened
from deepen.datasets.chunks import read_chunks
from deepen.datasets.readers import READERS

if TYPE_CHECKING:
    import pandas as pd

BLOCK_BYTES = 1 << 24  # of numbers at a time
LOOKED_AT = 100  # rows by which the columns are known


@dataclass(frozen=True)
class RowFiles:
    """Numeric columns of one file or many; every call of ``batches`` reads the rows once more.

    A stream of rows, which ``PCA``, ``covariance`` and ``EmpiricalCovariance`` take in place of an
    array, in ``fit``, ``transform`` and ``score``. Memory is that of some blocks of 16 MB.

    Parameters
    ----------
    sources : str, path, or sequence of them
        Files as ``read_chunks`` takes them (text, Parquet and .npy are read piece by piece, also
        .gz of text), or folders, of which all such files are read in the order of their names.
    columns : sequence of str, default=None
        Columns and their order; None takes all numeric ones of the first file.
    exclude : sequence of str, default=()
        Columns that are left out, such as the target.

    Examples
    --------
    >>> from deepen.datasets import RowFiles
    >>> from deepen.decomposition import PCA
    >>> rows = RowFiles("iris", exclude=["target"])
    >>> PCA(2).fit(rows).explained_variance_ratio_.round(3)
    array([0.925, 0.053])
    """

    sources: str | Path | Sequence[str | Path]
    columns: Sequence[str] | None = None
    exclude: Sequence[str] = ()

    def batches(self) -> Iterator[NDArray[Any]]:
        """One pass over the rows.

        Yields
        ------
        block : array of shape (at most 16 MB of rows, n_columns), float32 or float64

        Raises
        ------
        DataError
            Where there is no file, or a file lacks a column or has words in it; as ``read_chunks``.
        """
        names = None
        for file in self._files():
            if names is None:
                first = next(iter(read_chunks(file, n_rows=LOOKED_AT)))
                names = self._names(first, file)
                is_single = all(first[name].dtype == np.float32 for name in names)
                dtype = np.float32 if is_single else np.float64
                n_rows = max(1, BLOCK_BYTES // (8 * first.shape[1]))
            for table in read_chunks(file, n_rows=n_rows):
                yield _numbers(table, names, dtype, file)

    def _files(self) -> Iterator[str | Path]:
        sources = (self.sources,) if isinstance(self.sources, str | Path) else self.sources
        n_files = 0
        for source in sources:
            files: Sequence[str | Path] = (
                [source] if not Path(source).is_dir() else _of_folder(Path(source))
            )
            n_files += len(files)
            yield from files
        if not n_files:
            raise DataError("sources: names no file; give at least one.")

    def _names(self, table: pd.DataFrame, file: str | Path) -> list[str]:
        from pandas.api.types import is_numeric_dtype

        for name in (*(self.columns or ()), *self.exclude):
            _check_column(table, name, file)
        wanted = self.columns
        if wanted is None:
            wanted = [name for name in table.columns if is_numeric_dtype(table[name].dtype)]
        names = [name for name in wanted if name not in set(self.exclude)]
        if not names:
            raise DataError(f"{file}: has no numeric column; name some with columns=.")
        return names


def _of_folder(folder: Path) -> list[Path]:
    """Files of a folder that can be read, hidden ones left out."""
    endings = (*READERS, *(f"{suffix}.gz" for suffix in READERS))
    found = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith((".", "_")))
    files = [path for path in found if path.name.lower().endswith(endings)]
    if not files:
        raise DataError(
            f"{folder}: has no file that can be read; known are {' '.join(sorted(READERS))}."
        )
    return files


def _check_column(table: pd.DataFrame, name: str, file: str | Path) -> None:
    known = [str(column) for column in table.columns]
    if name not in known:
        hint = did_you_mean(name, known)
        raise DataError(f"{file}: has no column {name!r}{hint or '.'} Columns: {shortened(known)}.")


def _numbers(table: pd.DataFrame, names: list[str], dtype: Any, file: str | Path) -> NDArray[Any]:
    for name in names:
        _check_column(table, name, file)
    try:
        return np.asarray(table[names].to_numpy(dtype))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{file}: a column holds something else than numbers ({error}); leave it out with exclude=."
        ) from error

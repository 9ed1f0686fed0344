"""Parquet files, whole or a piece at a time, by pyarrow, which is an extra of the installation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepen._extras import import_extra
from deepen.datasets._errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet(path: Path) -> pd.DataFrame:
    """Table of a Parquet file; see ``read_table``."""
    parquet = import_extra("pyarrow.parquet")
    with parquet_errors(path):
        return plain_frame(parquet.ParquetFile(path).read())


@contextmanager
def parquet_errors(path: Path) -> Iterator[None]:
    """Faults of a Parquet file in one line."""
    pa = import_extra("pyarrow")
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: not a readable Parquet file ({reason}).") from error


def plain_frame(table: Any) -> pd.DataFrame:
    """Table of pandas with the columns that Arrow has; what pandas once noted beside them is ignored."""
    kept = [name for name in table.schema.names if not PANDAS_INDEX.fullmatch(name)]
    plain = table if len(kept) == len(table.schema.names) else table.select(kept)
    return plain.replace_schema_metadata(None).to_pandas(date_as_object=False)


def parquet_chunks(path: Path, n_rows: int) -> Iterator[pd.DataFrame]:
    """Tables of at most ``n_rows`` rows that together are a file's; one is in memory."""
    parquet = import_extra("pyarrow.parquet")
    with parquet_errors(path):
        file = parquet.ParquetFile(path)
        batches = file.iter_batches(batch_size=n_rows)
    while True:
        with parquet_errors(path):
            batch = next(batches, None)
            table = None if batch is None else plain_frame(batch)
        if table is None:
            return
        if len(table):
            yield table

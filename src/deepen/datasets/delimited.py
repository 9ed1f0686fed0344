"""Delimited text to tables, block by block: a column is numbers where all its cells are.

Cells are read as text and turned into numbers a block at a time. A column that looked like numbers
and then holds a word is read again as text, so that no cell is altered; memory is that of the table
and of one block. Missing are empty cells and the markers in ``values.MISSING``.

In files of 64 MiB or more, fractions are kept in single precision, whole numbers in 32 bits where
they fit, and recurring words as categories: the table is smaller than the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepen.datasets._errors import DataError
from deepen.datasets.number_format import find_format
from deepen.datasets.sniff import Dialect, check_records, is_number, sniff
from deepen.datasets.values import MISSING, TRUTH, distinct, read_numbers

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 2**20  # bytes of text that are parsed at a time; Arrow reads some blocks ahead
LARGE = 64 * 2**20  # bytes of text, beyond which numbers are kept short
MOST_DISTINCT = 0.5  # of the first block's cells: fewer are kept as categories
CELLS_LOOKED_AT = 20
ISO_DATE = r"^\d{4}-\d\d-\d\d"


def read_delimited(path: Path, as_text: Sequence[str] = ()) -> pd.DataFrame:
    """Table of a delimited text file; see ``read_table``.

    Parameters
    ----------
    path : Path
    as_text : sequence of str
        Columns whose cells stay as they are written.

    Returns
    -------
    table : DataFrame of shape (n_samples, n_columns)
    """
    import pandas as pd
    import pyarrow as pa

    dialect = sniff(path)
    texts = set(as_text) | _codes(dialect)
    parts, failed = _collect(dialect, dialect.names, texts)
    if failed:
        parts |= _collect(dialect, failed, set(failed))[0]
    if not any(parts.values()):
        raise DataError(f"{path}: has a header and no rows; add rows below the header.")
    columns = {}
    for name in dialect.names:
        pieces = parts.pop(name)
        columns[name] = _finished(pieces, dialect, keep_text=name in as_text)
        pieces.clear()
    pa.default_memory_pool().release_unused()
    return pd.DataFrame(columns, copy=False)


def delimited_chunks(
    path: Path, as_text: Sequence[str] = (), n_rows: int = 50_000
) -> Iterator[pd.DataFrame]:
    """Tables of at most ``n_rows`` rows that together are a file's; one block is in memory.

    A column may be numbers in one chunk and text in the next, as their cells have it.
    """
    import pandas as pd

    dialect = sniff(path)
    texts = set(as_text) | _codes(dialect)
    for batch in _batches(dialect, dialect.names):
        for start in range(0, batch.num_rows, n_rows):
            piece = batch.slice(start, n_rows)
            columns = {}
            for name in dialect.names:
                cells = piece.column(name)
                numbers = None if name in texts else _numbers(cells, dialect)
                cells = _trimmed(cells) if numbers is None else numbers
                columns[name] = _finished([cells], dialect, keep_text=name in texts)
            yield pd.DataFrame(columns, copy=False)


def _codes(dialect: Dialect) -> set[str]:
    return {n for n, is_code in zip(dialect.names, dialect.is_code, strict=True) if is_code}


def _batches(dialect: Dialect, names: Sequence[str]) -> Iterator[Any]:
    """Blocks of the file with all cells as strings."""
    import pyarrow as pa
    from pyarrow import csv

    encoding = "utf8" if dialect.encoding == "utf-8-sig" else dialect.encoding
    source = pa.OSFile(str(dialect.path))
    try:
        reader = csv.open_csv(
            pa.CompressedInputStream(source, "gzip") if dialect.is_gzip else source,
            read_options=csv.ReadOptions(
                column_names=dialect.names,
                skip_rows_after_names=dialect.n_skipped,
                encoding=encoding,
                block_size=BLOCK,
            ),
            parse_options=csv.ParseOptions(delimiter=dialect.separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(dialect.names, pa.string()),
                include_columns=list(names),
                null_values=list(MISSING),
                strings_can_be_null=True,
            ),
        )
        for batch in reader:
            if batch.num_rows:
                yield batch
    except (pa.ArrowInvalid, UnicodeError) as error:
        check_records(dialect)
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"{dialect.path}: {reason}; mend it or save it anew.") from error
    except OSError as error:
        raise DataError(f"{dialect.path}: cannot be read ({error}).") from error


def _collect(
    dialect: Dialect, names: Sequence[str], texts: set[str]
) -> tuple[dict[str, list[Any]], list[str]]:
    """Blocks of each column, and the columns that began as numbers and go on as words."""
    parts: dict[str, list[Any]] = {name: [] for name in names}
    texts, failed = set(texts), []
    is_large = dialect.n_bytes >= LARGE
    as_categories: dict[str, bool] = {}
    for batch in _batches(dialect, names):
        for name in [name for name in names if name not in failed]:
            cells, numbers = batch.column(name), None
            if name not in texts:
                numbers = _numbers(cells, dialect)
                if numbers is None and parts[name]:
                    failed.append(name)
                    parts[name].clear()
                    continue
            if numbers is None:
                texts.add(name)
                cells = _trimmed(cells)
                if is_large and as_categories.setdefault(name, _recurs(cells)):
                    cells = cells.dictionary_encode()
            parts[name].append(
                cells if numbers is None else _short(numbers) if is_large else numbers
            )
    return parts, failed


def _numbers(cells: Any, dialect: Dialect) -> Any:
    """Cells as whole numbers or fractions, or None where a word is among them."""
    import pyarrow as pa
    from pyarrow import compute

    is_number, may_be_whole = _first_cell(cells)
    if not is_number:
        return None
    for attempt in (cells, None):
        if attempt is None:
            attempt = _trimmed(cells)
        if dialect.decimal == ",":
            if compute.any(compute.match_substring(attempt, ".")).as_py():
                return None  # a point groups thousands, perhaps
            attempt = compute.replace_substring(attempt, ",", ".")
        for dtype in (pa.int64(), pa.float64()) if may_be_whole else (pa.float64(),):
            try:
                numbers = compute.cast(attempt, dtype)
            except pa.ArrowInvalid:
                continue
            is_hexadecimal = compute.any(compute.match_substring(attempt, "x", ignore_case=True))
            return None if is_hexadecimal.as_py() else numbers
    return None


def _first_cell(cells: Any) -> tuple[bool, bool]:
    """Whether the first filled cell is a number, and a whole one; a look before all are tried."""
    for i in range(min(len(cells), CELLS_LOOKED_AT)):
        if cells[i].is_valid:
            cell = cells[i].as_py().strip()
            return is_number(cell) or cell in MISSING, not set(cell) & set(".,eE")
    return True, True


def _short(numbers: Any) -> Any:
    """Numbers in 32 bits, whole ones where they fit."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_floating(numbers.type):
        return compute.cast(numbers, pa.float32(), safe=False)
    try:
        return compute.cast(numbers, pa.int32())
    except pa.ArrowInvalid:
        return numbers


def _trimmed(cells: Any) -> Any:
    """Cells without blanks around them, markers of missing values blanked."""
    import pyarrow as pa
    from pyarrow import compute

    cells = compute.utf8_trim_whitespace(cells)
    is_marker = compute.is_in(cells, value_set=pa.array(MISSING))
    return compute.if_else(is_marker, pa.scalar(None, pa.string()), cells)


def _recurs(cells: Any) -> bool:
    return len(cells.unique()) <= MOST_DISTINCT * len(cells)


def _finished(parts: list[Any], dialect: Dialect, *, keep_text: bool) -> Any:
    """Column of blocks: numbers, truth values, moments or words."""
    import pandas as pd
    import pyarrow as pa

    types = {part.type for part in parts}
    if all(pa.types.is_integer(t) or pa.types.is_floating(t) for t in types):
        return _array(parts)
    column = pa.chunked_array(parts)
    if not pa.types.is_dictionary(column.type):
        strings = column.to_pandas()
        return strings if keep_text else _meaning(strings, column, dialect)
    column = column.unify_dictionaries()
    parts.clear()
    if keep_text:
        return column.to_pandas()
    words = column.chunk(0).dictionary
    plain = words.to_pandas()
    meaning = _meaning(plain, pa.chunked_array([words]), dialect)
    if meaning is not plain:  # what the words mean, spread to their rows
        codes = np.concatenate([c.indices.fill_null(len(words)).to_numpy() for c in column.chunks])
        return pd.Series(meaning).reindex(range(len(words) + 1)).take(codes).reset_index(drop=True)
    is_format = find_format([str(word) for word in plain[:1000]])[0] is not None
    return column.cast(pa.string()).to_pandas() if is_format else column.to_pandas()


def _array(parts: list[Any]) -> Any:
    """Blocks of numbers as one NumPy array; with a gap whole numbers become fractions."""
    import pyarrow as pa

    is_short = all(part.type.bit_width <= 32 for part in parts)
    is_whole = not any(pa.types.is_floating(part.type) or part.null_count for part in parts)
    if is_short and not is_whole and any(pa.types.is_integer(part.type) for part in parts):
        largest = max((abs(n) for part in parts for n in _ends(part)), default=0)
        is_short = largest <= 2**24  # beyond, single precision skips whole numbers
    kind = "i" if is_whole else "f"
    out = np.empty(sum(map(len, parts)), dtype=f"{kind}{4 if is_short else 8}")
    start = 0
    for part in parts:
        out[start : start + len(part)] = part.to_numpy(zero_copy_only=False)
        start += len(part)
    return out


def _ends(part: Any) -> list[float]:
    from pyarrow import compute, types

    if not types.is_integer(part.type):
        return []
    ends = compute.min_max(part)
    return [end.as_py() for end in (ends["min"], ends["max"]) if end.is_valid]


def _meaning(strings: Any, column: Any, dialect: Dialect) -> Any:
    """Words as truth values, as moments where all are ISO dates, or as numbers in the file's way."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import compute

    first = strings.first_valid_index()
    if first is None:
        return np.full(len(strings), np.nan)
    cell = strings[first]
    if cell.lower() in TRUTH and set(strings.dropna().str.lower()) <= set(TRUTH):
        truth = strings.str.lower().map({"true": True, "false": False}, na_action="ignore")
        return truth.astype(bool) if strings.notna().all() else truth.astype(object)
    if pd.Series([cell]).str.match(ISO_DATE).item():
        try:
            return compute.cast(column, pa.timestamp("s")).to_pandas()
        except pa.ArrowInvalid:
            return strings
    if dialect.decimal == ",":
        cells, counts = distinct(strings)[1:]
        number_format, share = find_format(cells, counts.tolist(), prefer=",")
        if share == 1 and number_format is not None and not number_format.affix:
            return read_numbers(strings, number_format)[0]
    return strings

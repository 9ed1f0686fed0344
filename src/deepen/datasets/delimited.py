"""Delimited text to tables, block by block: a column is numbers where all its cells are.

A look at the first rows says which columns are numbers. One that goes on as words is read again as
text, so that no cell is altered; memory is that of the table and of one block. Missing are empty
cells and the markers in ``values.MISSING``.

In files of 64 MiB or more, fractions are kept in single precision, whole numbers in 32 bits where
they fit, and recurring words as categories: the table is smaller than the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepen.datasets._errors import DataError
from deepen.datasets.number_format import find_format
from deepen.datasets.records import parser_options, read_blocks
from deepen.datasets.sniff import Dialect, is_number, sniff
from deepen.datasets.values import MISSING, TRUTH, distinct, spread

if TYPE_CHECKING:
    import pandas as pd

LARGE = 64 * 2**20  # bytes of text, beyond which numbers are kept short
LOOKED_AT = 10_000  # rows that tell numbers from words
MOST_DISTINCT = 0.5  # of the cells looked at: fewer are kept as categories
LARGEST_SHORT = 2**24  # beyond, single precision skips whole numbers
SAMPLE = 1000  # words that show whether they are numbers in some format
ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d(?::\d\d(?::\d\d)?)?)?", re.ASCII)


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

    dialect = sniff(path)
    numeric, recurring = _look(dialect, set(as_text) | _codes(dialect))
    parts, words = _collect(dialect, dialect.names, numeric, recurring)
    failed = [name for name in dialect.names if not parts[name]]
    if failed:
        again = _collect(dialect, failed, set(), recurring)
        parts, words = parts | again[0], words | again[1]
    columns: dict[str, Any] = {}
    for name in dialect.names:
        pieces, keep_text = parts.pop(name), name in as_text
        if name in numeric and name not in failed:
            columns[name] = _array(pieces)
        elif name in recurring:
            columns[name] = _of_words(words[name], np.concatenate(pieces), dialect, keep_text)
        else:
            strings = pd.concat(pieces, ignore_index=True)
            columns[name] = strings if keep_text else _told(strings, dialect)
        pieces.clear()
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
    types = {name: object if name in texts else None for name in dialect.names}
    for block in read_blocks(dialect, types, n_rows):
        columns = {}
        for name in dialect.names:
            cells, numbers = block[name], None
            if name not in texts:
                numbers = _numbers(cells, dialect)
            if numbers is None:
                cells = _trimmed(cells)
                numbers = cells if name in texts else _told(cells, dialect)
            columns[name] = numbers
        yield pd.DataFrame(columns, copy=False)


def _codes(dialect: Dialect) -> set[str]:
    return {n for n, is_code in zip(dialect.names, dialect.is_code, strict=True) if is_code}


def _look(dialect: Dialect, texts: set[str]) -> tuple[set[str], set[str]]:
    """Columns that begin as numbers, and those with cells that recur."""
    block = next(read_blocks(dialect, dict.fromkeys(dialect.names), LOOKED_AT), None)
    if block is None:
        raise DataError(f"{dialect.path}: has a header and no rows; add rows below the header.")
    names, most = dialect.names, MOST_DISTINCT * len(block)
    numeric = {n for n in names if n not in texts and _numbers(block[n], dialect) is not None}
    return numeric, {name for name in names if block[name].nunique() <= most}


def _collect(
    dialect: Dialect, names: Sequence[str], numeric: set[str], recurring: set[str]
) -> tuple[dict[str, list[Any]], dict[str, dict[str, int]]]:
    """Blocks of each column, none where numbers go on as words; codes of the words that recur."""
    parts: dict[str, list[Any]] = {name: [] for name in names}
    words: dict[str, dict[str, int]] = {name: {} for name in names}
    names = list(names)
    for block in read_blocks(
        dialect, {name: None if name in numeric else object for name in names}
    ):
        for name in list(names):
            cells = block[name]
            if name not in numeric:
                is_coded = name in recurring
                parts[name].append(_coded(cells, words[name]) if is_coded else _trimmed(cells))
            elif (numbers := _numbers(cells, dialect)) is not None:
                parts[name].append(_short(numbers) if dialect.n_bytes >= LARGE else numbers)
            else:
                parts[name].clear()
                names.remove(name)
    return parts, words


def _numbers(cells: Any, dialect: Dialect) -> Any:
    """Cells as whole numbers or fractions, or None where a word is among them."""
    import pandas as pd

    if cells.dtype.kind in "iuf":
        return cells.to_numpy(np.float64 if cells.dtype.kind == "u" else None)
    if pd.api.types.infer_dtype(cells, skipna=True) != "string":  # truth, or more than 64 bits
        return None
    trimmed = cells.str.strip().fillna("")
    first = next((cell for cell in trimmed if cell not in MISSING), "0")
    if not is_number(first):
        return None
    text = "\n".join(["0", *trimmed, ""])  # blanks hid numbers and markers; the 0 sets one column
    for dtype in (None, "float64"):  # whole numbers beyond 64 bits beside fractions
        try:
            again = pd.read_csv(
                io.StringIO(text),
                dtype=dtype,
                skip_blank_lines=False,
                quoting=csv.QUOTE_NONE,
                **parser_options(dialect),
            )[0]
        except ValueError:
            return None
        if again.dtype.kind in "if" and len(again) == len(cells) + 1:
            return again.to_numpy()[1:]
    return None


def _trimmed(cells: Any) -> Any:
    """Cells without blanks around them, markers of missing values blanked."""
    trimmed = cells.map(lambda cell: str(cell).strip(), na_action="ignore").astype(_text_type())
    return trimmed.mask(trimmed.isin(MISSING))


def _text_type() -> Any:
    """Type that pandas gives to columns of text."""
    import pandas as pd

    return pd.Series([""]).dtype


def _coded(cells: Any, words: dict[str, int]) -> Any:
    """Codes of words without blanks around them; a word that is new gets the next."""
    rows, names, _ = distinct(cells)
    names = [name.strip() for name in names]
    codes = [-1 if name in MISSING else words.setdefault(name, len(words)) for name in names]
    return spread(np.array(codes, dtype=np.int32), rows, np.int32(-1))


def _short(numbers: Any) -> Any:
    """Numbers in 32 bits where they fit; whole ones with gaps are fractions to the parser."""
    if numbers.dtype.kind == "i":
        ends = np.iinfo(np.int32)
        fits = ends.min <= numbers.min() and numbers.max() <= ends.max
        return numbers.astype(np.int32) if fits else numbers
    filled = numbers[~np.isnan(numbers)]
    if np.abs(filled).max(initial=0) > LARGEST_SHORT and (filled == np.rint(filled)).all():
        return numbers
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32)


def _array(parts: list[Any]) -> Any:
    """Blocks of numbers as one array; with a gap whole numbers become fractions."""
    is_short = all(part.itemsize <= 4 for part in parts)
    is_whole = all(part.dtype.kind == "i" for part in parts)
    if is_short and not is_whole:
        whole = [part for part in parts if part.dtype.kind == "i"]
        is_short = all(
            -LARGEST_SHORT <= part.min() and part.max() <= LARGEST_SHORT for part in whole
        )
    out = np.empty(sum(map(len, parts)), dtype=f"{'i' if is_whole else 'f'}{4 if is_short else 8}")
    return np.concatenate(parts, out=out)


def _of_words(words: dict[str, int], codes: Any, dialect: Dialect, keep_text: bool) -> Any:
    """Column of words that recur: what they mean, or strings, which are categories in a large file."""
    import pandas as pd

    cells = list(words)
    counts = np.bincount(codes[codes >= 0], minlength=len(cells))
    meaning = None if keep_text else _meaning(cells, codes, counts, dialect)
    if meaning is not None:
        return meaning
    is_plain = keep_text or find_format(cells[:SAMPLE])[0] is None
    if dialect.n_bytes >= LARGE and is_plain:
        return pd.Categorical.from_codes(codes, categories=pd.Index(cells, dtype=_text_type()))
    return pd.Series(spread(np.array(cells, dtype=object), codes, None), dtype=_text_type())


def _told(strings: Any, dialect: Dialect) -> Any:
    """Column of strings as what they mean, or as it is."""
    codes, cells, counts = distinct(strings)
    meaning = _meaning(cells, codes, counts, dialect)
    return strings if meaning is None else meaning


def _meaning(cells: list[str], codes: Any, counts: Any, dialect: Dialect) -> Any:
    """Words as truth values, moments where all are ISO dates, numbers in the file's way, or None."""
    if not cells:
        return np.full(len(codes), np.nan)
    if cells[0].lower() in TRUTH and {cell.lower() for cell in cells} <= set(TRUTH):
        truth = np.array([cell.lower() == "true" for cell in cells])
        return truth[codes] if codes.min() >= 0 else spread(truth.astype(object), codes, np.nan)
    if all(ISO_MOMENT.fullmatch(cell) for cell in cells):
        try:
            return spread(np.array(cells, dtype="M8[s]"), codes, np.datetime64("NaT", "s"))
        except ValueError:  # such as February 30
            return None
    if dialect.decimal == ",":
        number_format, share = find_format(cells, counts.tolist(), prefer=",")
        if share == 1 and number_format is not None and not number_format.affix:
            return spread(number_format.parse_all(cells), codes, np.nan)
    return None

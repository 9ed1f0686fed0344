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
from deepen.datasets.number_format import NumberFormat, find_format, limit_mark
from deepen.datasets.records import parser_options, read_blocks
from deepen.datasets.sniff import Dialect, is_number, sniff
from deepen.datasets.truth import TRUTH, family_of
from deepen.datasets.values import MISSING, category_name, distinct, spread

if TYPE_CHECKING:
    import pandas as pd

REPEATED = "repeated_names"  # in a table's attrs: names that its header has more than once
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
    failed = [name for name in dialect.names if name not in parts]
    if failed:
        again = _collect(dialect, failed, set(), recurring)
        parts, words = parts | again[0], words | again[1]
    columns: dict[str, Any] = {}
    for name in dialect.names:
        part, keep_text = parts.pop(name), name in as_text
        if name in numeric and name not in failed:
            columns[name] = part.array()
        elif name in recurring:
            codes, is_large = part.array(), dialect.n_bytes >= LARGE
            columns[name] = _of_words(
                words[name], codes, dialect, keep_text=keep_text, is_large=is_large
            )
        else:
            strings = pd.concat(part, ignore_index=True)
            columns[name] = strings if keep_text else _told(strings, dialect)
    table = pd.DataFrame(columns, copy=False)
    table.attrs[REPEATED] = dialect.repeated
    return table


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
            cells, words = block[name], dict[str, int]()
            columns[name] = None if name in texts else _numbers(cells, dialect)
            if columns[name] is None:
                codes = _coded(cells, words)
                columns[name] = _of_words(words, codes, dialect, keep_text=name in texts)
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
) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    """Columns that are no numbers followed by words; and codes of the words that recur."""
    n_expected = dialect.n_bytes // dialect.row_bytes
    is_array = numeric | recurring
    parts: dict[str, Any] = {n: _Growing(n_expected) if n in is_array else [] for n in names}
    words: dict[str, dict[str, int]] = {name: {} for name in names}
    for block in read_blocks(dialect, {n: None if n in numeric else object for n in names}):
        for name in list(parts):
            cells = block[name]
            if name not in numeric:
                is_coded = name in recurring
                parts[name].append(_coded(cells, words[name]) if is_coded else _trimmed(cells))
            elif (numbers := _numbers(cells, dialect)) is not None:
                parts[name].append(_short(numbers) if dialect.n_bytes >= LARGE else numbers)
            else:
                del parts[name]
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


class _Growing:
    """Numbers of one column, block after block, in the shortest type that holds them all.

    Their room is taken at the beginning: blocks kept apart until the end would leave holes in memory.
    """

    def __init__(self, n_expected: int) -> None:
        self._rows = np.empty(n_expected, np.int32)
        self._n = 0
        self._largest = 0  # of the whole numbers

    def append(self, numbers: Any) -> None:
        if numbers.dtype.kind == "i":
            self._largest = max(self._largest, -int(numbers.min()), int(numbers.max()))
        dtype, end = self._common(numbers.dtype), self._n + len(numbers)
        if dtype != self._rows.dtype or end > len(self._rows):
            n_rows = len(self._rows) if end <= len(self._rows) else end + end // 2
            rows = np.empty(n_rows, dtype)
            rows[: self._n] = self._rows[: self._n]
            self._rows = rows
        self._rows[self._n : end] = numbers
        self._n = end

    def _common(self, other: Any) -> Any:
        """Type for these and others; whole numbers beside fractions become fractions."""
        own = self._rows.dtype
        if own.kind == other.kind:
            return max(own, other, key=lambda dtype: dtype.itemsize)
        is_short = own.itemsize == other.itemsize == 4 and self._largest <= LARGEST_SHORT
        return np.dtype(np.float32 if is_short else np.float64)

    def array(self) -> Any:
        self._rows.resize(self._n, refcheck=False)
        return self._rows


def _of_words(
    words: dict[str, int], codes: Any, dialect: Dialect, *, keep_text: bool, is_large: bool = False
) -> Any:
    """Column of words that recur: what they mean, or strings, which are categories in a large file."""
    import pandas as pd

    cells = list(words)
    counts = np.bincount(codes[codes >= 0], minlength=len(cells))
    meaning = None if keep_text else _meaning(cells, codes, counts, dialect)
    if meaning is not None:
        return meaning
    is_read = not keep_text and (find_format(cells[:SAMPLE])[0] is not None or family_of(cells))
    if is_large and not is_read:
        return pd.Categorical.from_codes(codes, categories=pd.Index(cells, dtype=_text_type()))
    return pd.Series(spread(np.array(cells, dtype=object), codes, None), dtype=_text_type())


def _told(strings: Any, dialect: Dialect) -> Any:
    """Column of strings as what they mean, or as it is."""
    codes, cells, counts = distinct(strings)
    meaning = _meaning(cells, codes, counts, dialect)
    return strings if meaning is None else meaning


def _meaning(cells: list[str], codes: Any, counts: Any, dialect: Dialect) -> Any:
    """Words as truth values, moments where all are ISO dates, numbers in the file's way, or None."""
    import pandas as pd

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
        # Few limits and numbers, as of a small file, are in the file's way too.
        if number_format is None and any(map(limit_mark, cells)):
            number_format, share = NumberFormat(",", ".", limits=True), 0.0
            if any(map(np.isnan, number_format.parse_all(cells))):
                return None
        if number_format is None:
            return None
        numbers = number_format.parse_all(cells)
        is_plain = not number_format.affix + number_format.word and not any(map(limit_mark, cells))
        if share == 1 and is_plain:
            return spread(numbers, codes, np.nan)
        # Who looks at the cells later does not know the file's way to write numbers.
        affix = f" {number_format.affix}".rstrip()
        plain = [cell if np.isnan(number) else limit_mark(cell) + category_name(number) + affix
                 for cell, number in zip(cells, numbers, strict=True)]  # fmt: skip
        return pd.Series(spread(np.array(plain, dtype=object), codes, None), dtype=_text_type())
    return None

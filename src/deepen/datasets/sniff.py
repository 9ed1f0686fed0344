"""How a delimited text file is written: encoding, separator, decimal mark, header; by looking.

The whole file is decoded once, piece by piece, so that a wrong encoding or a cut archive is known
before anything is made of it; the rest is told by its beginning.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from deepen.datasets._errors import DataError
from deepen.datasets.idx import GZIP_MAGIC
from deepen.datasets.values import MISSING

SEPARATORS = "\t;|,"  # by rank: a comma may also be a decimal comma or part of a text
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
POINT_OF_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
SAMPLE = 200  # records looked at to find separator, decimal mark and header
MOST_TITLES = 10  # records above a header
PIECE = 2**20  # bytes read at a time, and looked at
UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Dialect:
    """How one file is written.

    Parameters
    ----------
    path : Path
    is_gzip : bool
    encoding : str
    separator : str
    decimal : str
        ``"."`` or ``","``.
    names : list of str
        Of the columns.
    n_skipped : int
        Records before the first row: titles, blank lines, and the header if there is one.
    n_bytes : int
        Of the unpacked file.
    is_code : list of bool
        Whether a column's cells are digits with leading zeros, which are names, not numbers.
    row_bytes : int
        Of a line in the first piece, on average.
    repeated : list of str
        Names that the header has more than once; the columns are numbered.
    """

    path: Path
    is_gzip: bool
    encoding: str
    separator: str
    decimal: str
    names: list[str]
    n_skipped: int
    n_bytes: int
    is_code: list[bool]
    row_bytes: int
    repeated: list[str]


def sniff(path: Path) -> Dialect:
    """Dialect of a file.

    Raises
    ------
    DataError
        If the file is empty, binary, damaged, or has a header and no rows.
    """
    is_gzip, encoding, n_bytes = _check_bytes(path)
    with open_text(path, is_gzip, encoding) as file:
        text = file.read(PIECE)
        is_whole = not file.read(1)
    separator = _find_separator({mark: first_records(text, mark, is_whole) for mark in SEPARATORS})
    sample = first_records(text, separator, is_whole)
    if not sample:
        raise DataError(f"{path}, line 1: a record of more than {PIECE:,} characters; mend it.")
    n_titles = _n_titles(sample)
    sample = sample[n_titles:]
    has_header = _has_header(sample)
    counts = Counter(cell for cell in sample[0] if cell) if has_header else Counter[str]()
    repeated = [name for name, count in counts.items() if count > 1]
    names = _column_names(sample[0] if has_header else [""] * len(sample[0]))
    if has_header and len(sample) == 1 and is_whole:
        raise DataError(f"{path}: has a header and no rows; add rows below the header.")
    decimal = "," if separator != "," and _has_decimal_comma(sample) else "."
    rows = sample[1:] if has_header else sample
    is_code = [_is_code(rows, j) for j in range(len(names))]
    n_skipped = _n_before(text, separator, n_titles) + has_header
    row_bytes = max(1, len(text) // max(1, len(text.splitlines())))
    return Dialect(
        path, is_gzip, encoding, separator, decimal, names, n_skipped, n_bytes, is_code, row_bytes,
        repeated,
    )  # fmt: skip


def open_text(path: Path, is_gzip: bool, encoding: str) -> IO[str]:
    """File of text, unpacked, its line ends as they are."""
    binary: Any = gzip.open(path) if is_gzip else open(path, "rb")
    return io.TextIOWrapper(binary, encoding=encoding, newline="")


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with open(path, "rb") as raw:
            is_gzip = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            file: Any = gzip.GzipFile(fileobj=raw) if is_gzip else raw
            while piece := file.read(PIECE):
                yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: gzip stream damaged or cut short ({error}).") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _check_bytes(path: Path) -> tuple[bool, str, int]:
    """Whether it is packed, its encoding, and its size when unpacked."""
    n_bytes, is_utf8, is_cp1252, is_blank = 0, True, True, True
    decoder: Any = None
    for piece in _pieces(path):
        if decoder is None:
            is_utf16 = piece.startswith(UTF16_MARKS)
            decoder = codecs.getincrementaldecoder("utf-16" if is_utf16 else "utf-8")()
        if not is_utf16 and b"\0" in piece:
            raise DataError(f"{path}: is a binary file, not text; is its extension right?")
        if is_utf8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                is_utf8 = False
        is_cp1252 = is_cp1252 and not any(byte in piece for byte in UNDEFINED_IN_CP1252)
        is_blank = is_blank and not piece.strip(b" \t\r\n\0\xff\xfe")
        n_bytes += len(piece)
    if is_blank:
        raise DataError(f"{path}: is empty; it must have a header and rows.")
    if is_utf8:
        try:
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            is_utf8 = False
    with open(path, "rb") as raw:
        is_gzip = raw.read(2) == GZIP_MAGIC
    if is_utf16:
        if not is_utf8:
            raise DataError(f"{path}: is neither UTF-8, UTF-16 nor Latin-1 text; save it as UTF-8.")
        return is_gzip, "utf-16", n_bytes
    return is_gzip, "utf-8-sig" if is_utf8 else "cp1252" if is_cp1252 else "latin-1", n_bytes


def first_records(
    text: str, separator: str, is_whole: bool, limit: int = SAMPLE
) -> list[list[str]]:
    """First records that are not blank."""
    found: list[list[str]] = []
    # A field larger than csv's limit of 128 kB speaks against a separator, not against the file.
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if record:
                found.append([cell.strip() for cell in record])
            if len(found) > limit:
                return found[:limit]
    except csv.Error:
        return found[:1]
    return found if is_whole else found[:-1]


def _n_titles(records: list[list[str]]) -> int:
    """Number of records above the header, as spreadsheets have them: a title in the first cell."""
    n_filled = [sum(map(bool, record)) for record in records]
    n = next((i for i, filled in enumerate(n_filled) if filled > 1), 0)
    titles, rest = records[:n], records[n:]
    is_text = all(title[0] and not is_number(title[0]) for title in titles if any(title))
    is_table = len(rest) > 1 and len(rest[0]) > 2 and all(rest[0]) and _has_header(rest)
    return n if is_text and is_table and n <= MOST_TITLES else 0


def _n_before(text: str, separator: str, n_titles: int) -> int:
    """Records before the header, blank ones too."""
    n_full = n_before = 0
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        n_full += bool(record)
        if n_full > n_titles:
            break
        n_before += 1
    return n_before


def _find_separator(samples: dict[str, list[list[str]]]) -> str:
    """Separator that splits most records as it splits the header, in two or more fields."""
    best, best_share = ",", 0.0
    for separator, records in samples.items():
        records = records[_n_titles(records) :]
        width = len(records[0]) if records else 1
        if width < 2:
            continue
        share = sum(len(record) == width for record in records) / len(records)
        if share > best_share:
            best, best_share = separator, share
    return best


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with a decimal point or comma."""
    try:
        float(cell.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def _has_header(records: list[list[str]]) -> bool:
    """Whether the first record is names: not all numbers, no fraction, and no value twice."""
    first = records[0]
    filled = [cell for cell in first if cell not in MISSING]
    if all(is_number(cell) for cell in filled):
        return not filled
    if any(is_number(cell) and not cell.lstrip("+").isdigit() for cell in filled):
        return False
    if max(Counter(filled).values()) == 1:
        return True
    # Twice the same name is still a header if numbers stand under names.
    return any(
        len(record) > i and is_number(record[i]) and not is_number(first[i])
        for record in records[1:]
        for i in range(len(first))
    )


def _column_names(header: list[str]) -> list[str]:
    names: list[str] = []
    taken: set[str] = set()
    for i, cell in enumerate(header):
        name = base = cell or f"column_{i}"
        repeat = 0
        while name in taken:
            repeat += 1
            name = f"{base}.{repeat}"
        names.append(name)
        taken.add(name)
    return names


def _has_decimal_comma(records: list[list[str]]) -> bool:
    cells = [cell for record in records for cell in record]
    commas = sum(DECIMAL_COMMA.fullmatch(cell) is not None for cell in cells)
    points = [cell for cell in cells if "." in cell and is_number(cell)]
    # Beside decimal commas, points that all stand before three digits stand between thousands.
    may_be_thousands = all(POINT_OF_THOUSANDS.fullmatch(cell) for cell in points)
    return commas > (len(points) / 2 if may_be_thousands else len(points))


def _is_code(rows: list[list[str]], j: int) -> bool:
    cells = [row[j] for row in rows if j < len(row) and row[j] not in MISSING]
    has_zero = any(len(cell) > 1 and cell[0] == "0" and cell.isdigit() for cell in cells)
    return has_zero and all(len(cell) == len(cells[0]) and cell.isdigit() for cell in cells)

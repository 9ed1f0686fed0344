"""Delimited text: separator, decimal comma, encoding and header found by looking.

Missing are empty cells and the markers in ``MISSING``; a column whose other cells are all numbers
is a column of numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepen.datasets._errors import DataError
from deepen.datasets.idx import read_bytes

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = "\t;|,"  # by rank: a comma may also be a decimal comma or part of a text
MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A", "?", "-")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
NAMES_OF_SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
SAMPLE = 200  # records looked at to find separator, decimal mark and header


def read_delimited(path: Path) -> pd.DataFrame:
    """Table of a delimited text file; see ``read_table``."""
    text = _decode(read_bytes(path), path)
    separator = _find_separator(_first_records_by_separator(text))
    _check_records(text, separator, path)
    sample = _records(text, separator, SAMPLE)
    has_header = _has_header(sample)
    names = _column_names(sample[0] if has_header else [""] * len(sample[0]))
    if has_header and len(sample) == 1:
        raise DataError(f"{path}: has a header and no rows; add rows below the header.")
    decimal = "," if separator != "," and _has_decimal_comma(sample) else "."
    body = _below_header(text, separator) if has_header else text
    return _parse(body, path, separator, decimal, names)


def _decode(content: bytes, path: Path) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        if b"\0" in content:
            raise DataError(f"{path}: is a binary file, not text; is its extension right?")
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not text.strip():
            raise DataError(f"{path}: is empty; it must have a header and rows.")
        return text
    raise DataError(f"{path}: is neither UTF-8, UTF-16 nor Latin-1 text; save it as UTF-8.")


def _records(text: str, separator: str, limit: int) -> list[list[str]]:
    found: list[list[str]] = []
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        if record and len(found) < limit:
            found.append([cell.strip() for cell in record])
        if len(found) == limit:
            break
    return found


def _first_records_by_separator(text: str) -> dict[str, list[list[str]]]:
    # A field larger than csv's limit of 128 kB speaks against a separator, not against the file.
    samples = {}
    for separator in SEPARATORS:
        try:
            samples[separator] = _records(text, separator, SAMPLE)
        except csv.Error:
            samples[separator] = []
    return samples


def _find_separator(samples: dict[str, list[list[str]]]) -> str:
    """Separator that splits most records as it splits the first, in two or more fields."""
    best, best_share = ",", 0.0
    for separator, records in samples.items():
        width = len(records[0]) if records else 1
        if width < 2:
            continue
        share = sum(len(record) == width for record in records) / len(records)
        if share > best_share:
            best, best_share = separator, share
    return best


def _check_records(text: str, separator: str, path: Path) -> None:
    """Raise where a record has another number of fields than the first, naming its line."""
    width = None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for record in reader:
            if not record:
                continue
            width = width or len(record)
            if len(record) != width:
                name = NAMES_OF_SEPARATORS[separator]
                raise DataError(
                    f"{path}, line {reader.line_num}: {len(record)} fields where the first line"
                    f" has {width} (separator: {name}); mend the line or quote its text."
                )
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}.") from error


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def _has_header(records: list[list[str]]) -> bool:
    """Whether the first record is names: not all numbers, no fraction, and no value twice."""
    first = records[0]
    filled = [cell for cell in first if cell not in MISSING]
    if all(_is_number(cell) for cell in filled):
        return not filled
    if any(_is_number(cell) and not cell.lstrip("+").isdigit() for cell in filled):
        return False
    if max(Counter(filled).values()) == 1:
        return True
    # Twice the same name is still a header if numbers stand under names.
    return any(
        len(record) > i and _is_number(record[i]) and not _is_number(first[i])
        for record in records[1:]
        for i in range(len(first))
    )


def _column_names(header: list[str]) -> list[str]:
    names: list[str] = []
    for i, cell in enumerate(header):
        name = base = cell or f"column_{i}"
        repeat = 0
        while name in names:
            repeat += 1
            name = f"{base}.{repeat}"
        names.append(name)
    return names


def _has_decimal_comma(records: list[list[str]]) -> bool:
    cells = [cell for record in records for cell in record]
    commas = sum(DECIMAL_COMMA.fullmatch(cell) is not None for cell in cells)
    points = sum("." in cell and _is_number(cell) for cell in cells)
    return commas > points


def _below_header(text: str, separator: str) -> str:
    """Text after its first record that is not blank; a quoted name may span lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    while not next(reader):
        pass
    lines = io.StringIO(text, newline="")
    for _ in range(reader.line_num):
        lines.readline()
    return lines.read()


def _parse(text: str, path: Path, separator: str, decimal: str, names: list[str]) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=arrow_csv.ReadOptions(column_names=names),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                null_values=list(MISSING),
                strings_can_be_null=True,
                decimal_point=decimal,
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: {str(error).splitlines()[0]}.") from error
    frame = table.to_pandas(date_as_object=False)
    for name in frame.columns:
        frame[name] = _tidy(frame[name], decimal)
    return frame


def _tidy(column: Any, decimal: str) -> Any:
    """Strip strings, blank the markers among them, and make a column of number words numeric."""
    import pandas as pd

    content = pd.api.types.infer_dtype(column, skipna=True)
    if content == "time":  # of day: has no column type in pandas
        return column.map(str, na_action="ignore")
    if content != "string":
        return column
    stripped = column.str.strip()
    stripped = stripped.where(~stripped.isin(MISSING))
    words = stripped.dropna()
    numbers = pd.to_numeric(words.str.replace(decimal, ".", regex=False), errors="coerce")
    if len(words) and not numbers.isna().any():
        return numbers.reindex(column.index)
    return stripped

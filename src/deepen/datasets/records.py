"""Records of a delimited text file, a block at a time, all of them of one length.

The parser is pandas'. It refuses records that are longer than the first, and fills those that are
shorter without a word; they end in an empty cell, so that they are looked for where there is one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deepen.datasets._errors import DataError
from deepen.datasets.sniff import Dialect, open_text
from deepen.datasets.values import MISSING

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 2**22  # bytes of text that are parsed at a time
LONGEST_FIELD = 2**31 - 1  # bytes; csv's own limit is 2**17
NAMES_OF_SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}


def read_blocks(
    dialect: Dialect, types: Mapping[str, type | None], n_rows: int | None = None
) -> Iterator[pd.DataFrame]:
    """Rows of some columns, a block at a time; a column without a type has that of its cells."""
    import pandas as pd

    places = {name: j for j, name in enumerate(dialect.names) if name in types}
    is_all = len(places) == len(dialect.names)
    most = max(1, BLOCK // dialect.row_bytes)
    is_checked = not is_all
    try:
        with open_text(dialect.path, dialect.is_gzip, dialect.encoding) as file:
            above = csv.reader(file, delimiter=dialect.separator)
            for _ in range(dialect.n_skipped):
                next(above)
            reader = pd.read_csv(
                file,
                sep=dialect.separator,
                usecols=None if is_all else list(places.values()),
                dtype={places[name]: dtype for name, dtype in types.items() if dtype},
                chunksize=min(most, n_rows or most),
                **parser_options(dialect),
            )
            for block in reader:
                if is_all and block.shape[1] != len(places):
                    raise pd.errors.ParserError("the first row has another number of fields")
                last = block.iloc[:, -1]  # "" where whole numbers go beyond 64 bits
                if not is_checked and (last.isna() | last.isin([""])).any():
                    is_checked = True
                    check_records(dialect, LONGEST_FIELD)
                block.columns = list(places)
                yield block
            if not is_checked and not _is_strict():
                check_records(dialect, LONGEST_FIELD)
    except pd.errors.EmptyDataError:
        return
    except (pd.errors.ParserError, UnicodeError) as error:
        line = check_records(dialect)
        reason = str(error).splitlines()[0].rstrip(".")
        if "EOF inside string" in reason:
            reason = f"the quoted text that begins in line {line} does not end"
        raise DataError(f"{dialect.path}: {reason}; mend it or save it anew.") from error
    except (OSError, EOFError) as error:
        raise DataError(f"{dialect.path}: cannot be read ({error}).") from error


def _is_strict() -> bool:
    """Whether pandas, since 3.1, takes the nearest double and refuses long records that begin a block."""
    import pandas as pd

    return tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)


def parser_options(dialect: Dialect) -> dict[str, Any]:
    """How cells are read: numbers to the nearest double, text as it is."""
    return {
        "header": None,
        "decimal": dialect.decimal,
        "keep_default_na": False,
        "na_values": list(MISSING),
        "low_memory": False,
    } | ({} if _is_strict() else {"float_precision": "round_trip"})


def check_records(dialect: Dialect, longest: int | None = None) -> int:
    """Raise where a record has another number of fields than the first, naming its line.

    Parameters
    ----------
    dialect : Dialect
    longest : int, optional
        Length of a field from which it is a fault, a quote that is not closed; None: csv's, 128 kB.

    Returns
    -------
    line : int
        In which the last record begins.
    """
    limit = csv.field_size_limit()
    csv.field_size_limit(longest or limit)
    try:
        return _check_widths(dialect)
    finally:
        csv.field_size_limit(limit)


def _check_widths(dialect: Dialect) -> int:
    path, width, line = dialect.path, len(dialect.names), 1
    with open_text(path, dialect.is_gzip, dialect.encoding) as file:
        reader = csv.reader(file, delimiter=dialect.separator)
        try:
            before = 0
            for number, record in enumerate(reader):
                line, before = before + 1, reader.line_num
                if not _is_blank(record) and number >= dialect.n_skipped and len(record) != width:
                    name = NAMES_OF_SEPARATORS[dialect.separator]
                    raise DataError(
                        f"{path}, line {reader.line_num}: {len(record)} fields where the first line"
                        f" has {width} (separator: {name}); mend the line or quote its text."
                    )
        except csv.Error as error:
            raise DataError(f"{path}, line {reader.line_num}: {error}.") from error
    return line


def _is_blank(record: list[str]) -> bool:
    """Whether the parser passes over a line: it is empty, or blanks and tabs."""
    return not record or (len(record) == 1 and record[0] != "" and not record[0].strip(" \t"))

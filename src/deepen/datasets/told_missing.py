"""Codes that stand for a missing value because the user says so, such as 98 and 99 in a survey.

A cell holds a code where both are the same plain number (8, 8.0 and "8"), the same date in ISO form, or the
same text but for blanks around it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deepen.datasets._errors import DataError, did_you_mean
from deepen.datasets.delimited import ISO_MOMENT
from deepen.datasets.values import Array, as_strings, category_name, distinct, spread, typed_values

if TYPE_CHECKING:
    import pandas as pd

Code = str | float
Missing = Mapping[str, Iterable[Code]] | Iterable[Code]

EVERY_COLUMN = "*"
# Digits with a leading zero are a name, such as a code of the post.
PLAIN_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+|inf(?:inity)?)", re.A | re.I)
MOST_SAID = 6  # codes of one column


class Blanked(NamedTuple):
    """A table in which the cells that hold a code are empty.

    Parameters
    ----------
    table : DataFrame of shape (n_samples, n_columns)
    codes : dict of str to list
        By column as they were told, checked; under ``"*"`` those of every column.
    told : dict of str to list
        Those that a column held.
    """

    table: pd.DataFrame
    codes: dict[str, list[Code]]
    told: dict[str, list[Code]]


def without_codes(table: pd.DataFrame, missing: Missing | None) -> Blanked:
    """The table with empty cells where codes stood; columns without a code are not copied.

    Parameters
    ----------
    table : DataFrame of shape (n_samples, n_columns)
    missing : mapping of str to sequence, sequence of str or float, or None
        Codes by column, ``"*"`` for every column; or codes of every column.

    Returns
    -------
    blanked : Blanked

    Raises
    ------
    DataError
        If a name is not in the table, or a code is empty.
    TypeError
        If the codes are no list, or one is neither text nor a number.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [31, 98, 99], "answer": ["8", "2", "refused"]})
    >>> without_codes(table, {"*": [98, 99], "answer": ["8", "refused"]}).table
        age answer
    0  31.0    NaN
    1   NaN      2
    2   NaN    NaN
    """
    names = [str(name) for name in table.columns]
    codes, told = _by_column(missing, names), dict[str, list[Code]]()
    blank = table.copy(deep=False) if codes else table
    for position, name in enumerate(names):
        own = codes.get(name, [])
        wanted = {meaning_of(code): code for code in [*own, *codes.get(EVERY_COLUMN, [])]}
        if not wanted:
            continue
        column = table.iloc[:, position]
        find = _finder(column)
        found = {code: find(meaning) for meaning, code in wanted.items()}
        held = [code for code, rows in found.items() if rows.any()]
        if held:
            blank.isetitem(position, column.mask(np.any([found[code] for code in held], axis=0)))
        if held:
            told[name] = held
    return Blanked(blank, codes, told)


def _by_column(missing: Missing | None, names: Sequence[str]) -> dict[str, list[Code]]:
    """Codes by column, checked, as plain text and numbers."""
    if missing is None:
        return {}
    by_name = missing if isinstance(missing, Mapping) else {EVERY_COLUMN: missing}
    codes = {str(name): _checked(own) for name, own in by_name.items()}
    for name in codes:
        if name != EVERY_COLUMN and name not in names:
            raise DataError(
                f"missing: column {name!r} is not in the table{did_you_mean(name, names) or '.'}"
            )
    return {name: own for name, own in codes.items() if own}


def _checked(codes: Any) -> list[Code]:
    if isinstance(codes, str) or not isinstance(codes, Iterable):
        raise TypeError(f"missing must be a list of codes, or such lists by column, got {codes!r}.")
    if isinstance(codes, bytes):
        raise TypeError(f"missing: codes must be text or numbers, got {codes!r}.")
    in_order = sorted(codes, key=str) if isinstance(codes, set | frozenset) else codes
    plain = [code.item() if isinstance(code, np.generic) else code for code in in_order]
    checked: list[Code] = []
    for code in plain:
        if code is None or code != code:  # what is missing anyhow
            continue
        if not isinstance(code, str | float | int):
            raise TypeError(f"missing: a code must be text or a number, got {code!r}.")
        is_text = isinstance(code, str | bool)
        checked.append(str(code).strip() if is_text else code)
        if checked[-1] == "":
            raise DataError("missing: a code is empty; empty cells are missing anyhow.")
    return checked


def meaning_of(code: Code) -> Hashable:
    """What is compared of a code or a cell: a number, a moment, or text.

    Examples
    --------
    >>> meaning_of("8"), meaning_of(8), meaning_of(" refused "), meaning_of("1900-01-01")
    (8.0, 8.0, 'refused', datetime.datetime(1900, 1, 1, 0, 0))
    """
    if not isinstance(code, str):
        return float(code)
    text = code.strip()
    if PLAIN_NUMBER.fullmatch(text):
        return float(text)
    if ISO_MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:  # such as February 30
            return text
    return text


def _finder(column: Any) -> Callable[[Hashable], Array]:
    """Function that finds the rows of a column, a mask, whose cells mean what a code means."""
    values = None if _holds_truth(column) else typed_values(column)
    if values is None:
        rows, cells, _ = distinct(as_strings(column))
        meanings = [meaning_of(cell) for cell in cells]
        return lambda code: spread(np.array([m == code for m in meanings], bool), rows, False)
    kind: Any = datetime if values.dtype.kind == "M" else float
    is_short = str(column.dtype).lower() == "float32"

    def find(code: Any) -> Array:
        if not isinstance(code, kind):
            return np.zeros(len(values), bool)
        with np.errstate(over="ignore"):
            wanted = float(np.float32(code)) if is_short else code  # 99.9 as the column has it
        return (values == wanted).fillna(False).to_numpy(bool)

    return find


def _holds_truth(column: Any) -> bool:
    """Whether cells are true or false: 1 and 0 are numbers, and no codes of theirs."""
    import pandas as pd

    return pd.api.types.infer_dtype(column, skipna=True) == "boolean"


def said_codes(codes: Sequence[Code]) -> str:
    """What is said of codes that were told.

    Examples
    --------
    >>> said_codes(["8", 9.0, "refused"])
    "8, 9 and 'refused' count as missing"
    """
    shown = [category_name(code) for code in codes[:MOST_SAID]]
    shown = [code if PLAIN_NUMBER.fullmatch(code) else repr(code) for code in shown]
    if codes[MOST_SAID:]:
        shown.append(f"{len(codes) - MOST_SAID} more")
    if len(shown) == 1:
        return f"{shown[0]} counts as missing"
    return f"{', '.join(shown[:-1])} and {shown[-1]} count as missing"


def with_codes_said(column: Any, told: Mapping[str, Sequence[Code]]) -> Any:
    """A `Column` whose reason names the codes that were told for it."""
    codes = told.get(column.name)
    if not codes:
        return column
    return dataclasses.replace(column, reason=f"{column.reason}; {said_codes(codes)}, as told")

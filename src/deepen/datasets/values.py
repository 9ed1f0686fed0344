"""The values of one column: numbers, moments or strings, whatever they came as."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepen.datasets._errors import DataError
from deepen.datasets._number_errors import what_is_wrong
from deepen.datasets.number_format import NumberFormat, find_format
from deepen.datasets.truth import FAMILIES, NO_ANSWER, family_of, is_truth

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]

# Cells that say that there is no value; "none" and "unknown" may be categories and stay.
MISSING = (
    "", "NA", "N/A", "n/a", "na", "N.A.", "n.a.", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "Nan",
    "-nan", "-NaN", "NULL", "null", "Null", "NIL", "nil", "None", "NaT", "#VALUE!", "#REF!",
    "#DIV/0!", "#NUM!", "#NAME?", "#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#VALEUR!", "#NOMBRE!",
    "?", "-", "--", "---", ".", "\N{EM DASH}", "\N{EN DASH}",
)  # fmt: skip
SAMPLE = 1000  # distinct cells that show whether a closer look is worth it
PROMISING = 0.8


def plain_values(column: Any) -> pd.Series:
    """Column with one kind of value: float64, dates, or strings; markers of missing values blanked.

    Strings become numbers where all of them are, in one of the ways that people write numbers;
    durations become days; categories of pandas and mixed objects become strings.
    """
    import pandas as pd

    column = pd.Series(column)
    typed = typed_values(column)
    if typed is not None:
        return typed
    strings = as_strings(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return strings
    numbers, _, words = read_numbers(strings)
    is_numeric = numbers is not None and not words
    return numbers if is_numeric else strings


def typed_values(column: Any) -> Any:
    """Column of numbers or dates by its type alone, or None where its cells must be read."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return None
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        if column.dtype.kind == "c":
            raise DataError(
                f"Column {column.name!r}: Complex data not supported; give real numbers."
            )
        return column.astype("float64")
    if column.dtype.kind == "m":
        return column.dt.total_seconds() / 86_400
    if column.dtype.kind == "M":
        return column.dt.tz_localize(None) if column.dt.tz is not None else column
    content = pd.api.types.infer_dtype(column, skipna=True)
    if content in ("boolean", "integer", "floating", "decimal", "mixed-integer-float"):
        return _as_floats(column)
    if content in ("datetime", "datetime64", "date"):
        return _as_moments(column)
    return None


def _as_floats(column: Any) -> Any:
    """Objects that are numbers; beyond the largest float they are infinite."""
    try:
        return column.astype("float64")
    except OverflowError:
        raise DataError(
            f"Column {column.name!r} holds a number too large for dtype('float64'); divide it."
        ) from None


def _as_moments(column: Any) -> Any:
    import pandas as pd

    moments = pd.to_datetime(column, utc=True, errors="coerce")
    return moments.dt.tz_localize(None)


def as_strings(column: Any) -> pd.Series:
    """Column of strings, with None for missing values and their markers."""
    import pandas as pd

    column = pd.Series(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = np.asarray(column.cat.codes), column.cat.categories.to_numpy(dtype=object)
    elif column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) != "string":
        # 1 and True are one key to a table of distinct values, but two categories
        names = column.astype(object).map(category_name, na_action="ignore").astype(object)
        return names.where(column.notna() & ~names.isin(MISSING), None)
    else:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    cells = np.asarray(values, dtype=object)
    names = np.array([*(_category_or_none(cell) for cell in cells), None], dtype=object)
    return pd.Series(names[codes], index=column.index, name=column.name, dtype=object)


def _category_or_none(value: object) -> str | None:
    name = category_name(value)
    return None if name in MISSING else name


def category_name(value: object) -> str:
    """Text of a category; 1.0 is 1, since a missing cell turns integers into floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def differ_by_case(names: Sequence[str]) -> list[tuple[str, str]]:
    """Names that only capital letters tell from an earlier one, with that one.

    Examples
    --------
    >>> differ_by_case(["North", "South", "north"])
    [('North', 'north')]
    """
    seen: dict[str, str] = {}
    firsts = [seen.setdefault(name.lower(), name) for name in names]
    return [(first, name) for first, name in zip(firsts, names, strict=True) if first != name]


def distinct(strings: Any) -> tuple[Array, list[str], Array]:
    """Codes of the rows (-1: missing), the distinct strings, and how often each occurs.

    `strings` are text and None, or categories that are text, of which some may not occur.
    """
    import pandas as pd

    if isinstance(strings.dtype, pd.CategoricalDtype):
        codes, names = strings.cat.codes.to_numpy(), strings.cat.categories
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        occur = np.flatnonzero(counts)
        places = np.full(len(names), -1)
        places[occur] = np.arange(len(occur))
        return spread(places, codes, -1), [str(names[i]) for i in occur], counts[occur]
    codes, cells = pd.factorize(strings, use_na_sentinel=True)
    counts = np.bincount(codes[codes >= 0], minlength=len(cells))
    return codes, [str(cell) for cell in cells], counts


def spread(of_cells: Any, codes: Array, missing: Any) -> Array:
    """Values of the distinct cells to the rows that hold them."""
    return np.append(np.asarray(of_cells), missing)[codes]


def read_numbers(
    strings: Any, number_format: NumberFormat | None = None, *, finds_truth: bool = False
) -> tuple[Any, NumberFormat | None, list[str]]:
    """Numbers of a column of strings, how they are written, and the cells that are words instead.

    Parameters
    ----------
    strings : Series of str and None
    number_format : NumberFormat, optional
        None: found by looking; then there are no numbers where words prevail.
    finds_truth : bool, default=False
        Whether yes and no in several spellings may be 1 and 0; in a target they stay names.

    Returns
    -------
    numbers : Series of float64 or None
        NaN for missing cells and words.
    number_format : NumberFormat or None
    words : list of str
        Distinct cells that are no numbers.
    """
    import pandas as pd

    codes, cells, counts = distinct(strings)
    if not cells:
        return None, None, []
    if number_format is None:
        truth = family_of(cells) if finds_truth else ""
        number_format = NumberFormat(truth=truth) if truth else _look(cells, counts)
        if number_format is None:
            return None, None, []
    parsed = np.array(number_format.parse_all(cells))
    if number_format.decimal == "," and number_format.thousands != ".":
        # Beside words, a file with decimal commas has its bare numbers with points by now.
        pointed = dataclasses.replace(number_format, decimal=".", thousands="")
        parsed = np.where(np.isnan(parsed), pointed.parse_all(cells), parsed)
    meanings = FAMILIES[""] | FAMILIES[number_format.truth]
    truths = np.array([meanings.get(cell.lower(), np.nan) for cell in cells])
    parsed = np.where(np.isnan(parsed), truths, parsed)
    words = [cell for cell, number in zip(cells, parsed, strict=True) if np.isnan(number)]
    numbers = spread(parsed, codes, np.nan)
    return pd.Series(numbers, index=strings.index, name=strings.name), number_format, words


def number_values(column: Any, number_format: NumberFormat | None = None) -> Any:
    """Numbers or dates of a column, by its type or as its strings are written; None where words prevail."""
    values = typed_values(column)
    return read_numbers(as_strings(column), number_format)[0] if values is None else values


def truth_of(column: Any) -> str:
    """Family of words for yes and no of a column that the user calls boolean; empty without one."""
    if typed_values(column) is not None:
        return ""
    return family_of(distinct(as_strings(column))[1], is_told=True)


def _look(cells: list[str], counts: Array) -> NumberFormat | None:
    if is_truth(cells):
        return NumberFormat()
    sample = slice(None, None, max(1, len(cells) // SAMPLE))
    if find_format(cells[sample], counts[sample].tolist())[1] < PROMISING:
        return None
    return find_format(cells, counts.tolist())[0]


def numbers_of(
    column: Any,
    number_format: NumberFormat | None,
    name: str,
    *,
    most_words: float,
    kind: str = "numeric",
) -> tuple[Any, list[str]]:
    """Numbers of a column that is known to hold numbers, and the words among its cells.

    Parameters
    ----------
    column : Series
    number_format : NumberFormat or None
        How its strings are written; None: found by looking.
    name : str
        For the error.
    most_words : float
        Share of the filled cells that may be words, which count as missing.
    kind : {"numeric", "boolean"}
        What it is said to be, for the error.

    Returns
    -------
    numbers : Series of float64
    words : list of str
        Without the one that the format knows to stand for a missing number.

    Raises
    ------
    DataError
        If more are words, or a number is infinite.
    """
    words: list[str] = []
    numbers = typed_values(column)
    if numbers is not None and numbers.dtype.kind == "M":
        raise DataError(f"Column {name!r} is numeric, but holds dates; set the column's type.")
    if numbers is None:
        strings = as_strings(column)
        number_format = number_format or _look_or_plain(strings)
        word = number_format.word
        numbers, _, words = read_numbers(strings, number_format)
        if numbers is None:
            numbers = strings.astype("float64")
        known = {word} | (NO_ANSWER if number_format.truth else set())
        words = [cell for cell in words if cell.lower() not in known]
        is_word = strings.notna() & numbers.isna() & ~strings.str.lower().isin(known)
        if int(is_word.sum()) > most_words * int(strings.notna().sum()):
            raise DataError(what_is_wrong(name, words, kind, number_format))
    if np.isinf(numbers).any():
        raise DataError(f"Column {name!r} contains infinity; replace it by a number or a blank.")
    return numbers, words


def _look_or_plain(strings: Any) -> NumberFormat:
    _, cells, counts = distinct(strings)
    return (_look(cells, counts) if cells else None) or NumberFormat()


def mapped(strings: Any, function: Callable[[Sequence[str]], Any], missing: Any) -> Array:
    """``function`` of the distinct strings, spread to their rows; ``missing`` where there is none."""
    codes, cells, _ = distinct(strings)
    return spread(function(cells), codes, missing) if cells else np.full(len(codes), missing)

"""What kind a column is, found by looking at its values."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from deepen.datasets._errors import shortened
from deepen.datasets.dates import find_order, parse_dates
from deepen.datasets.number_format import NumberFormat, limit_mark
from deepen.datasets.stand_ins import Known, stand_in_of
from deepen.datasets.truth import NO_ANSWER, said_truth
from deepen.datasets.values import (
    SAMPLE,
    as_strings,
    differ_by_case,
    distinct,
    number_values,
    read_numbers,
    typed_values,
)

KINDS = ("numeric", "boolean", "categorical", "date", "text", "id", "constant", "ignore")
NUMBERS, CATEGORY, DATE, TEXT = ("numeric", "boolean"), "categorical", "date", "text"
USED = (*NUMBERS, CATEGORY, DATE, TEXT)
LEFT_OUT = "left out"
LEAST_ROWS_FOR_ID = 10  # in fewer rows unique values are no wonder
SHARE_OF_UNIQUE = 0.95  # strings that differ this often name their rows
SHARE_OF_DATES = 0.95
FEW_CATEGORIES = 20
CATEGORIES_PER_ROW = 0.05
WORDS_OF_TEXT = 3
NAMED_ID = re.compile(
    r"(?i:(?:^|[ _.-])(?:id|ids|uuid|guid|key|index|idx|row|rowid|nr|no))$|[a-z](?:Id|ID|Key|Nr|No)$"
    r"|^(?i:id)[ _.-]|^ID(?=[a-z])"
)
COMPACT_DATES = (19_000_101, 21_001_231)  # 20240331


@dataclass(frozen=True)
class Column:
    """What was found in one column and what is done with it.

    Parameters
    ----------
    name : str
        The column's name.
    kind : {"numeric", "boolean", "categorical", "date", "text", "id", "constant", "ignore"}
        Found by looking, or set by the user.
    treatment : str
        What becomes of it, ``"left out"`` for nothing.
    reason : str
        Why it was taken for its kind.
    override : str
        What to add to the command line to have it otherwise; empty where nothing would help.
    stand_in : float or None
        Number that counts as missing in it.
    holds_stand_in : bool
        Whether it occurs; later rows may hold it anyhow.
    truth : str
        First word of the family of words for yes and no that it is written in, or none.
    """

    name: str
    kind: str
    treatment: str
    reason: str
    override: str = ""
    stand_in: float | None = None
    holds_stand_in: bool = False
    truth: str = ""

    @property
    def is_used(self) -> bool:
        """Whether the column reaches the model."""
        return self.kind in USED and self.treatment != LEFT_OUT


def said_missing(stand_in: float) -> str:
    """What is said of a number that counts as missing.

    Examples
    --------
    >>> said_missing(-999.0)
    '-999 counts as missing'
    """
    return f"{stand_in:.0f} counts as missing"


def override_of(name: str, kind: str) -> str:
    """Option of the command line that would have a column of this kind taken otherwise.

    Examples
    --------
    >>> override_of("customer id", "id")
    "--types 'customer id=categorical'"
    """
    if kind == "constant":
        return ""
    return f"--types {_told(name, CATEGORY if kind in ('id', 'ignore') else 'ignore')}"


def _told(name: str, kind: str) -> str:
    return shlex.quote(f"{name}={kind}")


def infer_kind(
    column: Any, name: str = "", known: Known | None = None, others: Any = None
) -> Column:
    """What a column of any type is, without its treatment.

    Parameters
    ----------
    column : Series
    name : str
    known : mapping of float to sequence of (float, float), optional
        Numbers that stand for missing in other columns, with the ends of the others there.
    others : Series, optional
        Cells of the same column that only tell which number stands for missing.
    """
    found = _infer_kind(column, name, known, others)
    override = override_of(name, found.kind)
    if found.holds_stand_in:
        # Who calls a column numeric has its numbers as they are.
        override = f"--types {_told(name, 'numeric')}  # keeps {found.stand_in:.0f}"
    return Column(name, found.kind, "", found.reason, override, *found[2:])


class _Found(NamedTuple):
    """What the cells of a column say; see `Column`."""

    kind: str
    reason: str
    stand_in: float | None = None
    holds_stand_in: bool = False
    truth: str = ""


def _infer_kind(column: Any, name: str, known: Known | None, others: Any) -> _Found:
    values, note, truth = typed_values(column), "", ""
    number_format = None
    if values is None:
        strings = as_strings(column)
        is_declared = str(column.dtype) == "category"
        values, number_format, words = None, None, list[str]()
        if not is_declared:
            values, number_format, words = read_numbers(strings, finds_truth=True)
        if values is None:
            kind, reason = _infer_string(strings)
            return _Found(kind, reason + (_missing(strings) if kind != "constant" else ""))
        note = f", {number_format.words}" if number_format and number_format.words else ""
        word = number_format.word if number_format else ""
        if word:
            note += f"; {word!r} counts as missing"
        if slips := [cell for cell in words if cell.lower() != word]:
            note += f"; words such as {shortened(slips, 2)} count as missing"
        if number_format and number_format.truth:
            truth = number_format.truth
            note += f"; {said_truth(distinct(strings)[1], truth)}"
        has_limits = number_format is not None and number_format.limits
        marked = [c for c in distinct(strings)[1] if limit_mark(c)] if has_limits else []
        if limits := [cell for cell in marked if cell not in words]:
            note += f"; limits such as {shortened(limits, 2)} count as their numbers"
    note = _missing(values) + note
    filled = values.dropna()
    stand_in, is_there = _stand_in(filled, known, others, number_format), False
    if stand_in is not None:
        is_number = filled != stand_in
        is_there = not is_number.all()
        note += f"; {said_missing(stand_in)}" if is_there else ""
        filled = filled[is_number]
    n_distinct, is_complete = filled.nunique(), len(filled) == len(values)
    if constant := _constant(n_distinct, is_complete):
        return _Found(*constant)
    if values.dtype.kind == "M":
        return _Found(DATE, "dates" + note)
    kind, reason = _infer_number(filled, n_distinct, is_complete, name)
    return _Found(kind, reason + note, stand_in, is_there and kind in NUMBERS, truth)


def _stand_in(
    filled: Any, known: Known | None, others: Any, number_format: NumberFormat | None
) -> float | None:
    """Number that counts as missing in a column whose filled cells are `filled`."""
    if filled.dtype.kind not in "fiu" or (number_format and number_format.limits):
        return None  # 9999 may be the number of >9999
    numbers = filled.to_numpy()
    more = None if others is None else number_values(others, number_format)
    if more is not None and more.dtype.kind in "fiu":
        numbers = np.concatenate([numbers, more.dropna().to_numpy()])
    return stand_in_of(numbers, known)


def _missing(values: Any) -> str:
    """Share of a column that is empty, in words."""
    percent = 100 * float(values.isna().mean())
    if percent == 0:
        return ""
    share = "under 1" if percent < 1 else "over 99" if percent > 99 else f"{percent:.0f}"
    return f", {share} % missing"


def _constant(n_distinct: int, is_complete: bool) -> tuple[str, str] | None:
    if n_distinct == 0:
        return "constant", "no value in any row"
    if n_distinct == 1 and is_complete:
        return "constant", "the same value in every row"
    return None


def _infer_number(filled: Any, n_distinct: int, is_complete: bool, name: str) -> tuple[str, str]:
    if n_distinct <= 2:
        return "boolean", f"{n_distinct} distinct number{'s' if n_distinct > 1 else ''}"
    numbers = filled.to_numpy()
    if is_complete and len(numbers) >= LEAST_ROWS_FOR_ID and np.all(np.diff(numbers) == 1):
        return "id", "whole numbers that count the rows"
    is_whole = bool(np.all(numbers == np.round(numbers)))
    if is_whole and len(numbers) == n_distinct >= LEAST_ROWS_FOR_ID:
        if numbers.max() - numbers.min() == n_distinct - 1:
            return "id", "whole numbers in a row, each once"
        if NAMED_ID.search(name.strip()):
            return "id", "whole numbers, each once, under the name of an id"
    if is_whole and _are_compact_dates(numbers):
        return DATE, "whole numbers that read as dates, year month day"
    return "numeric", f"numbers, {n_distinct:,} distinct"


def _are_compact_dates(numbers: Any) -> bool:
    low, high = COMPACT_DATES
    if numbers.min() < low or numbers.max() > high:
        return False
    cells = [str(int(number)) for number in np.unique(numbers)]
    return not bool(np.isnat(parse_dates(cells, "ymd")).any())


def _infer_string(strings: Any) -> tuple[str, str]:
    _, cells, counts = distinct(strings)
    n_distinct, n_filled = len(cells), int(counts.sum())
    if constant := _constant(n_distinct, n_filled == len(strings)):
        return constant
    if are_dates(cells):
        return DATE, "strings written as dates"
    lengths = np.array([len(cell.split()) for cell in cells])
    n_words = float(np.average(lengths, weights=counts))
    is_unique = n_filled >= LEAST_ROWS_FOR_ID and n_distinct >= SHARE_OF_UNIQUE * n_filled
    if n_words >= WORDS_OF_TEXT and (is_unique or n_distinct > _most_categories(n_filled)):
        return TEXT, f"strings of {n_words:.0f} words on average, {n_distinct:,} distinct"
    if is_unique:
        return "id", f"{n_distinct:,} distinct strings in {n_filled:,} rows"
    note = ""
    if pairs := differ_by_case(cells):
        (first, second), n_more = pairs[0], len(pairs) - 1
        more = f", so do {n_more:,} more" if n_more else ""
        note = f"; {first!r} and {second!r} differ by case alone{more}"
    if nothing := [cell for cell in cells if cell.lower() in NO_ANSWER]:
        note += f"; {shortened(nothing, 2)} among them, missing if told by --missing"
    return CATEGORY, f"strings, {n_distinct:,} distinct{note}"


def are_dates(cells: Any) -> bool:
    """Whether strings are dates; numbers are not looked at."""
    cells = [cell for cell in cells[:: max(1, len(cells) // SAMPLE)] if isinstance(cell, str)]
    return find_order(cells)[1] >= SHARE_OF_DATES


def _most_categories(n_samples: int) -> float:
    return max(FEW_CATEGORIES, CATEGORIES_PER_ROW * n_samples)

"""Dates as people write them, and their parts as numbers.

    2024-03-31   31.03.2024   3/31/24   31 March 2024   Mar 31, 2024   20240331   with or without a time
    2024-03   3/2024   March 2024   as the first of the month

Whether the day or the month comes first is decided on the whole column, by a number above 12.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TIME = (
    r"(?:[T ,]+(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d+)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?"
)
MARK = r"(?P<mark>[-/.])"
NUMERIC = re.compile(rf"(?P<a>\d{{1,4}}){MARK}(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{1,4}}){TIME}")
DAY_FIRST = re.compile(
    rf"(?P<day>\d{{1,2}})\.?[ -](?P<month>[A-Za-z]{{3,9}})\.?,?[ -](?P<year>\d{{4}}|\d{{2}}){TIME}"
)
MONTH_FIRST = re.compile(
    rf"(?P<month>[A-Za-z]{{3,9}})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}}){TIME}"
)
COMPACT = re.compile(rf"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d){TIME}")
YEAR = r"(?P<year>(?:19|20)\d\d)"
MONTHLY = (
    re.compile(rf"{YEAR}[-/](?P<month>\d{{1,2}}){TIME}"),
    re.compile(rf"(?P<month>\d{{1,2}})[-/]{YEAR}{TIME}"),
    re.compile(rf"(?P<month>[A-Za-z]{{3,9}})\.?[ -]{YEAR}{TIME}"),
)
ORDERS = ("ymd", "dmy", "mdy")
PIVOT = 69  # two digits: 00 to 68 are of this century, as in POSIX
PARTS = ("year", "month", "day", "day of week", "hour", "minute", "days")
SECONDS_A_DAY = 86_400


def find_order(cells: Sequence[str]) -> tuple[str, float]:
    """Order of the parts of dates written in numbers that reads most cells, and the share it reads.

    Parameters
    ----------
    cells : sequence of str
        The distinct cells of a column, none of them missing.

    Returns
    -------
    order : {"ymd", "dmy", "mdy"}
        Where days and months cannot be told apart, mdy with slashes, else dmy.
    share : float
        Of the cells.

    Examples
    --------
    >>> find_order(["03/04/2024", "03/31/2024"])
    ('mdy', 1.0)
    """
    if not cells:
        return "ymd", 0.0
    shares = {order: float(np.mean(~np.isnat(parse_dates(cells, order)))) for order in ORDERS}
    likely = "mdy" if sum("/" in cell for cell in cells) > len(cells) / 2 else "dmy"
    order = max(ORDERS, key=lambda o: (shares[o], o == likely, o != "ymd"))
    return order, shares[order]


def parse_dates(cells: Sequence[str], order: str) -> Array:
    """Moments of cells as datetime64[s], NaT where they are no dates.

    Parameters
    ----------
    cells : sequence of str
    order : {"ymd", "dmy", "mdy"}
        Of dates in numbers; years of four digits in front are always seen.

    Returns
    -------
    moments : ndarray of shape (n_cells,), datetime64[s]

    Examples
    --------
    >>> parse_dates(["31.3.2024 14:05", "soon"], "dmy").astype(str).tolist()
    ['2024-03-31T14:05:00', 'NaT']
    """
    moments = np.full(len(cells), np.datetime64("NaT", "s"))
    for i, cell in enumerate(cells):
        moment = _moment(cell.strip(), order)
        if moment is not None:
            moments[i] = moment
    return moments


def _moment(cell: str, order: str) -> np.datetime64 | None:
    match = NUMERIC.fullmatch(cell)
    if match:
        parts = _ordered(match["a"], match["b"], match["c"], order)
    else:
        forms = (DAY_FIRST, MONTH_FIRST, COMPACT, *MONTHLY)
        match = next(filter(None, (form.fullmatch(cell) for form in forms)), None)
        if match is None:
            return None
        month = match["month"]
        number = int(month) if month.isdigit() else _month_of(month)
        parts = (match["year"], number, int(match.groupdict().get("day", 1)))
    if parts is None:
        return None
    year, month_number, day = parts
    return _checked(_full_year(year), month_number, day, match)


def _ordered(a: str, b: str, c: str, order: str) -> tuple[str, int, int] | None:
    if len(a) == 4:
        return (a, int(b), int(c)) if len(c) <= 2 else None
    if len(a) == 3 or len(c) == 3 or len(c) == 1:
        return None
    if order == "ymd":
        return None if len(c) == 4 else (a, int(b), int(c))
    return (c, int(b), int(a)) if order == "dmy" else (c, int(a), int(b))


def _month_of(name: str) -> int:
    short = name[:3].lower()
    return MONTHS.index(short) + 1 if short in MONTHS else 0


def _full_year(year: str) -> int:
    number = int(year)
    if len(year) > 2:
        return number
    return number + (2000 if number < PIVOT else 1900)


def _checked(year: int, month: int, day: int, match: re.Match[str]) -> np.datetime64 | None:
    """Moment of parts, or None where there is no such day."""
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] in "Pp" else 0)
    if not (1 <= month <= 12 and 1 <= day <= 31 and year >= 1):
        return None
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{match['minute'] or 0:>02}:{match['second'] or 0:>02}"
    try:
        return np.datetime64(text, "s")
    except ValueError:  # the 30th of February
        return None


def date_parts(moments: Array) -> Array:
    """Parts of moments as numbers, NaN where there is none.

    Parameters
    ----------
    moments : ndarray of shape (n_samples,), datetime64

    Returns
    -------
    parts : ndarray of shape (n_samples, 7)
        Year, month, day, day of week (Monday 0), hour, minute, and days since 1970 with fraction.

    Examples
    --------
    >>> date_parts(np.array(["2024-03-31T12:00"], "M8[s]")).tolist()
    [[2024.0, 3.0, 31.0, 6.0, 12.0, 0.0, 19813.5]]
    """
    moments = np.asarray(moments).astype("M8[s]")
    is_missing = np.isnat(moments)
    seconds = np.where(is_missing, 0, moments.astype(np.int64))
    days = seconds // SECONDS_A_DAY
    months = np.where(is_missing, np.datetime64(0, "M"), moments.astype("M8[M]")).astype("M8[M]")
    month_number = months.astype(np.int64)
    of_day = seconds - days * SECONDS_A_DAY
    parts = np.stack(
        [
            month_number // 12 + 1970,
            month_number % 12 + 1,
            days - months.astype("M8[D]").astype(np.int64) + 1,
            (days + 3) % 7,  # the first of January 1970 was a Thursday
            of_day // 3600,
            of_day // 60 % 60,
            seconds / SECONDS_A_DAY,
        ],
        axis=1,
    ).astype(np.float64)
    parts[is_missing] = np.nan
    return parts

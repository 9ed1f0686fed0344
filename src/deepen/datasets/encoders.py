"""What becomes of one column of numbers or of few categories: what fit learns, and its columns.

    numbers   standard  (x - mean) / standard deviation
              robust    z / sqrt(1 + (z / 3)^2),  z = (x - median) / (q75 - q25)
              clipped   the same of             z = (x - mean) / (2 standard deviations)
              unit      (x - smallest) / (largest - smallest)
              none      x, the median where missing; of two distinct numbers beyond [0, 1]: 0 and 1
              raw       x, NaN where missing
    one-hot   a column a category, one for the rare ones, one for missing values
    codes     0, 1, ... in one column, NaN where missing or never seen

(Smooth clipping: Holzmüller, Grinsztajn, Steinwart 2024, arXiv 2407.04491, section 3. Two standard
deviations: Gelman 2008, Statistics in Medicine 27, section 2; a column of rare large numbers, such as a
pixel at the edge, then weighs no more than one of zeros and ones.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepen.datasets.number_format import NumberFormat
from deepen.datasets.scales import is_in_unit_interval, moments, positive
from deepen.datasets.stand_ins import without
from deepen.datasets.values import (
    MISSING,
    as_strings,
    category_name,
    distinct,
    mapped,
    numbers_of,
    read_numbers,
    typed_values,
)

Array = np.ndarray[Any, np.dtype[Any]]

RARE_SHARE = 0.01  # of the rows: categories below go to "other"
LEAST_COUNT = 2
MOST_ONE_HOT = 50  # distinct categories that get a column each
MOST_CODES = 250  # scikit-learn's trees bear 255
MOST_KEPT = 10_000  # category names that a model keeps for one column
MOST_WORDS = 0.25  # of a column of numbers
CLIP = 3.0  # where smooth clipping bends
CLIPPED = ("robust", "clipped")
LEVELS = (0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0)
ROWS_FOR_QUANTILES = 200_000
TOLD = {
    "standard": "standardised",
    "robust": "robustly scaled, smoothly clipped",
    "clipped": "standardised, smoothly clipped",
    "unit": "scaled to [0, 1]",
    "none": "as it is",
}


@dataclass(frozen=True)
class Numbers:
    """Fitted treatment of a column of numbers or of two distinct numbers.

    Parameters
    ----------
    scaling : {"standard", "robust", "clipped", "unit", "none", "raw"}
    fill, center, scale : float
        What replaces a missing value, what is subtracted, and what divides.
    has_missing : bool
        Whether fit saw a missing value, which then has a column of its own (but with "raw").
    quantiles : list of 7 floats
        Of the rows of fit, at 0, 1, 25, 50, 75, 99 and 100 %; empty where all were missing.
    number_format : NumberFormat or None
        How strings are read; None: by looking.
    stand_in : float or None
        Number that stands for a missing value.
    """

    scaling: str
    fill: float
    center: float
    scale: float
    has_missing: bool
    quantiles: list[float]
    number_format: NumberFormat | None = None
    stand_in: float | None = None

    def values(self, column: Any, name: str) -> tuple[Any, list[str]]:
        """Numbers of a column, and the words that count as missing."""
        numbers, words = numbers_of(column, self.number_format, name, most_words=MOST_WORDS)
        return without(numbers, self.stand_in), words

    def apply(self, column: Any, name: str) -> Array:
        """Columns of shape (n_samples, n_columns) that stand for a column."""
        values, _ = self.values(column, name)
        numbers = values.to_numpy(dtype=np.float64)
        if self.scaling == "raw":
            return np.asarray(numbers[:, None])
        is_missing = np.isnan(numbers)
        with np.errstate(over="ignore"):
            scaled = (np.where(is_missing, self.fill, numbers) - self.center) / self.scale
        if self.scaling in CLIPPED:
            # in this form huge numbers stay finite
            scaled = scaled / np.hypot(1.0, scaled / CLIP)
            scaled = np.where(np.isnan(scaled), np.sign(numbers - self.center) * CLIP, scaled)
        return np.stack([scaled, is_missing] if self.has_missing else [scaled], axis=1)

    def names(self, name: str) -> list[str]:
        """Names of the columns that ``apply`` makes."""
        return [name, f"{name}:missing"] if self.has_missing and self.scaling != "raw" else [name]

    def describe(self, kind: str) -> str:
        """What is done, in words."""
        if self.scaling == "raw":
            return "as it is"
        is_moved = kind == "boolean" and self.scaling != "none"
        said = "0 or 1" if is_moved else TOLD[self.scaling]
        fill = "more frequent" if kind == "boolean" else "median"
        return said + (f", {fill} for missing, indicator" if self.has_missing else "")


def learn_numbers(
    column: Any,
    name: str,
    kind: str,
    scaling: str,
    stand_in: float | None = None,
    truth: str = "",
) -> Numbers:
    """Treatment of a column of numbers, from the rows of fit."""
    number_format = NumberFormat(truth=truth) if truth else None
    if number_format is None and typed_values(column) is None:
        number_format = read_numbers(as_strings(column))[1]
    values, _ = numbers_of(column, number_format, name, most_words=MOST_WORDS, kind=kind)
    numbers = without(values, stand_in).dropna().to_numpy()
    step = max(1, len(numbers) // ROWS_FOR_QUANTILES)
    quantiles = np.quantile(numbers[::step], LEVELS).tolist() if len(numbers) else []
    if quantiles:
        quantiles[0], quantiles[-1] = float(numbers.min()), float(numbers.max())
    is_boolean = kind == "boolean"
    fill, center, scale = moments(numbers, is_boolean)
    if scaling == "robust" and quantiles and not is_boolean:
        fill, center = quantiles[3], quantiles[3]
        scale = positive(quantiles[4] - quantiles[2], (quantiles[-1] - quantiles[0]) / 2)
    elif scaling == "clipped" and not is_boolean:
        scale = positive(2 * scale, scale)
    elif scaling == "unit" and quantiles:
        center, scale = quantiles[0], positive(quantiles[-1] - quantiles[0])
    is_kept = scaling == "none" and (not is_boolean or is_in_unit_interval(quantiles))
    if is_kept:
        center, scale = 0.0, 1.0
    used = scaling if scaling == "raw" or is_kept or not is_boolean else "standard"
    has_missing = len(numbers) < len(values)
    return Numbers(used, fill, center, scale, has_missing, quantiles, number_format, stand_in)


@dataclass(frozen=True)
class OneHot:
    """Fitted treatment of a column of few categories: a column each.

    Parameters
    ----------
    categories : list of str
        That are frequent, sorted.
    rare : list of str
        That fit saw, but seldom; they share a column.
    has_missing : bool
        Whether fit saw a missing value.
    of_numbers : bool
        Whether fit saw numbers, so that ``7.0`` and ``07`` are the category ``7``.
    """

    categories: list[str]
    rare: list[str]
    has_missing: bool
    of_numbers: bool = False

    def apply(self, column: Any, name: str) -> Array:
        """Columns of zeros and ones, shape (n_samples, n_columns)."""
        frequent = {category: j for j, category in enumerate(self.categories)}
        other = len(frequent) if self.rare else -1
        missing = len(self.names(name)) - 1 if self.has_missing else -1
        strings = category_strings(column, self.of_numbers)
        where = mapped(strings, lambda cells: [frequent.get(c, other) for c in cells], missing)
        block = np.zeros((len(where), len(self.names(name))))
        rows = np.flatnonzero(where >= 0)
        block[rows, where[rows].astype(np.intp)] = 1
        return block

    def names(self, name: str) -> list[str]:
        """Names of the columns that ``apply`` makes."""
        names = [f"{name}={category}" for category in self.categories]
        names += [f"{name}:other"] if self.rare else []
        return names + ([f"{name}:missing"] if self.has_missing else [])

    def describe(self, kind: str) -> str:
        """What is done, in words."""
        n = len(self.categories)
        said = f"one-hot, {n} {'category' if n == 1 else 'categories'}"
        said += " and other" if self.rare else ""
        return said + (", missing apart" if self.has_missing else "")


@dataclass(frozen=True)
class Codes:
    """Fitted treatment of categories for trees: 0, 1, ... in one column, NaN for the rest."""

    categories: list[str]
    rare: list[str]
    has_missing: bool
    of_numbers: bool = False

    def apply(self, column: Any, name: str) -> Array:
        """One column of codes, shape (n_samples, 1)."""
        codes = {category: float(j) for j, category in enumerate(self.categories)}
        codes.update(dict.fromkeys(self.rare, float(len(self.categories))))
        strings = category_strings(column, self.of_numbers)
        of_cells = mapped(strings, lambda cells: [codes.get(c, np.nan) for c in cells], np.nan)
        return np.asarray(of_cells[:, None])

    def names(self, name: str) -> list[str]:
        """Name of the column that ``apply`` makes."""
        return [name]

    def describe(self, kind: str) -> str:
        """What is done, in words."""
        more = ", the rest under one more" if self.rare else ""
        return f"codes of {len(self.categories)} categories{more}"


def category_strings(column: Any, of_numbers: bool) -> Any:
    """Column of category names; categories that are such names already stay categories."""
    if not of_numbers and are_names(column):
        return column
    strings = as_strings(column)
    if not of_numbers or typed_values(column) is not None:
        return strings
    return strings.map(_name_of_number, na_action="ignore")


def are_names(column: Any) -> bool:
    """Whether a column's categories are names as `as_strings` writes them."""
    names = getattr(column.dtype, "categories", None)
    if names is None or len(names) > MOST_ONE_HOT:
        return False
    return all(type(n) is str and n == n.strip() and n not in MISSING for n in names)


def as_categories(column: Any) -> Any:
    """Column of few names as categories, read once for all who ask; any other as it is."""
    import pandas as pd

    if typed_values(column) is not None or isinstance(column.dtype, pd.CategoricalDtype):
        return column
    strings = as_strings(column)
    return strings.astype("category") if strings.nunique() <= MOST_ONE_HOT else column


def _name_of_number(cell: str) -> str:
    try:
        return category_name(float(cell))
    except ValueError:
        return cell


def is_of_numbers(column: Any) -> bool:
    """Whether a column that is taken for categories holds numbers."""
    values = typed_values(column)
    return values is not None and values.dtype.kind == "f"


def learn_one_hot(column: Any) -> OneHot:
    """Treatment of a column of categories: one-hot."""
    of_numbers = is_of_numbers(column)
    strings = category_strings(column, of_numbers)
    _, cells, counts = distinct(strings)
    least = max(LEAST_COUNT, RARE_SHARE * len(strings))
    order = np.argsort(-counts, kind="stable")
    frequent = [cells[i] for i in order[:MOST_ONE_HOT] if counts[i] >= least]
    rare = sorted(set(cells) - set(frequent))[:MOST_KEPT]
    return OneHot(sorted(frequent), rare, bool(strings.isna().any()), of_numbers)


def learn_codes(column: Any) -> Codes:
    """Treatment of a column of categories: codes, the most frequent first."""
    of_numbers = is_of_numbers(column)
    strings = category_strings(column, of_numbers)
    _, cells, counts = distinct(strings)
    by_count = sorted(range(len(cells)), key=lambda i: (-counts[i], cells[i]))
    names = [cells[i] for i in by_count]
    rare = names[MOST_CODES : MOST_CODES + MOST_KEPT]
    return Codes(names[:MOST_CODES], rare, bool(strings.isna().any()), of_numbers)

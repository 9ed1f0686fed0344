"""Targets: class labels of one type with rows enough of each, or finite numbers that vary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.datasets.number_format import find_format
from deepen.datasets.truth import NOBODY_KNOWS
from deepen.datasets.values import as_strings, differ_by_case, distinct, plain_values
from deepen.report.text import clip, counted

LEAST_PER_CLASS = 4
LONGEST = 40  # of a name
# So many classes of which so many are rare are no classes.
FEW_CLASSES, MOST_RARE = 50, 0.5
# So many whole numbers from 0 or 1 on, unevenly frequent, may be grades.
LEAST_GRADES, EVEN = 5, 1.5
RARE_SHOWN = 5  # further classes that an error names
LARGEST = 2.0**63  # of a whole number among labels
# Labels that are sorted at one time.
PIECE = 100_000


def class_labels(series: Any) -> NDArray[Any]:
    """Class labels as integers, booleans or text; whole floats, which missing cells make, as integers."""
    import pandas as pd

    if series.dtype.kind == "f":
        values = series.to_numpy()
        is_whole = np.array_equal(values, np.round(values))
        if is_whole and np.abs(values).max(initial=0) >= LARGEST:  # they would wrap around
            raise ValueError("the target's numbers are too large for classes; choose another.")
        labels = values.astype(np.int64 if is_whole else str)
    elif series.dtype.kind in "iub":
        labels = series.to_numpy(dtype=bool if series.dtype.kind == "b" else np.int64)
    else:
        codes, names = pd.factorize(series)
        labels = np.asarray([str(name) for name in names])[codes]
    classes, numbers = class_numbers(labels)
    counts = np.bincount(numbers)
    if len(classes) < 2:
        raise ValueError(
            f"the target has one class only, {classes[0].item()!r}; at least two are needed."
        )
    if counts.min() < LEAST_PER_CLASS:
        raise ValueError(_too_rare(classes, counts))
    return np.asarray(labels)


def _too_rare(classes: NDArray[Any], counts: NDArray[np.int64]) -> str:
    """Every class that has too few rows, at once, the rarest first; the remedy."""
    rare = [k for k in np.argsort(counts, kind="stable") if counts[k] < LEAST_PER_CLASS]
    first, *others = rare
    words = _words_among_numbers([str(name) for name in classes], counts.tolist())
    if words and len(rare) > MOST_RARE * len(classes):
        return words
    if len(rare) > MOST_RARE * len(classes) and len(classes) > FEW_CLASSES:
        return (
            f"the target has {len(classes):,} different values in {int(counts.sum()):,} rows, such as "
            f"{str(classes[first])!r}: it seems to be an id, a text, or numbers with other cells among "
            "them; name another column, or mend those cells; numbers alone are amounts, for a regression."
        )
    also = [f"{str(classes[k])!r} ({counts[k]})" for k in others[:RARE_SHOWN]]
    more = f" and {len(others) - RARE_SHOWN} more" if others[RARE_SHOWN:] else ""
    also_said = f"; so with {', '.join(also)}{more}" if also else ""
    them = "these classes out or join them" if others else "the class out or join it"
    alike = ""
    if pairs := differ_by_case([str(name) for name in classes]):
        one, other = next((pair for pair in pairs if str(classes[first]) in pair), pairs[0])
        alike = f"write {one!r} and {other!r} alike where they are one class, or "
    amounts = "; if they are amounts: --task regression" if classes.dtype.kind == "i" else ""
    return (
        f"class {str(classes[first])!r} has {counted(int(counts[first]), 'row')} and "
        f"at least {LEAST_PER_CLASS} are needed{also_said}: {alike}leave {them} with another{amounts}."
    )


def _words_among_numbers(cells: list[str], counts: list[int]) -> str:
    """Which cells of a target of numbers are none, and the remedy; empty where words prevail."""
    number_format, _ = find_format(cells, counts)
    if number_format is None:
        return ""
    numbers = number_format.parse_all(cells)
    words = [k for k, number in enumerate(numbers) if np.isnan(number)]
    if not words:
        return ""
    words.sort(key=lambda k: -counts[k])
    said = [f"{clip(cells[k], LONGEST)!r} in {counted(counts[k], 'row')}" for k in words]
    more = f" and {len(words) - RARE_SHOWN} more" if words[RARE_SHOWN:] else ""
    return (
        f"the target holds numbers, but {', '.join(said[:RARE_SHOWN])}{more}: leave these cells empty, so "
        "that they are rows without a target."
    )


def classes_alike(counts: Mapping[str, int]) -> str:
    """Which class names capitals alone tell apart, with their rows, in words; empty where none are."""
    pairs = differ_by_case(list(counts))
    if not pairs:
        return ""
    said = [f"{clip(one, LONGEST)!r} ({counts[one]:,})" for one in pairs[0]]
    more = f", as do {counted(len(pairs) - 1, 'more pair')}" if len(pairs) > 1 else ""
    return (
        f"{said[0]} and {said[1]} differ by case alone{more}, and count as different classes; where they "
        "mean the same, write them alike and climb anew."
    )


def classes_of_nothing(counts: Mapping[str, int]) -> str:
    """Which classes seem to say that nobody knows the class, in words; empty where none do.

    Examples
    --------
    >>> classes_of_nothing({"worn": 40, "Unknown": 300})
    "'Unknown' (300) counts as a class; where it means that nobody knows, empty its cells and climb anew."
    >>> classes_of_nothing({"worn": 40, "good": 300})
    ''
    """
    found = [f"{name!r} ({n:,})" for name, n in counts.items() if name.lower() in NOBODY_KNOWS]
    if not found:
        return ""
    return f"{found[0]} counts as a class; where it means that nobody knows, empty its cells and climb anew."


def classes_or_amounts(counts: Mapping[str, int]) -> str:
    """Whether classes may as well be amounts, such as grades, and what to do then; else empty.

    Examples
    --------
    >>> classes_or_amounts({"0": 5, "1": 9, "2": 30, "3": 44, "4": 12})
    'The 5 whole numbers of the target count as classes; if they are amounts: --task regression.'
    >>> classes_or_amounts({"0": 50, "1": 51, "2": 50, "3": 49, "4": 50})
    ''
    """
    names = set(counts)
    if len(names) < LEAST_GRADES:
        return ""
    is_even = max(counts.values()) <= EVEN * min(counts.values())
    is_row = any({str(first + k) for k in range(len(names))} == names for first in (0, 1))
    if is_even or not is_row:
        return ""
    return (
        f"The {len(names)} whole numbers of the target count as classes; if they are amounts: "
        "--task regression."
    )


def class_numbers(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Class labels in order, and the place of each row's among them; no copy of all labels is sorted.

    Examples
    --------
    >>> class_numbers(np.array(["no", "yes", "no"]))
    (array(['no', 'yes'], dtype='<U3'), array([0, 1, 0]))
    """
    starts = range(0, len(labels), PIECE)
    classes = np.unique(np.concatenate([np.unique(labels[s : s + PIECE]) for s in starts]))
    return classes, np.searchsorted(classes, labels)


def finite_values(series: Any) -> NDArray[np.float64]:
    """Targets of a regression."""
    import pandas as pd

    is_declared = isinstance(series.dtype, pd.CategoricalDtype)
    numbers = plain_values(series.astype(object) if is_declared else series)
    if numbers.dtype.kind != "f":
        _, cells, counts = distinct(as_strings(series))
        words = _words_among_numbers(cells, counts.tolist())
        kind = (
            "dates" if numbers.dtype.kind == "M" else f"words such as {clip(cells[0], LONGEST)!r}"
        )
        raise ValueError(words or f"a regression needs numbers in the target, not {kind}.")
    values = numbers.to_numpy()
    if not np.isfinite(values).all():
        raise ValueError("the target contains infinity or a value too large for dtype('float64').")
    if values.std() == 0:
        raise ValueError("the target is constant: there is nothing to predict.")
    return np.asarray(values)

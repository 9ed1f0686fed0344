"""The kinds of all columns of a table, with what one column tells of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deepen.datasets.kinds import LEFT_OUT, NUMBERS, USED, Column, infer_kind
from deepen.datasets.stand_ins import Known, range_without
from deepen.datasets.told_missing import Code, Missing, with_codes_said, without_codes
from deepen.datasets.values import number_values

if TYPE_CHECKING:
    import pandas as pd


def infer_columns(table: pd.DataFrame, missing: Missing | None = None) -> list[Column]:
    """Kind of every column of a table, by looking at all its rows.

    A part of the rows may look different (row numbers of a random half are no longer consecutive),
    so look once at the whole and hand the kinds to each ``TableEncoder(types=...)``.

    Parameters
    ----------
    table : DataFrame of shape (n_samples, n_columns)
        Of pandas or polars.
    missing : dict of str to list, or list of str or float, default=None
        Codes that stand for a missing value; see ``TableEncoder``, which needs them too.

    Returns
    -------
    columns : list of Column
        In the table's order.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepen.datasets import infer_columns
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 4.0], "colour": ["red", "blue", "red"]})
    >>> [column.kind for column in infer_columns(table)]
    ['numeric', 'categorical']
    """
    if hasattr(table, "to_pandas"):
        table = table.to_pandas()
    table, _, told = without_codes(table, missing)
    found = look_at(table, range(table.shape[1]), told=told)
    return [replace(c, treatment="used" if c.kind in USED else LEFT_OUT) for c in found]


def look_at(
    table: pd.DataFrame,
    positions: Iterable[int],
    more: Any = None,
    told: Mapping[str, Sequence[Code]] | None = None,
) -> list[Column]:
    """What the columns at some positions are; numbers that stand for missing, by rows of `more` too.

    Parameters
    ----------
    table : DataFrame of shape (n_samples, n_columns)
    positions : iterable of int
    more : DataFrame of shape (n_others, n_columns), optional
        Rows, such as those without a target, that say nothing else.
    told : mapping of str to sequence, optional
        Codes that are empty cells in the table by now, by column.
    """

    def look(position: int, known: Known | None = None) -> Column:
        others = None if more is None else more.iloc[:, position]
        return infer_kind(table.iloc[:, position], str(table.columns[position]), known, others)

    found = {position: look(position) for position in positions}
    known: dict[float, list[tuple[float, float]]] = {}
    for position, column in found.items():
        if column.stand_in is not None:
            ends = range_without(_numbers(table.iloc[:, position]), column.stand_in)
            known.setdefault(column.stand_in, []).append(ends)
    if known:
        for position, column in found.items():
            if column.kind in NUMBERS and column.stand_in is None:
                found[position] = look(position, known)
    return [with_codes_said(column, told or {}) for column in found.values()]


def _numbers(column: Any) -> Any:
    """The filled cells of a column of numbers."""
    return number_values(column).dropna().to_numpy()

"""A table and the column to be predicted, as commands read them; what is odd about either is told."""

from __future__ import annotations

import re
from typing import Any

from deepen.cli._common import console, fail

TOTAL = re.compile(r"(?i)(grand |sub)?totals?:?|sum(me|ma)?:?|gesamt:?")
LEAST_ROWS_OF_A_TABLE = 10


def read_with_target(source: str, target: str | None) -> tuple[Any, Any, str]:
    """Table without its target column, the target, and its name.

    Markers of missing values in the target become empty; amounts written with currency signs,
    percent signs or separated thousands become numbers.
    """
    return target_apart(read_whole(source, target), source, target)


def read_whole(source: str, target: str | None) -> Any:
    """Table with its target column, without a line of sums."""
    from deepen.datasets import read_table
    from deepen.datasets.delimited import REPEATED

    table = read_table(source, target=target)
    for name in table.attrs.pop(REPEATED, ()):
        if target == name:
            fail(f"{source}: several columns are called {name!r}; rename all but the target.")
        names = ", ".join(one for one in table.columns if one.rpartition(".")[0] == name)
        console(to_stderr=True).say(f"Note: several columns are called {name!r}; others: {names}")
    return without_totals(table)


def target_apart(table: Any, source: str, target: str | None) -> tuple[Any, Any, str]:
    """As `read_with_target`, of a table that is read."""
    from deepen.datasets import find_column
    from deepen.datasets._errors import shortened

    if target is None:
        if "target" not in table.columns:
            fail(
                f"{source}: name the column to predict with --target; "
                f"columns: {shortened(map(str, table.columns))}."
            )
        name = "target"
    else:
        name = find_column(table, target, source)
    features = table.drop(columns=name)
    if features.shape[1] == 0:
        fail(f"{source}: has no column but the target {name!r}; give at least one to predict from.")
    y = _plain_target(table[name])
    _note_stand_in(y, name)
    _note_limits(table[name], y, name)
    return features, y, name


def without_totals(table: Any) -> Any:
    """Rows without a last one of sums, as spreadsheets have it; that is told."""
    if len(table) < LEAST_ROWS_OF_A_TABLE:
        return table
    filled = table.iloc[-1].dropna()
    word = str(filled.iloc[0]) if len(filled) else ""
    if TOTAL.fullmatch(word.strip()) is None or 2 * len(filled) > table.shape[1]:
        return table
    console(to_stderr=True).say(f"Note: the last row, {word!r}, is a line of sums and left out.")
    return table.iloc[:-1]


def _note_stand_in(y: Any, name: str) -> None:
    """Say which number among amounts looks like a missing one: it may be a true one, so that it stays."""
    from deepen.datasets.stand_ins import stand_in_of
    from deepen.datasets.task import infer_task

    filled = y.dropna()
    stand_in = stand_in_of(filled.to_numpy()) if filled.dtype.kind in "iuf" else None
    if stand_in is None or infer_task(filled) != "regression":
        return
    n_rows = int((filled == stand_in).sum())
    console(to_stderr=True).say(
        f"Note: {n_rows:,} rows have {stand_in:.0f} for their target {name!r}, far from all others; "
        "if that stands for a missing value, empty those cells."
    )


def _note_limits(cells: Any, y: Any, name: str) -> None:
    """Say which cells of a target of amounts are limits of what could be measured."""
    from deepen.datasets.number_format import limit_mark
    from deepen.datasets.values import as_strings, distinct, typed_values

    if y.dtype.kind != "f" or typed_values(cells) is not None:
        return
    _, names, counts = distinct(as_strings(cells))
    limits = {name: int(n) for name, n in zip(names, counts, strict=True) if limit_mark(name)}
    if limits:
        n_rows = sum(limits.values())
        rows = "1 row has" if n_rows == 1 else f"{n_rows:,} rows have"
        console(to_stderr=True).say(
            f"Note: {rows} a limit such as {next(iter(limits))!r} for the target {name!r}, which counts "
            "as that number; empty the cells to leave these rows out."
        )


def _plain_target(y: Any) -> Any:
    from deepen.datasets.task import infer_task
    from deepen.datasets.values import as_strings, plain_values, typed_values

    if typed_values(y) is not None:
        return y
    strings = as_strings(y)
    values = plain_values(strings)
    is_amount = values.dtype.kind == "f" and infer_task(values.dropna()) == "regression"
    return values if is_amount else strings

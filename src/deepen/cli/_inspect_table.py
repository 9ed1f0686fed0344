"""A table as ``deepen ladder`` and ``deepen fit`` take it, before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

CLASSES_SHOWN = 12


def describe_table(
    source: str, target: str | None, types: dict[str, str], missing: dict[str, list[str]]
) -> tuple[dict[str, str], list[tuple[str, ...]], list[str]]:
    """Lines of facts by name, the rows of the table of columns, and what is suspect.

    Parameters
    ----------
    source : str
        A file or a built-in name.
    target : str or None
        Column to predict; without one all columns are told of.
    types, missing : dict
        Kinds of columns and codes for missing values, as the user gives them.
    """
    from deepen.cli._common import fail
    from deepen.cli._missing import refuse_codes_of
    from deepen.cli._target import read_whole, target_apart
    from deepen.datasets import TableEncoder

    table = read_whole(source, target)
    facts = {"table": source, "rows": f"{len(table):,}", "columns": f"{table.shape[1]:,}"}
    y, suspects = None, []
    if target is not None or "target" in table:
        table, y, name = target_apart(table, source, target)
        refuse_codes_of(missing, name, "the target")
        table, y, task = _labelled(source, table, y, name, facts)
    encoder = TableEncoder(types=types or None, missing=missing or None)
    try:
        encoder.fit(table, y)
    except (ValueError, TypeError) as error:
        fail(f"{source}: {error}")
    if y is not None:
        from deepen.cli._suspects import suspects_of

        suspects = [leak.sentence for leak in suspects_of(encoder, table, y, task)]
    fields = ("name", "kind", "treatment", "reason", "override")
    columns = [tuple(str(getattr(c, field)) for field in fields) for c in encoder.columns_]
    return facts, columns, suspects


def _labelled(
    source: str, X: Any, y: Any, name: str, facts: dict[str, str]
) -> tuple[Any, Any, str]:
    """Rows with a target, their targets and the task; the facts gain what is known of the target."""
    from deepen.cli._common import fail
    from deepen.model_selection.prepare import prepare

    try:
        X, y, task, n_unlabelled = prepare(X, y, None)
    except (ValueError, TypeError) as error:
        fail(f"{source}, target {name!r}: {error}")
    facts["target"] = f"{name}, {task}"
    if task == "classification":
        facts["classes"] = _classes(list(map(str, y)))
    else:
        facts["amounts"] = f"{y.min():.6g} to {y.max():.6g}, mean {y.mean():.6g}"
    if n_unlabelled:
        facts["no target"] = f"{n_unlabelled:,} rows; the columns are told of the others"
    return X, y, task


def _classes(labels: Sequence[str]) -> str:
    counts = Counter(labels).most_common()
    shown = ", ".join(f"{label} {n:,}" for label, n in counts[:CLASSES_SHOWN])
    more = f" and {len(counts) - CLASSES_SHOWN} more" if counts[CLASSES_SHOWN:] else ""
    return f"{len(counts)}: {shown}{more}"

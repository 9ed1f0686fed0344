"""The option ``--missing``: codes that stand for a missing value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HELP = "Codes that stand for a missing value: age=99, or 98,99 in every column. Repeatable."


def parse_missing(options: Iterable[str] | None) -> dict[str, list[str]]:
    """Codes by column in options such as ``age=98,99``; under ``"*"`` those of every column.

    Names may hold commas and equality signs: what stands before the last ``=`` is the name.

    Examples
    --------
    >>> parse_missing(["98,99", "age=8, 9", "a=b, c=refused"])
    {'*': ['98', '99'], 'age': ['8', '9'], 'a=b, c': ['refused']}
    """
    from deepen.cli._common import fail
    from deepen.datasets.told_missing import EVERY_COLUMN

    found: dict[str, list[str]] = {}
    for option in options or ():
        name, mark, text = option.rpartition("=")
        name = name.strip() if mark else EVERY_COLUMN
        codes = [code.strip() for code in text.split(",")]
        if not name or not all(codes):
            fail(
                f"--missing {option!r}: write column=code, or codes for every column such as 98,99; "
                "empty cells are missing anyhow."
            )
        found.setdefault(name, []).extend(codes)
    return found


def refuse_codes_of(codes: Mapping[str, Any], column: str | None, role: str) -> None:
    """End where codes were told for a column that is no feature."""
    from deepen.cli._common import fail

    if column in codes:
        fail(
            f"--missing: {column!r} is {role} and stays as it is; empty the cells with these codes in "
            "the file, or leave their rows out."
        )

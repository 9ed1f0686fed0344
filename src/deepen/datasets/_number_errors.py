"""What is wrong with a column that should hold numbers, in words."""

from __future__ import annotations

import shlex

from deepen.datasets._errors import shortened
from deepen.datasets.number_format import NumberFormat
from deepen.datasets.truth import is_known


def what_is_wrong(name: str, words: list[str], kind: str, number_format: NumberFormat) -> str:
    """What is wrong with a column of numbers that holds too many words, and the remedy.

    Parameters
    ----------
    name : str
    words : list of str
        Distinct cells that are no numbers.
    kind : {"numeric", "boolean"}
        What the column is said to be.
    number_format : NumberFormat
    """
    has_truth = bool(number_format.truth)
    said, remedy = "boolean" if has_truth else "numeric", "train with another type for the column"
    if kind == "boolean" and not has_truth:
        said, remedy = "told to be boolean", f"give --types {shlex.quote(f'{name}=categorical')}"
        if others := [word for word in words if not is_known(word)]:
            words = others
            codes = shlex.quote(f"{name}={','.join(words[:3])}")
            remedy += f", or have what stands for nothing count as missing by --missing {codes}"
            return f"Column {name!r} is {said}, but holds {shortened(words, 3)}; mend these cells, {remedy}."
    return f"Column {name!r} is {said}, but holds {shortened(words, 3)}; mend these cells, or {remedy}."

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
    if kind == "boolean" and not number_format.truth:
        said = "told to be boolean"
        remedies = [f"give --types {shlex.quote(f'{name}=categorical')}"]
        if others := [word for word in words if not is_known(word)]:
            words = others
            codes = shlex.quote(f"{name}={','.join(words[:3])}")
            remedies.append(f"have what stands for nothing count as missing by --missing {codes}")
    else:
        said = "boolean" if number_format.truth else "numeric"
        remedies = ["train with another type for the column"]
    *first, last = "mend these cells", *remedies
    return f"Column {name!r} is {said}, but holds {shortened(words, 3)}; {', '.join(first)}, or {last}."

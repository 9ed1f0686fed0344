"""Yes and no as people write them: Ja, ja, J, nein and n are two values, not five categories.

A family holds the words of one pair, in small letters; those of several families never mix. One is
looked for only among more than two spellings (Yes and No are two plain categories), and letters beside
0 and 1 are a pair: 0, 1 and n are three things. Who calls a column boolean needs neither. Beside them, words
that say that nobody knows, or has answered, are no third value: they count as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deepen.datasets._errors import shortened

TRUTH = {"true": 1.0, "false": 0.0}  # whatever a column's format
DIGITS = {"1": 1.0, "0": 0.0}
SPELLINGS_OF_TRUTH = 6  # true, True, TRUE and their opposites
PAIRS = (
    ("true t", "false f"),
    ("yes y", "no n"),
    ("on", "off"),
    ("ja j", "nein nee nej nei n"),
    ("wahr", "falsch"),
    ("oui o", "non n"),
    ("vrai", "faux"),
    ("si sí sì sim s", "no não nao n"),
    ("vero verdadero verdadeiro", "falso"),
)
# By the first word; none, of columns without such words, is a family too.
FAMILIES = {"": TRUTH} | {
    yes.split()[0]: dict.fromkeys(yes.split(), 1.0) | dict.fromkeys(no.split(), 0.0)
    for yes, no in PAIRS
}
LEAST_SPELLINGS = 3
NOBODY_KNOWS = (
    *("unknown", "not known", "unlabelled", "unlabeled", "undefined", "missing", "not available"),
    *("unbekannt", "inconnu", "desconocido", "desconhecido", "sconosciuto", "onbekend"),
)
NO_ANSWER = {
    *NOBODY_KNOWS,
    *("no answer", "not answered", "not stated", "not specified", "unspecified"),
    *("don't know", "refused", "k.a.", "k. a.", "keine angabe", "keine angaben"),
    *("weiß nicht", "weiss nicht", "weet niet", "non so", "no sabe"),
    *("non renseigné", "nsp", "ns/nc"),
}


def is_truth(cells: Sequence[str]) -> bool:
    """Whether distinct cells are true and false alone, which every column may hold."""
    return len(cells) <= SPELLINGS_OF_TRUTH and all(cell.lower() in TRUTH for cell in cells)


def family_of(cells: Sequence[str], *, is_told: bool = False) -> str:
    """First word of the family that all distinct cells of a column belong to; empty without one.

    Parameters
    ----------
    cells : sequence of str
        None of them missing.
    is_told : bool, default=False
        Whether the user calls the column boolean.

    Examples
    --------
    >>> family_of(["Ja", "ja", "N", "1"]), family_of(["Ja", "Nein"]), family_of(["O", "N", "S"])
    ('ja', '', '')
    >>> family_of(["Ja", "Nein"], is_told=True), family_of(["Ja", "ja", "nein", "k.A."])
    ('ja', 'ja')
    """
    n_cells, cells = len(cells), [cell for cell in cells if cell.lower() not in NO_ANSWER]
    if is_told and len(cells) < n_cells and all(cell.lower() in TRUTH | DIGITS for cell in cells):
        return next(iter(TRUTH))
    if is_truth(cells) or not (is_told or len(cells) >= LEAST_SPELLINGS):
        return ""
    for name, family in FAMILIES.items():
        known = family | DIGITS
        if name and all(cell.lower() in known for cell in cells):
            spelt = {cell.lower() for cell in cells}
            words = spelt - DIGITS.keys()
            is_clear = is_told or _are_both(words, family) or any(len(word) > 1 for word in words)
            if words and is_clear and _are_both(spelt, known):
                return name
    return ""


def _are_both(words: Iterable[str], values: dict[str, float]) -> bool:
    return len({values[word] for word in words}) > 1


def is_known(cell: str) -> bool:
    """Whether a cell is yes or no in some language."""
    return any(cell.lower() in family for family in FAMILIES.values())


def said_truth(cells: Iterable[str], name: str) -> str:
    """Which of the distinct cells are yes and which no, in words.

    Examples
    --------
    >>> said_truth(["1", "Ja", "ja", "n"], "ja")
    "'Ja' and 2 more are yes, 'n' is no"
    """
    known, cells = FAMILIES[name] | DIGITS, list(cells)
    said = []
    for word, value in (("yes", 1.0), ("no", 0.0)):
        found = [cell for cell in cells if known.get(cell.lower()) == value]
        found.sort(key=lambda cell: cell in DIGITS)  # words say more
        said.append(f"{shortened(found, 1)} {'is' if len(found) == 1 else 'are'} {word}")
    return ", ".join(said)

"""Numbers as people write them: which mark is the decimal one, which groups thousands.

    1,234.50   1.234,50   1 234,50   1'234.50   $ 12   12 %   (3.50)   3.50-   3.5 bar   21 °C   85 m2

Formats are tried on the distinct cells of a column; the one that reads most of them wins, the
plainest of equals: but 13.750 km beside 650 km, or 13.750 €, has a point between thousands. What it
reads is remembered with the column, so that a later table is read alike. Many different numbers and
one word besides, such as none or unknown, are numbers that are missing there. Among many others,
<0.5 and >100, as laboratories write what they cannot measure, are these limits.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from deepen.datasets.truth import TRUTH

CURRENCIES = "€$£¥₹₽₩₺₴₫₪฿₦₱"
CODES = "USD|EUR|GBP|JPY|CNY|CHF|CAD|AUD|NZD|INR|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|RUB|TRY|ZAR|KRW"
SIGN_OF = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "TRY": "₺", "KRW": "₩"}
AFFIX = re.compile(rf"[{CURRENCIES}%‰]|(?<![A-Za-z])(?:{CODES})(?![A-Za-z])|(?<=\d)\s?kr\.?$")
UNIT = re.compile(r"(?<=\d) ?((?:[^\W\d_]|[°/²³])+(?:\^?[23])?)$")  # m2 as m²
LIMIT = re.compile(r"^(?:[<>]=?|[\u2264\u2265]) ?(?=[+-]?[\d.,])")  # ≤ and ≥
SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
# (decimal mark, mark of thousands), the plainest first
MARKS = (
    (".", ""),
    (".", ","),
    (",", ""),
    (",", "."),
    (".", " "),
    (",", " "),
    (".", "'"),
    (",", "'"),
)
LEAST_READ = 0.95  # of the cells: else they are words, a few of which are numbers
LEAST_DISTINCT = 20  # numbers beside a word that stands for a missing one: fewer may be categories
LEAST_BESIDE_LIMITS = 5  # numbers where limits are all else: fewer may be ranges
USUAL_UNIT = 0.5  # of the cells: else what follows a number is a slip or a word
LEAST_POINTED = 3  # distinct cells such as 13.750 that show what their point means
ROUND_SHARE = 0.3  # of them that end in a zero
POINTED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")  # thousands, or three decimals
UNPOINTED = re.compile(r"[+-]?\d{1,3}")
CODE_OF_DIGITS = re.compile(r"0\d+")


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes its numbers.

    Parameters
    ----------
    decimal : str
        ``"."`` or ``","``.
    thousands : str
        ``""``, ``","``, ``"."``, a blank or an apostrophe.
    affix : str
        Currency, percent sign or unit that its cells bear, or none.
    word : str
        In small letters, what stands for a missing number in many cells, or none.
    limits : bool
        Whether <0.5 is .5.
    truth : str
        First word of the family of words for yes and no that it reads, or none.

    Examples
    --------
    >>> NumberFormat(",", ".").parse("1.234,50 €")
    1234.5
    """

    decimal: str = "."
    thousands: str = ""
    affix: str = ""
    word: str = ""
    limits: bool = False
    truth: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a whole cell looks like, once its signs are taken away."""
        whole = r"\d+"
        if self.thousands:
            whole = rf"(?:[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})+|\d+)"
        mark = re.escape(self.decimal)
        return re.compile(rf"[+-]?(?:{whole}(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?")

    def parse(self, cell: str) -> float:
        """Number of a cell, NaN where it is none."""
        return self.parse_all([cell])[0]

    def parse_all(self, cells: Iterable[str]) -> list[float]:
        """Numbers of cells, NaN where they are none."""
        pattern = self.pattern
        return [self._number(_bare(cell, self.affix)[0], pattern) for cell in cells]

    def _number(self, bare: str, pattern: re.Pattern[str]) -> float:
        if self.limits:
            bare = LIMIT.sub("", bare, count=1)
        if bare.lower().lstrip("+-") in ("inf", "infinity"):
            return -math.inf if bare.startswith("-") else math.inf
        if pattern.fullmatch(bare) is None:
            return math.nan
        if self.thousands:
            bare = bare.replace(self.thousands, "")
        return float(bare.replace(self.decimal, "."))

    @property
    def words(self) -> str:
        """What is unusual about it, in words; empty for plain numbers."""
        marks = {",": "comma", ".": "point", " ": "blank", "'": "apostrophe"}
        said = ["decimal comma"] if self.decimal == "," else []
        said += [f"{marks[self.thousands]} between thousands"] if self.thousands else []
        if self.affix:
            said.append(f"{'sign' if AFFIX.search('1' + self.affix) else 'unit'} {self.affix}")
        return ", ".join(said)


def _bare(cell: str, unit: str = "") -> tuple[str, str]:
    """Cell without signs of currency and percent, blanks made one; and the signs it bore.

    Of units only the one that is known is taken away: 12b is a number in a column of bits alone.
    """
    text = SPACES.sub(" ", cell.replace("\u2212", "-").replace("\u2019", "'")).strip()
    affixes = AFFIX.findall(text)
    if affixes:
        text = AFFIX.sub("", text)
    elif unit and text.endswith(unit):
        text = text.removesuffix(unit)
    is_negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1].strip() if is_negative else text.strip()
    if text.endswith("-"):
        is_negative, text = True, text[:-1].strip()
    if text.startswith(("- ", "+ ")):
        text = text[0] + text[2:]
    sign = "".join(SIGN_OF.get(affix, affix) for affix in affixes)
    return ("-" + text if is_negative and not text.startswith("-") else text), sign


def find_format(
    cells: Sequence[str], counts: Sequence[int] | None = None, *, prefer: str = "."
) -> tuple[NumberFormat | None, float]:
    """Format that reads nearly all cells as numbers, if any, and the share of cells it reads.

    Parameters
    ----------
    cells : sequence of str
        The distinct cells of a column, none of them missing.
    counts : sequence of int, optional
        How often each occurs.
    prefer : {".", ","}
        Decimal mark of the file, taken where cells such as 1.234 and 1,234 do not tell.

    Returns
    -------
    format : NumberFormat or None
        None where words prevail, where signs of several currencies or units occur, or where leading
        zeros show that the digits are a code, such as 00501.
    share : float
        Of the rows that it reads, or in which the word stands for a missing number.

    Examples
    --------
    >>> find_format(["1,5", "12,25", "1.234,00"])
    (NumberFormat(decimal=',', thousands='.', affix='', word='', limits=False, truth=''), 1.0)
    >>> find_format(["00501", "90210"])
    (None, 0.0)
    """
    weights = list(counts) if counts is not None else [1] * len(cells)
    bare, affixes = zip(*map(_bare, cells), strict=True) if cells else ((), ())
    signs = {affix for affix in affixes if affix}
    if not signs and (unit := _unit(bare, weights)):
        signs, bare = {unit}, tuple(_bare(cell, unit)[0] for cell in cells)
    if not cells or len(signs) > 1 or _are_codes(cells):
        return None, 0.0
    sign, plain = "".join(signs), tuple(LIMIT.sub("", cell, count=1) for cell in bare)
    if plain != bare:
        found, share = _best(plain, weights, sign, prefer)
        if found is not None:
            n_numbers = sum(not math.isnan(number) for number in found.parse_all(cells))
            found = replace(found, limits=True)
            if share >= LEAST_READ and n_numbers >= LEAST_BESIDE_LIMITS:
                return found, share
            if share < LEAST_READ and (with_word := _with_word(found, cells, weights)):
                return with_word
    best, best_share = _best(bare, weights, sign, prefer)
    if best is None or best_share >= LEAST_READ:
        return best, best_share
    return _with_word(best, cells, weights) or (None, best_share)


def _best(
    bare: Sequence[str], weights: Sequence[int], sign: str, prefer: str
) -> tuple[NumberFormat | None, float]:
    """Format that reads the most of cells without signs and units, and the share of rows it reads."""
    best, best_share, total = None, 0.0, sum(weights)
    has_thousands = _has_thousands(bare, sign)
    for decimal, thousands in sorted(MARKS, key=lambda marks: marks[0] != prefer):
        if decimal == "." and has_thousands:
            continue
        candidate = NumberFormat(decimal, thousands, sign)
        pattern = candidate.pattern
        n_read = sum(
            weight
            for cell, weight in zip(bare, weights, strict=True)
            if pattern.fullmatch(cell) or cell.lower().lstrip("+-") in ("inf", "infinity")
        )
        if n_read / total > best_share:
            best, best_share = candidate, n_read / total
        if best_share == 1:
            break
    return best, best_share


def _with_word(
    found: NumberFormat, cells: Sequence[str], weights: Sequence[int]
) -> tuple[NumberFormat, float] | None:
    """The format with the one word beside many different numbers, and its share; None without such."""
    total, n_read = sum(weights), 0
    numbers: list[str] = []
    words: Counter[str] = Counter()
    for cell, number, weight in zip(cells, found.parse_all(cells), weights, strict=True):
        if math.isnan(number):
            words[cell.lower()] += weight
        else:
            n_read += weight
            if not limit_mark(cell):
                numbers.append(cell)
    word, n_of_word = words.most_common(1)[0]
    if word in TRUTH:
        return None
    is_clear = len(numbers) >= LEAST_DISTINCT and n_read >= LEAST_READ * (total - n_of_word)
    if not is_clear or _are_codes(numbers):
        return None
    return replace(found, word=word), (n_read + n_of_word) / total


def limit_mark(cell: str) -> str:
    """What says that a number is beyond what could be measured; empty where nothing does.

    Examples
    --------
    >>> [limit_mark(cell) for cell in ("<0.5", ">= 100 mg", "<div>")]
    ['<', '>=', '']
    """
    match = LIMIT.match(_bare(cell)[0])
    return match[0].strip() if match is not None else ""


def _has_thousands(bare: Sequence[str], sign: str) -> bool:
    """Whether points stand between thousands where each is followed by three digits.

    Only in cells with a sign or a unit: others are numbers to whoever reads the file. Of three decimals
    one in ten ends in a zero, and whole numbers beside them are of their size, not of three digits.
    """
    if sign in ("", "%", "\N{PER MILLE SIGN}"):
        return False
    pointed = [
        cell for cell in bare if "." in cell and cell.strip("+-.").replace(".", "").isdigit()
    ]
    others = [cell for cell in bare if cell.lstrip("+-").isdigit()]
    is_grouped = len(pointed) >= LEAST_POINTED and all(map(POINTED.fullmatch, pointed))
    if not is_grouped or not all(map(UNPOINTED.fullmatch, others)):
        return False
    if any(cell.count(".") > 1 for cell in pointed):
        return True
    n_round = sum(cell.endswith("0") for cell in pointed)
    if n_round < max(LEAST_POINTED, ROUND_SHARE * len(pointed)):
        return False
    if others:
        return 2 * sum(len(cell.lstrip("+-")) == 3 for cell in others) >= len(others)
    is_money = sign in set(CURRENCIES) or sign in CODES.split("|") or sign.strip(" .") == "kr"
    return is_money and any(cell.lstrip("+-").index(".") > 1 for cell in pointed)


def _unit(bare: Sequence[str], weights: Sequence[int]) -> str:
    """The one unit that follows most of the numbers; empty where there is none, or several."""
    found = {i: match[1] for i, text in enumerate(bare) if (match := UNIT.search(text)) is not None}
    units = set(found.values())
    is_usual = sum(weights[i] for i in found) >= USUAL_UNIT * sum(weights)
    return units.pop() if len(units) == 1 and is_usual else ""


def _are_codes(cells: Sequence[str]) -> bool:
    """Whether digits of one length, some with a leading zero, stand in all cells."""
    length = len(cells[0])
    return (
        length > 1
        and any(CODE_OF_DIGITS.fullmatch(cell) for cell in cells)
        and all(len(cell) == length and cell.isdigit() for cell in cells)
    )

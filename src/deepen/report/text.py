"""Names and values of a stranger's table on their way into the page: cleaned, cut, escaped.

Nothing that came from the data reaches the page by another way than `shown`, `named` or `quoted`.
"""

from __future__ import annotations

import re
from html import escape

LONGEST_NAME = 64
LONGEST_TITLE = 240
LONGEST_TEXT = 400
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROL_PICTURES = 0x2400
# Marks that turn the direction of the text around them, and what is no character at all.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ud800-\udfff\ufffe\uffff]")
_PERCENT = re.compile(r"(?<=\d) %")  # a number stays beside its sign
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


def cleaned(text: object) -> str:
    """The text without control characters, marks of direction and halves of characters.

    Examples
    --------
    >>> cleaned("a" + chr(9) + "b" + chr(0)) == "a b" + chr(0x2400)
    True
    """
    words = re.sub("[\t\r\n\x0b\x0c]+", " ", str(text))
    words = _CONTROLS.sub(_picture, words)
    return _TURNING.sub(_REPLACEMENT, words)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(_CONTROL_PICTURES + code) if code < 32 else _REPLACEMENT


def clip(text: object, length: int = LONGEST_NAME) -> str:
    """At most `length` characters, cut in the middle: names often differ at their ends.

    Examples
    --------
    >>> clip("abcdefghij", 5)
    'ab…ij'
    """
    words = str(text)
    if len(words) <= length:
        return words
    tail = (length - 1) // 2
    return words[: length - 1 - tail] + _ELLIPSIS + words[len(words) - tail :]


def shown(text: object, length: int = LONGEST_TEXT) -> str:
    """Escaped text of at most `length` characters.

    Examples
    --------
    >>> shown("<b>")
    '&lt;b&gt;'
    """
    # Cut first with room to spare: a cell of a megabyte is not cleaned for nothing.
    words = clip(cleaned(clip(text, 4 * length)), length)
    return escape(_PERCENT.sub("\N{NO-BREAK SPACE}%", words))


def unbroken(html: str) -> str:
    """Text of the page whose options, such as ``--rungs``, no line end tears apart.

    Examples
    --------
    >>> unbroken("or --rungs deep")
    'or <span class="option">--rungs</span> deep'
    """
    return _OPTION.sub(r'<span class="option">\g<0></span>', html)


def named(name: object, length: int = LONGEST_NAME) -> str:
    """A name; one that is cut has more of itself in its title.

    Examples
    --------
    >>> named("abcdefghij", 5)
    '<span title="abcdefghij">ab…ij</span>'
    """
    words = str(name)
    if len(words) <= length:
        return shown(words, length) or "<i>no name</i>"
    title = clip(words, LONGEST_TITLE)
    if len(words) > LONGEST_TITLE:
        title = f"{title} ({len(words):,} characters)"
    return f'<span title="{shown(title, LONGEST_TITLE + 40)}">{shown(words, length)}</span>'


def quoted(text: object) -> str:
    """The text for an attribute in double quotes, such as the label of a picture."""
    return shown(text, LONGEST_TITLE)


def capital(text: str) -> str:
    """The text with a capital first letter.

    Examples
    --------
    >>> capital("deep network")
    'Deep network'
    """
    return text[:1].upper() + text[1:]


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "column"), counted(1200, "column")
    ('1 column', '1,200 columns')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"

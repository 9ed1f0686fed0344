"""One HTML file to walk through an embedding: hover, zoom, colour by any column; nothing is fetched.

Style and script stand in files beside this one. The page's policy allows exactly these two, by their
hashes, and pictures that the page itself holds. Whatever came from the data is either escaped or in one
JSON text without any ``<``, from where the script hands it on as text, never as markup.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen._extras import import_extra
from deepen.plotting.colouring import RAMP, Colouring, colouring, name_places
from deepen.report.png import data_uri
from deepen.report.text import cleaned, clip, shown

Array = NDArray[Any]
MOST_COLUMNS = 100  # that the menu offers; a longer one is no menu
MOST_VALUES = 4_000_000  # of all columns together, so that the page stays some tens of megabytes
MOST_TOLD = 12  # in the tooltip, which has to be read
LONGEST_VALUE = 80  # characters
TEXT_SHARE = 0.5  # a column of words that differ in more rows than this names rows, not classes
EXACT_IN_SINGLE = 2**24  # whole numbers up to here are exact in float32
SPRITE_PIXELS = 4096 * 4096  # which every browser takes, telephones too
LEAST_SIDE = 6  # pixels; smaller pictures show nothing
GREYS = 16


@dataclass(frozen=True)
class Scatter:
    """Everything that the page shows.

    Parameters
    ----------
    title : str
    places : array of shape (n_samples, 2)
    columns : mapping of str to array of shape (n_samples,)
        What colours may show, the first one first, and of the first 12 what hovering tells. At most 100
        are kept, fewer of more than 40,000 rows; the foot says how many of how many.
    rows : int array of shape (n_samples,), default=None
        Numbers of the rows where they are not 1 to n_samples.
    images : float array of shape (n_samples, height, width), default=None
        Grey pictures in [0, 1]; made smaller, or left out, where they would be too many pixels.
    note : str
        A sentence under the title.
    facts : mapping of str to str
        At the foot.
    """

    title: str
    places: Array
    columns: Mapping[str, Any] = field(default_factory=dict)
    rows: Array | None = None
    images: Array | None = None
    note: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def render_scatter(scatter: Scatter) -> str:
    """The whole page as one text.

    Parameters
    ----------
    scatter : Scatter

    Returns
    -------
    str
        HTML that needs no other file and no network.

    Raises
    ------
    ValueError
        Where a column, the rows or the images have another length than the places.

    Examples
    --------
    >>> page = render_scatter(Scatter("<b>", np.zeros((3, 2)), {"</script>": ["a", "b", None]}))
    >>> page.count("</script>"), "<b>" in page, "<b>" in page.split("<body>")[1].split("<b id")[0]
    (2, False, False)
    """
    places = np.asarray(scatter.places, np.float32)
    for name, values in {**scatter.columns, "rows": scatter.rows, "images": scatter.images}.items():
        if values is not None and len(values) != len(places):
            raise ValueError(f"{name} must have {len(places)} rows, got {len(values)}.")
    columns = list(scatter.columns.items())[: most_columns(len(places))]
    data = {
        "places": _packed(places, "f4"),
        "rows": None if scatter.rows is None else _packed(scatter.rows, "i4"),
        "columns": [_column(name, values, places) for name, values in columns],
        "told": MOST_TOLD,
        "ramp": _packed(_ramp(), "u1"),
        "sprite": None if scatter.images is None else _sprite(np.asarray(scatter.images)),
    }
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    told = dict(scatter.facts)
    if len(columns) < len(scatter.columns):
        told["columns in the menu"] = f"the first {len(columns)} of {len(scatter.columns):,}"
    facts = "".join(
        f"<div><dt>{shown(name)}</dt><dd>{shown(value)}</dd></div>" for name, value in told.items()
    )
    style, script = _asset("scatter.css"), _asset("scatter.js")
    return _PAGE.format(
        policy=f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)};"
        " img-src data:; base-uri 'none'; form-action 'none'",
        title=shown(scatter.title),
        note=shown(scatter.note),
        facts=facts,
        style=style,
        script=script,
        data=text,
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title} \N{MIDDLE DOT} deepen embed</title>
<style>{style}</style>
</head>
<body>
<header><p class="kicker">deepen embed</p><h1>{title}</h1><p class="note">{note}</p></header>
<main>
<div class="bar"><label>Colour <select id="colour"></select></label>
<button type="button" id="closer" aria-label="Zoom in">+</button>
<button type="button" id="farther" aria-label="Zoom out">\N{MINUS SIGN}</button>
<button type="button" id="reset">Reset view</button><span class="count" id="count" role="status"></span></div>
<div class="view">
<div class="plot" id="plot"><canvas id="points" tabindex="0" role="img"
aria-label="Scatter plot. Arrow keys move, plus and minus zoom, 0 shows all."></canvas>
<canvas id="marks" aria-hidden="true"></canvas><div id="tip" hidden></div></div>
<aside class="legend" id="legend" aria-label="Legend"></aside>
</div>
<noscript><p>This page draws its points with JavaScript, which is switched off here.</p></noscript>
</main>
<footer>Hover or tap a point for its row, counted from 0. Wheel or pinch zooms, drag moves, a double click
shows all; a name in the legend hides its points.<dl>{facts}</dl></footer>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def most_columns(n_rows: int) -> int:
    """How many columns a page of so many rows holds."""
    return max(MOST_TOLD, min(MOST_COLUMNS, MOST_VALUES // max(n_rows, 1)))


@cache
def _asset(name: str) -> str:
    return files("deepen.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What a content policy calls the one inline text that it allows."""
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


def _packed(values: Any, kind: str) -> str:
    """Numbers as base64, little-endian like every browser's typed arrays."""
    array = np.ascontiguousarray(values, np.dtype(f"<{kind}"))
    return base64.b64encode(array.tobytes()).decode("ascii")


def _ramp() -> Array:
    colormaps = import_extra("matplotlib").colormaps
    return np.round(255 * colormaps[RAMP](np.arange(256))[:, :3])


def _column(name: Any, values: Any, places: Array) -> dict[str, Any]:
    head = {"name": clip(cleaned(name)) or "(no name)"}
    colours = colouring(values)
    if colours.values is not None:
        finite = colours.values[np.isfinite(colours.values)]
        is_whole = bool(np.all(finite == np.round(finite)))
        kind = "f8" if is_whole and np.abs(finite).max() > EXACT_IN_SINGLE else "f4"
        with np.errstate(over="ignore"):
            data = _packed(colours.values, kind)
        ends = {"low": colours.low, "high": colours.high}
        return {**head, "kind": "numbers", "type": kind, "data": data, **ends}
    return {**head, **_classes(values, colours, places)}


def _classes(values: Any, colours: Colouring, places: Array) -> dict[str, Any]:
    """Each row's own name for the tooltip, and the group of each name for the colour."""
    codes, names = colours.codes, colours.names
    assert codes is not None
    n_named = len(names) - colours.has_others
    own, own_names = codes, names
    if colours.has_others:  # the tooltip still tells each name
        import pandas as pd

        factors, distinct = pd.factorize(
            pd.Series(values, dtype=object).astype(str).to_numpy(object)
        )
        own, own_names = np.where(codes < 0, -1, factors), [str(name) for name in distinct]
    kind = "text" if len(own_names) > TEXT_SHARE * len(codes) and colours.has_others else "classes"
    group = np.zeros(len(own_names), int)
    group[own[own >= 0]] = codes[own >= 0]
    spots = name_places(places.astype(np.float64), codes, n_named)
    groups = [
        {
            "name": clip(cleaned(text), LONGEST_VALUE),
            "colour": colour if number < n_named else None,
            "place": _spot(spots[number]) if number < n_named else None,
        }
        for number, (text, colour) in enumerate(zip(names, colours.colours(), strict=True))
    ]
    return {
        "kind": kind,
        "type": "i4",
        "data": _packed(own, "i4"),
        "names": [
            clip(cleaned(clip(text, 4 * LONGEST_VALUE)), LONGEST_VALUE) for text in own_names
        ],
        "group": group.tolist(),
        "groups": groups,
    }


def _spot(place: Array) -> list[float] | None:
    return [float(value) for value in place] if np.isfinite(place).all() else None


def _sprite(images: Array) -> dict[str, Any] | None:
    """All pictures as one, side by side, averaged to fewer pixels where there are too many."""
    n, height, width = images.shape
    step = 1
    while n * (height // step) * (width // step) > SPRITE_PIXELS:
        step += 1
    tall, wide = height // step, width // step
    if min(tall, wide) < LEAST_SIDE:
        return None
    cropped = images[:, : tall * step, : wide * step]
    small = cropped.reshape(n, tall, step, wide, step).mean(axis=(2, 4))
    across = int(np.ceil(np.sqrt(n * tall / wide)))
    down = -(-n // across)
    sheet = np.zeros((down * across, tall, wide), np.uint8)
    # Few greys, so that it packs well.
    levels = np.round(np.nan_to_num(small).clip(0, 1) * (GREYS - 1))
    sheet[:n] = levels * (255 // (GREYS - 1))
    pixels = sheet.reshape(down, across, tall, wide).swapaxes(1, 2)
    source = data_uri(pixels.reshape(down * tall, across * wide, 1))
    return {"source": source, "across": across, "width": wide, "height": tall}

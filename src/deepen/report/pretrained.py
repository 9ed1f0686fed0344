"""What a pre-trained network learnt before it saw a target, and the maps of its features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.plotting.colouring import PALETTE, QUIET
from deepen.report.data import FeatureMap, LayersView, Limits, Report
from deepen.report.explanation import contact_sheet
from deepen.report.parts import Part, part
from deepen.report.png import data_uri
from deepen.report.text import capital, counted, named, quoted, shown

MAP_SIDE, MARGIN = 220.0, 8.0
MOST_SIDE, MOST_PICTURES = 40, 8
MOST_NAMES = 20


def layers(report: Report, limits: Limits) -> Part | None:
    """Filters, reconstructions, samples and maps of each pre-trained rung."""
    views = [view for view in report.layers if view.words]
    if not views:
        return None
    note = "Filters, reconstructions and samples are those of the layers before they saw a target"
    if any(view.maps for view in views):
        note += (
            "; maps are of the features after fine-tuning. Coloured rows trained nothing; grey ones, without"
            " a target, taught the layers"
        )
    note += "."
    body = "".join(_view(view, limits) for view in views)
    return part("layers", "What pre-training learnt", note, body)


def _view(view: LayersView, limits: Limits) -> str:
    figures = []
    for found in view.filters:
        sheet, n_shown, n_units = contact_sheet(found, max(1, limits.units // 2))
        if n_shown:
            words = (
                f"Filters of {shown(found.title, 40)}, {n_shown:,} of {counted(n_units, 'unit')}"
            )
            figures.append(_figure(words, sheet))
    if view.rows is not None and view.reconstructions is not None:
        pairs = np.concatenate([_tiles(view.rows), _tiles(view.reconstructions)])
        figures.append(_figure("Rows, and what comes back from the top layer", pairs))
    if view.samples is not None:
        figures.append(_figure("Samples: rows that the network makes up", _tiles(view.samples)))
    html = f"<h3>{named(capital(view.title))}</h3>"
    html += f'<p class="answer">{shown(view.words)}</p>'
    if figures:
        html += f'<div class="pictures">{"".join(figures)}</div>'
    return html + _maps(view, limits)


def _figure(words: str, pixels: NDArray[np.uint8]) -> str:
    picture = f'<img class="sheet" src="{data_uri(pixels)}" alt="{words}">'
    return f"<figure><figcaption>{words}</figcaption>{picture}</figure>"


def _tiles(pictures: Any) -> NDArray[np.uint8]:
    """Grey pictures in one line, with a gap between them."""
    values = np.asarray(pictures, dtype=np.float64)[:MOST_PICTURES]
    step = -(-max(values.shape[1:]) // MOST_SIDE)
    values = np.nan_to_num(values[:, ::step, ::step]).clip(0, 1)
    n, height, width = values.shape
    sheet = np.zeros((height + 1, n * (width + 1), 4), np.uint8)
    for place, one in enumerate(values):
        left = place * (width + 1)
        sheet[:height, left : left + width, :3] = np.round(255 * one)[..., None]
        sheet[:height, left : left + width, 3] = 255
    return sheet


def _maps(view: LayersView, limits: Limits) -> str:
    """One small picture for each layer and method, coloured by class."""
    if not view.maps:
        return ""
    labels = list(view.labels)
    names = _names(labels)
    colours = dict(zip(names, PALETTE, strict=False))
    figures = []
    for found in view.maps:
        words = f"{shown(found.method, 20)} of {shown(found.features, 40)}"
        picture = _map(found, labels, colours, limits.points)
        figures.append(f"<figure><figcaption>{words}</figcaption>{picture}</figure>")
    return f'{_key(labels, colours)}<div class="pictures maps">{"".join(figures)}</div>'


def _names(labels: Sequence[Any]) -> list[str]:
    """The commonest labels, in order: numbers by size."""
    known, counts = np.unique([str(one) for one in labels if one is not None], return_counts=True)
    kept = known[np.sort(np.argsort(-counts, kind="stable")[:MOST_NAMES])].tolist()
    try:
        return sorted(kept, key=lambda name: float(str(name).split(" to ")[0]))
    except ValueError:
        return list(kept)


def _key(labels: Sequence[Any], colours: dict[str, str]) -> str:
    entries = [
        (named(name, 24), f'class="rows" stroke="{colour}"') for name, colour in colours.items()
    ]
    if any(one is not None and str(one) not in colours for one in labels):
        entries.append(("others", f'class="rows" stroke="{QUIET}"'))
    if any(one is None for one in labels):
        entries.append(("no target", 'class="rows unlabelled"'))
    items = "".join(
        '<li><svg class="swatch" aria-hidden="true" viewBox="0 0 24 8">'
        f'<path {mark} d="M12,4h0"/></svg>{text}</li>'
        for text, mark in entries
    )
    return f'<ul class="key">{items}</ul>'


def _map(found: FeatureMap, labels: Sequence[Any], colours: dict[str, str], most: int) -> str:
    """Rows as dots in a frame, those without a target below the others."""
    places = np.asarray(found.places, dtype=np.float64)
    low, high = places.min(axis=0), places.max(axis=0)
    # One scale for both axes: distances are what a map shows.
    span = float((high - low).max()) or 1.0
    inner = MAP_SIDE - 2 * MARGIN
    xy = MARGIN + inner * (0.5 + (places - (low + high) / 2) / span)
    xy[:, 1] = MAP_SIDE - xy[:, 1]
    paths: dict[str, list[str]] = {}
    for (x, y), label in list(zip(xy, labels, strict=True))[:most]:
        mark = 'class="rows unlabelled"' if label is None else ""
        mark = mark or f'class="rows" stroke="{colours.get(str(label), QUIET)}"'
        paths.setdefault(mark, []).append(f"M{x:.0f},{y:.0f}h0")
    marks = sorted(paths.items(), key=lambda item: "unlabelled" not in item[0])
    dots = "".join(f'<path {mark} d="{"".join(points)}"/>' for mark, points in marks)
    words = quoted(f"{found.method} of {found.features}, coloured by class")
    return (
        f'<svg class="chart" role="img" aria-label="{words}" viewBox="0 0 {MAP_SIDE:g} {MAP_SIDE:g}">'
        f'<rect class="frame" x="1" y="1" width="{MAP_SIDE - 2:g}" height="{MAP_SIDE - 2:g}"/>{dots}</svg>'
    )

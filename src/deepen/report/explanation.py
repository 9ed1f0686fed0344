"""What the chosen rung looks at, where it went most wrong, and its first layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.report.data import Filters, Limits, MistakeRow, Report
from deepen.report.parts import Part, cell, folded, part, row, scrolling, small, table
from deepen.report.png import data_uri, thumbnail
from deepen.report.svg import Scale, interval_svg
from deepen.report.text import counted, named, quoted, shown

MOST_VALUES = 8
IN_SIGHT = 10  # columns; the others are folded
MOST_NAMES = 3
SHEET_PIXELS = 40_000  # of all first-layer pictures together
TILE_SIDE = 64
TILES_ACROSS = (12, 10, 8)  # the first that fills the last line too
BLUE, ORANGE = (0, 96, 156), (213, 94, 0)


def importances(report: Report, limits: Limits) -> Part | None:
    """What shuffling a column, or several that go together, costs on held-out rows."""
    found = report.importances
    if not found:
        return None
    shown_rows = found[: limits.importances]
    scale = Scale([end for one in shown_rows for end in one.ends if np.isfinite(end)] + [0.0])
    rows = []
    for one in shown_rows:
        names = ", ".join(named(name, 40) for name in one.names[:MOST_NAMES])
        if rest := len(one.names) - MOST_NAMES:
            names += f" and {rest:,} more" if rest > 0 else ""
        together = f"{len(one.names):,} columns, shuffled together" if len(one.names) > 1 else ""
        words = ", ".join(filter(None, (one.loss, one.interval)))
        label = quoted(f"{', '.join(map(str, one.names[:2]))}: {words}")
        ends = one.ends if all(np.isfinite(one.ends)) else (one.mean, one.mean)
        picture = interval_svg(
            scale, one.mean, ends, is_chosen=ends[0] > 0, min_gain=0.0, label=label
        )
        rows.append(row(f"{names}{small(together)}", [
            cell(f"{shown(one.loss, 60)}{small(shown(one.interval, 60))}", "number"),
            cell(picture, "plot"),
        ]))  # fmt: skip
    heads = ["column", f"lost without it{small('95&nbsp;% interval')}", ""]
    label = "Importance of columns"
    body = table("gains short", heads, rows[:IN_SIGHT], label=label)
    if len(found) > IN_SIGHT:
        others = (
            table("gains short", heads, rows[IN_SIGHT:], label=label) if rows[IN_SIGHT:] else ""
        )
        if n_missing := len(found) - len(rows):
            others += f'<p class="note">and {counted(n_missing, "more row")} in ladder.json.</p>'
        body += folded(counted(len(found) - IN_SIGHT, "more row"), others)
    if report.importance_map is not None:
        picture = f'<img class="map" src="{data_uri(heat_map(report.importance_map))}" alt="Where it looks">'
        body = f'<figure class="single">{picture}</figure>{folded("pixel by pixel", body)}'
    if report.importance_words:
        body = f'<p class="answer">{shown(report.importance_words)}</p>{body}'
    note = (
        f"How much the loss of {shown(report.chosen_title, 80)} grows on the verdict rows when a column's "
        "values are shuffled, in the models of the repeats; columns that go together are shuffled together."
    )
    return part("importances", "What it looks at", note, body)


def heat_map(values: Any) -> NDArray[np.uint8]:
    """What shuffling each pixel costs, as RGBA: the deeper the more."""
    cost = np.clip(np.nan_to_num(np.asarray(values, dtype=np.float64)), 0, None)
    step = -(-max(cost.shape) // TILE_SIDE)
    cost = cost[::step, ::step]
    pixels = np.empty((*cost.shape, 4), np.uint8)
    pixels[..., :3] = ORANGE
    # A trace of colour where nothing is lost, so that the picture has an edge.
    pixels[..., 3] = np.round(255 * (0.06 + 0.94 * cost / (cost.max() or 1.0)))
    return pixels


def worst_mistakes(report: Report, limits: Limits) -> Part | None:
    """The verdict rows that went most wrong: thumbnails where rows are pictures, else their values."""
    found = report.mistakes
    if not found:
        return None
    has_pictures = any(one.picture is not None for one in found)
    some = found[: limits.mistakes if has_pictures else max(1, limits.mistakes // 2)]
    title = shown(report.chosen_title, 80)
    note = f"Verdict rows on which {title} was furthest off, the worst first."
    if report.is_classification:
        note = f"Verdict rows whose true class {title} took to be least likely, the worst first."
    note += " Row 1 is the first below the header." if not has_pictures else ""
    if len(found) > len(some):
        note += f" {len(some):,} of the {len(found):,} in ladder.json."
    if has_pictures:
        body = f'<ul class="thumbnails">{"".join(_thumbnail(one) for one in some)}</ul>'
        return part("mistakes", "Its worst mistakes", note, body)
    names = [str(name) for name, _ in some[0].values]
    heads = ["row", "target", "predicted", *(named(name, 28) for name in names[:MOST_VALUES])]
    if len(names) > MOST_VALUES:
        note += f" {MOST_VALUES} of {len(names):,} columns."
    return part("mistakes", "Its worst mistakes", note, scrolling(table(
        "mistakes", heads, [_mistake(one) for one in some], label="Worst mistakes"
    ), "Worst mistakes"))  # fmt: skip


def _mistake(one: MistakeRow) -> str:
    cells = [
        cell(shown(one.truth, 40), "truth"),
        cell(f"{shown(one.predicted, 40)}{small(shown(one.remark, 80))}", "predicted"),
    ]
    cells += [cell(shown(value, 60)) for _, value in one.values[:MOST_VALUES]]
    return row(shown(one.row, 20), cells)


def _thumbnail(one: MistakeRow) -> str:
    picture = ""
    if one.picture is not None:
        label = quoted(f"row {one.row}")
        picture = f'<img src="{data_uri(thumbnail(one.picture))}" alt="Picture in {label}">'
    return (
        f"<li>{picture}<p><b>{shown(one.truth, 24)}</b> taken for <b>{shown(one.predicted, 24)}</b>"
        f"{small(shown(one.remark, 60))}{small(f'row {shown(one.row, 20)}')}</p></li>"
    )


def first_layer(report: Report, limits: Limits) -> Part | None:
    """Weights of the first layer, or of a linear model's classes, as pictures."""
    found = report.filters
    if found is None:
        return None
    sheet, n_shown, n_units = contact_sheet(found, limits.units)
    if not n_shown:
        return None
    unit, layer = ("class", "weights") if found.are_classes else ("unit", "first layer")
    label = f"Weights of {counted(n_shown, unit, 'classes' if found.are_classes else '')}"
    body = f'<img class="sheet" src="{data_uri(sheet)}" alt="{label} as pictures">'
    which = f"the {n_shown:,} largest of" if n_shown < n_units else "all"
    note = f"What each {unit} of {shown(found.title, 80)} looks for, "
    note += "in their order" if found.are_classes else f"{which} {n_units:,} of its first layer"
    return part("filters", f"Its {layer}", f"{note}. Orange adds, blue takes away.", body)


def contact_sheet(found: Filters, most: int) -> tuple[NDArray[np.uint8], int, int]:
    """Pictures side by side as RGBA, the number shown, and of how many."""
    weights = np.asarray(found.weights, dtype=np.float64)
    height, width = found.shape
    tiles = weights.T.reshape(-1, height, width)
    step = -(-max(height, width) // TILE_SIDE)
    tiles = tiles[:, ::step, ::step]
    height, width = tiles.shape[1:]
    n_shown = min(len(tiles), most, SHEET_PIXELS // (height * width))
    size = np.abs(np.nan_to_num(tiles)).max(axis=(1, 2))
    keep = np.sort(np.argsort(-size, kind="stable")[:n_shown])
    n_across = next((n for n in TILES_ACROSS if n_shown % n == 0), min(n_shown, 12)) or 1
    sheet = np.zeros((-(-n_shown // n_across) * (height + 1), n_across * (width + 1), 4), np.uint8)
    for place, unit in enumerate(keep):
        top, left = (place // n_across) * (height + 1), (place % n_across) * (width + 1)
        values = np.nan_to_num(tiles[unit]) / (size[unit] or 1.0)
        tile = sheet[top : top + height, left : left + width]
        tile[..., :3] = np.where(values[..., None] > 0, ORANGE, BLUE)
        # Weights near zero let the page through, in light and dark.
        tile[..., 3] = np.round(255 * np.abs(values))
    return sheet, n_shown, len(tiles)

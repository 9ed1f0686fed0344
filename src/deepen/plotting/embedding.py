"""Rows as points: an embedding with its classes named where they lie, or with a bar of colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepen.plotting._axes import new_axes
from deepen.plotting.colouring import MISSING, QUIET, RAMP, Colouring, colouring, name_places

Array = NDArray[Any]
RASTER_ROWS = 5000  # more points than this are pixels in a vector file, which stays small
AREA, LEAST_SIZE, MOST_SIZE = 14000.0, 1.2, 34.0  # points², shared among the rows, and its bounds
MOST_CHARACTERS = 24
N_STEPS = 15  # thumbnails that fit beside one another
THUMBNAIL = 15.0  # points, a side
INK = "#14181d"


def plot_embedding(
    embedding: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    name: str = "",
    title: str = "",
    axis_names: tuple[str, str] | None = None,
    images: ArrayLike | None = None,
    ax: Any = None,
) -> Any:
    """Points in two columns, coloured by labels.

    Classes have up to 20 colours and their names written where most of their rows are; beyond 20 the 19
    commonest keep a colour. Numbers with more than 20 distinct values have a bar of colours, from the
    first to the 99th percentile.

    Parameters
    ----------
    embedding : array-like of shape (n_samples, 2)
    labels : array-like of shape (n_samples,), default=None
        Numbers, strings or booleans; missing ones are grey.
    name : str, default=''
        What the labels are.
    title : str, default=''
    axis_names : tuple of (str, str), default=None
        Names of the axes, where they mean something; those of t-SNE do not.
    images : array-like of shape (n_samples, height, width), default=None
        Some of them are drawn at their points, where there is room.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        Where the shapes do not fit together.

    Examples
    --------
    >>> ax = plot_embedding([[0, 0], [1, 1], [0, 1]], ["a", "b", "a"])
    >>> [text.get_text() for text in ax.texts]
    ['a', 'b']
    """
    embedding = np.asarray(embedding, np.float64)
    if embedding.ndim != 2 or embedding.shape[1] != 2:
        raise ValueError(f"embedding must have shape (n_samples, 2), got {embedding.shape}.")
    for what, values in (("labels", labels), ("images", images)):
        if values is not None and np.shape(values)[0] != len(embedding):
            raise ValueError(
                f"{what} must have a row for each of the {len(embedding)} points, got"
                f" {np.shape(values)[0]}."
            )
    ax = new_axes(ax, 7.2, 6.4)
    size = float(np.clip(AREA / max(len(embedding), 1), LEAST_SIZE, MOST_SIZE))
    style = {"s": size, "linewidths": 0, "alpha": 0.8, "rasterized": len(embedding) > RASTER_ROWS}
    if labels is None:
        ax.scatter(*embedding.T, c=QUIET, **style)
        edges = np.full(len(embedding), QUIET, dtype=object)
    else:
        colours = colouring(labels)
        is_scale = colours.codes is None
        edges = (_numbers if is_scale else _classes)(ax, embedding, colours, name, style)
    if images is not None:
        _thumbnails(ax, embedding, np.asarray(images, np.float64), edges)
    _frame(ax, title, axis_names)
    return ax


def _numbers(ax: Any, embedding: Array, colours: Colouring, name: str, style: Any) -> Array:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    assert colours.values is not None
    is_known = np.isfinite(colours.values)
    ax.scatter(*embedding[~is_known].T, c=QUIET, **style)
    limits = {"vmin": colours.low, "vmax": colours.high, "cmap": RAMP}
    ax.scatter(*embedding[is_known].T, c=colours.values[is_known], **limits, **style)
    ramp = ScalarMappable(Normalize(colours.low, colours.high), RAMP)
    bar = ax.figure.colorbar(ramp, ax=ax, extend="both", shrink=0.7, aspect=28)
    bar.outline.set_visible(False)
    bar.set_label(_plain(name))
    shares = (colours.values - colours.low) / ((colours.high - colours.low) or 1.0)
    return colormaps[RAMP](np.nan_to_num(shares).clip(0, 1))


def _classes(ax: Any, embedding: Array, colours: Colouring, name: str, style: Any) -> Array:
    from matplotlib.patheffects import withStroke

    codes = colours.codes
    assert codes is not None
    palette = np.array([*colours.colours(), QUIET], dtype=object)  # the last for -1
    # In a random order: the last class must not cover all others.
    order = np.random.default_rng(0).permutation(len(embedding))
    ax.scatter(*embedding[order].T, c=palette[codes[order]].tolist(), **style)
    n_named = len(colours.names) - colours.has_others
    places = name_places(embedding, codes, n_named)
    halo = [withStroke(linewidth=3, foreground="white")]
    for text, place in zip(colours.names[:n_named], places, strict=True):
        if np.isfinite(place).all():
            style = {
                "ha": "center",
                "va": "center",
                "fontsize": 11 if n_named <= 12 else 9,
                "fontweight": "bold",
            }
            ax.text(*place, _plain(text), color=INK, path_effects=halo, **style)
    quiet = [*colours.names[n_named:], *([MISSING] if (codes < 0).any() else [])]
    if quiet:
        ax.plot([], [], "o", color=QUIET, ms=4, label=_plain(", ".join(quiet)))
        ax.legend(loc="best", frameon=False, handletextpad=0.1, fontsize=9)
    return palette[codes]


def _thumbnails(ax: Any, embedding: Array, images: Array, edges: Array) -> None:
    """Images that do not cover one another, framed in their point's colour."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    span = np.ptp(embedding, axis=0)
    cells = np.floor((embedding - embedding.min(axis=0)) / np.maximum(span / N_STEPS, 1e-12))
    # One row a cell of every second column and line: neighbours then never touch.
    _, first = np.unique(cells, axis=0, return_index=True)
    chosen = [row for row in first if cells[row].sum() % 2 == 0]
    low, high = np.nanmin(images), np.nanmax(images)
    for row in chosen:
        picture = OffsetImage(
            images[row], zoom=THUMBNAIL / max(images.shape[1:]), cmap="gray_r", clim=(low, high)
        )
        frame = {"edgecolor": edges[row], "linewidth": 1.0, "boxstyle": "square,pad=0"}
        box = AnnotationBbox(picture, embedding[row], pad=0, bboxprops=frame)
        ax.add_artist(box)


def _frame(ax: Any, title: str, axis_names: tuple[str, str] | None) -> None:
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.04)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    if axis_names is not None:
        ax.set_xlabel(_plain(axis_names[0]))
        ax.set_ylabel(_plain(axis_names[1]))
    if title:
        ax.set_title(_plain(title, 80), loc="left", fontsize=11)


def _plain(text: str, length: int = MOST_CHARACTERS) -> str:
    """A text that neither runs off the picture nor is read as typesetting."""
    short = text if len(text) <= length else text[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return short.replace("$", r"\$")

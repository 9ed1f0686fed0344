"""Axes without pyplot, and the few colours that all pictures share."""

from __future__ import annotations

from typing import Any

from deepen._extras import import_extra

# Blue and orange of Okabe and Ito's palette, told apart by every kind of colour vision.
ACCENT, SECOND, QUIET = "#0072b2", "#d55e00", "#8a8a8a"


def new_axes(ax: Any, width: float = 6.0, height: float = 3.6) -> Any:
    """`ax`, or axes of a new Figure that belongs to no window; the first step of every picture."""
    if ax is not None:
        return ax
    figure = import_extra("matplotlib.figure")
    return figure.Figure(figsize=(width, height), layout="constrained").add_subplot()


def tidy(ax: Any) -> Any:
    """Take away the frame's upper and right side."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax

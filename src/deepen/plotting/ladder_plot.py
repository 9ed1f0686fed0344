"""The rungs' losses, and the gains between them, as dots with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepen.plotting._axes import ACCENT, QUIET, new_axes, tidy


def plot_ladder(
    titles: Sequence[str],
    means: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    *,
    scores: Sequence[Sequence[float]] = (),
    chosen: int | None = None,
    xlabel: str = "loss",
    ax: Any = None,
) -> Any:
    """Mean loss of each rung with its interval, the first on top; small dots are repeats.

    Parameters
    ----------
    titles, means, intervals : sequences of length n_rungs
    scores : sequence of sequences of float, default=()
        Loss of every repeat.
    chosen : int or None, default=None
        Position of the rung to stress.
    xlabel : str, default="loss"
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> ax = plot_ladder(["linear", "deep"], [0.3, 0.2], [(0.25, 0.35), (0.15, 0.25)], chosen=1)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['linear', 'deep']
    """
    ax = new_axes(ax, height=0.9 + 0.42 * len(titles))
    for row, (mean, (low, high)) in enumerate(zip(means, intervals, strict=True)):
        colour = ACCENT if row == chosen else QUIET
        if row < len(scores):
            ax.plot(
                scores[row],
                [row + 0.22] * len(scores[row]),
                ".",
                color=colour,
                alpha=0.5,
                markersize=4,
            )
        ax.plot([low, high], [row, row], color=colour, linewidth=2.2, solid_capstyle="butt")
        ax.plot([mean], [row], "o", color=colour, markersize=6)
    return _rows(ax, titles, xlabel)


def plot_gains(
    titles: Sequence[str],
    means: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    *,
    min_gain: float | None = None,
    xlabel: str = "gain",
    ax: Any = None,
) -> Any:
    """Gains with their intervals against zero; the band ends at the least gain that counts.

    Parameters
    ----------
    titles, means, intervals : sequences of length n_comparisons
    min_gain : float or None, default=None
    xlabel : str, default="gain"
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> plot_gains(["deep over linear"], [0.1], [(0.05, 0.15)], min_gain=0.01).get_xlabel()
    'gain'
    """
    ax = new_axes(ax, height=0.9 + 0.32 * len(titles))
    if min_gain is not None:
        ax.axvspan(0, min_gain, color=QUIET, alpha=0.25, linewidth=0)
    ax.axvline(0, color=QUIET, linewidth=1)
    for row, (mean, (low, high)) in enumerate(zip(means, intervals, strict=True)):
        colour = ACCENT if low > 0 else QUIET
        ax.plot([low, high], [row, row], color=colour, linewidth=2.2, solid_capstyle="butt")
        ax.plot([mean], [row], "o", color=colour, markersize=5)
    return _rows(ax, titles, xlabel)


def _rows(ax: Any, titles: Sequence[str], xlabel: str) -> Any:
    # "$" would start matplotlib's own typesetting; names are shown as they are.
    ax.set_yticks(range(len(titles)), [title.replace("$", r"\$") for title in titles])
    ax.set_ylim(len(titles) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", alpha=0.25)
    ax.set_xlabel(xlabel)
    return tidy(ax)

"""Loss over the epochs, on training and on validation rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deepen.plotting._axes import ACCENT, SECOND, new_axes, tidy

_CURVES = {"loss": ("training", ACCENT), "validation_loss": ("validation", SECOND)}


def plot_learning_curves(
    history: Mapping[str, Sequence[float]] | Sequence[Mapping[str, Sequence[float]]], ax: Any = None
) -> Any:
    """Training and validation loss of one fit, or of several in one picture.

    Parameters
    ----------
    history : dict of str to list of float, or a list of them
        ``history_`` of a fitted model, one entry per epoch; "loss" and "validation_loss" are drawn.
    ax : matplotlib Axes, default=None
        None: axes of a new Figure (``ax.figure.savefig(...)`` writes it).

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> ax = plot_learning_curves({"loss": [1.0, 0.5, 0.3], "validation_loss": [1.1, 0.7, 0.6]})
    >>> ax.get_xlabel()
    'epoch'
    """
    histories = [history] if isinstance(history, Mapping) else list(history)
    ax = new_axes(ax)
    for name, (label, colour) in _CURVES.items():
        curves = [h[name] for h in histories if len(h.get(name, ()))]
        for number, values in enumerate(curves):
            ax.plot(
                range(1, len(values) + 1), values, color=colour,
                label=label if number == 0 else None, linewidth=1.4, alpha=1.0 if len(curves) == 1 else 0.45,
            )  # fmt: skip
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    if ax.lines:
        ax.legend(frameon=False)
    return tidy(ax)

"""Predictions against the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deepen.plotting._axes import ACCENT, QUIET, new_axes, tidy

MOST_POINTS = 2000


def plot_residuals(y_true: ArrayLike, y_pred: ArrayLike, ax: Any = None) -> Any:
    """Truth minus prediction over the prediction; at most 2,000 evenly taken points.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> plot_residuals([1.0, 2.0], [1.1, 1.8]).get_xlabel()
    'predicted'
    """
    y_true, y_pred = np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float64)
    keep = np.linspace(0, len(y_true) - 1, min(len(y_true), MOST_POINTS)).astype(np.intp)
    ax = new_axes(ax)
    ax.axhline(0, color=QUIET, linewidth=1)
    ax.plot(y_pred[keep], (y_true - y_pred)[keep], ".", color=ACCENT, alpha=0.4, markersize=4)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true minus predicted")
    return tidy(ax)

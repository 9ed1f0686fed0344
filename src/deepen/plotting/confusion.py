"""Which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deepen.plotting._axes import new_axes

MOST_NUMBERED = 20  # classes; beyond that the numbers in the cells cannot be read
MOST_CHARACTERS = 18


def plot_confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, ax: Any = None) -> Any:
    """Share of each true class (row) that is predicted as each class (column).

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> plot_confusion_matrix([0, 1, 1], [0, 1, 0]).get_ylabel()
    'true class'
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    classes, codes = np.unique(np.concatenate([y_true, y_pred]), return_inverse=True)
    n_classes = len(classes)
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (codes[: len(y_true)], codes[len(y_true) :]), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = min(7.0, 2.4 + 0.42 * n_classes)
    ax = new_axes(ax, size, size)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if n_classes <= MOST_NUMBERED:
        for (i, j), share in np.ndenumerate(shares):
            if counts[i, j]:
                text = f"{100 * share:.0f}" if share >= 0.005 else "<1"
                ax.text(
                    j,
                    i,
                    text,
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if share > 0.5 else "#222",
                )
        labels = [_shorten(str(label)) for label in classes]
        is_long = max(map(len, labels)) > 3
        ax.set_xticks(
            range(n_classes),
            labels,
            rotation=45 if is_long else 0,
            ha="right" if is_long else "center",
        )
        ax.set_yticks(range(n_classes), labels)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    return ax


def _shorten(label: str) -> str:
    """A label that neither runs off the picture nor is read as typesetting."""
    label = (
        label
        if len(label) <= MOST_CHARACTERS
        else label[: MOST_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )
    return label.replace("$", r"\$")

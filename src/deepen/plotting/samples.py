"""What a generative model makes up: chains of samples, and pictures that it completes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deepen.plotting._axes import new_axes
from deepen.plotting._pictures import height_and_width, ordinal_ticks, tile

INCHES_A_PICTURE = 0.6


def plot_samples(
    samples: ArrayLike,
    shape: tuple[int, int] | None = None,
    *,
    steps: Sequence[int] | None = None,
    ax: Any = None,
) -> Any:
    """Pictures of several chains (rows) as they change over the Gibbs steps (columns).

    Columns that change say that the chains mix; a row that keeps its picture sits in a mode; rows
    that all come to look alike have been drawn to one mode, which the data's variety belies.

    Parameters
    ----------
    samples : array-like of shape (n_samples, n_chains, n_features)
        States at successive moments, as of :func:`deepen.functions.sampling.gibbs_trace`.
    shape : tuple of (int, int), default=None
        Height and width of a picture; None takes the square root of n_features.
    steps : sequence of int, default=None
        Step of each moment, for the axis.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If n_features is not height times width.

    Examples
    --------
    >>> ax = plot_samples(np.zeros((3, 2, 16)), steps=[1, 10, 100])
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['1', '10', '100']
    """
    samples = np.asarray(samples, dtype=np.float64)
    n_moments, n_chains, n_features = samples.shape
    _, width = height_and_width(n_features, shape)
    ax = new_axes(ax, 0.6 + INCHES_A_PICTURE * n_moments, 0.6 + INCHES_A_PICTURE * n_chains)
    ax.imshow(tile(samples.swapaxes(0, 1), shape), cmap="gray")
    labels = list(range(1, n_moments + 1)) if steps is None else list(steps)
    ax.set_xticks(ordinal_ticks(n_moments, width), [str(label) for label in labels])
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("Gibbs steps")
    ax.set_ylabel("chains")
    return ax


def plot_inpainting(
    damaged: ArrayLike,
    filled: ArrayLike,
    truth: ArrayLike | None = None,
    shape: tuple[int, int] | None = None,
    *,
    ax: Any = None,
) -> Any:
    """Damaged pictures, what a model made of them and, where known, what they had been.

    Missing pixels are blue.

    Parameters
    ----------
    damaged : array-like of shape (n_pictures, n_features)
        NaN where a pixel is missing.
    filled : array-like of shape (n_pictures, n_features)
    truth : array-like of shape (n_pictures, n_features), default=None
    shape : tuple of (int, int), default=None
        Height and width of a picture; None takes the square root of n_features.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If n_features is not height times width.

    Examples
    --------
    >>> ax = plot_inpainting([[np.nan, 1.0, 0.0, 1.0]], [[0.2, 1.0, 0.0, 1.0]])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['given', 'completed']
    """
    rows = [np.asarray(damaged, np.float64), np.asarray(filled, np.float64)]
    labels = ["given", "completed"]
    if truth is not None:
        rows.append(np.asarray(truth, np.float64))
        labels.append("truth")
    n_pictures, n_features = rows[0].shape
    height, _ = height_and_width(n_features, shape)
    grey = tile(np.stack(rows), shape)
    low, high = np.nanmin(grey), np.nanmax(grey)
    colours = np.repeat(((grey - low) / ((high - low) or 1.0))[..., None], 3, axis=2)
    hole = tile(np.stack([np.isnan(row) * 1.0 for row in rows]), shape)
    colours[hole == 1] = (0.34, 0.71, 0.91)  # Okabe and Ito's sky blue, which no grey is
    colours[np.isnan(hole)] = 1.0
    ax = new_axes(ax, 0.9 + INCHES_A_PICTURE * n_pictures, 0.2 + INCHES_A_PICTURE * len(rows))
    ax.imshow(colours)
    ax.set_yticks(ordinal_ticks(len(rows), height), labels)
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax

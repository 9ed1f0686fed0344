"""Is the hidden layer well? What its units do on a batch, and which of them matter.

After Hinton (2012), "A practical guide to training restricted Boltzmann machines", section 15, and
Yosinski and Lipson (2012), "Visually debugging restricted Boltzmann machine training with a 3D example".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepen.plotting._axes import ACCENT, SECOND, new_axes, tidy
from deepen.plotting._pictures import tile_square

ALWAYS, NEVER = 0.99, 0.01  # mean probabilities beyond which a unit says nothing


def plot_hidden_activations(H: ArrayLike, *, n_rows: int = 100, ax: Any = None) -> Any:
    """Probability of every hidden unit (column) on every row of a batch, white for 1.

    Grey noise without stripes is health. A black column is a dead unit, a white one is always on,
    and both are named in the title; a bright or dark row is an odd row of data; few and the same columns
    lit for all rows mean that the units have not told the rows apart.

    Parameters
    ----------
    H : array-like of shape (n_samples, n_components)
        ``model.transform(X)`` of rows in random order.
    n_rows : int, default=100
        How many rows to show, the first ones; the title counts over all.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> plot_hidden_activations([[0.0, 0.3], [0.0, 0.8]]).get_title()
    '1 of 2 units never on, 0 always on'
    """
    H = np.asarray(H, dtype=np.float64)
    mean = H.mean(axis=0)
    n_dead, n_stuck = int((mean < NEVER).sum()), int((mean > ALWAYS).sum())
    ax = new_axes(ax, 6.0, 3.6)
    ax.imshow(H[:n_rows], cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    ax.set_title(f"{n_dead} of {H.shape[1]} units never on, {n_stuck} always on", fontsize=10)
    ax.set_xlabel("hidden unit")
    ax.set_ylabel("row of the batch")
    return ax


def use_of_units(weights: ArrayLike, H: ArrayLike) -> NDArray[Any]:
    """How much each hidden unit moves the picture over the rows: std(h_j) ||W_j||.

    Parameters
    ----------
    weights : array-like of shape (n_features, n_components)
    H : array-like of shape (n_samples, n_components)
        Probabilities of the units.

    Returns
    -------
    use : ndarray of shape (n_components,)
        In units of log-odds (of a Gaussian machine, of the data). 0 for a unit that is always the
        same, whose weights are no more than a bias.

    Examples
    --------
    >>> use_of_units([[3.0, 3.0], [4.0, 4.0]], [[1.0, 1.0], [1.0, 0.0]]).tolist()
    [0.0, 2.5]
    """
    return np.asarray(H).std(axis=0) * np.linalg.norm(np.asarray(weights), axis=0)


def plot_filters_by_use(
    weights: ArrayLike,
    H: ArrayLike,
    shape: tuple[int, int] | None = None,
    *,
    n_filters: int = 64,
    ax: Any = None,
) -> Any:
    """Weights of hidden units as grey pictures, the unit that matters most first.

    All pictures share one scale, so that weights that hardly count are pale: strokes and spots are
    what one hopes for, salt and pepper is a unit that has not learnt or a rate that is too large.

    Parameters
    ----------
    weights : array-like of shape (n_features, n_components)
        ``model.components_.T``.
    H : array-like of shape (n_samples, n_components)
        ``model.transform(X)``.
    shape : tuple of (int, int), default=None
        Height and width of a picture; None takes the square root of n_features.
    n_filters : int, default=64
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
    >>> plot_filters_by_use(np.eye(4), np.eye(4), n_filters=4).images[0].get_array().shape
    (5, 5)
    """
    weights = np.asarray(weights, dtype=np.float64)
    order = np.argsort(-use_of_units(weights, H), kind="stable")[:n_filters]
    # The largest hundredth is cut off: one huge weight would make all the others grey.
    largest = np.quantile(np.abs(weights[:, order]), 0.99) or 1.0
    grid, ratio = tile_square(weights[:, order].T, shape)
    ax = new_axes(ax, 6.0, 6.0 * ratio)
    ax.imshow(grid, cmap="gray", vmin=-largest, vmax=largest)
    ax.set_axis_off()
    return ax


def plot_update_sizes(
    weights: ArrayLike, updates: ArrayLike | None = None, *, ax: Any = None
) -> Any:
    """Histograms of |weights| and of |their changes by one step|, on a logarithmic axis.

    The title tells the ratio of the two medians, or the median of the weights where they are alone.
    About a thousandth is right for most of the training (Hinton 2012, section 7): much more is a rate
    that is too large, much less one that wastes time.

    Parameters
    ----------
    weights : array-like of any shape
    updates : array-like of the same shape, default=None
        Difference of the weights after and before a step, or after a few steps divided by their number.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> ax = plot_update_sizes(np.full(9, 0.1), np.full(9, 0.0002))
    >>> ax.get_title()
    'median update / median weight = 0.002'
    """
    ax, medians = new_axes(ax), []
    shown = [(weights, "weights", ACCENT), (updates, "one update", SECOND)]
    for values, label, colour in shown[: 1 if updates is None else 2]:
        sizes = np.abs(np.asarray(values, dtype=np.float64)).ravel()
        medians.append(float(np.median(sizes)))
        sizes = sizes[sizes > 0]
        if not len(sizes):
            continue
        decades = np.log10(sizes)
        bins = np.linspace(decades.min() - 0.05, decades.max() + 0.05, 60)
        share = np.full(len(decades), 1 / len(decades))
        ax.hist(10**decades, 10**bins, weights=share, color=colour, alpha=0.6, label=label)
        ax.axvline(np.median(sizes), color=colour, linewidth=1, linestyle="--")
    ax.set_xscale("log")
    if updates is None:
        title = f"median |weight| = {medians[0]:.2g}"
    else:
        ratio = medians[1] / medians[0] if medians[0] else np.nan
        title = f"median update / median weight = {ratio:.2g}"
    ax.set_title(title, fontsize=10)
    ax.set_xlabel("absolute value")
    ax.set_ylabel("share")
    ax.legend(frameon=False)
    return tidy(ax)

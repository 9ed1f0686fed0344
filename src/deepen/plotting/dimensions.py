"""How many dimensions are there? Reconstruction error and explained variance over the size of the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepen.plotting._axes import ACCENT, QUIET, SECOND, new_axes, tidy

COLOURS = (ACCENT, SECOND, "#009e73", "#cc79a7", "#e69f00")  # of Okabe and Ito's palette


def reconstruction_error(model: Any, X: ArrayLike) -> float:
    """Squared error of rows that went through the code and back, summed over features, mean of the rows.

        (1/N) sum_i |x_i - decode(encode(x_i))|^2

    Parameters
    ----------
    model : a fitted estimator with ``transform`` and ``inverse_transform``
    X : array-like of shape (n_samples, n_features)
        Rows that it was not fitted on tell the truth.

    Returns
    -------
    error : float, in squared units of the features

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    >>> round(reconstruction_error(PCA(1).fit(X), X), 6)
    0.0
    """
    X = np.asarray(X)
    difference = X - np.asarray(model.inverse_transform(model.transform(X)))
    return float((difference.astype(np.float64) ** 2).sum(axis=1).mean())


def plot_dimensions(
    models: Mapping[str, Sequence[Any]] | Sequence[Any],
    X: ArrayLike,
    *,
    explained_variance_ratio: ArrayLike | None = None,
    ax: Any = None,
) -> Any:
    """Error of held-out rows over the size of the code, of one family of models or several.

    A curve that goes flat says how many dimensions a family can use; one family's below another's,
    how much is gained by it at an equal size. The grey line, on the right-hand axis, is the share of the
    variance that so many principal components explain.

    Parameters
    ----------
    models : sequence of fitted estimators, or dict of name to such a sequence
        Each has ``transform`` and ``inverse_transform``; the size of its code is counted.
    X : array-like of shape (n_samples, n_features)
        Rows that none of them was fitted on.
    explained_variance_ratio : array-like of shape (n_components,), default=None
        Of a PCA with as many components as are to be shown.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        Where there is no model.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).normal(size=(50, 4))
    >>> ax = plot_dimensions([PCA(k).fit(X[:40]) for k in (1, 2, 3)], X[40:])
    >>> ax.lines[0].get_xdata().tolist()
    [1, 2, 3]
    """
    families = dict(models) if isinstance(models, Mapping) else {"": list(models)}
    if not any(len(family) for family in families.values()):
        raise ValueError("models must hold at least one fitted estimator, got none.")
    ax = new_axes(ax)
    for number, (name, family) in enumerate(families.items()):
        sizes, errors = _curve(family, X)
        colour = COLOURS[number % len(COLOURS)]
        # "$" would start matplotlib's own typesetting; names are shown as they are.
        label = name.replace("$", r"\$") or None
        ax.plot(sizes, errors, "o-", color=colour, label=label, linewidth=1.4, markersize=4)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("size of the code")
    ax.set_ylabel("squared error of held-out rows")
    if explained_variance_ratio is not None:
        _share_of_variance(ax, np.asarray(explained_variance_ratio))
    if any(families):
        ax.legend(frameon=False, loc="center right")
    return tidy(ax) if explained_variance_ratio is None else ax


def _curve(family: Sequence[Any], X: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    first_row = np.asarray(X)[:1]
    sizes = np.array([np.asarray(model.transform(first_row)).shape[1] for model in family], int)
    errors = np.array([reconstruction_error(model, X) for model in family])
    order = np.argsort(sizes, kind="stable")
    return sizes[order], errors[order]


def _share_of_variance(ax: Any, ratio: NDArray[Any]) -> None:
    other = ax.twinx()
    other.plot(range(1, len(ratio) + 1), np.cumsum(ratio), color=QUIET, linewidth=1.2, zorder=0)
    other.set_ylim(0, 1.02)
    other.set_ylabel("share of variance of so many components", color="#555555")
    for axes in (ax, other):
        axes.spines["top"].set_visible(False)

"""What colours stand for: categories with their names, or numbers on a ramp; and where names go."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# The first six are Okabe and Ito's, told apart by every kind of colour vision; all twenty can be seen on
# white and on near-black.
PALETTE = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7e57c2", "#8d6e4f",
    "#c2185b", "#7cb342", "#3f51b5", "#ff8a65", "#26a69a", "#ba68c8", "#a39100", "#607d8b",
    "#e53935", "#00838f", "#f48fb1", "#4e7d32",
)  # fmt: skip
RAMP = "viridis"  # of numbers
QUIET = "#8f969e"  # missing values, and classes beyond the twenty
MOST_CLASSES = len(PALETTE)
MISSING = "missing"
LEAST_NUMBERS = MOST_CLASSES  # with more distinct values numbers are a scale, not names
ENDS = (1, 99)  # percentiles between which the ramp runs: one absurd value must not flatten it
N_BINS = 32  # of a side, in which the densest place of a class is looked for
BIN_SPREAD = 1.2  # bins, of the smoothing
LEAST_DISTANCE = 3  # bins between two names


class Colouring(NamedTuple):
    """One column as colours.

    Attributes
    ----------
    codes : int array of shape (n_samples,) or None
        Number of each row's class in ``names``, -1 where it is missing; None for numbers.
    names : list of str
        At most 20; where there are more classes, the 19 commonest and ``'N others'``.
    has_others : bool
        Whether the last name stands for several classes.
    values : float array of shape (n_samples,) or None
        NaN where missing; None for classes.
    low, high : float
        Ends of the ramp.
    """

    codes: Array | None
    names: list[str]
    has_others: bool = False
    values: Array | None = None
    low: float = 0.0
    high: float = 1.0

    def colours(self) -> list[str]:
        """One colour for each name."""
        own = list(PALETTE[: len(self.names) - self.has_others])
        return [*own, QUIET] if self.has_others else own


def colouring(labels: Any) -> Colouring:
    """Colours of a column: numbers with more than 20 distinct values are a scale, all else is classes.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Numbers, strings or booleans; None and NaN are missing.

    Returns
    -------
    Colouring

    Examples
    --------
    >>> colouring(["b", "a", None]).codes, colouring(["b", "a", None]).names
    (array([ 1,  0, -1]), ['a', 'b'])
    >>> colouring(range(100)).codes is None
    True
    """
    import pandas as pd

    series = pd.Series(labels if hasattr(labels, "__array__") else list(labels))
    is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    if is_number and series.nunique() > LEAST_NUMBERS:
        values = series.to_numpy(np.float64, na_value=np.nan)
        finite = values[np.isfinite(values)]
        low, high = np.percentile(finite, ENDS)
        if low == high:
            low, high = finite.min(), finite.max()
        values = np.where(np.isfinite(values), values, np.nan)
        return Colouring(None, [], values=values, low=float(low), high=float(high))
    is_missing = series.isna().to_numpy()
    if is_number:
        known, codes = np.unique(series[~is_missing].to_numpy(np.float64), return_inverse=True)
        names = [f"{value:.10g}" for value in known]
    else:
        found, codes = np.unique(series[~is_missing].astype(str).to_numpy(str), return_inverse=True)
        names = found.tolist()
    all_codes = np.full(len(series), -1)
    all_codes[~is_missing] = codes
    return _with_others(all_codes, names)


def _with_others(codes: Array, names: list[str]) -> Colouring:
    if len(names) <= MOST_CLASSES:
        return Colouring(codes, names)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    kept = np.sort(np.argsort(-counts, kind="stable")[: MOST_CLASSES - 1])
    new = np.full(len(names) + 1, len(kept))
    new[kept] = range(len(kept))
    new[-1] = -1  # what a missing value's code of -1 looks up
    others = f"{len(names) - len(kept):,} others"
    return Colouring(new[codes], [*(names[i] for i in kept), others], has_others=True)


def name_places(embedding: Array, codes: Array, n_names: int) -> Array:
    """Where the name of each class is written: the densest spot of its rows that is still free.

    Parameters
    ----------
    embedding : array of shape (n_samples, 2)
    codes : int array of shape (n_samples,)
        -1 belongs to no class.
    n_names : int

    Returns
    -------
    places : ndarray of shape (n_names, 2)
        NaN for a class without rows.
    """
    from scipy.ndimage import gaussian_filter

    low, high = embedding.min(axis=0), embedding.max(axis=0)
    width = np.maximum(high - low, 1e-12) / N_BINS
    bins = np.minimum((embedding - low) // width, N_BINS - 1).astype(int)
    places, taken = np.full((n_names, 2), np.nan), np.zeros((N_BINS, N_BINS), bool)
    rows, columns = np.ogrid[:N_BINS, :N_BINS]
    for name in range(n_names):
        own = codes == name
        if not own.any():
            continue
        density = np.zeros((N_BINS, N_BINS))
        np.add.at(density, tuple(bins[own].T), 1)
        density = gaussian_filter(density, BIN_SPREAD)
        free = np.where(taken, -1.0, density)
        i, j = np.unravel_index(free.argmax() if free.max() > 0 else density.argmax(), free.shape)
        places[name] = low + (np.array([i, j]) + 0.5) * width
        taken |= (rows - i) ** 2 + (columns - j) ** 2 < LEAST_DISTANCE**2
    return places

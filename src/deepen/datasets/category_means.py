"""What becomes of one column of many categories.

    with a target     its mean for each category, shrunk to the mean of all
    without           a sign in one of a few columns, by the category's hash

Within ``fit_transform`` a row gets the mean that the rows of other folds gave, as in scikit-learn's
TargetEncoder: its own target does not leak into its inputs. (Micci-Barreca 2001.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepen.datasets.encoders import MOST_KEPT, category_strings, is_of_numbers
from deepen.datasets.values import distinct, mapped

Array = np.ndarray[Any, np.dtype[Any]]

HASH_COLUMNS = 32
MOST_CLASSES = 10  # each class takes a column of means
FOLDS = 5
NO_CATEGORY = "\0missing"  # stands for an empty cell, which cannot read so


@dataclass(frozen=True)
class Hashed:
    """Many categories without a target: each a sign in one of a few columns, by its hash."""

    n_columns: int
    of_numbers: bool
    has_missing: bool = False

    def apply(self, column: Any, name: str) -> Array:
        """Columns of -1, 0 and 1, shape (n_samples, n_columns)."""
        strings = category_strings(column, self.of_numbers)
        hashes = mapped(strings, _hashes, -1).astype(np.int64)
        block = np.zeros((len(hashes), self.n_columns))
        rows = np.flatnonzero(hashes >= 0)
        places, signs = hashes[rows] // 2 % self.n_columns, hashes[rows] % 2 * 2.0 - 1
        block[rows, places] = signs
        return block

    def names(self, name: str) -> list[str]:
        """Names of the columns that ``apply`` makes."""
        return [f"{name}#{j}" for j in range(self.n_columns)]

    def describe(self, kind: str) -> str:
        """What is done, in words."""
        return f"hashed into {self.n_columns} columns"


def _hashes(cells: Any) -> list[int]:
    from sklearn.utils import murmurhash3_32

    return [int(murmurhash3_32(cell, seed=0, positive=True)) for cell in cells]


@dataclass(frozen=True)
class TargetMeans:
    """Many categories by their mean target.

    Parameters
    ----------
    categories : list of str
        The most frequent first.
    means : ndarray of shape (n_categories, n_outputs)
        Shrunk mean of the target, or share of each class, in units of standard deviations.
    otherwise : ndarray of shape (n_outputs,)
        For categories never seen.
    labels : list of str
        Classes, where there are more than two.
    """

    categories: list[str]
    means: Array
    otherwise: Array
    labels: list[str]
    of_numbers: bool
    has_missing: bool = False

    def apply(self, column: Any, name: str) -> Array:
        """Means of the categories, shape (n_samples, n_outputs)."""
        places = {category: i for i, category in enumerate(self.categories)}
        strings = category_strings(column, self.of_numbers).astype(object).fillna(NO_CATEGORY)
        last = len(self.categories)
        where = mapped(strings, lambda cells: [places.get(c, last) for c in cells], last)
        return np.asarray(np.vstack([self.means, self.otherwise])[where.astype(np.intp)])

    def names(self, name: str) -> list[str]:
        """Names of the columns that ``apply`` makes."""
        return [f"{name}:mean of {label}" for label in self.labels] or [f"{name}:mean of target"]

    def describe(self, kind: str) -> str:
        """What is done, in words."""
        return f"mean of the target for each of {len(self.categories):,} categories"


def learn_many(column: Any, y: Any) -> tuple[Hashed | TargetMeans, Array | None]:
    """Treatment of many categories; with target means also the block of fit's own rows."""
    of_numbers = is_of_numbers(column)
    strings = category_strings(column, of_numbers)
    has_missing = bool(strings.isna().any())
    target = None if y is None else _target(y, len(strings))
    if target is None:
        return Hashed(HASH_COLUMNS, of_numbers, has_missing), None
    codes, cells, _ = distinct(strings)
    names = [*cells, NO_CATEGORY]
    codes = np.where(codes < 0, len(cells), codes)
    kept, means, otherwise, own = _means(codes, target)
    treatment = TargetMeans(
        [names[code] for code in kept], means, otherwise, target.labels, of_numbers, has_missing
    )
    return treatment, own


@dataclass(frozen=True)
class Target:
    """Targets of the rows that have one, as numbers; which rows; the classes where more than two."""

    y: Array
    is_known: Array
    kind: str
    n_folds: int
    labels: list[str]


def _target(y: Any, n_rows: int) -> Target | None:
    """Target, or None where it does not bear means: few rows, many classes, rare ones, several."""
    import pandas as pd

    from deepen.datasets.task import infer_task

    if np.size(y) != n_rows:
        return None
    series = y if isinstance(y, pd.Series) else pd.Series(np.asarray(y).reshape(-1))
    is_known = series.notna().to_numpy()
    if is_known.sum() < 2 * FOLDS:
        return None
    filled = series[is_known]
    if infer_task(filled) == "regression":
        return Target(filled.to_numpy(dtype=np.float64), is_known, "continuous", FOLDS, [])
    codes, labels = pd.factorize(filled, sort=True)
    least = int(np.bincount(codes).min())
    if not 2 <= len(labels) <= MOST_CLASSES or least < 2:
        return None
    kind, names = ("binary", []) if len(labels) == 2 else ("multiclass", list(map(str, labels)))
    return Target(codes, is_known, kind, min(FOLDS, least), names)


def _means(codes: Array, target: Target) -> tuple[Array, Array, Array, Array]:
    """Kept codes, their means, the mean of all, and each row's mean by the other folds' rows."""
    encoder = _target_encoder(target.kind, target.n_folds)
    known = codes[target.is_known, None]
    own = np.empty((len(codes), len(target.labels) or 1))
    own[target.is_known] = encoder.fit_transform(known, target.y)
    if not target.is_known.all():
        own[~target.is_known] = encoder.transform(codes[~target.is_known, None])
    found = np.asarray(encoder.categories_[0], dtype=np.intp)
    counts = np.bincount(known[:, 0])[found]
    keep = np.argsort(-counts, kind="stable")[:MOST_KEPT]
    means = np.stack(encoder.encodings_, axis=1).reshape(len(found), -1)[keep]
    center, scale = own.mean(axis=0), own.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    otherwise = (np.asarray(encoder.target_mean_).reshape(-1) - center) / scale
    return found[keep], (means - center) / scale, otherwise, (own - center) / scale


def _target_encoder(kind: str, n_folds: int) -> Any:
    """scikit-learn's encoder with shuffled folds, which before 1.9 it drew itself."""
    import inspect

    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.preprocessing import TargetEncoder

    folds = KFold if kind == "continuous" else StratifiedKFold
    default = inspect.signature(TargetEncoder).parameters["random_state"].default
    if default is None:
        return TargetEncoder(target_type=kind, cv=n_folds, random_state=0)
    return TargetEncoder(target_type=kind, cv=folds(n_folds, shuffle=True, random_state=0))

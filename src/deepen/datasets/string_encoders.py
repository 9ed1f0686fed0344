"""What becomes of one column of dates or of free text.

dates   year, month, day, day of week, hour, minute, days: those that vary
text    TF-IDF of words and pairs of words, reduced by a truncated SVD
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepen.datasets._errors import DataError, shortened
from deepen.datasets.dates import PARTS, date_parts, find_order, parse_dates
from deepen.datasets.encoders import MOST_WORDS
from deepen.datasets.values import as_strings, distinct, spread, typed_values

Array = np.ndarray[Any, np.dtype[Any]]

TOPICS = 16
MOST_TERMS = 2000
ROWS_FOR_TEXT = 50_000
ROWS_FOR_PARTS = 200_000
TERMS = {"ngram_range": (1, 2), "sublinear_tf": True, "strip_accents": "unicode"}


@dataclass(frozen=True)
class DateParts:
    """Dates as those of their parts that vary.

    Parameters
    ----------
    order : {"ymd", "dmy", "mdy"}
        Of dates written in numbers.
    parts : list of int
        Positions in year, month, day, day of week, hour, minute, days.
    fills, centers, scales : lists of float
        As of numbers, one for each part; scales are 1 and centers 0 for trees.
    has_missing : bool
    days : list of float
        First and last day of fit's rows since 1970; empty where all were missing.
    is_raw : bool
        Whether missing values stay NaN.
    """

    order: str
    parts: list[int]
    fills: list[float]
    centers: list[float]
    scales: list[float]
    has_missing: bool
    days: list[float]
    is_raw: bool = False

    def moments(self, column: Any, name: str) -> tuple[Array, list[str]]:
        """Moments of a column, and the words among its cells, which count as missing."""
        return moments_of(column, self.order, name)

    def apply(self, column: Any, name: str) -> Array:
        """Parts of the dates, shape (n_samples, n_columns)."""
        parts = date_parts(self.moments(column, name)[0])[:, self.parts]
        is_missing = np.isnan(parts[:, :1]) if self.parts else np.zeros((len(parts), 1))
        if not self.is_raw:
            parts = np.where(np.isnan(parts), self.fills, parts)
        parts = (parts - self.centers) / self.scales
        has_indicator = self.has_missing and not self.is_raw
        return np.hstack([parts, is_missing]) if has_indicator else parts

    def names(self, name: str) -> list[str]:
        """Names of the columns that ``apply`` makes."""
        names = [f"{name}:{PARTS[part]}" for part in self.parts]
        return names + ([f"{name}:missing"] if self.has_missing and not self.is_raw else [])

    def describe(self, kind: str) -> str:
        """What is done, in words."""
        said = ", ".join(PARTS[part] for part in self.parts)
        return said + (", indicator for missing" if self.has_missing and not self.is_raw else "")


def moments_of(column: Any, order: str | None, name: str) -> tuple[Array, list[str]]:
    """Moments of a column of dates, NaT where it has none, and the words among its cells.

    Raises
    ------
    DataError
        If more cells are words than may be.
    """
    values = typed_values(column)
    if values is not None and values.dtype.kind == "M":
        return values.to_numpy(dtype="M8[s]"), []
    strings = as_strings(column)
    codes, cells, _ = distinct(strings)
    if not cells:
        return np.full(len(strings), np.datetime64("NaT", "s")), []
    parsed = parse_dates(cells, order or find_order(cells)[0])
    words = [cell for cell, moment in zip(cells, parsed, strict=True) if np.isnat(moment)]
    moments = spread(parsed, codes, np.datetime64("NaT", "s")).astype("M8[s]")
    n_filled = int((codes >= 0).sum())
    if int(np.isnat(moments).sum()) - int((codes < 0).sum()) > MOST_WORDS * n_filled:
        raise DataError(
            f"Column {name!r} is a date, but holds {shortened(words, 3)}; write dates such as"
            " 2024-03-31 or 31.03.2024, or train with another type for the column."
        )
    return moments, words


def learn_dates(column: Any, name: str, is_raw: bool) -> DateParts:
    """Treatment of a column of dates."""
    order = "ymd"
    if typed_values(column) is None:
        order = find_order(distinct(as_strings(column))[1])[0]
    moments = moments_of(column, order, name)[0]
    known = moments[~np.isnat(moments)]
    days: list[float] = []
    parts = np.empty((0, len(PARTS)))
    if len(known):
        ends = date_parts(np.array([known.min(), known.max()]))
        days = ends[:, -1].tolist()
        # the ends are among the rows looked at, so that what varies is seen to
        parts = np.vstack([date_parts(known[:: max(1, len(known) // ROWS_FOR_PARTS)]), ends])
    varying = [j for j in range(len(PARTS)) if len(parts) and np.ptp(parts[:, j]) > 0]
    fills, centers, scales = [], [], []
    for j in varying:
        rows = parts[:-2, j] if np.ptp(parts[:-2, j]) > 0 else parts[:, j]
        fills.append(float(np.median(rows)))
        centers.append(0.0 if is_raw else float(rows.mean()))
        scales.append(1.0 if is_raw else float(rows.std()))
    has_missing = len(known) < len(moments)
    return DateParts(order, varying, fills, centers, scales, has_missing, days, is_raw)


@dataclass(frozen=True)
class TextTopics:
    """Free text as its weight in a few directions of the space of words.

    Parameters
    ----------
    terms : list of str
        Words and pairs of words.
    weights : ndarray of shape (n_terms,)
        Inverse document frequencies.
    directions : ndarray of shape (n_topics, n_terms)
        Right singular vectors, divided by the mean standard deviation of the scores.
    """

    terms: list[str]
    weights: Array
    directions: Array
    has_missing: bool

    def apply(self, column: Any, name: str) -> Array:
        """Scores of the texts, shape (n_samples, n_topics); zero where there is none."""
        codes, cells, _ = distinct(as_strings(column))
        scores = np.zeros((len(cells) + 1, len(self.directions)))
        if cells:
            scores[:-1] = _vectorizer(self.terms, self.weights).transform(cells) @ self.directions.T
        block = scores[codes]
        return np.hstack([block, (codes < 0)[:, None]]) if self.has_missing else block

    def names(self, name: str) -> list[str]:
        """Names of the columns that ``apply`` makes."""
        names = [f"{name}~{j}" for j in range(len(self.directions))]
        return names + ([f"{name}:missing"] if self.has_missing else [])

    def describe(self, kind: str) -> str:
        """What is done, in words."""
        said = f"TF-IDF of {len(self.terms):,} terms in {len(self.directions)} columns"
        return said + (", indicator for missing" if self.has_missing else "")


def _vectorizer(terms: list[str], weights: Array) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(vocabulary=terms, **TERMS)
    vectorizer.idf_ = weights
    return vectorizer


def learn_text(column: Any) -> TextTopics | None:
    """Treatment of free text; None where no word occurs in two rows."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    strings = as_strings(column)
    filled = strings.dropna()
    cells = filled.iloc[:: max(1, len(filled) // ROWS_FOR_TEXT)].tolist()
    vectorizer = TfidfVectorizer(min_df=2, max_features=MOST_TERMS, **TERMS)
    try:
        weights = vectorizer.fit_transform(cells)
    except ValueError:  # scikit-learn's words for "no term is left"
        return None
    terms, n_terms = vectorizer.get_feature_names_out().tolist(), weights.shape[1]
    directions = np.eye(n_terms)
    if n_terms > TOPICS:
        reduction = TruncatedSVD(min(TOPICS, len(cells) - 1), random_state=0).fit(weights)
        directions = reduction.components_
    spread_of_scores = float((weights @ directions.T).std(axis=0).mean()) or 1.0
    has_missing = bool(strings.isna().any())
    return TextTopics(terms, vectorizer.idf_, directions / spread_of_scores, has_missing)

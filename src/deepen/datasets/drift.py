"""How a new table differs from the one that an encoder was fitted on, counted chunk by chunk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deepen.datasets._errors import shortened
from deepen.datasets.category_means import TargetMeans
from deepen.datasets.encoders import MOST_KEPT, Codes, Numbers, OneHot, category_strings
from deepen.datasets.string_encoders import DateParts
from deepen.datasets.values import as_strings, distinct, typed_values

if TYPE_CHECKING:
    from deepen.datasets.tables import TableEncoder

OUTER_SHARE = 0.02  # of fit's rows lie outside its quantiles of 1 and 99 %
DEVIATIONS = 4.0  # by which a count must be larger than by chance
LEAST_ROWS = 20
MOST_NAMES = 3


@dataclass(frozen=True)
class Finding:
    """One difference.

    Parameters
    ----------
    column : str
    kind : {"extra", "unseen", "missing", "word", "range", "shift"}
    n_rows : int
        Rows that show it; 0 for a whole column.
    text : str
        The same in one line.
    """

    column: str
    kind: str
    n_rows: int
    text: str


class Drift:
    """Counts what is new in tables that a fitted ``TableEncoder`` is about to transform.

    Parameters
    ----------
    encoder : TableEncoder
        Fitted.
    expected : sequence of str, default=()
        Further columns that are no surprise, such as the target.

    Examples
    --------
    >>> import pandas as pd
    >>> from deepen.datasets import TableEncoder
    >>> encoder = TableEncoder().fit(pd.DataFrame({"colour": ["red", "blue"] * 9}))
    >>> drift = Drift(encoder)
    >>> drift.update(pd.DataFrame({"colour": ["red", "green"], "size": [1, 2]}))
    >>> for finding in drift.findings():
    ...     print(finding.text)
    Not used by the model: columns 'size'.
    Column 'colour': 1 row (50 %) has a category that the model never saw: 'green' (1).
    """

    def __init__(self, encoder: TableEncoder, expected: tuple[str, ...] = ()) -> None:
        self.encoder = encoder
        self.known = {column.name for column in encoder.columns_} | set(expected)
        self.n_rows = 0
        self.extra: list[str] = []
        self.unseen: dict[str, Counter[str]] = {}
        self.counts: dict[str, Counter[str]] = {}
        self.words: dict[str, list[str]] = {}

    def update(self, table: Any) -> None:
        """Count what is new in further rows; ``table`` must have the encoder's columns."""
        names = [str(name) for name in getattr(table, "columns", ())]
        self.extra += [n for n in names if n not in self.known and n not in self.extra]
        matched = self.encoder.matched(table)
        self.n_rows += len(matched)
        for column, encoder, position in self.encoder.used():
            values = matched.iloc[:, position]
            counts = self.counts.setdefault(column.name, Counter())
            n_missing = _n_missing(values)
            counts["empty"] += n_missing
            if isinstance(encoder, Numbers):
                numbers, words = encoder.values(values, column.name)
                _count_numbers(numbers.to_numpy(dtype=np.float64), encoder, counts)
                # Empty is, too, what stands for a missing value.
                counts["empty"] += int(numbers.isna().sum()) - n_missing
                self._keep_words(column.name, words)
            elif isinstance(encoder, DateParts):
                moments, words = encoder.moments(values, column.name)
                _count_dates(moments, encoder, counts)
                self._keep_words(column.name, words)
            elif isinstance(encoder, OneHot | Codes | TargetMeans):
                self._count_categories(column.name, values, encoder)
            if not encoder.has_missing:
                counts["missing"] += n_missing

    def _keep_words(self, name: str, words: list[str]) -> None:
        if words:
            kept = self.words.setdefault(name, [])
            kept += [word for word in words if word not in kept][:MOST_NAMES]

    def _count_categories(self, name: str, values: Any, encoder: Any) -> None:
        known = set(encoder.categories) | set(getattr(encoder, "rare", ()))
        if len(known) >= MOST_KEPT:  # the names of the rest were not kept
            return
        _, cells, counts = distinct(category_strings(values, encoder.of_numbers))
        unseen = self.unseen.setdefault(name, Counter())
        for cell, count in zip(cells, counts.tolist(), strict=True):
            if cell not in known:
                unseen[cell] += count

    def findings(self) -> list[Finding]:
        """Differences found so far, columns in the encoder's order."""
        found = []
        if self.extra:
            text = f"Not used by the model: columns {shortened(self.extra)}."
            found.append(Finding("", "extra", 0, text))
        for column, encoder, _ in self.encoder.used():
            name = column.name
            found += self._of_categories(name)
            counts = self.counts.get(name, Counter())
            if counts["missing"]:
                text = f"{self._rows(counts['missing'])} no value, and no row of the training lacked one."
                found.append(
                    Finding(name, "missing", counts["missing"], f"Column {name!r}: {text}")
                )
            elif counts["empty"] == self.n_rows >= LEAST_ROWS:
                text = (
                    f"Column {name!r}: no row has a value; in the training some had one, some none."
                )
                found.append(Finding(name, "missing", self.n_rows, text))
            if name in self.words:
                text = f"cells such as {shortened(self.words[name], MOST_NAMES)} count as missing."
                found.append(Finding(name, "word", 0, f"Column {name!r}: {text}"))
            found += self._of_range(name, encoder, counts)
        return found

    def _rows(self, n_rows: int) -> str:
        verb = "row" if n_rows == 1 else "rows"
        share = 100 * n_rows / max(1, self.n_rows)
        percent = f"{share:.0f}" if share >= 1 else "< 1"
        return f"{n_rows:,} {verb} ({percent} %) {'has' if n_rows == 1 else 'have'}"

    def _of_categories(self, name: str) -> list[Finding]:
        unseen = self.unseen.get(name)
        if not unseen:
            return []
        n_rows = sum(unseen.values())
        named = ", ".join(f"{cell!r} ({count:,})" for cell, count in unseen.most_common(MOST_NAMES))
        more = f" and {len(unseen) - MOST_NAMES} more" if len(unseen) > MOST_NAMES else ""
        text = f"{self._rows(n_rows)} a category that the model never saw: {named}{more}."
        return [Finding(name, "unseen", n_rows, f"Column {name!r}: {text}")]

    def _of_range(self, name: str, encoder: Any, counts: Counter[str]) -> list[Finding]:
        found = []
        n_outside, n_far, n_outer = counts["outside"], counts["far"], counts["outer"]
        if n_far or self._is_surprising(n_outside, 0.0):
            low, high = _range(encoder)
            text = f"{self._rows(n_outside)} a value outside the training rows' {low} to {high}."
            found.append(Finding(name, "range", n_outside, f"Column {name!r}: {text}"))
        elif self._is_surprising(n_outer, OUTER_SHARE):
            text = f"{self._rows(n_outer)} a value where only 2 % of the training rows had theirs."
            found.append(Finding(name, "shift", n_outer, f"Column {name!r}: {text}"))
        return found

    def _is_surprising(self, count: int, share: float) -> bool:
        if self.n_rows < LEAST_ROWS:
            return False
        n_trained = max(1, getattr(self.encoder, "n_samples_", 1))
        expected = self.n_rows * max(share, 2 / (n_trained + 1))
        # Where few rows were trained on, they hardly know what is rare themselves.
        variance = expected * (1 + self.n_rows / n_trained)
        return bool(count > expected + DEVIATIONS * np.sqrt(variance) + 2)


def _n_missing(values: Any) -> int:
    is_typed = typed_values(values) is not None
    return int((values if is_typed else as_strings(values)).isna().sum())


def _count_numbers(numbers: Any, encoder: Numbers, counts: Counter[str]) -> None:
    if not encoder.quantiles:
        return
    low, outer_low, *_, outer_high, high = encoder.quantiles
    width = high - low
    with np.errstate(over="ignore"):
        counts["far"] += int(np.sum((numbers < low - width) | (numbers > high + width)))
    counts["outside"] += int(np.sum((numbers < low) | (numbers > high)))
    counts["outer"] += int(np.sum((numbers < outer_low) | (numbers > outer_high)))


def _count_dates(moments: Any, encoder: DateParts, counts: Counter[str]) -> None:
    if encoder.days:
        days = moments[~np.isnat(moments)].astype(np.int64) / 86_400
        first, last = encoder.days
        width = last - first
        counts["far"] += int(np.sum((days < first - width) | (days > last + width)))
        counts["outside"] += int(np.sum((days < first) | (days > last)))


def _range(encoder: Any) -> tuple[str, str]:
    if isinstance(encoder, DateParts):
        ends = np.array(encoder.days).astype("M8[D]").astype(str)
        return str(ends[0]), str(ends[1])
    return f"{encoder.quantiles[0]:.4g}", f"{encoder.quantiles[-1]:.4g}"

"""The rows of a climb, encoded once for each repeat: the encoder has seen the training rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.intervals import Judging
from deepen.model_selection.metrics import Metric, Task
from deepen.model_selection.pretraining import Pretraining, on_one_scale, unit_scaler
from deepen.model_selection.rungs import Form
from deepen.model_selection.splits import Split

# Encoded repeats are kept for the next rung while they fit in this much memory, in bytes.
KEEP_ENCODED = 64 * 2**20

Array = NDArray[Any]


@dataclass
class Arrays:
    """One repeat, encoded: a row of numbers and a target for each row of its parts."""

    encoder: Any
    training: tuple[Array, Array]
    stopping: tuple[Array, Array]
    tuning: tuple[Array, Array]
    verdict: tuple[Array, Array]
    is_categorical: NDArray[np.bool_] | None = None
    pretraining: Pretraining | None = None

    def with_training_rows(self, rows: NDArray[np.int64]) -> Arrays:
        """The same with some of the training rows only; the others keep their place in pre-training."""
        X, y = self.training
        return Arrays(
            self.encoder, (X[rows], y[rows]), self.stopping, self.tuning, self.verdict,
            self.is_categorical, self.pretraining,
        )  # fmt: skip

    @property
    def parts(self) -> list[tuple[Array, Array]]:
        """Rows and targets of the four parts."""
        return [self.training, self.stopping, self.tuning, self.verdict]

    @property
    def nbytes(self) -> int:
        """Size of all parts."""
        seen = None if self.pretraining is None else self.pretraining.rows
        before = 0 if seen is None or seen is self.training[0] else seen.nbytes
        return before + sum(X.nbytes + y.nbytes for X, y in self.parts)


@dataclass
class Data:
    """The labelled rows and how they are split, the same for every rung.

    Parameters
    ----------
    X, y : table and target
    task, metric : str, Metric
    splits : sequence of Split
    judging : Judging
    seed : int
    columns : sequence of Column
        As the first look at the whole table found them.
    X_unlabelled : table or None
        Rows without a target.
    """

    X: Any
    y: Array
    task: Task
    metric: Metric
    splits: Sequence[Split]
    judging: Judging
    seed: int
    columns: Sequence[Any] = ()
    X_unlabelled: Any = None
    _encoded: dict[tuple[int, Form], Arrays] = field(default_factory=dict)
    _layers: dict[int, dict[Any, Any]] = field(default_factory=dict)

    @cached_property
    def classes(self) -> Array:
        """Class labels in order; empty for a regression."""
        return np.unique(self.y) if self.task == "classification" else np.empty(0)

    @property
    def is_balanced(self) -> bool:
        """Whether classes count equally, however rare."""
        return self.metric.key == "balanced_error"

    def codes(self, y: Array) -> Array:
        """Class numbers of labels; values as they are."""
        return np.searchsorted(self.classes, y) if self.task == "classification" else y

    def output(self, model: Any, X: Array) -> NDArray[np.float32]:
        """Probabilities of shape (n, n_classes) in the order of `classes`, or values (n,)."""
        if self.task == "regression":
            return np.asarray(model.predict(X), np.float64)
        output = np.zeros((len(X), len(self.classes)), np.float32)
        output[:, np.searchsorted(self.classes, model.classes_)] = model.predict_proba(X)
        return output

    def loss(self, y: Array, output: Array) -> float:
        """Loss of an output on rows with targets `y`."""
        return float(self.metric.of_output(self.codes(y), output).mean())

    def blind_arrays(self, repeat: int) -> Arrays:
        """Parts of one repeat for a model that looks at no column: nothing is encoded."""
        parts = [
            (np.zeros((len(part), 1), np.float32), self.y[part]) for part in self.splits[repeat]
        ]
        return Arrays(None, parts[0], parts[1], parts[2], parts[3])

    @cached_property
    def has_one_scale(self) -> bool:
        """Whether the columns are amounts on one scale, as pixels are."""
        return on_one_scale(self.arrays(0).encoder)

    def seen_form(self, form: Form) -> Form:
        """Columns of the form that the encoder gives."""
        if form != "layers":
            return form
        return "columns" if self.has_one_scale else "clipped"

    def all_rows(self, X: Array, encoder: Any) -> tuple[Array, int]:
        """Encoded rows with those without a target below them, and the number of these."""
        if self.X_unlabelled is None:
            return X, 0
        unlabelled = encoder.transform(self.X_unlabelled)
        return np.concatenate([X, unlabelled]), len(unlabelled)

    def arrays(self, repeat: int, form: Form = "columns") -> Arrays:
        """Encoded parts of one repeat, in the form that a rung takes."""
        if (repeat, form) in self._encoded:
            return self._encoded[repeat, form]
        if form == "layers":
            arrays = self._with_pretraining(self.arrays(repeat, self.seen_form(form)), repeat)
        else:
            split, encoder = self.splits[repeat], new_encoder(self.columns, form)
            X_training = encoder.fit_transform(rows(self.X, split.training), self.y[split.training])
            others = [encoder.transform(rows(self.X, part)) for part in split[1:]]
            parts = [
                (X, self.y[part]) for X, part in zip([X_training, *others], split, strict=True)
            ]
            mask = encoder.categorical_features_ if form == "codes" else None
            arrays = Arrays(encoder, parts[0], parts[1], parts[2], parts[3], mask)
        if arrays.nbytes * len(self.splits) <= KEEP_ENCODED:
            self._encoded[repeat, form] = arrays
        return arrays

    def _with_pretraining(self, arrays: Arrays, repeat: int) -> Arrays:
        """The same with the rows that its layers learn from; amounts on one scale in [0, 1]."""
        seen, n_unlabelled = self.all_rows(arrays.training[0], arrays.encoder)
        if self.has_one_scale:
            scaler = unit_scaler(seen)
            seen = scaler.transform(seen)
            parts = [(scaler.transform(X), y) for X, y in arrays.parts]
            arrays = Arrays(arrays.encoder, parts[0], parts[1], parts[2], parts[3])
        known = self._layers.setdefault(repeat, {})
        seed = int(np.random.SeedSequence([self.seed, repeat, 0]).generate_state(1)[0] >> 1)
        return replace(arrays, pretraining=Pretraining(seen, n_unlabelled, seed, known))


def new_encoder(columns: Sequence[Any], form: Form = "columns", missing: Any = None) -> Any:
    """The encoder that stands before every model; a column has one kind in all repeats.

    The rows of a climb have lost the codes that stand for missing; a model that will see others needs them.
    """
    from deepen.datasets import TableEncoder

    return TableEncoder(
        types=list(columns) or None,
        numbers="clipped" if form == "clipped" else "standard",
        categories="codes" if form == "codes" else "columns",
        missing=missing,
    )


def columns_of(
    X: Any, types: Mapping[str, str] | None = None, more: Any = None, told: Any = None
) -> list[Any]:
    """What each column of a DataFrame is, found without looking at the target; none of an array.

    Rows of `more` help to tell which numbers stand for missing; `told` are codes that did, by column.
    """
    from deepen.datasets._columns import as_table, told_columns

    return told_columns(as_table(X)[0], types, more, told) if hasattr(X, "columns") else []


def with_categories(X: Any, columns: Sequence[Any]) -> Any:
    """The table with text of few names as categories: the repeats then read codes, not cells."""
    from deepen.datasets.encoders import as_categories
    from deepen.datasets.kinds import CATEGORY

    wanted = [i for i, column in enumerate(columns) if column.kind == CATEGORY]
    if wanted:
        X = X.copy(deep=False)
    for i in wanted:
        X.isetitem(i, as_categories(X.iloc[:, i]))
    return X


def rows(X: Any, index: NDArray[np.int64]) -> Any:
    """Rows of a DataFrame or an array."""
    return X.iloc[index] if hasattr(X, "iloc") else X[index]

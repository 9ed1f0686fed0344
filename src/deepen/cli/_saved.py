"""A model file as the commands use it: its pipeline, what it knows of its data, new rows in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepen.datasets.drift import Finding

# Columns of these kinds are read as they are written: "007" is a name, not a number.
AS_TEXT = ("categorical", "text", "date", "id")


class SavedModel:
    """A loaded model.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    pipeline : estimator
    info : dict
        What was kept with it.
    target : str or None
        Name of the predicted column.
    encoder : TableEncoder or None
    """

    def __init__(self, path: Path) -> None:
        import deepen
        from deepen.datasets import Drift, TableEncoder
        from deepen.modelfile import DAMAGE, ModelFileError, read_header

        self.path = path
        self.pipeline = deepen.load(path)
        info = read_header(path)["info"]
        try:
            steps = getattr(self.pipeline, "steps", [("model", self.pipeline)])
            first, can_predict = steps[0][1], hasattr(self.pipeline, "predict")
        except DAMAGE:  # a pipeline of no steps, or of what are none
            can_predict = False
        if not can_predict or not isinstance(info, dict):
            raise ModelFileError(f"{path}: holds no model that predicts.")
        self.info: dict[str, Any] = info
        self.target: str | None = info.get("target") if type(info.get("target")) is str else None
        self.encoder = first if isinstance(first, TableEncoder) else None
        self.classes = getattr(steps[-1][1], "classes_", ())
        self.is_classifier = hasattr(steps[-1][1], "classes_")
        expected = tuple(name for key in ("target", "groups") if type(name := info.get(key)) is str)
        self._drift = Drift(self.encoder, expected) if self.encoder is not None else None

    @property
    def residuals(self) -> dict[str, Any] | None:
        """What it keeps of the errors on held-out rows.

        Raises
        ------
        ModelFileError
            Where that is damaged.
        """
        from deepen.conformal import are_quantiles
        from deepen.modelfile import ModelFileError

        found = self.info.get("residuals")
        if found is not None and not are_quantiles(found):
            raise ModelFileError(f"{self.path}: its held-out errors are damaged; train it anew.")
        return found

    @property
    def training(self) -> dict[str, Any]:
        """What it keeps of its training; empty where that is nothing."""
        found = self.info.get("training")
        return found if isinstance(found, dict) else {}

    def fact(self, name: str) -> float | None:
        """A number that it keeps of its training rows; None where it has none."""
        found = self.training.get(name)
        return found if type(found) is float else None

    @property
    def sought(self) -> int:
        """Position of the one of two classes that is looked for: the file's, else the rare one."""
        from deepen.datasets.task import sought

        names, found = [str(label) for label in self.classes], self.info.get("threshold")
        label = found.get("label") if isinstance(found, dict) else None
        if label in names:
            return names.index(label)
        counts = self.training.get("classes")
        counts = counts if isinstance(counts, dict) else {}
        rows = [n if type(n := counts.get(name)) is int and n >= 0 else 0 for name in names]
        return sought(*rows)

    @property
    def has_probabilities(self) -> bool:
        """Whether it gives probabilities."""
        return hasattr(self.pipeline, "predict_proba")

    def chunks(
        self, source: str, target: str | None = None, as_text: Sequence[str] = ()
    ) -> Iterator[tuple[Any, Any]]:
        """Rows of a data source some at a time, and their target where its column is asked for.

        Columns in `as_text`, too, are read as they are written.
        """
        from deepen.cli._target import without_totals
        from deepen.datasets import find_column, read_chunks

        columns = self.encoder.columns_ if self.encoder is not None else []
        in_use = {column.name for column in columns if column.is_used}
        as_text = [name for name in as_text if name not in in_use]
        as_text += [column.name for column in columns if column.kind in AS_TEXT]
        if self.encoder is not None:  # 13.750 is to be read as it was in training
            as_text += [column.name for column, encoder, _ in self.encoder.used()
                        if getattr(getattr(encoder, "number_format", None), "thousands", "")]  # fmt: skip
        for table in read_chunks(source, as_text=as_text):
            if target is None:
                yield table, None
            else:
                table, name = without_totals(table), find_column(table, target, source)
                yield table.drop(columns=name), table[name]

    def predicted(self, table: Any, source: str, n_before: int, proba: bool = False) -> Any:
        """Classes, numbers or probabilities of some rows; what is new in them is counted."""
        from deepen.cli._common import fail

        try:
            if self._drift is not None:
                self._drift.update(table)
            if proba:
                return self.pipeline.predict_proba(table)
            return self.pipeline.predict(table)
        except ValueError as error:
            rows = f", rows {n_before + 1:,} to {n_before + len(table):,}" if n_before else ""
            fail(f"{source}{rows}: {error}")
        except (TypeError, AttributeError, LookupError, ArithmeticError) as error:
            # of a file that was made by hand: its digests fit, but not its parts
            reason = f"{type(error).__name__}: {error}"
            fail(f"{self.path}: the model's parts do not fit together ({reason}); train it anew.")

    def ids_in(self, table: Any) -> list[str]:
        """Columns of a table that were ids in the training."""
        columns = self.encoder.columns_ if self.encoder is not None else []
        return [column.name for column in columns if column.kind == "id" and column.name in table]

    def findings(self) -> list[Finding]:
        """How the rows so far differ from those of the training."""
        return self._drift.findings() if self._drift is not None else []

"""``deepen predict``: a saved model on new rows, some at a time."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from deepen.cli._threshold import HELP

PIPE = "-"
MOST_NOTES = 12


def predict(
    model: Annotated[Path, typer.Argument(help="A model file, such as model.deepen.")],
    data: Annotated[str, typer.Argument(help="A table with the model's columns, in any order.")],
    proba: Annotated[
        bool, typer.Option("--proba", help="Class probabilities instead of classes.")
    ] = False,
    threshold: Annotated[float | None, typer.Option(help=HELP)] = None,
    interval: Annotated[
        float | None,
        typer.Option(
            help="For numbers: two more columns that hold this share of the targets; where no target "
            "of the training rows was below 0, no end is, unless the prediction is."
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="Columns of DATA to write beside the predictions, such as an id: a,b. Repeatable."
        ),
    ] = None,
    out: Annotated[str, typer.Option(help="File to write; - for a pipe.")] = "predictions.csv",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Predict with a saved model and write a CSV file, one line per row of DATA."""
    from deepen.cli._common import check_free, console, input_errors

    is_pipe = out == PIPE
    with input_errors():
        if not is_pipe:
            check_free(Path(out), force)
        from deepen.cli._saved import SavedModel

        saved = SavedModel(model)
        columns = Columns(saved, proba, interval, threshold, keep or ())
        n_rows, ids = 0, list[str]()
        with _destination(out, force) as file:
            for table, _ in saved.chunks(data, as_text=columns.may_be_kept()):
                ids = ids or saved.ids_in(table)
                values = saved.predicted(table, data, n_rows, proba or threshold is not None)
                frame = columns.of(values, table, data)
                text = _as_written(frame).to_csv(
                    index=False, header=n_rows == 0, lineterminator="\n"
                )
                file.write(text.encode("utf-8"))
                n_rows += len(frame)
    say = console(to_stderr=True).say
    for note in columns.notes():
        say(f"Note: {note}")
    findings = saved.findings()
    for finding in findings[:MOST_NOTES]:
        say(f"Note: {finding.text}")
    if findings[MOST_NOTES:]:
        say(f"Note: and {len(findings) - MOST_NOTES} columns more differ from the training rows.")
    if not is_pipe:
        hint = "" if keep or not ids else f"; {shlex.join(['--keep', ids[0]])} would name the rows"
        console().say(f"{n_rows:,} predictions in {out}, in the order of the rows{hint}")


class Columns:
    """Table of the predictions of one chunk, with the columns of its rows that are kept."""

    def __init__(
        self,
        saved: Any,
        proba: bool,
        interval: float | None,
        threshold: float | None = None,
        keep: Sequence[str] = (),
    ) -> None:
        from deepen.cli._common import fail
        from deepen.cli._threshold import Threshold
        from deepen.conformal import half_width

        self.name = saved.target or "prediction"
        self.labels = [str(label) for label in saved.classes] if proba else []
        self.residuals: dict[str, Any] | None = None
        self.level, self.least = interval or 0.0, saved.fact("min")
        self.keep, self.n_below = keep, 0
        self.threshold = None if threshold is None else Threshold(saved, threshold)
        if proba and not saved.has_probabilities:
            fail("--proba: this model predicts numbers, not classes; leave --proba out.")
        if proba and threshold is not None:
            fail("--proba, --threshold: the one writes probabilities, the other classes; give one.")
        if interval is None:
            return
        if saved.is_classifier:
            fail("--interval: this model predicts classes, not numbers; --proba says how sure.")
        residuals = saved.residuals
        if residuals is None:
            fail("--interval: the model file keeps no held-out errors; train it anew.")
        try:
            half_width(residuals, interval)
        except ValueError as error:
            fail(f"--interval: {error}")
        self.residuals = residuals

    def may_be_kept(self) -> list[str]:
        """Names of columns to keep: an option may be a name or several."""
        return [*self.keep, *(name for option in self.keep for name in _parts(option))]

    def of(self, values: Any, table: Any, source: str) -> Any:
        """Table of predictions of shape (n_samples,) or (n_samples, n_classes), of rows in `table`."""
        from deepen.datasets import find_column

        frame = self._of(values if self.threshold is None else self.threshold.said(values))
        names = [n for one in self.keep for n in ([one] if one in table else _parts(one))]
        kept = dict.fromkeys(find_column(table, name, source) for name in names)
        for place, name in enumerate(kept):
            label = f"{name}_given" if name in frame.columns else name  # such as the true target
            frame.insert(place, label, table[name].to_numpy())
        return frame

    def notes(self) -> list[str]:
        """What is to be known of the predictions so far."""
        found = [] if self.threshold is None else [self.threshold.sentence]
        if self.n_below:
            rows = "1 prediction is" if self.n_below == 1 else f"{self.n_below:,} predictions are"
            found.append(f"{rows} below 0, where no target of the training rows was.")
        return found

    def _of(self, values: Any) -> Any:
        import numpy as np
        import pandas as pd

        from deepen.cli._common import fail
        from deepen.conformal import intervals

        if self.labels:
            return pd.DataFrame(values, columns=self.labels)
        if np.ndim(values) == 2:
            if self.residuals is not None:
                fail("--interval: this model predicts several numbers of a row; leave it out.")
            names = [f"{self.name}_{j}" for j in range(values.shape[1])]
            return pd.DataFrame(values, columns=names)
        if self.least is not None and self.least >= 0 and not self.labels:
            self.n_below += int(np.sum(np.asarray(values) < 0))
        frame = {self.name: values}
        if self.residuals is not None:
            ends = intervals(self.residuals, self.level, values, self.least)
            kind = values.dtype if values.dtype.kind == "f" else np.float64
            for name, end in zip(("low", "high"), ends, strict=True):
                frame[f"{self.name}_{name}"] = end.astype(kind)
        return pd.DataFrame(frame)


def _parts(option: str) -> list[str]:
    return [name.strip() for name in option.split(",")]


def _as_written(frame: Any) -> Any:
    """The same numbers in double precision, of which a CSV file has 1695187.4 and not 1.6951874e+06."""
    short = frame.columns[[dtype == "float32" for dtype in frame.dtypes]]
    return frame.astype({name: str for name in short}).astype({name: "float64" for name in short})


@contextmanager
def _destination(out: str, force: bool) -> Iterator[IO[bytes]]:
    """File that appears whole or not at all, or the pipe."""
    if out != PIPE:
        from deepen._files import atomic_write

        with atomic_write(out, force=force) as file:
            yield file
        return
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # the reader has had enough, as head has
        # what Python still flushes as it ends must go somewhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None

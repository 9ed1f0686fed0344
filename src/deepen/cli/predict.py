"""``deepen predict``: a saved model on new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def predict(
    model: Annotated[Path, typer.Argument(help="A model file, such as model.deepen.")],
    data: Annotated[str, typer.Argument(help="A table with the model's columns.")],
    proba: Annotated[
        bool, typer.Option("--proba", help="Class probabilities instead of classes.")
    ] = False,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("predictions.csv"),
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Predict with a saved model and write a CSV file, one line per row of DATA."""
    from deepen.cli._common import check_free, console, fail, input_errors, write_text

    with input_errors():
        check_free(out, force)
        import pandas as pd

        import deepen
        from deepen.datasets import read_table
        from deepen.modelfile import read_header

        estimator = deepen.load(model)
        table = read_table(data)
        target = read_header(model).get("info", {}).get("target")
        if proba and not hasattr(estimator, "predict_proba"):
            fail("--proba: this model predicts numbers, not classes; leave --proba out.")
        try:
            values = estimator.predict_proba(table) if proba else estimator.predict(table)
        except ValueError as error:
            fail(f"{data}: {error}")
        names = [str(label) for label in estimator.classes_] if proba else [target or "prediction"]
        frame = pd.DataFrame(values if proba else {names[0]: values}, columns=names)
        write_text(out, frame.to_csv(index=False), force=force)
    console().print(f"{len(frame):,} predictions in {out}", markup=False, soft_wrap=True)

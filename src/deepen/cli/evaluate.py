"""``deepen evaluate``: a saved model against rows whose target is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepen.cli._threshold import HELP

if TYPE_CHECKING:
    from deepen.cli._threshold import Threshold
    from deepen.evaluation import AmountFigures, ClassFigures

LEVELS = (0.5, 0.8, 0.9, 0.95)
MOST_SHOWN = 20  # classes; the JSON file has all


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file, such as model.deepen.")],
    data: Annotated[str, typer.Argument(help="A table with the model's columns and the target.")],
    target: Annotated[
        str | None, typer.Option(help="Column with the truth, if not called as in the training.")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help=HELP)] = None,
    json: Annotated[Path | None, typer.Option(help="File for all figures.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Error of a saved model on DATA, with a 95 % interval, beside the training rows' constant guess."""
    from deepen.cli._common import as_json, check_free, console, fail, input_errors, write_text
    from deepen.cli._figures import printable

    with input_errors():
        if json is not None:
            check_free(json, force)
        from deepen.cli._saved import SavedModel
        from deepen.cli._threshold import Threshold

        saved = SavedModel(model)
        name = target or saved.target
        if name is None:
            fail(f"{model}: does not say what it predicts; name the column with --target.")
        chosen = None if threshold is None else Threshold(saved, threshold)
        truth, predicted, probabilities, n_left_out = _predictions(saved, data, name, chosen)
        figures: ClassFigures | AmountFigures
        if saved.is_classifier:
            figures = _of_classes(saved, data, name, truth, predicted, probabilities)
        else:
            figures = _of_amounts(saved, data, name, truth, predicted)
        if json is not None:
            from dataclasses import asdict

            numbers = {"model": str(model), "data": data, "target": name, **asdict(figures)}
            write_text(json, as_json(numbers), force=force)
    out, say = console(), console(to_stderr=True).say
    if _learnt_from(saved, data, len(truth)):
        say(
            "Note: these seem to be the rows that the model learnt from; on new rows it errs more."
            " The report of its ladder, or rows set apart, say how much."
        )
    if isinstance(groups := saved.info.get("groups"), str):
        say(
            f"Note: rows of one {printable(groups)!r} count as independent here: the intervals are too "
            "narrow where they are alike."
        )
    if chosen is not None:
        say(f"Note: {chosen.sentence}")
    for finding in saved.findings():
        say(f"Note: {finding.text}")
    if n_left_out:
        say(f"Note: {n_left_out:,} rows have no target and were left out.")
    if saved.is_classifier:
        is_balanced = chosen is not None or saved.info.get("metric") == "balanced_error"
        _print_classes(out, figures, name, is_balanced)
    else:
        _print_amounts(out, figures, name)


def _learnt_from(saved: Any, data: str, n_rows: int) -> bool:
    """Whether a table has the name and the number of rows of that of the training."""
    facts = saved.training
    source = facts.get("data")
    is_its_name = isinstance(source, str) and Path(source).name == Path(data).name
    return is_its_name and facts.get("rows") == n_rows


def _predictions(
    saved: Any, data: str, name: str, threshold: Threshold | None
) -> tuple[Any, Any, Any, int]:
    """Truth, predictions and probabilities of the rows that have a target."""
    import numpy as np
    import pandas as pd

    from deepen.cli._common import fail
    from deepen.datasets.values import as_strings

    truth, predicted, probabilities, n_rows = [], [], [], 0
    for table, y in saved.chunks(data, name):
        is_known = as_strings(y).notna().to_numpy()
        rows = table.iloc[np.flatnonzero(is_known)]
        if len(rows):
            values = saved.predicted(rows, data, n_rows, proba=threshold is not None)
            if threshold is not None:
                probabilities.append(values)
                values = threshold.said(values)
            elif saved.is_classifier and saved.has_probabilities:
                probabilities.append(saved.pipeline.predict_proba(rows))
            if np.ndim(values) != 1:
                fail(f"{saved.path}: predicts several targets at once; evaluate bears one.")
            predicted.append(values)
            truth.append(y[is_known])
        n_rows += len(table)
    if not truth:
        fail(f"{data}: no row has a value in {name!r}; there is nothing to compare with.")
    y = pd.concat(truth, ignore_index=True)
    return (
        y,
        np.concatenate(predicted),
        np.concatenate(probabilities).astype(np.float64) if probabilities else None,
        n_rows - len(y),
    )


def _of_classes(
    saved: Any, data: str, name: str, truth: Any, predicted: Any, probabilities: Any
) -> ClassFigures:
    import numpy as np

    from deepen.cli._common import fail
    from deepen.datasets._errors import shortened
    from deepen.datasets.values import as_strings
    from deepen.evaluation import class_figures

    known = [str(label) for label in saved.classes]
    names = as_strings(truth)
    if not set(names) & set(known):
        fail(
            f"{data}: {name!r} holds {shortened(sorted(set(names)), 3)}, and the model's classes are"
            f" {shortened(known, 3)}; write them alike."
        )
    labels = known + sorted(set(names) - set(known))
    place = {label: k for k, label in enumerate(labels)}
    y = np.array([place[name] for name in names])
    said = np.array([place[str(label)] for label in predicted])
    counts = saved.training.get("classes")
    counts = counts if isinstance(counts, dict) else {}
    usual = [counts.get(label, 0) for label in known] if counts else np.bincount(y)[: len(known)]
    return class_figures(y, said, labels, int(np.argmax(usual)), probabilities)


def _of_amounts(saved: Any, data: str, name: str, truth: Any, predicted: Any) -> AmountFigures:
    import numpy as np

    from deepen.cli._common import fail
    from deepen.conformal import intervals
    from deepen.datasets.values import plain_values
    from deepen.evaluation import amount_figures

    y = plain_values(truth)
    if y.dtype.kind != "f" or not np.isfinite(y).all():
        fail(f"{data}: the model predicts numbers, and {name!r} holds something else.")
    mean, least, residuals = saved.fact("mean"), saved.fact("min"), saved.residuals
    ends: dict[str, Any] = {}
    for level in LEVELS if residuals is not None else ():
        try:
            ends[f"{100 * level:g} %"] = intervals(residuals, level, predicted, least)
        except ValueError:  # too few held-out rows for this level
            continue
    baseline = float(y.mean()) if mean is None else mean
    return amount_figures(y.to_numpy(), np.asarray(predicted, dtype=float), baseline, ends)


def _print_classes(out: Any, figures: Any, name: str, is_balanced: bool) -> None:
    """Tables, then a sentence on the error that the model is for."""
    from deepen.cli._figures import rounded, with_interval

    percent = [100 * end for end in figures.error_interval]
    half = (percent[1] - percent[0]) / 2
    error, interval = with_interval(100 * figures.error, percent, " %")
    gain, gains = with_interval(100 * figures.gain, [100 * end for end in figures.gain_interval])
    ends = [100 * end for end in figures.balanced_error_interval]
    balanced = with_interval(100 * figures.balanced_error, ends, " %")
    rows = [
        ("error", error, interval),
        (
            "always guessing " + repr(figures.baseline),
            rounded(100 * figures.baseline_error, half, " %"),
            "",
        ),
        ("gain", f"{gain} points", gains),
        ("balanced error", *balanced),
    ]
    for title, value in (
        ("Brier score", figures.brier),
        ("calibration error", figures.ece),
        ("log loss", figures.log_loss),
    ):
        rows += [(title, f"{value:.3f}", "")] if value is not None else []
    if figures.auc is not None:
        rows.append(("area under the ROC curve", *with_interval(figures.auc, figures.auc_interval)))
    out.table((f"{figures.n_rows:,} rows", "", "95 % interval"), rows)
    out.print()
    shown = figures.classes[:MOST_SHOWN]
    shares = ("precision", "recall", "f1")
    cells = [
        [c["class"], f"{c['rows']:,}", *("n/a" if c[s] is None else f"{c[s]:.2f}" for s in shares)]
        for c in shown
    ]
    out.table(("class", "rows", *shares), cells)
    out.print()
    names = [c["class"] for c in shown]
    counts = [
        [label, *(f"{n:,}" for n in row[:MOST_SHOWN])]
        for label, row in zip(names, figures.confusion, strict=False)
    ]
    out.table(("true \\ predicted", *names), counts)
    if len(figures.classes) > MOST_SHOWN:
        out.say(f"... and {len(figures.classes) - MOST_SHOWN} classes more; --json has all.")
    out.print()
    sentence = (
        f"{name}: error {error} (95 % interval {interval}) on {figures.n_rows:,} rows;"
        f" always guessing {figures.baseline!r} errs in {rows[1][1]}: {_verdict(figures.gain_interval)}"
    )
    n_classes = sum(row["rows"] > 0 for row in figures.classes)
    if is_balanced and n_classes > 1:
        of_guess = 100 * (1 - 1 / n_classes)
        sentence = (
            f"{name}: balanced error {balanced[0]} (95 % interval {balanced[1]}) on {figures.n_rows:,}"
            f" rows; always guessing one class has {of_guess:.3g} %:"
            f" {_verdict([of_guess - ends[1], of_guess - ends[0]])}"
        )
    out.prose(sentence, "bold")


def _verdict(gain: Sequence[float]) -> str:
    low, high = gain
    if low > 0:
        return "the model is better."
    return "the model is worse." if high < 0 else "these rows cannot tell the two apart."


def _print_amounts(out: Any, figures: Any, name: str) -> None:
    from deepen.cli._figures import rounded, with_interval

    low, high = figures.rmse_interval
    half = (high - low) / 2
    rmse, interval = with_interval(figures.rmse, figures.rmse_interval)
    gain, gains = with_interval(figures.gain, figures.gain_interval)
    rows = [
        ("root mean squared error", rmse, interval),
        (
            "always guessing " + rounded(figures.baseline, half),
            rounded(figures.baseline_rmse, half),
            "",
        ),
        ("gain", gain, gains),
        ("mean absolute error", rounded(figures.mae, half), ""),
        ("mean of truth minus prediction", rounded(-figures.bias, half), ""),
        ("R2", "n/a: the target is constant" if figures.r2 is None else f"{figures.r2:.3f}", ""),
    ]
    out.table((f"{figures.n_rows:,} rows", "", "95 % interval"), rows)
    out.print()
    cells = [(level, rounded(q, half)) for level, q in figures.residual_quantiles.items()]
    out.table(("of the rows", "truth minus prediction is at most"), cells)
    if figures.coverage:
        out.print()
        _print_coverage(out, figures)
    out.print()
    sentence = (
        f"{name}: root mean squared error {rmse} (95 % interval {interval}) on {figures.n_rows:,}"
        f" rows; always guessing the mean errs by {rows[1][1]}: {_verdict(figures.gain_interval)}"
    )
    out.prose(sentence, "bold")


def _print_coverage(out: Any, figures: Any) -> None:
    """How often prediction intervals hold, and whether that is less than chance leaves of their promise."""
    from deepen.intervals import wilson_interval

    cells, is_short = [], False
    for level, held in figures.coverage.items():
        promised = float(level.removesuffix(" %")) / 100
        is_less = wilson_interval(held, figures.n_rows)[1] < promised
        is_short = is_short or is_less
        shares = [f"{100 * share:.1f} %" for share in (held, *figures.coverage_by_third[level])]
        cells.append([level, shares[0] + (" *" if is_less else ""), *shares[1:]])
    thirds = ("lowest", "middle", "highest third of predictions")[: len(cells[0]) - 2]
    out.table(("prediction intervals of", "hold", *thirds), cells)
    if is_short:
        out.say("* fewer than promised, by more than so many rows leave to chance")

"""``deepen fit``: train one model and save it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from deepen.cli._missing import HELP
from deepen.cli._models import FEATURES, MODELS

N_FOLDS, MOST_IN_TURN = 5, 5_000  # for prediction intervals; of more rows one fold says enough
TASKS = ("classification", "regression")
LONGER = 5  # what is proposed where a training has not converged
LEAST_HELD_OUT = 9  # fewer residuals bear no interval of 90 %


def fit(
    data: Annotated[
        str,
        typer.Argument(help="A .csv, .tsv, .parquet, .npz, .npy or .idx file, or a built-in name."),
    ],
    target: Annotated[
        str | None,
        typer.Option(help="Column to predict; a model of the rows alone leaves it out."),
    ] = None,
    model: Annotated[str, typer.Option(help=f"{', '.join(MODELS)}.")] = "mlp",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="name=value, such as hidden_layer_sizes=100,100. Repeatable."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classification or regression, if the guess is wrong.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(help="column=kind,column2=kind2 where the guess is wrong. Repeatable."),
    ] = None,
    missing: Annotated[list[str] | None, typer.Option(help=HELP)] = None,
    scale: Annotated[
        bool,
        typer.Option("--scale", help="Bring each number into [0, 1] instead of standardising it."),
    ] = False,
    intervals: Annotated[
        bool,
        typer.Option(
            help="For numbers: train first without some rows to learn how far off; up to 5,000 rows are left "
            "out in turn, of more a fifth."
        ),
    ] = True,
    groups: Annotated[
        str | None,
        typer.Option(
            help="Column of groups, not an input; none is on both sides of the split for --intervals."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("model.deepen"),
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for pictures of what the model learnt.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of everything random.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Train one model on all labelled rows of DATA, or on all rows where it has no target, and save it."""
    from deepen.cli._common import check_free, console, fail, input_errors, parse_types, warm_up
    from deepen.cli._groups import groups_apart
    from deepen.cli._missing import parse_missing, refuse_codes_of
    from deepen.cli._suspects import suspects_of

    if model not in MODELS:
        fail(f"--model {model!r}: choose one of {', '.join(MODELS)}.")
    with input_errors():
        check_free(out, force)
        if pictures is not None:
            from deepen.cli._pictures import check_folder

            check_folder(pictures)
        kinds, codes = parse_types(types), parse_missing(missing)
        import time

        import deepen

        start = time.monotonic()
        X, y, found, name, n_unlabelled = _rows(data, target, model, task)
        refuse_codes_of(codes, name, "the target")
        X, own_groups = groups_apart(data, X, groups, name)
        pipeline = _pipeline(data, model, found, settings, kinds, codes, seed, scale)
        warm_up()
        held_out = {}
        if intervals and found == "regression":
            held_out = _held_out(data, pipeline, X, y, own_groups, seed)
        _train(data, pipeline, X, y)
        facts = _facts(X, y, found, data, seed, n_unlabelled, time.monotonic() - start)
        info = {"target": name, "task": found, "training": facts, **held_out}
        if own_groups is not None:
            info["groups"] = own_groups.name
        deepen.save(pipeline, out, info=info, force=force)
        written = [] if pictures is None else _write_pictures(pipeline, X, pictures, seed, force)
    for leak in suspects_of(pipeline[0], X, y, found) if found != FEATURES else ():
        console(to_stderr=True).say(f"Note: {leak.sentence}")
    unused = [column.name for column in pipeline[0].columns_ if not column.is_used]
    if unused:
        shown = ", ".join(unused[:8]) + (f" and {len(unused) - 8} more" if unused[8:] else "")
        console(to_stderr=True).say(f"Left out (deepen inspect says why): {shown}")
    left_out = f" ({n_unlabelled:,} without a target left out)" if n_unlabelled else ""
    kept = "" if own_groups is None else f"; {own_groups.name} keeps rows together and is no input"
    told = f"{out}: {type(pipeline[-1]).__name__}, {len(X):,} rows{left_out}{kept}"
    for line in (told, *(f"picture      {path}" for path in written)):
        console().say(line)


def _facts(
    X: Any, y: Any, task: str, data: str, seed: int, n_unlabelled: int, seconds: float
) -> dict[str, Any]:
    """What the file keeps of the training."""
    from deepen.cli._common import training_facts

    if task == FEATURES:
        facts = {"data": data, "rows": len(X), "columns": int(X.shape[1]), "seed": seed}
        return {**facts, "seconds": round(seconds, 3)}
    return training_facts(
        X.shape[1], y, task, source=data, seed=seed, n_unlabelled=n_unlabelled, seconds=seconds
    )


def _write_pictures(pipeline: Any, X: Any, folder: Path, seed: int, force: bool) -> list[Path]:
    from deepen.cli._pictures import pictures_of, write_pictures

    return write_pictures(pictures_of(pipeline, X, seed), folder, force)


def _rows(
    data: str, target: str | None, model: str, wanted: str | None
) -> tuple[Any, Any, str, str | None, int]:
    """Labelled rows, their targets, the task, the target's name, and the number left out."""
    if MODELS[model].features:
        X, name = _rows_alone(data, target)
        return X, None, FEATURES, name, 0
    from deepen.cli._common import fail
    from deepen.cli._models import task_of
    from deepen.cli._target import read_with_target
    from deepen.datasets import infer_task
    from deepen.model_selection.prepare import prepare

    only = task_of(model)
    if wanted is not None and wanted not in TASKS:
        fail(f"--task {wanted!r}: choose one of {', '.join(TASKS)}.")
    if wanted is not None and only not in (None, wanted):
        fail(f"--task {wanted!r}: --model {model} knows {only} alone; choose another model.")
    X, y, name = read_with_target(data, target)
    try:
        found = infer_task(y)  # refuses what is no target for any model
        task = wanted or only or found
        X, y, task, n_unlabelled = prepare(X, y, task)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        fail(f"{data}, target {name!r}: {error}")
    return X, y, task, name, n_unlabelled


def _rows_alone(data: str, target: str | None) -> tuple[Any, str | None]:
    """All rows without the target's column, and its name; what is called target is never a feature."""
    from deepen.cli._common import fail
    from deepen.datasets import find_column, read_table

    table = read_table(data, target=target)
    if target is None and "target" not in table.columns:
        return table, None
    name = "target" if target is None else find_column(table, target, data)
    if table.shape[1] == 1:
        fail(f"{data}: has no column but the target {name!r}; give at least one to learn from.")
    return table.drop(columns=name), name


def _pipeline(
    data: str,
    model: str,
    task: str,
    settings: list[str] | None,
    kinds: dict[str, str],
    codes: dict[str, list[str]],
    seed: int,
    scale: bool,
) -> Any:
    from sklearn.pipeline import Pipeline

    from deepen.cli._common import fail
    from deepen.cli._models import new_estimator, parsed_settings
    from deepen.cli._unit_interval import binary_model
    from deepen.datasets import TableEncoder

    try:
        estimator = new_estimator(model, task, parsed_settings(settings or []), seed)
    except (ValueError, TypeError) as error:
        fail(f"{data}: {error}")
    numbers = "unit" if scale else "none" if binary_model(estimator) else "standard"
    encoder = TableEncoder(types=kinds or None, numbers=numbers, missing=codes or None)
    return Pipeline([("table", encoder), ("model", estimator)])


def _train(data: str, pipeline: Any, X: Any, y: Any, *, is_final: bool = True) -> None:
    """Fit, each warning in one line; Ctrl-C, for a network "enough", ends the command."""
    from deepen.cli._common import console, fail
    from deepen.cli._unit_interval import check_unit_interval
    from deepen.engine.stopping import BY_USER

    try:
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            encoded = pipeline[0].fit_transform(X, y)
            check_unit_interval(pipeline, encoded)
            _fit(pipeline[-1], encoded, y)
    except (ValueError, TypeError) as error:
        fail(f"{data}: {error}")
    told = [_in_words(note, pipeline[-1]) for note in notes if is_final]
    for message in dict.fromkeys(told):
        console().say(f"Note: {message}")
    if getattr(pipeline[-1], "stop_reason_", "") == BY_USER:
        raise KeyboardInterrupt


def _in_words(note: warnings.WarningMessage, model: Any) -> str:
    """A warning, with what the command line can do about it."""
    from sklearn.exceptions import ConvergenceWarning

    text = str(note.message)
    if not issubclass(note.category, ConvergenceWarning):
        return text
    text = f"{text.rstrip('.')}. --set max_iter={LONGER * model.max_iter} trains for longer"
    if hasattr(model, "early_stopping"):
        return f"{text}, --set early_stopping=true for as long as rows held out err less."
    return f"{text}."


def _fit(model: Any, X: Any, y: Any) -> None:
    """A network of amounts learns them standardised, or its steps would depend on their unit."""
    from deepen.model_selection.units import scale_last_layer, target_scale
    from deepen.neural_network import MLPRegressor

    # Only an output that is linear can be scaled back; a mark among the targets stays what it is.
    is_linear = isinstance(model, MLPRegressor) and model.loss == "squared_error"
    if not is_linear or model.unlabeled is not None:
        model.fit(X, y)
        return
    shift, scale = target_scale(y)
    model.fit(X, (y - shift) / scale)
    scale_last_layer(model, scale, shift)


def _held_out(data: str, pipeline: Any, X: Any, y: Any, groups: Any, seed: int) -> dict[str, Any]:
    """Errors on rows that a model was not trained on: on all in turn, or of many rows on a fifth."""
    import numpy as np
    from sklearn.base import clone

    from deepen.cli._groups import folds, note_few
    from deepen.conformal import residual_quantiles
    from deepen.datasets._columns import told_columns
    from deepen.datasets.told_missing import without_codes

    whole = without_codes(X, pipeline[0].missing)
    # a part of the rows may look different from the whole
    types = told_columns(whole.table, pipeline[0].types, told=whole.told)
    numbers, predicted = folds(len(y), groups, N_FOLDS, seed), np.full(len(y), np.nan)
    sizes, usual = np.bincount(numbers, minlength=N_FOLDS), len(y) / N_FOLDS
    # Without a group that is much larger, what is left would be another table.
    wanted = [k for k in range(N_FOLDS) if 0 < sizes[k] <= 2 * usual]
    wanted.sort(key=lambda k: abs(sizes[k] - usual))
    for k in wanted if len(y) <= MOST_IN_TURN else wanted[:1]:
        held_out, rest = np.flatnonzero(numbers == k), np.flatnonzero(numbers != k)
        first = clone(pipeline).set_params(table__types=types)
        _train(data, first, X.iloc[rest], y[rest], is_final=False)
        predicted[held_out] = first.predict(X.iloc[held_out])
    is_known = ~np.isnan(predicted)
    if np.count_nonzero(is_known) < LEAST_HELD_OUT:
        if groups is not None and len(y) >= LEAST_HELD_OUT:
            note_few(groups.name)
        return {}
    found, errors = predicted[is_known], (y - predicted)[is_known]
    return {"residuals": residual_quantiles(errors, found)}

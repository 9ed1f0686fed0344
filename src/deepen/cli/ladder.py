"""``deepen ladder``: climb, print the verdict, write report, model and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepen.cli._missing import HELP, parse_missing

DEFAULT_DATA = "digits"


def ladder(
    data: Annotated[
        str | None,
        typer.Argument(help="A .csv, .tsv, .parquet, .npz, .npy or .idx file, or a built-in name."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="Column to predict.")] = None,
    time_budget: Annotated[
        str, typer.Option(help="Time for everything, such as 90s, 15m, 1h.")
    ] = "15m",
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, help="Settings tried per rung, whatever the time; the seed then repeats the run."
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(min=2, help="Random splits; five judge on every row once.")
    ] = 10,
    rungs: Annotated[
        str | None,
        typer.Option(
            help="Only these, of linear, boosting, one_hidden, deep, modern, sae and dbn: linear,deep."
        ),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="error, balanced_error, log_loss, auc, rmse or mae.")
    ] = None,
    min_gain: Annotated[
        float | None, typer.Option(help="Least gain worth a costlier rung, such as 0.01.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classification or regression, if the guess is wrong.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(help="column=kind, where the guess is wrong; kind ignore leaves it out."),
    ] = None,
    missing: Annotated[list[str] | None, typer.Option(help=HELP)] = None,
    groups: Annotated[
        str | None, typer.Option(help="Column of groups, never on two sides of a split.")
    ] = None,
    time_column: Annotated[
        str | None, typer.Option(help="Column of dates or numbers: judge on what comes later.")
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="File of rows that judge; DATA then trains and tunes.")
    ] = None,
    best: Annotated[
        bool, typer.Option("--best", help="Save the most accurate, not the simplest sufficient.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; deepen-ladder-NAME by default.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of splits, settings and weights.")
    ] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier report, ours too.")
    ] = False,
) -> None:
    """Climb from regression to deep networks on DATA; say which rung pays."""
    import time

    start = time.monotonic()
    from deepen.cli._common import note_seconds, parse_types
    from deepen.cli._folder import check_folder, check_target, folder_for
    from deepen.cli._ladder_run import Options, run

    # A slip in an option, or in the target's name, is told before a folder that could be replaced.
    note_seconds(time_budget)
    parse_types(types)
    parse_missing(missing)
    options = Options(
        source=data if data is not None else DEFAULT_DATA,
        target=target,
        time_budget=time_budget,
        trials=trials,
        repeats=repeats,
        rungs=[name.strip() for name in rungs.split(",")] if rungs else None,
        metric=metric,
        min_gain=min_gain,
        task=task,
        types=list(types or ()),
        missing=list(missing or ()),
        groups=groups,
        time_column=time_column,
        test=test,
        best=best,
        seed=seed,
    )
    folder = out if out is not None else folder_for(options.source)
    if folder.exists() and not force:
        check_target(options.source, target)
    check_folder(folder, force)
    run(options, folder, start=start, force=force, is_anew=force)

"""``deepen ladder``: climb, print the verdict, write report, model and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from deepen.model_selection import Ladder

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
    repeats: Annotated[int, typer.Option(min=2, help="Random splits.")] = 10,
    metric: Annotated[str | None, typer.Option(help="error, balanced_error or rmse.")] = None,
    min_gain: Annotated[
        float | None, typer.Option(help="Least gain worth a costlier rung, such as 0.01.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classification or regression, if the guess is wrong.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; deepen-ladder-NAME by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of splits, settings and weights.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier report, ours too.")
    ] = False,
) -> None:
    """Climb from regression to deep networks on DATA; say which rung pays."""
    from deepen.cli._common import fail, input_errors, parse_duration, read_with_target, warm_up

    seconds = parse_duration(time_budget)
    source = data if data is not None else DEFAULT_DATA
    folder = out if out is not None else Path(f"deepen-ladder-{_stem(source)}")
    with input_errors():
        _check_folder(folder, force)
        X, y, name = read_with_target(source, target)
        warm_up()
        from deepen.cli._progress import climb_progress
        from deepen.model_selection import Ladder

        options: dict[str, Any] = {
            "repeats": repeats,
            "trials": trials,
            "metric": metric,
            "min_gain": min_gain,
        }
        with _folder(folder), climb_progress() as progress:
            model = Ladder(seconds, task=task, random_state=seed, progress=progress, **options)  # type: ignore[arg-type]
            try:
                model.fit(X, y)
            except ValueError as error:
                fail(f"{source}, target {name!r}: {error}")
        command = _command(source, name, time_budget, folder, seed, options, task)
        with _folder(folder):
            _write(folder, model, X, y, f"{_stem(source)}: {name}", command, seed, force)
    _print(model, folder)
    if model.is_interrupted_:
        raise typer.Exit(1)


def _stem(source: str) -> str:
    """A name for a folder, made of the data's name."""
    stem = re.sub(r"(\.(csv|tsv|tab|txt|data|parquet|npz|npy|idx|gz))+$", "", Path(source).name)
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "data"


FILES = ("report.html", "ladder.json", "model.deepen")


def _check_folder(folder: Path, force: bool) -> None:
    from deepen.cli._common import fail

    if folder.exists() and not folder.is_dir():
        fail(f"{folder}: is a file; choose another --out.")
    taken = [name for name in FILES if (folder / name).exists()]
    if taken and not force:
        fail(
            f"{folder}: holds {taken[0]} already; "
            "choose another --out or give --force to replace it."
        )
    if not folder.parent.is_dir():
        fail(f"{folder.parent}: no such folder; create it or choose another --out.")


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Create the folder and try to write there; remove it again where nothing came of it."""
    import tempfile

    is_new = not folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        tempfile.TemporaryFile(dir=folder).close()
        yield
    except BaseException:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        raise


def _command(
    source: str,
    target: str,
    budget: str,
    folder: Path,
    seed: int,
    options: dict[str, Any],
    task: str | None,
) -> str:
    """The line that repeats the run."""
    import shlex

    words = [
        "deepen",
        "ladder",
        source,
        "--target",
        target,
        "--seed",
        str(seed),
        "--out",
        str(folder),
    ]
    if options["trials"] is None:
        words += ["--time-budget", budget]
    for name, value in {**options, "task": task}.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _write(
    folder: Path, model: Ladder, X: Any, y: Any, title: str, command: str, seed: int, force: bool
) -> None:
    """Report, numbers, model; each whole or not at all."""
    import json

    import deepen
    from deepen.cli._common import write_text
    from deepen.model_selection.ladder_report import report_of
    from deepen.report import render

    facts = _footer(X, y, command, seed)
    page = render(report_of(model, title=title, footer=facts))
    numbers = {"data": title, **facts, **model.to_dict()}
    if model.refit_reason_:
        # An earlier model beside this report would pass for its own.
        (folder / "model.deepen").unlink(missing_ok=True)
    else:
        info = {"target": title.partition(": ")[2]}
        deepen.save(model.best_estimator_, folder / "model.deepen", info=info, force=force)
    text = json.dumps(_plain(numbers), indent=1, ensure_ascii=False, allow_nan=False)
    write_text(folder / "ladder.json", text + "\n", force=force)
    write_text(folder / "report.html", page, force=force)


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's; what is not a finite number as null."""
    import math

    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _footer(X: Any, y: Any, command: str, seed: int) -> dict[str, str]:
    import hashlib
    import platform

    import jax
    import pandas as pd
    import sklearn

    import deepen

    rows = pd.util.hash_pandas_object(X.assign(**{"\0target": y}).astype(str), index=False)
    names = "\0".join(map(str, X.columns))
    digest = hashlib.sha256(names.encode() + rows.to_numpy().tobytes()).hexdigest()
    return {
        "command": command,
        "seed": str(seed),
        "data": f"sha256 {digest[:16]}, {len(X):,} rows",
        "split": "60 % training, 20 % tuning and early stopping, 20 % verdict, per repeat",
        "versions": f"deepen {deepen.__version__}, jax {jax.__version__}, "
        f"scikit-learn {sklearn.__version__}, "
        f"python {platform.python_version()}",
    }


def _print(model: Ladder, folder: Path) -> None:
    """The table, then the sentence, then where the files are."""
    from rich.table import Table
    from rich.text import Text

    from deepen.cli._common import console
    from deepen.model_selection.ladder_report import reference_of, rung_rows

    out = console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    against = f"against {reference_of(model).title}"
    for heading in ("rung", model.metric_.title, "95 % interval", against, "effort"):
        table.add_column(heading)
    for row in rung_rows(model):
        gain = f"{row.outcome}: {row.gain}" if row.outcome else ""
        style = "bold" if row.is_chosen else ""
        cells = [
            row.title + (f" ({row.remark})" if row.remark else ""),
            row.loss,
            row.interval,
            gain,
            row.effort,
        ]
        table.add_row(*[Text(cell, style=style) for cell in cells])
    out.print()
    out.print(table)
    out.print()
    for note in _notes(model):
        out.print(Text(note), soft_wrap=not out.is_terminal)
    out.print(Text(model.verdict_.sentence, style="bold"), soft_wrap=not out.is_terminal)
    out.print()
    saved = f"none; {model.refit_reason_}" if model.refit_reason_ else folder / "model.deepen"
    out.print(Text(f"report  {folder / 'report.html'}\nmodel   {saved}"), soft_wrap=True)


def _notes(model: Ladder) -> list[str]:
    notes = []
    if model.n_unlabeled_:
        notes.append(f"{model.n_unlabeled_:,} rows have no target and were left out.")
    left_out = [column.name for column in model.columns_ if column.treatment == "left out"]
    if left_out:
        shown = ", ".join(left_out[:8]) + (
            f" and {len(left_out) - 8} more" if len(left_out) > 8 else ""
        )
        notes.append(f"Columns left out (the report says why): {shown}")
    return notes

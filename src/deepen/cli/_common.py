"""What the commands share: one-line errors, reading, writing, durations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

INPUT_IS_WRONG = 2
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def fail(message: str) -> NoReturn:
    """End with exit code 2 and one line that says what is wrong and what to do."""
    line = " ".join(message.split())
    typer.echo(f"Error: {line}", err=True)
    raise typer.Exit(INPUT_IS_WRONG)


@contextmanager
def input_errors() -> Iterator[None]:
    """Faults of the user's input become one line; faults of ours keep their traceback."""
    from deepen.datasets import DataError
    from deepen.modelfile import ModelFileError

    try:
        yield
    except (DataError, ModelFileError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))


def console(*, to_stderr: bool = False) -> Console:
    """Make a console that keeps quiet about colour in a pipe and with NO_COLOR."""
    from rich.console import Console

    return Console(stderr=to_stderr, highlight=False, soft_wrap=False)


def parse_duration(text: str) -> float:
    """Seconds in "90", "90s", "15m", "1.5h".

    Examples
    --------
    >>> parse_duration("15m"), parse_duration("90")
    (900.0, 90.0)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    if match is None or float(match[1]) == 0:
        fail(f"--time-budget {text!r}: give a number with s, m or h, such as 90s or 15m.")
    return float(match[1]) * _UNITS[match[2] or "s"]


def read_with_target(source: str, target: str | None) -> tuple[Any, Any, str]:
    """Table without its target column, the target, and its name."""
    from deepen.datasets import find_column, read_table

    table = read_table(source, target=target)
    if target is None:
        if "target" not in table.columns:
            fail(
                f"{source}: name the column to predict with --target; "
                f"columns: {', '.join(map(str, table.columns[:8]))}."
            )
        name = "target"
    else:
        name = find_column(table, target)
    features = table.drop(columns=name)
    if features.shape[1] == 0:
        fail(f"{source}: has no column but the target {name!r}; give at least one to predict from.")
    return features, table[name], name


def check_free(path: Path, force: bool) -> None:
    """Refuse a name that is taken."""
    if path.exists() and not force:
        fail(f"{path}: already exists; choose another --out or give --force to replace it.")


def write_text(path: Path, text: str, *, force: bool) -> None:
    """Write a text file, whole or not at all."""
    from deepen._files import atomic_write

    with atomic_write(path, force=force) as file:
        file.write(text.encode("utf-8"))


def warm_up() -> None:
    """Programs compiled by earlier runs are used again."""
    import deepen

    deepen.enable_compilation_cache()

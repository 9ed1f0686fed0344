"""What the commands share: one-line errors, writing, durations."""

from __future__ import annotations

import math
import re
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from deepen.cli._terminal import Terminal

INPUT_IS_WRONG = 2
INTERRUPTED = 130  # as the shell has it: 128 and the number of the signal
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def fail(message: str) -> NoReturn:
    """End with exit code 2 and one line that says what is wrong and what to do."""
    from deepen.cli._figures import printable

    line = printable(" ".join(message.split()))
    typer.echo(f"Error: {line}", err=True)
    raise typer.Exit(INPUT_IS_WRONG)


@contextmanager
def input_errors() -> Iterator[None]:
    """Faults of the user's input become one line; faults of ours keep their traceback."""
    from deepen._extras import MissingExtraError
    from deepen.datasets import DataError
    from deepen.modelfile import ModelFileError

    try:
        yield
    except (DataError, MissingExtraError, ModelFileError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
    except MemoryError as error:
        fail(f"not enough memory ({str(error) or 'none left'}); give fewer rows or columns.")


def console(*, to_stderr: bool = False) -> Terminal:
    """Make a console that keeps quiet about colour with NO_COLOR, and in a pipe cuts no line."""
    from deepen.cli._terminal import Terminal

    return Terminal(to_stderr=to_stderr)


def parse_duration(text: str) -> float:
    """Seconds in "90", "90s", "15m", "1.5h".

    Examples
    --------
    >>> parse_duration("15m"), parse_duration("90")
    (900.0, 90.0)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?\s*", text)
    if match is None or float(match[1]) == 0:
        fail(f"--time-budget {text!r}: give a number with s, m or h, such as 90s or 15m.")
    return float(match[1]) * _UNITS[(match[2] or "s")[0]]


def note_seconds(text: str) -> None:
    """Say what a small number without a unit is taken for."""
    bare, seconds = text.strip(), parse_duration(text)
    if bare[-1].isdigit() and seconds < _UNITS["m"]:
        console(to_stderr=True).say(
            f"Note: --time-budget {bare} is {bare} seconds; write {bare}m for minutes."
        )


def parse_types(options: Iterable[str] | None) -> dict[str, str]:
    """Kind of each column in options such as ``size=numeric,city=text``.

    Names may hold commas and equality signs: what stands before ``=kind`` is the name.

    Examples
    --------
    >>> parse_types(["size=numeric,zip=code=categorical", "a, b=ignore"])
    {'size': 'numeric', 'zip=code': 'categorical', 'a, b': 'ignore'}
    """
    from deepen.datasets._errors import did_you_mean
    from deepen.datasets.kinds import KINDS

    part = re.compile(rf"(.+?)=({'|'.join(KINDS)})(?:,|$)", re.DOTALL)
    types: dict[str, str] = {}
    for option in options or ():
        start = 0
        while start < len(option):
            match = part.match(option, start)
            if match is None:
                kind = option[start:].partition(",")[0].rpartition("=")[2]
                fail(
                    f"--types {option[start:]!r}: write column=kind; kinds are {', '.join(KINDS)}"
                    f"{did_you_mean(kind, KINDS) or '.'}"
                )
            types[match[1].strip()] = match[2]
            start = match.end()
    return types


def training_facts(
    n_columns: int, y: Any, task: str, *, source: str, seed: int, n_unlabelled: int, seconds: float
) -> dict[str, Any]:
    """What a model file keeps of its training, plain values, under ``info["training"]``.

    ``classes`` (rows of each class) or ``mean`` and ``std`` of the target are the baseline of
    ``deepen evaluate``; ``min`` and ``max`` are the ends of what was seen.
    """
    import numpy as np
    import pandas as pd

    facts: dict[str, Any] = {
        "data": source,
        "rows": len(y),
        "unlabelled": int(n_unlabelled),
        "columns": int(n_columns),
        "seed": int(seed),
        "seconds": round(float(seconds), 3),
    }
    if task == "classification":
        counts = pd.Series(y).value_counts(sort=False).sort_index()
        return {**facts, "classes": {str(label): int(n) for label, n in counts.items() if n}}
    amounts = np.asarray(y, dtype=np.float64)
    found = {
        "mean": amounts.mean(),
        "std": amounts.std(),
        "min": amounts.min(),
        "max": amounts.max(),
    }
    return facts | {name: float(value) for name, value in found.items()}


def check_free(path: Path, force: bool) -> None:
    """Refuse a name that is taken."""
    if path.exists() and not force:
        fail(f"{path}: already exists; choose another --out or give --force to replace it.")


def as_json(numbers: Any) -> str:
    """Text of a JSON file; NumPy's scalars are Python's, and what is not finite becomes null.

    Examples
    --------
    >>> print(as_json({"error": float("nan")}), end="")
    {
     "error": null
    }
    """
    import json

    return json.dumps(_plain(numbers), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_text(path: Path, text: str, *, force: bool) -> None:
    """Write a text file, whole or not at all."""
    from deepen._files import atomic_write

    with atomic_write(path, force=force) as file:
        file.write(text.encode("utf-8"))


def warm_up() -> None:
    """Programs compiled by earlier runs are used again; a Ctrl-C meanwhile waits until JAX is loaded."""
    import deepen

    with interrupts_after():
        deepen.enable_compilation_cache()
        import jax

        jax.devices()


@contextmanager
def interrupts_after() -> Iterator[None]:
    """Ctrl-C waits for the end: cut short, the import of a compiled library can take the process with it."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is None:  # not ours to change
        yield
        return
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        signal.raise_signal(signal.SIGINT)

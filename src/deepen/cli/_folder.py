"""The folder of a climb: its name, what stands in it, whether it may be written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILES = ("report.html", "ladder.json", "model.deepen")
RUN = "run"


def folder_for(source: str) -> Path:
    """Folder for a run, made of the data's name."""
    return Path(f"deepen-ladder-{stem_of(source)}")


def stem_of(source: str) -> str:
    """A name for a folder, made of the data's name."""
    stem = re.sub(r"(\.(csv|tsv|tab|txt|data|parquet|npz|npy|idx|gz))+$", "", Path(source).name)
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "data"


def check_folder(folder: Path, force: bool) -> None:
    """Refuse a folder that holds a report or a climb, unless with `force`."""
    from deepen.cli._common import fail

    if folder.exists() and not folder.is_dir():
        fail(f"{folder}: is a file; choose another --out.")
    taken = [name for name in FILES if (folder / name).exists()]
    if taken and not force:
        fail(
            f"{folder}: holds {taken[0]} already; choose another --out, give --force to replace it, "
            f"or go on with: {resume_line(folder)}"
        )
    if not folder.parent.is_dir():
        fail(f"{folder.parent}: no such folder; create it or choose another --out.")
    if force or not (folder / RUN).exists():
        return  # before much is imported: a wrong name of a file is told at once
    from deepen.model_selection.store import MANIFEST

    if (folder / RUN / MANIFEST).exists():
        fail(
            f"{folder}: holds an unfinished climb; go on with: {resume_line(folder)} "
            "(or give --force to start anew)."
        )


def check_target(source: str, target: str | None) -> None:
    """Refuse a target that is no column, from the beginning of the data."""
    from deepen.cli._common import input_errors

    with input_errors():
        from deepen.datasets import find_column, read_chunks

        if target is not None:
            find_column(next(read_chunks(source)), target, source)


def resume_line(folder: Path) -> str:
    """The exact line that goes on with a climb."""
    import shlex

    return shlex.join(["deepen", "resume", str(folder)])


@contextmanager
def writable(folder: Path) -> Iterator[None]:
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

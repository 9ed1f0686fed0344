"""A climb of before, out of the way of one that starts anew, until that one has really begun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepen.model_selection.store import RunStore

SUFFIX = ".before"


@contextmanager
def set_aside(store: RunStore, is_anew: bool) -> Iterator[Callable[[], None]]:
    """Empty the folder of a run, and give a callable that throws away for good what was there.

    Where it is not called, because the new run was refused before it began, all is put back.

    Parameters
    ----------
    store : RunStore
    is_anew : bool
        False: the folder stays as it is.
    """
    from deepen.model_selection.store import RunStore

    folder = store.folder
    before = RunStore(folder.with_name(folder.name + SUFFIX))
    if before.folder.exists() and not folder.exists():
        before.folder.rename(folder)  # a process was killed in between
    if not is_anew or not folder.exists():
        yield lambda: None
        return
    folder.rename(before.folder)

    def forget() -> None:
        before.clear()
        for path in before.folder.iterdir():  # what is not ours
            path.rename(folder / path.name)
        before.folder.rmdir()

    try:
        yield forget
    finally:
        if before.folder.exists():
            _put_back(store, before.folder)


def _put_back(store: RunStore, folder: Path) -> None:
    if store.folder.exists():
        store.clear()
        store.folder.rmdir()
    folder.rename(store.folder)

"""How a climb shows itself: a bar on a terminal, one plain line per rung in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deepen.cli._common import console

if TYPE_CHECKING:
    from rich.progress import Progress

    from deepen.model_selection import LadderEvent


@contextmanager
def climb_progress() -> Iterator[Callable[[LadderEvent], None]]:
    """Give a callable for ``Ladder(progress=...)`` that writes to standard error."""
    err = console(to_stderr=True)
    if not err.is_terminal:
        yield lambda event: _line(event, lambda text: err.print(text, markup=False, soft_wrap=True))
        return
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda event: _advance(bar, task, event)


def _line(event: LadderEvent, write: Callable[[str], None]) -> None:
    """Plan, and rungs as they end."""
    if event.kind == "plan":
        write(event.rung)
    elif event.kind == "rung":
        write(f"{event.elapsed:7.1f} s  {event.rung} ...")
    elif event.kind == "rung finished" and event.result is not None:
        reason = f"; {event.result.reason}" if event.result.reason else ""
        write(
            f"{event.elapsed:7.1f} s  {event.rung}: {event.score:.4g} "
            f"over {event.n_repeats} repeats{reason}"
            if not event.result.is_failed
            else f"{event.elapsed:7.1f} s  {event.rung}: {event.result.reason}"
        )
    elif event.kind == "refit":
        write(f"{event.elapsed:7.1f} s  training {event.rung} on all rows")


def _advance(bar: Progress, task: int, event: LadderEvent) -> None:
    from rich.markup import escape
    from rich.progress import TaskID

    task_id = TaskID(task)
    if event.kind in ("rung finished", "plan"):
        _line(event, lambda text: bar.console.print(escape(text)))
    if event.kind == "rung":
        bar.reset(
            task_id,
            total=event.n_repeats,
            description=f"{event.rung_number}/{event.n_rungs} {escape(event.rung)}",
        )
    elif event.kind == "repeat":
        bar.update(task_id, completed=event.repeat)
    elif event.kind == "refit":
        bar.reset(task_id, total=None, description=f"training {escape(event.rung)} on all rows")

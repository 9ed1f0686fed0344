"""How a climb shows itself: a bar on a terminal, one plain line per event in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deepen.cli._common import console
from deepen.cli._figures import printable
from deepen.report.text import counted

if TYPE_CHECKING:
    from rich.progress import Progress

    from deepen.model_selection import LadderEvent


@contextmanager
def climb_progress(resume_line: str) -> Iterator[Callable[[LadderEvent], None]]:
    """Give a callable for ``Ladder(progress=...)`` that writes to standard error."""
    err = console(to_stderr=True)
    if not err.is_terminal:
        yield lambda event: _line(event, err.say, resume_line)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("reading", total=None, left="")
        yield lambda event: _advance(bar, task, event, resume_line)


def _line(event: LadderEvent, write: Callable[[str], None], resume_line: str) -> None:
    """Plan, rungs as they begin and end, answers."""
    at = f"{event.elapsed:7.1f} s  "
    if event.kind == "plan":
        for line in event.rung.splitlines():
            write(line)
        write(f"To go on after an interrupt: {resume_line}")
    elif event.kind == "rung":
        write(f"{at}{event.rung} ...{_about(event)}")
    elif event.kind == "rung finished" and event.result is not None:
        failed = event.result.is_failed or not event.result.scores
        reason = f"; {event.result.reason}" if event.result.reason else ""
        repeats = counted(event.n_repeats, "repeat")
        score = f"{event.text} over {repeats}" if not failed else "no result"
        write(f"{at}{event.rung}: {score}{reason}")
    elif event.kind in ("provisional", "leak"):
        write(f"{at}{event.rung}")
    elif event.kind == "refit":
        write(f"{at}training {event.rung} on all rows")
    elif event.kind == "after":
        write(f"{at}{event.rung} ...")


def _about(event: LadderEvent) -> str:
    from deepen.model_selection.plan import duration

    if event.seconds_left is None:
        return ""
    return f" about {duration(event.seconds_left)}" if event.seconds_left else " done earlier"


def _advance(bar: Progress, task: int, event: LadderEvent, resume_line: str) -> None:
    from rich.progress import TaskID

    task_id = TaskID(task)
    if event.kind in ("rung finished", "plan", "provisional", "leak"):
        _line(event, bar.console.print, resume_line)
    left = f"{_about(event)} left" if event.seconds_left else ""
    if event.kind == "rung":
        name = f"{event.rung_number}/{event.n_rungs} {event.rung}"
        bar.reset(task_id, total=event.n_repeats, description=name, left=left)
    elif event.kind == "repeat":
        bar.update(task_id, completed=event.repeat, left=left)
    elif event.kind == "refit":
        name = f"training {event.rung} on all rows"
        bar.reset(task_id, total=None, description=name, left="")
    elif event.kind == "after":
        bar.reset(task_id, total=None, description=printable(event.rung), left="")

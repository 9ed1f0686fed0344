"""``deepen resume``: go on with a climb that was interrupted, or give it more time."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

MOSTLY_SPENT = 0.75  # of the budget: little can be begun in the rest


def resume(
    folder: Annotated[Path, typer.Argument(help="The folder that deepen ladder wrote.")],
    time_budget: Annotated[
        str | None,
        typer.Option(help="Time for everything, earlier sittings included, such as 1h."),
    ] = None,
    repeats: Annotated[int | None, typer.Option(min=2, help="Random splits, if more.")] = None,
) -> None:
    """Go on where a climb ended; finished repeats are not done again."""
    import time

    start = time.monotonic()
    from deepen.cli._common import console, fail, input_errors, note_seconds, parse_duration
    from deepen.cli._folder import FILES, RUN, resume_line
    from deepen.cli._ladder_run import Options, run
    from deepen.model_selection.store import RunError, RunStore

    with input_errors():
        try:
            known = RunStore(folder / RUN).read()
            kept, spent = known.get("options"), known.get("spent", 0.0)
        except RunError as error:
            fail(str(error))
    if not isinstance(kept, dict):
        fail(f"{folder}: holds no climb to go on with; give the folder that deepen ladder wrote.")
    names = {field.name for field in fields(Options)}
    options = Options(**{name: value for name, value in kept.items() if name in names})
    if time_budget is not None:
        note_seconds(time_budget)
        options.time_budget = time_budget
    if repeats is not None:
        options.repeats = repeats
    more = f"{resume_line(folder)} --time-budget {2 * spent / 60 + 0.5:.0f}m"
    more += f" --repeats {repeats}" if repeats is not None else ""
    budget = float("inf") if options.trials is not None else parse_duration(options.time_budget)
    so_far = f"took {spent:.0f} s, with a budget of {options.time_budget}"
    is_finished = known.get("is_finished", False) and (folder / FILES[0]).exists()
    if is_finished and spent > MOSTLY_SPENT * budget:
        # What follows the verdict would only be left out of the report that is there.
        fail(
            f"{folder}: is finished; it {so_far}, and nothing can be begun in the rest. With more"
            f" time: {more}"
        )
    if spent > MOSTLY_SPENT * budget:
        console(to_stderr=True).say(
            f"Note: earlier sittings {so_far}: little can be begun in the rest. With more time: {more}"
        )
    run(options, folder, start=start, force=True)

"""``deepen resume``: go on with a climb that was interrupted, or give it more time."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer


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
    from deepen.cli._common import fail, input_errors
    from deepen.cli._ladder_run import RUN, Options, run
    from deepen.model_selection.store import RunError, RunStore

    with input_errors():
        try:
            kept = RunStore(folder / RUN).read().get("options")
        except RunError as error:
            fail(str(error))
    if not isinstance(kept, dict):
        fail(f"{folder}: holds no climb to go on with; give the folder that deepen ladder wrote.")
    known = {field.name for field in fields(Options)}
    options = Options(**{name: value for name, value in kept.items() if name in known})
    if time_budget is not None:
        options.time_budget = time_budget
    if repeats is not None:
        options.repeats = repeats
    run(options, folder, start=start, force=True)

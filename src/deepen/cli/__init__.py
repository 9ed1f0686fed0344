"""The command line. One file a command; nothing heavy is imported until a command runs."""

from __future__ import annotations

import gc
import sys

import typer

from deepen.cli._common import INTERRUPTED
from deepen.cli.embed import embed
from deepen.cli.evaluate import evaluate
from deepen.cli.fit import fit
from deepen.cli.info import info
from deepen.cli.inspect import inspect
from deepen.cli.ladder import ladder
from deepen.cli.predict import predict
from deepen.cli.resume import resume

# Python looks for garbage after 700 new objects. Loading pandas, SciPy, scikit-learn and JAX makes a
# million that stay, and looking at them took a fifth of it.
OBJECTS_BETWEEN_LOOKS = 100_000

app = typer.Typer(
    name="deepen",
    help="From logistic regression to deep networks, and an answer to how deep your data needs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _command in (ladder, resume, fit, predict, evaluate, embed, inspect, info):
    app.command()(_command)


def main() -> None:
    """Entry point of the command ``deepen``."""
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(INTERRUPTED)


__all__ = ["app", "main"]

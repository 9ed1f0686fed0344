"""The one way of the commands to a terminal: text as it is, without what could command one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deepen.cli._figures import printable

WIDTH_OF_A_PIPE = 10_000  # characters: no table is folded


class Terminal(Console):
    """A console that reads no markup and lets no name of a stranger's table command the terminal.

    Every string passes through `render_str`, in tables too; ``Text`` does not, and is for words of
    the program's own.
    """

    def __init__(self, *, to_stderr: bool = False, **options: Any) -> None:
        super().__init__(stderr=to_stderr, highlight=False, **options)
        if not self.is_terminal:
            self.width = WIDTH_OF_A_PIPE

    def render_str(self, text: str, *, style: Any = "", **options: Any) -> Text:
        """Text of a string, its characters as they are or replaced."""
        return Text(printable(text), style=style)

    def say(self, text: str) -> None:
        """Write a line that nothing breaks: it may be copied."""
        self.print(text, soft_wrap=True)

    def prose(self, text: str, style: str | None = None) -> None:
        """Write sentences, broken between words where a terminal ends; one line in a pipe."""
        self.print(text, style=style, soft_wrap=not self.is_terminal)

    def table(
        self, headings: Iterable[str], rows: Iterable[Sequence[str]], bold: int | None = None
    ) -> None:
        """Write a table without lines; a narrow terminal folds cells and cuts nothing off."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for number, row in enumerate(rows):
            table.add_row(*row, style="bold" if number == bold else None)
        self.print(table)

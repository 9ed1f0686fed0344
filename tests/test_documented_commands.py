"""The command lines of the README and of the guides: the options are there, built-in rows are taken."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deepen.cli import app
from deepen.datasets.builtin import NAMES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LITTLE = ("--set", "n_iter=1", "--set", "n_components=4", "--set", "batch_size=100")


def commands(page):
    """Words of each command line in a page's blocks of code, without its comment."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    lines = re.findall(r"^(?:.*&& )?(?:\S*/)?deepen +(.*)$", "\n".join(blocks), re.M)
    return [shlex.split(line, comments=True) for line in lines]


ALL = [words for page in PAGES for words in commands(page)]
FITS = [words for words in commands(PAGES[0]) if words[0] == "fit" and words[1] in NAMES]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_option_is_there(words):
    group = typer.main.get_command(app)
    with group.make_context("deepen", list(words)) as context:
        name, command, rest = group.resolve_command(context, list(words))
        command.make_context(name, rest, parent=context)  # ends where one is unknown


@pytest.mark.parametrize("words", FITS, ids=" ".join)
def test_fits_of_built_in_rows_are_not_refused(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*words, *LITTLE])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "model.deepen").exists() and (tmp_path / "pictures" / "filters.png").exists()


def test_the_readme_has_commands_to_look_at():
    assert len(ALL) > 8 and FITS

"""The examples in the documentation run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import deepen

pytestmark = pytest.mark.usefixtures("optimized")  # what readers run, with the programs they get

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(deepen.__path__, "deepen.")
    if not module.name.endswith("__main__")
)
PAGES = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings(name):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        outcome = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert outcome.failed == 0


def test_the_docstrings_have_examples():
    finder = doctest.DocTestFinder()
    found = [t for m in MODULES for t in finder.find(importlib.import_module(m)) if t.examples]
    assert len(found) > 20


def test_the_example_of_the_engines_page(capsys):
    page = (PAGES / "engine.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(compile(code, "engine.md", "exec"), {"__name__": "engine_page"})
    assert float(capsys.readouterr().out) == pytest.approx(3.0)


def test_the_examples_of_the_page_on_pretraining():
    page = (PAGES / "pretraining_guide.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names = {"__name__": "pretraining_page"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        exec(compile("\n".join(blocks), "pretraining_guide.md", "exec"), names)
    assert names["sevens"].shape == (5, 64)
    assert 64 * np.log(0.5) < names["bound"].mean() < 0


PACKAGES = (
    "covariance",
    "datasets",
    "decomposition",
    "engine",
    "linear_model",
    "manifold",
    "model_selection",
    "neural_network",
    "plotting",
)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_in_the_reference(package):
    listed = re.findall(r"^   (deepen\.\S+)$", (PAGES / "api.md").read_text("utf-8"), re.M)
    public = importlib.import_module(f"deepen.{package}").__all__
    assert {f"deepen.{package}.{name}" for name in public} <= set(listed)

"""Without matplotlib and pyarrow: pictures and Parquet name the line that installs them, all else works."""

import jax
import numpy as np
import pandas as pd
import pytest

from deepen import save
from deepen.linear_model import LinearRegression
from test_guest import in_new_process

BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("matplotlib", "pyarrow"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
"""
RUN = """
from deepen.cli import app
from typer.testing import CliRunner

def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stderr, result.exception
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("extras")
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.random(60), "b": rng.random(60), "city": ["Rome", "Oslo"] * 30})
    table["label"] = np.where(table["a"] > 0.5, "yes", "no")
    table.to_csv(path / "t.csv", index=False)
    table.to_parquet(path / "t.parquet")
    save(LinearRegression().fit(table[["a"]], table["b"]), path / "made.deepen")
    return path


def without(script, folder):
    cache = {"JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    cache["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    return in_new_process(f"{BLOCK}\n{RUN}\nfolder = {str(folder)!r}\n{script}", **cache).split(
        "\n"
    )


def test_everything_but_pictures_and_parquet(folder):
    out = without(
        """
import importlib, pkgutil, deepen
for module in pkgutil.walk_packages(deepen.__path__, "deepen."):
    if module.name != "deepen.__main__":
        importlib.import_module(module.name)
table, climbed, model = f"{folder}/t.csv", f"{folder}/climb", f"{folder}/m.deepen"
few = ["--set", "max_iter=2", "--set", "hidden_layer_sizes=3"]
for words in (
    ("fit", table, "--target", "label", *few, "--out", model),
    ("predict", model, table, "--out", f"{folder}/p.csv"),
    ("inspect", model),
    ("embed", table, "--method", "pca", "--out", f"{folder}/places.csv"),
    ("ladder", table, "--target", "label", "--time-budget", "3s", "--out", climbed),
):
    print(run(*words)[0])
print({"matplotlib", "pyarrow"} & {name.partition(".")[0] for name in sys.modules})
""",
        folder,
    )
    assert out == ["0"] * 5 + ["set()"]
    assert (folder / "climb" / "report.html").stat().st_size > 10_000


def test_what_needs_one_says_so_before_any_work(folder):
    """Commands in one line and with exit code 2, functions by an ImportError; nothing is left behind."""
    before = sorted(folder.iterdir())
    out = without(
        """
from deepen.datasets import read_chunks, read_table
from deepen.plotting import plot_learning_curves
parquet, csv = f"{folder}/t.parquet", f"{folder}/t.csv"
for words in (
    ("ladder", parquet, "--target", "label"),
    ("embed", csv, "--out", f"{folder}/a.png"),
    ("fit", csv, "--target", "label", "--out", f"{folder}/n.deepen", "--pictures", folder),
    ("inspect", f"{folder}/made.deepen", "--out", folder),
):
    print(*run(*words)[:2], end="")
for work in (
    lambda: read_table(parquet),
    lambda: next(read_chunks(parquet)),
    lambda: plot_learning_curves({"epoch": [0, 1], "loss": [1.0, 0.5]}),
):
    try:
        work()
    except ImportError as error:
        print(error.name, error)
""",
        folder,
    )
    parquet = 'Parquet files need pyarrow: pip install "deepen[parquet]".'
    pictures = 'Pictures need matplotlib: pip install "deepen[plot]".'
    said = [parquet, pictures, pictures, pictures]
    assert out[:4] == [f"2 Error: {line}" for line in said]
    assert out[4:] == [f"pyarrow {parquet}", f"pyarrow {parquet}", f"matplotlib {pictures}"]
    assert sorted(folder.iterdir()) == before

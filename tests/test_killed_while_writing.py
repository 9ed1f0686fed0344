"""Commands that are killed while they write leave each file whole, or not at all, under its name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import deepen

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked and killed")
DYING = Path(__file__).parent / "dying_writer.py"


def die_while_writing(folder, *words):
    """What became of the copies of `deepen words` that were killed while they wrote in the folder."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.random((60, 3)), columns=list("abc"))
    frame["label"] = np.where(frame["a"] > 0.5, "yes", "no")
    frame.to_csv(folder.parent / "data.csv", index=False)
    log = folder.parent / "log.jsonl"
    command = [sys.executable, DYING, log, folder, *words]
    done = subprocess.run(
        list(map(str, command)), cwd=folder.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in log.read_text().splitlines()]


def assert_all_or_nothing(deaths, names):
    """Every copy died when it should, none changed a file, and each of the names was written."""
    assert [death for death in deaths if death["changed"]] == []
    ends = {"open": -signal.SIGXFSZ, "os.rename": -signal.SIGKILL}
    assert [death for death in deaths if death["end"] != ends[death["moment"]]] == []
    assert names == {death["name"] for death in deaths if death["moment"] == "os.rename"}
    assert not names & {death["name"] for death in deaths if death["moment"] == "open"}


def test_fit_with_a_checkpoint_over_an_old_model(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "m.deepen").write_text("an old model")
    words = ["fit", "data.csv", "--target", "label", "--out", folder / "m.deepen", "--force"]
    settings = {"hidden_layer_sizes": 4, "max_iter": 3, "checkpoint": folder / "m.checkpoint"}
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"]
    deaths = die_while_writing(folder, *words)
    assert_all_or_nothing(deaths, {"m.deepen", "m.checkpoint"})
    assert len(deaths) == 2 * (3 + 1)  # three epochs and the model, opened and named
    assert len(deepen.load(folder / "m.deepen")[-1].coefs_) == 2


def test_ladder(tmp_path):
    folder = tmp_path / "out"
    deaths = die_while_writing(
        folder, "ladder", "data.csv", "--target", "label", "--trials", 1, "--repeats", 2,
        "--rungs", "baseline,linear", "--out", folder,
    )  # fmt: skip
    kept = {str(path.relative_to(folder)) for path in folder.rglob("*.npz")}
    assert len(kept) >= 2 * 2
    names = {"run/run.json", "ladder.json", "report.html", "model.deepen"}
    assert_all_or_nothing(deaths, names | kept)

"""Checkpoints: whole or absent, of this very fit, and safe to read."""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from deepen.engine import CheckpointError
from deepen.engine.checkpoints import digest
from deepen.functions.augmentation import Brightness
from engine_problems import (
    class_rows,
    environment,
    noisy_network,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 0.5},
        {"dropout": 0.31},
        {"learning_rate_init": 0.002},
        {"random_state": 10**6},
        {"hidden_layer_sizes": (8, 7)},
        {"augment": Brightness(0.2)},
    ],
)
def test_a_checkpoint_of_other_parameters_is_refused(change, seed, tmp_path):
    X, y = class_rows(seed)
    path = tmp_path / "run"
    noisy_network(seed, max_iter=2, checkpoint=path).fit(X, y)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"run belongs to a fit of other data or parameters"):
        noisy_network(seed, **({"max_iter": 3, "checkpoint": path} | change)).fit(X, y)
    assert path.read_bytes() == before


def test_a_checkpoint_of_other_data_is_refused(seed, tmp_path):
    X, y = class_rows(seed)
    path = tmp_path / "run"
    noisy_network(seed, max_iter=2, checkpoint=path).fit(X, y)
    moved = X.copy()
    moved[3, 2] += 1e-6 + abs(moved[3, 2]) * 1e-6
    others = [
        ((moved, y), {}),
        ((X.astype(np.float64), y), {}),
        ((X, 2 - y), {}),
        ((X[:-1], y[:-1]), {}),
        ((X, y), {"sample_weight": np.linspace(0.9, 1.1, 60)}),
    ]
    for arguments, options in others:
        with pytest.raises(CheckpointError, match="other data or parameters"):
            noisy_network(seed, max_iter=3, checkpoint=path).fit(*arguments, **options)


def test_other_held_out_rows_are_other_data(seed, tmp_path):
    X, y = class_rows(seed)
    path = tmp_path / "run"
    noisy_network(seed, max_iter=2, checkpoint=path).fit(X, y, X_val=X[:9], y_val=y[:9])
    with pytest.raises(CheckpointError, match="other data or parameters"):
        noisy_network(seed, max_iter=3, checkpoint=path).fit(X, y, X_val=X[9:30], y_val=y[9:30])


def brighten(X, key):
    return X * 1.5


def test_a_fit_with_a_users_function_can_be_resumed_elsewhere(seed, tmp_path):
    """Its name counts, not where in memory it happens to lie."""
    X, y = class_rows(seed)
    path = tmp_path / "run"
    noisy_network(seed, max_iter=2, checkpoint=path, augment=brighten).fit(X, y)
    with safe_open(path, framework="numpy") as file:
        identity = json.loads(file.metadata()["deepen"])["identity"]
    script = (
        "import sys, json, warnings; warnings.simplefilter('ignore');"
        f"sys.path.insert(0, {os.path.dirname(__file__)!r});"
        "from engine_problems import class_rows, noisy_network;"
        "from test_checkpoints import brighten;"
        "from safetensors import safe_open;"
        "X, y = class_rows(int(sys.argv[1]));"
        "own = noisy_network(int(sys.argv[1]), max_iter=1, checkpoint=sys.argv[2], augment=brighten);"
        "own.fit(X, y);"
        "f = safe_open(sys.argv[2], framework='numpy');"
        "print(json.loads(f.metadata()['deepen'])['identity'])"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", script, str(seed), str(tmp_path / "other")],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert outcome.stdout.strip() == identity


def damaged(path, kind):
    """Change a checkpoint file in a way that a crash, a disk or a foe might."""
    content = path.read_bytes()
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["deepen"])
        leaves = {name: file.get_tensor(name) for name in file.keys()}
    if kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("epoch,loss\n1,0.5\n" * 100)
    elif kind == "pickle":
        path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    elif kind == "huge header":
        path.write_bytes((2**62).to_bytes(8, "little") + content[8:])
    elif kind == "no header":
        save_file(leaves, path)
    elif kind == "header is a list":
        save_file(leaves, path, metadata={"deepen": "[]"})
    elif kind == "header is no JSON":
        save_file(leaves, path, metadata={"deepen": "{"})
    elif kind == "newer":
        save_file(leaves, path, metadata={"deepen": json.dumps(header | {"version": 99})})
    elif kind == "no random state":
        leaves.pop("rng")
        save_file(leaves, path, metadata={"deepen": json.dumps(header)})
    elif kind == "short random state":
        leaves["rng"] = leaves["rng"][:5]
        save_file(leaves, path, metadata={"deepen": json.dumps(header)})
    elif kind == "float for double":
        leaves["00000"] = leaves["00000"].astype(np.float64)
        save_file(leaves, path, metadata={"deepen": json.dumps(header)})
    elif kind.startswith("without "):
        header.pop(kind.removeprefix("without "))
        save_file(leaves, path, metadata={"deepen": json.dumps(header)})
    elif kind == "strange progress":
        header["progress"] = {"n_iter": "many", "evil": 1}
        save_file(leaves, path, metadata={"deepen": json.dumps(header)})
    elif kind == "strange position":
        header["rng_position"] = "here"
        save_file(leaves, path, metadata={"deepen": json.dumps(header)})


@pytest.mark.parametrize(
    "kind",
    [
        "truncated",
        "empty",
        "text",
        "pickle",
        "huge header",
        "no header",
        "header is a list",
        "header is no JSON",
        "newer",
        "no random state",
        "short random state",
        "float for double",
        "without identity",
        "without fingerprint",
        "without progress",
        "without rng_position",
        "strange progress",
        "strange position",
    ],
)
def test_a_damaged_or_hostile_file_gives_one_clear_error(kind, seed, tmp_path):
    X, y = class_rows(seed)
    path = tmp_path / "run.checkpoint"
    noisy_network(seed, max_iter=1, checkpoint=path).fit(X, y)
    damaged(path, kind)
    before = path.read_bytes()
    with pytest.raises(CheckpointError) as caught:
        noisy_network(seed, max_iter=2, checkpoint=path).fit(X, y)
    message = str(caught.value)
    assert "run.checkpoint" in message
    assert "Remove it" in message
    assert "\n" not in message
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.checkpoint"]


def test_a_folder_in_the_place_of_the_file_is_named(seed, tmp_path):
    X, y = class_rows(seed)
    with pytest.raises((CheckpointError, IsADirectoryError), match=str(tmp_path)):
        noisy_network(seed, max_iter=2, checkpoint=tmp_path).fit(X, y)


def test_a_checkpoint_from_elsewhere_warns_and_goes_on(seed, tmp_path):
    X, y = class_rows(seed)
    path = tmp_path / "run"
    noisy_network(seed, max_iter=2, checkpoint=path).fit(X, y)
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["deepen"])
        leaves = {name: file.get_tensor(name) for name in file.keys()}
    header["fingerprint"]["n_cores"] = 4096
    save_file(leaves, path, metadata={"deepen": json.dumps(header)})
    with pytest.warns(UserWarning, match=r"n_cores: 4096 then, \d+ now"):
        model = noisy_network(seed, max_iter=4, checkpoint=path).fit(X, y)
    assert model.n_iter_ == 4
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*was written elsewhere")  # but here now
        noisy_network(seed, max_iter=4, checkpoint=path).fit(X, y)


def test_a_checkpoint_needs_a_seed_that_can_be_repeated(tmp_path, seed):
    X, y = class_rows(seed)
    for random_state in (None, np.random.RandomState(0)):
        with pytest.raises(ValueError, match="int random_state"):
            noisy_network(random_state, checkpoint=tmp_path / "run").fit(X, y)


def test_digests_tell_different_things_apart():
    X = np.arange(6.0)
    different = [X, X[::-1].copy(), X.astype(np.float32), X.reshape(2, 3), X[:5], "a", 1, None, 1.5]
    assert len({digest(part) for part in different}) == len(different)
    assert digest(X) == digest(X.copy()) == digest(np.arange(12.0)[:6])
    assert digest(X[::2]) == digest(X[::2].copy())

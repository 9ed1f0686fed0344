"""Same seed, same bits; killed and resumed, same bits; a checkpoint that does not fit says so."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from safetensors import safe_open

from deepen.engine import Adam, Checkpoint, ProgressBar
from deepen.layers.cost import NetworkCost
from engine_problems import (
    assert_same_bits,
    bits,
    class_rows,
    descend,
    environment,
    make_batches,
    noisy_network,
    random_network,
    regression_rows,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class KilledError(Exception):
    """Ends a run from inside, as a crash would."""


@pytest.mark.parametrize("options", [{}, {"solver": "nesterov", "l1": 0.01, "max_norm": 2.0}])
def test_same_seed_same_bits_and_another_seed_others(options, seed):
    X, y = class_rows(seed)
    first = noisy_network(seed, **options).fit(X, y)
    assert_same_bits(bits(first), bits(noisy_network(seed, **options).fit(X, y)))
    other = noisy_network(seed + 1, **options).fit(X, y)
    assert (first.coefs_[0] != other.coefs_[0]).any()


@pytest.mark.parametrize("options", [{}, {"dropout": 0.0, "tol": 0.05, "n_iter_no_change": 3}])
def test_callbacks_progress_and_checkpoints_change_no_bit(options, seed, tmp_path, capsys):
    X, y = class_rows(seed)
    plain = noisy_network(seed, max_iter=40, **options).fit(X, y)
    watched = [
        noisy_network(seed, max_iter=40, callbacks=[lambda event: None], **options),
        noisy_network(seed, max_iter=40, callbacks=[ProgressBar()], verbose=True, **options),
        noisy_network(seed, max_iter=40, checkpoint=tmp_path / "c", **options),
        noisy_network(
            seed, max_iter=40, callbacks=[lambda event: event.params() and None], **options
        ),
    ]
    for model in watched:
        model.fit(X, y)
        assert model.n_iter_ == plain.n_iter_
        assert model.stop_reason_ == plain.stop_reason_
        assert_same_bits(bits(model), bits(plain))
    assert "Iteration 1, loss" in capsys.readouterr().out


def test_random_terms_are_drawn_from_the_seed_alone(seed):
    """Another use of a global generator in between changes nothing."""
    X, y = class_rows(seed)
    first = noisy_network(seed).fit(X, y)
    np.random.uniform(size=7)
    assert_same_bits(bits(first), bits(noisy_network(seed).fit(X, y)))
    silent = noisy_network(seed, dropout=0.0, input_dropout=0.0, noise=0.0, augment=None).fit(X, y)
    assert (silent.coefs_[0] != first.coefs_[0]).any()


KILLED = """
import os, signal, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {tests!r})
import numpy as np
from engine_problems import class_rows, noisy_network
seed, path, how, at = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
count = 0
def die_at(*_):
    global count
    count += 1
    if count == at:
        os.kill(os.getpid(), signal.SIGKILL)
if how == "callback":
    noisy_network(seed, checkpoint=path, callbacks=[die_at]).fit(*class_rows(seed))
else:  # while a checkpoint is on its way to the disk
    true_fsync = os.fsync
    os.fsync = lambda descriptor: (die_at(), true_fsync(descriptor))
    noisy_network(seed, checkpoint=path).fit(*class_rows(seed))
"""


def killed_fit(seed, path, how, at):
    """Run a fit in another process that kills itself with SIGKILL."""
    script = KILLED.format(tests=os.path.dirname(__file__))
    outcome = subprocess.run(
        [sys.executable, "-c", script, str(seed), str(path), how, str(at)],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == -signal.SIGKILL, outcome.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize(("how", "at"), [("callback", 8), ("writing", 9)])
def test_a_killed_fit_resumes_to_the_bits_of_an_uninterrupted_one(how, at, seed, tmp_path):
    path = tmp_path / "run.checkpoint"
    killed_fit(seed, path, how, at)
    assert path.exists()
    with safe_open(path, framework="numpy") as file:  # whole, whatever the process died of
        progress = json.loads(file.metadata()["deepen"])["progress"]
    assert 1 <= progress["n_iter"] < 12
    X, y = class_rows(seed)
    heard = []
    resumed = noisy_network(
        seed, checkpoint=path, callbacks=[lambda event: heard.append(event.epoch) and None]
    ).fit(X, y)
    assert heard == list(range(progress["n_iter"] + 1, 13))  # it did go on, from there
    assert_same_bits(bits(resumed), bits(noisy_network(seed).fit(X, y)))
    assert resumed.n_iter_ == 12


@contextmanager
def interrupted(after):
    """Callback that raises in an epoch, as Ctrl-C would."""

    def stop(event):
        if event.epoch == after:
            raise KilledError

    yield stop


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "nesterov", "l1": 0.02},
        {"solver": "rmsprop", "learning_rate": "exponential"},
        {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 2},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.5, "n_iter_no_change": 1},
    ],
    ids=["nesterov-l1", "rmsprop", "early-stopping", "adaptive"],
)
def test_every_solver_and_rule_resumes_to_the_same_bits(options, seed, tmp_path):
    X, y = class_rows(seed)
    whole = noisy_network(seed, **options).fit(X, y)
    checkpoint = Checkpoint(tmp_path / "run", every=2)
    with interrupted(after=4) as stop, pytest.raises(KilledError):
        if whole.n_iter_ < 4:
            raise KilledError
        noisy_network(seed, checkpoint=checkpoint, callbacks=[stop], **options).fit(X, y)
    resumed = noisy_network(seed, checkpoint=checkpoint, **options).fit(X, y)
    assert_same_bits(bits(resumed), bits(whole))
    assert resumed.history_ == whole.history_
    assert resumed.stop_reason_ == whole.stop_reason_


def test_a_larger_max_iter_goes_on_and_a_finished_run_is_not_repeated(seed, tmp_path):
    X, y = class_rows(seed)
    path, heard = tmp_path / "run", []
    listen = [lambda event: heard.append(event.epoch) and None]
    noisy_network(seed, max_iter=5, checkpoint=path, callbacks=listen).fit(X, y)
    longer = noisy_network(seed, max_iter=9, checkpoint=path, callbacks=listen).fit(X, y)
    assert heard == list(range(1, 10))
    again = noisy_network(seed, max_iter=9, checkpoint=path, callbacks=listen).fit(X, y)
    assert len(heard) == 9
    whole = noisy_network(seed, max_iter=9).fit(X, y)
    assert_same_bits(bits(longer), bits(whole))
    assert_same_bits(bits(again), bits(whole))


def test_a_checkpoint_every_few_epochs_holds_the_last_one_too(seed, tmp_path):
    X, y = class_rows(seed)
    written = []

    def look(event):
        written.append((tmp_path / "run").exists())

    checkpoint = Checkpoint(tmp_path / "run", every=5)
    noisy_network(seed, max_iter=7, checkpoint=checkpoint, callbacks=[look]).fit(X, y)
    assert written == [False] * 5 + [True] * 2
    with safe_open(tmp_path / "run", framework="numpy") as file:
        assert json.loads(file.metadata()["deepen"])["progress"]["n_iter"] == 7
    assert os.listdir(tmp_path) == ["run"]


def test_the_engine_repeats_itself_in_double_precision(seed):
    X, y = regression_rows(seed, 50, 4)
    cost, start = (
        NetworkCost("squared_error", ("tanh",), dropout=0.2),
        random_network(seed, (4, 5, 1)),
    )
    results = [
        descend(cost, start, make_batches(X, y, batch_size=16, shuffle=True), Adam(), 20, seed=seed)
        for _ in range(2)
    ]
    assert_same_bits(results[0].params, results[1].params)

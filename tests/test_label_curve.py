"""Numbers of labels, and whether pre-training pays at them, in words."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from deepen.model_selection.intervals import Judging, RowLosses
from deepen.model_selection.label_curve import sizes_of
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.pretraining_gain import pretraining_gain, until_when
from deepen.model_selection.results import Outcome, RungResult
from deepen.model_selection.rungs import RUNGS

RUNG = {rung.name: rung for rung in RUNGS}


def test_numbers_of_labels_differ():
    assert sizes_of(60) == [20, 30] and sizes_of(1078) == [33, 134, 269, 539]
    assert sizes_of(12) == [12]


def losses(errors, n_rows=200, n_repeats=5):
    """Repeats over all rows, of which the first share is wrong."""
    rows = np.arange(n_rows)
    return [RowLosses(rows, (rows < e * n_rows).astype(float)) for e in np.full(n_repeats, errors)]


@pytest.mark.parametrize(
    ("pretrained", "words"),
    [
        (
            {50: 0.1, 100: 0.1, 200: 0.1},
            "Pre-training pays up to all 200 labels, where it gains 30",
        ),
        ({50: 0.1, 100: 0.1, 200: 0.4}, "up to 100 labels, where it gains 30"),
        ({50: 0.4, 100: 0.4, 200: 0.4}, "At no number of labels, from 50 to 200,"),
        ({50: 0.4, 100: 0.4, 200: 0.1}, "Pre-training pays with 200 labels"),
        ({70: 0.4}, ""),
    ],
)
def test_from_how_many_labels_on_it_stops_paying(pretrained, words):
    plain = {n: losses(0.4) for n in (50, 100, 200)}
    data = SimpleNamespace(judging=Judging(np.arange(200), 0.25, 1.0), metric=METRICS["error"])
    found = until_when({n: losses(e) for n, e in pretrained.items()}, plain, data, 0.01)
    assert words in found and bool(found) == bool(words)
    if words.startswith("up to 100"):
        assert "from 200 on it is not shown to: with all 200 it gained 0" in found


@pytest.mark.parametrize(
    ("error", "answer", "words"),
    [
        (0.1, "helped", "Pre-training with the 9 rows without a target pays: stacked"),
        (0.6, "did not help", "Pre-training with the 9 rows without a target does not pay: "),
        (0.4, "cannot tell", "Whether pre-training with the 9 rows without a target pays does not"),
    ],
)
def test_whether_pretraining_pays(error, answer, words):
    attempts = {}
    for name, value in [("linear", 0.0), ("modern", 0.4), ("deep", 0.5), ("sae", error)]:
        rung, repeats = RUNG[name], losses(value)
        result = RungResult(name, rung.title, rung.role, [r.values.mean() for r in repeats])
        result.mean = float(np.mean(result.scores))
        outcomes = [Outcome(i, one, np.empty(0), {}) for i, one in enumerate(repeats)]
        attempts[name] = SimpleNamespace(rung=rung, result=result, outcomes=outcomes)
    data = SimpleNamespace(judging=Judging(np.arange(200), 0.25, 1.0), metric=METRICS["error"],
                           X_unlabelled=np.zeros((9, 2)))  # fmt: skip
    found = pretraining_gain(attempts, data, 0.01)
    assert (found.pretrained, found.plain, found.answer) == ("sae", "modern", answer)
    assert found.sentence.startswith(words) and "the best plain network" in found.sentence
    assert found.mean == pytest.approx(0.4 - error)
    del attempts["sae"]
    assert pretraining_gain(attempts, data, 0.01) is None

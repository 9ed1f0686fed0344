"""The one sentence: what to use, its loss with an interval, what is forgone or open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deepen.model_selection.figures import (
    decimals_for,
    show,
    show_exact,
    show_gain,
    show_interval,
    show_interval_of,
    show_result,
)
from deepen.model_selection.intervals import Judging, RowLosses, estimate
from deepen.model_selection.metrics import METRICS
from deepen.model_selection.results import Outcome, RungResult
from deepen.model_selection.sentence import provisional, with_sentence
from deepen.model_selection.verdict import Gain, decide

N_ROWS = 2000
TITLES = {"linear": "logistic regression", "deep": "deep network", "boosting": "gradient boosting"}


def climbed(n_wrong, n_rows=N_ROWS, min_gain=0.01):
    """Verdict and results of rungs that each got the first so many rows of two repeats wrong."""
    judging = Judging(np.arange(n_rows), 0.25, 1.0)
    losses, results = {}, {}
    for name, wrong in n_wrong.items():
        parts = [np.arange(start, n_rows, 2) for start in (0, 1)]
        losses[name] = [RowLosses(rows, (rows < wrong) * 1.0) for rows in parts]
        outcomes = [
            Outcome(repeat, one, np.zeros((len(one.rows), 2)), {})
            for repeat, one in enumerate(losses[name])
        ]
        results[name] = RungResult(name, TITLES.get(name, name), "ladder")
        results[name].summarise(outcomes, judging, METRICS["error"])
    return decide(losses, judging, min_gain), results


def sentence(n_wrong, n_rows=N_ROWS, baseline=None, left_out=()):
    verdict, results = climbed(n_wrong, n_rows)
    rows_text = f"{n_rows:,} rows"
    return with_sentence(verdict, results, METRICS["error"], rows_text, baseline, left_out).sentence


def test_the_cheapest_that_suffices_its_interval_and_what_is_forgone():
    said = sentence({"linear": 202, "deep": 200, "boosting": 600})
    low, high = climbed({"linear": 202, "deep": 200})[1]["linear"].interval
    assert said.startswith("No deep learning needed: logistic regression suffices, error rate 10")
    assert f"({show_interval(low, high, METRICS['error'])})" in said
    assert "Forgone: the best, deep network, gains 0.1" in said and "surely below 1 point." in said
    assert "Surely behind the best: gradient boosting by 20" in said


def test_a_winner_says_how_far_the_others_are_behind():
    said = sentence({"linear": 600, "deep": 200})
    assert said.startswith("Deep network wins: error rate 10")
    assert "Surely behind the best: logistic regression by 20" in said and "Forgone" not in said


def test_too_few_rows_cannot_tell_and_name_the_smallest_gap():
    verdict, _ = climbed({"linear": 12, "deep": 10}, n_rows=100)
    said = sentence({"linear": 12, "deep": 10}, n_rows=100)
    assert said.startswith("Cannot tell with these 100 rows which rung suffices.")
    gap = show(verdict.gains[0].smallest_gap, verdict.gains[0].smallest_gap / 2, METRICS["error"],
               is_gain=True)  # fmt: skip
    assert f"A gap would not show below {gap} against logistic regression." in said


def test_each_gap_is_that_of_its_own_rung():
    """A rung of two repeats does not lend its wide interval to the others."""
    row = np.arange(400)
    wrong = {"linear": row % 10 < 3, "boosting": (row + 1) % 10 < 3, "deep": (row + 2) % 10 < 3}
    n_repeats, losses, results = {"linear": 4, "boosting": 2, "deep": 4}, {}, {}
    for name, n in n_repeats.items():
        parts = row.reshape(4, 100)[:n]
        losses[name] = [RowLosses(part, wrong[name][part] * 1.0) for part in parts]
        results[name] = RungResult(name, TITLES[name], "ladder", [0.3] * n, 0.3, (0.2, 0.4))
    verdict = decide(losses, Judging(row, 0.25, 1.0), 0.01)
    said = with_sentence(verdict, results, METRICS["error"], "400 rows", None).sentence
    gaps = {gain.reference: gain.smallest_gap for gain in verdict.gains}
    assert len(gaps) == 2 and max(gaps.values()) > 1.5 * min(gaps.values())
    for name, gap in gaps.items():
        shown = show(gap, gap / 2, METRICS["error"], is_gain=True)
        assert f"below {shown} against {TITLES[name]}" in said


def test_nobody_is_behind_by_less_than_nothing():
    gain = Gain("deep", "linear", -0.01, 0.0, 0.2, 0.05, 2, "cannot tell")
    assert show_gain(gain, METRICS["error"]) == "0 points (0 to 20)"


def test_a_low_loss_of_few_repeats_is_said_beside_the_one_to_use():
    row = np.arange(500)
    wrong = {"linear": row % 10 < 3, "deep": (row % 10 > 6) & (row % 20 != 7)}
    judging, losses, results = Judging(row, 0.25, 1.0), {}, {}
    for name, n_repeats in (("linear", 5), ("deep", 2)):
        parts = row.reshape(5, 100)[:n_repeats]
        losses[name] = [RowLosses(part, wrong[name][part] * 1.0) for part in parts]
        result = results[name] = RungResult(name, TITLES[name], "ladder")
        result.scores = [float(one.values.mean()) for one in losses[name]]
        result.mean, result.interval = float(np.mean(result.scores)), (0.2, 0.4)
    verdict = decide(losses, judging, 0.01)
    assert verdict.status == "cannot tell"
    said = with_sentence(verdict, results, METRICS["error"], "500 rows", None).sentence
    assert "Lowest so far: deep network, error rate 25 % (20 to 40 %)." in said
    assert (
        "That is over 2 repeats only; until more is known, use logistic regression, 30 % (20 to 40 %) "
        "over 5, which on the 2 that both have is 5 points (0 to 22) behind." in said
    )


def test_nothing_is_claimed_of_rungs_that_were_not_compared():
    n_wrong = {"linear": 600, "deep": 200, "boosting": 202}
    assert "Nothing else is better by 1 point or more." in sentence(n_wrong)
    few = [RungResult("one_hidden", "one hidden layer", "ladder"),
           RungResult("dbn", "deep belief network", "ladder", [0.1, 0.3], 0.2)]  # fmt: skip
    said = sentence(n_wrong, left_out=few)
    assert "Nothing else that was compared is better by 1 point or more." in said
    words = (
        "Not compared, for want of repeats: one hidden layer (none) and deep belief network (2)."
    )
    assert said.endswith(words)
    failed = RungResult("deep", "deep network", "ladder", is_failed=True)
    assert sentence(n_wrong, left_out=[failed]).endswith("since it failed: deep network.")
    assert "Not compared" not in sentence({"linear": 200}, left_out=few)


def test_what_does_not_clear_the_baseline_is_said():
    baseline = RungResult("baseline", "majority class", "baseline", [0.09, 0.09], 0.09, (0.08, 0.1))
    said = sentence({"linear": 202, "deep": 200}, baseline=baseline)
    assert said.startswith(
        "Logistic regression is not shown to be better than the majority class, error rate 9.0 % (8.0 to "
        "10.0 %), which looks at no column; its probabilities may tell more: --metric log_loss. "
    )


def test_a_lower_loss_over_other_repeats_is_explained(rng):
    """The deep network did the two hard repeats only, and was better there."""
    judging = Judging(np.arange(500), 0.25, 1.0)
    rates = {"linear": [0.3, 0.3, 0.1, 0.1, 0.1], "deep": [0.2, 0.2]}
    losses, results = {}, {}
    for name, levels in rates.items():
        parts = np.arange(100 * len(levels)).reshape(-1, 100)
        wrong = [np.arange(100) < 100 * level for level in levels]
        losses[name] = [RowLosses(r, 1.0 * w) for r, w in zip(parts, wrong, strict=True)]
        outcomes = [Outcome(k, one, np.zeros((100, 2)), {}) for k, one in enumerate(losses[name])]
        results[name] = RungResult(name, TITLES[name], "ladder")
        results[name].summarise(outcomes, judging, METRICS["error"])
    verdict = decide(losses, judging, 0.01)
    assert verdict.best == "deep" and results["linear"].mean < results["deep"].mean
    said = with_sentence(verdict, results, METRICS["error"], "500 rows", None).sentence
    assert "Logistic regression has 18 % over 5 repeats, deep network has 2" in said
    assert "over the 2 that both have, deep network is 10 points lower." in said
    assert "has 2" not in sentence({"linear": 202, "deep": 200})


def test_one_alone_has_nothing_beside_it():
    assert sentence({"linear": 200}).startswith("Only logistic regression finished: error rate 10")


def test_the_answer_so_far_leaves_the_networks_open():
    verdict, results = climbed({"linear": 600, "boosting": 200})
    said = provisional(verdict, results, METRICS["error"])
    assert said.startswith("So far, error rate: gradient boosting 10")
    assert said.endswith("Gradient boosting leads surely; whether a network pays is still open.")


def test_one_repeat_claims_no_interval_and_few_decimals():
    result = RungResult("deep", "deep network", "ladder", [0.2025], 0.2025)
    assert show_result(result, METRICS["error"]) == "20 %"
    for mean, shown in ((0.0, "0 %"), (0.015, "1.5 %"), (0.042, "4.2 %"), (0.5, "50 %")):
        result = RungResult("deep", "deep network", "ladder", [mean], mean)
        assert show_result(result, METRICS["error"]) == shown


@pytest.mark.parametrize(
    ("gain", "words"), [(0.01, "1 point"), (0.02, "2 points"), (0.005, "0.5 points")]
)
def test_what_somebody_set_is_shown_as_it_was_set(gain, words):
    assert show_exact(gain, METRICS["error"]) == words


def test_an_end_above_zero_is_not_shown_as_zero(rng):
    for low, width in zip(rng.uniform(1e-4, 0.2, 50), rng.uniform(1e-3, 0.5, 50), strict=True):
        first, last = show_interval(low, low + width, METRICS["error"]).split(" to ")
        assert first == "above 0" or float(first) > 0
        # An end so near to zero does not drag digits that mean nothing into the other one.
        assert len(last.removesuffix(" %").partition(".")[2]) <= decimals_for(50 * width) + 1
    assert show_interval(3e-6, 0.18, METRICS["error"], is_gain=True) == "above 0 to 18 points"
    assert show_interval(0.0, 0.08, METRICS["error"]) == "0 to 8 %"


def test_what_is_surely_behind_is_not_said_to_be_behind_by_nothing():
    """It falls short of the best of the sample, but not surely of another that may be the true best."""
    error = METRICS["error"]
    gain = Gain("deep", "linear", 0.01, 0.0, 0.02, 0.008, 3, "pays")
    assert show_gain(gain, error) == "1.0 points (above 0 to 2.0)"
    assert show_interval_of(gain, error) == "above 0 to 2.0 points"
    assert show_gain(replace(gain, outcome="cannot tell"), error) == "1.0 points (0.0 to 2.0)"
    assert show_gain(replace(gain, lower=0.001), error) == "1.0 points (0.1 to 2.0)"


def test_large_figures_are_rounded_to_their_interval_and_stand_in_thousands():
    rmse = METRICS["rmse"]
    assert show(146_625.3, 7946.0, rmse) == "147,000"
    assert show_interval(138_679, 154_571, rmse) == "139,000 to 155,000"
    assert show_interval(154_764, 204_967, rmse, is_gain=True) == "155,000 to 205,000"
    assert show(543.2, 42.0, rmse) == "543" and show(-1543.2, 100.0, rmse) == "\N{MINUS SIGN}1,540"
    assert show_interval(30.0, 4000.0, rmse) == "30 to 4,000"
    assert show_exact(14_005.2, rmse) == "14,000"


def test_figures_follow_the_interval(rng):
    """Ten times the rows: about half a decimal more, never fewer."""
    shown = []
    for n_rows in (100, 1000, 10_000):
        wrong = (np.arange(n_rows) % 10 == 0) * 1.0
        found = estimate(
            [RowLosses(np.arange(n_rows), wrong)] * 2, Judging(np.arange(n_rows), 0.25)
        )
        low, high = found.interval()
        text = show(found.mean, (high - low) / 2, METRICS["error"]).removesuffix(" %")
        shown.append(len(text.partition(".")[2]))
    assert shown == sorted(shown) and shown[0] < shown[-1]

"""The verdict: exact small cases, and the rate of false statements where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepen.model_selection.intervals import (
    corrected_interval,
    corrected_standard_error,
    holm_signs,
    simultaneous_bounds,
)
from deepen.model_selection.verdict import decide, outcome_of, paired_gains, reverse


def test_corrected_standard_error_by_hand():
    # S^2 = 1 for 1, 2, 3; (1/3 + 1/4) * 1 = 7/12.
    assert corrected_standard_error([1.0, 2.0, 3.0], 0.25) == pytest.approx(np.sqrt(7 / 12))
    assert corrected_standard_error([2.0, 2.0, 2.0], 0.25, variance_floor=4.0) == pytest.approx(
        2 * np.sqrt(7 / 12)
    )
    with pytest.raises(ValueError, match="at least 2 repeats"):
        corrected_standard_error([1.0], 0.25)


def test_corrected_interval_is_students_when_no_rows_are_shared():
    values = np.array([0.3, 0.1, 0.4, 0.1, 0.5])
    expected = stats.t.interval(0.95, 4, loc=values.mean(), scale=values.std(ddof=1) / np.sqrt(5))
    assert corrected_interval(values, 0.0) == pytest.approx(expected)


def test_holm_steps_by_hand():
    """Three comparisons, 9 degrees: two pass their steps; all ends stand at the first step."""
    q = [stats.t.isf(0.025 / m, 9) for m in (1, 2, 3)]
    means, ones, degrees = np.array([0.1, 5.0, (q[1] + q[2]) / 2]), np.ones(3), np.full(3, 9)
    assert holm_signs(means, ones, degrees).tolist() == [0, 1, 1]
    assert holm_signs(-means, ones, degrees).tolist() == [0, -1, -1]
    lower, upper = simultaneous_bounds(means, ones, degrees)
    np.testing.assert_allclose(lower, means - q[2])
    np.testing.assert_allclose(upper, means + q[2])
    assert lower[2] < 0  # a sign that only Holm's second step shows


def test_the_sign_is_holms_and_the_ends_are_bonferronis():
    """The gain whose own interval touches zero pays where Holm's second step shows its sign."""
    wobble = np.array([-1.0, 1.0, -1.0, 1.0, 0.0, 0.0])
    losses = {"a": 10 + 0 * wobble, "b": wobble, "c": 7 + 20 * wobble}
    gains = paired_gains(losses, test_train_ratio=0.25, min_gain=0.01)
    n = [np.asarray(losses[g.reference]) - np.asarray(losses[g.candidate]) for g in gains]
    for gain, d in zip(gains, n, strict=True):
        half = stats.t.isf(0.025 / 3, 5) * corrected_standard_error(d, 0.25)
        assert (gain.lower, gain.upper) == pytest.approx((d.mean() - half, d.mean() + half))
    assert outcome_of(1, 0.5, 0.01) == "pays"
    assert [gain.sign for gain in gains] == [1, 0, 0]
    assert reverse(gains[0], 0.01).outcome == "does not pay"


def test_holm_stops_at_the_first_failure():
    """A p value that would pass a later step does not when an earlier step failed."""
    error, degrees = np.ones(2), np.full(2, 9)
    t = stats.t.isf([0.02, 0.024], 9)  # both above 0.0125, both below 0.025
    assert holm_signs(t, error, degrees).tolist() == [0, 0]


def test_outcomes_and_their_precedence():
    assert outcome_of(1, 0.5, 0.01) == "pays"
    assert outcome_of(0, 0.5, 0.01) == "cannot tell"
    assert outcome_of(0, 0.01, 0.01) == "cannot tell"
    assert outcome_of(0, 0.009, 0.01) == "does not pay"
    assert outcome_of(-1, 0.02, 0.01) == "does not pay"
    assert outcome_of(1, 0.009, 0.01) == "does not pay"  # real, and too small


def test_reverse_twice_is_the_same():
    losses = {"a": [0.30, 0.34, 0.31], "b": [0.20, 0.22, 0.25]}
    [gain] = paired_gains(losses, test_train_ratio=0.3, min_gain=0.01)
    back = reverse(reverse(gain, 0.01), 0.01)
    assert back.mean == gain.mean and back.lower == gain.lower and back.outcome == gain.outcome
    turned = reverse(gain, 0.01)
    assert (turned.candidate, turned.lower, turned.upper) == ("a", -gain.upper, -gain.lower)


def _verdict(losses, min_gain=0.01, **kwargs):
    gains = paired_gains(losses, test_train_ratio=1 / 3, min_gain=min_gain, **kwargs)
    return decide(losses, gains, min_gain)


def test_choice_takes_the_cheapest_that_suffices():
    noise = np.array([0.0, 1e-4, -1e-4, 2e-4, 0.0])
    verdict = _verdict({"linear": 0.3 + noise, "wide": 0.1 + noise[::-1], "deep": 0.099 + noise})
    assert (verdict.status, verdict.chosen, verdict.best) == ("suffices", "wide", "deep")
    assert verdict.gain("wide", "linear").outcome == "pays"
    assert verdict.gain("deep", "wide").outcome == "does not pay"
    assert verdict.open == ()


def test_choice_never_crowns_by_non_significance():
    rng = np.random.default_rng(0)
    verdict = _verdict({"linear": 0.30 + 0.1 * rng.random(5), "deep": 0.28 + 0.1 * rng.random(5)})
    assert verdict.status == "cannot tell"
    assert verdict.chosen == verdict.best
    assert all(gain.smallest_gap > 0 for gain in verdict.gains)


def test_equal_counts_do_not_prove_equality():
    """Two rungs without an error on 30 test rows: the floor keeps the answer open."""
    losses = {"linear": [0.0] * 10, "deep": [0.0] * 10}
    assert _verdict(losses, variance_floor=1 / (134 * 30)).status == "cannot tell"
    assert _verdict(losses).status == "suffices"


def test_one_rung_stands_alone_and_pairs_use_common_repeats():
    assert _verdict({"linear": [0.2, 0.3]}).status == "alone"
    [gain] = paired_gains(
        {"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0]}, test_train_ratio=0.3, min_gain=0.1
    )
    assert (gain.n_repeats, gain.mean) == (2, 1.0)
    with pytest.raises(ValueError, match="min_gain must be greater than 0"):
        paired_gains({"a": [1.0, 2.0], "b": [1.0, 2.0]}, test_train_ratio=0.3, min_gain=0.0)


def _resampled_losses(rng, error_rates, n_rows, n_repeats, n_test):
    """Loss (n_repeats, n_rungs) of fixed classifiers with known error rates, on shared rows."""
    base = rng.random(n_rows)[:, None] * 0.5 + rng.random((n_rows, len(error_rates))) * 0.5
    # Rows are hard or easy for all rungs alike: the sum of two uniforms has this quantile function.
    p = np.asarray(error_rates)
    threshold = np.where(p < 0.5, np.sqrt(p / 2), 1 - np.sqrt((1 - p) / 2))
    wrong = base < threshold
    return np.stack(
        [wrong[rng.permutation(n_rows)[:n_test]].mean(axis=0) for _ in range(n_repeats)]
    )


@pytest.mark.parametrize(
    "error_rates",
    [(0.2, 0.2, 0.2, 0.2), (0.3, 0.2, 0.2, 0.2), (0.2, 0.18, 0.2, 0.22), (0.05, 0.03, 0.03, 0.03)],
    ids=["all equal", "linear is worse", "gains at the threshold", "few errors"],
)
@pytest.mark.parametrize("n_repeats", [5, 10])
def test_false_statements_are_rare(error_rates, n_repeats):
    """No more than 5 % of verdicts make a false statement (3 standard errors allowed)."""
    n_simulations, n_rows, n_test, min_gain = 600, 300, 60, 0.02
    rng = np.random.default_rng(n_repeats)
    names = "abcd"
    floor = 1 / (n_rows * n_test)
    n_false = n_decided = 0
    for _ in range(n_simulations):
        losses = _resampled_losses(rng, error_rates, n_rows, n_repeats, n_test)
        table = dict(zip(names, losses.T.tolist(), strict=True))
        gains = paired_gains(
            table,
            test_train_ratio=n_test / (n_rows - n_test),
            min_gain=min_gain,
            variance_floor=floor,
        )
        truth = dict(zip(names, error_rates, strict=True))
        verdict = decide(table, gains, min_gain)
        both = [*gains, *(reverse(gain, min_gain) for gain in gains)]
        false = any(
            (g.outcome == "pays" and truth[g.reference] - truth[g.candidate] <= 1e-12)
            or (
                g.outcome == "does not pay"
                and truth[g.reference] - truth[g.candidate] >= min_gain - 1e-12
            )
            for g in both
        )
        if verdict.status == "suffices":
            false |= truth[verdict.chosen] - min(error_rates) >= min_gain - 1e-12
        n_false += false
        n_decided += any(g.outcome != "cannot tell" for g in gains)
    assert n_false / n_simulations <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_simulations)
    if error_rates[0] == 0.3 and n_repeats == 10:
        assert n_decided > n_false  # the rule is not safe by saying nothing


def test_coverage_under_the_model_of_the_correction():
    """Gaussian gains with the assumed correlation: all statements hold in 95 % of families."""
    rng = np.random.default_rng(0)
    n_simulations, n_repeats, ratio = 20_000, 5, 1 / 3
    truth = np.array([0.0, 0.0, 0.5, 2.0, -1.0, 0.0])
    rho = ratio / (1 + ratio)
    shared = rng.standard_normal((n_simulations, truth.size, 1))
    own = rng.standard_normal((n_simulations, truth.size, n_repeats))
    gains = truth[:, None] + np.sqrt(rho) * shared + np.sqrt(1 - rho) * own
    errors = corrected_standard_error(gains, ratio)
    family = gains.mean(-1), errors, np.full(truth.size, n_repeats - 1)
    lower, upper = simultaneous_bounds(*family)
    signs = holm_signs(*family)
    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_simulations)
    is_missed = ((lower > truth) | (truth > upper)).any(axis=-1)
    assert 0.01 < is_missed.mean() <= most  # and the intervals are not idly wide
    sign_is_wrong = ((signs > 0) & (truth <= 0)) | ((signs < 0) & (truth >= 0))
    missed_without_sign = (signs >= 0) & (upper < truth) | (signs <= 0) & (lower > truth)
    assert (sign_is_wrong | missed_without_sign).any(axis=-1).mean() <= most
    assert (signs != 0).sum() >= ((lower > 0) | (upper < 0)).sum()

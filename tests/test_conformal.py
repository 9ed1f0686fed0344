"""Intervals hold what they promise: exactly, over all orders of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepen.conformal import are_quantiles, half_width, intervals, residual_quantiles


@pytest.mark.parametrize("n", [9, 19, 57])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_of_exchangeable_rows_the_promised_share_is_held(n, level, rng):
    """Each of n + 1 rows in turn is the new one: the share that is held is known exactly."""
    residuals = rng.standard_cauchy(n + 1)
    held = [
        abs(residuals[i]) <= half_width(residual_quantiles(np.delete(residuals, i)), level)
        for i in range(n + 1)
    ]
    assert np.mean(held) == np.ceil((n + 1) * level) / (n + 1) >= level


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=9), st.floats(0.05, 0.85))
def test_wider_for_higher_levels(residuals, level):
    quantiles = residual_quantiles(residuals)
    assert half_width(quantiles, level) <= half_width(quantiles, level + 0.05)


def test_many_residuals_are_kept_by_thousandths(rng):
    residuals = rng.normal(size=50_000)
    quantiles = residual_quantiles(residuals)
    assert quantiles["n"] == 50_000 and len(quantiles["absolute"]) == 999
    for level in (0.5, 0.9, 0.999):
        rank = int(np.ceil(level * 50_001))
        assert half_width(quantiles, level) == np.sort(np.abs(residuals))[rank - 1]


def test_intervals_widen_with_the_errors_and_hold_in_every_part(rng):
    predicted = rng.uniform(1, 100, 8000)
    residuals = 0.1 * predicted * rng.normal(size=8000)
    quantiles = residual_quantiles(residuals[:4000], predicted[:4000])
    assert len(quantiles["parts"]) == 5
    new, errors = predicted[4000:], np.abs(residuals[4000:])
    low, high = intervals(quantiles, 0.9, new)
    half = (high - low) / 2
    widest = 0.0
    for level in (0.5, 0.9, 0.99, 0.9985, 0.999):  # none narrower for a higher level
        low, high = intervals(quantiles, level, new)
        assert np.all(high - low >= widest)
        widest = high - low
    assert len(np.unique(half.round(9))) == 5 and np.all(np.diff(half[np.argsort(new)]) > -1e-9)
    held = errors <= half
    for part in range(5):
        share = held[np.searchsorted(quantiles["edges"], new, side="right") == part].mean()
        assert 0.8 < share < 0.98
    one_width = errors <= half_width(quantiles, 0.9)
    assert one_width[new < 20].all() and one_width[new > 80].mean() < 0.85


def test_few_rows_and_equal_predictions_and_older_files_have_one_width(rng):
    residuals = rng.normal(size=300)
    few = residual_quantiles(residuals[:199], np.arange(199.0))
    equal = residual_quantiles(residuals, np.zeros(300))
    older = residual_quantiles(residuals)
    for quantiles in (few, equal, older):
        assert set(quantiles) == {"n", "absolute"} and are_quantiles(quantiles)
        width = half_width(quantiles, 0.8)
        low, high = intervals(quantiles, 0.8, [-1.0, 150.0])
        assert low.tolist() == [-1 - width, 150 - width] and high[0] == -1 + width


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=700), st.integers(0, 600))
def test_every_part_has_a_hundred_rows_and_equal_predictions_stay_together(predicted, n_ties):
    predicted = np.array([*predicted, *[2] * n_ties], dtype=float)
    found = residual_quantiles(np.arange(len(predicted)), predicted)
    assert are_quantiles(found)
    if "parts" not in found:
        return
    assert sum(map(len, found["parts"])) == len(predicted) or len(predicted) > 999
    assert all(len(part) >= 100 for part in found["parts"])


def test_levels_beyond_a_part_have_the_wider_of_all_rows_and_its_largest():
    residuals = np.arange(300.0)
    three = residual_quantiles(residuals, np.arange(300.0))  # 100 rows bear no interval of 99.5 %
    low, high = intervals(three, 0.995, [0.0, 299.0])
    assert ((high - low) / 2).tolist() == [299.0, 299.0]  # of 300 and one
    low, high = intervals(three, 0.9, [0.0, 150.0, 299.0])
    assert ((high - low) / 2).tolist() == [90.0, 190.0, 290.0]


def test_levels_that_cannot_be_had():
    quantiles = residual_quantiles([1.0] * 8)
    with pytest.raises(ValueError, match="needs 9 held-out rows, and the model was made with 8"):
        half_width(quantiles, 0.9)
    with pytest.raises(ValueError, match="which a file keeps"):
        half_width(residual_quantiles(np.arange(4000.0)), 0.9995)
    for level in (0, 1, -1, 95):
        hint = r"0\.95\?" if level == 95 else "between 0 and 1"
        with pytest.raises(ValueError, match=hint):
            half_width(quantiles, level)

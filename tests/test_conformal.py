"""Intervals hold what they promise: exactly, over all orders of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepen.conformal import half_width, residual_quantiles


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
    predicted = rng.uniform(1, 100, 3000)
    residuals = 0.1 * predicted * rng.normal(size=3000)
    quantiles = residual_quantiles(residuals[:1000], predicted[:1000])
    assert len(quantiles["parts"]) == 5
    new, errors = predicted[1000:], np.abs(residuals[1000:])
    half = half_width(quantiles, 0.9, new)
    assert len(np.unique(half)) == 5 and np.all(np.diff(half[np.argsort(new)]) >= 0)
    held = errors <= half
    for part in range(5):
        share = held[np.searchsorted(quantiles["edges"], new, side="right") == part].mean()
        assert 0.8 < share < 0.98
    one_width = errors <= half_width(quantiles, 0.9)
    assert one_width[new < 20].all() and one_width[new > 80].mean() < 0.8


def test_few_rows_and_equal_predictions_and_older_files_have_one_width(rng):
    residuals = rng.normal(size=300)
    few = residual_quantiles(residuals[:199], np.arange(199.0))
    equal = residual_quantiles(residuals, np.zeros(300))
    older = residual_quantiles(residuals)
    for quantiles in (few, equal, older):
        assert set(quantiles) == {"n", "absolute"}
        width = half_width(quantiles, 0.8)
        assert np.array_equal(half_width(quantiles, 0.8, [-1.0, 150.0]), [width, width])
    three = residual_quantiles(residuals, np.arange(300.0))
    # 100 rows in a part bear no interval of 99.5 %, all 300 do
    assert len(np.unique(half_width(three, 0.9, np.arange(300.0)))) == 3
    assert len(np.unique(half_width(three, 0.995, np.arange(300.0)))) == 1


def test_levels_that_cannot_be_had():
    quantiles = residual_quantiles([1.0] * 8)
    with pytest.raises(ValueError, match="needs 9 held-out rows, and the model was made with 8"):
        half_width(quantiles, 0.9)
    for level in (0, 1, -1, 95):
        with pytest.raises(ValueError, match="between 0 and 1"):
            half_width(quantiles, level)

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


def test_levels_that_cannot_be_had():
    quantiles = residual_quantiles([1.0] * 8)
    with pytest.raises(ValueError, match="needs 9 held-out rows, and the model was made with 8"):
        half_width(quantiles, 0.9)
    for level in (0, 1, -1, 95):
        with pytest.raises(ValueError, match="between 0 and 1"):
            half_width(quantiles, level)

"""Pictures of Boltzmann machines: every pixel where it belongs, every warning when it is due."""

from __future__ import annotations

import numpy as np
import pytest

from deepen.plotting import (
    plot_filters_by_use,
    plot_hidden_activations,
    plot_inpainting,
    plot_samples,
    plot_update_sizes,
)
from deepen.plotting.hidden_units import use_of_units


def image(ax):
    return np.ma.filled(np.ma.asarray(ax.images[0].get_array(), float), np.nan)


def test_the_health_plot_shows_the_rows_and_counts_sick_units(rng):
    H = rng.uniform(0.2, 0.8, (300, 6))
    H[:, 1], H[:, 4] = 0.001, 0.999
    H[250:, 2] = 1.0  # sick only on rows that are not shown
    ax = plot_hidden_activations(H, n_rows=50)
    np.testing.assert_array_equal(image(ax), H[:50])
    assert ax.images[0].get_clim() == (0, 1)  # not stretched: grey means one half
    assert ax.get_title() == "1 of 6 units never on, 1 always on"


def test_use_is_zero_for_a_constant_unit_and_grows_with_weights_and_variety(rng):
    W = rng.normal(size=(9, 4))
    H = np.column_stack([np.ones(40), np.tile([0, 1], 20), np.tile([0.4, 0.6], 20), np.zeros(40)])
    use = use_of_units(W, H)
    norms = np.linalg.norm(W, axis=0)
    np.testing.assert_allclose(use, [0, 0.5 * norms[1], 0.1 * norms[2], 0], atol=1e-12)


def test_filters_stand_in_the_order_of_their_use_on_one_scale(rng):
    W = rng.uniform(0.1, 1, (6, 5)) * [1, 4, 2, 5, 3]
    W /= np.linalg.norm(W, axis=0) / [1, 4, 2, 5, 3]
    H = np.tile(np.array([[0.0], [1.0]]), (10, 5))
    grid = image(plot_filters_by_use(W, H, (2, 3), n_filters=4))
    assert grid.shape == (2 * 3 - 1, 2 * 4 - 1)
    pictures = [grid[top : top + 2, left : left + 3] for top in (0, 3) for left in (0, 4)]
    for picture, unit in zip(pictures, (3, 1, 4, 2), strict=True):
        np.testing.assert_allclose(picture.ravel(), W[:, unit])
    assert np.isnan(grid[2]).all() and np.isnan(grid[:, 3]).all()
    assert plot_filters_by_use(np.zeros((4, 3)), np.zeros((2, 3))).images  # nothing learnt yet


def test_update_sizes_tell_the_ratio_of_the_medians(rng):
    W = rng.lognormal(-2, 1, (40, 30)) * rng.choice([-1, 1], (40, 30))
    ax = plot_update_sizes(W, 0.003 * W)
    assert ax.get_title() == "median update / median weight = 0.003"
    assert ax.get_xscale() == "log"
    for container in ax.containers:
        assert sum(bar.get_height() for bar in container) == pytest.approx(1)
    resting = plot_update_sizes(W, np.zeros_like(W))  # a rate that has fallen to zero
    assert resting.get_title().endswith("= 0") and len(resting.containers) == 1
    assert plot_update_sizes(0 * W, W).get_title().endswith("= nan")


def test_samples_stand_in_a_row_a_chain_and_a_column_a_moment(rng):
    samples = rng.uniform(size=(4, 3, 6))
    ax = plot_samples(samples, (2, 3), steps=[1, 2, 5, 10])
    grid = image(ax)
    assert grid.shape == (3 * 3 - 1, 4 * 4 - 1)
    for chain in range(3):
        for moment in range(4):
            picture = grid[3 * chain : 3 * chain + 2, 4 * moment : 4 * moment + 3]
            np.testing.assert_array_equal(picture.ravel(), samples[moment, chain])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "5", "10"]
    np.testing.assert_array_equal(ax.get_xticks(), [1, 5, 9, 13])


def test_missing_pixels_have_a_colour_that_no_present_one_has(rng):
    truth = rng.uniform(size=(5, 4))
    damaged = truth.copy()
    damaged[:, 1] = np.nan
    filled = np.where(np.isnan(damaged), 0.5, damaged)
    ax = plot_inpainting(damaged, filled, truth)
    colours = image(ax)
    assert colours.shape == (3 * 3 - 1, 5 * 3 - 1, 3)
    is_grey = np.ptp(colours, axis=2) < 1e-12
    assert (~is_grey).sum() == 5
    assert not is_grey[0, 1::3].any()
    np.testing.assert_allclose(np.diff(colours[6:8, 0:2, 0].ravel()).argsort(),
                               np.diff(truth[0]).argsort())  # fmt: skip
    assert [t.get_text() for t in ax.get_yticklabels()] == ["given", "completed", "truth"]
    assert len(plot_inpainting(damaged, filled).get_yticks()) == 2


@pytest.mark.parametrize(
    "draw",
    [
        lambda shape: plot_filters_by_use(np.ones((6, 2)), np.ones((3, 2)), shape),
        lambda shape: plot_samples(np.zeros((2, 2, 6)), shape),
        lambda shape: plot_inpainting(np.zeros((2, 6)), np.zeros((2, 6)), shape=shape),
    ],
)
def test_a_wrong_shape_is_refused(draw):
    for shape in (None, (2, 2)):
        with pytest.raises(ValueError, match=r"shape must multiply to the 6 pixels, got \(2, 2\)"):
            draw(shape)
    assert draw((3, 2)).images

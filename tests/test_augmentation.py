"""Augmentation against scipy.ndimage, and the distribution of what is drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage, stats

from deepen.functions.augmentation import (
    Brightness,
    Compose,
    Flip,
    Rotate,
    Shift,
    UserFunction,
    affine,
)
from deepen.functions.random import uniform
from deepen.layers.cost import NetworkCost, as_augmentation
from engine_problems import random_network

RARE = 1e-6


def images(seed, n=6, shape=(9, 7)):
    X = np.random.RandomState(seed).uniform(0.1, 1, (n, int(np.prod(shape))))
    return X.astype(np.float32)


def scipys(image, matrix, offset):
    """Image (height, width, channels) at matrix @ (p - centre) + centre + offset."""
    centre = (np.array(image.shape[:2]) - 1) / 2
    start = centre + offset - matrix @ centre
    planes = [
        # zeros lie outside and are interpolated with, as in an infinite black frame
        ndimage.affine_transform(plane, matrix, start, order=1, mode="grid-constant", cval=0)
        for plane in np.moveaxis(image, -1, 0)
    ]
    return np.stack(planes, axis=-1)


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_affine_equals_scipys_for_any_matrix(seed):
    rng = np.random.RandomState(seed)
    image = images(seed, 1, (9, 7, 2)).reshape(9, 7, 2)
    for _ in range(4):
        matrix, offset = np.eye(2) + 0.4 * rng.standard_normal((2, 2)), rng.uniform(-4, 4, 2)
        own = affine(*(jnp.asarray(a, jnp.float32) for a in (image, matrix, offset)))
        np.testing.assert_allclose(
            np.asarray(own), scipys(image.astype(float), matrix, offset), atol=2e-5
        )


@pytest.mark.parametrize("shape", [(9, 7), (6, 8, 3)])
def test_shift_by_part_of_a_pixel_equals_scipys(shape, seed):
    X, key = images(seed, shape=shape), jax.random.key(seed)
    own = np.asarray(Shift(2.5, shape, whole=False)(jnp.asarray(X), key))
    offsets = 2.5 * (2 * np.asarray(uniform(key, (6, 2))) - 1)
    for row, x, offset in zip(own, X, offsets, strict=True):
        image = x.reshape(*shape[:2], -1)
        np.testing.assert_allclose(
            row.reshape(image.shape), scipys(image, np.eye(2), offset), atol=1e-5
        )
    # inside the image, where no zeros come in, scipy's plain shift says the same
    plain = ndimage.shift(X[0].reshape(*shape[:2], -1)[..., 0], -offsets[0], order=1)
    inside = (slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(
        own[0].reshape(*shape[:2], -1)[..., 0][inside], plain[inside], atol=1e-5
    )


@pytest.mark.parametrize("shape", [(9, 7), (8, 8, 3)])
def test_rotation_equals_scipys(shape, seed):
    X, key = images(seed, shape=shape), jax.random.key(seed)
    own = np.asarray(Rotate(40.0, shape)(jnp.asarray(X), key))
    angles = np.deg2rad(40.0) * (2 * np.asarray(uniform(key, (6,)), np.float64) - 1)
    for row, x, angle in zip(own, X, angles, strict=True):
        image = x.reshape(*shape[:2], -1)
        np.testing.assert_allclose(
            row.reshape(image.shape), scipys(image, rotation(angle), np.zeros(2)), atol=1e-5
        )


def test_rotation_of_a_square_image_turns_like_scipys_rotate(seed):
    X, key = images(seed, shape=(15, 15)), jax.random.key(seed)
    own = np.asarray(Rotate(30.0, (15, 15))(jnp.asarray(X), key)).reshape(6, 15, 15)
    degrees = 30 * (2 * np.asarray(uniform(key, (6,)), np.float64) - 1)
    i, j = np.mgrid[:15, :15] - 7
    inside = i**2 + j**2 < 36
    for image, x, angle in zip(own, X, degrees, strict=True):
        turned = ndimage.rotate(x.reshape(15, 15), -angle, reshape=False, order=1)
        backwards = ndimage.rotate(x.reshape(15, 15), angle, reshape=False, order=1)
        distance = min(abs(image - t)[inside].max() for t in (turned, backwards))
        assert distance < 1e-5


def test_whole_shifts_move_pixels_unchanged_and_each_offset_is_equally_likely(seed):
    shape, n = (7, 7), 20_000
    X = np.zeros((n, 49), np.float32)
    X[:, 3 * 7 + 3] = 1  # one bright pixel in the centre tells the offset
    own = np.asarray(Shift(2, shape)(jnp.asarray(X), jax.random.key(seed)))
    assert set(np.unique(own)) == {0.0, 1.0}
    assert (own.sum(axis=1) == 1).all()
    rows, columns = np.unravel_index(own.argmax(axis=1), shape)
    counts = np.zeros((5, 5))
    np.add.at(counts, (rows - 1, columns - 1), 1)
    assert counts.sum() == n  # none lies outside of -2 ... 2
    assert stats.chisquare(counts.ravel()).pvalue > RARE


def test_whole_shift_by_less_than_a_pixel_is_none(seed):
    X = images(seed)
    own = Shift(0.9, (9, 7))(jnp.asarray(X), jax.random.key(seed))
    np.testing.assert_array_equal(np.asarray(own), X)


def test_flip_mirrors_left_to_right_about_as_often_as_asked(seed):
    X = np.tile(images(seed, 1), (4000, 1))
    own = np.asarray(Flip((9, 7), probability=0.3)(jnp.asarray(X), jax.random.key(seed)))
    mirrored = X[0].reshape(9, 7)[:, ::-1].ravel()
    is_mirrored = (own == mirrored).all(axis=1)
    assert (is_mirrored | (own == X).all(axis=1)).all()
    assert stats.binomtest(int(is_mirrored.sum()), 4000, 0.3).pvalue > RARE


def test_brightness_scales_each_row_by_a_factor_of_its_own(seed):
    X = images(seed, 4000)
    factors = np.asarray(Brightness(0.4)(jnp.asarray(X), jax.random.key(seed))) / X
    np.testing.assert_allclose(factors, np.tile(factors[:, :1], (1, 63)), rtol=1e-5)
    assert stats.kstest((factors[:, 0] - 0.6) / 0.8, "uniform").pvalue > RARE


@pytest.mark.parametrize(
    "augment",
    [Shift(2, (9, 7)), Shift(1.5, (9, 7), whole=False), Rotate(20, (9, 7)), Brightness(0.5)],
)
def test_equal_rows_are_changed_differently_and_the_draw_follows_the_key(augment, seed):
    X = jnp.asarray(np.tile(images(seed, 1), (64, 1)))
    key = jax.random.key(seed)
    own = np.asarray(augment(X, key))
    assert len(np.unique(own.round(5), axis=0)) > 10
    np.testing.assert_array_equal(own, np.asarray(augment(X, key)))
    assert (own != np.asarray(augment(X, jax.random.fold_in(key, 1)))).any()


def test_steps_of_a_composition_follow_one_another(seed):
    X, key = jnp.asarray(images(seed)), jax.random.key(seed)
    steps = (Shift(1, (9, 7)), Flip((9, 7)))
    first, second = jax.random.split(key, 2)
    np.testing.assert_array_equal(
        np.asarray(Compose(steps)(X, key)), np.asarray(steps[1](steps[0](X, first), second))
    )


def test_the_cost_augments_in_training_alone(seed):
    X, key = jnp.asarray(images(seed)), jax.random.key(seed)
    cost = NetworkCost("squared_error", (), augment=as_augmentation(lambda X, key: 0 * X))
    assert isinstance(cost.augment, UserFunction)
    assert isinstance(as_augmentation(Flip((9, 7))), Flip)
    assert as_augmentation(None) is None
    params = jax.tree.map(jnp.asarray, random_network(seed, (63, 2), np.float32))
    zeros = np.tile(np.asarray(params.intercepts[0]), (6, 1))
    np.testing.assert_allclose(np.asarray(cost.training_forward(params, X, key)), zeros, atol=1e-6)
    assert abs(np.asarray(cost.predict(params, X)) - zeros).max() > 0.01

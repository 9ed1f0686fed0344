"""Random changes of images that leave their class alone: shift, rotate, flip, brightness.

An augmentation is a function ``(X, key) -> X`` of a minibatch, shape (n_rows, n_features), each row
an image of ``shape = (height, width)`` or ``(height, width, channels)`` laid flat in C order. Each row
gets a draw of its own. Geometry is bilinear interpolation with zeros outside the image: the value at
p is the image's at ``A p + t``, with p measured from the image's centre (the convention of
``scipy.ndimage.affine_transform``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from deepen.functions.random import bernoulli, uniform

Number = Any  # a float; inside a compiled program, a traced one
Images = Float[Array, "n_rows height width n_channels"]


def _static(**options: Any) -> Any:
    return field(metadata={"static": True}, **options)


def _images(X: Array, shape: tuple[int, ...]) -> Array:
    height, width, *channels = shape
    return X.reshape(X.shape[0], height, width, channels[0] if channels else 1)


def _bilinear(image: Array, row: Array, column: Array) -> Array:
    """Values of one image (height, width, channels) at real coordinates; zero outside."""
    height, width, _ = image.shape
    padded = jnp.pad(image, ((1, 1), (1, 1), (0, 0)))
    row = jnp.clip(row + 1, 0, height + 1)
    column = jnp.clip(column + 1, 0, width + 1)
    top = jnp.clip(jnp.floor(row).astype(jnp.int32), 0, height)
    left = jnp.clip(jnp.floor(column).astype(jnp.int32), 0, width)
    down = (row - top.astype(row.dtype))[..., None]
    right = (column - left.astype(column.dtype))[..., None]
    upper = (1 - right) * padded[top, left] + right * padded[top, left + 1]
    lower = (1 - right) * padded[top + 1, left] + right * padded[top + 1, left + 1]
    return (1 - down) * upper + down * lower


def affine(image: Array, matrix: Array, offset: Array) -> Array:
    """One image (height, width, channels) read at matrix @ (p - centre) + centre + offset."""
    height, width, _ = image.shape
    centre = jnp.asarray([(height - 1) / 2, (width - 1) / 2], dtype=image.dtype)
    rows, columns = jnp.meshgrid(
        jnp.arange(height, dtype=image.dtype), jnp.arange(width, dtype=image.dtype), indexing="ij"
    )
    points = jnp.stack([rows - centre[0], columns - centre[1]])
    source = jnp.einsum("ij,jhw->ihw", matrix, points) + (centre + offset)[:, None, None]
    return _bilinear(image, source[0], source[1])


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Shift:
    """Shift each image by up to ``pixels``, uniformly and independently in both directions.

    Parameters
    ----------
    pixels : float
        Largest shift, in pixels. Whole numbers of pixels are drawn when ``whole`` is true.
    shape : tuple of int
        Height and width of an image, and its channels if there are any.
    whole : bool, default=True
        Shift by whole pixels, which blurs nothing.

    Examples
    --------
    >>> from deepen.functions.augmentation import Shift
    >>> from deepen.neural_network import MLPClassifier
    >>> network = MLPClassifier(augment=Shift(pixels=1, shape=(8, 8)))
    """

    pixels: Number
    shape: tuple[int, ...] = _static()
    whole: bool = _static(default=True)

    def __call__(self, X: Array, key: Array) -> Array:
        """Shifted copies of the rows of X, (n_rows, n_features) -> the same shape."""
        images = _images(X, self.shape)
        draw = 2 * uniform(key, (X.shape[0], 2)).astype(X.dtype) - 1
        if self.whole:
            span = 2 * jnp.floor(self.pixels) + 1  # -pixels ... pixels, equally likely
            offset = jnp.round(draw * span / 2)
            offset = jnp.clip(offset, -jnp.floor(self.pixels), jnp.floor(self.pixels))
        else:
            offset = draw * self.pixels
        eye = jnp.eye(2, dtype=X.dtype)
        moved = jax.vmap(lambda image, t: affine(image, eye, t))(images, offset.astype(X.dtype))
        return moved.reshape(X.shape)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Rotate:
    """Turn each image about its centre by an angle uniform in [-degrees, degrees].

    Parameters
    ----------
    degrees : float
        Largest angle, in degrees.
    shape : tuple of int
        Height and width of an image, and its channels if there are any.
    """

    degrees: Number
    shape: tuple[int, ...] = _static()

    def __call__(self, X: Array, key: Array) -> Array:
        """Turned copies of the rows of X, (n_rows, n_features) -> the same shape."""
        draw = 2 * uniform(key, (X.shape[0],)).astype(X.dtype) - 1
        angle = draw * jnp.asarray(self.degrees, X.dtype) * (jnp.pi / 180)
        cos, sin = jnp.cos(angle), jnp.sin(angle)
        matrix = jnp.stack([jnp.stack([cos, -sin], -1), jnp.stack([sin, cos], -1)], -2)
        zero = jnp.zeros(2, X.dtype)
        turned = jax.vmap(lambda image, A: affine(image, A, zero))(_images(X, self.shape), matrix)
        return turned.reshape(X.shape)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Flip:
    """Mirror each image left to right with the given probability.

    Parameters
    ----------
    shape : tuple of int
        Height and width of an image, and its channels if there are any.
    probability : float, default=0.5
    """

    shape: tuple[int, ...] = _static()
    probability: Number = 0.5

    def __call__(self, X: Array, key: Array) -> Array:
        """Rows of X, some of them mirrored, (n_rows, n_features) -> the same shape."""
        images = _images(X, self.shape)
        chosen = bernoulli(key, jnp.asarray(self.probability, jnp.float32), (X.shape[0],))
        return jnp.where(chosen[:, None, None, None], images[:, :, ::-1], images).reshape(X.shape)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Brightness:
    """Multiply each image by a factor uniform in [1 - amount, 1 + amount].

    Parameters
    ----------
    amount : float
        Largest relative change, in [0, 1].
    """

    amount: Number

    def __call__(self, X: Array, key: Array) -> Array:
        """Rows of X, each scaled by a factor of its own."""
        draw = 2 * uniform(key, (X.shape[0], 1)).astype(X.dtype) - 1
        return X * (1 + draw * jnp.asarray(self.amount, X.dtype))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Compose:
    """Several augmentations, one after another, each with a key of its own.

    Parameters
    ----------
    steps : tuple of augmentations
    """

    steps: tuple[Any, ...]

    def __call__(self, X: Array, key: Array) -> Array:
        """Rows of X after every step."""
        for step, step_key in zip(self.steps, jax.random.split(key, len(self.steps)), strict=True):
            X = step(X, step_key)
        return X


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class UserFunction:
    """A user's own function of a batch and a key, as part of a program's structure."""

    function: Any = field(metadata={"static": True})

    def __call__(self, X: Array, key: Array) -> Array:
        """Value of the function."""
        return self.function(X, key)

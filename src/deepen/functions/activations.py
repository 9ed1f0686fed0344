"""Activation functions, each written once for every array library.

    identity a(z) = z              logistic a(z) = 1 / (1 + exp(-z))     tanh a(z) = tanh z
    relu a(z) = max(0, z)          leaky_relu a(z) = max(.01 z, z)       softplus a(z) = log(1 + exp z)
    elu a(z) = z, or exp(z) - 1 below 0                                  silu a(z) = z logistic(z)
    selu a(z) = scale elu(z) with alpha (Klambauer et al. 2017, arXiv:1706.02515, eq. 2)
    gelu a(z) = z Phi(z), in the tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2)

The functions ask their argument for its own library (the array API's ``__array_namespace__``), so
that JAX differentiates and NumPy predicts with the same code, and a prediction needs no compiler.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

Array = Any  # a NumPy array, a JAX array or a JAX tracer

LEAKY_SLOPE = 0.01
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
GELU_CUBIC = 0.044715


def identity(z: Array) -> Array:
    """Value z itself."""
    return z


def logistic(z: Array) -> Array:
    """Logistic sigmoid 1 / (1 + exp(-z)), elementwise."""
    if isinstance(z, np.ndarray):
        return expit(z)  # keeps the lower tail, which the form below rounds to zero
    xp = z.__array_namespace__()
    # 1 / (1 + exp(-z)) = (1 + tanh(z/2)) / 2, whose derivative is finite everywhere
    return 0.5 * (xp.tanh(0.5 * z) + 1)


def tanh(z: Array) -> Array:
    """Hyperbolic tangent, elementwise."""
    return z.__array_namespace__().tanh(z)


def relu(z: Array) -> Array:
    """Rectifier max(0, z), elementwise, with derivative 0 at 0."""
    return z.__array_namespace__().where(z > 0, z, 0)


def leaky_relu(z: Array) -> Array:
    """Leaky rectifier: z above zero, .01 z below, elementwise."""
    return z.__array_namespace__().where(z > 0, z, LEAKY_SLOPE * z)


def elu(z: Array) -> Array:
    """Exponential linear unit: z above zero, exp(z) - 1 below, elementwise."""
    xp = z.__array_namespace__()
    # The inner choice keeps exp from overflowing where its value is not used.
    return xp.where(z > 0, z, xp.expm1(xp.where(z > 0, 0, z)))


def selu(z: Array) -> Array:
    """Scaled exponential linear unit, elementwise."""
    xp = z.__array_namespace__()
    return SELU_SCALE * xp.where(z > 0, z, SELU_ALPHA * xp.expm1(xp.where(z > 0, 0, z)))


def softplus(z: Array) -> Array:
    """Softplus log(1 + exp(z)), elementwise, finite for every finite z."""
    return z.__array_namespace__().logaddexp(z, z.__array_namespace__().zeros_like(z))


def gelu(z: Array) -> Array:
    """Gaussian error linear unit z Phi(z) in its tanh form, elementwise."""
    xp = z.__array_namespace__()
    return 0.5 * z * (1 + xp.tanh(math.sqrt(2 / math.pi) * (z + GELU_CUBIC * z * z * z)))


def silu(z: Array) -> Array:
    """Sigmoid linear unit z / (1 + exp(-z)), elementwise."""
    return z * logistic(z)


def softmax(z: Array) -> Array:
    """Softmax exp(z_k) / sum_j exp(z_j) over the last axis."""
    xp = z.__array_namespace__()
    e = xp.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def exp(z: Array) -> Array:
    """Exponential, elementwise: the inverse of the Poisson model's logarithmic link."""
    return z.__array_namespace__().exp(z)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": identity,
    "logistic": logistic,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "softplus": softplus,
    "gelu": gelu,
    "silu": silu,
}

OUTPUT_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": identity,
    "logistic": logistic,
    "softmax": softmax,
    "exp": exp,
}

"""Products of float32 matrices whose factors are rounded to bfloat16, and added up in float32.

    r(x) = x rounded to 8 bits of precision, the exponent that of float32
    product(A, B) = r(A) r(B),      dA = r(G) r(B)',      dB = r(A)' r(G)      for a gradient G of it

A GPU's matrix units do these many times faster than products of float32; an entry's relative error is
some 2^-8 of the sum of its terms' sizes. What is between the products stays float32, as do weights and
the optimiser's state (Micikevicius et al. 2018, sec. 3.1 and 3.3, with bfloat16 for their float16, whose
range needs scaled losses: Kalamkar et al. 2019, arXiv:1905.12322).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float


def _rounded(a: Array) -> Array:
    return a.astype(jnp.bfloat16)


def _product(a: Array, b: Array) -> Array:
    return lax.dot(a, b, preferred_element_type=jnp.float32)


@jax.custom_vjp
def bfloat16_product(
    a: Float[Array, "n_rows n_in"], b: Float[Array, "n_in n_out"]
) -> Float[Array, "n_rows n_out"]:
    """Product r(A) r(B) in float32, (n_rows, n_in), (n_in, n_out) -> (n_rows, n_out)."""
    return _product(_rounded(a), _rounded(b))


def _forward(a: Array, b: Array) -> tuple[Array, Any]:
    factors = _rounded(a), _rounded(b)
    return _product(*factors), factors


def _backward(factors: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    (a, b), g = factors, _rounded(gradient)
    return _product(g, b.T), _product(a.T, g)


bfloat16_product.defvjp(_forward, _backward)

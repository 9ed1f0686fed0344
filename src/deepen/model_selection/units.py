"""Units of a network's targets and logits: its last layer is linear, and takes them on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def target_scale(y: NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of a target; 1 for one that is constant."""
    with np.errstate(over="ignore", invalid="ignore"):
        shift, scale = float(np.mean(y)), float(np.std(y)) or 1.0
    if not np.isfinite([shift, scale]).all():
        raise ValueError("the target's numbers are too large to be squared; divide them.")
    return shift, scale


def scale_last_layer(model: Any, scale: float, shift: float = 0.0) -> None:
    """Have a network's last layer, which is linear, give ``scale * z + shift`` instead of z.

    A network that was trained on (y - shift) / scale then predicts y.
    """
    if (shift, scale) != (0.0, 1.0):
        weights, bias = model.coefs_[-1], model.intercepts_[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            model.coefs_[-1] = (weights * scale).astype(weights.dtype)
            model.intercepts_[-1] = (bias * scale + shift).astype(bias.dtype)
        if not (np.isfinite(model.coefs_[-1]).all() and np.isfinite(model.intercepts_[-1]).all()):
            raise ValueError(f"the target's numbers are too large for {bias.dtype}; divide them.")

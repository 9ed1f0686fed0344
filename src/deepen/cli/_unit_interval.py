"""Rows that a machine with binary units cannot take, refused in words by every command that has rows."""

from __future__ import annotations

from typing import Any

from deepen.cli._models import MODELS


def binary_model(estimator: Any) -> str | None:
    """Name of the model if its values must lie in [0, 1], otherwise None."""
    kind = type(estimator).__name__
    if getattr(estimator, "objective", "") == "discriminative":
        return None
    names = (
        n
        for n, model in MODELS.items()
        if model.is_binary and kind in (model.classifier, model.features)
    )
    return next(names, None)


def check_unit_interval(steps: Any, encoded: Any, *, is_new: bool = False) -> None:
    """Refuse rows outside [0, 1]; the library warns of them in fit, as scikit-learn's contract asks.

    Parameters
    ----------
    steps : sequence of estimators
        Of a pipeline; the last one is the model that shall see the rows.
    encoded : array-like of shape (n_samples, n_inputs)
        The rows as the model sees them.
    is_new : bool, default=False
        Whether the model has been fitted to other rows. New rows may leave the range to which the training
        scaled a column: that is told, not refused.

    Raises
    ------
    ValueError
        With the first such column and the remedy.
    """
    import numpy as np

    model = binary_model(steps[-1])
    if model is None:
        return
    values = np.asarray(encoded)
    low, high = values.min(axis=0), values.max(axis=0)
    columns = _columns(steps, encoded, len(low))
    is_outside = (low < 0) | (high > 1)
    is_scaled = np.array([is_new and getattr(t, "scaling", "") == "unit" for _, t in columns])
    for outside in map(np.flatnonzero, (is_outside & ~is_scaled, is_outside & is_scaled)):
        if not len(outside):
            continue
        first = outside[0]
        name, treatment = columns[first]
        more = f" (and {len(outside) - 1} more)" if outside[1:].size else ""
        said = f"column {name!r}{more} has values from {low[first]:.6g} to {high[first]:.6g}"
        if not is_scaled[first]:
            raise ValueError(f"{said}, and {_remedy(model, name, treatment, is_new)}.")
        _tell(f"{said} after scaling, beyond those of the training, from 0 to 1.")


def _columns(steps: Any, encoded: Any, n_inputs: int) -> list[tuple[str, Any]]:
    """Name of each input's column, and how the table's encoder treats it if there is one."""
    from deepen.datasets import TableEncoder

    if len(steps) > 1 and isinstance(steps[-2], TableEncoder):
        return [(c.name, e) for c, e, _ in steps[-2].used() for _ in e.names(c.name)]
    return [(str(name), None) for name in getattr(encoded, "columns", range(n_inputs))]


def _remedy(model: str, name: str, treatment: Any, is_new: bool) -> str:
    from deepen.datasets.encoders import Numbers
    from deepen.datasets.kinds import override_of

    other = "--model gaussian-rbm" if model == "rbm" else "--set objective=discriminative"
    remedy = "add --scale"
    if treatment is not None and not isinstance(treatment, Numbers):
        remedy = f"leave it out with {override_of(name, 'text')}"
    elif is_new:
        remedy = "give rows in the units of its training, or add --scale to deepen fit"
    return f"--model {model} takes values in [0, 1]: {remedy}, or choose {other}"


def _tell(note: str) -> None:
    from deepen.cli._common import console

    console().say(f"Note: {note}")

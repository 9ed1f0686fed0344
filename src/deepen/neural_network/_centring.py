"""The coordinates that a network is trained in: its own, or those of centred rows.

What is trained on, checked and told outside are the plain parameters; those for x - mu are the
optimiser's alone. The mathematics is in :mod:`deepen.layers.centred_rows`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

Array = NDArray[Any]


class Coordinates(NamedTuple):
    """Between the plain parameters and those of the optimiser.

    Attributes
    ----------
    mean : array of shape (n_features,) or None
        mu; without it both are the same.
    """

    mean: Array | None

    def cost(self, objective: Any) -> Any:
        """The objective in the optimiser's parameters."""
        if self.mean is None:
            return objective
        from deepen.layers.centred_rows import CentredCost

        return CentredCost(objective, self.mean)

    def inside(self, params: Any) -> Any:
        """The optimiser's parameters."""
        if self.mean is None:
            return params
        from deepen.layers.centred_rows import relative

        return relative(params, self.mean)

    def outside(self, params: Any) -> Any:
        """The plain ones."""
        if self.mean is None:
            return params
        from deepen.layers.centred_rows import plain

        return plain(params, self.mean)

    def callbacks(self, callbacks: tuple[Any, ...]) -> tuple[Any, ...]:
        """Callbacks that see the plain parameters."""
        if self.mean is None:
            return callbacks
        return tuple(_Outside(callback, self) for callback in callbacks)


class _Outside:
    """A callback, called with events whose parameters are plain."""

    def __init__(self, callback: Any, coordinates: Coordinates) -> None:
        self.callback, self.coordinates = callback, coordinates

    def __call__(self, event: Any) -> Any:
        return self.callback(
            event._replace(params=lambda: self.coordinates.outside(event.params()))
        )

    def close(self) -> None:
        close = getattr(self.callback, "close", None)
        if close is not None:
            close()

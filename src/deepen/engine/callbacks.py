"""What a run tells while it trains: the epoch's figures, to any callable.

A callback is called with an :class:`Event` after every epoch and stops the run by returning True.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Event(NamedTuple):
    """Figures of the epoch that just ended.

    Attributes
    ----------
    epoch : int, 1 for the first
    max_iter : int, the most epochs that the run may take
    loss : float, mean training cost of the epoch with its penalties
    learning_rate : float or None, None for the deterministic solvers
    validation_score : float or None
    validation_loss : float or None
    params : callable without arguments, NumPy copies of the parameters
    """

    epoch: int
    max_iter: int
    loss: float
    learning_rate: float | None
    validation_score: float | None
    validation_loss: float | None
    params: Callable[[], Any]


Callback = Callable[[Event], bool | None]


class ProgressBar:
    """A bar with the epoch, the loss and the time left; silent unless on a terminal.

    Parameters
    ----------
    description : str, default="training"

    Examples
    --------
    >>> from deepen.engine import ProgressBar
    >>> from deepen.neural_network import MLPClassifier
    >>> network = MLPClassifier(callbacks=[ProgressBar()])
    """

    def __init__(self, description: str = "training") -> None:
        self.description = description

    def __call__(self, event: Event) -> None:
        """Draw the bar up to the event's epoch."""
        bar = self._start(event) if event.epoch == 1 or not hasattr(self, "_bar") else self._bar
        if bar is None:
            return
        score = (
            "" if event.validation_score is None else f"  validation {event.validation_score:.4f}"
        )
        text = f"{self.description}  loss {event.loss:.4g}{score}"
        bar.update(bar.task_ids[0], completed=event.epoch, description=text)

    def _start(self, event: Event) -> Any:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self.close()
        console = Console(stderr=True)
        self._bar: Any = None
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, TimeRemainingColumn(), console=console)
            self._bar.add_task(self.description, total=event.max_iter)
            self._bar.start()
        return self._bar

    def close(self) -> None:
        """End the bar; the engine does so when a run ends."""
        bar = self.__dict__.pop("_bar", None)
        if bar is not None:
            bar.stop()

    def __getstate__(self) -> dict[str, Any]:
        return {"description": self.description}


def close_all(callbacks: tuple[Callback, ...]) -> None:
    """Tell every callback that can be closed that the run has ended."""
    for callback in callbacks:
        close = getattr(callback, "close", None)
        if close is not None:
            close()

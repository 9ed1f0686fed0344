"""scikit-learn's callback protocol (``sklearn.callback``, since 1.9) for deepen's estimators.

The adapter stands outside the engine: it is one more function that the engine calls after each epoch.
The root task is the fit, its subtasks are the epochs or iterations; one empty subtask closes a run, as
in scikit-learn's own logistic regression. With an older scikit-learn the mixin is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["CallbackSupport", "callback_session"]

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback._callback_support import callback_management_context
except ImportError:  # scikit-learn before 1.9

    class CallbackSupport:  # type: ignore[no-redef]
        """Nothing to support."""


class _Bridge:
    """Engine callback that ends the task of the finished epoch and begins the next one's."""

    def __init__(
        self, root: Any, task: dict[str, Any], name: str, attributes_fn: Callable[[Any], Any]
    ) -> None:
        self.root, self.task, self.name, self.attributes_fn = root, task, name, attributes_fn
        self.current: Any = None

    def begin(self, params: Any) -> None:
        self.current = self.root.subcontext(task_name=self.name)
        self.current.call_on_fit_task_begin(
            **self.task, reconstruction_attributes=self.attributes_fn(params)
        )

    def __call__(self, event: Any) -> bool:
        params = event.params()
        stop = self.current.call_on_fit_task_end(
            **self.task, reconstruction_attributes=self.attributes_fn(params)
        )
        self.begin(params)
        return bool(stop)


@contextmanager
def callback_session(
    estimator: Any,
    data: tuple[Any, Any],
    name: str,
    params: Any,
    attributes_fn: Callable[[Any], dict[str, Any]],
) -> Iterator[tuple[Any, ...]]:
    """Engine callbacks that tell scikit-learn's; none where none are set.

    ``attributes_fn`` turns the engine's parameters into the fitted attributes of an estimator that can
    predict, ``params`` are the first ones, ``data`` is (X, y).
    """
    if not getattr(estimator, "_skl_callbacks", None):  # a meta-estimator's reach it there too
        yield ()
        return
    with callback_management_context(estimator):
        task = {"estimator": estimator, "X": data[0], "y": data[1]}
        root = estimator._init_callback_context(max_subtasks=max(estimator.max_iter, 1) + 1)
        root.call_on_fit_task_begin(**task)
        bridge = _Bridge(root, task, name, attributes_fn)
        bridge.begin(params)
        yield (bridge,)
        bridge.current.call_on_fit_task_end(estimator=estimator)
        root.call_on_fit_task_end(**task, reconstruction_attributes={})

"""How one setting of a rung is trained: on training rows, stopped and judged on validation rows."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.metrics import Metric, Task
from deepen.model_selection.rungs import NETWORKS, Rung, build

PATIENCE = 20  # epochs without progress on the validation rows
BATCH_SIZE = 64
ROWS_FOR_THREADS = 20_000
DIVERGED = "Solver produced non-finite parameter weights"


@dataclass
class Arrays:
    """One repeat, encoded: the training rows fitted the encoder."""

    encoder: Any
    X_train: NDArray[np.float32]
    X_validation: NDArray[np.float32]
    X_test: NDArray[np.float32]
    y_train: NDArray[Any]
    y_validation: NDArray[Any]
    y_test: NDArray[Any]


@dataclass
class FittedCandidate:
    """A trained setting, judged on the validation rows."""

    model: Any
    validation_loss: float
    seconds: float
    n_epochs: int
    history: dict[str, list[float]]
    failure: str = ""  # why there is no model


class StopAfter:
    """Callback that ends training after `n_epochs` epochs."""

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def __call__(self, event: Any) -> bool:
        """Whether training should stop after this epoch."""
        return bool(event.epoch >= self.n_epochs)


class KeepBest:
    """Callback that keeps the weights of the best validation score, the latest of equals.

    On some hundred rows the score moves in steps; the first of equal scores comes long before the
    network has learnt. `deadline` is in the seconds of `time.monotonic`. `judge` gives the loss of
    parameters on the validation rows; without it the network's own score counts.
    """

    def __init__(
        self,
        patience: float,
        deadline: float | None = None,
        judge: Callable[[Any], float] | None = None,
    ) -> None:
        self.patience = patience
        self.deadline = deadline
        self.judge = judge
        self.score, self.epoch, self.params = -float("inf"), 0, None

    def __call__(self, event: Any) -> bool:
        """Whether training should stop after this epoch."""
        params = event.params() if self.judge is not None else None
        score = event.validation_score if self.judge is None else -self.judge(params)
        if score >= self.score:
            params = event.params() if params is None else params
            self.score, self.epoch, self.params = score, event.epoch, params
        is_late = self.deadline is not None and time.monotonic() >= self.deadline
        return is_late or event.epoch - self.epoch >= self.patience

    def restore(self, model: Any) -> None:
        """Give a fitted network the weights that were kept."""
        if self.params is not None:
            model.coefs_, model.intercepts_ = (list(part) for part in self.params)


class ClassJudge:
    """Loss of a classifying network's parameters on the validation rows, in the ladder's metric.

    Accuracy, the network's own score, prefers the epoch that ignores a rare class.
    """

    def __init__(self, metric: Metric, arrays: Arrays) -> None:
        self.metric = metric
        self.X, self.y = arrays.X_validation, arrays.y_validation
        self.classes = np.unique(arrays.y_train)

    def __call__(self, params: Any) -> float:
        """Loss; `params` are coefficients and intercepts of a network of rectified units."""
        coefs, intercepts = params
        hidden = self.X
        for weights, bias in zip(coefs[:-1], intercepts[:-1], strict=True):
            hidden = np.maximum(hidden @ weights + bias, 0)
        outputs = hidden @ coefs[-1] + intercepts[-1]
        number = (outputs[:, 0] > 0).astype(int) if outputs.shape[1] == 1 else outputs.argmax(1)
        return self.metric(self.y, self.classes[number])


def divergence_of(error: ValueError) -> str:
    """First sentence of an error of a training that diverged; empty for any other error."""
    from deepen.engine import stopping

    known = getattr(stopping, "DivergenceError", ())
    text = str(error)
    is_divergence = isinstance(error, known) or text.startswith(DIVERGED)
    return text.partition(". ")[0] if is_divergence else ""


def fit_candidate(
    rung: Rung,
    task: Task,
    params: Mapping[str, Any],
    arrays: Arrays,
    metric: Metric,
    *,
    seed: int,
    deadline: float | None = None,
) -> FittedCandidate:
    """Train one setting on the training rows; stop and judge on the validation rows."""
    model = build(rung, task, params, seed)
    start = time.monotonic()
    X, y, X_val, y_val = arrays.X_train, arrays.y_train, arrays.X_validation, arrays.y_validation
    if rung.name in NETWORKS:
        # The modern rung walks its cosine schedule to the end: the last, slow epochs are its gain.
        judge = ClassJudge(metric, arrays) if metric.key == "balanced_error" else None
        keep = KeepBest(float("inf") if rung.name == "modern" else PATIENCE, deadline, judge)
        model.set_params(callbacks=[keep], batch_size=min(BATCH_SIZE, len(X)))
        shift, scale = target_scale(y) if task == "regression" else (0.0, 1.0)
        if task == "regression":
            y, y_val = (y - shift) / scale, (y_val - shift) / scale
        fit_network(model, X, y, X_val=X_val, y_val=y_val)
        keep.restore(model)
        finish_network(model, shift, scale)
        n_epochs = keep.epoch or int(model.n_iter_)
    elif rung.name == "boosting":
        # On small tables the threads' waiting for one another costs many times the work.
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        with threadpool_limits(limits=1 if len(X) < ROWS_FOR_THREADS else None, user_api="openmp"):
            model.fit(X, y, X_val=X_val, y_val=y_val)
    else:
        model.fit(X, y)
    seconds = time.monotonic() - start
    loss = metric(arrays.y_validation, model.predict(X_val))
    history = history_of(model)
    if rung.name not in NETWORKS:
        n_epochs = int(model.n_iter_) if hasattr(model, "train_score_") else 0
    # A loss that is not finite is as bad as one can be; NaN would win every argmin.
    loss = loss if np.isfinite(loss) else float("inf")
    return FittedCandidate(model, loss, seconds, n_epochs, history)


def fit_network(model: Any, X: Any, y: Any, **held_out: Any) -> None:
    """Fit a network; Ctrl-C, which a network's own fit takes for "enough", ends the climb here."""
    from deepen.engine.stopping import BY_USER

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", BY_USER)
        model.fit(X, y, **held_out)
    if model.stop_reason_ == BY_USER:
        raise KeyboardInterrupt


def refit(
    rung: Rung, task: Task, params: Mapping[str, Any], X: Any, y: Any, *, seed: int, n_epochs: int
) -> Any:
    """Train the chosen setting on all rows, for as many epochs (trees) as served in the repeats."""
    model = build(rung, task, params, seed)
    if rung.name in NETWORKS:
        # The schedule keeps its horizon; only the walk along it ends where it ended in the repeats.
        model.set_params(callbacks=[StopAfter(n_epochs)], batch_size=min(BATCH_SIZE, len(X)))
        shift, scale = target_scale(y) if task == "regression" else (0.0, 1.0)
        fit_network(model, X, (y - shift) / scale if task == "regression" else y)
        finish_network(model, shift, scale)
        return model
    if rung.name == "boosting":
        model.set_params(max_iter=max(1, n_epochs), early_stopping=False)
    return model.fit(X, y)


def target_scale(y: NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of a target; 1 for one that is constant."""
    return float(np.mean(y)), float(np.std(y)) or 1.0


def finish_network(model: Any, shift: float, scale: float) -> None:
    """Give a network trained on a standardised target its own units; drop its callbacks."""
    model.set_params(callbacks=None)
    if (shift, scale) != (0.0, 1.0):
        model.coefs_[-1] = (model.coefs_[-1] * scale).astype(model.coefs_[-1].dtype)
        model.intercepts_[-1] = (model.intercepts_[-1] * scale + shift).astype(
            model.intercepts_[-1].dtype
        )


def history_of(model: Any) -> dict[str, list[float]]:
    """Learning curves by name, one entry per epoch or tree; empty for a model that has none."""
    if hasattr(model, "history_"):
        return {name: [float(v) for v in values] for name, values in model.history_.items()}
    if len(getattr(model, "train_score_", ())):
        curves = {"loss": model.train_score_, "validation_loss": model.validation_score_}
        return {name: [-float(v) for v in values] for name, values in curves.items()}
    return {}

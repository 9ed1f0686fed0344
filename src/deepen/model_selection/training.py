"""How one setting of a rung is trained: on training rows, stopped on stopping rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection import clock
from deepen.model_selection.data import Arrays, Data
from deepen.model_selection.pretraining import Pretraining, fine_tuning_epochs, finish_layers
from deepen.model_selection.rung_models import MAX_TREES
from deepen.model_selection.rungs import Rung, build
from deepen.model_selection.temperature import temperature_of_network
from deepen.model_selection.units import scale_last_layer, target_scale

BATCH_SIZE = 64
ROWS_FOR_THREADS = 20_000
# Trees are first timed where a fit may be long: cells times trees of one round.
CELLS_WORTH_TIMING, TIMED_TREES, LEAST_TREES = 2_000_000, 2, 10
DIVERGED = "Solver produced non-finite parameter weights"


@dataclass
class Fitted:
    """A trained setting."""

    model: Any
    seconds: float = 0.0  # but for compiling
    n_epochs: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    failure: str = ""  # why there is no model
    pretraining_seconds: float = 0.0  # likewise, once in each repeat, and not part of `seconds`
    is_cut: bool = False  # a network whose time ended before its training
    temperature: float = 1.0  # what the last layer was divided by


class StopAfter:
    """Callback that ends training after `n_epochs` epochs."""

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def __call__(self, event: Any) -> bool:
        """Whether training should stop after this epoch."""
        return bool(event.epoch >= self.n_epochs)


class KeepBest:
    """Callback that keeps the weights of the best score on the stopping rows, the latest of equals.

    On some hundred rows the score moves in steps; the first of equal scores, which a network's own fit
    keeps, comes long before it has learnt. `deadline` is in the seconds of `clock.now`. `judge` gives the
    loss of parameters on the stopping rows; without it the network's own score counts. Of a schedule that
    `walks_to_end` the end is the best; one that the deadline cuts short ends where steps are long.
    """

    def __init__(
        self,
        patience: float,
        deadline: float | None = None,
        judge: Callable[[Any], float] | None = None,
        walks_to_end: bool = False,
    ) -> None:
        self.walks_to_end = walks_to_end
        self.patience = patience
        self.deadline = deadline
        self.judge = judge
        self.score, self.epoch, self.params = -float("inf"), 0, None

    def __call__(self, event: Any) -> bool:
        """Whether training should stop after this epoch."""
        params = event.params() if self.judge is not None else None
        score = event.validation_score if self.judge is None else -self.judge(params)
        is_end = self.walks_to_end and event.epoch == event.max_iter
        if is_end or score >= self.score:
            params = event.params() if params is None else params
            self.score, self.epoch, self.params = score, event.epoch, params
        is_late = self.deadline is not None and clock.now() >= self.deadline
        return is_late or event.epoch - self.epoch >= self.patience

    def restore(self, model: Any) -> None:
        """Give a fitted network the weights that were kept."""
        if self.params is not None:
            model.coefs_, model.intercepts_ = (list(part) for part in self.params)


class ClassJudge:
    """Loss of a classifying network's parameters on the stopping rows, in the ladder's metric.

    Accuracy, the network's own score, prefers the epoch that ignores a rare class.
    """

    def __init__(self, data: Data, arrays: Arrays, activation: str = "relu") -> None:
        self.metric, self.activation = data.metric, activation
        self.X, self.y = arrays.stopping[0], data.codes(arrays.stopping[1])

    def __call__(self, params: Any) -> float:
        """Loss; `params` are coefficients and intercepts of a network."""
        from scipy.special import expit, softmax

        from deepen.layers.feed_forward import Params, forward

        coefs, intercepts = params
        names = (self.activation,) * (len(coefs) - 1)
        z = np.asarray(forward(Params(tuple(coefs), tuple(intercepts)), self.X, names))
        p = np.hstack([1 - expit(z), expit(z)]) if z.shape[1] == 1 else softmax(z, axis=1)
        return float(self.metric.of_output(self.y, p).mean())


def divergence_of(error: ValueError) -> str:
    """First sentence of an error of a training that diverged; empty for any other error."""
    from deepen.engine import stopping

    known = getattr(stopping, "DivergenceError", ())
    text = str(error)
    is_divergence = isinstance(error, known) or text.startswith(DIVERGED)
    return text.partition(". ")[0] if is_divergence else ""


def fit_candidate(
    rung: Rung,
    params: Mapping[str, Any],
    arrays: Arrays,
    data: Data,
    *,
    seed: int,
    deadline: float | None = None,
) -> Fitted:
    """Train one setting on the training rows; stop on the stopping rows."""
    from sklearn.exceptions import ConvergenceWarning

    model = build(rung, data.task, params, seed, is_balanced=data.is_balanced)
    watch, before = clock.Stopwatch(), 0.0
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        # What has not converged is judged as it is; what overflows ends in a loss that shows it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            if rung.pretraining:
                rows = arrays.pretraining or Pretraining(arrays.training[0], seed=data.seed)
                before = rows.start(model, deadline)
                watch = clock.Stopwatch()
            n_epochs = _FITS[rung.kind](rung, model, arrays, data, deadline)
        except ValueError as error:
            if not (failure := divergence_of(error)):
                raise
            return Fitted(None, watch.seconds, failure=failure)
        temperature = 1.0
        if rung.is_network and data.task == "classification":
            X, y = arrays.stopping
            temperature = temperature_of_network(model, X, y, is_balanced=data.is_balanced)
            scale_last_layer(model, 1 / temperature)
    seconds, history = watch.seconds, history_of(model)
    is_late = deadline is not None and clock.now() >= deadline
    is_cut = rung.is_network and is_late and int(model.n_iter_) < model.max_iter
    return Fitted(model, seconds, n_epochs, history, "", before, is_cut, temperature)


def _fit_plain(rung: Rung, model: Any, arrays: Arrays, data: Data, deadline: float | None) -> int:
    model.fit(*arrays.training)
    return 0


def _fit_network(rung: Rung, model: Any, arrays: Arrays, data: Data, deadline: float | None) -> int:
    X, y = arrays.training
    X_val, y_val = arrays.stopping
    activation = getattr(model, "activation", "relu")
    judged = data.metric.key in ("balanced_error", "auc", "log_loss")
    judge = ClassJudge(data, arrays, activation) if judged else None
    keep = KeepBest(rung.patience, deadline, judge, rung.walks_to_end)
    model.set_params(callbacks=[keep], batch_size=min(BATCH_SIZE, len(X)))
    shift, scale = target_scale(y) if data.task == "regression" else (0.0, 1.0)
    if data.task == "regression":
        y, y_val = (y - shift) / scale, (y_val - shift) / scale
    if rung.pretraining:
        model.set_params(max_iter=fine_tuning_epochs(len(X), BATCH_SIZE))
    fit_network(model, X, y, X_val=X_val, y_val=y_val)
    keep.restore(model)
    n_epochs = keep.epoch or int(model.n_iter_)
    finish_network(rung, model, shift, scale)
    return n_epochs


def _fit_trees(rung: Rung, model: Any, arrays: Arrays, data: Data, deadline: float | None) -> int:
    X, y = arrays.training
    _tell_categories(model, X, arrays.is_categorical)
    with few_threads(len(X)):
        if deadline is not None and X.size * max(1, len(data.classes)) > CELLS_WORTH_TIMING:
            start = clock.now()
            model.set_params(max_iter=TIMED_TREES).fit(X, y, X_val=X[:10], y_val=y[:10])
            one = (clock.now() - start) / TIMED_TREES
            n_fitting = int(max(0.0, deadline - clock.now()) / max(one, 1e-6))
            model.set_params(max_iter=int(np.clip(n_fitting, LEAST_TREES, MAX_TREES)))
        model.fit(X, y, X_val=arrays.stopping[0], y_val=arrays.stopping[1])
    return int(model.n_iter_)


def _tell_categories(model: Any, X: Any, is_categorical: NDArray[np.bool_] | None) -> None:
    """Which columns hold codes, and bins enough for all of them: trees take no more codes than bins."""
    if is_categorical is None or not is_categorical.any():
        return
    codes = X[:, is_categorical]
    most = int(np.max(codes, initial=0.0, where=~np.isnan(codes)))
    bins = max(model.max_bins, most + 1)
    model.set_params(categorical_features=is_categorical, max_bins=bins)


_FITS = {"plain": _fit_plain, "network": _fit_network, "trees": _fit_trees}


@contextmanager
def few_threads(n_rows: int) -> Iterator[None]:
    """On small tables the threads' waiting for one another costs many times the work."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1 if n_rows < ROWS_FOR_THREADS else None, user_api="openmp"):
        yield


def fit_network(model: Any, X: Any, y: Any, **others: Any) -> None:
    """Fit a network; Ctrl-C, which a network's own fit takes for "enough", ends the climb here."""
    from deepen.engine.stopping import BY_USER

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", BY_USER)
        model.fit(X, y, **others)
    if model.stop_reason_ == BY_USER:
        raise KeyboardInterrupt


def refit(
    rung: Rung,
    params: Mapping[str, Any],
    X: Any,
    data: Data,
    *,
    n_epochs: int,
    temperature: float = 1.0,
    is_categorical: NDArray[np.bool_] | None = None,
    pretraining: Pretraining | None = None,
) -> Any:
    """Train the chosen setting on all rows, for as many epochs (trees) as served in the repeats.

    What calibrated it there does here, where no rows are left to find it.
    """
    model = build(rung, data.task, params, data.seed, is_balanced=data.is_balanced)
    y = data.y
    if rung.is_network:
        if pretraining is not None:
            pretraining.start(model, None)
            model.set_params(max_iter=n_epochs)
        # The schedule keeps its horizon; only the walk along it ends where it ended in the repeats.
        model.set_params(callbacks=[StopAfter(n_epochs)], batch_size=min(BATCH_SIZE, len(X)))
        shift, scale = target_scale(y) if data.task == "regression" else (0.0, 1.0)
        fit_network(model, X, (y - shift) / scale if data.task == "regression" else y)
        finish_network(rung, model, shift, scale)
        scale_last_layer(model, 1 / temperature)
        return model
    if rung.kind == "trees":
        model.set_params(max_iter=max(1, n_epochs), early_stopping=False)
        _tell_categories(model, X, is_categorical)
    with few_threads(len(X)):
        return model.fit(X, y)


def finish_network(rung: Rung, model: Any, shift: float, scale: float) -> None:
    """Give a network trained on a standardised target its own units; drop its callbacks."""
    model.set_params(callbacks=None)
    if rung.pretraining:
        finish_layers(model, rung.pretraining)
    scale_last_layer(model, scale, shift)


def history_of(model: Any) -> dict[str, list[float]]:
    """Learning curves by name, one entry per epoch or tree; empty for a model that has none."""
    if hasattr(model, "history_"):
        return {name: [float(v) for v in values] for name, values in model.history_.items()}
    if len(getattr(model, "train_score_", ())):
        curves = {"loss": model.train_score_, "validation_loss": model.validation_score_}
        return {name: [-float(v) for v in values] for name, values in curves.items()}
    return {}

"""The ladder: climb from regression to deep networks on one table, and say which rung pays.

for each rung, from the cheapest, and each repeat, the same rows for all rungs:
    encode on the training rows; train a few settings; choose one on the validation rows
    loss of the chosen one on the test rows
gains between all pairs of rungs, simultaneous; the cheapest rung that suffices
refit it on all rows
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from deepen.model_selection.climb import Attempt, Climber, Clock, Data, columns_of, refit_on_all
from deepen.model_selection.metrics import Task, choose_metric, least_gain, variance_floor
from deepen.model_selection.prepare import check_parameters, prepare
from deepen.model_selection.results import LadderEvent, RungResult, nothing_to_compare
from deepen.model_selection.rungs import RUNNING_ORDER, Rung, select_rungs
from deepen.model_selection.sentence import with_sentence
from deepen.model_selection.splits import (
    TEST_SHARE,
    TEST_TRAIN_RATIO,
    check_groups,
    draw_split,
    duplicate_groups,
)
from deepen.model_selection.training import divergence_of
from deepen.model_selection.verdict import Verdict, decide, paired_gains

# The part of the budget kept for training the chosen rung on all rows.
REFIT_SHARE = 0.1


class Ladder(BaseEstimator):
    """Climb from logistic regression to deep networks; which rung pays, with error bars.

    Every rung trains on the same rows, is tuned and stopped on the same other rows, and is judged
    on the same third part, over several random splits. Gains between rungs get simultaneous 95 %
    intervals. A rung *pays* when its interval lies above zero, *does not pay* when it lies below
    `min_gain`; otherwise the rows *cannot tell*. The cheapest rung that surely suffices is
    refitted on all rows; where none can be shown to, the one with the lowest mean loss is, and the
    verdict says so.

    Parameters
    ----------
    time_budget : float, default=900
        Seconds for everything. Rungs share it equally; one that does not get through two repeats
        is left out.
    repeats : int, default=10
        Random splits, at least 2. Fewer than about 10 leave Student's tails wide.
    trials : int, default=None
        Settings tried for each rung and repeat. When given, the time budget does not apply and the
        same seed gives the same result. None: up to 4, fewer when time is short.
    metric : {"error", "balanced_error", "rmse"}, default=None
        The loss. None: error rate, balanced where one class is more than 9 times rarer than
        another; RMSE for regression.
    rungs : "auto" or sequence of str, default="auto"
        Among baseline, linear, one_hidden, deep, modern, boosting.
    min_gain : float, default=None
        The gain in loss below which a rung is not worth its cost. None: 0.01 for rates, 0.02
        standard deviations of the target for RMSE.
    task : {"classification", "regression"}, default=None
        None: inferred from the target.
    random_state : int, RandomState instance or None, default=0
        Splits, settings and starting weights.
    progress : callable, default=None
        Called with a `LadderEvent` as rungs, settings and repeats come and go.

    Attributes
    ----------
    verdict_ : Verdict
        What to use and why; ``verdict_.sentence`` says it in words.
    results_ : list of RungResult
        One per rung, cheapest first, boosting last.
    best_estimator_ : Pipeline
        Encoder and chosen model, refitted on all labelled rows. Absent where Ctrl-C or divergence
        ended that training: `refit_reason_` then says so.
    refit_reason_ : str
        Why there is no `best_estimator_`; empty where there is one.
    task_, metric_ : str, Metric
        What was inferred or chosen.
    n_samples_, n_unlabeled_, n_duplicates_ : int
        Labelled rows; rows without a target, left out; rows that repeat another, kept
        on one side of each split.
    min_gain_ : float
        The least gain in force.
    test_targets_, test_predictions_ : ndarray
        The chosen rung's test rows of all repeats together.
    is_interrupted_ : bool
        Whether Ctrl-C ended the climb, or the training on all rows, early.
    elapsed_ : float
        Seconds that fit took.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> ladder = Ladder(repeats=3, trials=1, rungs=["baseline", "linear"]).fit(X, y)
    >>> ladder.verdict_.status, ladder.verdict_.chosen
    ('alone', 'linear')
    """

    def __init__(
        self,
        time_budget: float = 900.0,
        *,
        repeats: int = 10,
        trials: int | None = None,
        metric: str | None = None,
        rungs: str | Sequence[str] = "auto",
        min_gain: float | None = None,
        task: Task | None = None,
        random_state: Any = 0,
        progress: Callable[[LadderEvent], Any] | None = None,
    ) -> None:
        self.time_budget = time_budget
        self.repeats = repeats
        self.trials = trials
        self.metric = metric
        self.rungs = rungs
        self.min_gain = min_gain
        self.task = task
        self.random_state = random_state
        self.progress = progress

    def fit(self, X: Any, y: ArrayLike) -> Ladder:
        """Climb, decide, and refit the chosen rung.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            A table as it is: the encoder types and prepares its columns inside each split.
        y : array-like of shape (n_samples,)
            Targets; missing ones mark unlabelled rows, which are counted and left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of range, or the rows cannot be split: the message says what to
            change.
        KeyboardInterrupt
            On Ctrl-C before two repeats of any rung are done; later ones end the climb, or the
            training on all rows, in good order.
        """
        check_parameters(self)
        clock = Clock(None if self.trials is not None else float(self.time_budget))
        X, target, self.task_, self.n_unlabeled_ = prepare(X, y, self.task)
        self.n_samples_, self.n_features_in_ = X.shape
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.metric_ = choose_metric(self.metric, self.task_, target)
        self.min_gain_ = self.min_gain or least_gain(self.metric_, target)
        data = self._data(X, target)
        attempts = self._climb(data, clock)
        self._conclude(data, attempts)
        self._try_refit(data, attempts, clock)
        self.elapsed_ = clock.elapsed
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Labels or values of shape (n_samples,) from the refitted model."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict(X))

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Class probabilities of shape (n_samples, n_classes), in the order of ``classes_``."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict_proba(X))

    def score(self, X: Any, y: ArrayLike) -> float:
        """Accuracy or R2 of the refitted model, as scikit-learn's estimators return it."""
        check_is_fitted(self, "best_estimator_")
        return float(self.best_estimator_.score(X, y))

    def to_dict(self) -> dict[str, Any]:
        """Every number and interval as plain data for JSON."""
        check_is_fitted(self, "verdict_")
        return {
            "verdict": asdict(self.verdict_),
            "metric": self.metric_.key,
            "task": self.task_,
            "n_samples": self.n_samples_,
            "n_unlabeled": self.n_unlabeled_,
            "n_duplicates": self.n_duplicates_,
            "repeats": self.repeats,
            "trials": self.trials,
            "is_interrupted": self.is_interrupted_,
            "refit_reason": self.refit_reason_,
            "elapsed": self.elapsed_,
            "rungs": [asdict(result) for result in self.results_],
        }

    def _data(self, X: Any, target: NDArray[Any]) -> Data:
        """Splits for all repeats, drawn before anything is trained."""
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        groups, self.n_duplicates_ = duplicate_groups(X)
        check_groups(groups)
        strata = None
        if self.task_ == "classification":
            self.classes_, strata = np.unique(target, return_inverse=True)
        splits = [draw_split(strata, groups, r, seed) for r in range(self.repeats)]
        floor = variance_floor(self.metric_, target, TEST_SHARE)
        return Data(
            X,
            target,
            self.task_,
            self.metric_,
            splits,
            TEST_TRAIN_RATIO,
            floor,
            seed,
            columns_of(X),
        )

    def _climb(self, data: Data, clock: Clock) -> dict[str, Attempt]:
        """Run the rungs in turn; each gets an equal share of the time that is left."""
        wanted = {rung.name: rung for rung in select_rungs(self.rungs)}
        order = [wanted[name] for name in RUNNING_ORDER if name in wanted]
        attempts = {
            rung.name: Attempt(RungResult(rung.name, rung.title_for(self.task_), rung.role))
            for rung in order
        }
        climber = Climber(data, clock, self.trials, self.progress)
        plan = f"{self.n_samples_} rows, {self.n_features_in_} columns, "
        plan += f"{len(order)} rungs, {self.repeats} repeats"
        climber.tell("plan", plan, n_rungs=len(order))
        self.is_interrupted_ = False
        try:
            for number, rung in enumerate(order):
                climber.position = {"rung_number": number + 1, "n_rungs": len(order)}
                share = clock.left * (1 - REFIT_SHARE) / (len(order) - number)
                if share <= 0:
                    attempts[rung.name].result.reason = "the time budget was spent"
                    continue
                climber.run(rung, share, attempts[rung.name])
        except KeyboardInterrupt:
            if not any(
                a.result.is_finished and a.result.role != "baseline" for a in attempts.values()
            ):
                raise
            self.is_interrupted_ = True
        return {rung.name: attempts[rung.name] for rung in wanted.values()}

    def _conclude(self, data: Data, attempts: dict[str, Attempt]) -> None:
        """Compare what finished, on the repeats that both of a pair have."""
        self.results_ = [attempt.result for attempt in attempts.values()]
        compared = {r.name: r for r in self.results_ if r.is_finished and r.role != "baseline"}
        if not compared:
            raise ValueError(nothing_to_compare(self.results_))
        losses = {name: result.scores for name, result in compared.items()}
        gains = paired_gains(
            losses, test_train_ratio=data.ratio, min_gain=self.min_gain_, variance_floor=data.floor
        )
        verdict = decide(losses, gains, self.min_gain_)
        baseline = attempts["baseline"].result if "baseline" in attempts else None
        self.verdict_: Verdict = with_sentence(
            verdict, compared, self.metric_, self.n_samples_, baseline
        )
        predictions = attempts[verdict.chosen].predictions[: len(compared[verdict.chosen].scores)]
        self.test_predictions_ = np.concatenate(predictions)
        self.test_targets_ = np.concatenate(
            [data.y[split.test] for split in data.splits[: len(predictions)]]
        )

    def _try_refit(self, data: Data, attempts: dict[str, Attempt], clock: Clock) -> None:
        """Refit; the verdict stands where that is interrupted or diverges."""
        self.refit_reason_, self.columns_ = "", list(data.columns)
        if hasattr(self, "best_estimator_"):
            del self.best_estimator_
        try:
            self._refit(data, attempts, clock)
        except KeyboardInterrupt:
            self.is_interrupted_ = True
            self.refit_reason_ = "the training on all rows was interrupted"
        except ValueError as error:
            if not (failure := divergence_of(error)):
                raise
            self.refit_reason_ = f"the training on all rows failed: {failure}"

    def _refit(self, data: Data, attempts: dict[str, Attempt], clock: Clock) -> None:
        """The chosen rung on all labelled rows, behind an encoder fitted on all of them."""
        result = attempts[self.verdict_.chosen].result
        rung: Rung = next(r for r in select_rungs([result.name]))
        if self.progress is not None:
            self.progress(LadderEvent("refit", result.title, clock.elapsed))
        self.best_estimator_, self.columns_ = refit_on_all(rung, result, data)
        if self.progress is not None:
            self.progress(LadderEvent("finished", result.title, clock.elapsed))

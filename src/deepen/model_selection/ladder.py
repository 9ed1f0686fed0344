"""The ladder: climb from regression to deep networks on one table, and say which rung pays.

for each rung, from the cheapest, and each repeat, the same rows for all rungs:
    encode on the training rows; halve the settings on the tuning rows, stopping on the stopping rows
    loss of the setting that is left on the verdict rows
every rung against the best, simultaneous; the cheapest rung that suffices
refit it on all rows; what it needs in labels, leans on and gets wrong
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from deepen.datasets.told_missing import Missing
from deepen.model_selection.ladder_steps import fit_given
from deepen.model_selection.metrics import Task
from deepen.model_selection.numbers import ladder_numbers
from deepen.model_selection.prepare import Given
from deepen.model_selection.results import LadderEvent


class Ladder(BaseEstimator):
    """Climb from logistic regression to deep networks; which rung pays, with error bars.

    Every rung trains on the same rows, is stopped and tuned on the same others, and is judged on
    the same fourth part, over several random splits. Each rung is compared with the best, with
    simultaneous 95 % intervals. The cheapest rung that is surely less than `min_gain` behind the
    best *suffices* and is refitted on all rows; where none can be shown to, the rows *cannot tell*,
    and the lowest of those with repeats enough is.

    Parameters
    ----------
    time_budget : float, default=900
        Seconds for everything. Rungs share it equally, and what one leaves the others have; one
        that does not get through two repeats is left out.
    repeats : int, default=10
        Random splits, at least 2. Five judge on every row once.
    trials : int, default=None
        Settings tried for each rung and repeat. When given, the time budget does not apply and the
        same seed gives the same result. None: up to 8, fewer when time is short.
    metric : {"error", "balanced_error", "log_loss", "auc", "rmse", "mae"}, default=None
        The loss. None: error rate, balanced where one class is more than 9 times rarer than
        another; RMSE for regression.
    rungs : "auto" or sequence of str, default="auto"
        Among linear, one_hidden, deep, modern, sae, dbn, boosting; the baseline runs with any of
        them. "auto" has them all, but sae and dbn, which are pre-trained, only where rows lack a
        target or there are 5 minutes.
    min_gain : float, default=None
        The gain in loss below which a rung is not worth its cost. None: 0.01 for rates, 0.02 nats
        for log loss, 0.02 standard deviations of the target for a regression.
    task : {"classification", "regression"}, default=None
        None: inferred from the target.
    types : dict of str to str, default=None
        Kinds of columns that override what is found by looking; see `TableEncoder`.
    missing : dict of str to list, or list of str or float, default=None
        Codes that stand for a missing value, such as 98 and 99, by column or for every column; see
        `TableEncoder`. Targets, groups and times stay as they are.
    best : bool, default=False
        Refit the rung with the lowest mean loss instead of the simplest sufficient one.
    checkpoint : path, default=None
        Folder for finished repeats; a fit that finds those of the same data and parameters there
        goes on from them, also with a larger `time_budget` or more `repeats`.
    random_state : int, RandomState instance or None, default=0
        Splits, settings and starting weights.
    progress : callable, default=None
        Called with a `LadderEvent` as rungs, settings and repeats come and go.

    Attributes
    ----------
    verdict_ : Verdict
        What to use and why; ``verdict_.sentence`` says it in words.
    saved_ : str
        Name of the rung that was refitted.
    results_ : list of RungResult
        One per rung, cheapest first, boosting last.
    best_estimator_ : Pipeline
        Encoder and chosen model, refitted on all rows in use. Absent where Ctrl-C or divergence
        ended that training: `refit_reason_` then says so.
    refit_reason_ : str
        Why there is no `best_estimator_`; empty where there is one.
    task_, metric_ : str, Metric
        What was inferred or chosen.
    n_samples_, n_used_, n_unlabeled_, n_duplicates_, n_groups_ : int
        Labelled rows; how many of them fitted into the budget; rows without a target; rows that
        repeat another, kept on one side of each split; groups among the rows in use, 0 without any.
    class_counts_ : dict of str to int
        Rows of each class; empty for a regression.
    min_gain_ : float
        The least gain in force.
    plan_ : list of RungPlan
        What each rung was expected to take.
    left_out_ : str
        Why "auto" has no pre-trained rung; empty where it has.
    leaks_ : list of Leak
        Columns that alone nearly determine the target.
    without_leaks_ : Verdict or None
        The verdict without these columns, where time allowed.
    findings_ : Findings
        Label curves, importances, mistakes, calibration, threshold.
    layers_ : list of LayersView
        Of each pre-trained rung, what its layers learnt before they saw a target.
    mistake_rows_ : DataFrame or ndarray
        The rows of the worst mistakes, in their order.
    test_targets_, test_predictions_, test_rows_ : ndarray
        The chosen rung's verdict rows of all repeats together, and their numbers in the data.
    data_hash_ : str
        Of the labelled rows and their targets.
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
        types: Mapping[str, str] | None = None,
        missing: Missing | None = None,
        best: bool = False,
        checkpoint: Any = None,
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
        self.types = types
        self.missing = missing
        self.best = best
        self.checkpoint = checkpoint
        self.random_state = random_state
        self.progress = progress

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        groups: Any = None,
        time: Any = None,
        X_test: Any = None,
        y_test: Any = None,
    ) -> Ladder:
        """Climb, decide, and refit the chosen rung.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            A table as it is: the encoder types and prepares its columns inside each split.
        y : array-like of shape (n_samples,)
            Targets; missing ones mark unlabelled rows, which only rungs that pre-train see.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group are never on two sides of a split.
        time : array-like of shape (n_samples,), default=None
            Numbers or dates: every repeat judges on rows that come after those it trains on.
        X_test, y_test : as X and y, default=None
            The rows that judge, in every repeat.

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
        given = Given(X, y, groups, time, X_test, y_test)
        fit_given(self, given)
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
        return ladder_numbers(self)

"""What a climb leaves behind: plain data, ready for a table, a report or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.intervals import Judging, RowLosses, estimate
from deepen.model_selection.metrics import Metric

Role = Literal["baseline", "ladder", "beside"]
EventKind = Literal[
    "plan", "leak", "rung", "candidate", "repeat", "rung finished", "provisional", "verdict",
    "refit", "after", "finished",
]  # fmt: skip


@dataclass
class Trial:
    """One setting in the tuning of one repeat.

    Parameters
    ----------
    params : dict
        The setting.
    losses : list of float
        Loss on the tuning rows after each stage of halving that it reached.
    n_rows : list of int
        Training rows of each of these stages.
    """

    params: dict[str, Any]
    losses: list[float] = field(default_factory=list)
    n_rows: list[int] = field(default_factory=list)


@dataclass
class Outcome:
    """One repeat of one rung: the chosen setting and what it said of the verdict rows.

    Parameters
    ----------
    repeat : int
        Counted from 0.
    losses : RowLosses
        The verdict rows and the loss of each.
    output : ndarray of shape (n_verdict, n_classes) or (n_verdict,)
        Probabilities, or values.
    params : dict
        The chosen setting.
    n_epochs : int
        Epochs or trees that it needed.
    fit_seconds, seconds : float
        Its training, but for compiling; the whole repeat, tuning and compiling included.
    trials : list of Trial
        Every setting tried.
    history : dict
        Learning curves of the chosen setting.
    threshold : float
        With two classes, the probability of the second from which on to say so, found on the
        tuning rows for the least balanced error; NaN elsewhere.
    pretraining_seconds : float
        Layers that all settings of the repeat started from, but for compiling.
    compiling : float
        Seconds of compiling in the repeat.
    is_cut : bool
        Whether the time ended before the training did.
    temperature : float
        What a classifying network's last layer was divided by, see `temperature`; else 1.
    """

    repeat: int
    losses: RowLosses
    output: NDArray[np.float32]
    params: dict[str, Any]
    n_epochs: int = 0
    fit_seconds: float = 0.0
    seconds: float = 0.0
    trials: list[Trial] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)
    threshold: float = float("nan")
    pretraining_seconds: float = 0.0
    compiling: float = 0.0
    is_cut: bool = False
    temperature: float = 1.0

    @property
    def score(self) -> float:
        """Loss on the verdict rows."""
        return float(self.losses.values.mean())


@dataclass
class RungResult:
    """One rung's losses over the repeats, and how it got there.

    Parameters
    ----------
    name, title : str
        Name in code; name in words.
    role : {"baseline", "ladder", "beside"}
        The baseline is a reference and never the verdict; boosting stands beside the ladder.
    scores : list of float
        Loss on the verdict rows of each repeat.
    mean : float
        Mean of the scores.
    interval : tuple of (float, float)
        95 % interval of the mean, see `intervals`; a point where no sample could change the mean,
        as the balanced error of the baseline.
    fit_seconds : list of float
        Time of the chosen setting's training in each repeat, but for compiling.
    seconds : float
        Everything the rung took, tuning included.
    n_candidates : int
        Settings tried in each repeat, judged on tuning rows only.
    params : dict
        The setting that the most repeats chose.
    n_chosen : int
        How many did.
    n_epochs : int
        Epochs (or trees) that setting needed, the median over those repeats; 0 where it does not
        count any.
    temperature : float
        Of that setting, the geometric mean over those repeats.
    tuning : list of list of Trial
        Settings of each repeat, with their losses on the tuning rows.
    learning_curves : list of dict
        ``history_`` of the chosen setting of each repeat.
    measures : dict of str to float or str
        All metrics over the verdict rows; "n/a: reason" for one that cannot be had.
    reason : str
        Why fewer repeats were done than planned; empty where none are missing.
    is_failed : bool
        Whether every setting diverged in some repeat; the rung is then not compared.
    n_cut : int
        Repeats whose training the time budget cut short.
    """

    name: str
    title: str
    role: Role
    scores: list[float] = field(default_factory=list)
    mean: float = float("nan")
    interval: tuple[float, float] = (float("nan"), float("nan"))
    fit_seconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    n_candidates: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    n_chosen: int = 0
    n_epochs: int = 0
    temperature: float = 1.0
    tuning: list[list[Trial]] = field(default_factory=list)
    learning_curves: list[dict[str, list[float]]] = field(default_factory=list)
    measures: dict[str, float | str] = field(default_factory=dict)
    reason: str = ""
    is_failed: bool = False
    n_cut: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether it did not fail and has the two repeats without which there is no interval."""
        return not self.is_failed and len(self.scores) >= 2

    @property
    def is_compared(self) -> bool:
        """Whether it takes part in the verdict."""
        return self.is_finished and self.role != "baseline"

    def summarise(self, outcomes: Sequence[Outcome], judging: Judging, metric: Metric) -> None:
        """Mean, interval and most chosen setting of finished repeats."""
        self.scores = [outcome.score for outcome in outcomes]
        self.fit_seconds = [outcome.fit_seconds for outcome in outcomes]
        self.seconds = float(sum(outcome.seconds for outcome in outcomes))
        self.learning_curves = [outcome.history for outcome in outcomes]
        self.tuning = [outcome.trials for outcome in outcomes]
        self.n_cut = sum(outcome.is_cut for outcome in outcomes)
        self.n_candidates = max((len(outcome.trials) for outcome in outcomes), default=0)
        if not outcomes:
            return
        self.mean = float(np.mean(self.scores))
        counts = Counter(repr(outcome.params) for outcome in outcomes)
        losses = {
            key: np.mean([_tuned(o) for o in outcomes if repr(o.params) == key]) for key in counts
        }
        chosen = min(counts, key=lambda key: (-counts[key], losses[key]))
        behind = [outcome for outcome in outcomes if repr(outcome.params) == chosen]
        self.params, self.n_chosen = dict(behind[0].params), len(behind)
        self.n_epochs = int(np.median([outcome.n_epochs for outcome in behind]))
        self.temperature = float(np.exp(np.mean(np.log([o.temperature for o in behind]))))
        if len(outcomes) >= 2:
            low, high = estimate([outcome.losses for outcome in outcomes], judging).interval()
            if self.role == "baseline" and metric.ignores_constants:
                low = high = self.mean
            self.interval = (max(0.0, low), min(metric.most, high))


def _tuned(outcome: Outcome) -> float:
    """Last loss of the chosen setting on the tuning rows."""
    losses = [t.losses[-1] for t in outcome.trials if t.params == outcome.params and t.losses]
    return losses[0] if losses else float("inf")


@dataclass(frozen=True)
class LadderEvent:
    """What `Ladder` tells its `progress` callable.

    Parameters
    ----------
    kind : str
        "plan", "leak" (a column that gives the target away), "rung" (started), "candidate",
        "repeat" (finished), "rung finished", "provisional" (the answer so far), "verdict", "refit",
        "after" (what is worked out once the verdict stands), "finished".
    rung : str
        Title of the rung; for "plan", "leak", "provisional", "verdict" and "after" the words.
    elapsed : float
        Seconds since fit began.
    repeat, n_repeats, candidate, n_candidates : int
        Counted from 1.
    rung_number, n_rungs : int
        Counted from 1.
    role : str
        For "rung": see `RungResult`.
    score : float or None
        Loss on the repeat's verdict rows, or the mean over them for "rung finished".
    seconds_left : float or None
        Estimate for the rest of the rung, from the repeats done or else from the plan.
    result : RungResult or None
        For "rung finished".
    text : str
        For "rung finished": loss and interval in words.
    """

    kind: EventKind
    rung: str
    elapsed: float
    repeat: int = 0
    n_repeats: int = 0
    candidate: int = 0
    n_candidates: int = 0
    rung_number: int = 0
    n_rungs: int = 0
    role: str = ""
    score: float | None = None
    seconds_left: float | None = None
    result: RungResult | None = None
    text: str = ""


def nothing_to_compare(results: Sequence[RungResult]) -> str:
    """Why no rung is left for a verdict, with the remedy."""
    failed = "; ".join(f"{r.title} {r.reason}" for r in results if r.is_failed)
    if failed:
        return f"no rung is left to compare: {failed}; scale the columns or look for outliers."
    return (
        "no rung finished two repeats within the time budget; raise time_budget or give fewer rows."
    )

"""What a climb leaves behind: plain data, ready for a table, a report or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["baseline", "ladder", "beside"]
EventKind = Literal["plan", "rung", "candidate", "repeat", "rung finished", "refit", "finished"]


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
        Loss on the test rows of each repeat.
    mean : float
        Mean of the scores.
    interval : tuple of (float, float)
        95 % interval of the mean, corrected for repeats that share rows.
    fit_seconds : list of float
        Time of the chosen candidate's training in each repeat.
    seconds : float
        Everything the rung took, tuning included.
    n_candidates : int
        Settings tried in each repeat, judged on validation rows only.
    params : dict
        The setting with the lowest mean validation loss.
    n_epochs : int
        Epochs (or trees) that setting needed, the median over repeats; 0 where it does not count
        any.
    learning_curves : list of dict
        ``history_`` of the chosen candidate of each repeat.
    details : dict of str to float
        Further measures, such as R2.
    reason : str
        Why fewer repeats were done than planned; empty where none are missing.
    is_failed : bool
        Whether every setting diverged in some repeat; the rung is then not compared.
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
    n_epochs: int = 0
    learning_curves: list[dict[str, list[float]]] = field(default_factory=list)
    details: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    is_failed: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether it did not fail and has the two repeats without which there is no interval."""
        return not self.is_failed and len(self.scores) >= 2


@dataclass(frozen=True)
class LadderEvent:
    """What `Ladder` tells its `progress` callable.

    Parameters
    ----------
    kind : str
        "plan", "rung" (started), "candidate", "repeat" (finished), "rung finished", "refit",
        "finished".
    rung : str
        Title of the rung; for "plan" the plan in words.
    elapsed : float
        Seconds since fit began.
    repeat, n_repeats, candidate, n_candidates : int
        Counted from 1.
    rung_number, n_rungs : int
        Counted from 1.
    score : float or None
        Loss on the repeat's test rows, or the mean over them for "rung finished".
    result : RungResult or None
        For "rung finished".
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
    score: float | None = None
    result: RungResult | None = None


def nothing_to_compare(results: Sequence[RungResult]) -> str:
    """Why no rung is left for a verdict, with the remedy."""
    failed = "; ".join(f"{r.title} {r.reason}" for r in results if r.is_failed)
    if failed:
        return f"no rung is left to compare: {failed}; scale the columns or look for outliers."
    return (
        "no rung finished two repeats within the time budget; raise time_budget or give fewer rows."
    )

"""Every number of a fitted ladder as plain data for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepen.model_selection.ladder import Ladder


def ladder_numbers(ladder: Ladder) -> dict[str, Any]:
    """What `Ladder.to_dict` returns: verdict, rungs, plan, leaks, findings."""
    metric = ladder.metric_
    return {
        "verdict": asdict(ladder.verdict_),
        "saved": ladder.saved_,
        "metric": metric.key,
        "metric_title": metric.title,
        "task": ladder.task_,
        "n_samples": ladder.n_samples_,
        "n_used": ladder.n_used_,
        "n_features": ladder.n_features_in_,
        "n_unlabeled": ladder.n_unlabeled_,
        "n_duplicates": ladder.n_duplicates_,
        "class_counts": ladder.class_counts_,
        "split": ladder.split_,
        "repeats": ladder.repeats,
        "trials": ladder.trials,
        "is_interrupted": ladder.is_interrupted_,
        "refit_reason": ladder.refit_reason_,
        "elapsed": ladder.elapsed_,
        "plan": [asdict(plan) for plan in ladder.plan_],
        "leaks": [asdict(leak) for leak in ladder.leaks_],
        "without_leaks": asdict(ladder.without_leaks_) if ladder.without_leaks_ else None,
        "findings": asdict(ladder.findings_),
        "columns": [asdict(column) for column in ladder.columns_],
        "rungs": [asdict(result) for result in ladder.results_],
    }


def without_times(numbers: Any) -> Any:
    """The same without figures that two runs of one command do not share.

    Examples
    --------
    >>> without_times({"mean": 0.1, "seconds": 3.0, "rungs": [{"fit_seconds": [1.0], "n": 2}]})
    {'mean': 0.1, 'rungs': [{'n': 2}]}
    """
    if isinstance(numbers, dict):
        times = ("seconds", "fit_seconds", "elapsed", "command")
        return {k: without_times(v) for k, v in numbers.items() if k not in times}
    if isinstance(numbers, list):
        return [without_times(item) for item in numbers]
    return numbers

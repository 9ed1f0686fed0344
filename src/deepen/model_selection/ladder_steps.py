"""What `Ladder.fit` does, step by step; each step leaves its attributes on the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from deepen.model_selection.after import costly_findings, free_findings, worked_out
from deepen.model_selection.ascent import (
    AFTER_SHARE,
    AFTER_SHARE_WITH_LEAKS,
    Ascent,
    reference_baseline,
)
from deepen.model_selection.beginning import Beginning, Means, begin, identity_of
from deepen.model_selection.climb import Climber
from deepen.model_selection.clock import Clock, now
from deepen.model_selection.data import rows
from deepen.model_selection.layer_views import layer_views, with_layers
from deepen.model_selection.leakage import find_leaks, rests_on
from deepen.model_selection.metrics import choose_metric, least_gain
from deepen.model_selection.prepare import Given, Table, check_parameters, prepare_table
from deepen.model_selection.pretraining_gain import pretraining_gain
from deepen.model_selection.refitting import refit_on_all
from deepen.model_selection.results import nothing_to_compare
from deepen.model_selection.rungs import RUNGS, select_rungs
from deepen.model_selection.sentence import with_sentence
from deepen.model_selection.splits import describe_split
from deepen.model_selection.store import RunStore
from deepen.model_selection.target import classes_alike, classes_of_nothing, classes_or_amounts
from deepen.model_selection.training import divergence_of
from deepen.report.text import counted

if TYPE_CHECKING:
    from deepen.model_selection.ladder import Ladder

# Part of the time after the verdict that the verdict without suspect columns gets.
WITHOUT_LEAKS_SHARE = 0.6
WITHOUT_LEAKS_REPEATS = 5
# Fewer rows without a target than this part of the others, as a line of totals below a table, are no
# reason to pre-train.
FEW = 0.05


def fit_given(ladder: Ladder, given: Given) -> None:
    """`Ladder.fit` on the arguments in `given`, which is emptied.

    A caller that holds no other reference has the whole table in memory only while it is looked
    at: what trains are the rows that fit into the budget.
    """
    check_parameters(ladder)
    start = now()
    table = prepare_table(ladder.task, given, ladder.missing)
    ladder.metric_ = choose_metric(ladder.metric, table.task, table.y)
    ladder.min_gain_ = ladder.min_gain or least_gain(ladder.metric_, table.y)
    if ladder.min_gain_ >= ladder.metric_.most:
        raise ValueError(
            f"min_gain must be below 1 for {ladder.metric_.title}, got {ladder.min_gain!r}: 0.01 is one "
            "point of a hundred."
        )
    seed = int(check_random_state(ladder.random_state).randint(2**31 - 1))
    store = RunStore(ladder.checkpoint) if ladder.checkpoint is not None else None
    identity = identity_of(table, ladder.metric_, seed, ladder.trials, ladder.repeats, ladder.types)
    ladder.data_hash_ = identity["data"]
    spent = store.begin(identity) if store is not None else 0.0
    clock = Clock(None if ladder.trials is not None else float(ladder.time_budget), spent)
    clock.start = start
    describe(ladder, table)
    codes = table.codes or None
    beginning, ascent = plan_ascent(ladder, table, clock, store, seed)
    del table
    ascent.run()
    ladder.is_interrupted_ = ascent.is_interrupted
    conclude(ladder, ascent)
    try_refit(ladder, ascent, codes)
    find_out(ladder, beginning.table, ascent)
    ladder.elapsed_ = clock.total
    if store is not None:
        store.write(spent=clock.total, is_finished=not ladder.is_interrupted_)
    ascent.climber.tell("finished", ascent.attempts[ladder.saved_].result.title)


def describe(ladder: Ladder, table: Table) -> None:
    """What the rows are."""
    ladder.task_ = table.task
    ladder.n_samples_, ladder.n_features_in_ = table.X.shape
    ladder.n_unlabeled_ = 0 if table.X_unlabelled is None else table.X_unlabelled.shape[0]
    if hasattr(table.X, "columns"):
        ladder.feature_names_in_ = np.asarray(table.X.columns, dtype=object)
    ladder.class_counts_ = {}
    if table.task == "classification":
        ladder.classes_, counts = np.unique(table.y, return_counts=True)
        labels = map(str, ladder.classes_.tolist())
        ladder.class_counts_ = dict(zip(labels, counts.tolist(), strict=True))
    ladder.split_ = describe_split(
        n_test=table.n_test, has_groups=table.groups is not None, has_time=table.time is not None
    )


def plan_ascent(
    ladder: Ladder, table: Table, clock: Clock, store: RunStore | None, seed: int
) -> tuple[Beginning, Ascent]:
    """Look for leaks, plan, and leave out the rows for which there is no time."""
    rungs, ladder.left_out_ = select_rungs(
        ladder.rungs, has_unlabelled=ladder.n_unlabeled_ >= FEW * len(table.y), seconds=clock.budget,
        begun=[rung.name for rung in RUNGS if store is not None and store.has(rung.name)],
    )  # fmt: skip
    y = table.y if table.strata is None else table.strata
    ladder.leaks_ = find_leaks(table.X, y, table.task, seed)
    share = AFTER_SHARE_WITH_LEAKS if ladder.leaks_ else AFTER_SHARE
    start = begin(
        table, rungs, ladder.metric_, seed, ladder.repeats, ladder.trials,
        Means(clock, share, store, ladder.types),
    )  # fmt: skip
    ladder.plan_, ladder.n_used_ = start.plans, len(start.data.y)
    ladder.n_duplicates_, ladder.row_numbers_ = start.n_duplicates, start.table.row_numbers
    has_groups = start.table.groups is not None
    ladder.n_groups_ = len(np.unique(start.data.judging.groups)) if has_groups else 0
    climber = Climber(start.data, clock, start.cost, ladder.trials, ladder.progress, store)
    climber.planned = {plan.name: plan.n_candidates for plan in start.plans}
    ascent = Ascent(climber, rungs, ladder.min_gain_, share)
    alike = classes_alike(ladder.class_counts_)
    grades = "" if ladder.task else classes_or_amounts(ladder.class_counts_)
    nothing = classes_of_nothing(ladder.class_counts_)
    words = [start.in_words(len(table.y), clock), alike, nothing, grades, ladder.left_out_]
    climber.tell("plan", "\n".join(filter(None, words)), n_rungs=len(rungs))
    for leak in ladder.leaks_:
        climber.tell("leak", leak.sentence)
    return start, ascent


def conclude(ladder: Ladder, ascent: Ascent) -> None:
    """Compare what finished, on the repeats that both of a pair have."""
    ladder.results_ = ascent.results()
    compared = ascent.compared()
    if not compared:
        raise ValueError(nothing_to_compare(ladder.results_))
    used, everything = ladder.n_used_, ladder.n_samples_
    text = f"{used:,} rows" if used == everything else f"{used:,} of {everything:,} rows"
    text += f" in {counted(ladder.n_groups_, 'group')}" if ladder.n_groups_ else ""
    verdict = ascent.verdict(compared, ascent.n_finished)
    is_better = ascent.beats_baseline(verdict.chosen)
    ladder.verdict_ = with_sentence(
        verdict, compared, ladder.metric_, text,
        None if is_better else reference_baseline(ascent.attempts), ascent.lacking(compared),
    )  # fmt: skip
    if ladder.leaks_:
        rests = f"{ladder.verdict_.sentence} {rests_on(ladder.leaks_)}"
        ladder.verdict_ = replace(ladder.verdict_, sentence=rests)
    ladder.saved_ = ladder.verdict_.best if ladder.best else ladder.verdict_.chosen
    ascent.climber.tell("verdict", ladder.verdict_.sentence)
    data, outcomes = ascent.climber.data, ascent.attempts[ladder.saved_].outcomes
    output = np.concatenate([outcome.output for outcome in outcomes])
    is_classification = data.task == "classification"
    ladder.test_predictions_ = data.classes[output.argmax(1)] if is_classification else output
    places = np.concatenate([o.losses.rows for o in outcomes])
    ladder.test_targets_, ladder.test_rows_ = data.y[places], ladder.row_numbers_[places]


def try_refit(ladder: Ladder, ascent: Ascent, codes: Mapping[str, Any] | None) -> None:
    """Refit; the verdict stands where that is interrupted or diverges.

    `codes` stand for missing values, in later rows too.
    """
    data = ascent.climber.data
    ladder.refit_reason_, ladder.columns_ = "", list(data.columns)
    if hasattr(ladder, "best_estimator_"):
        del ladder.best_estimator_
    attempt = ascent.attempts[ladder.saved_]
    ascent.climber.tell("refit", attempt.result.title)
    try:
        ladder.best_estimator_, ladder.columns_ = refit_on_all(
            attempt.rung, attempt.result, data, codes
        )
    except KeyboardInterrupt:
        ladder.is_interrupted_ = True
        ladder.refit_reason_ = "the training on all rows was interrupted"
    except ValueError as error:
        if not (failure := divergence_of(error)):
            raise
        ladder.refit_reason_ = f"the training on all rows failed: {failure}"


def find_out(ladder: Ladder, table: Table, ascent: Ascent) -> None:
    """The verdict without suspect columns, then label curves, importances and mistakes."""
    data, clock = ascent.climber.data, ascent.climber.clock
    attempt = ascent.attempts[ladder.saved_]
    ladder.findings_ = free_findings(attempt, data, ladder.row_numbers_)
    ladder.findings_.pretraining = pretraining_gain(ascent.attempts, data, ascent.min_gain)
    places = {int(number): place for place, number in enumerate(ladder.row_numbers_)}
    worst = np.array([places[m.row - 1] for m in ladder.findings_.mistakes], dtype=np.int64)
    ladder.mistake_rows_ = rows(data.X, worst)
    ladder.without_leaks_, ladder.layers_ = None, []
    if ladder.is_interrupted_:
        missing = ("label_curves", "importances")
        ladder.findings_.reasons.update(dict.fromkeys(missing, "the climb was interrupted"))
        return
    reasons = ladder.findings_.reasons
    try:
        if ladder.leaks_:
            ladder.without_leaks_ = worked_out(
                reasons, "without_leaks", _without_leaks, ladder, table, ascent,
                no_time="no time was left for it",
            )  # fmt: skip
        deadline = now() + clock.left
        costly_findings(ladder.findings_, ascent, ladder.verdict_, deadline)
        if with_layers(ascent):
            found = worked_out(
                reasons, "layers", layer_views, ascent, deadline,
                no_time="another training would not fit into the time left",
            )  # fmt: skip
            ladder.layers_ = found or []
    except KeyboardInterrupt:
        ladder.is_interrupted_ = True


def _without_leaks(ladder: Ladder, table: Table, ascent: Ascent) -> Any:
    """Verdict on the table without its suspect columns; None without time or columns for one."""
    clock = ascent.climber.clock
    suspects = {leak.column for leak in ladder.leaks_}
    if hasattr(table.X, "columns"):
        kept = [i for i, name in enumerate(table.X.columns) if str(name) not in suspects]
        X = table.X.iloc[:, kept]
    else:
        kept = [i for i in range(table.X.shape[1]) if str(i) not in suspects]
        X = table.X[:, kept]
    if not kept:
        raise ValueError("it leaves no column")
    if clock.left <= 0:
        return None
    ascent.climber.tell("after", f"the same without {', '.join(sorted(suspects))}")
    part = Table(
        X, table.y, table.task, table.row_numbers, None, table.groups, table.time, table.n_test
    )
    own = Clock(None if clock.budget is None else WITHOUT_LEAKS_SHARE * clock.left)
    n_repeats = min(ladder.repeats, WITHOUT_LEAKS_REPEATS)
    # Whether columns leak shows without the rows that have no target.
    rungs = [rung for rung in ascent.rungs if not rung.pretraining] or ascent.rungs
    seed = ascent.climber.data.seed
    types = {name: kind for name, kind in (ladder.types or {}).items() if name not in suspects}
    means = Means(own, types=types)
    start = begin(part, rungs, ladder.metric_, seed, n_repeats, ladder.trials, means)
    climber = Climber(start.data, own, start.cost, ladder.trials, None, None)
    other = Ascent(climber, rungs, ladder.min_gain_, 0.0)
    other.run()
    compared = other.compared()
    if not compared:
        return None
    return with_sentence(
        other.verdict(compared, other.n_finished), compared, ladder.metric_,
        f"{len(start.data.y):,} rows", reference_baseline(other.attempts), other.lacking(compared),
    )  # fmt: skip

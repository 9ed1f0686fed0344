"""From a fitted ladder to the page and the terminal: every figure in words, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deepen.model_selection.figures import (
    show,
    show_behind,
    show_exact,
    show_gain,
    show_interval,
    show_interval_of,
    uncertainty_of,
)
from deepen.model_selection.ladder import Ladder
from deepen.model_selection.metrics import Metric
from deepen.model_selection.pictures import picture_shape
from deepen.model_selection.report_extras import first_layer, notices, rows_used
from deepen.model_selection.report_findings import (
    calibration,
    importance_map,
    importance_rows,
    importance_words,
    label_curve,
    mistake_rows,
    threshold,
)
from deepen.model_selection.results import RungResult
from deepen.model_selection.verdict import Gain
from deepen.report import ColumnRow, GainRow, Report, RungRow
from deepen.report.text import counted


def rung_rows(ladder: Ladder) -> list[RungRow]:
    """One row per rung, cheapest first; the gain is that of the best rung over it."""
    return [_rung_row(ladder, result) for result in ladder.results_]


def reference_of(ladder: Ladder) -> RungResult:
    """The rung with the lowest mean loss, which every other one is held against."""
    return next(r for r in ladder.results_ if r.name == ladder.verdict_.best)


def _rung_row(ladder: Ladder, result: RungResult) -> RungRow:
    metric = ladder.metric_
    gain: Gain | None = None
    is_compared = result.name in ladder.verdict_.names
    if is_compared and result.name != ladder.verdict_.best:
        gain = ladder.verdict_.behind(result.name)
    r2 = ""
    if "r2" in result.measures:
        # Adding zero takes the sign from a rounded zero.
        rounded = round(float(result.measures["r2"]), 2) + 0.0
        r2 = f"R\N{SUPERSCRIPT TWO} {rounded:.2f}".replace("-", "\N{MINUS SIGN}")
    # That its time ended is said by the number of repeats.
    has_loss = bool(result.scores) and not result.is_failed
    few = "too few repeats to compare" if result.is_compared and not is_compared else ""
    remarks = [text for text in ("" if has_loss else result.reason, r2, few) if text]
    return RungRow(
        title=result.title,
        loss=show(result.mean, uncertainty_of(result), metric) if has_loss else "n/a",
        interval=_interval(result, metric) if has_loss else "",
        mean=float("nan") if result.is_failed else result.mean,
        ends=(float("nan"),) * 2 if result.is_failed else result.interval,
        scores=[] if result.is_failed else result.scores,
        gain=show_gain(gain, metric) if gain else "",
        outcome=gain.outcome if gain else "",
        effort=_effort(result, ladder.repeats),
        is_chosen=result.name == ladder.saved_,
        remark="; ".join(remarks),
        is_compared=is_compared,
    )


def _interval(result: RungResult, metric: Metric) -> str:
    """The interval of a loss, or why there is none; nothing where no sample could change the loss."""
    if len(result.scores) == 1:
        return "no interval from one repeat"
    low, high = result.interval
    return show_interval(low, high, metric) if low < high else ""


def _effort(result: RungResult, n_repeats: int) -> str:
    """Seconds, settings tried, and the repeats where they are fewer than asked for."""
    n = len(result.scores)
    if not n:
        return ""
    seconds = f"{result.seconds:.0f} s" if result.seconds >= 1 else "< 1 s"
    parts = [seconds, counted(result.n_candidates, "setting")]
    return ", ".join([*parts, f"{n} of {n_repeats} repeats"] if n < n_repeats else parts)


def _gain_row(gain: Gain, ladder: Ladder, titles: Mapping[str, str]) -> GainRow:
    metric = ladder.metric_
    return GainRow(
        candidate=titles[gain.candidate],
        reference=titles[gain.reference],
        gain=show_behind(gain, metric),
        interval=show_interval_of(gain, metric),
        mean=max(0.0, gain.mean),
        ends=(gain.lower, gain.upper),
        outcome=gain.outcome,
        smallest_gap=show(gain.smallest_gap, gain.smallest_gap / 2, metric, is_gain=True),
        remark=_which_repeats(ladder, gain),
    )


def _which_repeats(ladder: Ladder, gain: Gain) -> str:
    """Why a difference may be another than that of two means of different repeats."""
    numbers = {r.name: len(r.scores) for r in ladder.results_}
    if numbers[gain.candidate] == numbers[gain.reference]:
        return ""
    return f"over the {counted(gain.n_repeats, 'repeat')} that both have"


def _column_row(column: Any) -> ColumnRow:
    return ColumnRow(
        str(column.name), column.kind, column.treatment, column.reason, column.override
    )


def report_of(
    ladder: Ladder, *, title: str, footer: Mapping[str, str], warnings: Sequence[str] = ()
) -> Report:
    """Everything the page shows, from a fitted ladder.

    Parameters
    ----------
    ladder : Ladder
        Fitted.
    title : str
        Name of the data and its target.
    footer : mapping of str to str
        What it takes to repeat the run.
    warnings : sequence of str
        Said under the verdict.
    """
    metric, verdict = ladder.metric_, ladder.verdict_
    titles = {result.name: result.title for result in ladder.results_}
    facts = {
        "rows": f"{ladder.n_samples_:,}",
        "columns": f"{ladder.n_features_in_:,}",
        "repeats": str(max(len(result.scores) for result in ladder.results_)),
        "time": f"{ladder.elapsed_:.0f} s",
    }
    if ladder.task_ == "classification":
        facts = {"classes": str(len(ladder.classes_)), **facts}
    chosen, importances = titles[ladder.saved_], importance_rows(ladder)
    shape = picture_shape(getattr(ladder, "feature_names_in_", ()))
    return Report(
        title=title,
        sentence=verdict.sentence,
        is_open=verdict.status != "suffices",
        metric=f"{metric.title}, %" if metric.is_rate else metric.title,
        min_gain=verdict.min_gain,
        min_gain_text=show_exact(verdict.min_gain, metric),
        facts=facts,
        rungs=rung_rows(ladder),
        best=titles[verdict.best],
        gains=[_gain_row(gain, ladder, titles) for gain in verdict.gains],
        columns=[_column_row(column) for column in ladder.columns_],
        curves={r.title: r.learning_curves for r in ladder.results_ if any(r.learning_curves)},
        steps={r.title: "tree" for r in ladder.results_ if r.name == "boosting"},
        targets=ladder.test_targets_,
        predictions=ladder.test_predictions_,
        is_classification=ladder.task_ == "classification",
        chosen_title=chosen,
        labels=label_curve(ladder),
        calibration=calibration(ladder),
        threshold=threshold(ladder),
        importances=importances,
        importance_words=importance_words(importances),
        importance_map=importance_map(ladder, shape),
        mistakes=mistake_rows(ladder, shape),
        filters=first_layer(ladder, chosen),
        layers=ladder.layers_,
        rows_used=rows_used(ladder),
        notices=notices(ladder, warnings),
        footer=footer,
    )

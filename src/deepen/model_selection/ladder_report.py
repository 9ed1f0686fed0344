"""From a fitted ladder to the page and the terminal: every figure in words, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deepen.model_selection.ladder import Ladder
from deepen.model_selection.results import RungResult
from deepen.model_selection.sentence import show, show_interval
from deepen.model_selection.verdict import Gain
from deepen.report import ColumnRow, GainRow, Report, RungRow


def rung_rows(ladder: Ladder) -> list[RungRow]:
    """One row per rung, cheapest first; the gain is over the cheapest rung that finished."""
    reference = reference_of(ladder)
    return [_rung_row(ladder, result, reference) for result in ladder.results_]


def reference_of(ladder: Ladder) -> RungResult:
    """The cheapest rung that was compared: the linear one, unless it was left out."""
    return next(r for r in ladder.results_ if r.is_finished and r.role != "baseline")


def _rung_row(ladder: Ladder, result: RungResult, reference: RungResult) -> RungRow:
    metric = ladder.metric_
    low, high = result.interval
    half_width = (high - low) / 2
    gain: Gain | None = None
    if result.is_finished and result.role != "baseline" and result is not reference:
        gain = ladder.verdict_.gain(result.name, reference.name)
    r2 = f"R2 {result.details['r2']:.2f}" if "r2" in result.details else ""
    remarks = [text for text in (result.reason, r2) if text]
    return RungRow(
        title=result.title,
        loss=show(result.mean, half_width, metric)
        if result.scores and not result.is_failed
        else "n/a",
        interval=show_interval(low, high, metric) if result.is_finished else "",
        mean=float("nan") if result.is_failed else result.mean,
        ends=(float("nan"),) * 2 if result.is_failed else result.interval,
        scores=[] if result.is_failed else result.scores,
        gain=_gain_text(gain, ladder) if gain else "",
        outcome=gain.outcome if gain else "",
        effort=_effort(result),
        is_chosen=result.name == ladder.verdict_.chosen,
        remark="; ".join(remarks),
        is_compared=result.is_finished and result.role != "baseline",
    )


def _effort(result: RungResult) -> str:
    if not result.scores:
        return ""
    tried = f"{result.n_candidates} settings" if result.n_candidates != 1 else "1 setting"
    return f"{result.seconds:.0f} s, {tried}" if result.seconds >= 1 else f"< 1 s, {tried}"


def _gain_text(gain: Gain, ladder: Ladder) -> str:
    half_width = (gain.upper - gain.lower) / 2
    mean = show(gain.mean, half_width, ladder.metric_, is_gain=True)
    interval = show_interval(gain.lower, gain.upper, ladder.metric_, is_gain=True)
    return f"{mean} ({interval.removesuffix(' points')})"


def _gain_row(gain: Gain, ladder: Ladder, titles: Mapping[str, str]) -> GainRow:
    metric, half_width = ladder.metric_, (gain.upper - gain.lower) / 2
    return GainRow(
        candidate=titles[gain.candidate],
        reference=titles[gain.reference],
        gain=show(gain.mean, half_width, metric, is_gain=True),
        interval=show_interval(gain.lower, gain.upper, metric, is_gain=True),
        mean=gain.mean,
        ends=(gain.lower, gain.upper),
        outcome=gain.outcome,
        smallest_gap=show(gain.smallest_gap, gain.smallest_gap / 2, metric, is_gain=True),
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
    if ladder.n_unlabeled_:
        facts["rows without a target, left out"] = f"{ladder.n_unlabeled_:,}"
    if ladder.n_duplicates_:
        facts["repeated rows, kept on one side of each split"] = f"{ladder.n_duplicates_:,}"
    return Report(
        title=title,
        sentence=verdict.sentence,
        is_open=verdict.status != "suffices",
        metric=f"{metric.title}, %" if metric.is_rate else metric.title,
        min_gain=verdict.min_gain,
        min_gain_text=show(verdict.min_gain, verdict.min_gain / 2, metric, is_gain=True),
        reference=reference_of(ladder).title,
        facts=facts,
        rungs=rung_rows(ladder),
        gains=[_gain_row(gain, ladder, titles) for gain in verdict.gains],
        columns=[ColumnRow(c.name, c.kind, c.treatment, c.reason) for c in ladder.columns_],
        curves={r.title: r.learning_curves for r in ladder.results_ if any(r.learning_curves)},
        targets=ladder.test_targets_,
        predictions=ladder.test_predictions_,
        is_classification=ladder.task_ == "classification",
        chosen_title=titles[verdict.chosen][:1].upper() + titles[verdict.chosen][1:],
        warnings=[*warnings, *_own_warnings(ladder)],
        footer=footer,
    )


def _own_warnings(ladder: Ladder) -> list[str]:
    notes = []
    if ladder.is_interrupted_:
        notes.append(
            "The climb was interrupted; the verdict rests on the rungs and repeats that finished."
        )
    if ladder.refit_reason_:
        notes.append(f"There is no model file: {ladder.refit_reason_}.")
    if ladder.metric_.key == "balanced_error" and ladder.metric is None:
        notes.append(
            "The classes are very uneven, so that the error rate is averaged over classes."
        )
    return notes

"""The verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from deepen.model_selection.figures import show, show_exact, show_gain, show_result
from deepen.model_selection.metrics import Metric
from deepen.model_selection.results import RungResult
from deepen.model_selection.verdict import Verdict
from deepen.report.text import counted


def with_sentence(
    verdict: Verdict,
    results: Mapping[str, RungResult],
    metric: Metric,
    rows_text: str,
    baseline: RungResult | None,
    left_out: Sequence[RungResult] = (),
) -> Verdict:
    """The verdict with its words: what to use, its loss, what is forgone or open.

    Parameters
    ----------
    verdict : Verdict
    results : mapping of str to RungResult
        The rungs compared.
    metric : Metric
    rows_text : str
        Which rows judged, such as "1,797 rows".
    baseline : RungResult or None
        The reference, where what is to be used is not shown to err less.
    left_out : sequence of RungResult
        Rungs that are not compared, for want of repeats or since they failed.
    """
    titles = {name: result.title for name, result in results.items()}
    chosen = results[verdict.chosen]
    loss = f"{metric.title} {show_result(chosen, metric)}"
    if verdict.status == "alone":
        lead = f"Only {chosen.title} finished: {loss}. There is no other rung to compare it with."
    elif verdict.status == "suffices":
        lead = f"{_lead(verdict, chosen)} {loss}. {_forgone(verdict, titles, metric, left_out)}"
    else:
        lead = _cannot_tell(verdict, results, metric, rows_text)
    parts = [*_baseline_warning(chosen, baseline, metric), lead]
    parts += _uneven_repeats(verdict, results, metric)
    if verdict.status != "alone":
        parts += _not_compared(left_out)
    return replace(verdict, sentence=" ".join(parts))


def _lead(verdict: Verdict, chosen: RungResult) -> str:
    name = _capital(chosen.title)
    if verdict.chosen == verdict.best and len(verdict.short) == len(verdict.gains):
        return f"{name} wins:"
    if chosen.name == "linear":
        return f"No deep learning needed: {chosen.title} suffices,"
    return f"{name} suffices:"


def _forgone(
    verdict: Verdict, titles: Mapping[str, str], metric: Metric, left_out: Sequence[RungResult]
) -> str:
    least = show_exact(verdict.min_gain, metric)
    parts = []
    if verdict.best != verdict.chosen:
        gain = verdict.behind(verdict.chosen)
        parts.append(
            f"Forgone: the best, {titles[verdict.best]}, gains {show_gain(gain, metric)}, "
            f"surely below {least}."
        )
    elif len(verdict.short) < len(verdict.gains):
        others = "Nothing else that was compared" if left_out else "Nothing else"
        parts.append(f"{others} is better by {least} or more.")
    if verdict.short:
        parts.append(f"Surely behind the best: {_behind(verdict, titles, metric)}.")
    return " ".join(parts)


def _behind(verdict: Verdict, titles: Mapping[str, str], metric: Metric) -> str:
    """The rungs that fall short, with by how much."""
    gains = sorted(verdict.short, key=lambda gain: gain.mean)
    return _join([f"{titles[g.reference]} by {show_gain(g, metric)}" for g in gains])


def _cannot_tell(
    verdict: Verdict, results: Mapping[str, RungResult], metric: Metric, rows_text: str
) -> str:
    titles = {name: result.title for name, result in results.items()}
    best, chosen = results[verdict.best], results[verdict.chosen]
    lowest = f"{best.title}, {metric.title} {show_result(best, metric)}"
    parts = [f"Cannot tell with these {rows_text} which rung suffices. Lowest so far: {lowest}."]
    if chosen is not best:
        gain = verdict.behind(verdict.chosen)
        behind = f"is {show_gain(gain, metric)} behind" if gain.mean > 0 else "errs no more"
        is_short = len(best.scores) < len(chosen.scores)
        few = f"That is over {len(best.scores)} repeats only; until" if is_short else "Until"
        parts.append(
            f"{few} more is known, use {chosen.title}, "
            f"{show_result(chosen, metric)} over {len(chosen.scores)}, which on the {gain.n_repeats} "
            f"that both have {behind}."
        )
    if verdict.short:
        parts.append(f"Surely behind the best: {_behind(verdict, titles, metric)}.")
    rivals = [gain for gain in verdict.gains if gain.outcome != "pays"]
    by_gap: dict[str, list[str]] = {}
    for gain in sorted(rivals, key=lambda gain: gain.smallest_gap):
        shown = show(gain.smallest_gap, gain.smallest_gap / 2, metric, is_gain=True)
        by_gap.setdefault(shown, []).append(titles[gain.reference])
    if by_gap:
        gaps = "; ".join(f"below {gap} against {_join(names)}" for gap, names in by_gap.items())
        parts.append(f"A gap would not show {gaps}.")
    return " ".join(parts)


def _not_compared(left_out: Sequence[RungResult]) -> list[str]:
    """Which rungs are missing from the comparison, with their repeats."""
    lacking = [f"{r.title} ({len(r.scores) or 'none'})" for r in left_out if not r.is_failed]
    failed = [r.title for r in left_out if r.is_failed]
    parts = [f"Not compared, for want of repeats: {_join(lacking)}."] if lacking else []
    return parts + ([f"Not compared, since it failed: {_join(failed)}."] if failed else [])


def _than_the_other(words: str, gain: float) -> str:
    if float(words.split()[0].replace(",", "")) == 0:
        return "is as low"
    return f"is {words} {'lower' if gain >= 0 else 'higher'}"


def _uneven_repeats(
    verdict: Verdict, results: Mapping[str, RungResult], metric: Metric
) -> list[str]:
    """Why a rung with fewer repeats, or more, may show a lower loss than the best."""
    best = results[verdict.best]
    parts = []
    for gain in verdict.gains:
        other = results[gain.reference]
        if other.mean >= best.mean or gain.reference == verdict.chosen:
            continue
        shown = show_result(other, metric).partition(" (")[0]
        words = show(abs(gain.mean), gain.smallest_gap, metric, is_gain=True)
        parts.append(
            f"{_capital(other.title)} has {shown} over {counted(len(other.scores), 'repeat')}, "
            f"{best.title} has {len(best.scores)}: over the {gain.n_repeats} that both have, "
            f"{best.title} {_than_the_other(words, gain.mean)}."
        )
    return parts


def provisional(verdict: Verdict, results: Mapping[str, RungResult], metric: Metric) -> str:
    """The answer so far, while other rungs still run; one repeat is shown and decides nothing."""
    shown = [
        f"{result.title} {show_result(result, metric)}"
        + ("" if result.is_finished else " (one repeat)")
        for result in sorted(results.values(), key=lambda result: result.mean)
    ]
    text = f"So far, {metric.title}: {_join(shown)}."
    if verdict.status == "alone":
        return text
    best = results[verdict.best].title
    if verdict.short:
        return f"{text} {_capital(best)} leads surely; whether a network pays is still open."
    return f"{text} Neither is surely better; whether a network pays is still open."


def _baseline_warning(chosen: RungResult, base: RungResult | None, metric: Metric) -> list[str]:
    """A rung that does not clear the reference has learnt nothing that shows by this metric."""
    if base is None:
        return []
    more = "; its probabilities may tell more: --metric log_loss" if metric.key == "error" else ""
    return [
        f"{_capital(chosen.title)} is not shown to be better than the {base.title}, {metric.title} "
        f"{show_result(base, metric)}, which looks at no column{more}."
    ]


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

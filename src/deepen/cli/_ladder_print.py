"""A finished climb at the terminal: the table, notes, the sentence, where the files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deepen.report.text import counted

if TYPE_CHECKING:
    from deepen.model_selection import Ladder

NAMES_SHOWN = 8


def print_verdict(model: Ladder, folder: Path) -> None:
    """Write the table, then the sentence, then where the files are, to standard output."""
    from deepen.cli._common import console
    from deepen.model_selection.ladder_report import reference_of, rung_rows
    from deepen.report.comparison import WORDS

    out, rows = console(), rung_rows(model)
    headings = (
        "rung",
        f"{model.metric_.title}, less is better (95 % interval)",
        f"behind the best, {reference_of(model).title}",
        "effort",
    )
    cells = [
        (
            row.title + (f" ({row.remark})" if row.remark else ""),
            row.loss + (f" ({row.interval})" if row.interval else ""),
            f"{WORDS[row.outcome]}: {row.gain}" if row.outcome else "",
            row.effort,
        )
        for row in rows
    ]
    chosen = next((number for number, row in enumerate(rows) if row.is_chosen), None)
    out.print()
    out.table(headings, cells, bold=chosen)
    out.print()
    if said := notes(model):
        for note in said:
            out.prose(note)
        out.print()
    out.prose(model.verdict_.sentence, "bold")
    out.print()
    out.say(f"report  {folder / 'report.html'}")
    saved = f"none; {model.refit_reason_}" if model.refit_reason_ else folder / "model.deepen"
    out.say(f"model   {saved}")


def notes(model: Ladder) -> list[str]:
    """What to know beside the sentence, which comes last."""
    from deepen.model_selection.report_extras import (
        cut_short,
        few_rows_decide,
        missing_parts,
        use_of_unlabelled,
    )
    from deepen.model_selection.report_findings import how_to_say, threshold

    found = []
    if model.n_unlabeled_:
        verb = "has" if model.n_unlabeled_ == 1 else "have"
        rows = counted(model.n_unlabeled_, "row")
        found.append(f"{rows} {verb} no target; {use_of_unlabelled(model)}.")
    if model.findings_.pretraining is not None:
        found.append(model.findings_.pretraining.sentence)
    if model.findings_.unlabelled is not None:
        found.append(model.findings_.unlabelled.sentence)
    if model.findings_.pretraining_by_labels:
        found.append(model.findings_.pretraining_by_labels)
    if model.left_out_:
        found.append(model.left_out_)
    left_out = [column.name for column in model.columns_ if column.treatment == "left out"]
    if left_out:
        more = f" and {len(left_out) - NAMES_SHOWN} more" if left_out[NAMES_SHOWN:] else ""
        shown = ", ".join(left_out[:NAMES_SHOWN]) + more
        found.append(f"Columns left out (the report says why): {shown}")
    found += filter(None, (cut_short(model), few_rows_decide(model)))
    found += [f"Suspect: {leak.sentence}" for leak in model.leaks_]
    if model.without_leaks_ is not None:
        it = "it" if len(model.leaks_) == 1 else "them"
        found.append(f"Without {it}: {model.without_leaks_.sentence}")
    found += [curve.sentence for curve in model.findings_.label_curves[:1]]
    chosen = model.findings_.threshold
    is_better = chosen is not None and chosen.balanced_error < chosen.balanced_error_at_half
    if chosen is not None and is_better and threshold(model) is not None:
        is_plain = model.metric_.key == "error"
        found.append(
            f"Say {chosen.label!r} from a probability of {chosen.value:.2g} on: balanced error "
            f"{100 * chosen.balanced_error:.2g} %, at 0.5 {100 * chosen.balanced_error_at_half:.2g} %. "
            f"{how_to_say(chosen.value)}"
            + (" With --metric balanced_error both classes count alike." if is_plain else "")
        )
    if parts := missing_parts(model):
        found.append(f"Not worked out: {parts}")
    if model.saved_ != model.verdict_.chosen:
        found.append("The model saved is the most accurate, as --best asks for.")
    return found

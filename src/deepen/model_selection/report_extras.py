"""Parts of the report that need more than the rungs' losses: warnings, rows, pictures of weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepen.model_selection.ladder import Ladder
from deepen.model_selection.mistakes import errors_once
from deepen.model_selection.pictures import at_pixels, picture_shape
from deepen.model_selection.pretraining import MOST_ROWS
from deepen.model_selection.rungs import RUNGS
from deepen.model_selection.splits import SHARES, describe_split
from deepen.model_selection.target import classes_alike, classes_of_nothing
from deepen.report import Filters, Notice, RowsUse
from deepen.report.text import clip, counted

LEFT_OUT = "left out"
FEW_OF_MANY, MOST_OF_THE_ERROR, ROWS_TO_TELL = 0.01, 0.5, 50
NAMES_SHOWN, LONGEST_NAME = 6, 40
RUNG_OF = {rung.name: rung for rung in RUNGS}


def notices(ladder: Ladder, warnings: Sequence[str] = ()) -> list[Notice]:
    """What to know before the figures."""
    found = [*_leaks(ladder), *(Notice("Note", text) for text in warnings)]
    if ladder.is_interrupted_:
        text = (
            "The climb was interrupted; the verdict rests on the rungs and repeats that finished."
        )
        found.append(Notice("Interrupted", text, True))
    if ladder.refit_reason_:
        found.append(Notice("No model file", f"There is no model file: {ladder.refit_reason_}."))
    found += [*_spellings(ladder), *_classes(ladder)]
    if ladder.n_used_ < ladder.n_samples_:
        text = (
            f"{ladder.n_used_:,} of {_rows(ladder.n_samples_)} are used: all would not fit into the time "
            "and the memory that there are."
        )
        found.append(Notice("Rows in use", text))
    if words := cut_short(ladder):
        found.append(Notice("Cut short", words))
    if words := few_rows_decide(ladder):
        found.append(Notice("Few rows decide", words))
    if ladder.n_duplicates_:
        n = ladder.n_duplicates_
        verb = "repeats" if n == 1 else "repeat"
        text = (
            f"{_rows(n)} {verb} another in every column that a model sees, the target aside; equal rows "
            "are kept on one side of each split, so that none is judged by its copy."
        )
        found.append(Notice("Repeated rows", text))
    if ladder.n_unlabeled_:
        text = f"{_rows(ladder.n_unlabeled_)} without a target; {use_of_unlabelled(ladder)}."
        if gain := ladder.findings_.pretraining:
            text = f"{text} {gain.sentence}"
        if alone := ladder.findings_.unlabelled:
            text = f"{text} {alone.sentence}"
        found.append(Notice("Unlabelled rows", text))
    elif gain := ladder.findings_.pretraining:
        found.append(Notice("Pre-training", gain.sentence))
    if ladder.left_out_:
        found.append(Notice("Rungs left out", ladder.left_out_))
    if parts := missing_parts(ladder):
        found.append(Notice("Not worked out", parts))
    return [*found, *_left_out(ladder)]


def few_rows_decide(ladder: Ladder) -> str:
    """Whether a few far errors make most of a mean of squares, in words; empty elsewhere."""
    if ladder.metric_.key != "rmse":
        return ""
    squares = np.sort(errors_once(ladder)[0] ** 2)[::-1]
    if len(squares) < ROWS_TO_TELL:
        return ""
    n = max(1, int(FEW_OF_MANY * len(squares)))
    share = float(squares[:n].sum() / (squares.sum() or 1.0))
    if share < MOST_OF_THE_ERROR:
        return ""
    verb = "makes" if n == 1 else "make"
    ratio = (
        ", a column of the target's logarithms by what ratio"
        if np.min(ladder.test_targets_) > 0
        else ""
    )
    return (
        f"{_rows(n)} of {len(squares):,} {verb} {100 * share:.0f} % of the squared error, so that the "
        f"comparison is mostly about them; --metric mae counts how far off each row is{ratio}."
    )


def cut_short(ladder: Ladder) -> str:
    """Which rungs were judged on trainings that the time ended, in words; empty where none were."""
    found = [
        f"{result.title} in {result.n_cut} of {counted(len(result.scores), 'repeat')}"
        for result in ladder.results_
        if result.n_cut
    ]
    if not found:
        return ""
    return f"The time ended before the training did: {', '.join(found)}. With more it may err less."


def _leaks(ladder: Ladder) -> list[Notice]:
    """Columns that alone nearly give the target, and the verdict without them."""
    found = [Notice("Possible leakage", leak.sentence, True) for leak in ladder.leaks_]
    without = ladder.without_leaks_
    if found:
        them = "it" if len(found) == 1 else "them"
        why = ladder.findings_.reasons.get("without_leaks", "the climb was interrupted")
        text = without.sentence if without is not None else f"n/a: {why}."
        found.append(Notice(f"Without {them}", text, True))
    return found


def _spellings(ladder: Ladder) -> list[Notice]:
    found = {
        "Classes spelt alike": classes_alike(ladder.class_counts_),
        "A class that is none": classes_of_nothing(ladder.class_counts_),
    }
    return [Notice(title, text) for title, text in found.items() if text]


def _classes(ladder: Ladder) -> list[Notice]:
    if ladder.metric_.key != "balanced_error" or ladder.metric is not None:
        return []
    counts = sorted(ladder.class_counts_.items(), key=lambda item: -item[1])
    shown = ", ".join(f"{clip(name, LONGEST_NAME)} ({n:,})" for name, n in counts[:NAMES_SHOWN])
    more = f" and {len(counts) - NAMES_SHOWN:,} more" if len(counts) > NAMES_SHOWN else ""
    text = (
        f"Rows of each class: {shown}{more}. The error rate is averaged over classes, so that each "
        "counts equally."
    )
    return [Notice("Uneven classes", text)]


def use_of_unlabelled(ladder: Ladder) -> str:
    """Which rungs learnt from the rows without a target, in words."""
    ran = {result.name for result in ladder.results_ if result.scores}
    users = [rung.title_for(ladder.task_) for rung in RUNGS
             if rung.pretraining and rung.name in ran]  # fmt: skip
    if not users:
        were_planned = any(RUNG_OF[result.name].pretraining for result in ladder.results_)
        if were_planned and ladder.is_interrupted_:
            return "the climb was interrupted before a rung had learnt from them; deepen resume goes on"
        if were_planned:
            return "the rungs that are pre-trained on them had no time; give more, deepen resume goes on"
        return "no rung that ran can use them"
    n_used = min(ladder.n_unlabeled_, MOST_ROWS)
    some = "" if n_used == ladder.n_unlabeled_ else f"{n_used:,} of them, by lot, are "
    verb = "is" if len(users) == 1 else "are"
    return f"{some}used by {' and '.join(users)}, which {verb} pre-trained on them"


def missing_parts(ladder: Ladder) -> str:
    """What could not be had beside the verdict, with the reason; empty where everything was."""
    titles = {
        "unlabelled": "what the rows without a target gained by themselves",
        "label_curves": "error against labels",
        "importances": "columns that matter",
        "layers": "pictures of the layers",
    }
    reasons = ladder.findings_.reasons
    by_reason: dict[str, list[str]] = {}
    for key, reason in reasons.items():
        part, _, who = key.partition(": ")
        if part in titles:
            of = f" of {who}" if who else ""
            by_reason.setdefault(reason, []).append(titles[part] + of)
    parts = [f"{', '.join(parts)}: n/a, {reason}" for reason, parts in by_reason.items()]
    return "; ".join(parts) + "." if parts else ""


def _rows(n: int) -> str:
    return counted(n, "row")


def _left_out(ladder: Ladder) -> list[Notice]:
    """Ids and other columns that no model saw."""
    names = [str(c.name) for c in ladder.columns_ if c.treatment == LEFT_OUT]
    if not names:
        return []
    some = ", ".join(clip(name, LONGEST_NAME) for name in names[:NAMES_SHOWN])
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    return [Notice("Columns left out", f"{some}{more}; the table of columns says why.")]


def rows_used(ladder: Ladder) -> list[RowsUse]:
    """Which rows trained, tuned, stopped and judged, in each repeat and after it."""
    n, is_usual = ladder.n_used_, ladder.split_.startswith(describe_split())
    purposes = {
        "training": "the weights of every rung are fitted on them",
        "stopping": "they say when training has gone on long enough",
        "tuning": "settings are chosen on them",
        "verdict": "every loss and gain on this page comes from them; nothing was fitted, stopped or "
        "chosen on them",
    }
    uses = [
        RowsUse(name, _about(n, share) if is_usual else "", purpose)
        for (name, purpose), share in zip(purposes.items(), SHARES, strict=True)
    ]
    if ladder.split_ != describe_split():
        uses.insert(0, RowsUse("how rows are split", "", ladder.split_))
    if ladder.n_unlabeled_:
        uses.append(
            RowsUse("without a target", _rows(ladder.n_unlabeled_), use_of_unlabelled(ladder))
        )
    if not ladder.refit_reason_:
        uses.append(
            RowsUse(
                "the model that is saved",
                f"all {n:,}",
                "after the verdict, the chosen rung is trained once more on all labelled rows",
            )
        )
    return uses


def _about(n: int, share: float) -> str:
    return f"{share:.0%}".replace("%", " %") + f", about {round(n * share):,} in each repeat"


def first_layer(ladder: Ladder, title: str) -> Filters | None:
    """Weights next to the pixels, where rows are pictures: the first layer's, or a linear model's."""
    pipeline = getattr(ladder, "best_estimator_", None)
    names = list(getattr(ladder, "feature_names_in_", ()))
    shape = picture_shape(names)
    if shape is None or pipeline is None:
        return None
    model = pipeline.named_steps["model"]
    # A regressor may stand behind a scaler of its target.
    model = getattr(model, "regressor_", model)
    is_linear = hasattr(model, "coef_")
    if not is_linear and not hasattr(model, "coefs_"):
        return None
    coefs = np.atleast_2d(model.coef_).T if is_linear else np.asarray(model.coefs_[0])
    inputs = [str(name) for name in pipeline.named_steps["table"].get_feature_names_out()]
    if len(coefs) != len(inputs):
        return None
    return Filters(title, at_pixels(coefs, inputs, names), shape, is_linear)

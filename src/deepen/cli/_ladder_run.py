"""One climb for the command line: read, climb, write, print; ``ladder`` and ``resume`` share it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deepen.cli._common import INTERRUPTED
from deepen.cli._folder import RUN, resume_line, stem_of, writable

if TYPE_CHECKING:
    from deepen.model_selection import Ladder, LadderEvent
    from deepen.model_selection.prepare import Given

# Kept for report and files: this many seconds, or this part of a short budget.
WRITING_SECONDS, WRITING_SHARE = 6.0, 0.06


@dataclass
class Options:
    """What the command said; kept in the run's folder for ``deepen resume``."""

    source: str
    target: str | None = None
    time_budget: str = "15m"
    trials: int | None = None
    repeats: int = 10
    rungs: list[str] | None = None
    metric: str | None = None
    min_gain: float | None = None
    task: str | None = None
    types: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    groups: str | None = None
    time_column: str | None = None
    test: str | None = None
    best: bool = False
    seed: int = 0

    def command(self, folder: Path) -> str:
        """The line that repeats the run."""
        import shlex

        words = ["deepen", "ladder", self.source, "--target", str(self.target)]
        words += ["--seed", str(self.seed), "--out", str(folder), "--repeats", str(self.repeats)]
        if self.trials is None:
            words += ["--time-budget", self.time_budget]
        for name in ("trials", "metric", "min_gain", "task", "groups", "time_column", "test"):
            if (value := getattr(self, name)) is not None:
                words += [f"--{name.replace('_', '-')}", str(value)]
        for name in ("types", "missing"):
            for one in getattr(self, name):
                words += [f"--{name}", one]
        if self.rungs:
            words += ["--rungs", ",".join(self.rungs)]
        return shlex.join(words + (["--best"] if self.best else []))


def run(
    options: Options, folder: Path, *, start: float, force: bool, is_anew: bool = False
) -> None:
    """Climb and leave everything in `folder`; `start` is when the command began.

    A climb of before is forgotten where this one is to start anew, once it has a plan.
    """
    from deepen.cli._common import fail, input_errors, parse_duration, parse_types
    from deepen.cli._memory import frugal, part_with_large_blocks
    from deepen.cli._missing import parse_missing

    part_with_large_blocks()
    seconds = parse_duration(options.time_budget)
    kinds, codes = parse_types(options.types), parse_missing(options.missing)
    with input_errors():
        given, name = _read(options, codes)
        # Kept for its counts; the words of two million rows would be pointers of 16 MB.
        y = given.y.astype("category") if given.y.dtype == object else given.y
        options.target = name
        from deepen.cli._progress import climb_progress
        from deepen.cli._set_aside import set_aside
        from deepen.model_selection import Ladder
        from deepen.model_selection.ladder_steps import fit_given
        from deepen.model_selection.store import RunStore

        store = RunStore(folder / RUN)
        left = seconds - min(WRITING_SECONDS, WRITING_SHARE * seconds) - (time.monotonic() - start)
        settings = ("repeats", "trials", "metric", "min_gain", "task", "best")
        with (
            writable(folder),
            climb_progress(resume_line(folder)) as progress,
            set_aside(store, is_anew) as forget,
        ):

            def told(event: LadderEvent) -> None:
                if event.kind == "plan":  # the climb has begun
                    forget()
                progress(event)

            model = Ladder(
                max(left, 0.1), rungs=options.rungs or "auto", types=kinds or None,
                missing=codes or None, checkpoint=folder / RUN, random_state=options.seed,
                progress=frugal(told),
                **{key: getattr(options, key) for key in settings},
            )  # fmt: skip
            store.folder.mkdir(exist_ok=True)
            store.write(options=asdict(options))
            try:
                fit_given(model, given)
            except ValueError as error:
                _forget_if_empty(store)
                fail(f"{options.source}, target {name!r}: {error}")
            except KeyboardInterrupt:
                _say_how_to_go_on(folder)
                raise typer.Exit(INTERRUPTED) from None
        with writable(folder):
            _write(folder, model, y, options, force or (folder / RUN).is_dir())
    _finish(model, folder)


def _finish(model: Ladder, folder: Path) -> None:
    from deepen.cli._common import console
    from deepen.cli._ladder_print import print_verdict

    print_verdict(model, folder)
    if model.is_interrupted_:
        _say_how_to_go_on(folder)
        raise typer.Exit(INTERRUPTED)
    if model.trials is None and any(
        len(r.scores) < model.repeats and not r.is_failed for r in model.results_
    ):
        minutes = max(1, round(2 * model.elapsed_ / 60 + 0.5))
        console().say(f"more    {resume_line(folder)} --time-budget {minutes}m")


def _say_how_to_go_on(folder: Path) -> None:
    typer.echo(f"Interrupted. Go on with: {resume_line(folder)}", err=True)


def _forget_if_empty(store: Any) -> None:
    """A run that never began leaves nothing behind."""
    if not any(store.folder.glob("*.npz")):
        store.clear()
        store.folder.rmdir()


def _read(options: Options, codes: dict[str, list[str]]) -> tuple[Given, str]:
    """What `fit` is given, and the target's name."""
    from deepen.cli._common import fail
    from deepen.cli._missing import refuse_codes_of
    from deepen.cli._target import read_whole, read_with_target, target_apart
    from deepen.datasets import find_column

    table = read_whole(options.source, options.target)
    # Positions are those of the table, and say nothing to who reads the report.
    for option in ("groups", "time_column"):
        if (wanted := getattr(options, option)) is not None:
            setattr(options, option, find_column(table, wanted, options.source))
    if options.groups is not None and options.groups == options.time_column:
        fail(f"--groups and --time-column both name {options.groups!r}; choose another for one.")
    X, y, name = target_apart(table, options.source, options.target)
    del table
    refuse_codes_of(codes, name, "the target")
    from deepen.model_selection.prepare import Given

    given = Given(None, y)
    for option, key in (("groups", "groups"), ("time_column", "time")):
        if (wanted := getattr(options, option)) is None:
            continue
        if wanted == name:
            fail(f"--{option.replace('_', '-')} {name!r}: is the target; choose another column.")
        refuse_codes_of(codes, wanted, f"the column of --{option.replace('_', '-')}")
        setattr(given, key, X[wanted])
        # The time stays: the hour or the weekday of rows to come is known.
        X = X.drop(columns=wanted) if key == "groups" else X
        if X.shape[1] == 0:
            fail(f"{options.source}: has no column left to predict from.")
    if options.test is not None:
        X_test, y_test, _ = read_with_target(options.test, name)
        given.X_test, given.y_test = X_test, y_test
    given.X = X
    return given, name


def _write(folder: Path, model: Ladder, y: Any, options: Options, force: bool) -> None:
    """Report, numbers, model; each whole or not at all."""
    import deepen
    from deepen.cli._common import as_json, training_facts, write_text
    from deepen.conformal import residual_quantiles
    from deepen.model_selection.ladder_report import report_of
    from deepen.model_selection.mistakes import errors_once
    from deepen.report import render

    title = f"{stem_of(options.source)}: {options.target}"
    facts = _footer(model, options, folder)
    told = () if options.groups is None else (_told_of_groups(options.groups),)
    page = render(report_of(model, title=title, footer=facts, warnings=told))
    numbers = {"data": title, **facts, **model.to_dict()}
    if model.refit_reason_:
        # An earlier model beside this report would pass for its own.
        (folder / "model.deepen").unlink(missing_ok=True)
    else:
        training = training_facts(
            model.n_features_in_, y[y.notna()], model.task_, source=options.source, seed=options.seed,
            n_unlabelled=model.n_unlabeled_, seconds=model.elapsed_,
        )  # fmt: skip
        info = {"target": options.target, "task": model.task_, "metric": model.metric_.key}
        info["training"] = training
        if options.groups is not None:
            info["groups"] = options.groups
        if model.task_ == "regression":
            info["residuals"] = residual_quantiles(*errors_once(model))
        if (found := model.findings_.threshold) is not None:
            info["threshold"] = {"label": found.label, "value": found.value}
        deepen.save(model.best_estimator_, folder / "model.deepen", info=info, force=force)
    write_text(folder / "ladder.json", as_json(numbers), force=force)
    write_text(folder / "report.html", page, force=force)


def _told_of_groups(name: str) -> str:
    return f"{name} keeps rows together, and is no column that a model sees."


def _footer(model: Ladder, options: Options, folder: Path) -> dict[str, str]:
    import platform

    import jax
    import sklearn

    import deepen

    return {
        "command": options.command(folder),
        "seed": str(options.seed),
        "data": f"sha256 {model.data_hash_[:16]}, {model.n_samples_ + model.n_unlabeled_:,} rows",
        "split": model.split_,
        "versions": f"deepen {deepen.__version__}, jax {jax.__version__}, "
        f"scikit-learn {sklearn.__version__}, python {platform.python_version()}",
    }

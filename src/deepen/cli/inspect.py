"""``deepen inspect``: what is in a model file, told from its header alone, or in a table, before training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from deepen.cli._missing import HELP as MISSING
from deepen.cli._missing import parse_missing

MOST_COLUMNS = 60  # shown; a wide table's rest is counted
UNSET = (None, "deprecated")  # values of settings that nobody chose
KINDS_OF_LAYERS = ("coefs_", "coef_", "components_")
UNITS = {"coefs_": "units", "coef_": "weights", "components_": "components"}


def inspect(
    model: Annotated[
        Path, typer.Argument(help="A model file, such as model.deepen, or a table: its columns.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for pictures of what the model learnt.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Rows to show a Boltzmann machine for its pictures.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace pictures that exist.")] = False,
    target: Annotated[str | None, typer.Option(help="Of a table: the column to predict.")] = None,
    types: Annotated[
        list[str] | None, typer.Option(help="Of a table: column=kind, to see what that changes.")
    ] = None,
    missing: Annotated[list[str] | None, typer.Option(help=f"Of a table. {MISSING}")] = None,
) -> None:
    """Show what a model file holds, nothing of it is run but for pictures; or how a table is taken."""
    from deepen.cli._common import console, fail, input_errors, parse_types
    from deepen.datasets.readers import is_table_name
    from deepen.modelfile import DAMAGE, ModelFileError, read_header

    if is_table_name(str(model)):
        if out is not None or data is not None:
            fail(f"{model}: is a table; --out and --data are for models.")
        with input_errors():
            from deepen.cli._inspect_table import describe_table

            kinds, codes = parse_types(types), parse_missing(missing)
            facts, columns, suspects = describe_table(str(model), target, kinds, codes)
        _print(facts, columns)
        for sentence in suspects:
            console().prose(f"Suspect: {sentence}")
        return
    if target is not None or types or missing:
        fail(f"{model}: is no table; --target, --types and --missing are for tables.")
    with input_errors():
        header = read_header(model)
        try:
            facts, columns = _facts(header), _columns(header["model"])
        except DAMAGE as error:
            raise ModelFileError(f"{model}: its header does not fit a model ({error}).") from error
        if out is None and data is not None:
            fail("--data: is for pictures; name a folder for them with --out.")
        pictures = [] if out is None else _pictures(model, out, data, force)
    _print(facts, columns)
    for picture in pictures:
        console().say(f"picture      {picture}")
    if out is not None and not pictures:
        fail(f"{model}: there is no picture of this model: its columns are no image.")


def _print(facts: dict[str, str], columns: list[tuple[str, ...]]) -> None:
    """Lines of facts, then the table of columns."""
    from deepen.cli._common import console

    terminal = console()
    for name, value in facts.items():
        terminal.say(f"{name:<12} {value}")
    if columns:
        terminal.print()
        headings = ("column", "kind", "treatment", "reason", "to change it")
        terminal.table(headings, columns[:MOST_COLUMNS])
        if len(columns) > MOST_COLUMNS:
            terminal.say(f"... and {len(columns) - MOST_COLUMNS:,} columns more")


def _facts(header: dict[str, Any]) -> dict[str, str]:
    """Lines of facts by their name."""
    steps = list(_steps(header["model"]))
    last = steps[-1]
    info = header["info"] if isinstance(header["info"], dict) else {}
    facts = {
        "kind": " -> ".join(_short(step["__model__"]) for step in steps),
        "file": f"schema {header['schema']}, written by deepen {header.get('deepen_version')}",
    }
    for name in ("target", "task"):
        if name in info:
            facts[name] = str(info[name])
    if labels := _labels(last["state"].get("classes_")):
        facts["classes"] = f"{len(labels)}: {', '.join(labels[:12])}{' ...' if labels[12:] else ''}"
    if layers := _layers(last["state"]):
        facts["layers"] = layers
    n_numbers = sum(_n_numbers(node) for key, node in last["state"].items() if key != "classes_")
    facts["parameters"] = f"{n_numbers:,} fitted numbers"
    facts["settings"] = _settings(last)
    for name in ("n_iter_", "loss_", "stop_reason_"):
        value = last["state"].get(name)
        if _is_plain(value) and value not in (None, ""):
            facts[name.strip("_").replace("_", " ")] = _plain_text(value)
    training = info.get("training")
    for name, value in training.items() if isinstance(training, dict) else ():
        facts[name.replace("_", " ")] = _plain_text(value)
    residuals = info.get("residuals")
    if isinstance(residuals, dict):
        facts["intervals"] = f"from the errors on {residuals.get('n')} held-out rows"
    others = set(info) - {"target", "task", "training", "residuals"}
    return facts | {name: _plain_text(info[name]) for name in sorted(others)}


def _settings(step: dict[str, Any]) -> str:
    """Parameters that are not the class's own, as scikit-learn shows an estimator."""
    from inspect import signature

    from deepen._model_registry import MODEL_TYPES, resolve

    name, defaults = step["__model__"], {}
    if (cls := resolve(name, MODEL_TYPES)) is not None:
        known = signature(cls).parameters.items()
        defaults = {key: parameter.default for key, parameter in known}
    chosen = [
        f"{key}={value}"
        for key, value in step["params"].items()
        if _is_plain(value) and value not in UNSET and value != defaults.get(key, UNSET)
    ]
    return ", ".join([*chosen, "others as by default"] if defaults else chosen)


def _steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Estimators of a pipeline in order, or the one there is."""
    if _short(node["__model__"]) != "Pipeline":
        yield node
        return
    for step in node["params"]["steps"]:
        yield from _steps(step["__tuple__"][1])


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _plain_text(value: Any) -> str:
    if isinstance(value, dict):
        shown = [f"{key} {item}" for key, item in list(value.items())[:12] if _is_plain(item)]
        return ", ".join(shown) + (" ..." if len(value) > 12 else "")
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if type(value) is int and value >= 10_000 else str(value)


def _labels(node: Any) -> list[str]:
    if not isinstance(node, dict):
        return []
    if "__labels__" in node:
        return [str(label) for label in node["__labels__"]]
    return [str(k) for k in range(node["shape"][0])] if node.get("shape") else []


def _layers(state: dict[str, Any]) -> str:
    """Widths of the layers, from the shapes of the weights."""
    for name in KINDS_OF_LAYERS:
        node = state.get(name)
        nodes = node if isinstance(node, list) else [node]
        shapes = [n["shape"] for n in nodes if isinstance(n, dict) and len(n.get("shape", ())) == 2]
        if not shapes:
            continue
        if name == "coefs_":
            return " - ".join(str(n) for n in [shapes[0][0], *(shape[1] for shape in shapes)])
        return f"{shapes[0][1]} - {shapes[0][0]}"
    roots = state.get("roots_")
    if isinstance(roots, dict):
        return f"{roots['shape'][0] * roots['shape'][1]} trees"
    return ""


def _n_numbers(node: Any) -> int:
    """Numbers in all arrays below a node of the header."""
    if isinstance(node, list):
        return sum(_n_numbers(item) for item in node)
    if not isinstance(node, dict):
        return 0
    if "__array__" in node:
        n_numbers = 1
        for size in node["shape"]:
            n_numbers *= int(size)
        return n_numbers
    return sum(_n_numbers(item) for item in node.values())


def _columns(node: dict[str, Any]) -> list[tuple[str, ...]]:
    """Rows of the table of columns, where the model has one."""
    fields = ("name", "kind", "treatment", "reason", "override")
    for step in _steps(node):
        if _short(step["__model__"]) == "TableEncoder":
            columns = [column["fields"] for column in step["state"]["columns_"]]
            return [tuple(str(column.get(field, "")) for field in fields) for column in columns]
    return []


def _pictures(model: Path, folder: Path, data: str | None, force: bool) -> list[Path]:
    """Write the pictures that there are of a model; their paths."""
    import deepen
    from deepen.cli._common import fail
    from deepen.cli._pictures import check_folder, pictures_of, write_pictures
    from deepen.datasets import read_table

    check_folder(folder)
    pipeline = deepen.load(model)
    table = None if data is None else read_table(data)
    try:
        pictures = pictures_of(pipeline, table)
    except ValueError as error:
        fail(f"{model if data is None else data}: {error}")
    return write_pictures(pictures, folder, force)

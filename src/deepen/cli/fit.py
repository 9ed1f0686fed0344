"""``deepen fit``: train one model and save it."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

MODELS = ("mlp", "logistic", "linear")


def fit(
    data: Annotated[
        str,
        typer.Argument(help="A .csv, .tsv, .parquet, .npz, .npy or .idx file, or a built-in name."),
    ],
    target: Annotated[str | None, typer.Option(help="Column to predict.")] = None,
    model: Annotated[str, typer.Option(help="mlp, logistic or linear.")] = "mlp",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="name=value, such as hidden_layer_sizes=100,100. Repeatable."),
    ] = None,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("model.deepen"),
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Train one model on all labelled rows of DATA and save it."""
    from deepen.cli._common import (
        check_free,
        console,
        fail,
        input_errors,
        read_with_target,
        warm_up,
    )

    if model not in MODELS:
        fail(f"--model {model!r}: choose one of {', '.join(MODELS)}.")
    with input_errors():
        check_free(out, force)
        import deepen
        from deepen.datasets import TableEncoder, infer_task
        from deepen.model_selection.prepare import prepare

        X, y, name = read_with_target(data, target)
        task = {"logistic": "classification", "linear": "regression"}.get(model) or infer_task(
            y.dropna()
        )
        try:
            X, y, task, n_unlabelled = prepare(X, y, task)  # type: ignore[arg-type]
            estimator = _estimator(model, task, _parsed(settings or []), seed)
        except (ValueError, TypeError) as error:
            fail(f"{data}: {error}")
        warm_up()
        from sklearn.pipeline import Pipeline

        from deepen.engine.stopping import BY_USER

        pipeline = Pipeline([("table", TableEncoder()), ("model", estimator)])
        try:
            with warnings.catch_warnings(record=True) as notes:
                warnings.simplefilter("always")
                pipeline.fit(X, y)
        except ValueError as error:
            fail(f"{data}: {error}")
        for message in dict.fromkeys(str(note.message) for note in notes):
            console().print(f"Note: {message}", markup=False, soft_wrap=True)
        if getattr(estimator, "stop_reason_", "") == BY_USER:
            raise KeyboardInterrupt
        deepen.save(pipeline, out, info={"target": name}, force=force)
    left_out = f" ({n_unlabelled:,} without a target left out)" if n_unlabelled else ""
    console().print(
        f"{out}: {type(estimator).__name__}, {len(y):,} rows{left_out}",
        markup=False,
        soft_wrap=True,
    )


def _parsed(settings: list[str]) -> dict[str, Any]:
    """Values as Python literals where they are, words otherwise; 100,50 is a tuple.

    Examples
    --------
    >>> _parsed(["hidden_layer_sizes=100,50", "solver=sgd", "alpha=1e-3"])
    {'hidden_layer_sizes': (100, 50), 'solver': 'sgd', 'alpha': 0.001}
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise ValueError(f"--set {setting!r}: write name=value.")
        try:
            parsed[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            parsed[name] = text
    return parsed


def _estimator(model: str, task: str, params: dict[str, Any], seed: int) -> Any:
    from deepen.linear_model import LinearRegression, LogisticRegression
    from deepen.neural_network import MLPClassifier, MLPRegressor

    if model == "mlp":
        estimator = MLPClassifier() if task == "classification" else MLPRegressor()
    else:
        estimator = LogisticRegression() if model == "logistic" else LinearRegression()
    known = estimator.get_params()
    if "hidden_layer_sizes" in params:
        import numpy as np

        params["hidden_layer_sizes"] = tuple(np.atleast_1d(params["hidden_layer_sizes"]).tolist())
    for name in params:
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"--set {name}: {type(estimator).__name__} has no such parameter.{hint}"
            )
    if "random_state" in known:
        params = {"random_state": seed, **params}
    return estimator.set_params(**params)

"""The chosen rung on all labelled rows, behind an encoder fitted on all of them."""

from __future__ import annotations

from typing import Any

from deepen.model_selection import training
from deepen.model_selection.data import Data, new_encoder
from deepen.model_selection.results import RungResult
from deepen.model_selection.rungs import Rung


def refit_on_all(rung: Rung, result: RungResult, data: Data) -> tuple[Any, list[Any]]:
    """Encoder and model fitted on all labelled rows, and what became of each column."""
    from sklearn.pipeline import Pipeline

    for_trees = rung.kind == "trees"
    encoder = new_encoder(data.columns, for_trees=for_trees)
    X = encoder.fit_transform(data.X, data.y)
    unlabelled = None
    if rung.takes_unlabelled and data.X_unlabelled is not None:
        unlabelled = encoder.transform(data.X_unlabelled)
    model = training.refit(
        rung, result.params, X, data, n_epochs=result.n_epochs,
        is_categorical=encoder.categorical_features_ if for_trees else None,
        X_unlabelled=unlabelled,
    )  # fmt: skip
    return Pipeline([("table", encoder), ("model", model)]), list(encoder.columns_)

"""The chosen rung on all labelled rows, behind an encoder fitted on all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepen.model_selection import training
from deepen.model_selection.data import Data, new_encoder
from deepen.model_selection.pretraining import Pretraining, unit_scaler
from deepen.model_selection.results import RungResult
from deepen.model_selection.rungs import Rung


def refit_on_all(
    rung: Rung, result: RungResult, data: Data, missing: Any = None
) -> tuple[Any, list[Any]]:
    """Encoder and model fitted on all labelled rows, and what became of each column.

    `missing` are the codes that later rows are to lose, as those of the climb did.
    """
    from sklearn.pipeline import Pipeline

    encoder = new_encoder(data.columns, data.seen_form(rung.form), missing)
    X = encoder.fit_transform(data.X, data.y)
    steps, pretraining = [("table", encoder)], None
    if rung.form == "layers":
        seen, n_unlabelled = data.all_rows(X, encoder)
        if data.has_one_scale:
            scaler = unit_scaler(seen)
            steps.append(("scale", scaler))
            X, seen = scaler.transform(X), scaler.transform(seen)
        seed = int(np.random.SeedSequence([data.seed, 1]).generate_state(1)[0] >> 1)
        pretraining = Pretraining(seen, n_unlabelled, seed)
    model = training.refit(
        rung, result.params, X, data, n_epochs=result.n_epochs, temperature=result.temperature,
        is_categorical=encoder.categorical_features_ if rung.form == "codes" else None,
        pretraining=pretraining,
    )  # fmt: skip
    return Pipeline([*steps, ("model", model)]), list(encoder.columns_)

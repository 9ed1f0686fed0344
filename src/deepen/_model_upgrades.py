"""Model files of earlier schema versions, brought to the present one as they are read.

1 -> 2   a TableEncoder keeps one treatment a column instead of lists by kind
2        networks that a pre-training starts were not centred before they had a parameter for it
"""

from __future__ import annotations

from typing import Any

import numpy as np

from deepen._model_state import Arrays, decode, encode

TABLE_ENCODER = "deepen.datasets.TableEncoder"
SHORT_FORMS = tuple(
    f"deepen.neural_network.{name}"
    for name in ("DBNClassifier", "DBNRegressor", "StackedAutoencoderClassifier")
)
OTHER = "\0other"  # schema 1 did not keep the names of rare categories


def upgrade(node: Any, arrays: Arrays, schema: int) -> Any:
    """JSON of a model of an earlier schema as the present schema has it.

    Parameters
    ----------
    node : JSON
        The model.
    arrays : dict of str to ndarray
        Tensors of the file; new ones are added.
    schema : int
        Of the file.

    Returns
    -------
    node : JSON
    """
    return _walk(node, arrays, "model", schema)


def _walk(node: Any, arrays: Arrays, place: str, schema: int) -> Any:
    if isinstance(node, list):
        return [_walk(item, arrays, f"{place}.{i}", schema) for i, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    node = {key: _walk(item, arrays, f"{place}.{key}", schema) for key, item in node.items()}
    name = node.get("__model__")
    if name in SHORT_FORMS and isinstance(node.get("params"), dict):
        node["params"].setdefault("centered", False)
    return _table_encoder(node, arrays, place) if name == TABLE_ENCODER and schema == 1 else node


def _table_encoder(node: dict[str, Any], arrays: Arrays, place: str) -> dict[str, Any]:
    from deepen.datasets.encoders import Numbers, OneHot

    state = {key: decode(value, arrays) for key, value in node["state"].items()}
    gone = ("fills_", "centers_", "scales_", "categories_", "has_other_", "has_missing_")
    fills, centers, scales, categories, has_other, has_missing = (state.pop(key) for key in gone)
    numbers, lists = iter(zip(fills, centers, scales, strict=True)), iter(categories)
    treatments: list[Numbers | OneHot] = []
    for column in state["columns_"]:
        if not column.is_used:
            continue
        is_missing = bool(has_missing[column.name])
        if column.kind == "categorical":
            rare = [OTHER] if has_other[column.name] else []
            treatments.append(OneHot(next(lists), rare, is_missing))
        else:
            fill, center, scale = map(float, next(numbers))
            treatments.append(Numbers("standard", fill, center, scale, is_missing, []))
    state["encoders_"] = treatments
    width = sum(len(treatment.names("")) for treatment in treatments)
    state["categorical_features_"] = np.zeros(width, dtype=bool)
    encoded = {key: encode(value, f"{place}.{key}", arrays) for key, value in state.items()}
    return {**node, "state": encoded}

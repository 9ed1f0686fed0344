"""Fitted estimators as JSON and named arrays, and back.

plain values       themselves; not finite floats {"__float__": "nan"} arrays
{"__array__": name, "dtype": ..., "shape": ...}, the numbers in the tensor ``name`` labels
{"__labels__": [...], "dtype": "str" | "object", "shape": ...} tuples, dicts      {"__tuple__":
[...]}, objects or {"__items__": [[key, value], ...]} dataclasses        {"__dataclass__":
name, "fields": {...}} estimators         {"__model__": name, "params": {...}, "state": {...},
"left_out": [...]}
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from deepen import _model_registry as registry

Json = Any
Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]
BOOSTED = {
    "HistGradientBoostingClassifier": "BoostedTreesClassifier",
    "HistGradientBoostingRegressor": "BoostedTreesRegressor",
}
PLAIN = (bool, int, float, str)


class ModelFileError(ValueError):
    """A model that cannot be written, or a file that is no model, told in one line."""


class NotStorableError(TypeError):
    """A value that has no place in a file, such as a function."""


def encode(value: Any, place: str, arrays: Arrays) -> Json:
    """JSON of a value; its arrays are added to ``arrays`` under names that begin with ``place``.

    Raises
    ------
    NotStorableError
        If a part of it is neither plain, an array, a registered dataclass nor an estimator.
    ModelFileError
        If a part of it is an estimator that is not registered.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in PLAIN:
        is_json = not isinstance(value, float) or math.isfinite(value)
        return value if is_json else {"__float__": str(value)}
    if isinstance(value, np.ndarray):
        return _encode_array(value, place, arrays)
    if isinstance(value, list | tuple):
        items = [encode(item, f"{place}.{i}", arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"__tuple__": items}
    if isinstance(value, Mapping):
        return _encode_mapping(value, place, arrays)
    if hasattr(value, "get_params") and not isinstance(value, type):
        return encode_model(value, place, arrays)
    name = registry.name_of(type(value), registry.DATACLASS_TYPES)
    if name is None:
        raise NotStorableError(f"{place} is a {type(value).__name__}")
    fields = {
        field.name: encode(getattr(value, field.name), f"{place}.{field.name}", arrays)
        for field in dataclasses.fields(value)
        if field.init
    }
    return {"__dataclass__": name, "fields": fields}


def _encode_mapping(value: Mapping[Any, Any], place: str, arrays: Arrays) -> Json:
    if all(isinstance(key, str) and not key.startswith("__") for key in value):
        return {key: encode(item, f"{place}.{key}", arrays) for key, item in value.items()}
    items = [
        [encode(key, f"{place}.key{i}", arrays), encode(item, f"{place}.value{i}", arrays)]
        for i, (key, item) in enumerate(value.items())
    ]
    return {"__items__": items}


def _encode_array(value: Any, place: str, arrays: Arrays) -> Json:
    shape = list(value.shape)
    if value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
        dtype = value.dtype.newbyteorder("=")
        arrays[place] = np.array(value, dtype=dtype, order="C")
        return {"__array__": place, "dtype": dtype.name, "shape": shape}
    if value.dtype.kind in "UO":
        labels = [encode(item, f"{place}.{i}", arrays) for i, item in enumerate(value.ravel())]
        if all(label is None or isinstance(label, PLAIN) for label in labels):
            dtype_name = "str" if value.dtype.kind == "U" else "object"
            return {"__labels__": labels, "dtype": dtype_name, "shape": shape}
    raise NotStorableError(f"{place} is an array of {value.dtype}")


def encode_model(model: Any, place: str, arrays: Arrays) -> Json:
    """JSON of a fitted estimator: parameters, and attributes that end in an underscore.

    Parameters that have no place in a file (functions, generators; callbacks, checkpoint, memory)
    are named in ``left_out``; nothing of the fitted state may be.

    Raises
    ------
    ModelFileError
        If the class is not registered, or a fitted attribute cannot be stored.
    """
    model = _as_predictor(model)
    cls = type(model)
    name = registry.name_of(cls, registry.MODEL_TYPES)
    if name is None:
        known = ", ".join(sorted({entry.rpartition(".")[2] for entry in registry.MODEL_TYPES}))
        raise ModelFileError(
            f"{cls.__module__}.{cls.__qualname__} cannot be kept in a model file; known are {known}"
            " and scikit-learn's HistGradientBoosting estimators."
        )
    params, left_out = {}, []
    for key, value in model.get_params(deep=False).items():
        if key in registry.NEVER_KEPT:
            left_out += [key] if value is not None else []
            continue
        try:
            params[key] = encode(value, f"{place}.{key}", arrays)
        except NotStorableError:
            left_out.append(key)
    state = {}
    for key, value in vars(model).items():
        if _is_fitted_name(key, name):
            try:
                state[key] = encode(value, f"{place}.{key}", arrays)
            except NotStorableError as error:
                message = f"{cls.__name__} cannot be kept in a model file: {error}."
                raise ModelFileError(message) from error
    return {"__model__": name, "params": params, "state": state, "left_out": left_out}


def _as_predictor(model: Any) -> Any:
    cls = type(model)
    if cls.__name__ in BOOSTED and cls.__module__.startswith("sklearn.ensemble."):
        from deepen import _boosted_trees

        return getattr(_boosted_trees, BOOSTED[cls.__name__]).from_sklearn(model)
    return model


def _is_fitted_name(key: str, name: str) -> bool:
    is_public = key.endswith("_") and not key.startswith("_")
    return is_public or key in registry.KEPT.get(name, ())


def decode(node: Json, arrays: Arrays) -> Any:
    """Value of what ``encode`` made.

    Raises
    ------
    ModelFileError
        If the JSON names a class that is not registered or an array that is not as it says.
    """
    if isinstance(node, list):
        return [decode(item, arrays) for item in node]
    if not isinstance(node, dict):
        return node
    if "__float__" in node:
        return float(node["__float__"])
    if "__array__" in node:
        return _decode_array(node, arrays)
    if "__labels__" in node:
        return _decode_labels(node, arrays)
    if "__tuple__" in node:
        return tuple(decode(item, arrays) for item in node["__tuple__"])
    if "__items__" in node:
        return {decode(key, arrays): decode(item, arrays) for key, item in node["__items__"]}
    if "__model__" in node:
        return decode_model(node, arrays)
    if "__dataclass__" in node:
        fields = {key: decode(item, arrays) for key, item in node["fields"].items()}
        return _resolved(node["__dataclass__"], registry.DATACLASS_TYPES)(**fields)
    return {key: decode(item, arrays) for key, item in node.items()}


def _decode_array(node: Json, arrays: Arrays) -> Any:
    name = node["__array__"]
    if name not in arrays:
        raise ModelFileError(f"the array {name!r} is missing")
    array = arrays[name]
    if array.dtype.name != node["dtype"] or list(array.shape) != node["shape"]:
        raise ModelFileError(
            f"the array {name!r} should be {node['dtype']} of shape {tuple(node['shape'])}, but is"
            f" {array.dtype.name} of shape {array.shape}"
        )
    return array


def _decode_labels(node: Json, arrays: Arrays) -> Any:
    if node["dtype"] not in ("str", "object"):
        raise ModelFileError(f"labels cannot have dtype {node['dtype']!r}")
    labels = [decode(label, arrays) for label in node["__labels__"]]
    if node["dtype"] == "str":
        return np.array(labels, dtype=str).reshape(node["shape"])
    # assigned one by one: np.array would look into what it is given
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array.reshape(node["shape"])


def _resolved(name: Json, types: dict[str, type | None]) -> Any:
    cls = registry.resolve(name, types) if isinstance(name, str) else None
    if cls is None:
        raise ModelFileError(
            f"it names the class {name!r}, which this deepen does not know; update deepen, or"
            " register the class before loading"
        )
    return cls


def decode_model(node: Json, arrays: Arrays) -> Any:
    """Fitted estimator of what ``encode_model`` made.

    Raises
    ------
    ModelFileError
        If class, parameters or attributes are not what they may be.
    """
    name = node["__model__"]
    cls = _resolved(name, registry.MODEL_TYPES)
    unknown = set(node["params"]) - set(cls._get_param_names())
    if unknown:
        raise ModelFileError(f"{cls.__name__} has no parameter {min(unknown)!r}; update deepen")
    params = {k: v for k, v in node["params"].items() if k not in registry.NEVER_KEPT}
    model = cls(**{key: decode(value, arrays) for key, value in params.items()})
    for key, value in registry.RESET.get(name, {}).items():
        setattr(model, key, value)
    for key, value in node["state"].items():
        if not _is_fitted_name(key, name) or hasattr(cls, key):
            raise ModelFileError(f"{key!r} is no fitted attribute of {cls.__name__}")
        setattr(model, key, decode(value, arrays))
    if hasattr(model, "check_arrays"):
        model.check_arrays()
    return model

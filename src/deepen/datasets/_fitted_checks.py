"""Whether the fitted state of a ``TableEncoder`` fits together: a file may hold anything."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from deepen.datasets.category_means import Hashed, TargetMeans
from deepen.datasets.dates import ORDERS, PARTS
from deepen.datasets.encoders import LEVELS, TOLD, Codes, Numbers, OneHot
from deepen.datasets.kinds import Column
from deepen.datasets.number_format import MARKS, NumberFormat
from deepen.datasets.string_encoders import DateParts, TextTopics
from deepen.datasets.truth import FAMILIES

TREATMENTS = (Codes, DateParts, Hashed, Numbers, OneHot, TargetMeans, TextTopics)
MOST_HASH_COLUMNS = 4096
MOST_DAYS = 1e8  # since 1970; no calendar reaches further


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 2**63)


def _is_list_of(test: Any) -> Any:
    return lambda value: type(value) is list and all(test(item) for item in value)


CHECKS: dict[str, Any] = {
    "str": lambda value: type(value) is str,
    "bool": lambda value: type(value) is bool,
    "int": lambda value: type(value) is int,
    "float": _is_number,
    "list[str]": _is_list_of(lambda item: type(item) is str),
    "list[int]": _is_list_of(lambda item: type(item) is int),
    "list[float]": _is_list_of(_is_number),
    "Array": lambda value: isinstance(value, np.ndarray) and value.dtype.kind == "f",
    "float | None": lambda value: value is None or _is_number(value),
    "NumberFormat | None": lambda value: value is None or isinstance(value, NumberFormat),
}


def check_encoder(encoder: Any) -> None:
    """Raise ValueError where parts of a fitted ``TableEncoder`` are missing or do not fit."""
    columns, treatments = encoder.columns_, encoder.encoders_
    for item in [*columns, *treatments]:
        if not isinstance(item, (Column, *TREATMENTS)):
            raise ValueError(f"a table's column is a {type(item).__name__}")
        _check_fields(item)
    if sum(column.is_used for column in columns) != len(treatments):
        raise ValueError("columns and their treatments differ in number")
    if type(getattr(encoder, "n_samples_", 1)) is not int:
        raise ValueError("n_samples_ is not a number")
    if encoder.n_features_in_ != len(columns):
        raise ValueError("n_features_in_ is not the number of columns")
    if encoder.dtype not in ("float32", "float64"):
        raise ValueError(f"dtype is {encoder.dtype!r}")
    if not _are_codes(getattr(encoder, "missing_", {})):
        raise ValueError("missing_ is no dict of lists of codes")
    for treatment in treatments:
        if not _fits(treatment):
            raise ValueError(f"a {type(treatment).__name__} does not fit together")
    width = sum(len(treatment.names("")) for treatment in treatments)
    if np.shape(encoder.categorical_features_) != (width,):
        raise ValueError("categorical_features_ does not fit the columns")


def _check_fields(item: Any) -> None:
    for field in dataclasses.fields(item):
        value = getattr(item, field.name)
        if not CHECKS[str(field.type)](value):
            raise ValueError(f"{type(item).__name__}.{field.name} is {type(value).__name__}")
        if isinstance(value, NumberFormat):
            _check_fields(value)
    if getattr(item, "truth", "") not in FAMILIES:
        raise ValueError(f"{type(item).__name__}.truth is no family of words")


def _are_codes(value: Any) -> bool:
    is_list = _is_list_of(lambda code: type(code) is str or _is_number(code))
    return type(value) is dict and all(type(n) is str and is_list(value[n]) for n in value)


def _fits(item: Any) -> bool:
    """Whether lengths, shapes and choices of one treatment agree."""
    if isinstance(item, Numbers):
        is_known = item.number_format is None or _is_known_format(item.number_format)
        has_scale = item.scaling in (*TOLD, "raw") and item.scale > 0
        return is_known and has_scale and len(item.quantiles) in (0, len(LEVELS))
    if isinstance(item, DateParts):
        lengths = {len(item.parts), len(item.fills), len(item.centers), len(item.scales)}
        is_known = item.order in ORDERS and all(0 <= part < len(PARTS) for part in item.parts)
        is_in_time = len(item.days) in (0, 2) and all(abs(d) < MOST_DAYS for d in item.days)
        return is_known and is_in_time and len(lengths) == 1 and all(s > 0 for s in item.scales)
    if isinstance(item, TargetMeans):
        n_outputs = len(item.labels) or 1
        shapes = (item.means.shape, item.otherwise.shape)
        return shapes == ((len(item.categories), n_outputs), (n_outputs,))
    if isinstance(item, TextTopics):
        n_terms = len(item.terms)
        is_flat = item.weights.shape == (n_terms,) and item.directions.ndim == 2
        is_unique = n_terms == len(set(item.terms)) > 0
        return is_flat and is_unique and item.directions.shape[1] == n_terms
    if isinstance(item, Hashed):
        return 0 < item.n_columns <= MOST_HASH_COLUMNS
    return True


def _is_known_format(number_format: NumberFormat) -> bool:
    return (number_format.decimal, number_format.thousands) in MARKS

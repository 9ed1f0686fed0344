"""Which numbers of a table are embedded, and what is shown of each row beside its point."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepen.cli._common import fail
from deepen.cli._unit_interval import check_unit_interval
from deepen.report.scatter import most_columns

# A pixel's name: pixel_12, pixel_1_7, or what a table made of a bare array has.
PIXEL = re.compile(r"(pixel|px|column|x)_?\d+(_\d+)?", re.IGNORECASE)
LEAST_SIDE = 6


@dataclass(frozen=True)
class Rows:
    """Rows on their way to a picture.

    Attributes
    ----------
    codes : array of shape (n_samples, n_numbers)
    what : str
        What the numbers are, for the title.
    numbers : array of int
        Number of each row in the table, the first one 1.
    columns : dict of str to Series
        To colour by and to show beside a point, the colour and the target first.
    colour : str or None
    images : array of shape (n_samples, side, side) or None
    """

    codes: Any
    what: str
    numbers: Any
    columns: dict[str, Any]
    colour: str | None
    images: Any


def rows_to_embed(
    data: str,
    *,
    model: Path | None,
    layer: int | None,
    colour: str | None,
    target: str | None,
    sample: int | None,
    seed: int,
) -> Rows:
    """Read a table and encode it; the target is never among the numbers."""
    import numpy as np

    from deepen.datasets import find_column, read_table

    pipeline, of_model = _loaded(model)
    table = read_table(data, target=target)
    known = [str(name) for name in table.columns]
    colour = None if colour is None else find_column(table, colour, data)
    target = find_column(table, target, data) if target is not None else None
    if target is None:
        usual = next((name for name in (of_model, "target") if name in known), None)
        target = usual if colour is None or model is not None else colour
    if colour is None:
        colour = target
    places = np.arange(len(table))
    if sample is not None and sample < len(table):
        places = np.sort(np.random.default_rng(seed).choice(len(table), sample, replace=False))
        table = table.iloc[places].reset_index(drop=True)
    # What is called target is never a feature, even where another column colours.
    hidden = {name for name in (target, "target" if model is None else None) if name in known}
    features = table.drop(columns=list(hidden))
    if len(table) < 3 or features.shape[1] == 0:
        fail(f"{data}: needs at least 3 rows and a column beside the target.")
    images = image_rows(features)
    if pipeline is not None:
        codes, what = _hidden_layer(pipeline, features, layer, model, data)
    elif images is not None:
        codes, what = images.reshape(len(images), -1), f"{features.shape[1]:,} pixels"
    else:
        codes, what = _encoded(features, data)
    columns = _shown(table, [colour, target], features if images is None else features.iloc[:, :0])
    return Rows(codes, what, places + 1, columns, colour, images)


def image_rows(features: Any) -> Any:
    """Rows as square grey pictures in [0, 1], or None where the columns are no pixels.

    Pixels are a square number of columns that are called so, whole numbers from 0 on or within [0, 1].
    """
    import numpy as np
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    side = int(np.sqrt(features.shape[1]))
    if side < LEAST_SIDE or side * side != features.shape[1]:
        return None
    if not all(PIXEL.fullmatch(str(name)) for name in features.columns):
        return None
    if not all(is_numeric_dtype(t) and not is_bool_dtype(t) for t in features.dtypes):
        return None
    pixels = features.to_numpy(np.float32)
    if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() == 0:
        return None
    if pixels.max() > 1 and np.any(pixels != np.round(pixels)):
        return None
    return (pixels / pixels.max()).reshape(-1, side, side)


def _loaded(model: Path | None) -> tuple[Any, str | None]:
    """The pipeline in a model file, and the name of its target."""
    if model is None:
        return None, None
    import deepen
    from deepen.modelfile import read_header

    pipeline, info = deepen.load(model), read_header(model).get("info", {})
    target = info.get("target") if isinstance(info, dict) else None
    return pipeline, target if isinstance(target, str) else None


def _hidden_layer(
    pipeline: Any, features: Any, layer: int | None, model: Path | None, data: str
) -> tuple[Any, str]:
    """What a layer of the model makes of the rows."""
    steps = [step for _, step in getattr(pipeline, "steps", [("model", pipeline)])]
    network = steps[-1]
    name = type(network).__name__
    if not hasattr(network, "transform"):
        fail(f"{model}: a {name} has no hidden layer to look at; leave --model out.")
    has_layers = "layer" in inspect.signature(network.transform).parameters
    if layer is not None and not has_layers:
        fail(f"--layer: a {name} has one layer of features; leave --layer out.")
    try:
        X = features
        for step in steps[:-1]:
            X = step.transform(X)
        check_unit_interval(steps, X, is_new=True)
        codes = network.transform(X, layer=layer) if has_layers else network.transform(X)
    except ValueError as error:
        text = str(error)
        fail(f"--{text}" if text.startswith("layer must") else f"{data}: {text}")
    which = "" if not has_layers else f"hidden layer {layer}" if layer else "the last hidden layer"
    return codes, f"{codes.shape[1]:,} units of {which or 'the features'} of a {name}"


def _encoded(features: Any, data: str) -> tuple[Any, str]:
    from deepen.datasets import TableEncoder

    try:
        encoder = TableEncoder().fit(features)
        codes = encoder.transform(features)
    except ValueError as error:
        fail(f"{data}: {error}")
    used = sum(column.is_used for column in encoder.columns_)
    return codes, f"{used:,} column{'s' * (used != 1)}"


def _shown(table: Any, first: list[str | None], features: Any) -> dict[str, Any]:
    """Columns for the page: the given ones, then the features; the page says where it has no room."""
    names = [name for name in first if name is not None]
    names += [str(name) for name in features.columns]
    table = table.set_axis([str(name) for name in table.columns], axis=1)
    n_kept = most_columns(len(table))  # those behind are only counted
    return {
        name: _plain(table[name]) if number < n_kept else table[name]
        for number, name in enumerate(dict.fromkeys(names))
    }


def _plain(column: Any) -> Any:
    """Numbers as numbers, dates and truths as words."""
    from pandas.api.types import is_bool_dtype

    from deepen.datasets.values import as_strings, plain_values

    if is_bool_dtype(column):
        return as_strings(column)
    values = plain_values(column)
    if values.dtype.kind != "M":
        return values
    return values.astype(str).where(values.notna(), None)

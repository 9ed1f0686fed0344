"""Model files: safetensors with a JSON header. Loading one never runs code.

The numbers stand in the tensors; the header, one JSON text in the file's metadata under
``deepen``, holds everything else: format, schema version, the version of deepen, and the model
with its parameters and fitted state. Classes come from a fixed list (``_model_registry``); a file
cannot name others. Digests of header and tensors tell damage from content; files of earlier schema
versions stay readable (``_model_upgrades``).
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from deepen._files import atomic_write
from deepen._model_registry import register_dataclass_type, register_model_type
from deepen._model_state import Arrays, ModelFileError, NotStorableError, decode, encode
from deepen._model_upgrades import upgrade

__all__ = [
    "ModelFileError",
    "load",
    "read_header",
    "register_dataclass_type",
    "register_model_type",
    "save",
]

FORMAT, SCHEMA, KEY = "deepen-model", 2, "deepen"
DIGEST = "deepen-sha256"  # of the header, in the metadata beside it
SCHEMA_WITH_DIGESTS = 2
SUFFIX = ".deepen"  # by custom
# What a header of wrong structure, or fitted state that does not fit its class, ends in.
DAMAGE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
    StopIteration,
)


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    info: dict[str, Any] | None = None,
    force: bool = True,
) -> None:
    """Write a fitted model to one file that holds no code.

    Estimators of deepen, ``TableEncoder``, scikit-learn's dummies, its HistGradientBoosting
    estimators (as predictors: the loaded model cannot be fitted again), and a Pipeline of these.
    Parameters that are functions or generators, and always callbacks, checkpoint and a Pipeline's
    memory, are left out and are at their defaults after loading.

    Parameters
    ----------
    model : estimator
        Fitted.
    path : str or path
        The file, by custom ``*.deepen``; its folder must exist.
    info : dict, optional
        Plain values to keep with the model, such as the name of the target; see ``read_header``.
    force : bool, default=True
        Whether to replace an existing file.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    ModelFileError
        If a class or a fitted attribute cannot be stored.
    TypeError
        If ``info`` holds arrays of numbers.
    FileExistsError
        If the file exists and ``force`` is False.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> import deepen
    >>> from deepen.datasets import TableEncoder
    >>> table = pd.DataFrame({"size": [1.0, 2.0, 4.0], "colour": ["red", "blue", "red"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "encoder.deepen"
    ...     deepen.save(TableEncoder().fit(table), path)
    ...     deepen.load(path).transform(table).shape
    (3, 3)
    """
    from safetensors.numpy import save as to_bytes
    from sklearn.utils.validation import check_is_fitted

    from deepen import __version__

    check_is_fitted(model)
    arrays: Arrays = {}
    info_arrays: Arrays = {}
    try:
        header = {
            "format": FORMAT,
            "schema": SCHEMA,
            "deepen_version": __version__,
            "info": encode(info or {}, "info", info_arrays),
            "model": encode(model, "model", arrays),
            "arrays_sha256": digest_of(arrays),
        }
    except NotStorableError as error:
        message = f"info cannot be kept in a model file: {error}; give plain values."
        raise ModelFileError(message) from error
    if info_arrays:
        raise TypeError(f"{min(info_arrays)} is an array; info takes plain values, such as a list.")
    text = json.dumps(header, allow_nan=False)
    content = to_bytes(arrays, metadata={KEY: text, DIGEST: _sha256(text.encode())})
    with atomic_write(path, force=force) as file:
        file.write(content)


def load(path: str | os.PathLike[str]) -> Any:
    """Fitted model of a file that ``save`` wrote.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    model : estimator
        Predicts as the saved one did.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, not a model, or written by a newer deepen; in one line.
    """
    header, arrays = _read(Path(path), with_arrays=True)
    try:
        return decode(upgrade(header["model"], arrays, header["schema"]), arrays)
    except DAMAGE as error:
        raise ModelFileError(f"{path}: {_reason(error)}.") from error


def read_header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Header of a model file, without its arrays.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    header : dict
        ``format``, ``schema``, ``deepen_version``, ``info`` (what ``save`` was given), and
        ``model``, whose parameters and state are as the file has them.

    Raises
    ------
    ModelFileError
        As ``load``.
    """
    header, arrays = _read(Path(path), with_arrays=False)
    try:
        return {**header, "info": decode(header["info"], arrays)}
    except DAMAGE as error:
        raise ModelFileError(f"{path}: {_reason(error)}.") from error


def _read(path: Path, *, with_arrays: bool) -> tuple[dict[str, Any], Arrays]:
    from safetensors import SafetensorError, safe_open

    if path.is_dir():
        found = sorted(path.glob(f"*{SUFFIX}"))
        instead = f"its model is {found[0]}" if found else "give the name of a file"
        raise ModelFileError(f"{path}: is a folder; {instead}.")
    if not path.is_file():
        raise ModelFileError(f"{path}: no such file; check the path.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()} if with_arrays else {}
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"{path}: not a model file, or damaged or cut short ({reason}); copy it again."
        raise ModelFileError(message) from error
    header = _checked_header(metadata, path)
    if header["schema"] >= SCHEMA_WITH_DIGESTS:
        is_whole = metadata.get(DIGEST) == _sha256(metadata[KEY].encode())
        if not is_whole or (with_arrays and header.get("arrays_sha256") != digest_of(arrays)):
            raise ModelFileError(f"{path}: damaged (its checksum does not fit); copy it again.")
    return header, arrays


def digest_of(arrays: Arrays) -> str:
    """SHA-256 of arrays with their names, types and shapes, as a file's header has it."""
    import numpy as np

    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}\0{array.dtype.name}\0{array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checked_header(metadata: dict[str, str], path: Path) -> dict[str, Any]:
    if KEY not in metadata:
        raise ModelFileError(f"{path}: a safetensors file, but not a model of deepen.")
    try:
        header = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: its header is not JSON; copy it again.") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelFileError(f"{path}: its header is not one of deepen.")
    schema = header.get("schema")
    if type(schema) is not int or schema < 1:
        raise ModelFileError(f"{path}: its schema version is {schema!r}, not a number.")
    if schema > SCHEMA:
        raise ModelFileError(
            f"{path}: written by a newer deepen ({header.get('deepen_version')}, schema {schema};"
            f" this one reads up to {SCHEMA}); update deepen."
        )
    return header


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return (
        text if isinstance(error, ModelFileError) else f"its header does not fit its model ({text})"
    )

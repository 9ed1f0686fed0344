"""Data sets by name: scikit-learn's own files, and larger ones from a folder of the user's.

The folder is named by the environment variable DEEPEN_DATA and holds ``mnist/mnist.npz``,
``fer2013/images.npy.xz`` with ``labels.npz``, ``ecommerce_data.csv`` and ``spambase.data`` (these
two also under ``lazyprogrammer/``). Nothing is fetched except MNIST from OpenML, and that only
where the variable is not set.
"""

from __future__ import annotations

import lzma
import os
import urllib.error
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepen.datasets._errors import DataError
from deepen.datasets.delimited import read_delimited

if TYPE_CHECKING:
    import pandas as pd

    Array = np.ndarray[Any, np.dtype[Any]]
    Split = tuple[Array, Array, Array, Array]

VARIABLE = "DEEPEN_DATA"
SHIPPED = ("digits", "iris", "wine", "breast_cancer", "diabetes")
TEXT_FILES = {"ecommerce": "ecommerce_data.csv", "spambase": "spambase.data"}
NAMES = (*SHIPPED, "mnist", "fer2013", *TEXT_FILES)
FER2013_TEST = {"private": 2, "public": 1}  # numbers in the column ``split`` of its labels
MNIST_N_TRAIN = 60000
BRIGHTEST = 255  # of a pixel in one byte


def load_table(name: str) -> pd.DataFrame:
    """Table of a built-in data set, all its rows, training rows first; see ``read_table``."""
    if name in SHIPPED:
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(as_frame=True).frame
    if name in TEXT_FILES:
        path = _find(name, TEXT_FILES[name], f"lazyprogrammer/{TEXT_FILES[name]}")
        table = read_delimited(path)
        return table.rename(columns={"column_57": "target"}) if name == "spambase" else table
    import pandas as pd

    X, y = _mnist() if name == "mnist" else _fer2013()[:2]
    table = pd.DataFrame(X, columns=[f"pixel_{i}" for i in range(X.shape[1])])
    return table.assign(target=y)


def load_mnist() -> Split:
    """MNIST's 60,000 training and 10,000 test digits.

    Returns
    -------
    X_train, y_train, X_test, y_test : ndarrays
        Images (n_samples, 784), float32 in [0, 1]; digits (n_samples,), uint8 from 0 to 9.

    Raises
    ------
    DataError
        If the folder in DEEPEN_DATA lacks the file or, where that is not set, OpenML is out of
        reach.

    Examples
    --------
    >>> from deepen.datasets import load_mnist
    >>> X_train, y_train, X_test, y_test = load_mnist()  # doctest: +SKIP
    """
    X, y = _mnist()
    X, n = _unit_interval(X), MNIST_N_TRAIN
    return X[:n], y[:n], X[n:], y[n:]


def load_fer2013(test: str = "private") -> Split:
    """FER2013's faces: 28,709 for training and 3,589 for testing, 48 x 48 grey pixels.

    Parameters
    ----------
    test : {"private", "public"}, default="private"
        Which of the two official test sets.

    Returns
    -------
    X_train, y_train, X_test, y_test : ndarrays
        Images (n_samples, 2304), float32 in [0, 1]; classes (n_samples,), uint8: 0 angry, 1
        disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral.

    Raises
    ------
    DataError
        If DEEPEN_DATA is not set or lacks the files.

    Examples
    --------
    >>> from deepen.datasets import load_fer2013
    >>> X_train, y_train, X_test, y_test = load_fer2013()  # doctest: +SKIP
    """
    if test not in FER2013_TEST:
        raise ValueError(f"test must be one of {sorted(FER2013_TEST)}, got {test!r}.")
    X, y, split = _fer2013()
    train, held_out = split == 0, split == FER2013_TEST[test]
    return _unit_interval(X[train]), y[train], _unit_interval(X[held_out]), y[held_out]


def _unit_interval(images: Array) -> Array:
    return images.astype(np.float32) / np.float32(BRIGHTEST)


def _folder() -> Path | None:
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def _find(name: str, *choices: str) -> Path:
    folder = _folder()
    if folder is None:
        raise DataError(
            f"{name}: not shipped with deepen; set the environment variable {VARIABLE} to a folder"
            f" that holds {choices[0]}."
        )
    for choice in choices:
        if (folder / choice).is_file():
            return folder / choice
    raise DataError(f"{name}: no file {folder / choices[0]}; put it there or mend {VARIABLE}.")


def _mnist() -> tuple[Array, Array]:
    """All 70,000 digits as uint8, training rows first."""
    if _folder() is None:
        return _mnist_from_openml()
    path = _find("mnist", "mnist/mnist.npz", "mnist.npz")
    try:
        with np.load(path, allow_pickle=False) as archive:
            X = np.concatenate([archive["x_train"], archive["x_test"]])
            y = np.concatenate([archive["y_train"], archive["y_test"]])
    except (KeyError, ValueError, OSError) as error:
        message = f"{path}: must hold x_train, y_train, x_test and y_test ({error})."
        raise DataError(message) from error
    return X.reshape(len(X), -1), y


def _mnist_from_openml() -> tuple[Array, Array]:
    from sklearn.datasets import fetch_openml

    try:
        bunch = fetch_openml("mnist_784", version=1, as_frame=False)
    except (urllib.error.URLError, OSError) as error:
        raise DataError(
            f"mnist: OpenML is out of reach ({error}); connect, or set {VARIABLE} to a folder that"
            " holds mnist/mnist.npz."
        ) from error
    return bunch.data.astype(np.uint8), bunch.target.astype(np.uint8)


def _fer2013() -> tuple[Array, Array, Array]:
    """All 35,887 faces as uint8, their classes, and the part of the split each belongs to."""
    path = _find("fer2013", "fer2013/images.npy.xz")
    labels = _find("fer2013", "fer2013/labels.npz")
    try:
        with lzma.open(path) as file:
            X = np.load(file, allow_pickle=False)
        with np.load(labels, allow_pickle=False) as archive:
            return X.reshape(len(X), -1), archive["label"], archive["split"]
    except (KeyError, ValueError, OSError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from error

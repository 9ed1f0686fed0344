"""What the examples share: two options, the data, and how pictures look.

Nothing here is about networks. A script says ``options = arguments(__doc__)`` on its first line and
``save(figure, options, "name")`` on its last.
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

# Okabe and Ito's palette, which every kind of colour vision tells apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK = COLOURS

plt.rcParams.update(
    {
        "axes.prop_cycle": plt.cycler(color=COLOURS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "legend.frameon": False,
        "savefig.dpi": 120,
    }
)
# The examples train for a chosen number of epochs on purpose, and need no reminder that it ended.
warnings.filterwarnings("ignore", category=ConvergenceWarning)


def arguments(description: str | None) -> argparse.Namespace:
    """Options of the command line: ``--out FOLDER`` and ``--full``."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    folder = Path(__file__).parent / "output"
    parser.add_argument("--out", type=Path, default=folder, help="folder of the picture")
    parser.add_argument("--full", action="store_true", help="the long run, where there is one")
    return parser.parse_args()


def save(figure: Any, options: argparse.Namespace, name: str) -> None:
    """Write the picture and say where it is."""
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{name}.png"
    figure.savefig(path)
    plt.close(figure)
    print(f"picture: {path}")


def has_data(file: str) -> bool:
    """Whether the folder that the environment variable DEEPEN_DATA names holds a file."""
    folder = os.environ.get("DEEPEN_DATA")
    return folder is not None and (Path(folder) / file).is_file()


def digits(n_train: int = 1000, seed: int = 0) -> tuple[Any, ...]:
    """8 x 8 handwritten digits with pixels in [0, 1]: X_train, y_train, X_test, y_test."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=n_train, stratify=y, random_state=seed
    )
    return X_train, y_train, X_test, y_test


def mnist(n_train: int, n_test: int = 10_000, seed: int = 0) -> tuple[Any, ...]:
    """Some of MNIST's 28 x 28 digits, from DEEPEN_DATA: X_train, y_train, X_test, y_test."""
    from deepen.datasets import load_mnist

    X_train, y_train, X_test, y_test = load_mnist()
    rows = np.random.default_rng(seed).permutation(len(X_train))[:n_train]
    return X_train[rows], y_train[rows], X_test[:n_test], y_test[:n_test]


def digits_or_mnist(n_train: int, seed: int = 0) -> tuple[str, tuple[Any, ...]]:
    """MNIST rows where DEEPEN_DATA has them, else scikit-learn's small digits; with the name."""
    if has_data("mnist/mnist.npz"):
        return f"MNIST, {n_train} training rows", mnist(n_train, seed=seed)
    return "8 x 8 digits, 1000 training rows", digits(seed=seed)


def made_up_visitors(n: int = 500, seed: int = 0) -> Any:
    """A table like ecommerce_data.csv: who looks at more, stays longer or comes back buys more."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "is_mobile": rng.integers(0, 2, n),
            "n_products_viewed": rng.poisson(0.85, n),
            "visit_duration": rng.exponential(1.0, n),
            "is_returning_visitor": rng.integers(0, 2, n),
            "time_of_day": rng.integers(0, 4, n),
        }
    )
    interest = (
        1.6 * table.n_products_viewed + table.visit_duration + 1.5 * table.is_returning_visitor
    )
    action = np.digitize(interest + 0.3 * rng.normal(size=n), [2.8, 4.6, 6.2])
    return table.assign(user_action=action)

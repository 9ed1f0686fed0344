"""Columns that give the target away: one column alone nearly determines it.

    classification  balanced error of a small tree on that column / that of guessing, on other rows
    regression      squared error of the tree / variance, likewise, of the target or of its ranks
    classification  share of other classes among the rows with a value there / among those without, or
                    the other way round

A column of which one of these is below 5 % is named. It may be an honest one; often it is the target
under another name, or something that is known only afterwards, as the reason of a cancellation is.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepen.model_selection.metrics import METRICS, Task
from deepen.report.text import clip

NEARLY = 0.05  # of what guessing gets wrong
MOST_ROWS = 3000
N_FOLDS = 2
LEAVES_OF_A_VALUE = 64
CHANCE = 1e-9  # of so few other classes among rows that say nothing
NAMES_SHOWN = 3


@dataclass(frozen=True)
class Leak:
    """A column that alone nearly determines the target.

    Parameters
    ----------
    column : str
    share : float
        How much of the loss of guessing its values take away, on rows that the tree has not seen.
    told_by : {"", "value", "gap"}
        Where the values themselves determine nothing: whether there is one, or none, tells a class.
    n_rows : int
        Rows that tell it.
    """

    column: str
    share: float
    told_by: str = ""
    n_rows: int = 0

    @property
    def sentence(self) -> str:
        """What to check, in words."""
        ignored = shlex.quote(f"{self.column}=ignore")
        remedy = (
            f"make sure that it is known before the target is, or leave it out: --types {ignored}"
        )
        if self.told_by:
            rows = {"value": "with a value", "gap": "without a value"}[self.told_by]
            return (
                f"Of {self.n_rows} rows {rows} in the column {self.column!r} nearly all are of one class, and"
                f" of the others not: {remedy}"
            )
        return (
            f"The column {self.column!r} alone nearly determines the target (it takes away "
            f"{100 * self.share:.0f} % of the error of guessing): {remedy}"
        )


def rests_on(leaks: Sequence[Leak]) -> str:
    """What to add to a verdict that was reached with suspect columns.

    Examples
    --------
    >>> rests_on([Leak("copy", 1.0)])
    "All of this rests on the suspect column 'copy'."
    """
    names = [repr(clip(leak.column)) for leak in leaks[:NAMES_SHOWN]]
    more = f" and {len(leaks) - NAMES_SHOWN} more" if leaks[NAMES_SHOWN:] else ""
    columns = "column" if len(leaks) == 1 else "columns"
    return f"All of this rests on the suspect {columns} {', '.join(names)}{more}."


def find_leaks(X: Any, y: NDArray[Any], task: Task, seed: int = 0) -> list[Leak]:
    """Columns of a table that alone nearly determine the target, or tell one class of it, worst first.

    A few large values of a skewed target have most of its variance, and few rows lie beside them: a copy of
    it shows in the ranks.

    Parameters
    ----------
    X : DataFrame or array of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Class numbers, or values.
    task : {"classification", "regression"}

    Examples
    --------
    >>> import pandas as pd
    >>> y = np.array([0, 1] * 50)
    >>> noise = np.random.default_rng(0).random(100)
    >>> found = find_leaks(pd.DataFrame({"copy": y, "noise": noise}), y, "classification")
    >>> [leak.column for leak in found]
    ['copy']
    """
    import pandas as pd
    from scipy.stats import rankdata

    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(frame))[:MOST_ROWS]
    folds = np.array_split(np.arange(len(chosen)), N_FOLDS)
    y = y[chosen]
    if task == "classification" and min(len(np.unique(y[fold])) for fold in folds) < 2:
        return []
    targets = [y] if task == "classification" else [y, rankdata(y)]
    leaks = []
    for position, name in enumerate(frame.columns):
        x = _numbers(frame.iloc[chosen, position])
        share = max(_share_explained(x, target, task, folds) for target in targets)
        if share >= 1 - NEARLY:
            leaks.append(Leak(str(name), share))
        elif task == "classification":
            is_known = frame.iloc[chosen, position].notna().to_numpy()
            for told_by, part in (("value", is_known), ("gap", ~is_known)):
                if _tells_a_class(part, y):
                    leaks.append(Leak(str(name), share, told_by, int(part.sum())))
    return sorted(leaks, key=lambda leak: -leak.share)


def _tells_a_class(part: NDArray[np.bool_], y: NDArray[Any]) -> bool:
    """Whether rows are nearly all of one class, which the others are not, and by no chance."""
    n_rows = int(part.sum())
    if not 0 < n_rows < len(part):
        return False
    names, counts = np.unique(y[part], return_counts=True)
    is_other = y != names[counts.argmax()]
    n_other = int(is_other[part].sum())
    if n_other > NEARLY * float(np.mean(is_other[~part])) * n_rows:
        return False
    from scipy.stats import hypergeom

    # Of rows drawn by lot, so few of other classes or fewer (Fisher's exact test).
    return bool(hypergeom.cdf(n_other, len(y), int(is_other.sum()), n_rows) < CHANCE)


def _numbers(values: Any) -> NDArray[np.float64]:
    """Numbers as they are, anything else by order of appearance; a missing one is far below."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        codes = pd.factorize(values)[0].astype(np.float64)
        numbers = np.where(codes < 0, np.nan, codes)
    known = numbers[np.isfinite(numbers)]
    floor = float(known.min()) - 1.0 if len(known) else 0.0
    limit = np.finfo(np.float32).max / 4
    return np.clip(np.where(np.isfinite(numbers), numbers, floor), -limit, limit)


def _share_explained(
    x: NDArray[np.float64], y: NDArray[Any], task: Task, folds: list[NDArray[Any]]
) -> float:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if (x == x[0]).all():
        return 0.0
    tree = DecisionTreeClassifier if task == "classification" else DecisionTreeRegressor
    predicted = np.empty(len(y), dtype=y.dtype)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(y)), fold)
        # Leaves of one row learn an identity by heart; it would not come again in other rows.
        model = tree(max_leaf_nodes=LEAVES_OF_A_VALUE, min_samples_leaf=2, random_state=0)
        predicted[fold] = model.fit(x[others, None], y[others]).predict(x[fold, None])
    if task == "classification":
        guess = 1 - 1 / len(np.unique(y))
        return 1 - METRICS["balanced_error"](y, predicted) / guess
    return 1 - float(np.mean((y - predicted) ** 2) / max(float(np.var(y)), 1e-300))

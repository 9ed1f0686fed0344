"""Columns that give the target away, told by the commands that train one model or none."""

from __future__ import annotations

from typing import Any


def suspects_of(encoder: Any, X: Any, y: Any, task: str) -> list[Any]:
    """Leaks among the columns that the model sees."""
    import numpy as np

    from deepen.datasets.told_missing import without_codes
    from deepen.model_selection.leakage import find_leaks

    used = [column.name for column in encoder.columns_ if column.is_used]
    seen = without_codes(X, encoder.missing).table[used]
    codes = np.unique(y, return_inverse=True)[1] if task == "classification" else np.asarray(y)
    return find_leaks(seen, codes, task)  # type: ignore[arg-type]

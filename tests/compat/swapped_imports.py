"""scikit-learn's own test files, as installed, with deepen's classes in the place of its own."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import CodeType

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

OURS = {
    "sklearn.covariance": ("EmpiricalCovariance",),
    "sklearn.decomposition": ("PCA",),
    "sklearn.linear_model": ("LinearRegression", "LogisticRegression"),
    "sklearn.neural_network": ("BernoulliRBM", "MLPClassifier", "MLPRegressor"),
}
OLDEST = "1.9"  # whose tests name the behaviour that deepen follows


class _Swap(ast.NodeTransformer):
    """``from sklearn.x import Ours, Other`` becomes two imports, Ours from ``deepen.x``."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.ImportFrom]:
        names = OURS.get(node.module or "", ())
        ours = [alias for alias in node.names if alias.name in names]
        others = [alias for alias in node.names if alias.name not in names]
        swapped = (node.module or "").replace("sklearn", "deepen", 1)
        found = [ast.ImportFrom(swapped, ours, 0)] if ours else []
        return [*found, ast.ImportFrom(node.module, others, node.level)] if others else found


def code_of(module: str) -> CodeType:
    """Compiled text of an installed test module whose imports are swapped; skips where there is none."""
    if parse_version(sklearn.__version__) < parse_version(OLDEST):
        pytest.skip(f"scikit-learn is older than {OLDEST}", allow_module_level=True)
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        pytest.skip(f"{module} is not installed", allow_module_level=True)
    tree = _Swap().visit(ast.parse(Path(spec.origin).read_text("utf-8")))
    return compile(ast.fix_missing_locations(tree), spec.origin, "exec", dont_inherit=True)

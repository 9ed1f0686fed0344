"""Which of scikit-learn's tests count here: those in which an object of deepen's is built."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import pytest
from deliberate import DELIBERATE, ROUNDING

from deepen.covariance import EmpiricalCovariance
from deepen.decomposition import PCA
from deepen.linear_model import LinearRegression, LogisticRegression
from deepen.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

OURS = (
    BernoulliRBM,
    EmpiricalCovariance,
    LinearRegression,
    LogisticRegression,
    MLPClassifier,
    MLPRegressor,
    PCA,
)
N_SEEDS = 100  # for which scikit-learn promises that its tests pass


@pytest.fixture
def global_random_seed(seed: int) -> int:
    """scikit-learn's name for the seed of the run."""
    return seed % N_SEEDS


@pytest.fixture(params=[np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def global_dtype(request: pytest.FixtureRequest) -> type:
    """scikit-learn's name for the precisions in which some of its tests run."""
    return request.param


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that do not mention our classes, and mark those that differ on purpose."""
    left_out = [item for item in items if _is_theirs(item) and not _concerns_us(item)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
    for item in filter(_is_theirs, items):
        # They decide for themselves which warnings are errors.
        item.add_marker(pytest.mark.filterwarnings("ignore"), append=False)
        item.own_markers[:] = map(_lenient, item.own_markers)
        name = item.originalname  # type: ignore[attr-defined]
        reason = DELIBERATE.get(name) or ROUNDING.get(name)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=name in DELIBERATE))


def _lenient(mark: pytest.Mark) -> pytest.Mark:
    """An expected failure of scikit-learn's own, which may pass there."""
    if mark.name != "xfail":
        return mark
    return pytest.mark.xfail(*mark.args, **{"strict": False, **mark.kwargs}).mark


def _is_theirs(item: pytest.Item) -> bool:
    return item.path.name.startswith("test_of_sklearn_")


def _concerns_us(item: Any) -> bool:
    if "array_api" in item.name:  # deepen takes NumPy arrays
        return False
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(map(_is_ours, parameters)) or _mentions_us(item.function, set())


def _is_ours(value: Any) -> bool:
    if isinstance(value, (list, tuple, dict)):
        return any(map(_is_ours, value.values() if isinstance(value, dict) else value))
    return value in OURS if isinstance(value, type) else isinstance(value, OURS)


def _mentions_us(function: Callable[..., Any], seen: set[Any]) -> bool:
    """Whether a function, or one of its file that it calls, names one of our classes."""
    function = inspect.unwrap(function) if callable(function) else function
    if function in seen or not isinstance(function, FunctionType):
        return False
    seen.add(function)
    values = [function.__globals__.get(name) for name in _names(function.__code__)]
    own = [v for v in values if getattr(v, "__module__", "") == function.__module__]
    return any(map(_is_ours, values)) or any(_mentions_us(v, seen) for v in own)


def _names(code: CodeType) -> set[str]:
    inner = [_names(c) for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*inner)


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Iterator[None]:
    """Count the objects of ours that a test builds; without one it says nothing about us."""
    built = []
    before = {cls: cls.__init__ for cls in OURS}
    for cls, init in before.items():
        cls.__init__ = _counting(init, built)  # type: ignore[method-assign]
    try:
        outcome = yield
    finally:
        for cls, init in before.items():
            cls.__init__ = init  # type: ignore[method-assign]
    parameters = pyfuncitem.callspec.params if hasattr(pyfuncitem, "callspec") else {}
    if (
        _is_theirs(pyfuncitem)
        and not built
        and not _is_ours(parameters)
        and outcome.excinfo is None
    ):
        outcome.force_exception(pytest.skip.Exception("builds no object of deepen's"))


def _counting(init: Callable[..., None], built: list[type]) -> Callable[..., None]:
    @functools.wraps(init)
    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        built.append(type(self))
        init(self, *args, **kwargs)

    return counted

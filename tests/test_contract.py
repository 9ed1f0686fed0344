"""scikit-learn's contract: every check, no declared failures, no more skips than its own class has."""

from __future__ import annotations

import importlib
import unittest
from typing import Any

import pytest
from sklearn import linear_model, neural_network
from sklearn.base import BaseEstimator, clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from deepen.linear_model import LinearRegression, LogisticRegression
from deepen.neural_network import MLPClassifier, MLPRegressor

# The few iterations are those that scikit-learn's own list of instances gives its classes.
INSTANCES = [
    (LinearRegression(), linear_model.LinearRegression()),
    (LogisticRegression(max_iter=5), linear_model.LogisticRegression(max_iter=5)),
    (MLPClassifier(max_iter=100), neural_network.MLPClassifier(max_iter=100)),
    (MLPRegressor(max_iter=100), neural_network.MLPRegressor(max_iter=100)),
]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def checks_of(estimator: BaseEstimator) -> list[tuple[BaseEstimator, Any]]:
    """scikit-learn's checks of an estimator."""
    cases = parametrize_with_checks([estimator]).args[1]
    return [getattr(case, "values", case) for case in cases]


def twin_of(estimator: BaseEstimator) -> BaseEstimator:
    """scikit-learn's own instance of the same name."""
    return next(theirs for ours, theirs in INSTANCES if type(ours) is type(estimator))


def own_parameters(estimator: BaseEstimator, name: str) -> list[dict[str, Any]]:
    """Parameter sets with which scikit-learn runs a check on its own class; one empty set by default."""
    try:
        module = importlib.import_module("sklearn.utils._test_common.instance_generator")
    except ImportError:  # scikit-learn before 1.6
        return [{}]
    sets = module.PER_ESTIMATOR_CHECK_PARAMS.get(type(twin_of(estimator)), {}).get(name, {})
    return [sets] if isinstance(sets, dict) else sets


@parametrize_with_checks([ours for ours, _ in INSTANCES])
def test_check(estimator, check):
    for parameters in own_parameters(estimator, check.func.__name__):
        try:
            check(clone(estimator).set_params(**parameters))
        except unittest.SkipTest:
            # What is skipped here must be skipped for scikit-learn's own class.
            with pytest.raises(unittest.SkipTest):
                check(clone(twin_of(estimator)).set_params(**parameters))
            raise


def test_the_lists_of_checks_contain_those_of_scikit_learns_own_classes():
    for ours, theirs in INSTANCES:
        names = [{check.func.__name__ for _, check in checks_of(e)} for e in (ours, theirs)]
        assert names[1] <= names[0]

"""scikit-learn's contract: every check, no declared failures, no more skips than its own class has."""

from __future__ import annotations

import unittest
from typing import Any

import pytest
from sklearn import covariance, decomposition, linear_model, manifold, naive_bayes, neural_network
from sklearn.base import BaseEstimator, clone
from sklearn.utils._test_common.instance_generator import PER_ESTIMATOR_CHECK_PARAMS
from sklearn.utils.estimator_checks import parametrize_with_checks

from deepen.covariance import EmpiricalCovariance
from deepen.decomposition import PCA
from deepen.linear_model import LinearRegression, LogisticRegression
from deepen.manifold import TSNE
from deepen.neural_network import (
    Autoencoder,
    BernoulliRBM,
    DBNClassifier,
    DBNRegressor,
    DeepBeliefNetwork,
    GaussianRBM,
    MLPClassifier,
    MLPRegressor,
    RBMClassifier,
    StackedAutoencoderClassifier,
)

# The few iterations are those that scikit-learn's own list of instances gives its classes.
INSTANCES = [
    (EmpiricalCovariance(), covariance.EmpiricalCovariance()),
    (PCA(), decomposition.PCA()),
    (PCA(1, svd_solver="lanczos"), decomposition.PCA()),
    (PCA(1, svd_solver="gradient"), decomposition.PCA()),
    (LinearRegression(), linear_model.LinearRegression()),
    (LogisticRegression(max_iter=5), linear_model.LogisticRegression(max_iter=5)),
    (MLPClassifier(max_iter=100), neural_network.MLPClassifier(max_iter=100)),
    (MLPRegressor(max_iter=100), neural_network.MLPRegressor(max_iter=100)),
    (Autoencoder((4,), max_iter=5), neural_network.BernoulliRBM(n_iter=5)),
    (DBNClassifier((50,), learning_rate_init=0.01), neural_network.MLPClassifier(max_iter=100)),
    (DBNRegressor((50,), learning_rate_init=0.01), neural_network.MLPRegressor(max_iter=100)),
    (
        StackedAutoencoderClassifier((50,), learning_rate_init=0.01),
        neural_network.MLPClassifier(max_iter=100),
    ),
    (DeepBeliefNetwork((4, 3)), neural_network.BernoulliRBM(n_iter=5)),
    (BernoulliRBM(n_iter=5), neural_network.BernoulliRBM(n_iter=5)),
    (GaussianRBM(n_iter=5), neural_network.BernoulliRBM(n_iter=5)),
    (TSNE(perplexity=2, max_iter=250), manifold.TSNE(perplexity=2)),
    (RBMClassifier(max_iter=50), naive_bayes.BernoulliNB()),
]

# As scikit-learn does for its own classes. The check wants the same bits from a row of weight two as from
# the row twice over. The generative term draws a sample for each row: two rows, two independent samples,
# and one sample that counts twice has the same mean and twice the variance. Weights are expected counts
# there, which test_rbm_classifier.py shows; to have them bit for bit, copies of a row would have to share
# their samples, and tables of few distinct rows would learn from as few.
OWN_PARAMETERS: dict[tuple[type, str], dict[str, Any]] = {
    (RBMClassifier, "check_sample_weight_equivalence_on_dense_data"): {
        "objective": "discriminative"
    },
    (RBMClassifier, "check_sample_weight_equivalence_on_sparse_data"): {
        "objective": "discriminative"
    },
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:X has values outside"),
    pytest.mark.filterwarnings("ignore:X is neither in"),
]


def checks_of(estimator: BaseEstimator) -> list[tuple[BaseEstimator, Any]]:
    """scikit-learn's checks of an estimator."""
    cases = parametrize_with_checks([estimator]).args[1]
    return [getattr(case, "values", case) for case in cases]


def twin_of(estimator: BaseEstimator) -> BaseEstimator:
    """scikit-learn's own instance of the same name."""
    return next(theirs for ours, theirs in INSTANCES if type(ours) is type(estimator))


def own_parameters(estimator: BaseEstimator, name: str) -> list[dict[str, Any]]:
    """Parameter sets with which scikit-learn runs a check on its own class; one empty set by default."""
    if (type(estimator), name) in OWN_PARAMETERS:
        return [OWN_PARAMETERS[type(estimator), name]]
    sets = PER_ESTIMATOR_CHECK_PARAMS.get(type(twin_of(estimator)), {}).get(name, {})
    sets = [sets] if isinstance(sets, dict) else sets
    if "pretrainer" in estimator.get_params() and name.startswith(
        "check_sample_weight_equivalence"
    ):
        # In pre-training each row counts once, whatever its weight; the fine-tuning is checked.
        sets = [entry | {"pretrainer": None} for entry in sets]
    own = estimator.get_params()  # an autoencoder has hidden_layer_sizes for n_components
    return [{key: value for key, value in entry.items() if key in own} for entry in sets]


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
        # deepen takes NumPy arrays, and says so in its tags
        assert {name for name in names[1] if "array_api" not in name} <= names[0]

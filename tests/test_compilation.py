"""What is compiled, and how often: structure compiles, values do not."""

from contextlib import contextmanager

import jax
import numpy as np
import pytest
from jax import monitoring
from joblib import parallel_config
from scipy import stats
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deepen.functions.augmentation import Shift
from deepen.linear_model import LogisticRegression
from deepen.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
COMPILED = "/jax/core/compile/backend_compile_duration"
EPOCHS = "jit(run_epochs)"


_open_blocks = []


def _listen(event, duration, **details):
    if event == COMPILED:
        for names in _open_blocks:
            names.append(details.get("fun_name", "?"))


monitoring.register_event_duration_secs_listener(_listen)  # once: not every JAX forgets a listener


@contextmanager
def compilations():
    """Names of the programs that are compiled, or read from the cache on disk, in the block."""
    names = []
    _open_blocks.append(names)
    try:
        yield names
    finally:
        _open_blocks.pop()


@pytest.fixture(autouse=True)
def nothing_is_compiled_yet():
    jax.clear_caches()


def table(seed, n_rows=1003, dtype=np.float32):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n_rows, 6)).astype(dtype)
    return X, np.arange(n_rows) % 3


def test_the_listener_hears_a_compilation():
    with compilations() as names:
        jax.jit(lambda x: x + 1)(np.float32(1))
    assert len(names) == 1


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_grid_over_numbers_compiles_each_layer_shape_once(solver, seed):
    X, y = table(seed)
    limit = 3.0 if solver == "sgd" else None
    network = MLPClassifier(solver=solver, max_iter=2, random_state=seed, l1=0.1, max_norm=limit)
    grid = {
        "hidden_layer_sizes": [(5,), (4, 3)],
        "learning_rate_init": [0.01, 0.1],
        "alpha": [1e-4, 1e-2],
        "momentum": [0.5, 0.9],
        "l1": [0.01, 0.1],
    }
    with compilations() as names:
        GridSearchCV(network, grid, cv=5, refit=True, error_score="raise").fit(X, y)
    assert names.count(EPOCHS) == 2
    assert len(names) == 2  # and nothing beside


@pytest.mark.parametrize("solver", ["nesterov", "adam"])
def test_a_random_search_in_a_pipeline_compiles_each_layer_shape_once(solver, seed):
    X, y = table(seed)
    network = MLPClassifier(solver=solver, max_iter=2, random_state=seed, dropout=0.1)
    space = {
        "mlpclassifier__hidden_layer_sizes": [(5,), (4, 3)],
        "mlpclassifier__learning_rate_init": stats.loguniform(1e-3, 1e-1),
        "mlpclassifier__alpha": stats.loguniform(1e-6, 1e-2),
        "mlpclassifier__dropout": stats.uniform(0.1, 0.4),
        "mlpclassifier__momentum": stats.uniform(0.5, 0.4),
        "mlpclassifier__random_state": stats.randint(0, 1000),
    }
    steps = make_pipeline(StandardScaler(), network)
    search = RandomizedSearchCV(
        steps, space, n_iter=8, cv=5, random_state=seed, error_score="raise"
    )
    with compilations() as names:
        search.fit(X, y)
    shapes = {str(sizes) for sizes in search.cv_results_["param_mlpclassifier__hidden_layer_sizes"]}
    assert names == [EPOCHS] * len(shapes)


def test_a_search_in_threads_gives_the_same_bits_and_compiles_no_more(seed):
    X, y = table(seed)
    network = MLPClassifier((5,), max_iter=3, random_state=seed)
    grid = {"learning_rate_init": [0.01, 0.03, 0.1], "alpha": [1e-4, 1e-2]}
    alone = GridSearchCV(network, grid, cv=5, scoring="neg_log_loss").fit(X, y)
    with compilations() as names, parallel_config("threading"):
        found = GridSearchCV(network, grid, cv=5, scoring="neg_log_loss", n_jobs=2).fit(X, y)
    assert not names
    for fold in range(5):
        name = f"split{fold}_test_score"
        np.testing.assert_array_equal(found.cv_results_[name], alone.cv_results_[name])


def test_early_stopping_adds_one_program_for_the_held_out_rows(seed):
    X, y = table(seed)
    network = MLPClassifier((5,), early_stopping=True, max_iter=2, random_state=seed)
    with compilations() as names:
        for alpha in (0.1, 0.2, 0.3):
            network.set_params(alpha=alpha).fit(X, y)
    assert sorted(set(names)) == sorted(names)
    assert len(names) == 2


CHANGES = [
    {"learning_rate_init": 0.02},
    {"learning_rate": "exponential"},
    {"alpha": 0.7},
    {"noise": 1, "alpha": np.float64(2)},  # of any type
    {"dropout": 0.4},
    {"label_smoothing": 0.3},
    {"input_dropout": 0.3},
    {"noise": 0.5},
    {"augment": Shift(1, (2, 3))},
    {"random_state": 1},
    {"max_iter": 40},
    {"tol": 0.1},
    {"n_iter_no_change": 2},
    {"shuffle": False},
    {"callbacks": [lambda event: None]},
    {"verbose": False},
]


@pytest.mark.parametrize(
    ("solver", "with_max_norm"), [("nesterov", True), ("adam", False), ("rmsprop", True)]
)
def test_a_second_fit_with_other_values_compiles_nothing(solver, with_max_norm, seed):
    X, y = table(seed)
    options = {
        **({"max_norm": 2.0} if with_max_norm else {"l1": 0.1}),
        "solver": solver,
        "hidden_layer_sizes": (5,),
        "dropout": 0.2,
        "input_dropout": 0.1,
        "noise": 0.1,
        "label_smoothing": 0.1,
        "augment": Shift(2, (2, 3)),
        "max_iter": 3,
        "random_state": 0,
    }
    with compilations() as names:
        MLPClassifier(**options).fit(X, y)
    assert names.count(EPOCHS) == 1
    penalties = [{"max_norm": 0.9}, {"max_norm": 3}] if with_max_norm else [{"l1": 0.3}, {"l1": 1}]
    for change in [*CHANGES, *penalties]:
        with compilations() as names:
            MLPClassifier(**(options | change)).fit(X, y)
        assert not names, change
    others = [table(seed + 1), table(seed, 970), table(seed, 500)]
    for X_other, y_other in others:
        with compilations() as names:
            MLPClassifier(**options).fit(X_other, y_other)
        assert not names, X_other.shape


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_with_other_row_counts_compiles_nothing(solver, seed):
    network = MLPClassifier((5,), solver=solver, batch_size=50, random_state=seed)
    X, y = table(seed)
    with compilations() as names:
        network.partial_fit(X[:300], y[:300], classes=[0, 1, 2])
    assert names.count(EPOCHS) == 1
    with compilations() as names:
        for n_rows in (300, 299, 251, 100, 777, 1003):
            network.partial_fit(X[:n_rows], y[:n_rows])
    assert not names


def test_predictions_compile_nothing(seed):
    X, y = table(seed, 200)
    networks = [
        MLPClassifier((5,), max_iter=2).fit(X, y),
        MLPRegressor(hidden_layer_sizes=(5,), max_iter=2).fit(X, y),
        LogisticRegression(solver="sgd", max_iter=2).fit(X, y),
    ]
    with compilations() as names:
        for network in networks:
            for n_rows in (1, 7, 200):
                network.predict(X[:n_rows])
            network.score(X, y)
        networks[0].predict_proba(X)
        networks[0].transform(X)
    assert not names


def test_other_structure_does_compile(seed):
    """The counter would otherwise prove nothing."""
    X, y = table(seed)
    MLPClassifier((5,), max_iter=2).fit(X, y)
    for change in ({"hidden_layer_sizes": (6,)}, {"dropout": 0.2}, {"activation": "tanh"}):
        with compilations() as names:
            MLPClassifier(**({"hidden_layer_sizes": (5,), "max_iter": 2} | change)).fit(X, y)
        assert names.count(EPOCHS) == 1, change
    with compilations() as names:
        MLPClassifier((5,), max_iter=2).fit(X.astype(np.float64), y)
    assert names.count(EPOCHS) == 1


@pytest.mark.parametrize("solver", ["lbfgs", "cg"])
def test_line_search_compiles_its_cost_once_for_all_strengths(solver, seed):
    X, y = table(seed)
    with compilations() as names:
        for alpha in (1e-4, 1e-2, 1.0):
            MLPClassifier((5,), solver=solver, alpha=alpha, max_iter=3).fit(X, y)
            MLPClassifier((5,), solver=solver, alpha=alpha, max_iter=3).fit(X[:-3], y[:-3])
    assert names == ["jit(cost_and_gradient)"]

import dataclasses
import hashlib
import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from safetensors.numpy import save as to_bytes
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from deepen import _model_registry as registry
from deepen._boosted_trees import BoostedTreesClassifier, BoostedTreesRegressor
from deepen.datasets import TableEncoder
from deepen.modelfile import (
    SCHEMA,
    ModelFileError,
    digest_of,
    load,
    read_header,
    register_dataclass_type,
    register_model_type,
    save,
)
from deepen.neural_network import DBNClassifier, StackedAutoencoderClassifier

DATA = Path(__file__).parent / "data"


@dataclasses.dataclass(frozen=True)
class Rate:
    start: float
    inner: "Rate | None" = None


class StandIn(BaseEstimator):
    """What an estimator of the package looks like to a model file."""

    def __init__(self, rate=0.1, callbacks=None):
        self.rate = rate
        self.callbacks = callbacks

    def fit(self, X=None, y=None, **state):
        self.n_features_in_ = 2
        for name, value in state.items():
            setattr(self, name, value)
        return self


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "MODEL_TYPES", dict(registry.MODEL_TYPES))
    monkeypatch.setattr(registry, "DATACLASS_TYPES", dict(registry.DATACLASS_TYPES))
    register_model_type(StandIn)
    register_dataclass_type(Rate, "tests.Rate")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.deepen"


def again(model, path):
    save(model, path)
    return load(path)


def assert_same(a, b):
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        # the width of strings is that of the longest label, not of the longest possible
        assert a.dtype == b.dtype or a.dtype.kind == b.dtype.kind == "U"
        assert a.shape == b.shape
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif isinstance(a, dict):
        assert_same(list(a), list(b))
        assert_same(list(a.values()), list(b.values()))
    else:
        assert a == b or (a != a and b != b)


LABELS = [
    np.array(["yes", "no"]),
    np.array(["yes", "no", 3, True, None, 2.5], dtype=object),
    np.array([False, True]),
    np.array([3, 7], dtype=np.int16),
    np.array([0.5, 1.5]),
    np.array([], dtype=object),
]


@pytest.mark.parametrize("classes", LABELS, ids=str)
def test_class_labels_of_every_kind(path, classes):
    assert_same(again(StandIn().fit(classes_=classes), path).classes_, classes)


def test_state_of_every_kind(path):
    state = {
        "coefs_": [np.arange(6.0).reshape(2, 3), np.ones((3, 0), np.float32)],
        "transposed_": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "strided_": np.arange(10)[::3],
        "big_endian_": np.arange(3, dtype=">i4"),
        "scalar_array_": np.array(2.5),
        "history_": {"loss": [1.0, float("nan"), float("inf")], "rate": [0.1]},
        "nested_": {"a": {"b": (1, [None, "x"])}, "__odd__": 1},
        "by_number_": {0: 1.5, True: "x"},
        "stop_reason_": "ünïcode <script>",
        "n_iter_": 3,
        "flag_": True,
        "nothing_": None,
    }
    back = again(StandIn().fit(**state), path)
    for name, value in state.items():
        expected = value.astype("i4") if name == "big_endian_" else value
        assert_same(getattr(back, name), expected)
    assert_same(again(StandIn().fit(n_=np.float32(0.5)), path).n_, 0.5)


def test_private_attributes_are_not_kept(path):
    back = again(StandIn().fit(_secret=1, _odd_=2, coef_=np.ones(2)), path)
    assert set(vars(back)) == {"rate", "callbacks", "n_features_in_", "coef_"}


def test_parameters_with_dataclasses_and_without_functions(path):
    model = StandIn(rate=Rate(0.5, inner=Rate(0.25)), callbacks=[print]).fit()
    save(model, path, info={"target": "y", "classes": ["a", "b"]})
    back = load(path)
    assert back.rate == Rate(0.5, inner=Rate(0.25))
    assert back.callbacks is None
    header = read_header(path)
    assert header["info"] == {"target": "y", "classes": ["a", "b"]}
    assert header["model"]["left_out"] == ["callbacks"]
    assert header["deepen_version"]


def test_places_to_write_are_neither_kept_nor_set(path, tmp_path):
    """A file must not make a later fit write to a path of the file's choice."""
    from sklearn.pipeline import Pipeline

    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1])
    steps = [("model", DummyClassifier())]
    save(Pipeline(steps, memory=str(tmp_path / "cache")).fit(X, y), path)
    assert load(path).memory is None
    assert read_header(path)["model"]["left_out"] == ["memory"]
    save(StandIn(callbacks="text").fit(), path)
    assert load(path).callbacks is None
    header = {
        "format": "deepen-model",
        "schema": 1,
        "info": {},
        "model": {
            "__model__": "deepen.neural_network.MLPClassifier",
            "params": {"checkpoint": "/tmp/hostile", "callbacks": ["x"], "alpha": 0.5},
            "state": {},
            "left_out": [],
        },
    }
    path.write_bytes(to_bytes({}, metadata={"deepen": json.dumps(header)}))
    hostile = load(path)
    assert (hostile.checkpoint, hostile.callbacks, hostile.alpha) == (None, None, 0.5)


def test_info_with_arrays_is_refused(path):
    with pytest.raises(TypeError, match=r"info\.means is an array"):
        save(StandIn().fit(), path, info={"means": np.ones(3)})
    assert not path.exists()


def test_what_cannot_be_kept_is_refused_and_writes_nothing(path):
    with pytest.raises(NotFittedError):
        save(StandIn(), path)
    for model, cause in [
        (Ridge().fit([[0], [1]], [0, 1]), "Ridge cannot be kept"),
        (StandIn().fit(hook_=print), "hook_"),
        (StandIn().fit(dates_=np.array(["2020-01-01"], dtype="M8[D]")), "datetime64"),
        (StandIn().fit(wide_=np.ones(2, np.complex128)), "complex128"),
        (make_pipeline(TableEncoder(), Ridge()).fit([[0], [1], [5]], [0, 1, 2]), "Ridge"),
    ]:
        with pytest.raises(ModelFileError, match=cause):
            save(model, path)
    with pytest.raises(ModelFileError, match="info"):
        save(StandIn().fit(), path, info={"f": print})
    assert not path.exists()
    with pytest.raises(TypeError, match="dataclass"):
        register_dataclass_type(StandIn)


def test_subclass_of_a_known_class_is_another_class(path):
    class Sly(StandIn):
        pass

    with pytest.raises(ModelFileError, match="Sly"):
        save(Sly().fit(), path)


def test_existing_file_is_kept_without_force(path):
    save(StandIn().fit(a_=1), path)
    with pytest.raises(FileExistsError):
        save(StandIn().fit(a_=2), path, force=False)
    assert load(path).a_ == 1
    save(StandIn().fit(a_=3), path)
    assert load(path).a_ == 3


# Hostile and damaged files


def header_of(path):
    return {**read_header(path), "info": {}}


def write_file(path, header, arrays=None):
    """A file whose digests are right, whatever it holds."""
    if isinstance(header, dict):
        header = json.dumps({**header, "arrays_sha256": digest_of(arrays or {})})
    digest = hashlib.sha256(header.encode()).hexdigest()
    metadata = {"deepen": header, "deepen-sha256": digest}
    path.write_bytes(to_bytes(arrays or {}, metadata=metadata))


def one_line_error(path):
    with pytest.raises(ModelFileError) as error:
        load(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.fixture
def saved(path):
    save(StandIn().fit(coef_=np.arange(3.0)), path)
    return path


def test_file_cut_anywhere_is_refused(saved):
    content = saved.read_bytes()
    for end in range(0, len(content), 7):
        saved.write_bytes(content[:end])
        one_line_error(saved)


def test_a_changed_byte_is_seen(saved, seed):
    """In numbers, too, where every value would be a fitting one."""
    rng = np.random.default_rng(seed)
    content = saved.read_bytes()
    for place in [len(content) - 1, *rng.integers(8, len(content), 60)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.integers(8)
        saved.write_bytes(damaged)
        one_line_error(saved)


def test_files_that_are_no_models(saved, tmp_path):
    assert "no such file" in one_line_error(tmp_path / "no.deepen")
    folder = saved.parent
    assert one_line_error(folder).endswith(f"is a folder; its model is {saved}.")
    (tmp_path / "empty").mkdir()
    assert "is a folder; give the name of a file" in one_line_error(tmp_path / "empty")
    saved.write_bytes(pickle.dumps({"a": 1}))
    assert "not a model file" in one_line_error(saved)
    saved.write_bytes(to_bytes({"a": np.ones(2)}))
    assert "not a model of deepen" in one_line_error(saved)
    write_file(saved, "{")
    assert "not JSON" in one_line_error(saved)
    write_file(saved, "[" * 100_000)
    assert "not JSON" in one_line_error(saved)
    write_file(saved, {"format": "other"})
    assert "not one of deepen" in one_line_error(saved)


def test_networks_of_before_centring_stay_what_they_were(tmp_path):
    X, y = np.random.default_rng(0).random((30, 4)), np.arange(30) % 2
    for model in (DBNClassifier((2,), max_iter=1), StackedAutoencoderClassifier((2,), max_iter=1)):
        path = tmp_path / "model.deepen"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            save(model.fit(X, y), path, force=True)
        header, arrays = header_of(path), load_file(path)
        del header["model"]["params"]["centered"]
        write_file(path, header, arrays)
        assert load(path).centered is False


def test_future_schema_and_unknown_or_forbidden_classes(saved):
    header, arrays = header_of(saved), {"model.coef_": np.arange(3.0)}
    write_file(saved, {**header, "schema": SCHEMA + 1}, arrays)
    assert "update deepen" in one_line_error(saved)
    write_file(saved, {**header, "schema": "1"}, arrays)
    assert "schema version" in one_line_error(saved)
    for name in ("os.system", "sklearn.linear_model.Ridge", "subprocess.Popen", "", 3, None, ["a"]):
        write_file(saved, {**header, "model": {**header["model"], "__model__": name}}, arrays)
        assert "does not know" in one_line_error(saved)
        write_file(saved, {**header, "model": {"__dataclass__": name, "fields": {}}}, arrays)
        assert "does not know" in one_line_error(saved)


def test_arrays_missing_or_of_other_dtype_or_shape(saved):
    header = header_of(saved)
    for arrays, cause in [
        ({}, "'model.coef_' is missing"),
        ({"model.coef_": np.arange(3)}, "should be float64"),
        ({"model.coef_": np.arange(3, dtype=np.float32)}, "should be float64"),
        ({"model.coef_": np.arange(4.0)}, "of shape (3,)"),
    ]:
        write_file(saved, header, arrays)
        assert cause in one_line_error(saved)


@pytest.mark.parametrize("name", ["fit", "__class__", "__dict__", "_x", "get_params", "rate", "a"])
def test_state_may_not_replace_what_is_no_fitted_attribute(saved, name):
    header = header_of(saved)
    header["model"]["state"] = {name: 1}
    write_file(saved, header)
    assert "no fitted attribute" in one_line_error(saved)


def test_headers_of_wrong_structure(saved):
    header = header_of(saved)
    for model in [
        {"__model__": header["model"]["__model__"]},
        {**header["model"], "params": {"no": 1}},
        {**header["model"], "params": 3},
        {"__items__": [1]},
        {"__items__": [[[], 1]]},
        {"__tuple__": 3},
        {"__float__": "x"},
        {"__labels__": [1], "dtype": "object", "shape": [7]},
        {"__labels__": [1], "dtype": "V", "shape": [1]},
        {"__dataclass__": "tests.Rate", "fields": {"no": 1}},
    ]:
        write_file(saved, {**header, "model": model}, {"model.coef_": np.arange(3.0)})
        one_line_error(saved)
    del header["model"]
    write_file(saved, header)
    one_line_error(saved)


# Earlier schema versions


@pytest.fixture(scope="module")
def of_schema_1():
    expected = json.loads((DATA / "schema1_expected.json").read_text(encoding="utf-8"))
    return pd.DataFrame(expected["rows"], columns=expected["columns"]), expected


def test_a_network_of_schema_1_predicts_the_same(of_schema_1, path):
    table, expected = of_schema_1
    model = load(DATA / "schema1_network.model")
    assert read_header(DATA / "schema1_network.model")["schema"] == 1
    np.testing.assert_allclose(model[0].transform(table), expected["encoded"], rtol=1e-6)
    assert model[0].get_feature_names_out().tolist() == expected["names"]
    np.testing.assert_allclose(model.predict_proba(table), expected["probabilities"], rtol=1e-5)
    assert model.predict(table).tolist() == expected["labels"]
    back = again(model, path)
    np.testing.assert_array_equal(back.predict_proba(table), model.predict_proba(table))
    unseen = back.predict_proba(table.assign(colour="never seen"))
    np.testing.assert_array_equal(unseen, back.predict_proba(table.assign(colour="once")))


def test_trees_of_schema_1_predict_the_same(of_schema_1):
    table, expected = of_schema_1
    model = load(DATA / "schema1_trees.model")
    np.testing.assert_allclose(model.predict(table), expected["amounts"], rtol=1e-6)


# The models of the ladder


def mixed_table(n=300, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "colour": rng.choice(["red", "green", "blue", None], n),
            "count": rng.integers(0, 9, n),
            "flag": rng.integers(0, 2, n).astype(bool),
        }
    )
    signal = table["size"].fillna(1) + 2 * (table["colour"] == "red") + table["flag"]
    return table, (signal + 0.1 * rng.normal(size=n)).to_numpy()


def test_table_encoder(path):
    table, _ = mixed_table()
    encoder = TableEncoder(types={"count": "categorical"}).fit(table)
    back = again(encoder, path)
    assert back.columns_ == encoder.columns_
    assert back.get_params() == encoder.get_params()
    shuffled = table.sample(frac=1, axis=1, random_state=1)
    assert_same(back.transform(shuffled), encoder.transform(table))
    assert_same(back.get_feature_names_out(), encoder.get_feature_names_out())


def test_columns_of_before_yes_and_no_and_hostile_ones(path):
    table = pd.DataFrame(
        {"a": [1.5, 2, 4], "b": ["Ja", "ja", "nein"], "c": ["5 kg", "7 kg", "8 kg"]}
    )
    encoder = TableEncoder().fit(table)
    back = again(encoder, path)
    later = table.assign(b=["JA", "N", "Nein"])
    assert back.encoders_ == encoder.encoders_ and back.columns_ == encoder.columns_
    assert back.transform(later)[:, 1].tolist() == [1, 0, 0]
    for value in ("no", "JA", "", None, 3, ["ja"]):
        for place in ("columns_", "encoders_"):
            header = header_of(path)
            fields = header["model"]["state"][place][1]["fields"]
            inner = fields if place == "columns_" else fields["number_format"]["fields"]
            assert inner["truth"] == "ja"
            inner["truth"] = value
            write_file(path.with_name("b.deepen"), header, load_file(path))
            if value == "":
                assert load(path.with_name("b.deepen")).columns_[1].kind == "boolean"
            else:
                assert ".truth is" in one_line_error(path.with_name("b.deepen"))
    header = header_of(path)
    for column in header["model"]["state"]["columns_"]:
        del column["fields"]["truth"]
    del header["model"]["state"]["encoders_"][2]["fields"]["number_format"]["fields"]["truth"]
    write_file(path, header, load_file(path))
    assert_same(load(path).transform(table), encoder.transform(table))


@pytest.mark.parametrize("strategy", ["prior", "most_frequent", "uniform", "stratified"])
def test_dummy_classifier_in_a_pipeline(path, strategy):
    table, amounts = mixed_table()
    y = np.where(amounts > 1, "high", "low")
    model = make_pipeline(TableEncoder(), DummyClassifier(strategy=strategy, random_state=0))
    back = again(model.fit(table, y), path)
    assert_same(back.predict(table), model.predict(table))
    np.testing.assert_array_equal(back.predict_proba(table), model.predict_proba(table))


def test_a_fresh_process_loads_without_the_classes_imported(path):
    table, y = mixed_table()
    save(make_pipeline(TableEncoder(), DummyRegressor()).fit(table, y), path)
    program = "import sys, deepen; print(deepen.load(sys.argv[1])[-1].constant_[0, 0])"
    command = [sys.executable, "-c", program, str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(out.stdout) == pytest.approx(y.mean())


def test_dummy_regressor(path):
    table, y = mixed_table()
    model = make_pipeline(TableEncoder(), DummyRegressor()).fit(table, y)
    assert_same(again(model, path).predict(table), model.predict(table))


CATEGORICAL = [None, "from_dtype"]


@pytest.mark.parametrize("categorical", CATEGORICAL)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_boosted_classifier_predicts_as_scikit_learns(path, categorical, n_classes):
    table, amounts = mixed_table()
    y = np.array(["low", "mid", "high"])[np.digitize(amounts, [0.5, 1.5][: n_classes - 1])]
    table = boosting_input(table, categorical)
    model = HistGradientBoostingClassifier(
        max_iter=20, categorical_features=categorical, random_state=0
    ).fit(table, y)
    back = again(model, path)
    assert isinstance(back, BoostedTreesClassifier)
    new = boosting_input(mixed_table(seed=1)[0], categorical)
    for rows in (table, new):
        assert_same(back.predict(rows), model.predict(rows))
        np.testing.assert_allclose(back.predict_proba(rows), model.predict_proba(rows), rtol=1e-12)
    assert back.score(table, y) == model.score(table, y)
    with pytest.raises(TypeError, match="only what prediction needs"):
        back.fit(table, y)


def boosting_input(table, categorical):
    if categorical is None:
        return table.drop(columns="colour")
    return table.astype({"colour": "category"})


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "poisson", "gamma", "quantile"]
)
def test_boosted_regressor_predicts_as_scikit_learns(path, loss):
    table, amounts = mixed_table()
    table = boosting_input(table, "from_dtype")
    y = np.exp(amounts / 3)
    quantile = 0.7 if loss == "quantile" else None
    model = HistGradientBoostingRegressor(loss=loss, quantile=quantile, max_iter=15).fit(table, y)
    back = again(model, path)
    assert isinstance(back, BoostedTreesRegressor)
    np.testing.assert_allclose(back.predict(table), model.predict(table), rtol=1e-12)
    reordered = table[table.columns[::-1]]
    np.testing.assert_array_equal(back.predict(reordered), back.predict(table))


def test_boosted_trees_on_arrays_with_unknown_and_missing_categories(path):
    rng = np.random.default_rng(0)
    X = np.c_[rng.normal(size=200), rng.integers(0, 40, 200) * 3, rng.normal(size=200)]
    X[::7] = np.where(rng.random((29, 3)) < 0.5, np.nan, X[::7])
    y = np.nan_to_num(X[:, 0]) + (np.nan_to_num(X[:, 1]) % 2)
    model = HistGradientBoostingRegressor(categorical_features=[1], max_iter=30).fit(X, y)
    back = again(model, path)
    new = np.vstack([X, [[0, 1, 0], [0, 1e9, 0], [0, -3, 0], [np.nan] * 3]])
    thresholds = np.unique(back.nodes_["num_threshold"])
    on_thresholds = np.c_[thresholds, np.zeros_like(thresholds), thresholds]
    for rows in (new, on_thresholds):
        np.testing.assert_allclose(back.predict(rows), model.predict(rows), rtol=1e-12)
    with pytest.raises(ValueError, match="expecting 3 features"):
        back.predict(X[:, :2])


def test_boosted_trees_behind_a_table_encoder(path):
    table, y = mixed_table()
    model = make_pipeline(TableEncoder(), HistGradientBoostingRegressor(max_iter=5)).fit(table, y)
    back = again(model, path)
    np.testing.assert_allclose(back.predict(table), model.predict(table), rtol=1e-12)


def test_boosted_trees_that_would_not_end_or_lead_outside_are_refused(path):
    X = np.random.default_rng(0).normal(size=(100, 2))
    trees = BoostedTreesRegressor.from_sklearn(
        HistGradientBoostingRegressor(max_iter=2).fit(X, X[:, 0])
    )
    trees.check_arrays()
    for name, value in [("left", 0), ("right", 10**6), ("feature_idx", 2), ("feature_idx", -1)]:
        damaged = pickle.loads(pickle.dumps(trees))
        damaged.nodes_[name][0] = value
        save(damaged, path)
        one_line_error(path)
    damaged = pickle.loads(pickle.dumps(trees))
    damaged.roots_[0, 0] = -1
    save(damaged, path)
    one_line_error(path)


def test_networks(path):
    from deepen.engine import RMSprop, Step
    from deepen.neural_network import MLPClassifier, MLPRegressor

    table, amounts = mixed_table(60)
    labels = np.where(amounts > 1, "high", "low").astype(object)
    solver = RMSprop(learning_rate=Step(0.01, every=2))
    for network, y in [
        (
            MLPClassifier(
                hidden_layer_sizes=(5,), solver=solver, max_iter=3, tol=0, n_iter_no_change=9
            ),
            labels,
        ),
        (MLPRegressor(hidden_layer_sizes=(5, 4), max_iter=3, tol=0, n_iter_no_change=9), amounts),
    ]:
        network.set_params(callbacks=[lambda event: event.epoch >= 2])
        model = make_pipeline(TableEncoder(), network).fit(table, y)
        back = again(model, path)
        assert_same(back.predict(table), model.predict(table))
        assert_same(back[-1].coefs_, network.coefs_)
        assert_same(back[-1].history_, network.history_)
        assert back[-1].solver == network.solver
        back[-1].set_params(max_iter=2, warm_start=True)
        with pytest.warns(ConvergenceWarning):
            back.fit(table, y)
        assert back[-1].n_iter_ == 2


def test_linear_models(path):
    from deepen.linear_model import LinearRegression, LogisticRegression

    table, amounts = mixed_table(60)
    for linear, y in [
        (LogisticRegression(max_iter=500), np.where(amounts > 1, "high", "low")),
        (LogisticRegression(max_iter=500), np.digitize(amounts, [0.5, 1.5])),
        (LinearRegression(), amounts),
    ]:
        model = make_pipeline(TableEncoder(), linear).fit(table, y)
        back = again(model, path)
        assert_same(back.predict(table), model.predict(table))
        assert_same(back[-1].coef_, linear.coef_)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=plain)
def test_any_plain_state_comes_back(path, value):
    assert_same(again(StandIn().fit(value_=value), path).value_, value)
    assert os.listdir(path.parent) == [path.name]

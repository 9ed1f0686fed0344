"""The library is a guest in the user's process: no setting changed, threads, forks, and floors."""

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepen
from deepen.neural_network import MLPClassifier
from engine_problems import assert_same_bits
from quick_compiler import shipped_environment

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SOURCE = Path(deepen.__file__).parent


def in_new_process(script, **environment):
    """Output of a script in a Python of its own, without this process's JAX settings."""
    found = shipped_environment()
    clean = {k: v for k, v in found.items() if not k.startswith(("JAX_", "DEEPEN_"))}
    clean["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    outcome = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.strip()


def test_importing_everything_changes_no_setting():
    out = in_new_process("""
        import importlib, logging, os, pkgutil, random, signal, threading, warnings
        import jax, matplotlib, numpy as np, pandas, sklearn, typer, rich, pyarrow.parquet
        import sklearn.model_selection, sklearn.neural_network, sklearn.ensemble, scipy.optimize
        import matplotlib.figure

        def state():
            return {
                "jax": dict(jax.config.values),
                "numpy errors": np.geterr(),
                "numpy printing": str(np.get_printoptions()),
                "numpy random": np.random.get_state()[1].tolist(),
                "random": random.getstate(),
                "warnings": list(warnings.filters),
                "environment": dict(os.environ),
                "matplotlib": dict(matplotlib.rcParams),
                "pandas": pandas.describe_option(_print_desc=False),
                "sklearn": sklearn.get_config(),
                "logging": (logging.root.level, list(logging.root.handlers)),
                "signals": signal.getsignal(signal.SIGINT),
                "threads": threading.active_count(),
                "folder": os.getcwd(),
            }

        before = state()
        import deepen
        for module in pkgutil.walk_packages(deepen.__path__, "deepen."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        after = state()
        print([name for name in before if before[name] != after[name]])
    """)
    assert out == "[]"


def test_importing_starts_no_device():
    out = in_new_process("""
        import importlib, pkgutil, deepen
        for module in pkgutil.walk_packages(deepen.__path__, "deepen."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        import jax._src.xla_bridge as bridge
        print(len(bridge._backends))
    """)
    assert out == "0"


def test_importing_the_package_and_a_model_imports_no_jax():
    out = in_new_process("""
        import sys, deepen
        print("jax" in sys.modules, "sklearn" in sys.modules)
        import deepen.neural_network, deepen.linear_model
        print("jax" in sys.modules)
    """)
    assert out.split() == ["False", "False", "False"]


def test_predicting_needs_no_jax():
    out = in_new_process("""
        import sys
        import numpy as np
        from deepen.neural_network import MLPClassifier
        model = MLPClassifier((2,))
        model.coefs_ = [np.ones((3, 2)), np.ones((2, 1))]
        model.intercepts_ = [np.zeros(2), np.zeros(1)]
        model.n_features_in_, model.n_layers_, model.out_activation_ = 3, 3, "logistic"
        model.classes_, model._is_multilabel = np.array([0, 1]), False
        model.predict(np.ones((4, 3)))
        print("jax" in sys.modules)
    """)
    assert out == "False"


def problem(seed, dtype, n_rows=120):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n_rows, 4)).astype(dtype)
    return X, (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def fit(seed, dtype):
    X, y = problem(seed, dtype)
    network = MLPClassifier((6,), dropout=0.2, early_stopping=True, max_iter=8, random_state=seed)
    return network.fit(X, y)


@pytest.mark.parametrize("process_setting", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_double_precision_setting_of_the_process_stays(process_setting, dtype, seed):
    with jax.enable_x64(process_setting):
        model = fit(seed, dtype)
        assert jax.config.jax_enable_x64 == process_setting
        wide = jnp.zeros(1, np.float64 if process_setting else np.float32)
        assert (jnp.asarray(np.zeros(1)).dtype == np.float64) == process_setting
        assert wide.dtype.itemsize == (8 if process_setting else 4)
    assert model.coefs_[0].dtype == dtype
    assert model.predict_proba(problem(seed, dtype)[0]).dtype == dtype
    assert_same_bits(model.coefs_, fit(seed, dtype).coefs_)


def test_a_fit_leaves_numpys_and_the_warnings_state_alone(seed):
    import warnings

    np.random.seed(7)
    before = (np.random.get_state()[1].tolist(), np.geterr(), list(warnings.filters))
    X, y = problem(seed, np.float32)
    kept = X.copy(), y.copy()
    MLPClassifier((6,), max_iter=3, random_state=seed).fit(X, y)
    assert before == (np.random.get_state()[1].tolist(), np.geterr(), list(warnings.filters))
    np.testing.assert_array_equal(X, kept[0])
    np.testing.assert_array_equal(y, kept[1])


def test_concurrent_fits_in_both_precisions_equal_serial_ones(seed):
    jobs = [(seed + i % 3, dtype) for i in range(6) for dtype in (np.float32, np.float64)]
    serial = [fit(*job) for job in jobs]
    together = threading.Barrier(6)

    def at_once(job):
        together.wait(timeout=60)  # six start at the same moment
        return fit(*job)

    with ThreadPoolExecutor(6) as pool:
        concurrent = list(pool.map(at_once, jobs))
    for one, other, (job_seed, dtype) in zip(serial, concurrent, jobs, strict=True):
        assert other.coefs_[0].dtype == dtype
        assert_same_bits([*one.coefs_, *one.intercepts_], [*other.coefs_, *other.intercepts_])
        X, _ = problem(job_seed, dtype)
        assert_same_bits(one.predict_proba(X), other.predict_proba(X))


def test_predictions_from_many_threads_equal_one_by_one(seed):
    models = [fit(seed, np.float32), fit(seed, np.float64)]
    X = [problem(seed, np.float32, 3000)[0], problem(seed, np.float64, 3000)[0]]
    expected = [m.predict_proba(x) for m, x in zip(models, X, strict=True)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: models[i % 2].predict_proba(X[i % 2]), range(32)))
    for i, p in enumerate(found):
        assert_same_bits(p, expected[i % 2])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_fit_in_a_forked_child_says_what_to_use():
    out = in_new_process("""
        import os, signal, warnings
        import numpy as np
        warnings.simplefilter("ignore")
        from deepen.neural_network import MLPClassifier
        X = np.random.RandomState(0).standard_normal((30, 2)); y = np.arange(30) % 2
        model = MLPClassifier((2,), max_iter=1).fit(X, y)
        child = os.fork()
        if child == 0:
            signal.alarm(30)  # without the check it would hang
            model.predict(X)  # needs no compiler and works
            try:
                model.fit(X, y)
            except RuntimeError as error:
                print(error, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        model.fit(X, y)  # the parent is none the worse
        print("parent")
    """)
    assert "loky" in out
    assert "fork" in out
    assert out.endswith("parent")


def test_the_compilation_cache_is_kept_where_it_is_asked_for_and_a_users_own_is_respected(tmp_path):
    script = """
        import pathlib, sys, jax
        import deepen
        {before}
        print(deepen.enable_compilation_cache({folder}))
        print(jax.config.jax_compilation_cache_dir)
        print(jax.config.jax_persistent_cache_min_compile_time_secs)
    """
    own, ours, default = tmp_path / "own", tmp_path / "ours", tmp_path / "default"
    set_own = f"jax.config.update('jax_compilation_cache_dir', {str(own)!r})"
    out = in_new_process(script.format(before=set_own, folder=repr(str(ours)))).split()
    assert out[:2] == [str(own)] * 2
    assert float(out[2]) > 0  # nor are the thresholds touched
    out = in_new_process(
        script.format(before="", folder=""), JAX_COMPILATION_CACHE_DIR=str(own)
    ).split()
    assert out[:2] == [str(own)] * 2
    assert not ours.exists()
    out = in_new_process(script.format(before="", folder=repr(str(ours)))).split()
    assert out == [str(ours), str(ours), "0.0"]
    assert ours.is_dir()
    out = in_new_process(script.format(before="", folder=""), DEEPEN_CACHE=str(default)).split()
    assert out[:2] == [str(default)] * 2
    (tmp_path / "file").write_text("")
    blocked = repr(str(tmp_path / "file" / "folder"))
    assert in_new_process(script.format(before="", folder=blocked)).split()[:2] == ["None"] * 2

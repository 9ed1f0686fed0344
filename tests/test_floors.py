"""The order of the source: imports only go down, files stay short."""

import ast
from pathlib import Path

import deepen

# Floors: an import only goes down, or stays within its own package.

SOURCE = Path(deepen.__file__).parent
FLOORS = {
    "functions": 0,
    "conformal": 0,
    "evaluation": 0,
    "intervals": -1,
    "datasets": 0,
    "plotting": 0,
    "layers": 1,
    "engine": 1,
    "report": 1,
    "base": 2,
    "solvers": 2,
    "_callbacks_of_sklearn": 2,
    "_streams": 2,
    "covariance": 3,
    "decomposition": 3,
    "linear_model": 3,
    "manifold": 4,
    "neural_network": 3,
    "_boosted_trees": 5,
    "_model_registry": 5,
    "_model_state": 5,
    "_model_upgrades": 5,
    "modelfile": 5,
    "model_selection": 5,
    "cli": 6,
    "__main__": 7,
}
EVERYWHERE = {"_extras", "_files", "__version__"}  # to write a file safely is nobody's floor
# files of one unit on several modules
UNITS = dict.fromkeys(
    ("_boosted_trees", "_model_registry", "_model_state", "_model_upgrades"), "modelfile"
)
MAX_LINES = 300
LONG_FILES = {
    "decomposition/pca.py": "scikit-learn's parameters and their documentation",
    "linear_model/logistic_regression.py": "scikit-learn's parameters and their documentation",
    "neural_network/autoencoder.py": "parameters of two trainings and their documentation",
    "neural_network/deep_belief_network.py": "scikit-learn's parameters and their documentation",
    "neural_network/mlp_classifier.py": "scikit-learn's parameters and their documentation",
    "neural_network/mlp_regressor.py": "scikit-learn's parameters and their documentation",
}


def source_files():
    return sorted(SOURCE.rglob("*.py"))


def imports_of(path):
    """Names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            if node.module == "deepen":
                yield from (f"deepen.{alias.name}" for alias in node.names)
            else:
                yield node.module


def package_of(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def test_every_module_has_a_floor():
    packages = {package_of(path) for path in source_files()}
    assert packages - {"__init__"} - EVERYWHERE == set(FLOORS)


def test_imports_only_go_down():
    wrong = []
    for path in source_files():
        package = package_of(path)
        if package in ("__init__", *EVERYWHERE):
            continue
        for name in imports_of(path):
            if not name.startswith("deepen."):
                continue
            other = name.split(".")[1]
            same = UNITS.get(other, other) == UNITS.get(package, package)
            if not (same or other in EVERYWHERE or FLOORS[other] < FLOORS[package]):
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")
    assert not wrong


def test_the_engine_and_below_never_import_scikit_learn():
    for path in source_files():
        if package_of(path) in ("engine", "layers", "functions"):
            found = [name for name in imports_of(path) if name.split(".")[0] == "sklearn"]
            assert not found, path


def test_no_file_is_longer_than_its_reader_bears():
    lengths = {
        str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in source_files()
    }
    long = {name for name, n_lines in lengths.items() if n_lines > MAX_LINES}
    assert long - set(LONG_FILES) == set()
    assert set(LONG_FILES) - long == set(), "no exception any more"

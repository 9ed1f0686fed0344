"""What the peers do: the same rows, starting rule, batches, steps and precision in each library.

Every function prepares its data and returns a function that does the work once.
"""

from __future__ import annotations

import itertools
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks._harness import gemm_rate

warnings.simplefilter("ignore", ConvergenceWarning)  # epochs are fixed, nothing should converge

Run = Callable[[], dict[str, Any]]

N_HIDDEN = 500
BATCH_SIZE = 100
RATE, MOMENTUM, ALPHA = 0.1, 0.9, 1e-4
MLP = {
    "hidden_layer_sizes": (N_HIDDEN,),
    "solver": "sgd",
    "batch_size": BATCH_SIZE,
    "learning_rate_init": RATE,
    "momentum": MOMENTUM,
    "nesterovs_momentum": False,
    "alpha": ALPHA,
    "n_iter_no_change": 10**6,
    "random_state": 0,
}


def mnist(n_rows: int) -> tuple[Any, Any, Any, Any]:
    from deepen.datasets import load_mnist

    X, y, X_test, y_test = load_mnist()
    return X[:n_rows], y[:n_rows], X_test, y_test


def judged(probabilities: Any, y: Any) -> dict[str, float]:
    """Test loss in nats and accuracy, by the same lines for every library."""
    p = np.asarray(probabilities, np.float64)
    of_truth = np.maximum(p[np.arange(len(y)), y], 1e-12)
    return {
        "test loss": float(-np.log(of_truth).mean()),
        "test accuracy": float((p.argmax(axis=1) == y).mean()),
    }


def mlp_operations(
    n_rows: int, sizes: tuple[int, ...] = (784, N_HIDDEN, 10)
) -> tuple[float, float]:
    """Operations of the products of one epoch: needed, and by the convention of 6 a weight.

    The first layer needs no gradient for its input: 4 operations a weight and row instead of 6.
    """
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    return n_rows * (4 * weights[0] + 6 * sum(weights[1:])), n_rows * 6 * sum(weights)


def mlp_sklearn(n_rows: int, epochs: int) -> Run:
    from sklearn.neural_network import MLPClassifier

    return _mlp_estimator(MLPClassifier, n_rows, epochs)


def mlp_deepen(n_rows: int, epochs: int, per_epoch: bool = False) -> Run:
    from deepen.neural_network import MLPClassifier

    return _mlp_estimator(MLPClassifier, n_rows, epochs, per_epoch, with_gemm=not per_epoch)


def _mlp_estimator(
    make: Any, n_rows: int, epochs: int, per_epoch: bool = False, with_gemm: bool = False
) -> Run:
    X, y, X_test, y_test = mnist(n_rows)

    def run() -> dict[str, Any]:
        ends: list[float] = []
        follow = [lambda event: ends.append(time.perf_counter())]
        extra = {"callbacks": follow} if per_epoch else {}
        # Timed epoch by epoch, the first one, which carries the transfer of the rows, falls out.
        model = make(max_iter=epochs + per_epoch, **MLP, **extra)
        start = time.perf_counter()
        model.fit(X, y)
        total = time.perf_counter() - start
        seconds = float(np.median(np.diff(ends))) if per_epoch else total / epochs
        result = {"seconds": seconds, "whole fit s": total}
        result |= {"training loss": model.loss_} | judged(model.predict_proba(X_test), y_test)
        if with_gemm:
            rate = gemm_rate()
            needed, conventional = mlp_operations(n_rows)
            result |= {
                "GFLOP/s": needed / seconds / 1e9,
                "of GEMM peak": needed / seconds / rate,
                "of GEMM peak (6 a weight)": conventional / seconds / rate,
            }
        return result

    return run


def mlp_torch(n_rows: int, epochs: int, device: str = "cpu", per_epoch: bool = False) -> Run:
    import torch
    from torch.nn.functional import cross_entropy

    if device == "cpu":
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    X, y, X_test, y_test = mnist(n_rows)
    X, y = torch.from_numpy(X).to(device), torch.from_numpy(y.astype(np.int64)).to(device)

    def train_epoch(network: Any, optimizer: Any) -> float:
        total = torch.zeros((), device=device)
        for rows in torch.randperm(n_rows, device=device).split(BATCH_SIZE):
            optimizer.zero_grad(set_to_none=True)
            loss = cross_entropy(network(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
        return float(total) / n_rows  # waits for the device

    def run() -> dict[str, Any]:
        torch.manual_seed(0)
        network = _torch_network(torch).to(device)
        weights = [p for p in network.parameters() if p.ndim == 2]
        biases = [p for p in network.parameters() if p.ndim == 1]
        groups = [{"params": weights, "weight_decay": ALPHA / BATCH_SIZE}, {"params": biases}]
        optimizer = torch.optim.SGD(groups, lr=RATE, momentum=MOMENTUM, fused=True)
        times = []
        for _ in range(epochs + per_epoch):
            start = time.perf_counter()
            loss = train_epoch(network, optimizer)
            times.append(time.perf_counter() - start)
        seconds = float(np.median(times[1:])) if per_epoch else sum(times) / epochs
        result = {"seconds": seconds, "whole fit s": sum(times), "training loss": loss}
        with torch.no_grad():
            p = torch.softmax(network(torch.from_numpy(X_test).to(device)), dim=1).cpu().numpy()
        return result | judged(p, y_test)

    return run


def _torch_network(torch: Any) -> Any:
    """784-500-10 with scikit-learn's starting rule."""
    nn = torch.nn
    network = nn.Sequential(nn.Linear(784, N_HIDDEN), nn.ReLU(), nn.Linear(N_HIDDEN, 10))
    for layer in (network[0], network[2]):
        bound = (6 / (layer.in_features + layer.out_features)) ** 0.5
        nn.init.uniform_(layer.weight, -bound, bound)
        nn.init.uniform_(layer.bias, -bound, bound)
    return network


def logistic(library: str, n_rows: int, C: float, tol: float, max_iter: int) -> Run:
    """Logistic regression by L-BFGS down to ``tol``; its loss is the penalised objective."""
    if library == "sklearn":
        from sklearn.linear_model import LogisticRegression
    else:
        from deepen.linear_model import LogisticRegression
    X, y, X_test, y_test = mnist(n_rows)

    def run() -> dict[str, Any]:
        model = LogisticRegression(C=C, tol=tol, max_iter=max_iter, solver="lbfgs")
        start = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - start
        result = {"seconds": seconds, "loss": _logistic_objective(model, X, y, C)}
        accuracy = judged(model.predict_proba(X_test), y_test)["test accuracy"]
        return result | {"iterations": float(np.max(model.n_iter_)), "test accuracy": accuracy}

    return run


def _logistic_objective(model: Any, X: Any, y: Any, C: float) -> float:
    """Mean log loss + ||W||^2 / (2 C n), in float64 whatever the model computed in."""
    W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    total = 0.0
    for start in range(0, len(y), 10_000):
        z = X[start : start + 10_000].astype(np.float64) @ W.T + b
        z -= z.max(axis=1, keepdims=True)
        truth = z[np.arange(len(z)), y[start : start + 10_000]]
        total += float((np.log(np.exp(z).sum(axis=1)) - truth).sum())
    return (total + 0.5 / C * float((W * W).sum())) / len(y)


def small_data(n_rows: int = 1000, n_features: int = 20, dtype: str = "float64") -> tuple[Any, Any]:
    from sklearn.datasets import make_classification

    X, y = make_classification(n_rows, n_features, n_informative=n_features // 2, random_state=0)
    return X.astype(dtype), y


def small_model(library: str, max_iter: int) -> Any:
    if library == "sklearn":
        from sklearn.neural_network import MLPClassifier
    else:
        from deepen.neural_network import MLPClassifier
    return MLPClassifier((100,), max_iter=max_iter, n_iter_no_change=10**6, random_state=0)


def small(library: str, max_iter: int, dtype: str) -> Run:
    """A later fit in the same process, with other values than the first."""
    X, y = small_data(dtype=dtype)

    def run() -> dict[str, Any]:
        model = small_model(library, max_iter)
        start = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "training loss": model.loss_, "accuracy": model.score(X, y)}

    return run


def grid(library: str, how: str, epochs: int, n_rows: int, n_jobs: int | None = None) -> Run:
    """16 settings of one structure on 20,000 rows, judged on 5,000 others.

    ``how`` is "loop", "search" (GridSearchCV) or "threads" (GridSearchCV, n_jobs threads).
    """
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV, ParameterGrid, PredefinedSplit

    n_held_out = n_rows // 4
    X, y = small_data(n_rows + n_held_out, 64, "float32")
    settings = {
        "alpha": [1e-6, 1e-5, 1e-4, 1e-3],
        "learning_rate_init": [3e-4, 1e-3, 3e-3, 1e-2],
    }
    X_train, y_train, X_held, y_held = X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:]
    split = PredefinedSplit(np.repeat([-1, 0], [n_rows, n_held_out]))

    def by_loop() -> float:
        scores = []
        for one in ParameterGrid(settings):
            model = small_model(library, epochs).set_params(**one).fit(X_train, y_train)
            scores.append(model.score(X_held, y_held))
        return max(scores)

    def by_search() -> float:
        model = small_model(library, epochs)
        search = GridSearchCV(model, settings, cv=split, refit=False, n_jobs=n_jobs)
        with parallel_config("threading" if how == "threads" else "loky"):
            return float(search.fit(X, y).cv_results_["mean_test_score"].max())

    def run() -> dict[str, Any]:
        start, processor_start = time.perf_counter(), time.process_time()
        best = by_loop() if how == "loop" else by_search()
        found = {"seconds": time.perf_counter() - start, "best accuracy": best}
        if how != "search" or n_jobs is None:  # of other processes the time is not known
            found["processor s"] = time.process_time() - processor_start
        return found

    return run

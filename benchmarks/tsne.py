"""t-SNE beside scikit-learn's: ``python -m benchmarks.tsne [digits] [mnist] [--runs 3]``.

Time of a fit at each library's own defaults, neighbours' trustworthiness (12 neighbours, on at most
4,000 rows) and the accuracy of five neighbours in the picture, leave-one-out. mnist is 10,000 images of
the training set, pixels in [0, 1], and needs DEEPEN_DATA. deepen is tried with one thread and with one a
core; scikit-learn too. ``--quick`` takes few rows and iterations, to see that it works.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._harness import Peer, compare, machine_line, require_mnist, table

DATA = ("digits", "mnist")
N_MNIST = 10_000
MOST_JUDGED = 4000
N_NEIGHBORS = 12


def rows(data: str, n_rows: int | None) -> tuple[Any, Any]:
    """Images of a data set, float32 in [0, 1], and their digits."""
    if data == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        X = (X / 16).astype(np.float32)
    else:
        from deepen.datasets import load_mnist

        X, y = load_mnist()[:2]
        X, y = X[:N_MNIST], y[:N_MNIST]
    return X[:n_rows], y[:n_rows]


def fit(
    library: str, data: str, n_rows: int | None, max_iter: int | None
) -> Callable[[], dict[str, Any]]:
    """One library's work: a fit of the rows, then figures of the embedding."""
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import NearestNeighbors

    if library == "deepen":
        from deepen.manifold import TSNE
    else:
        from sklearn.manifold import TSNE
    X, y = rows(data, n_rows)
    settings = {} if max_iter is None else {"max_iter": max_iter}
    judged = np.random.default_rng(0).permutation(len(X))[:MOST_JUDGED]
    seeds = iter(range(1000))

    def run() -> dict[str, Any]:
        model = TSNE(random_state=next(seeds), **settings)
        start = time.perf_counter()
        embedding = model.fit_transform(X)
        seconds = time.perf_counter() - start
        search = NearestNeighbors(n_neighbors=5).fit(embedding)
        votes = y[search.kneighbors(return_distance=False)].astype(int)
        said = [np.bincount(row).argmax() for row in votes]
        kept = trustworthiness(X[judged], embedding[judged], n_neighbors=N_NEIGHBORS)
        return {
            "seconds": seconds,
            "trustworthiness": float(kept),
            "5-NN accuracy": float(np.mean(said == y)),
            "divergence": float(model.kl_divergence_),
            "iterations": int(model.n_iter_),
        }

    return run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="*", choices=[*DATA, []], default=[])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    print(machine_line() + "\n", flush=True)
    for data in args.data or DATA:
        if data == "mnist":
            require_mnist()
        base = {"data": data, "n_rows": 300 if args.quick else None}
        base["max_iter"] = 500 if args.quick else None
        peers = [
            Peer("deepen", "benchmarks.tsne:fit", {**base, "library": "deepen"}),
            Peer("scikit-learn", "benchmarks.tsne:fit", {**base, "library": "sklearn"}),
        ]
        columns = {"trustworthiness": ".4f", "5-NN accuracy": ".4f"}
        columns |= {"divergence": ".3f", "iterations": ".0f"}
        X, _ = rows(data, base["n_rows"])
        title = f"t-SNE, {data}, {X.shape[0]:,} x {X.shape[1]}, float32, both at their defaults"
        print(table(title, compare(peers, args.runs), columns, ours="deepen"), flush=True)


if __name__ == "__main__":
    main()

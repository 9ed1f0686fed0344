"""A deep belief network from pixels to classes, beside torch: ``python -m benchmarks.pipeline [--runs 3]``.

MNIST, 784-500-500-2000-10: three restricted Boltzmann machines by CD-1, 10 epochs each, then 20 epochs
of back-propagation with momentum, all in batches of 100. The torch side is the same written plainly:
eager tensors, the contrastive gradient by hand, ``nn.Sequential`` and ``torch.optim.SGD``. Both follow
the plain gradient and sample hidden and visible units. Prints Markdown; needs DEEPEN_DATA, torch and an
idle machine. ``--quick`` is little data, to see that it works.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks._harness import Peer, compare, machine_line, n_cores, require_mnist, table
from benchmarks._peers import mnist

SIZES = (500, 500, 2000)
BATCH_SIZE = 100
PRETRAINING = {"rate": 0.05, "momentum": 0.5, "epochs": 10}
FINE_TUNING = {"rate": 0.1, "momentum": 0.9, "epochs": 20}

Run = Callable[[], dict[str, Any]]


def of_deepen(n_rows: int, share: float) -> Run:
    import numpy as np

    from deepen.neural_network import BernoulliRBM, DBNClassifier

    X, y, X_test, y_test = mnist(n_rows)
    machine = BernoulliRBM(
        algorithm="cd",
        centered=False,
        learning_rate=PRETRAINING["rate"],
        momentum=PRETRAINING["momentum"],
        n_iter=_epochs(PRETRAINING, share),
        batch_size=BATCH_SIZE,
    )

    def run() -> dict[str, Any]:
        model = DBNClassifier(
            SIZES,
            pretrainer=machine,
            centered=False,  # the peer's steps
            solver="momentum",
            learning_rate_init=FINE_TUNING["rate"],
            momentum=FINE_TUNING["momentum"],
            alpha=0.0,
            batch_size=BATCH_SIZE,
            max_iter=_epochs(FINE_TUNING, share),
            n_iter_no_change=np.inf,
            random_state=0,
        )
        start = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "test error": 1 - model.score(X_test, y_test)}

    return run


def of_torch(n_rows: int, share: float) -> Run:
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    X, y, X_test, y_test = (torch.from_numpy(part) for part in mnist(n_rows))

    def run() -> dict[str, Any]:
        torch.manual_seed(0)
        start = time.perf_counter()
        layers, features = [], X
        for size in SIZES:
            W, c = _torch_machine(features, size, _epochs(PRETRAINING, share))
            linear = torch.nn.Linear(*W.shape)
            linear.weight.data, linear.bias.data = W.T.contiguous(), c
            layers += [linear, torch.nn.Sigmoid()]
            features = torch.sigmoid(features @ W + c)
        network = torch.nn.Sequential(*layers, torch.nn.Linear(SIZES[-1], 10))
        optimizer = torch.optim.SGD(
            network.parameters(), lr=FINE_TUNING["rate"], momentum=FINE_TUNING["momentum"]
        )
        for _ in range(_epochs(FINE_TUNING, share)):
            for rows in torch.randperm(len(X)).split(BATCH_SIZE):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(network(X[rows]), y[rows].long()).backward()
                optimizer.step()
        seconds = time.perf_counter() - start
        with torch.no_grad():
            wrong = (network(X_test).argmax(1) != y_test).double().mean()
        return {"seconds": seconds, "test error": float(wrong)}

    return run


def _torch_machine(X: Any, size: int, epochs: int) -> tuple[Any, Any]:
    """Weights and hidden biases after contrastive divergence with momentum."""
    import torch

    n_features, rate, momentum = X.shape[1], PRETRAINING["rate"], PRETRAINING["momentum"]
    on = X.mean(0).clamp(1 / len(X), 1 - 1 / len(X))
    parameters = [0.01 * torch.randn(n_features, size), torch.logit(on), torch.zeros(size)]
    velocities = [torch.zeros_like(p) for p in parameters]
    W, b, c = parameters
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(BATCH_SIZE):
            v = X[rows]
            h = torch.sigmoid(v @ W + c)
            v_model = torch.bernoulli(torch.sigmoid(torch.bernoulli(h) @ W.T + b))
            h_model = torch.sigmoid(v_model @ W + c)
            gradients = (
                (v.T @ h - v_model.T @ h_model) / len(rows),
                (v - v_model).mean(0),
                (h - h_model).mean(0),
            )
            for p, u, g in zip(parameters, velocities, gradients, strict=True):
                u.mul_(momentum).add_(g, alpha=rate)
                p.add_(u)
    return W, c


def _epochs(stage: dict[str, Any], share: float) -> int:
    return max(1, round(stage["epochs"] * share))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="timed runs of each peer")
    parser.add_argument("--share", type=float, default=1.0, help="of the epochs of each stage")
    parser.add_argument("--quick", action="store_true", help="little data, to see that it works")
    args = parser.parse_args()
    require_mnist()
    machine = machine_line()
    settings = {"n_rows": 2000 if args.quick else 60000, "share": 0.1 if args.quick else args.share}
    peers = [
        Peer("deepen", "benchmarks.pipeline:of_deepen", settings, (n_cores(),)),
        Peer("torch, plainly written", "benchmarks.pipeline:of_torch", settings, (n_cores(),)),
    ]
    found = compare(peers, args.runs)
    title = f"DBN 784-500-500-2000, {_epochs(PRETRAINING, settings['share'])} epochs a layer,"
    title += f" {_epochs(FINE_TUNING, settings['share'])} of fine-tuning"
    text = table(title, found, {"test error": ".2%"}, ours="deepen")
    sys.stdout.write(f"{text}\n{machine}\n")


if __name__ == "__main__":
    main()

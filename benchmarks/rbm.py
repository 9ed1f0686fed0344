"""Restricted Boltzmann machines on MNIST: ``python -m benchmarks.rbm table16|speed|quality``.

    table16   16 hidden units, exact test log-likelihood, digits as they are and inverted, centred and
              plain, beside Melchior, Fischer and Wiskott (2016); each row of the table at the rate
              after which 10,000 held-out training rows are likeliest
    speed     one epoch of 784-500, batch 100, beside scikit-learn and the PyTorch package rbms
    quality   500 hidden units, test log-likelihood by annealing forward and in reverse, beside
              Salakhutdinov and Murray (2008)

Prints Markdown; needs DEEPEN_DATA, and speed an idle machine. ``--quick`` runs the same on little
data, to see that it works: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._harness import (
    Peer,
    compare,
    gemm_rate,
    machine_line,
    require_mnist,
    say,
    table,
)

N_HIDDEN, BATCH_SIZE, RATE = 500, 100, 0.05
JUDGED_ROWS = 500  # whose pseudo-likelihood is compared
PUBLISHED_16 = {
    ("centred", "digits"): -142.56,
    ("centred", "inverted"): -142.09,
    ("plain", "digits"): -149.05,
    ("plain", "inverted"): -183.36,
}
SPEED_OF = ("pcd-1", "cd-1", "pcd-10")
RATES_16 = [0.01, 0.02, 0.05]
SEARCH_SEED = 100  # no seed of the reported fits
PUBLISHED_500 = "CD-1 -125.5, CD-3 -105.5, CD-25 -86.34"

Run = Callable[[], dict[str, Any]]


def digits(kind: str, n_rows: int | None = None) -> tuple[Any, Any]:
    """Training and test rows of MNIST as float32 zeros and ones.

    ``threshold`` sets pixels above one half (Melchior et al. 2016); ``sampled`` draws each pixel once
    with its grey level as probability (Salakhutdinov and Murray 2008); ``grey`` leaves levels.
    """
    from deepen.datasets import load_mnist

    X, _, X_test, _ = load_mnist()
    X = X[:n_rows]
    if kind == "threshold":
        X, X_test = X > 0.5, X_test > 0.5
    elif kind == "sampled":
        rng = np.random.RandomState(0)
        X, X_test = (rng.random_sample(rows.shape) < rows for rows in (X, X_test))
    return X.astype(np.float32), X_test.astype(np.float32)


def table16(args: argparse.Namespace) -> str:
    """Exact mean test log-likelihood in nats, mean and deviation over the seeds."""
    X, X_test = digits("threshold", 5000 if args.quick else None)
    epochs = args.epochs or (2 if args.quick else 50)
    lines = [
        f"**RBM 784-16, PCD-1, batch 100, {epochs} epochs, pixels above one half; exact test"
        " log-likelihood in nats**",
        "",
        "| gradient | digits | rate (held-out training rows at each) | mean over seeds | deviation | seeds"
        " | published | s a fit |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (gradient, side), published in PUBLISHED_16.items():
        if args.only and f"{gradient}-{side}" not in args.only:
            continue
        rows = (1 - X, 1 - X_test) if side == "inverted" else (X, X_test)
        rate, tried = _chosen_rate(
            rows[0], epochs, gradient, [args.rate] if args.rate else RATES_16
        )
        found, seconds = [], []
        for seed in args.seeds:
            start = time.perf_counter()
            found.append(_exact16(*rows, epochs, gradient, rate, seed))
            seconds.append(time.perf_counter() - start)
            say(f"{gradient}, {side}, seed {seed}: {found[-1]:.2f} nats, {seconds[-1]:.0f} s")
        cells = (
            gradient,
            side,
            f"{rate:g} ({tried})",
            f"{statistics.mean(found):.2f}",
            f"{statistics.pstdev(found):.2f}",
            " ".join(f"{value:.2f}" for value in found),
            f"{published:.2f}",
            f"{statistics.median(seconds):.0f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _chosen_rate(X: Any, epochs: int, gradient: str, rates: list[float]) -> tuple[float, str]:
    """The rate after which held-out training rows are likeliest, and what was found at each."""
    if len(rates) == 1:
        return rates[0], "given"
    n_held_out = len(X) // 6  # 10,000 of MNIST's 60,000
    found = {}
    for rate in rates:
        found[rate] = _exact16(
            X[:-n_held_out], X[-n_held_out:], epochs, gradient, rate, SEARCH_SEED
        )
        say(f"{gradient}, rate {rate:g}: {found[rate]:.2f} nats on {n_held_out:,} held-out rows")
    return max(found, key=found.__getitem__), ", ".join(f"{r:g}: {v:.1f}" for r, v in found.items())


def _exact16(X: Any, judged: Any, epochs: int, gradient: str, rate: float, seed: int) -> float:
    """Exact mean log-likelihood in nats, of other rows, of 16 hidden units trained on X."""
    from deepen.neural_network import BernoulliRBM

    model = BernoulliRBM(
        16,
        learning_rate=rate,
        batch_size=BATCH_SIZE,
        n_iter=epochs,
        centered=gradient == "centred",
        random_state=seed,
    ).fit(X)
    return float(model.log_likelihood(judged).mean(dtype=np.float64))


def speed(args: argparse.Namespace) -> str:
    """Seconds an epoch of the same updates in each library."""
    n_rows = 5000 if args.quick else 60000
    for algorithm, n_steps in (name.split("-") for name in args.of):
        settings = {"n_rows": n_rows, "epochs": args.epochs or 1}
        same = settings | {"algorithm": algorithm, "n_steps": int(n_steps)}
        peers = [Peer("deepen", "benchmarks.rbm:of_deepen", same)]
        if (algorithm, n_steps) == ("pcd", "1"):
            peers.append(Peer("deepen, plain", "benchmarks.rbm:of_deepen", same | {"plain": True}))
            peers.append(Peer("scikit-learn", "benchmarks.rbm:of_sklearn", settings))
        peers.append(Peer("rbms", "benchmarks.rbm:of_rbms", same))
        columns = {"pseudo-likelihood": ".1f", "GFLOP/s": ".0f", "of GEMM peak": ".0%"}
        title = (
            f"RBM 784-500, {n_rows:,} rows, batch 100, {algorithm.upper()}-{n_steps}, s an epoch"
        )
        sys.stdout.write(table(title, compare(peers, args.runs), columns, ours="deepen") + "\n")
        sys.stdout.flush()
    return (
        "A whole fit of the given epochs, checks and transfers included, divided by them. deepen and"
        " rbms follow the centred gradient, scikit-learn the plain one. rbms: its fit_batch_pcd and"
        " torch's SGD over the batches of one permutation, without the file that its own loop writes"
        " after every update. Share of peak: the 2 k + 3 products of PCD-k and CD-k, the chains' and"
        " the data's, 2 n 784 500 operations each.\n"
    )


def _operations(n_rows: int, n_steps: int) -> float:
    return (2 * n_steps + 3) * 2 * n_rows * 784 * N_HIDDEN


def _figures(seconds: float, params: Any, X_test: Any, operations: float) -> dict[str, float]:
    """What every library is judged by."""
    from deepen.neural_network.rbm import pseudo_likelihood

    score = pseudo_likelihood(params, X_test[:JUDGED_ROWS])
    return {
        "seconds": seconds,
        "pseudo-likelihood": float(score.mean()),
        "GFLOP/s": operations / seconds / 1e9,
        "of GEMM peak": operations / seconds / gemm_rate(),
    }


def of_deepen(n_rows: int, epochs: int, algorithm: str, n_steps: int, plain: bool = False) -> Run:
    from deepen.neural_network import BernoulliRBM

    X, X_test = digits("threshold", n_rows)

    def run() -> dict[str, Any]:
        model = BernoulliRBM(
            N_HIDDEN,
            learning_rate=RATE,
            batch_size=BATCH_SIZE,
            n_iter=epochs,
            algorithm=algorithm,
            n_steps=n_steps,
            centered=not plain,
            random_state=0,
        )
        start = time.perf_counter()
        model.fit(X)
        seconds = (time.perf_counter() - start) / epochs
        return _figures(seconds, model._params(), X_test, _operations(n_rows, n_steps))

    return run


def of_sklearn(n_rows: int, epochs: int) -> Run:
    from sklearn.neural_network import BernoulliRBM

    from deepen.functions.bernoulli_energy import Params

    X, X_test = digits("threshold", n_rows)

    def run() -> dict[str, Any]:
        model = BernoulliRBM(
            N_HIDDEN, learning_rate=RATE, batch_size=BATCH_SIZE, n_iter=epochs, random_state=0
        )
        start = time.perf_counter()
        model.fit(X)
        seconds = (time.perf_counter() - start) / epochs
        biases = (model.intercept_visible_, model.intercept_hidden_)
        params = Params(np.ascontiguousarray(model.components_.T), *biases)
        return _figures(seconds, params, X_test, _operations(n_rows, 1))

    return run


def of_rbms(n_rows: int, epochs: int, algorithm: str, n_steps: int) -> Run:
    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.training.pcd import fit_batch_pcd

    from deepen.functions.bernoulli_energy import Params, initial_visible_bias

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    X, X_test = digits("threshold", n_rows)
    rows, weights = torch.from_numpy(X), torch.ones(BATCH_SIZE)
    bias = torch.from_numpy(initial_visible_bias(X.mean(axis=0), n_rows))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def run() -> dict[str, Any]:
        torch.manual_seed(0)
        model = BBRBM(0.01 * torch.randn(784, N_HIDDEN), bias.clone(), torch.zeros(N_HIDDEN))
        model.init_grad()
        optimizer = torch.optim.SGD(model.parameters(), lr=RATE, maximize=True)
        chains = model.init_chains(BATCH_SIZE)
        start = time.perf_counter()
        for _ in range(epochs):
            for index in torch.randperm(n_rows).split(BATCH_SIZE):
                batch = (rows[index], weights[: len(index)])
                if algorithm == "cd":
                    chains = model.init_chains(len(index), weights=batch[1], start_v=batch[0])
                optimizer.zero_grad(set_to_none=False)
                chains, _ = fit_batch_pcd(batch, chains, model, n_steps, 1.0)
                optimizer.step()
        seconds = (time.perf_counter() - start) / epochs
        params = Params(*(part.numpy() for part in (model.weight_matrix, model.vbias, model.hbias)))
        return _figures(seconds, params, X_test, _operations(n_rows, n_steps))

    return run


def quality(args: argparse.Namespace) -> str:
    """Test log-likelihood of 500 hidden units by annealing in both directions."""
    from deepen.engine import Exponential
    from deepen.neural_network import BernoulliRBM

    X, X_test = digits("sampled", 5000 if args.quick else None)
    epochs = args.epochs or (2 if args.quick else 200)
    rate = args.rate or 0.05
    lines = [
        f"**RBM 784-500, {args.algorithm.upper()}-{args.steps}, batch 100, {epochs} epochs, rate"
        f" {rate:g} falling a hundredfold; mean test log-likelihood in nats**",
        "",
        "| seed | by forward annealing | by reverse annealing | training rows, forward | s a fit |",
        "|---|---|---|---|---|",
    ]
    for seed in args.seeds:
        start = time.perf_counter()
        model = BernoulliRBM(
            N_HIDDEN,
            learning_rate=Exponential(rate, decay=np.log(100) / epochs),
            batch_size=BATCH_SIZE,
            n_iter=epochs,
            algorithm=args.algorithm,
            n_steps=args.steps,
            n_chains=args.chains,
            binarize=args.binarize,
            random_state=seed,
            callbacks=[lambda event: say(f"epoch {event.epoch}, contrast {event.loss:.3f}")],
        ).fit(digits("grey", len(X))[0] if args.binarize else X)
        seconds = time.perf_counter() - start
        n_temperatures = 100 if args.quick else 20_000
        forward, reverse = (
            model.log_partition_function(
                method, X, n_temperatures=n_temperatures, n_chains=100, random_state=seed
            ).value
            for method in ("ais", "reverse_ais")
        )
        free = float(model.free_energy(X_test).mean(dtype=np.float64))
        train = float(model.free_energy(X[:10_000]).mean(dtype=np.float64))
        lines.append(
            f"| {seed} | {-free - forward:.2f} | {-free - reverse:.2f} | {-train - forward:.2f} |"
            f" {seconds:.0f} |"
        )
    return "\n".join(lines) + f"\n\nPublished: {PUBLISHED_500}.\n"


BENCHMARKS = {"table16": table16, "speed": speed, "quality": quality}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rbm", description=__doc__)
    parser.add_argument("names", nargs="+", choices=list(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="little data, to see that it works")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each peer, of speed")
    parser.add_argument(
        "--of", nargs="+", choices=SPEED_OF, default=SPEED_OF, help="algorithms of speed"
    )
    parser.add_argument("--epochs", type=int, help="50 for table16, 1 for speed, 200 for quality")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument(
        "--rate",
        type=float,
        help="learning rate; of table16 instead of one chosen on held-out rows",
    )
    rows = [f"{gradient}-{side}" for gradient, side in PUBLISHED_16]
    parser.add_argument("--only", nargs="+", choices=rows, help="rows of table16")
    parser.add_argument("--algorithm", default="pcd", help="of quality: pcd, cd, fpcd or pt")
    parser.add_argument("--steps", type=int, default=5, help="Gibbs steps per batch, of quality")
    parser.add_argument("--chains", type=int, help="persistent chains, of quality")
    parser.add_argument(
        "--binarize", action="store_true", help="new bits at each visit, of quality"
    )
    args = parser.parse_args()
    require_mnist()
    line = machine_line()
    for name in args.names:
        sys.stdout.write(f"{BENCHMARKS[name](args)}\n{line}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

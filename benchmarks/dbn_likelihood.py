"""How likely MNIST is to a deep belief network: ``python -m benchmarks.dbn_likelihood [--minutes 10 10]``.

    taskset -c 0 python -m benchmarks.dbn_likelihood --minutes 10 10 --out runs/dbn_likelihood
    python -m benchmarks.dbn_likelihood --minutes .3 .3 --temperatures 500 --out /tmp/try  (to try it out)

784-500-2000, binary units, bits drawn from the pixels at each visit. The first machine trains for so many
minutes of processor time, then the second on its features, both by persistent chains with a rate that falls
to zero. The second begins as the first upside down, with units of weight zero beside: the bound is
then the first machine's own likelihood (Hinton, Osindero and Teh 2006, section 4) and training can only add
to it. Printed: the first machine's test log-likelihood and the network's lower bound in nats, log Z
by annealing forward and in reverse. Published: -85.97 (Salakhutdinov and Murray 2008, table 2; their first
machine -86.34). Machines already in the folder are not trained again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import machine_line, require_mnist, say
from benchmarks.rbm_likelihood import (
    BATCH_SIZE,
    TEST_BITS_SEED,
    FallingByTheClock,
    Stage,
    fit_by_the_clock,
)

N_HIDDEN, N_TOP = 500, 2000
RATES = {"first": 0.2, "second": 0.05}
SMALL = 0.01  # standard deviation of the weights of the units beside
BATCHES_BETWEEN_LINES = 3000


def upside_down(first: Any, X: Any, seed: int) -> Any:
    """A machine of N_TOP units over the first one's, whose distribution of these is the first one's."""
    from deepen.neural_network import BernoulliRBM

    top = BernoulliRBM(N_TOP, batch_size=BATCH_SIZE, learning_rate=1e-9, random_state=seed)
    top.partial_fit(first.transform(X[:BATCH_SIZE]))  # for the shapes of what is set below
    n_visible = first.components_.shape[1]
    beside = SMALL * np.random.RandomState(seed).standard_normal(
        (N_TOP - n_visible, first.components_.shape[0])
    )
    top.components_ = np.vstack([first.components_.T, beside]).astype(np.float32)
    top.intercept_visible_ = first.intercept_hidden_.copy()
    top.intercept_hidden_ = np.append(first.intercept_visible_, np.zeros(N_TOP - n_visible)).astype(
        np.float32
    )
    return top


def train(model: Any, probabilities: Any, minutes: float, rate: float, seed: int) -> Any:
    """Step on batches of bits that are drawn anew, until the time is over."""
    clock = FallingByTheClock(rate, Stage("deepen", minutes, N_HIDDEN, seed, clock="processor"))
    rng, n_batches = np.random.RandomState(seed), 0
    while True:
        order = rng.permutation(len(probabilities))
        for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
            if clock.used() >= 1:
                say(f"    {n_batches * BATCH_SIZE / len(order):.1f} epochs")
                return model
            rows = probabilities[order[start : start + BATCH_SIZE]]
            bits = (rng.random_sample(rows.shape) < rows).astype(np.float32)
            model.set_params(learning_rate=max(clock.rate(), 1e-9)).partial_fit(bits)
            n_batches += 1
            if n_batches % BATCHES_BETWEEN_LINES == 0:
                say(f"    {n_batches * BATCH_SIZE / len(order):.1f} epochs, {clock.used():.0%}")


def trained(name: str, folder: Path, make: Any) -> Any:
    """A machine from the folder, or made and kept there."""
    import deepen

    path = folder / f"{name}.deepen"
    if not path.exists():
        say(f"  training the {name} machine")
        deepen.save(make(), path)
    return deepen.load(path)


def figures(name: str, likelihood: Any, log_z: Any) -> str:
    """One line of the table: a mean likelihood by both ways to log Z."""
    forward, reverse = (log_z(method) for method in ("ais", "reverse_ais"))
    values = [float(likelihood(estimate).mean()) for estimate in (forward, reverse)]
    errors = [estimate.standard_error for estimate in (forward, reverse)]
    return (
        f"| {name} | "
        + " | ".join(
            f"{value:.2f} ± {error:.2f}" for value, error in zip(values, errors, strict=True)
        )
        + " |"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dbn_likelihood",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, nargs=2, default=[10.0, 10.0], help="per machine")
    parser.add_argument("--temperatures", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/dbn_likelihood"))
    args = parser.parse_args(arguments)
    require_mnist()
    args.out.mkdir(parents=True, exist_ok=True)
    line = machine_line()  # now, before the load is our own
    from sklearn.frozen import FrozenEstimator

    from deepen.datasets import load_mnist
    from deepen.neural_network import DeepBeliefNetwork

    X, _, X_test, _ = load_mnist()
    X, X_test = X.astype(np.float32), X_test.astype(np.float32)
    drawn = np.random.RandomState(TEST_BITS_SEED).random_sample(X_test.shape)
    bits = (drawn < X_test).astype(np.float32)
    seed = args.seed
    key = "-".join(f"{minutes:g}" for minutes in args.minutes)

    def first_machine() -> Any:
        stage = Stage("deepen", args.minutes[0], N_HIDDEN, seed, clock="processor")
        model = fit_by_the_clock(X, stage, {"learning_rate": RATES["first"]})
        return model.set_params(
            callbacks=None, learning_rate=0.1
        )  # a schedule of ours is in no file

    first = trained(f"first-{args.minutes[0]:g}-{seed}", args.out, first_machine)
    features = first.transform(X)
    second = trained(
        f"second-{key}-{seed}",
        args.out,
        lambda: train(
            upside_down(first, X, seed), features, args.minutes[1], RATES["second"], seed
        ),
    )
    network = DeepBeliefNetwork(
        (N_HIDDEN, N_TOP), pretrainer=[FrozenEstimator(first), FrozenEstimator(second)]
    ).fit(X)
    options = {"n_temperatures": args.temperatures, "random_state": seed}
    lines = ["| MNIST, test rows, nats | forward | in reverse |", "|---|---|---|"]
    lines.append(
        figures(
            f"RBM 784-{N_HIDDEN}",
            lambda z: first.log_likelihood(bits, z),
            lambda method: first.log_partition_function(method, X, **options),
        )
    )
    say(lines[-1])
    lines.append(
        figures(
            f"DBN 784-{N_HIDDEN}-{N_TOP}, lower bound",
            lambda z: network.log_likelihood_bound(bits, z, random_state=seed),
            lambda method: network.log_partition_function(method, X, **options),
        )
    )
    sys.stdout.write("\n".join(lines) + f"\n\n{line}\n")


if __name__ == "__main__":
    main()

"""Where the time of an update of a Boltzmann machine goes: ``taskset -c 0 python -m benchmarks.rbm_parts``.

Each part of one centred update of PCD-1 at 784-500, batch 100, is a compiled program of its own, called
many times; a whole fit's update stands beside their sum, and so does what a fit does once. Parts that XLA
fuses in the whole update are not fused here, so that the sum is an upper estimate of theirs.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._harness import gemm_rate, machine_line
from benchmarks.rbm import BATCH_SIZE, N_HIDDEN, RATE

N_ROWS, N_VISIBLE = 60_000, 784
N_CALLS, N_RUNS = 100, 7
FEW_EPOCHS, MANY_EPOCHS = 1, 4


def parts() -> dict[str, float]:
    """Seconds of one update's parts."""
    import jax
    import jax.numpy as jnp

    from deepen.functions.activations import logistic
    from deepen.functions.bernoulli_energy import draw, softplus_beside

    key = jax.random.key(0)
    X = jax.random.uniform(key, (N_ROWS, N_VISIBLE))
    W = 0.01 * jax.random.normal(key, (N_VISIBLE, N_HIDDEN))
    order = jax.random.permutation(key, N_ROWS)[:BATCH_SIZE]
    v, h = X[:BATCH_SIZE], jax.random.uniform(key, (BATCH_SIZE, N_HIDDEN))
    both, z = X[: 2 * BATCH_SIZE], jax.random.normal(key, (2 * BATCH_SIZE, N_HIDDEN))

    def logistics(v: Any, z: Any) -> Any:
        mean = logistic(z)
        return logistic(v), mean, softplus_beside(z, mean).sum(axis=-1)

    def draws(v: Any, h: Any) -> Any:
        first, second = jax.random.split(key)
        return draw(v, first), draw(h, second)

    programs: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "product h W', 100 chains": (lambda h, W: h @ W.T, (h, W)),
        "product v W, 100 rows and 100 chains": (jnp.matmul, (both, W)),
        "product A'B of the gradient": (lambda A, B: A.T @ B, (both, z)),
        "draws of 100 x 784 and 100 x 500": (draws, (v, h)),
        "logistic functions, logarithms of the cost": (logistics, (v, z)),
        "rows of the batch": (lambda X, order: X[order], (X, order)),
        "step: W less rate times gradient": (lambda W, G: W - RATE * G, (W, W)),
    }
    return {name: _seconds(jax.jit(f), arguments) for name, (f, arguments) in programs.items()}


def _seconds(program: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    """Median seconds of a call."""
    import jax

    def once() -> float:
        start = time.perf_counter()
        for _ in range(N_CALLS):
            result = program(*arguments)
        jax.block_until_ready(result)
        return (time.perf_counter() - start) / N_CALLS

    once()
    return statistics.median(once() for _ in range(N_RUNS))


def fits() -> tuple[float, float]:
    """Seconds of an update within a fit, and of what a fit does once."""
    from deepen.neural_network import BernoulliRBM

    X = (np.random.default_rng(0).random((N_ROWS, N_VISIBLE)) < 0.2).astype(np.float32)

    def fit(n_iter: int) -> float:
        model = BernoulliRBM(
            N_HIDDEN, learning_rate=RATE, batch_size=BATCH_SIZE, n_iter=n_iter, random_state=0
        )
        start = time.perf_counter()
        model.fit(X)
        return time.perf_counter() - start

    fit(1)
    few, many = (statistics.median(fit(n) for _ in range(3)) for n in (FEW_EPOCHS, MANY_EPOCHS))
    epoch = (many - few) / (MANY_EPOCHS - FEW_EPOCHS)
    return epoch / (N_ROWS / BATCH_SIZE), few - FEW_EPOCHS * epoch


def main() -> None:
    found, (update, once), n_updates = parts(), fits(), N_ROWS // BATCH_SIZE
    products = sum(s for name, s in found.items() if name.startswith("product"))
    ideal = 5 * 2 * BATCH_SIZE * N_VISIBLE * N_HIDDEN / gemm_rate()
    lines = ["| part of an update | ms | share of the update |", "|---|---|---|"]
    rows = found | {
        "all parts": sum(found.values()),
        "an update within a fit": update,
        "its products at the rate of a product of 2,048": ideal,
    }
    lines += [f"| {name} | {1e3 * s:.3f} | {s / update:.0%} |" for name, s in rows.items()]
    sys.stdout.write(
        "\n".join(lines) + f"\n\nA fit does once, in checks and copies: {once:.2f} s, of an epoch"
        f" {once / (n_updates * update):.0%}. The products themselves run at {ideal / products:.0%} of"
        f" the peak.\n\n{machine_line()}\n"
    )


if __name__ == "__main__":
    main()

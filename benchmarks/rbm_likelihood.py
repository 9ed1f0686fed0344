"""Test log-likelihood of a restricted Boltzmann machine on MNIST, by annealing in both directions.

    python -m benchmarks.rbm_likelihood --minutes 20              # deepen alone, 500 hidden units
    python -m benchmarks.rbm_likelihood --peers --minutes 1 5 20  # scikit-learn and rbms beside it
    taskset -c 0 python -m benchmarks.rbm_likelihood --peers --minutes 20 --clock processor

Pixels are probabilities: every visit of a training row draws its bits, and the test rows' bits are
drawn once. Each machine trains for the same wall time (compilation included; with ``--clock processor``
and one core, the time that the process really had: the wall time of a core left alone), with
batches of 100, one Gibbs step per batch and a rate that falls to zero along a cosine, its own gradient
and its own first weights. One evaluator judges all weights: annealed importance sampling from the base
rates of the training rows, forward (a lower bound on log Z in expectation, so an optimistic likelihood)
and in reverse from Gibbs chains that begin at training rows (an upper bound as far as those are
samples). A gap of more than 3 nats means that neither figure is to be believed. Published for 500
hidden units: CD-1 -125.5, CD-3 -105.5, CD-25 -86.34 (Salakhutdinov and Murray 2008, table 1). Results
are written after each stage; stages already in the file are not repeated.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import machine_line, require_mnist, say

BATCH_SIZE = 100
TEST_BITS_SEED = 20081
N_CHAINS = 100
N_REVERSE_STEPS = 2000  # Gibbs steps from the training rows to where reverse chains begin
SECONDS_BETWEEN_LINES = 60
RATES = {"deepen": 0.05, "scikit-learn": 0.05, "rbms": 0.01}
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
PUBLISHED = "CD-1 -125.5, CD-3 -105.5, CD-25 -86.34"


@dataclass(frozen=True)
class Stage:
    """What identifies a result: the machine, its time in minutes, its settings."""

    machine: str
    minutes: float
    hidden: int
    seed: int
    settings: str = ""
    clock: str = "wall"


class FallingByTheClock:
    """Schedule of the engine's kind: a rate that falls to zero when the time is over."""

    def __init__(self, learning_rate: float, stage: Stage) -> None:
        self.learning_rate, self.seconds = learning_rate, 60 * stage.minutes
        self.now = CLOCKS[stage.clock]
        self.started = self.now()

    def used(self) -> float:
        """Share of the time."""
        return min((self.now() - self.started) / self.seconds, 1.0)

    def rate(self, epoch: int = 0, n_rows_seen: int = 0) -> float:
        """A (1 + cos(pi u)) / 2."""
        return self.learning_rate * (1 + math.cos(math.pi * self.used())) / 2


def train_deepen(X: Any, stage: Stage, settings: dict[str, Any]) -> tuple[Any, float]:
    """Weights, biases and epochs; compilation is in the time."""
    model = fit_by_the_clock(X, stage, settings)
    params = model.components_.T, model.intercept_visible_, model.intercept_hidden_
    return params, model.n_iter_


def fit_by_the_clock(X: Any, stage: Stage, settings: dict[str, Any]) -> Any:
    """Machine of deepen that has trained for its time."""
    from deepen.neural_network import BernoulliRBM

    clock = FallingByTheClock(settings.pop("learning_rate"), stage)
    report = Reporter()

    def stop(event: Any) -> bool:
        report(event)
        return clock.used() >= 1

    return BernoulliRBM(
        stage.hidden,
        **{"batch_size": BATCH_SIZE, "binarize": True, "random_state": stage.seed, **settings},
        n_iter=10**9,
        learning_rate=clock,
        callbacks=[stop],
    ).fit(X)


class Reporter:
    """Callback that says an epoch's figures once a minute."""

    def __init__(self) -> None:
        self.last = time.perf_counter()

    def __call__(self, event: Any) -> None:
        if time.perf_counter() - self.last > SECONDS_BETWEEN_LINES:
            self.last = time.perf_counter()
            say(f"  epoch {event.epoch}, contrast {event.loss:.3f}")


def falling_steps(X: Any, stage: Stage, rate: float, step: Callable[[Any, float], None]) -> float:
    """Call ``step(rows, rate)`` on shuffled batches of bits until the time is over; the epochs done."""
    rng, n_batches = np.random.RandomState(stage.seed), 0
    clock = FallingByTheClock(rate, stage)
    while True:
        order = rng.permutation(len(X))
        for start in range(0, len(X), BATCH_SIZE):
            if clock.used() >= 1:
                return n_batches * BATCH_SIZE / len(X)
            rows = X[order[start : start + BATCH_SIZE]]
            bits = (rng.random_sample(rows.shape) < rows).astype(np.float32)
            step(bits, clock.rate())
            n_batches += 1


def train_sklearn(X: Any, stage: Stage, settings: dict[str, Any]) -> tuple[Any, float]:
    """scikit-learn's machine, batch by batch through ``partial_fit``."""
    from sklearn.neural_network import BernoulliRBM

    model = BernoulliRBM(stage.hidden, batch_size=BATCH_SIZE, random_state=stage.seed)

    def step(rows: Any, rate: float) -> None:
        model.learning_rate = rate
        model.partial_fit(rows)

    n_epochs = falling_steps(X, stage, settings["learning_rate"], step)
    return (model.components_.T, model.intercept_visible_, model.intercept_hidden_), n_epochs


def train_rbms(X: Any, stage: Stage, settings: dict[str, Any]) -> tuple[Any, float]:
    """The machine of rbms (PyTorch): centred and normalised gradient, persistent chains."""
    from types import SimpleNamespace

    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.training.pcd import fit_batch_pcd

    torch.manual_seed(stage.seed)
    device, dtype = torch.device("cpu"), torch.float32
    data = SimpleNamespace(data=torch.from_numpy(X))
    params = BBRBM.init_parameters(stage.hidden, data, device, dtype)
    params.init_grad()
    chains = params.init_chains(BATCH_SIZE)
    rate = settings["learning_rate"]
    optimizer = torch.optim.SGD(params.parameters(), lr=rate, maximize=True)

    def step(rows: Any, now: float) -> None:
        nonlocal chains
        optimizer.param_groups[0]["lr"] = now
        optimizer.zero_grad(set_to_none=False)
        batch = torch.from_numpy(rows), torch.ones(len(rows))
        chains, _ = fit_batch_pcd(batch, chains, params, gibbs_steps=1, beta=1.0)
        optimizer.step()

    with torch.no_grad():
        n_epochs = falling_steps(X, stage, rate, step)
    return tuple(p.numpy() for p in (params.weight_matrix, params.vbias, params.hbias)), n_epochs


TRAINERS = {"deepen": train_deepen, "scikit-learn": train_sklearn, "rbms": train_rbms}


def judge(weights: Any, X: Any, bits: Any, n_temperatures: int, seed: int) -> dict[str, Any]:
    """Mean test log-likelihood by both annealings, in nats, with what tells whether to believe it."""
    import jax

    from deepen.functions.annealing import annealed_log_partition, reversed_log_partition
    from deepen.functions.bernoulli_energy import Params, free_energy, visible_mean
    from deepen.functions.bernoulli_energy import hidden_mean as features
    from deepen.functions.sampling import gibbs
    from deepen.functions.tempered_path import base_rates, inverse_temperatures

    params = Params(*(np.ascontiguousarray(part, dtype=np.float32) for part in weights))
    forward_key, gibbs_key, reverse_key = jax.random.split(jax.random.key(seed), 3)
    path, betas = base_rates(params, X), inverse_temperatures(n_temperatures)
    started = time.perf_counter()
    forward = annealed_log_partition(path, forward_key, betas, N_CHAINS)
    begin = (X[:N_CHAINS] > 0.5).astype(np.float32)
    v = gibbs(params, begin, gibbs_key, N_REVERSE_STEPS)
    reverse = reversed_log_partition(path, v, reverse_key, betas)
    minus_free_energy = -float(free_energy(params, bits).mean(dtype=np.float64))
    reconstruction = visible_mean(params, features(params, bits))
    return {
        "log_likelihood_forward": minus_free_energy - float(forward.value),
        "standard_error_forward": float(forward.standard_error),
        "log_likelihood_reverse": minus_free_energy - float(reverse.value),
        "standard_error_reverse": float(reverse.standard_error),
        "reconstruction_error": float(np.square(reconstruction - bits).sum(axis=1).mean()),
        "n_temperatures": n_temperatures,
        "seconds_of_annealing": round(time.perf_counter() - started, 1),
    }


class Results:
    """Stages already done, in a file that is replaced as a whole after each."""

    def __init__(self, path: Path, machine: str) -> None:
        self.path, self.machine = path, machine
        self.stages: list[dict[str, Any]] = []
        if path.exists():
            self.stages = json.loads(path.read_text())["stages"]

    def find(self, stage: Stage) -> dict[str, Any] | None:
        return next((s for s in self.stages if s["stage"] == vars(stage)), None)

    def add(self, stage: Stage, figures: dict[str, Any]) -> dict[str, Any]:
        found = {"stage": vars(stage), **figures}
        self.stages.append(found)
        part = self.path.with_name(self.path.name + ".part")
        part.write_text(json.dumps({"machine": self.machine, "stages": self.stages}, indent=1))
        os.replace(part, self.path)
        return found


def table(stages: list[dict[str, Any]]) -> str:
    """Markdown table of the stages."""
    lines = [
        f"Published (forward annealing): {PUBLISHED}.",
        "",
        "| machine | minutes | epochs | log p forward | in reverse | gap | reconstruction error |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in stages:
        stage = entry["stage"]
        forward, reverse = entry["log_likelihood_forward"], entry["log_likelihood_reverse"]
        name = f"{stage['machine']} 784-{stage['hidden']}"
        name += f" ({stage['settings']})" if stage["settings"] not in ("", "{}") else ""
        lines.append(
            f"| {name} | {stage['minutes']:g} | {entry['epochs']:.1f}"
            f" | {forward:.2f} ± {entry['standard_error_forward']:.2f}"
            f" | {reverse:.2f} ± {entry['standard_error_reverse']:.2f}"
            f" | {forward - reverse:+.2f} | {entry['reconstruction_error']:.2f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rbm_likelihood", description=__doc__
    )
    parser.add_argument("--minutes", type=float, nargs="+", default=[20.0], help="of training")
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--temperatures", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", action="store_true", help="scikit-learn, and rbms if installed")
    parser.add_argument(
        "--settings",
        type=json.loads,
        default={},
        metavar="JSON",
        help='of deepen\'s BernoulliRBM, such as \'{"n_steps": 5, "learning_rate": 0.03}\'',
    )
    parser.add_argument(
        "--rates", type=json.loads, default={}, metavar="JSON",
        help="first learning rates of the machines, such as '{\"rbms\": 0.02}'",
    )  # fmt: skip
    parser.add_argument(
        "--clock", choices=list(CLOCKS), default="wall",
        help="processor: seconds of the process's cores, for one core of a machine with other work",
    )  # fmt: skip
    parser.add_argument("--only", nargs="+", choices=list(TRAINERS), help="these machines alone")
    parser.add_argument("--out", type=Path, default=Path("runs/rbm_likelihood.json"))
    args = parser.parse_args(arguments)
    require_mnist()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = machine_line()  # now, before the load is our own
    results = Results(args.out, machine)
    from deepen.datasets import load_mnist

    X, _, X_test, _ = load_mnist()
    X, X_test = X.astype(np.float32), X_test.astype(np.float32)
    drawn = np.random.RandomState(TEST_BITS_SEED).random_sample(X_test.shape)
    bits = (drawn < X_test).astype(np.float32)
    names = ["deepen", *(["scikit-learn"] if args.peers else [])]
    if args.peers:
        if importlib.util.find_spec("rbms"):
            names.append("rbms")
        else:
            say("rbms is not installed (pip install rbms): left out")
    names = [name for name in names if args.only is None or name in args.only]
    told = []
    for minutes in args.minutes:
        for name in names:
            own = {"learning_rate": (RATES | args.rates)[name]}
            own |= args.settings if name == "deepen" else {}
            settings = json.dumps(own, sort_keys=True)
            stage = Stage(name, minutes, args.hidden, args.seed, settings, args.clock)
            found = results.find(stage)
            if found is None:
                say(f"{name}, {minutes:g} minutes")
                started = time.perf_counter()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    weights, epochs = TRAINERS[name](X, stage, dict(own))
                figures = {"epochs": epochs, "seconds": round(time.perf_counter() - started, 1)}
                figures |= judge(weights, X, bits, args.temperatures, args.seed)
                found = results.add(stage, figures)
                say(f"  log p {found['log_likelihood_forward']:.2f} forward")
            told.append(found)
    sys.stdout.write(f"{table(told)}\n\n{machine}\n")


if __name__ == "__main__":
    main()

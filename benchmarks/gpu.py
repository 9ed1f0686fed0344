"""A GPU beside the CPU and beside torch: ``python -m benchmarks.gpu [--mnist plain dropout maxnorm]``.

Prints the seconds of one epoch of an MLP 784-500-10 on MNIST (60,000 rows, batch 100, SGD with
momentum, float32; the first epoch, which carries compiling and the transfer of the rows, left out),
and how far a network trained on the GPU predicts as the same one trained on the CPU. ``--mnist`` adds
the test errors of benchmarks.mnist at full length. Needs DEEPEN_DATA and JAX with CUDA; leaves with
one line where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import mnist
from benchmarks._harness import (
    ROOT,
    Peer,
    compare,
    environment,
    machine_line,
    n_cores,
    require_mnist,
    say,
    table,
)

PEERS = "benchmarks._peers"
AGREEMENT = 1e-4
CPU, GPU = {"JAX_PLATFORMS": "cpu"}, {"JAX_PLATFORMS": "cuda"}
EXACT = {"JAX_DEFAULT_MATMUL_PRECISION": "highest"}  # no TensorFloat-32 in the products

FIND = "import jax, json; print(json.dumps([d.device_kind for d in jax.devices('gpu')]))"
TRAIN = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from benchmarks._peers import MLP, mnist
from deepen.neural_network import MLPClassifier
X, y, X_test, _ = mnist(int(sys.argv[1]))
settings = MLP | {"learning_rate_init": float(sys.argv[2])}
model = MLPClassifier(max_iter=int(sys.argv[3]), **settings).fit(X, y)
np.save(sys.argv[4], model.predict_proba(X_test))
"""


def gpus() -> list[str]:
    """Kinds of the GPUs that JAX can use; looked for in a process of its own, which then lets go."""
    done = subprocess.run(
        [sys.executable, "-c", FIND], env=environment(), capture_output=True, text=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else []


def speed(n_rows: int, epochs: int, n_runs: int) -> str:
    """Table of one epoch on each device."""
    settings = {"n_rows": n_rows, "epochs": epochs, "per_epoch": True}
    cores = (n_cores(),)
    peers = [
        Peer("deepen, GPU", f"{PEERS}:mlp_deepen", settings, cores, GPU),
        Peer(f"deepen, {n_cores()} CPU cores", f"{PEERS}:mlp_deepen", settings, cores, CPU),
        Peer("deepen, 2 CPU cores", f"{PEERS}:mlp_deepen", settings | {"n_cores": 2}, (2,), CPU),
    ]
    peers = peers[:2] if n_cores() <= 2 else peers
    if torch_has_gpu():
        on_gpu = settings | {"device": "cuda"}
        peers.append(Peer("torch eager, same GPU", f"{PEERS}:mlp_torch", on_gpu, cores))
    else:
        say("torch sees no GPU here: its row is left out")
    columns = {"training loss": ".4f", "test loss": ".4f", "test accuracy": ".4f"}
    columns |= {"whole fit s": ".3g"}
    title = f"MLP 784-500-10, {n_rows:,} rows, batch 100, s an epoch"
    return table(title, compare(peers, n_runs), columns, ours="deepen, GPU")


def torch_has_gpu() -> bool:
    code = "import torch, sys; sys.exit(not torch.cuda.is_available())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def agreement(n_rows: int, epochs: int) -> str:
    """Table of the distance between predictions of networks trained on GPU and CPU."""
    lines = [
        "| learning rate | products on the GPU | largest difference of a probability | mean | same"
        f" class | within {AGREEMENT:g} |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for rate in (0.01, 0.1):
            on_cpu = _trained(n_rows, rate, epochs, Path(folder), CPU)
            for name, extra in {"as JAX sets them": {}, "full float32": EXACT}.items():
                on_gpu = _trained(n_rows, rate, epochs, Path(folder), GPU | extra)
                apart = np.abs(on_gpu - on_cpu)
                same = float((on_gpu.argmax(axis=1) == on_cpu.argmax(axis=1)).mean())
                lines.append(
                    f"| {rate:g} | {name} | {apart.max():.1e} | {apart.mean():.1e} | {same:.2%} |"
                    f" {'yes' if apart.max() <= AGREEMENT else 'no'} |"
                )
    title = f"**Predictions for the test rows after {epochs} epoch(s) on GPU and CPU, same seed**"
    return "\n".join([title, "", *lines]) + "\n"


def _trained(n_rows: int, rate: float, epochs: int, folder: Path, extra: dict[str, str]) -> Any:
    """Probabilities of the test rows after training in a process with these variables."""
    path = folder / "probabilities.npy"
    numbers = [str(n_rows), str(rate), str(epochs)]
    command = [sys.executable, "-c", TRAIN, *numbers, str(path)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(None, extra))
    return np.load(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=60000)
    parser.add_argument("--mnist", nargs="*", default=[], choices=list(mnist.SETTINGS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("runs/mnist-gpu.json"))
    args = parser.parse_args()
    found = gpus()
    if not found:
        sys.stdout.write("No GPU that JAX can use (pip install 'deepen[cuda]'): nothing to do.\n")
        return
    require_mnist()
    line = f"{machine_line()}; GPU: {', '.join(found)}"
    sys.stdout.write(f"{speed(args.rows, args.epochs, args.runs)}\n")
    sys.stdout.write(f"{agreement(args.rows, 1)}\n{line}\n\n")
    sys.stdout.flush()
    for row in args.mnist:
        mnist.main([row, "--seeds", *map(str, args.seeds), "--out", str(args.out)])


if __name__ == "__main__":
    main()

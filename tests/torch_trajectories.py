"""Trajectories of torch.optim, kept in ``data/torch_trajectories.npz`` for machines without torch.

``python tests/torch_trajectories.py`` writes the file, with the version of torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

from deepen.engine import SGD, AdaGrad, Adam, RMSprop
from deepen.layers.cost import NetworkCost
from engine_problems import random_network, regression_rows

KEPT = Path(__file__).parent / "data" / "torch_trajectories.npz"
KEPT_SEED, KEPT_EVERY = 20, 10  # of the kept problems; steps between those that are kept

# Rates small enough, and eps large enough, that rounding errors do not grow near the optimum.
RULES = {
    "sgd": (SGD(0.05), "SGD", {"lr": 0.05}),
    "momentum": (SGD(0.02, 0.9), "SGD", {"lr": 0.02, "momentum": 0.9}),
    "nesterov": (
        SGD(0.02, 0.9, nesterov=True),
        "SGD",
        {"lr": 0.02, "momentum": 0.9, "nesterov": True},
    ),
    "adagrad": (AdaGrad(0.05), "Adagrad", {"lr": 0.05}),
    "rmsprop": (
        RMSprop(0.002, decay=0.95, epsilon=1e-2),
        "RMSprop",
        {"lr": 0.002, "alpha": 0.95, "eps": 1e-2},
    ),
    "adam": (
        Adam(0.01, 0.8, 0.99, epsilon=1e-2),
        "Adam",
        {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-2},
    ),
}


def problem(is_network: bool, seed: int) -> tuple[Any, Any, Any, Any]:
    """Cost, first parameters, rows and targets."""
    X, y = regression_rows(seed, 30, 4)
    if not is_network:
        return NetworkCost("squared_error", ()), random_network(seed, (4, 1)), X, y
    y = np.random.RandomState(seed).randint(3, size=30).astype(np.int64)
    return NetworkCost("softmax", ("tanh",)), random_network(seed, (4, 5, 3)), X, y


def torchs_trajectory(name: str, is_network: bool, seed: int) -> list[list[Any]]:
    """Leaves of the parameters after each of 100 steps."""
    import torch

    _, params, X, y = problem(is_network, seed)
    _, rule, options = RULES[name]
    leaves = [torch.tensor(leaf, requires_grad=True) for leaf in jax.tree.leaves(params)]
    X, y = torch.tensor(X), torch.tensor(y)
    n_layers = len(params.coefs)
    update = getattr(torch.optim, rule)(leaves, **options)
    path = []
    for _ in range(100):
        update.zero_grad()
        a = X
        for layer in range(n_layers):
            z = a @ leaves[layer] + leaves[n_layers + layer]
            a = torch.tanh(z)
        if is_network:
            loss = torch.nn.functional.cross_entropy(z, y)
        else:
            loss = 0.5 * ((z - y) ** 2).sum(dim=1).mean()
        loss.backward()
        update.step()
        path.append([leaf.detach().numpy().copy() for leaf in leaves])
    return path


def flat(leaves: Any) -> Any:
    """All numbers of the leaves in a row."""
    return np.concatenate([np.ravel(leaf) for leaf in leaves])


def to_keep(name: str, is_network: bool) -> Any:
    """Every tenth step of torch, (10, n_parameters)."""
    path = torchs_trajectory(name, is_network, KEPT_SEED)
    return np.stack([flat(leaves) for leaves in path[KEPT_EVERY - 1 :: KEPT_EVERY]])


def kept_name(name: str, is_network: bool) -> str:
    return f"{name}-{'network' if is_network else 'least-squares'}"


if __name__ == "__main__":
    import torch

    jax.config.update("jax_enable_x64", True)
    found = {kept_name(n, kind): to_keep(n, kind) for n in RULES for kind in (False, True)}
    np.savez_compressed(KEPT, torch=torch.__version__, **found)

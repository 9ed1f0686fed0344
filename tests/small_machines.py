"""Boltzmann machines small enough to enumerate, in plain NumPy and straight from the energy."""

from __future__ import annotations

import numpy as np

from deepen.functions import bernoulli_energy, gaussian_energy


def bernoulli_machine(rng, n_visible, n_hidden, scale=1.0, dtype=np.float32):
    """Machine with normal weights and biases."""
    parts = (scale * rng.normal(size=(n_visible, n_hidden)), rng.normal(size=n_visible))
    return bernoulli_energy.Params(
        *(part.astype(dtype) for part in (*parts, rng.normal(size=n_hidden)))
    )


def gaussian_machine(rng, n_visible, n_hidden, scale=1.0, dtype=np.float32):
    """Machine with real visible units, normal weights and biases."""
    parts = (
        scale * rng.normal(size=(n_visible, n_hidden)),
        rng.normal(size=n_visible),
        rng.normal(size=n_hidden),
        0.5 * rng.normal(size=n_visible),
    )
    return gaussian_energy.Params(*(part.astype(dtype) for part in parts))


def two_modes(n_visible, strength=12.0):
    """Machine that is nearly always all off or all on, with equal probability: Gibbs steps stay."""
    weights = np.full((n_visible, 1), strength)
    biases = np.full(n_visible, -strength / 2), np.full(1, -strength * n_visible / 2)
    return bernoulli_energy.Params(*(part.astype(np.float32) for part in (weights, *biases)))


def states(n_units):
    """All binary states, shape (2^n_units, n_units); row k holds the digits of k, highest first."""
    return ((np.arange(1 << n_units)[:, None] >> np.arange(n_units)[::-1]) & 1).astype(float)


def index(v):
    """Row of ``states`` that each row of v is."""
    return (np.asarray(v) @ (1 << np.arange(v.shape[-1])[::-1])).astype(int)


def log_joint(machine):
    """Matrix of -E(v, h) over all states of both layers, shape (2^n_visible, 2^n_hidden)."""
    W, a, b = (np.asarray(part, np.float64) for part in machine)
    v, h = states(len(a)), states(len(b))
    return (v @ a)[:, None] + (h @ b)[None, :] + v @ W @ h.T


def log_partition(machine):
    """Value of log Z in float64."""
    terms = log_joint(machine)
    return terms.max() + np.log(np.exp(terms - terms.max()).sum())


def probabilities(machine):
    """Value p(v) of every visible state, shape (2^n_visible,)."""
    return np.exp(log_joint(machine) - log_partition(machine)).sum(axis=1)


def draw(machine, rng, n):
    """Exact samples of v, shape (n, n_visible)."""
    p = probabilities(machine)
    v = states(len(machine.visible_bias))[rng.choice(len(p), n, p=p / p.sum())]
    return v.astype(machine.weights.dtype)

"""Small problems that several tests of the engine share."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from deepen.engine import Batches, Run, Stopping, minimize
from deepen.functions.augmentation import Brightness
from deepen.layers.feed_forward import Params
from deepen.neural_network import MLPClassifier


class Point(NamedTuple):
    """One number to find."""

    x: Any


class FunctionOfPoint:
    """Objective whose every row costs f(x), or f(x) times its target."""

    is_random = False

    def __init__(self, function):
        self.function = function

    def __call__(self, params, batch, weights, state, key):
        return weights.sum() * self.function(params.x), weights.sum(), state


jax.tree_util.register_pytree_node(
    FunctionOfPoint, lambda o: ((), o.function), lambda function, _: FunctionOfPoint(function)
)


def make_batches(X, y, weights=None, *, batch_size=None, shuffle=False, seed=0, **options):
    """Batches with a full batch in the given order by default."""
    return Batches(
        X,
        y,
        weights,
        batch_size=batch_size or X.shape[0],
        shuffle=shuffle,
        rng=np.random.RandomState(seed),
        **options,
    )


def endless(max_iter, **options):
    """Stopping rule that only the number of epochs ends."""
    return Stopping(max_iter=max_iter, n_iter_no_change=np.inf, **options)


def descend(objective, params, batches, optimizer, max_iter, **options):
    """Result of max_iter epochs whatever the cost does."""
    return minimize(
        objective, params, batches, optimizer, Run(stopping=endless(max_iter), **options)
    )


def zeros_like_linear(X, n_outputs=1, *, intercept=True):
    """Params of a linear model at zero."""
    dtype = X.dtype
    bias = (np.zeros(n_outputs, dtype),) if intercept else ()
    return Params((np.zeros((X.shape[1], n_outputs), dtype),), bias)


def regression_rows(seed, n_rows=40, n_features=5, dtype=np.float64):
    """Standard normal rows, and targets of shape (n_rows, 1) with a little noise."""
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n_rows, n_features))
    y = X @ rng.standard_normal((n_features, 1)) + 0.1 * rng.standard_normal((n_rows, 1)) + 0.5
    return X.astype(dtype), y.astype(dtype)


def random_network(seed, sizes, dtype=np.float64):
    """Params of a network with Gaussian weights of variance 1 / n_in."""
    rng = np.random.RandomState(seed)
    pairs = list(pairwise(sizes))
    return Params(
        tuple((rng.standard_normal((n, m)) / np.sqrt(n)).astype(dtype) for n, m in pairs),
        tuple((0.1 * rng.standard_normal(m)).astype(dtype) for _, m in pairs),
    )


def assert_same_bits(a, b):
    """Two pytrees of arrays, equal in every bit."""
    leaves_a, leaves_b = jax.tree.leaves(a), jax.tree.leaves(b)
    assert len(leaves_a) == len(leaves_b)
    for x, y in zip(leaves_a, leaves_b, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert x.dtype == y.dtype
        assert x.shape == y.shape
        assert x.tobytes() == y.tobytes()


def central_differences(function, x, step=1e-6):
    """Gradient of a function of a float64 array, by central differences."""
    x = np.array(x, np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += step
        behind[index] -= step
        gradient[index] = (float(function(ahead)) - float(function(behind))) / (2 * step)
    return gradient


@contextlib.contextmanager
def deadline(seconds):
    """Turn an endless loop into a failure, where the system has an alarm."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def give_up(*_):
        raise AssertionError("the loop does not end")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class RowCounter:
    """Objective whose state counts how often each row, named by its target, was seen."""

    is_random = False

    def __call__(self, params, batch, weights, state, key):
        _, y = batch
        seen = state.at[y[:, 0].astype(jnp.int32)].add((weights > 0).astype(state.dtype))
        return (params.x * 0) * weights.sum(), weights.sum(), seen


jax.tree_util.register_pytree_node(RowCounter, lambda o: ((), None), lambda _, __: RowCounter())


def class_rows(seed, dtype=np.float32):
    """Sixty rows of three classes."""
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((60, 5)).astype(dtype)
    return X, (X[:, 0] + X[:, 1] > 0.3).astype(int) + (X[:, 2] > 0.5)


def noisy_network(seed, **options):
    """A network with every random term."""
    settings = {
        "hidden_layer_sizes": (8, 6),
        "max_iter": 12,
        "dropout": 0.3,
        "input_dropout": 0.1,
        "noise": 0.1,
        "augment": Brightness(0.1),
        "batch_size": 16,
        "n_iter_no_change": np.inf,
        "random_state": seed,
    }
    return MLPClassifier(**(settings | options))


def bits(model):
    """Everything of a fit that a seed decides."""
    return [*model.coefs_, *model.intercepts_, np.array(model.loss_curve_)]


def environment():
    """Environment of another process that finds the same modules and compiled programs."""
    return os.environ | {
        "JAX_COMPILATION_CACHE_DIR": str(jax.config.jax_compilation_cache_dir or ""),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }

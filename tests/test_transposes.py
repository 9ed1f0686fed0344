"""Matrices kept as their transposes: nothing but the order of the numbers differs."""

from typing import Any, NamedTuple

import jax
import numpy as np
import pytest

from deepen.engine import (
    SGD,
    AdaGrad,
    Adam,
    Batches,
    Checkpoint,
    RMSprop,
    Run,
    Stopping,
    minimize,
    stochastic,
)
from deepen.engine.penalties import Penalty
from deepen.engine.transposes import Transposed, stored, written

N_ROWS, N_IN, N_OUT = 24, 7, 3


class Weights(NamedTuple):
    coefs: Any
    intercepts: Any


def squares(params: Weights, batch: Any, weights: Any, state: Any, key: Any) -> Any:
    X, Y = batch
    z = X @ params.coefs[0] + params.intercepts[0][None]
    z = z @ params.coefs[1]
    return (weights[:, None] * (z - Y) ** 2).sum(), weights.sum(), state


def a_run(seed: int, optimizer: Any, penalty: Penalty, **settings: Any) -> Any:
    rng = np.random.RandomState(seed)
    X, Y = rng.standard_normal((N_ROWS, N_IN)), rng.standard_normal((N_ROWS, N_IN))
    coefs = (rng.standard_normal((N_IN, N_OUT)), rng.standard_normal((N_OUT, N_IN)))
    batches = Batches(X, Y, None, batch_size=8, shuffle=True, rng=np.random.RandomState(0))
    run = Run(penalty=penalty, stopping=Stopping(max_iter=5, n_iter_no_change=np.inf), **settings)
    objective = jax.tree_util.Partial(squares)
    return minimize(objective, Weights(coefs, (np.zeros(N_OUT),)), batches, optimizer, run)


@pytest.mark.parametrize(
    "penalty",
    [
        Penalty(l2=0.1),
        Penalty(l1=0.05),
        Penalty(max_norm=0.8),
        Penalty(least={"coefs": (-0.1, np.linspace(-0.5, 0.5, N_OUT * N_IN).reshape(N_OUT, N_IN))}),
        Penalty(least={"coefs": (np.linspace(-1, 1, N_IN * N_OUT).reshape(N_IN, N_OUT), 0.0)}),
    ],
    ids=["l2", "l1", "max_norm", "least of the wide one", "least of the tall one"],
)
@pytest.mark.parametrize(
    "optimizer",
    [SGD(0.01), SGD(0.01, 0.9), SGD(0.01, 0.9, True), AdaGrad(0.1), RMSprop(), Adam(0.01)],
)
def test_a_run_is_the_same_with_matrices_as_they_are_written(
    optimizer: Any, penalty: Penalty, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = a_run(seed, optimizer, penalty)
    monkeypatch.setattr(stochastic, "stored", lambda tree: tree)
    as_written = a_run(seed, optimizer, penalty)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12),
        found[:2],
        as_written[:2],
    )


def test_only_tall_matrices_are_transposed() -> None:
    tree = {"tall": np.ones((3, 2)), "wide": np.ones((2, 3)), "row": np.ones(3)}
    kept = stored(tree)
    assert isinstance(kept["tall"], Transposed) and kept["tall"].matrix.shape == (2, 3)
    assert kept["wide"] is tree["wide"] and kept["row"] is tree["row"]
    assert written(kept, on_host=True)["tall"].shape == (3, 2)


def test_a_checkpoint_holds_matrices_as_they_are_written(tmp_path: Any, seed: int) -> None:
    from safetensors.numpy import load_file

    path = tmp_path / "run"
    result = a_run(seed, SGD(0.01, 0.9), Penalty(), checkpoint=Checkpoint(path))
    first = load_file(path)["00000"]
    np.testing.assert_array_equal(first, result.params.coefs[0])
    assert all(a.flags.c_contiguous for a in jax.tree.leaves(result[:2]))

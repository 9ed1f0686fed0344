"""Checkpoints: everything that the rest of a run depends on, in one file that holds no code.

A safetensors file with the leaves of the run's state in their order, and a JSON header with the
figures so far and a fingerprint of what the bits depend on. It is written under a temporary name,
synced and renamed, so that a killed process leaves the last whole one. A run that finds its file goes
on from there, and ends bit for bit where it would have ended.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save

from deepen._files import atomic_write
from deepen.engine.devices import fingerprint
from deepen.engine.stopping import Progress

FORMAT = "deepen-checkpoint"
VERSION = 1


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message says which file and what to do."""


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often a run keeps its state.

    Parameters
    ----------
    path : str or path
        File to write, and to go on from when it exists.
    every : int, default=1
        Epochs between two writes; the last epoch is always written.

    Examples
    --------
    >>> from deepen.engine import Checkpoint
    >>> from deepen.neural_network import MLPClassifier
    >>> network = MLPClassifier(checkpoint=Checkpoint("digits.checkpoint", every=10))
    """

    path: str | Path
    every: int = 1

    def save(self, state: Any, progress: Progress, identity: str, rng_state: Any) -> None:
        """Write the state of a run."""
        leaves = {f"{i:05d}": np.asarray(a) for i, a in enumerate(jax.tree.leaves(state))}
        leaves["rng"] = np.asarray(rng_state[1], np.uint32)
        header = {
            "format": FORMAT,
            "version": VERSION,
            "identity": identity,
            "fingerprint": fingerprint(),
            "rng_position": [int(rng_state[2]), int(rng_state[3]), float(rng_state[4])],
            "progress": asdict(progress),
        }
        with atomic_write(self.path) as file:
            file.write(save(leaves, metadata={"deepen": json.dumps(header)}))

    def load(self, like: Any, identity: str) -> tuple[Any, Progress, tuple[Any, ...]] | None:
        """State, progress and random state of an earlier run; None where there is no file.

        Raises
        ------
        CheckpointError
            Where the file is no checkpoint, or one of another model, other data or parameters.
        """
        path = Path(self.path)
        if not path.exists():
            return None
        try:
            leaves, header = _read(path)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{path} is not a readable checkpoint ({error}). Remove it to start anew."
            ) from error
        rng_words = leaves.pop("rng")
        expected = jax.tree.leaves(like)
        values = [leaves[name] for name in sorted(leaves)]
        same_shapes = [v.shape for v in values] == [np.shape(e) for e in expected]
        if header["identity"] != identity or not same_shapes:
            raise CheckpointError(
                f"{path} belongs to a fit of other data or parameters. Remove it to start anew,"
                " or give this fit a checkpoint of its own."
            )
        _compare_fingerprints(path, header["fingerprint"])
        position = header["rng_position"]
        rng_state = ("MT19937", rng_words, int(position[0]), int(position[1]), position[2])
        progress = Progress(**header["progress"])
        return jax.tree.unflatten(jax.tree.structure(like), values), progress, rng_state


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        header = json.loads((file.metadata() or {})["deepen"])
        if header["format"] != FORMAT or header["version"] > VERSION:
            raise ValueError("written by a newer deepen")
        return {name: file.get_tensor(name) for name in file.keys()}, header


def _compare_fingerprints(path: Path, then: dict[str, Any]) -> None:
    now = fingerprint()
    changed = [f"{k}: {then.get(k)} then, {now[k]} now" for k in now if then.get(k) != now[k]]
    if changed:
        warnings.warn(
            f"{path} was written elsewhere ({'; '.join(changed)}): the run goes on, but its bits"
            " may differ from an uninterrupted one.",
            UserWarning,
            stacklevel=2,
        )


def digest(*parts: Any) -> str:
    """Hash of arrays and of the text of anything else: tells one fit from another."""
    sha = hashlib.sha256()
    for part in jax.tree.leaves(parts, is_leaf=lambda p: p is None or isinstance(p, str)):
        if hasattr(part, "tocsr"):
            part = part.tocsr()
            sha.update(part.indices.tobytes() + part.indptr.tobytes())
            part = part.data
        if isinstance(part, np.ndarray):
            sha.update(str((part.shape, part.dtype)).encode())
            sha.update(np.ascontiguousarray(part).data)
        else:
            sha.update(repr(part).encode())
    return sha.hexdigest()

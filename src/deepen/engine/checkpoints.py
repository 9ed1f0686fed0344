"""Checkpoints: everything that the rest of a run depends on, in one file that holds no code.

A safetensors file with the leaves of the run's state in their order, and a JSON header with the
figures so far and a fingerprint of what the bits depend on. It is written under a temporary name,
synced and renamed, so that a killed process leaves the last whole one. A run that finds its file goes
on from there, and ends bit for bit where it would have ended.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save

from deepen._files import atomic_write
from deepen.engine.devices import fingerprint
from deepen.engine.stopping import Progress

FORMAT = "deepen-checkpoint"
VERSION = 1
MT19937_WORDS = 624  # of the state of numpy.random.RandomState


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
        if path.is_dir():
            raise CheckpointError(f"{path} is a folder; give the name of a file as checkpoint.")
        try:
            stored = _read(path)
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{path} is not a readable checkpoint ({error}). Remove it to start anew."
            ) from error
        expected = [(np.shape(leaf), np.asarray(leaf).dtype) for leaf in jax.tree.leaves(like)]
        found = [(leaf.shape, leaf.dtype) for leaf in stored.leaves]
        if stored.identity != identity or found != expected:
            raise CheckpointError(
                f"{path} belongs to a fit of other data or parameters. Remove it to start anew,"
                " or give this fit a checkpoint of its own."
            )
        _compare_fingerprints(path, stored.fingerprint)
        state = jax.tree.unflatten(jax.tree.structure(like), stored.leaves)
        return state, stored.progress, stored.rng_state


class _Stored(NamedTuple):
    """What a file holds, each part of the type that it should have."""

    leaves: list[Any]
    rng_state: tuple[Any, ...]
    progress: Progress
    identity: str
    fingerprint: dict[str, Any]


def _read(path: Path) -> _Stored:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        header = json.loads((file.metadata() or {})["deepen"])
        if header["format"] != FORMAT:
            raise ValueError("another format")
        if header["version"] > VERSION:
            raise ValueError("written by a newer deepen")
        leaves = {name: file.get_tensor(name) for name in file.keys()}
    index, has_gauss, gauss = header["rng_position"]
    words = leaves.pop("rng")
    if words.shape != (MT19937_WORDS,) or not 0 <= int(index) <= MT19937_WORDS:
        raise ValueError("random state of another generator")
    rng_state = ("MT19937", words, int(index), int(has_gauss), float(gauss))
    progress = Progress(**header["progress"])
    counts = (progress.n_iter, progress.n_stalled, progress.n_divisions)
    if not all(isinstance(n, int) for n in counts) or not isinstance(progress.history, dict):
        raise ValueError("progress of the wrong type")
    then = dict(header["fingerprint"])
    ordered = [leaves[name] for name in sorted(leaves)]
    return _Stored(ordered, rng_state, progress, str(header["identity"]), then)


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
            # A function counts by its name: where it lies in memory differs from process to process.
            sha.update(re.sub(r" at 0x[0-9a-fA-F]+", "", repr(part)).encode())
    return sha.hexdigest()

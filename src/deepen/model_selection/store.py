"""A climb on disk: every finished repeat in one file that holds no code, whole or absent.

    run.json                 what the run is of: data, split, seed, and what its command said
    RUNG-REPEAT.npz          arrays of one repeat, and the rest as JSON text

A climb that finds these files goes on from them. It refuses those of other data.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deepen._files import atomic_write
from deepen.model_selection.intervals import RowLosses
from deepen.model_selection.results import Outcome, Trial

# Another version when what a rung trains becomes another thing: repeats of both are not one rung.
FORMAT, VERSION = "deepen-run", 7
MANIFEST = "run.json"


class RunError(ValueError):
    """A run on disk that cannot be used; the message says which file and what to do."""


class RunStore:
    """Finished repeats in a folder.

    Parameters
    ----------
    folder : path
        Made where it does not exist.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def read(self) -> dict[str, Any]:
        """What run.json holds; empty where there is none.

        Raises
        ------
        RunError
            Where the file is not one of ours.
        """
        path = self.folder / MANIFEST
        if not path.exists():
            return {}
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError):
            manifest = None
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise RunError(f"{path}: is not a run of deepen; delete it or choose another folder.")
        if manifest.get("version") != VERSION:
            raise RunError(
                f"{path}: was written by another version of deepen; use that one, or start anew."
            )
        return manifest

    def begin(self, identity: dict[str, Any]) -> float:
        """Check that the run is of the same data and split; seconds that earlier sittings took.

        Raises
        ------
        RunError
            Where it is not; the message names what differs.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = self.read()
        known = manifest.get("identity", identity)
        for name, value in identity.items():
            if known.get(name) != value and name == "data":
                raise RunError(
                    f"{self.folder}: the rows have changed since the run began; restore them, or "
                    "start anew (--force, or another folder)."
                )
            if known.get(name) != value:
                raise RunError(
                    f"{self.folder}: the run was begun with another {name} "
                    f"({known.get(name)!r}, now {value!r}); start anew in another folder."
                )
        self.write(identity=identity, is_finished=False)
        return float(manifest.get("spent", 0.0))

    def write(self, **entries: Any) -> None:
        """Add entries to run.json."""
        manifest = {"format": FORMAT, "version": VERSION, **self.read(), **entries}
        with atomic_write(self.folder / MANIFEST) as file:
            file.write(json.dumps(manifest, indent=1).encode())

    def save(self, rung: str, outcome: Outcome, spent: float) -> None:
        """Keep a finished repeat, and the seconds spent so far."""
        plain = {
            name: getattr(outcome, name)
            for name in (
                *("repeat", "params", "n_epochs", "fit_seconds", "seconds", "history"),
                *("pretraining_seconds", "compiling", "temperature"),
            )
        }
        plain["trials"] = [asdict(trial) for trial in outcome.trials]
        plain["spent"], plain["threshold"] = spent, outcome.threshold
        with atomic_write(self._path(rung, outcome.repeat)) as file:
            np.savez(
                file,
                rows=outcome.losses.rows,
                values=outcome.losses.values,
                output=outcome.output,
                plain=np.frombuffer(json.dumps(plain).encode(), np.uint8),
            )
        self.write(spent=spent)

    def load(self, rung: str) -> dict[int, Outcome]:
        """Finished repeats of a rung by number."""
        found = {}
        for path in sorted(self.folder.glob(f"{rung}-*.npz")):
            outcome = _read_outcome(path)
            found[outcome.repeat] = outcome
        return dict(sorted(found.items()))

    def has(self, rung: str) -> bool:
        """Whether a repeat of a rung is kept."""
        return any(self.folder.glob(f"{rung}-*.npz"))

    def clear(self) -> None:
        """Forget a run: its files alone, nothing else in the folder."""
        for path in self.folder.glob("*-*.npz"):
            path.unlink()
        (self.folder / MANIFEST).unlink(missing_ok=True)

    def _path(self, rung: str, repeat: int) -> Path:
        return self.folder / f"{rung}-{repeat:03d}.npz"


def _read_outcome(path: Path) -> Outcome:
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            plain = json.loads(file["plain"].tobytes())
            losses = RowLosses(file["rows"], file["values"])
            output = file["output"]
        plain.pop("spent")
        trials = [
            Trial(_tuples(t["params"]), t["losses"], t["n_rows"]) for t in plain.pop("trials")
        ]
        params = _tuples(plain.pop("params"))
        return Outcome(losses=losses, output=output, trials=trials, params=params, **plain)
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise RunError(f"{path}: is damaged ({error}); delete it and resume.") from None


def _tuples(params: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists alone; settings hold tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in params.items()}

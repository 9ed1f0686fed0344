"""``python dying_writer.py LOG FOLDER WORDS...``: ``deepen WORDS...``, which dies whenever it writes.

At each file that the command opens for writing in FOLDER, and at each renaming there, a copy of the
process is made and killed: by the kernel in the middle of the file's bytes, once BYTES_LEFT of them
are written, which no program can parry; or by SIGKILL before the file has its name. LOG tells, a line
of JSON each, how each copy ended and which files it left in another state, hidden ones aside. They are
put back, and the process itself goes on undisturbed: one command shows all moments at which it could die.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

BYTES_LEFT = 64
PATIENCE = 60  # seconds until a copy that neither dies nor goes on is ended
WRITES = os.O_WRONLY | os.O_RDWR
UNNAMED = getattr(os, "O_TMPFILE", 0)


def files_in(folder: Path) -> dict[Path, bytes]:
    """Bytes of all files."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def undo(before: dict[Path, bytes], after: dict[Path, bytes]) -> list[Path]:
    """Files that a copy left otherwise, which are put back as they were."""
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    for path in changed:
        path.unlink(missing_ok=True)
        if path in before:
            path.write_bytes(before[path])
    return changed


def watch(log: Path, folder: Path) -> None:
    """Die in a copy at each writing in the folder from now on."""
    is_dying = False  # what that itself writes is none of the command's

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal is_dying
        if is_dying or event not in ("open", "os.rename"):
            return
        path = arguments[0] if event == "open" else arguments[1]
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a number of a file that is open
        path = Path(os.fsdecode(path)).absolute()
        if folder not in path.parents or path.name.startswith("tmp"):
            return  # elsewhere, or a file that only tries whether one can write
        if event == "open" and (not arguments[2] & WRITES or arguments[2] & UNNAMED):
            return
        is_dying = True
        entry = {"moment": event, "name": str(path.relative_to(folder))}
        before = files_in(folder)
        if (child := os.fork()) == 0:
            arrange_death(event)
            return
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        changed = [str(found.relative_to(folder)) for found in undo(before, files_in(folder))]
        entry |= {"end": end, "changed": [name for name in changed if not name.endswith(".part")]}
        with log.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        is_dying = False

    sys.addaudithook(hook)


def arrange_death(event: str) -> None:
    """End this process: now, or in the middle of what it is about to write."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    if event == "os.rename":
        os.kill(os.getpid(), signal.SIGKILL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES_LEFT, BYTES_LEFT))


if __name__ == "__main__":
    watch(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.argv = ["deepen", *sys.argv[3:]]
    from deepen.cli import main

    main()

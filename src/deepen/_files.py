"""Files that are either whole or absent: written under another name, synced, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, force: bool = True) -> Iterator[BinaryIO]:
    """Binary file object whose bytes appear under ``path`` all at once, or not at all.

    The bytes go to a hidden file in the same folder, which takes the final name once it is
    complete and on disk. When the block raises, or the process dies, what stood under ``path``
    stays as it was.

    Parameters
    ----------
    path : str or path
        Final name; its folder must exist. A symbolic link is followed.
    force : bool, default=True
        Whether to replace an existing file.

    Yields
    ------
    file : binary file object
        Open for writing.

    Raises
    ------
    FileExistsError
        If the file exists and ``force`` is False.
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If ``path`` is a folder.
    OSError
        If ``path`` is a device, or the disk is full; it names the file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from deepen._files import atomic_write
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "numbers.bin"
    >>> with atomic_write(path) as file:
    ...     _ = file.write(b"123")
    >>> path.read_bytes()
    b'123'
    >>> folder.cleanup()
    """
    final = Path(os.path.realpath(path))
    _check_destination(final, force)
    temporary = final.parent / f".deepen-{secrets.token_hex(8)}.part"
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check_destination(final, force)
        if final.exists():
            shutil.copymode(final, temporary)
        os.replace(temporary, final)
    except OSError as error:
        if error.filename is None and error.errno in FULL:  # of a write: it says not where
            raise OSError(error.errno, f"{error.strerror}; free some space", str(final)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(final.parent)


def _check_destination(final: Path, force: bool) -> None:
    if not final.parent.is_dir():
        reason = "The folder does not exist; create it first"
        raise FileNotFoundError(errno.ENOENT, reason, str(final.parent))
    if final.is_dir():
        reason = "This is a folder; give the name of a file"
        raise IsADirectoryError(errno.EISDIR, reason, str(final))
    if final.exists() and not final.is_file():
        reason = "This is a device or a pipe, which would be replaced by a file; name a file"
        raise OSError(errno.EINVAL, reason, str(final))
    if not force and final.exists():
        reason = "The file exists; choose another name or allow it to be replaced (force)"
        raise FileExistsError(errno.EEXIST, reason, str(final))


def _sync_folder(folder: Path) -> None:
    # The rename itself is durable only once its folder is; not every system can sync a folder.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

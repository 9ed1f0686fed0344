import errno
import os
import signal
import subprocess
import sys

import pytest

from deepen._files import atomic_write


def test_content_appears_only_at_the_end(tmp_path):
    path = tmp_path / "a.bin"
    with atomic_write(path) as file:
        file.write(b"new")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_error_in_the_block_keeps_the_old_file_and_leaves_nothing(tmp_path, error):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"half of the n")
        raise error("stop")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_without_force_an_existing_file_is_refused_before_and_after_writing(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="exists"), atomic_write(path, force=False):
        pytest.fail("the block must not run")
    other = tmp_path / "b.bin"
    with pytest.raises(FileExistsError), atomic_write(other, force=False) as file:
        file.write(b"new")
        other.write_bytes(b"came in between")
    assert other.read_bytes() == b"came in between"
    assert sorted(os.listdir(tmp_path)) == ["a.bin", "b.bin"]


def test_missing_folder_and_folder_as_a_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="create it first"):
        atomic_write(tmp_path / "no" / "a.bin").__enter__()
    with pytest.raises(IsADirectoryError, match="name of a file"):
        atomic_write(tmp_path).__enter__()


@pytest.mark.skipif(os.name != "posix", reason="file modes and links are POSIX")
def test_mode_is_kept_and_links_are_followed(tmp_path):
    path, link = tmp_path / "a.bin", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o600)
    link.symlink_to(path)
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_sigkill_in_the_middle_leaves_no_file_under_the_final_name(tmp_path):
    path = tmp_path / "a.bin"
    program = (
        "import sys, time\n"
        "from deepen._files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as file:\n"
        "    file.write(b'x' * 100_000); file.flush()\n"
        "    print('written', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout.readline() == b"written\n"
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert not path.exists()
    # and the name is free for the next attempt
    with atomic_write(path, force=False) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_devices_are_not_replaced_by_files():
    with pytest.raises(OSError, match="device or a pipe"):
        with atomic_write("/dev/full") as file:
            file.write(b"1")


def test_a_full_disk_is_told_with_the_files_name(tmp_path, monkeypatch):
    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="free some space") as error:
        with atomic_write(tmp_path / "a.bin") as file:
            file.write(b"1")
    assert error.value.filename == str(tmp_path / "a.bin")
    assert not list(tmp_path.iterdir())

"""Files are whole or absent."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time

import pytest

from rn_core.common import files
from rn_core.common.errors import RNCoreError
from rn_core.common.files import clear_leftovers, write_whole


def test_a_full_disk_leaves_the_old_file_and_no_leftovers(tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    write_whole(path, b"old")

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RNCoreError, match=r"No space left on device.*untouched"):
        write_whole(path, b"new" * 1000)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(tmp_path, monkeypatch):
    path = tmp_path / "card.json"
    write_whole(path, b"old")
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _handle: seen.append(path.read_bytes()))
    write_whole(path, b"new")
    assert seen == [b"old"]
    assert path.read_bytes() == b"new"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RNCoreError, match=r"Could not write 'x\.bin'"):
        write_whole(tmp_path / "file" / "x.bin", b"content")


def make_leftover(folder, name: str, age: float) -> str:
    """Write a file as a killed writer leaves it, some seconds ago, and return its name."""
    path = folder / name
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age, time.time() - age))
    return name


@pytest.mark.process
def test_leftovers_are_known_by_name_and_age_or_by_their_writers_end(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = files._HOST
    gone = [
        make_leftover(tmp_path, f".a.bin.abcd_123.{ended.pid}@{host}.tmp", 0),
        make_leftover(tmp_path, f".a.bin.abcdefgh.{os.getpid()}@{host}.tmp", 2 * files.LEFTOVER_AGE),
        make_leftover(tmp_path, f".a.bin.abcdefgi.{os.getpid()}@elsewhere.tmp", 2 * files.LEFTOVER_AGE),
        make_leftover(tmp_path, ".a.bin.abcdefgh", 2 * files.LEFTOVER_AGE),
    ]
    kept = [
        make_leftover(tmp_path, f".a.bin.abcdefgj.{os.getpid()}@{host}.tmp", 0),
        make_leftover(tmp_path, f".a.bin.abcdefgk.{ended.pid}@elsewhere.tmp", 0),
        make_leftover(tmp_path, ".a.bin.abcdefgi", 0),
        make_leftover(tmp_path, f".b.bin.abcdefgh.{ended.pid}@{host}.tmp", 2 * files.LEFTOVER_AGE),
        make_leftover(tmp_path, ".a.bin", 2 * files.LEFTOVER_AGE),
        make_leftover(tmp_path, "a.bin.abcdefgh", 2 * files.LEFTOVER_AGE),
        make_leftover(tmp_path, ".a.bin.ABCDEFGH", 2 * files.LEFTOVER_AGE),
    ]
    (tmp_path / f".a.bin.abcdefgl.{ended.pid}@{host}.tmp").symlink_to(tmp_path / "a.bin.abcdefgh")
    kept.append(f".a.bin.abcdefgl.{ended.pid}@{host}.tmp")
    assert sorted(clear_leftovers(tmp_path, "a.bin")) == sorted(gone)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    assert clear_leftovers(tmp_path / "nowhere", "*") == []


def test_files_of_another_user_are_left_alone(tmp_path, monkeypatch):
    make_leftover(tmp_path, ".a.bin.abcdefgh", 2 * files.LEFTOVER_AGE)
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert clear_leftovers(tmp_path, "*") == []


@pytest.mark.process
def test_a_killed_writers_file_is_cleared(tmp_path):
    work = "import os, rn_core.common.files as files, pathlib, sys\nos.fsync = lambda handle: os._exit(9)\n"
    work += "files.write_whole(pathlib.Path(sys.argv[1]), b'half')"
    assert subprocess.run([sys.executable, "-c", work, str(tmp_path / "a.bin")], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    clear_leftovers(tmp_path, "a.bin")
    assert list(tmp_path.iterdir()) == []

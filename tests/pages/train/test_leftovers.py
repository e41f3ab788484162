"""Folders of dead servers go; those of living servers, of others and of nobody knows whom stay."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pages._lab.train.leftovers import LOCK, PREFIX, YOUNGEST, RunFolder, clear_leftovers
from tests.forked import start

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.process, pytest.mark.skipif(os.name != "posix", reason="locks that die with their process")]
SERVER = """
import sys, time
from pathlib import Path
from pages._lab.train.leftovers import RunFolder
from tests.forked import start
folder = RunFolder(Path(sys.argv[1]))
(folder.path / "run").mkdir()
(folder.path / "run" / "rn.safetensors").write_bytes(b"weights")
print(folder.path, flush=True)
time.sleep(600)
"""


def make_folder(parent: Path, name: str, lock: bool = True) -> Path:
    folder = parent / f"{PREFIX}{name}"
    (folder / "run").mkdir(parents=True)
    if lock:
        (folder / LOCK).touch()
    return folder


def test_a_killed_servers_folder_goes_at_the_next_start_and_not_before(tmp_path):
    server = start([sys.executable, "-c", SERVER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    left = Path(server.stdout.readline().strip())
    later = time.time() + YOUNGEST + 1
    assert clear_leftovers(tmp_path, later) == [], "its server lives"
    server.kill()
    server.wait()
    server.stdout.close()
    assert clear_leftovers(tmp_path, time.time()) == [], "too young to tell"
    assert clear_leftovers(tmp_path, later) == [left]
    assert not left.exists()


def test_nothing_else_is_touched(tmp_path):
    later = time.time() + YOUNGEST + 1
    kept = [make_folder(tmp_path, "old-version", lock=False), tmp_path / "somebody-elses"]
    kept[1].mkdir()
    (kept[1] / LOCK).touch()
    target = make_folder(tmp_path / "deeper", "of-another-folder")
    (tmp_path / f"{PREFIX}link").symlink_to(target)
    (tmp_path / f"{PREFIX}file").touch()
    left = make_folder(tmp_path, "left")
    assert clear_leftovers(tmp_path, later) == [left]
    assert all(path.exists() for path in (*kept, target / LOCK, tmp_path / f"{PREFIX}file"))


def test_another_users_folder_stays(tmp_path, monkeypatch):
    folder, user = make_folder(tmp_path, "left"), os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert clear_leftovers(tmp_path, time.time() + YOUNGEST + 1) == []
    assert folder.exists()


def test_a_server_clears_when_it_starts_and_deletes_its_own_at_the_end(tmp_path):
    left = make_folder(tmp_path, "left")
    os.utime(left, (0, 0))
    own = RunFolder(tmp_path)
    assert not left.exists() and own.path.exists()
    own.close()
    assert not own.path.exists()

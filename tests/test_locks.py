"""One writer at a time: who comes second is told who was first, and a killed one is in nobody's way."""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import filelock
import pytest

from rn_core import cli
from rn_core.common import locks
from rn_core.common.errors import RNCoreError
from rn_core.common.locks import hold_folder
from rn_core.training.run_folder import hold_run
from tests.forked import start
from tests.test_cli import ROOT, TRAIN

pytestmark = pytest.mark.process


def test_the_second_run_in_a_folder_is_told_of_the_first_and_a_killed_one_blocks_nobody(tmp_path, capsys):
    folder = tmp_path / "run"
    arguments = [*TRAIN, "--folder", str(folder), "--json", "--validate-every", "2", "--validation-scenes", "2"]
    first = start(
        [sys.executable, "-m", "rn_core", *arguments, "--steps", "100000"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 300
        while not (folder / "checkpoint.safetensors").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        first.send_signal(signal.SIGSTOP)  # it holds the folder, and writes nothing meanwhile
        kept = (folder / "checkpoint.safetensors").stat().st_size
        assert cli.main([*arguments, "--steps", "4", "--seed", "7"]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        expected = f"'{folder}' is in use by process {first.pid} on {platform.node()} since "
        assert captured.err.startswith(expected) and captured.err.count("\n") == 1
        assert captured.err.endswith("; wait until it ends, end it, or choose another folder.\n")
        assert (folder / "checkpoint.safetensors").stat().st_size == kept
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait(60)
    (folder / "checkpoint.safetensors").unlink()
    assert cli.main([*arguments, "--steps", "4", "--seed", "7"]) == 0
    assert json.loads(capsys.readouterr().out)["step"] == 4
    assert [path.name for path in folder.iterdir()] == ["checkpoint.safetensors"], "no lock, no leftovers"


GENERATE = {
    "babi": (["--task", "babi", "--scenes", "1"], "made", "folder"),
    "clevr": (["--task", "clevr", "--scenes", "1", "--samples", "1"], "made", "folder"),
    "sort-of-clevr": (["--scenes", "2"], "made.npz", "file"),
}


@pytest.mark.parametrize("task", GENERATE)
def test_data_is_made_by_one_process_at_a_time(task, tmp_path, capsys):
    options, name, kind = GENERATE[task]
    path = tmp_path / name
    lock = path / ".lock" if kind == "folder" else tmp_path / f".{name}.lock"
    with locks.hold(lock, kind, str(path)):
        before = sorted(tmp_path.rglob("*"))
        assert cli.main(["generate", str(path), *options]) == 1
        assert sorted(tmp_path.rglob("*")) == before
    error = capsys.readouterr().err
    assert error.startswith(f"'{path}' is in use by process {os.getpid()} on ") and error.count("\n") == 1


def test_the_lock_goes_with_its_holder_and_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), hold_folder(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {".lock", ".lock.holder"}
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"pid": 3}', b"\xff"])
def test_a_holder_without_a_note_still_holds(note, tmp_path):
    with hold_folder(tmp_path):
        (tmp_path / ".lock.holder").write_bytes(note)
        with (
            pytest.raises(RNCoreError, match="is in use by another process; wait until it ends"),
            hold_folder(tmp_path),
        ):
            pass


def refuse(number: int):
    """Return a lock that the system refuses."""

    def acquire(_lock, *_arguments, **_options):
        raise OSError(number, os.strerror(number))

    return acquire


def test_a_file_system_without_locks_is_worked_on_after_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(filelock.FileLock, "acquire", refuse(errno.ENOLCK))
    worked = []
    with hold_folder(tmp_path):
        worked.append(1)
    assert worked == [1]
    assert "has no locks (No locks available); take care that only one process writes there." in caplog.text


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_without_rights_is_one_sentence(number, tmp_path, monkeypatch):
    monkeypatch.setattr(filelock.FileLock, "acquire", refuse(number))
    with (
        pytest.raises(RNCoreError, match=r"^Could not write to '.*': .*; choose another folder\.$"),
        hold_folder(tmp_path),
    ):
        pass


class FakeFabric(SimpleNamespace):
    """A process of a run of several, which hears what the first one says."""

    def broadcast(self, value):
        if self.is_global_zero:
            self.said.append(value)
        return self.said[-1]


def test_all_processes_of_a_run_share_one_lock_and_one_refusal(tmp_path: Path):
    said: list[str | None] = []
    first, second = FakeFabric(is_global_zero=True, said=said), FakeFabric(is_global_zero=False, said=said)
    with hold_run(tmp_path, first), hold_run(tmp_path, second):
        assert said == [None]
        for fabric in (first, second):
            with pytest.raises(RNCoreError, match="is in use by process"), hold_run(tmp_path, fabric):
                pass

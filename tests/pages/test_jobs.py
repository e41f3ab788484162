"""Jobs and their board with real worker processes: a line, a limit, ends of every kind, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pages._ui.train import job_board
from pages._ui.train.job_board import JobBoard
from pages._ui.train.jobs import MAX_SNAPSHOTS, Job, _append_thinned
from rn_core.bundles import read_bundle
from rn_core.errors import RNCoreError
from rn_core.race_records import RaceConfig

ROOT = Path(__file__).resolve().parents[2]
CONFIG = RaceConfig(size="tiny", n_scenes=2, n_questions=2, steps=1_000_000)
PATIENCE = 60


@pytest.fixture
def board() -> Iterator[JobBoard]:
    one = JobBoard(limit=1)
    yield one
    one.close()


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def until_status(job: Job, status: str) -> None:
    until(lambda: job.view().status == status)


def is_running(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_race_runs_pauses_and_leaves_weights(board):
    job = board.submit(CONFIG, "a")
    until_status(job, "running")
    until(lambda: len(job.view().progress) >= 2 and job.view().snapshots)
    assert job.view().steps_per_second > 0
    assert (len(job.view().examples), job.view().n_validation) == (8, 100)
    job.pause()
    until_status(job, "paused")
    until(lambda: job.view().has_weights)
    job.resume()
    job.stop()
    assert job.view().status == "stopping", "at once, though the worker may still say that it resumes"
    seen = set()
    until(lambda: seen.add(job.view().status) or not job.view().is_active)
    assert seen <= {"stopping", "stopped"} and job.view().status == "stopped"
    assert read_bundle(job.bundle("rn"), "rn").card["task"] == CONFIG.task
    assert board.find(job.token) is job


def test_others_wait_in_a_line_that_moves_up(board):
    first, second, third = (board.submit(CONFIG, owner) for owner in "abc")
    views = [job.view() for job in (first, second, third)]
    assert [view.place for view in views] == [0, 1, 2]
    assert {view.line for view in views} == {2} and board.waiting == 2
    second.stop()
    assert second.view().status == "stopped" and third.view().place == 1
    first.stop()
    until_status(third, "running")
    assert board.waiting == 0


def test_a_session_has_one_run_at_most(board):
    first = board.submit(CONFIG, "a")
    second = board.submit(CONFIG, "a")
    until_status(first, "stopped")
    until_status(second, "running")
    assert second.token != first.token


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_worker_is_one_sentence_and_its_checkpoint_stays(board):
    job = board.submit(CONFIG, "a")
    until_status(job, "running")
    job.pause()
    until(lambda: job.view().has_weights)
    os.kill(job._process.pid, signal.SIGKILL)
    until_status(job, "failed")
    assert "killed, most likely because memory ran out" in job.view().problem
    assert read_bundle(job.bundle("rn"), "rn").card["name"].endswith("-live")
    assert board.submit(CONFIG, "b").view().status == "starting", "its place is free"


def test_a_worker_that_cannot_start_is_one_sentence(board, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    job = board.submit(CONFIG, "a")
    until_status(job, "failed")
    assert "ended unexpectedly (status 1)" in job.view().problem
    with pytest.raises(RNCoreError, match="no weights of 'rn' yet"):
        job.bundle("rn")


def test_who_is_gone_is_forgotten_with_files_and_process(board):
    job = board.submit(CONFIG, "a")
    until_status(job, "running")
    other = board.submit(CONFIG, "b")
    board.sweep()
    assert board.find(job.token) is job, "not yet"
    job.touched -= board.forgotten_after + 1
    board.sweep()
    assert board.find(job.token) is None
    assert not job.folder.exists() and not is_running(job._process.pid)
    assert other.view().status == "starting"


def test_a_touch_keeps_a_job(board):
    job = board.submit(CONFIG, "a")
    job.touched -= board.forgotten_after + 1
    job.touch()
    board.sweep()
    assert board.find(job.token) is job


def test_a_paused_run_makes_way_for_who_waits(board):
    job = board.submit(CONFIG, "a")
    until_status(job, "running")
    job.pause()
    until_status(job, "paused")
    other = board.submit(CONFIG, "b")
    board.sweep()
    assert job.view().problem is None, "not for long yet"
    other.stop()
    job.moved -= job_board.PAUSED_AT_MOST + 1
    board.sweep()
    assert job.view().problem is None, "nobody waits"
    other = board.submit(CONFIG, "c")
    board.sweep()
    until_status(job, "stopped")
    assert "paused for a minute while others waited" in job.view().problem
    until_status(other, "running")


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running_when_the_server_dies(how):
    code = (
        "import time; from pages._ui.train.job_board import JobBoard; from rn_core.race_records import RaceConfig;"
        "job = JobBoard(limit=1).submit(RaceConfig(size='tiny', steps=1000000), 'a');\n"
        "while job.view().status != 'running': time.sleep(0.05)\n"
        "print(job._process.pid, flush=True); time.sleep(600)"
    )
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    worker = int(server.stdout.readline())
    assert is_running(worker)
    server.send_signal(how)
    server.communicate()
    until(lambda: not is_running(worker))


@pytest.mark.parametrize("most", [MAX_SNAPSHOTS, 7])
def test_long_histories_keep_their_ends_and_order(most):
    records: list[int] = []
    for value in range(1000):
        _append_thinned(records, value, most)
        assert (records[0], records[-1]) == (0, value)
        assert len(records) <= most and records == sorted(set(records))
    assert len(records) > most / 2 - 1

"""Jobs and their board with real worker processes: a line, a limit, ends of every kind, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pages._lab.train import jobs
from pages._lab.train.job_board import JobBoard
from pages._lab.train.jobs import MAX_SNAPSHOTS, Job, _append_thinned
from rn_core.common.errors import RNCoreError
from rn_core.race.records import RaceConfig
from rn_core.weights.bundles import read_bundle
from tests.forked import start

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
CONFIG = RaceConfig(size="tiny", n_scenes=2, n_questions=2, steps=1_000_000)
PATIENCE = 60


@pytest.fixture
def board(monkeypatch) -> Iterator[JobBoard]:
    monkeypatch.setattr(jobs, "subprocess", SimpleNamespace(Popen=start, PIPE=subprocess.PIPE))
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
    assert read_bundle(job.bundle("rn"), "rn").card.task == CONFIG.task
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
    assert read_bundle(job.bundle("rn"), "rn").card.name.endswith("-live")
    assert board.submit(CONFIG, "b").view().status == "starting", "its place is free"


def test_a_worker_that_cannot_start_is_one_sentence(board, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    job = board.submit(CONFIG, "a")
    until_status(job, "failed")
    assert "ended unexpectedly (status 1)" in job.view().problem
    with pytest.raises(RNCoreError, match="no weights of 'rn' yet"):
        job.bundle("rn")


def test_a_paused_run_that_made_way_goes_on_later(board):
    job = board.submit(CONFIG, "a")
    job.pause()
    until_status(job, "paused")
    until(lambda: job.view().has_weights)
    stopped_at = job.view().progress[-1].step
    job.make_way()
    until(lambda: job.view().made_way and not job.has_worker)
    assert job.view().status == "paused"
    assert job.bundle("rn"), "what it has learned can be used meanwhile"
    job.resume()
    assert (job.view().status, job.view().place) == ("waiting", 1)
    board.sweep()
    until_status(job, "running")
    until(lambda: job.view().progress[-1].step > stopped_at)
    steps = [look.step for look in job.view().snapshots]
    assert steps == sorted({*steps}), "no look is sent twice"
    assert not job.view().made_way


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running_when_the_server_dies(how):
    code = (
        "import time; from pages._lab.train.job_board import JobBoard; from rn_core.race.records import RaceConfig;"
        "job = JobBoard(limit=1).submit(RaceConfig(size='tiny', steps=1000000), 'a');\n"
        "while job.view().status != 'running': time.sleep(0.05)\n"
        "print(job._process.pid, flush=True); time.sleep(600)"
    )
    server = start([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    worker = int(server.stdout.readline())
    assert is_running(worker)
    server.send_signal(how)
    server.wait()
    server.stdout.close()
    until(lambda: not is_running(worker))


@pytest.mark.parametrize("most", [MAX_SNAPSHOTS, 7])
def test_long_histories_keep_their_ends_and_order(most):
    records: list[int] = []
    for value in range(1000):
        _append_thinned(records, value, most)
        assert (records[0], records[-1]) == (0, value)
        assert len(records) <= most and records == sorted(set(records))
    assert len(records) > most / 2 - 1

"""Whose turn it is, by a fake clock and fake workers: turns, pauses, who is gone, and who comes in when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pages._lab.train import job_board
from pages._lab.train.job_board import GONE_AFTER, PAUSED_AT_MOST, TURN, JobBoard
from pages._lab.train.jobs import Job
from rn_core.race.records import RaceConfig

CONFIG = RaceConfig(steps=1_000_000)


class FakeProcess:
    """A worker that does at once what it is told."""

    def __init__(self, job: Job) -> None:
        self.job, self.stdin, self.stdout, self.ended = job, self, self, False

    def write(self, line: str) -> None:
        self.job.told.append(json.loads(line).get("do", "start"))

    def flush(self) -> None:
        pass

    def poll(self) -> int | None:
        return 0 if self.ended else None

    def kill(self) -> None:
        self.ended = True

    def wait(self) -> int:
        return 0


class FakeJob(Job):
    """A job whose worker is fake; `say` is what the worker reports, `end` its end."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.told: list[str] = []

    def start(self, on_end: Callable[[], None]) -> None:
        self._settle("starting")
        self.made_way, self.began, self._process, self.on_end = False, self._clock(), FakeProcess(self), on_end
        self.say("running")

    def say(self, status: str) -> None:
        self._take_in("status", {"status": status})

    def end(self, status: str | None = None) -> None:
        """End the worker, after a last word."""
        if status:
            self.say(status)
        self._process.ended = True
        self._judge(0)
        self.on_end()


class Room:
    """A board with a clock that a test moves and sessions that it closes."""

    def __init__(self, limit: int = 1) -> None:
        self.now, self.gone = 1000.0, set()
        self.board = JobBoard(limit, lambda session: session not in self.gone, lambda: self.now, FakeJob)

    def submit(self, owner: str) -> FakeJob:
        self.now += 1
        return self.board.submit(CONFIG, owner, f"session of {owner}")

    def wait(self, seconds: float) -> None:
        """Let time pass; the board looks every second."""
        for _ in range(round(seconds)):
            self.now += 1
            self.board.sweep()

    def statuses(self, *jobs: FakeJob) -> list[tuple[str, int]]:
        return [(job.view().status, job.view().place) for job in jobs]


@pytest.fixture(autouse=True)
def no_keeper(monkeypatch) -> None:
    """Only the test moves time."""
    monkeypatch.setattr(JobBoard, "_keep", lambda self: None)


@pytest.fixture
def room() -> Iterator[Room]:
    one = Room()
    yield one
    one.board.close()


def test_a_long_run_makes_way_after_its_turn_and_goes_to_the_end_of_the_line(room):
    first = room.submit("a")
    room.wait(TURN + 60)
    assert first.told == [], "nobody waits"
    second, third = room.submit("b"), room.submit("c")
    room.wait(1)
    assert first.told == ["make way"]
    room.wait(5)
    assert first.told == ["make way"], "it is told once"
    first.end("kept")
    assert room.statuses(first, second, third) == [("waiting", 2), ("running", 0), ("waiting", 1)]
    assert first.view().made_way
    room.wait(TURN - 10)
    assert second.told == [], "its own turn is not over"
    room.wait(20)
    second.end("kept")
    assert room.statuses(first, second, third) == [("waiting", 1), ("waiting", 2), ("running", 0)]
    third.end("finished")
    assert room.statuses(first, second) == [("running", 0), ("waiting", 1)]
    assert not first.view().made_way


def test_only_as_many_make_way_as_wait():
    room = Room(limit=3)
    running = [room.submit(owner) for owner in "abc"]
    room.wait(TURN + 1)
    room.submit("d")
    room.wait(3)
    assert [job.told for job in running] == [["make way"], [], []], "the longest turn first"
    room.board.close()


def test_a_paused_run_makes_way_after_a_minute_and_keeps_its_state(room):
    first = room.submit("a")
    first.say("paused")
    room.wait(PAUSED_AT_MOST + 5)
    assert first.told == [], "nobody waits"
    second = room.submit("b")
    room.wait(1)
    assert first.told == ["make way"]
    first.end("kept")
    assert room.statuses(first, second) == [("paused", 0), ("running", 0)]
    room.wait(200)
    assert first.view().status == "paused", "it waits for its person"
    first.resume()
    assert room.statuses(first, second) == [("waiting", 1), ("running", 0)]


def test_a_run_goes_on_while_one_of_its_watchers_is_connected(room):
    job = room.submit("a")
    job.watch("session of a teacher")
    room.gone.add("session of a")
    room.wait(300)
    assert job.view().status == "running"
    room.gone.add("session of a teacher")
    room.wait(GONE_AFTER - 1)
    assert job.view().status == "running", "a reload takes a moment"
    job.watch("session after a reload")
    room.wait(60)
    assert job.view().status == "running" and room.board.find(job.token) is job


def test_a_run_that_nobody_watches_ends_within_seconds_and_is_forgotten_later(room):
    job, other = room.submit("a"), room.submit("b")
    room.gone.add("session of a")
    room.wait(GONE_AFTER + 2)
    assert job.told == ["stop"]
    job.end("stopped")
    assert "no page was watching it" in job.view().problem
    assert other.view().status == "running"
    folder: Path = job.folder
    assert folder.exists()
    room.wait(job_board.FORGOTTEN_AFTER)
    assert room.board.find(job.token) is None and not folder.exists()
    assert room.board.find(other.token) is other


def test_a_waiting_run_of_a_closed_session_leaves_the_line(room):
    room.submit("a")
    gone, stays = room.submit("b"), room.submit("c")
    room.gone.add("session of b")
    room.wait(GONE_AFTER + 2)
    assert room.statuses(gone, stays) == [("stopped", 0), ("waiting", 1)]
    assert gone.told == []


def test_a_visitor_whose_run_waits_has_no_second_place_in_the_line(room):
    room.submit("a")
    first, other = room.submit("b"), room.submit("c")
    second = room.submit("b")
    assert room.statuses(first, other, second) == [("stopped", 0), ("waiting", 1), ("waiting", 2)]


def test_a_view_is_made_once_for_all_until_something_changes(room):
    job, waits = room.submit("a"), room.submit("b")
    views = [job.view() for _ in range(20)]
    assert all(view is views[0] for view in views)
    job._take_in("saved", {})
    assert job.view() is not views[0] and job.view().has_weights and not views[0].has_weights
    before = waits.view()
    job.end("finished")
    assert waits.view() != before and waits.view().place == 0

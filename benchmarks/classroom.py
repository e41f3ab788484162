"""What a class feels: `python -m benchmarks.classroom`, on idle cores.

Starts a class and lets students join, each over a WebSocket with Streamlit's own messages and timers, as browsers do.
The teacher turns to another page, scene or lesson every few seconds, with inputs that no cache has. Measured is the
time from the end of the teacher's own run to the end of each student's run that shows the same page. The table is
Markdown. It ends with 1 and a sentence if a student did not follow, or if polls were lost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from benchmarks.sessions.actions import Fresh, lesson_slugs
from benchmarks.sessions.client import Client, SessionError, open_session, polled
from benchmarks.sessions.polling import find_lost_polls
from benchmarks.sessions.server import ROOT, Server, find_port, is_healthy, measure_usage
from pages._lab.classroom.room import PRIVATE

HEAD = (
    "| page | moves | followed | p50, s | p95, s | longest, s | p95 of drawing, s | server CPU, s |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)
#: Seconds until a student counts as lost, and most seconds of the 95 % quantile.
PATIENCE, LIMIT = 20.0, 1.5
_START_SECONDS = 120


class Follower:
    """A student's tab, which goes where the server sends it and notes when it shows what it should."""

    def __init__(self, client: Client) -> None:
        """Follow in an open session."""
        self.client = client
        self.wanted: tuple[str, dict[str, str]] | None = None
        self.arrived = asyncio.Event()
        self.begun: float | None = None
        self.at = 0.0
        client.watch(self._see)

    def _see(self, message: Any) -> bool:
        """Look at one message; the end of a run may have brought what is wanted. It is never the last to look at."""
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self.client.page_hash = message.new_session.page_script_hash
            self.begun = self.begun or time.perf_counter()
        elif kind == "script_finished":
            self._check()
        return False

    def _check(self) -> None:
        """Note the moment if what is wanted is shown now."""
        if not self.arrived.is_set() and self.wanted == (self.client.page_hash, _shared(self.client.screen.query)):
            self.at = time.perf_counter()
            self.arrived.set()

    def want(self, page_hash: str, query: str) -> None:
        """Wait from now on for a page with a query, which may be there already."""
        self.wanted, self.begun = (page_hash, _shared(query)), None
        self.arrived.clear()
        self._check()

    @property
    def drawing(self) -> float:
        """Return the seconds from the first full run since `want` to the end of the one that arrived."""
        return 0.0 if self.begun is None else self.at - self.begun


def _shared(query: str) -> dict[str, str]:
    """Return the parameters that a class shares."""
    return {name: value for name, value in parse_qsl(query) if name not in PRIVATE}


@dataclass
class Row:
    """What was measured on one page.

    Attributes:
        page: its path.
        taken: seconds of all that followed, from the teacher's page to the student's.
        drawing: the part of these in which the student's page was drawn; the rest went by until the student looked.
        wanted: how many should have followed.
        moves: of the teacher.
        cpu_seconds: of the server.
    """

    page: str
    taken: list[float] = field(default_factory=list)
    drawing: list[float] = field(default_factory=list)
    wanted: int = 0
    moves: int = 0
    cpu_seconds: float = 0.0

    def format(self) -> str:
        """Return the row of the table."""
        parts = (quantile(self.taken, 0.5), quantile(self.taken, 0.95), quantile(self.taken, 1.0))
        seconds = " | ".join(f"{part:.2f}" for part in (*parts, quantile(self.drawing, 0.95)))
        return (
            f"| {self.page} | {self.moves} | {len(self.taken)} of {self.wanted} | {seconds} | {self.cpu_seconds:.1f} |"
        )


def quantile(seconds: list[float], share: float) -> float:
    """Return the seconds within which a share 0 to 1 was done; nan without any."""
    return float(np.quantile(seconds, share)) if seconds else float("nan")


def list_moves(fresh: Fresh, rounds: int) -> list[tuple[str, str]]:
    """Return where the teacher goes: page and query, each page once per round."""
    slugs = lesson_slugs()
    return [
        move
        for number in range(rounds)
        for move in (
            ("", f"seed={fresh.seed()}"),
            ("lessons", f"lesson={slugs[number % len(slugs)]}"),
            ("how_it_works", f"seed={fresh.seed()}&step=3"),
            ("babi", f"task=2&seed={fresh.seed()}"),
            ("physics", f"seed={fresh.seed()}"),
        )
    ]


@contextlib.contextmanager
def serve_class() -> Iterator[tuple[Server, str, str]]:
    """Start a class on this machine; return server, the room's code and the teacher's key, and stop it at the end."""
    port = find_port()
    command = [sys.executable, "-m", "rn_core", "serve", "--class", "--json", "--address=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        deadline = time.monotonic() + _START_SECONDS
        while not is_healthy(f"http://127.0.0.1:{port}"):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit("The class did not start.")
            time.sleep(0.1)
        ((_, key),) = parse_qsl(urlsplit(said["teacher_url"]).query)
        yield Server(f"127.0.0.1:{port}", process), said["code"], key
    finally:
        process.terminate()
        process.communicate()


async def measure_move(
    server: Server, teacher: Client, students: list[Follower], move: tuple[str, str], row: Row, pause: float
) -> None:
    """Let the teacher go somewhere, and note how long each student takes to be there."""
    page, query = move
    before = measure_usage(server.process.pid).cpu_seconds
    teacher.open_page(page)
    await teacher.run(query)
    started = time.perf_counter()
    for student in students:
        student.want(teacher.page_hash, teacher.screen.query)
    await asyncio.wait([asyncio.create_task(student.arrived.wait()) for student in students], timeout=PATIENCE)
    arrived = [student for student in students if student.arrived.is_set()]
    row.taken += [max(0.0, student.at - started) for student in arrived]
    row.drawing += [student.drawing for student in arrived]
    row.wanted += len(students)
    row.moves += 1
    row.cpu_seconds += measure_usage(server.process.pid).cpu_seconds - before
    await asyncio.sleep(pause)


async def measure(options: argparse.Namespace) -> int:
    """Measure, print, and return 1 if the figures cannot be trusted."""
    fresh = Fresh(np.random.default_rng(options.seed))
    rows: dict[str, Row] = {}
    with serve_class() as (server, code, key):
        async with contextlib.AsyncExitStack() as stack:
            teacher = await stack.enter_async_context(open_session(server.address))
            await teacher.run(f"teacher_key={key}")
            students = []
            for _ in range(options.students):
                client = await stack.enter_async_context(open_session(server.address))
                students.append(Follower(client))
                await client.run(f"room={code}")
            joined = measure_usage(server.process.pid)
            async with polled([teacher, *(student.client for student in students)]) as tally:
                for move in list_moves(fresh, options.rounds):
                    row = rows.setdefault(move[0] or "explore", Row(move[0] or "explore"))
                    await measure_move(server, teacher, students, move, row, options.pause)
            ended, polls = measure_usage(server.process.pid), tally.count()
    total = Row("all", *_sum(rows))
    print(f"{options.students} students, {polls.asked} polls, {polls.answered} answered.\n")
    print("\n".join((HEAD, *(row.format() for row in (*rows.values(), total)))))
    print(f"\nServer and children: {joined.total_mb:.0f} MB once all had joined, {ended.total_mb:.0f} MB at the end.")
    verdict = "ok" if quantile(total.taken, 0.95) <= LIMIT else "too slow"
    print(f"p95 of all: {quantile(total.taken, 0.95):.2f} s (limit {LIMIT:g} s): {verdict}")
    faults = find_lost_polls([("class", polls)], ["class"])
    faults += [f"{row.wanted - len(row.taken)} students did not follow to {row.page} within {PATIENCE:g} s."
               for row in rows.values() if len(row.taken) < row.wanted]  # fmt: skip
    print(*faults, sep="\n", end="", file=sys.stderr)
    return 1 if faults else 0


def _sum(rows: dict[str, Row]) -> tuple[list[float], list[float], int, int, float]:
    """Return all rows' figures together, in the order of the fields."""
    found = rows.values()
    return (
        [seconds for row in found for seconds in row.taken],
        [seconds for row in found for seconds in row.drawing],
        sum(row.wanted for row in found),
        sum(row.moves for row in found),
        sum(row.cpu_seconds for row in found),
    )


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.classroom", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=30, help="browsers that follow")
    parser.add_argument("--rounds", type=int, default=4, help="how often the teacher visits each of five pages")
    parser.add_argument("--pause", type=float, default=3.0, help="seconds between two moves")
    parser.add_argument("--seed", type=int, default=0, help="of the teacher's scenes")
    options = parser.parse_args(arguments)
    try:
        return asyncio.run(measure(options))
    except SessionError as err:
        print(err, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

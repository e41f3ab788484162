"""Whether the server's memory levels off: `python -m benchmarks.churn`.

Visitors open a session, walk through all pages with inputs that no session has used, close it and come back as somebody
else. The memory of the server and its children is read every ten seconds. After the warm-up, in which caches fill, a
line is fitted by least squares; its slope and the memory at the end decide. Ends with 1 if either is above its limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from websockets.exceptions import WebSocketException

from benchmarks.sessions.actions import ACTIONS, Action, Fresh
from benchmarks.sessions.client import SessionError, open_session, polled
from benchmarks.sessions.server import Server, Usage, measure_usage, serve

#: Most that memory may grow after the warm-up, in MB per minute, and most at the end, in MB.
MOST_SLOPE, MOST_TOTAL = 3.0, 1200.0
#: Seconds between two readings.
_EVERY = 10.0


@dataclass(frozen=True)
class Reading:
    """The memory at a moment: seconds since the first visitor came, and MB."""

    seconds: float
    usage: Usage


@dataclass
class Log:
    """What happened: readings, finished visits, and why others failed."""

    readings: list[Reading] = field(default_factory=list)
    visits: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """What the readings say.

    Attributes:
        slope: MB per minute after the warm-up, server and children together; nan with fewer than two readings there.
        total: MB of the last reading.
        n_readings: after the warm-up.
    """

    slope: float
    total: float
    n_readings: int

    @property
    def faults(self) -> list[str]:
        """Return a sentence for each limit that is broken."""
        found = []
        if not self.slope <= MOST_SLOPE:
            found.append(f"Memory grows by {self.slope:.2f} MB per minute, and {MOST_SLOPE:g} is the most.")
        if not self.total <= MOST_TOTAL:
            found.append(f"Memory ends at {self.total:.0f} MB, and {MOST_TOTAL:g} is the most.")
        return found


def judge(readings: Sequence[Reading], warm_up: float) -> Verdict:
    """Return slope and total of readings.

    Args:
        readings: in order, at least one.
        warm_up: seconds that the slope leaves out.
    """
    late = [reading for reading in readings if reading.seconds >= warm_up]
    slope = float("nan")
    if len(late) > 1:
        minutes = np.array([reading.seconds / 60 for reading in late])
        megabytes = [reading.usage.total_mb for reading in late]
        slope = float(np.polyfit(minutes, megabytes, 1)[0])
    return Verdict(slope, readings[-1].usage.total_mb, len(late))


async def visit(server: Server, fresh: Fresh, actions: Sequence[Action], until: float) -> bool:
    """Open a session, do what each page is for, and close it; return False if the time was up before the end."""
    async with open_session(server.address) as client, polled([client]):
        await client.run()
        for action in actions:
            if time.monotonic() > until:
                return False
            if action.prepare is not None:
                await action.prepare(client, fresh)
            await action.act(client, fresh)
            if action.name == "train":
                await client.press("Reset")
    return True


async def keep_visiting(server: Server, fresh: Fresh, until: float, most: int, log: Log, train_every: int) -> None:
    """Visit again and again until a time or a number of visits is reached; not every visitor trains."""
    while time.monotonic() < until and log.visits + len(log.problems) < most:
        trains = train_every and (log.visits + 1) % train_every == 0
        try:
            some = [action for action in ACTIONS if trains or action.name != "train"]
            whole = await visit(server, fresh, some, until)
            log.visits += whole
        except (SessionError, WebSocketException, OSError) as err:
            log.problems.append(str(err))


async def keep_reading(server: Server, started: float, log: Log, say: Callable[[str], None]) -> None:
    """Read the memory every ten seconds, forever."""
    while True:
        read_memory(server, started, log, say)
        await asyncio.sleep(_EVERY)


def read_memory(server: Server, started: float, log: Log, say: Callable[[str], None]) -> None:
    """Read the memory once."""
    seconds, usage = time.monotonic() - started, measure_usage(server.process.pid)
    log.readings.append(Reading(seconds, usage))
    say(f"| {seconds:.0f} | {log.visits} | {usage.rss_mb:.0f} | {usage.children_mb:.0f} |")


async def churn(options: argparse.Namespace, say: Callable[[str], None]) -> Log:
    """Let visitors come and go; return what was read."""
    log, fresh = Log(), Fresh(np.random.default_rng(options.seed))
    with serve() as server:
        started = time.monotonic()
        until = started + 60 * options.minutes
        reading = asyncio.create_task(keep_reading(server, started, log, say))
        visitors = (
            keep_visiting(server, fresh, until, options.visits, log, options.train_every)
            for _ in range(options.visitors)
        )
        await asyncio.gather(*visitors)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        if server.process.poll() is not None:
            raise SystemExit(
                f"The server ended by itself with {server.process.returncode}; there is no memory to read."
            )
        read_memory(server, started, log, say)
    return log


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.churn",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=25, help="how long visitors come, the warm-up included")
    parser.add_argument("--warm-up", type=float, default=5, help="minutes that the slope leaves out")
    parser.add_argument("--visitors", type=int, default=6, help="how many are there at a time")
    parser.add_argument("--visits", type=int, default=2000, help="most visits in all")
    parser.add_argument("--train-every", type=int, default=10, help="one visit in so many trains; 0 for none")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 if a limit is broken or no visit was whole."""
    options = read_options(arguments)
    say = (lambda text: None) if options.json else (lambda text: print(text, flush=True))
    say("| seconds | visits | server, MB | children, MB |\n| --- | --- | --- | --- |")
    log = asyncio.run(churn(options, say))
    verdict = judge(log.readings, 60 * options.warm_up)
    say(
        f"\n{log.visits} visits, {len(log.problems)} aborted. After a warm-up of {options.warm_up:g} minutes: "
        f"{verdict.slope:+.2f} MB per minute over {verdict.n_readings} readings (limit {MOST_SLOPE:g}); "
        f"{verdict.total:.0f} MB at the end (limit {MOST_TOTAL:g})."
    )
    faults = [*verdict.faults, *dict.fromkeys(log.problems)]
    if log.visits == 0:
        faults.append("No visit was completed, so nothing was measured.")
    if options.json:
        rows = [[round(r.seconds, 1), round(r.usage.rss_mb, 1), round(r.usage.children_mb, 1)] for r in log.readings]
        found = {
            "slope": None if math.isnan(verdict.slope) else verdict.slope,
            "total": verdict.total,
            "visits": log.visits,
            "faults": faults,
        }
        print(json.dumps({"options": vars(options), **found, "readings": rows}, indent=1))
    for sentence in faults:
        print(sentence, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

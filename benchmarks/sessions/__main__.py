"""What a class feels: `python -m benchmarks.sessions`, on idle cores.

Starts the app and opens sessions as browsers do (a WebSocket each, Streamlit's own messages, its timers). First each
asks for another scene on Explore every few seconds: with nothing else going on, while one more session trains a race,
and while many Train tabs watch that race or wait in line. Then all do each page's main action within ten seconds.
The tables are Markdown. It ends with 1 and a sentence if polls were lost or an action did not do what it should.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.sessions import report
from benchmarks.sessions.actions import ACTIONS
from benchmarks.sessions.server import serve
from benchmarks.sessions.situations import ARRIVALS, IDLE, Plan, Row, measure_crowd, measure_watching

SITUATIONS = ("idle", "race", "watched", "crowd")


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sessions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names, usual = [action.name for action in ACTIONS], Plan()
    parser.add_argument("--situations", nargs="+", choices=SITUATIONS, default=SITUATIONS, metavar="NAME",
                        help=f"any of {', '.join(SITUATIONS)}")  # fmt: skip
    parser.add_argument("--actions", nargs="+", choices=names, default=names, metavar="NAME",
                        help=f"what the crowd does, any of {', '.join(names)}")  # fmt: skip
    parser.add_argument("--sessions", type=int, default=usual.sessions, help="open sessions beside the Train tabs")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="how long a situation is measured")
    parser.add_argument("--period", type=float, default=usual.period, help="seconds between a session's interactions")
    parser.add_argument("--settle", type=float, default=usual.settle, help="seconds from a race's start to measuring")
    parser.add_argument("--watchers", type=int, default=usual.watchers, help="Train tabs beside the one that trains")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of inputs and arrivals")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    return parser.parse_args(arguments)


async def measure(options: argparse.Namespace, say: Callable[[str], None]) -> tuple[list[Row], list[Row]]:
    """Measure what was chosen, each half on a server of its own; rows are said as they come."""
    steady: list[Row] = []
    crowd: list[Row] = []
    plan = Plan(options.sessions, options.seconds, options.period, options.settle, options.watchers, options.seed)
    if {*options.situations} - {"crowd"}:
        say(f"{plan.sessions} sessions, a new Explore scene each every {plan.period:g} s:\n\n{report.STEADY_HEAD}")
        with serve() as server:
            await measure_watching(server, plan, keep(steady, report.format_steady, say), options.situations)
        if steady[0].name == IDLE:
            say("".join(f"\n{report.describe_slowdown(steady[0], row)}" for row in steady[1:]))
    if "crowd" in options.situations:
        say(f"\n{plan.sessions} sessions, each acts once within {ARRIVALS:g} s, page by page:\n\n{report.CROWD_HEAD}")
        actions = [action for action in ACTIONS if action.name in options.actions]
        with serve() as server:
            await measure_crowd(server, plan, actions, keep(crowd, report.format_crowd, say))
    return steady, crowd


def keep(rows: list[Row], words: Callable[[Row], str], say: Callable[[str], None]) -> Callable[[Row], None]:
    """Return what takes a row: it is kept and said."""

    def take(row: Row) -> None:
        rows.append(row)
        say(words(row))

    return take


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 if the figures cannot be trusted."""
    options = read_options(arguments)
    say = (lambda text: None) if options.json else partial(print, flush=True)
    say(f"{os.cpu_count()} cores, seed {options.seed}.")
    steady, crowd = asyncio.run(measure(options, say))
    faults = report.find_faults(steady, crowd)
    if options.json:
        found = {"steady": [*map(report.to_json, steady)], "crowd": [*map(report.to_json, crowd)], "faults": faults}
        print(json.dumps({"cores": os.cpu_count(), "options": vars(options), **found}, indent=1))
    for sentence in faults:
        print(sentence, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""How long the Train page's default race takes from a cold start: `python -m benchmarks.race`.

Each race is started as the page starts it, in a process of its own, and timed from the press of the button: process,
imports and looks included. Run it on idle cores.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

from pages._ui.train.job_board import JobBoard
from pages._ui.train.jobs import Job
from rn_core.bundles import read_bundle
from rn_core.device import choose_device, describe_device, processor_name
from rn_core.race_records import RaceConfig, Snapshot
from rn_core.records import Accuracy

GOAL = 0.9
_POLL = 0.1


@dataclass(frozen=True)
class Timing:
    """One race.

    Attributes:
        seed: of weights, scenes and questions.
        seconds: from the start to the first look that finds the Relation Network at the goal; None if none does.
        then: that look, or the last one.
        total: seconds to the end of the race.
        ends: runner -> its relational accuracy at the end, as its card has it.
    """

    seed: int
    seconds: float | None
    then: Snapshot
    total: float
    ends: dict[str, Accuracy]


def time_race(config: RaceConfig) -> Timing:
    """Run a race to its end and note when the Relation Network reaches the goal."""
    board, started, reached = JobBoard(limit=1), time.perf_counter(), None
    try:
        job = board.submit(config, "benchmark")
        while job.view().is_active:
            time.sleep(_POLL)
            job.touch()
            if reached is None and (look := find_goal(job)):
                reached = (time.perf_counter() - started, look)
        total, view = time.perf_counter() - started, job.view()
        if view.status != "finished":
            raise SystemExit(view.problem or f"The race ended as '{view.status}'.")
        seconds, then = reached or (None, view.snapshots[-1])
        return Timing(config.seed, seconds, then, total, {kind: read_accuracy(job, kind) for kind in config.models})
    finally:
        board.close()


def read_accuracy(job: Job, kind: str) -> Accuracy:
    """Return a runner's relational accuracy with its 95 % interval, from the card of its last weights."""
    card = read_bundle(job.bundle(kind), kind).card
    return Accuracy(**card["metrics"]["groups"]["relational"])


def find_goal(job: Job) -> Snapshot | None:
    """Return the first look that finds the Relation Network at the goal."""
    return next((look for look in job.view().snapshots if look.groups["rn"]["relational"] >= GOAL), None)


def format_timing(timing: Timing) -> str:
    """Return one line of the table."""
    reached = "never" if timing.seconds is None else f"{timing.seconds:.0f} s"
    ends = " | ".join(
        f"{100 * end.accuracy:.1f} [{100 * end.low:.1f}, {100 * end.high:.1f}]" for end in timing.ends.values()
    )
    then = 100 * timing.then.groups["mlp"]["relational"]
    return f"| {timing.seed} | {reached} | {then:.1f} | {timing.total:.0f} s | {ends} |"


def main() -> None:
    """Print one line a seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="races, with seeds 0, 1, ...")
    config = RaceConfig()
    options = parser.parse_args()
    print(f"{processor_name()}, {describe_device(choose_device())}")
    print("Percent right on the relational questions of 100 validation scenes; in brackets the 95 % interval.\n")
    print(f"| seed | RN at {GOAL:.0%} after | MLP then | whole race | RN at the end | MLP at the end |")
    print("| --- | --- | --- | --- | --- | --- |")
    for seed in range(options.seeds):
        print(format_timing(time_race(replace(config, seed=seed))), flush=True)


if __name__ == "__main__":
    main()

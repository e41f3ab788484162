"""How long the Train page's usual race takes from a cold start: `python -m benchmarks.race [--task babi]`.

Each race is started as the page starts it, in a process of its own, and timed from the press of the button: process,
imports and looks included. Run it on idle cores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pages._lab.train.job_board import JobBoard
from pages._lab.train.jobs import Job
from pages._lab.train.state import GROUPS
from pages._lab.train.view import target_of
from rn_core.common.device import choose_device, describe_device, processor_name
from rn_core.common.records import Accuracy
from rn_core.evaluation.printing import format_accuracy
from rn_core.race.records import RACE_TASKS, RUNNERS, RaceConfig, Snapshot, usual_config
from rn_core.weights.bundles import read_bundle

_POLL = 0.1


@dataclass(frozen=True)
class Timing:
    """One race.

    Attributes:
        config: what raced.
        reached: group of questions -> seconds from the start to the first look that finds the Relation Network at its
            goal, and that look; a group is left out where none does.
        total: seconds to the end of the race.
        last: the last look.
        ends: runner -> group -> its accuracy at the end, as its card has it.
    """

    config: RaceConfig
    reached: dict[str, tuple[float, Snapshot]]
    total: float
    last: Snapshot
    ends: dict[str, dict[str, Accuracy]]


def watched_groups(config: RaceConfig) -> tuple[str, ...]:
    """Return the groups of questions that must be learned: relational ones, every task of stories, or all there are."""
    groups = RACE_TASKS[config.task].groups
    return ("relational",) if "relational" in groups else config.question_types or tuple(groups)


def time_race(config: RaceConfig, goal: float) -> Timing:
    """Run a race to its end and note when the Relation Network reaches its goal, in percent."""
    board, started, reached = JobBoard(limit=1), time.perf_counter(), {}
    try:
        job = board.submit(config, "benchmark")
        while job.view().is_active:
            time.sleep(_POLL)
            for group in watched_groups(config):
                if group not in reached and (look := find_goal(job, group, goal)):
                    reached[group] = (time.perf_counter() - started, look)
        total, view = time.perf_counter() - started, job.view()
        if view.status != "finished":
            raise SystemExit(view.problem or f"The race ended as '{view.status}'.")
        ends = {kind: read_accuracies(job, kind) for kind in config.models}
        return Timing(config, reached, total, view.snapshots[-1], ends)
    finally:
        board.close()


def read_accuracies(job: Job, kind: str) -> dict[str, Accuracy]:
    """Return a runner's accuracy on each group with its 95 % interval, from the card of its last weights."""
    return read_bundle(job.bundle(kind), kind).card.measured.groups


def find_goal(job: Job, group: str, goal: float) -> Snapshot | None:
    """Return the first look that finds the Relation Network at a goal, in percent, on a group."""
    return next((look for look in job.view().snapshots if 100 * look.groups["rn"][group] >= goal), None)


def format_timing(timing: Timing) -> Iterator[str]:
    """Yield one line of the table for each group of questions."""
    for group in watched_groups(timing.config):
        seconds, then = timing.reached.get(group, (None, timing.last))
        reached = "never" if seconds is None else f"{seconds:.0f} s"
        ends = " | ".join(format_accuracy(found[group]) for found in timing.ends.values())
        beside = 100 * then.groups[timing.config.models[-1]][group]
        yield f"| {timing.config.seed} | {GROUPS[group]} | {reached} | {beside:.1f} | {timing.total:.0f} s | {ends} |"


def main() -> None:
    """Print one line for each seed and group of questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", choices=sorted(RACE_TASKS), default=RaceConfig().task, help="what is learned")
    parser.add_argument("--seeds", type=int, default=3, help="races, with seeds 0, 1, ...")
    parser.add_argument(
        "--answers-only", action=argparse.BooleanOptionalAction, default=None,
        help="train on images end-to-end, or after a head start (default: as the Train page does on this machine)",
    )  # fmt: skip
    parser.add_argument("--goal", type=float, default=None, help="percentage to reach (default: the Train page's)")
    options = parser.parse_args()
    config = usual_config(options.task, options.answers_only)
    other = RUNNERS[config.models[-1]].short
    print(f"{processor_name()}, {describe_device(choose_device())}")
    print("Accuracy in percent on the validation questions; in brackets the 95 % interval.\n")
    goal = target_of(options.task) if options.goal is None else options.goal
    reached = f"RN at {goal:.0f} % after"
    print(f"| seed | questions | {reached} | {other} then | whole race | RN at the end | {other} at the end |")
    print("| --- " * 7 + "|")
    for seed in range(options.seeds):
        for line in format_timing(time_race(replace(config, seed=seed), goal)):
            print(line, flush=True)


if __name__ == "__main__":
    main()

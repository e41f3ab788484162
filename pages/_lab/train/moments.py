"""Moments of a run: whether another will come, and which one the page goes back to; this module draws nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pages._lab.train.words import format_clock
from rn_core.race.records import RaceConfig, Snapshot

if TYPE_CHECKING:
    from pages._lab.train.jobs import JobView

#: Statuses in which something is about to change by itself.
LIVE = ("waiting", "starting", "running", "stopping")
#: Last stop of the slider of time: whatever comes.
LATEST = -1
#: Stops of the slider of time while a run goes on.
_STOPS = 60
#: Seconds between two questions of a tab: whether a button was followed, how its own run or another's goes on, whether
#: its turn has come, and whether another window steers a run that rests.
_FOLLOWS, _OWN, _OTHER, _WAITS, _RESTS = 0.5, 1.0, 4.0, 5.0, 5.0


@dataclass(frozen=True)
class Moment:
    """The state of a run: its status, and the last step that it reported and looked at."""

    status: str
    reported: int
    looked: int


def moment_of(view: JobView) -> Moment:
    """Return the state of a run; -1 where it has not reported or looked yet."""
    reported = view.progress[-1].step if view.progress else -1
    return Moment(view.status, reported, view.snapshots[-1].step if view.snapshots else -1)


def is_moving(view: JobView, pressed: Moment | None) -> bool:
    """Return whether a run is about to change without a person's doing, so that the page must look again.

    Args:
        view: the run.
        pressed: how it stood when it was told to do something, until it has followed; else None.
    """
    if view.status in LIVE or (view.status == "paused" and not view.has_weights):  # which it is about to save
        return True
    now = moment_of(view)
    return view.is_active and pressed is not None and (now == pressed or now.looked < now.reported)


def poll_seconds(view: JobView, pressed: Moment | None, is_owner: bool) -> float | None:
    """Return the seconds between two questions of a tab that watches a run; None for one that is over.

    Args:
        view: the run.
        pressed: as for `is_moving`.
        is_owner: whether the tab's session started the run.
    """
    if not view.is_active:
        return None
    if view.status == "waiting":
        return _WAITS
    if not is_moving(view, pressed):
        return _RESTS
    if pressed is not None or (is_owner and view.status != "running"):
        return _FOLLOWS
    return _OWN if is_owner else _OTHER


class Drawn(NamedTuple):
    """What a tab shows of a run: the report that it drew last, the place in line, and the page around it."""

    report: tuple[int, int, int]
    around: tuple[str, bool, bool]


def drawn_of(view: JobView) -> Drawn:
    """Return what a tab shows that draws a run as it is now."""
    return Drawn((view.report, view.place, view.line), (view.status, view.has_weights, view.made_way))


def what_is_new(view: JobView, drawn: Drawn | None, pressed: Moment | None) -> str:
    """Return what a tab must draw again: "nothing", what changes by itself ("live"), or the whole "page".

    Args:
        view: the run.
        drawn: what the tab shows; None if it has drawn nothing yet.
        pressed: as for `is_moving`.
    """
    now = drawn_of(view)
    if drawn is None or now.around != drawn.around or (pressed is not None and not is_moving(view, pressed)):
        return "page"
    return "nothing" if now == drawn else "live"


def find_snapshot(snapshots: Sequence[Snapshot], at: int | None) -> Snapshot:
    """Return the last snapshot up to a step; None takes the latest."""
    reached = [snapshot for snapshot in snapshots if at is None or snapshot.step <= at]
    return reached[-1] if reached else snapshots[0]


def time_stops(view: JobView, config: RaceConfig, at: int | None) -> tuple[int, ...]:
    """Return where the slider of time can stop: steps, then `LATEST`.

    While looks can still come, stops are spread over all steps and stay where they are; afterward they are the looks.

    Args:
        view: the run.
        config: what it was asked for.
        at: the step chosen now, which is always a stop; None if that is the latest.
    """
    if view.is_active:
        steps = {*range(0, config.steps, math.ceil(config.steps / _STOPS))}
    else:
        steps = {look.step for look in view.snapshots[:-1]}
    return (*sorted(steps if at is None else steps | {at}), LATEST)


def describe_moment(snapshot: Snapshot) -> str:
    """Return when a snapshot was taken."""
    if snapshot.step == 0:
        return "before the first step"
    return f"after {format_clock(snapshot.seconds)}, step {snapshot.step:,}"

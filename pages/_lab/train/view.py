"""What the Train page says about a run, computed from what the run reported; this module draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pages._lab.train.moments import LIVE
from pages._lab.train.state import GROUPS
from pages._lab.train.words import format_clock, head_start_words, type_name
from rn_core.common.records import Example
from rn_core.race.records import RACE_TASKS, RUNNERS, Progress, RaceConfig, Snapshot
from rn_core.tasks.domain import MEAN

if TYPE_CHECKING:
    from pages._lab.train.jobs import JobView

#: What counts as having learned a group of questions, in percent, where a task does not say.
TARGET = 90.0
#: The default task of a curve.
_TASK = RaceConfig().task
#: Losses are drawn as the mean over so many reports.
_SMOOTH = 5


@dataclass(frozen=True)
class Curve:
    """One line over training time.

    Attributes:
        model: the runner, key of `RUNNERS`.
        minutes: of training, looks left out.
        values: as many, in percent or in nats.
        task: what the runner learns, key of `RACE_TASKS`.
    """

    model: str
    minutes: tuple[float, ...]
    values: tuple[float, ...]
    task: str = _TASK

    @property
    def name(self) -> str:
        """Return the runner's short name."""
        return RUNNERS[self.model].short

    @property
    def target(self) -> float:
        """Return the percentage that counts as having learned."""
        return target_of(self.task)


@dataclass(frozen=True)
class Panel:
    """One question type: its name, the best constant answer in percent, and the runners' curves."""

    name: str
    floor: float
    curves: tuple[Curve, ...]
    is_asked: bool = True


@dataclass(frozen=True)
class Reply:
    """One runner, by key and short name, and its present answer to an example, with its probability 0 to 1."""

    model: str
    answer: str
    probability: float
    is_right: bool
    name: str = ""


@dataclass(frozen=True)
class Card:
    """One example as the page shows it."""

    example: Example
    replies: tuple[Reply, ...]


def describe_status(view: JobView, config: RaceConfig) -> str:
    """Return the state of a run, in one line."""
    last = view.progress[-1] if view.progress else None
    if view.status == "waiting":
        place = f"{_ordinal(max(1, view.place))} of {max(1, view.line)} in line"
        if view.made_way:
            return f"Made way for others after ten minutes; continues when its turn comes, {place}."
        return f"Waiting for its turn: {place}."
    if last is None:
        return f"{view.status.capitalize()}{'…' if view.status in LIVE else '.'}"
    if last.head_start is not None:
        return f"Head start: {head_start_words(config.task).learns}, {100 * last.head_start:.0f} %"
    words = {"running": "Learning", "paused": "Paused", "failed": "Failed"}.get(view.status, view.status.capitalize())
    step, seconds = _reached(view)
    if view.status == "paused" and view.made_way:
        words = "Paused and made way for others; Resume puts it back in line"
    if step < config.first_steps:
        words = f"{words}, single objects first"
    parts = [words, format_clock(seconds), f"step {step:,} of {config.steps:,}"]
    rest = describe_rest(config.steps - step, view.steps_per_second)
    return " · ".join([*parts, *rest, *describe_speed(view.steps_per_second, config)])


def share_done(view: JobView, config: RaceConfig) -> float | None:
    """Return the share 0 to 1 of the steps, or of the head start, that is done; None before the first."""
    if not view.progress:
        return None
    last = view.progress[-1]
    return _reached(view)[0] / config.steps if last.head_start is None else last.head_start


def _reached(view: JobView) -> tuple[int, float]:
    """Return the last step known and its seconds of training; a look can come after the last report."""
    reports: tuple[Progress | Snapshot, ...] = (*view.progress[-1:], *view.snapshots[-1:])
    last = max(reports, key=lambda found: found.step)
    return last.step, last.seconds


def describe_rest(steps: int, steps_per_second: float) -> list[str]:
    """Return the time that steps take at a speed, in words and roughly; nothing while nothing moves."""
    if steps <= 0 or steps_per_second <= 0:
        return []
    minutes = steps / steps_per_second / 60
    if minutes < 1:
        return ["less than a minute left"]
    return [f"about {minutes:.0f} min left" if minutes < 90 else f"about {minutes / 60:.1f} h left"]


def describe_speed(steps_per_second: float, config: RaceConfig) -> list[str]:
    """Return steps and questions per second in words; nothing while nothing moves."""
    if steps_per_second <= 0:
        return []
    questions = steps_per_second * config.n_scenes * config.n_questions
    digits = 0 if steps_per_second >= 10 else 1
    return [f"{steps_per_second:.{digits}f} steps/s", f"{questions:,.0f} questions/s"]


def _ordinal(number: int) -> str:
    """Return a number's place, such as 2nd."""
    ending = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def target_of(task: str) -> float:
    """Return the percentage that counts as having learned a task's questions."""
    solved_above = RACE_TASKS[task].solved_above
    return TARGET if solved_above is None else 100 * solved_above


def stage_minute(snapshots: Sequence[Snapshot], config: RaceConfig) -> float | None:
    """Return the minute of training at which all questions began to be asked; None where they always were, or are not.

    It is that of the first evaluation after the first steps.
    """
    if not config.first_steps:
        return None
    return next((shot.seconds / 60 for shot in snapshots if shot.step >= config.first_steps), None)


def race_curves(snapshots: Sequence[Snapshot], group: str, task: str = _TASK) -> tuple[Curve, ...]:
    """Return each runner's accuracy on a group of question types, in percent."""
    found = [snapshot.groups for snapshot in snapshots]
    if group == MEAN:
        found = [{kind: {MEAN: mean_share(shares)} for kind, shares in runners.items()} for runners in found]
    return _curves(snapshots, found, group, task)


def mean_share(shares: Mapping[str, float]) -> float:
    """Return the mean accuracy of groups that are asked equally often."""
    return sum(shares.values()) / len(shares)


def _curves(
    snapshots: Sequence[Snapshot], found: Sequence[Mapping[str, Mapping[str, float]]], name: str, task: str
) -> tuple[Curve, ...]:
    """Return each runner's curve of one accuracy."""
    minutes = tuple(snapshot.seconds / 60 for snapshot in snapshots)
    runners = found[0] if found else ()
    return tuple(Curve(kind, minutes, tuple(100 * row[kind][name] for row in found), task) for kind in runners)


def group_floor(snapshots: Sequence[Snapshot], task: str, group: str) -> float | None:
    """Return the accuracy in percent of the best constant answers; None before the first look.

    Every type of a group is asked equally often, so that the group's floor is the mean of theirs.
    """
    if not snapshots:
        return None
    found = snapshots[-1].blind_floor
    floors = [found[kind] for kind in (found if group == MEAN else RACE_TASKS[task].groups[group])]
    return 100 * sum(floors) / len(floors)


def type_panels(snapshots: Sequence[Snapshot], config: RaceConfig) -> tuple[Panel, ...]:
    """Return one panel per question type that looks ask about, in the order of the task."""
    if not snapshots:
        return ()
    floors = snapshots[-1].blind_floor
    asked = config.question_types or RACE_TASKS[config.task].question_types
    return tuple(
        Panel(
            name=type_name(kind),
            floor=100 * floors[kind],
            curves=_curves(snapshots, [snapshot.accuracy for snapshot in snapshots], kind, config.task),
            is_asked=kind in asked,
        )
        for kind in RACE_TASKS[config.task].question_types
        if kind in floors
    )


def loss_curves(progress: Sequence[Progress], task: str = _TASK) -> tuple[Curve, ...]:
    """Return each runner's cross-entropy in nats, as the mean over the last few reports."""
    reports = [report for report in progress if report.losses]
    minutes = tuple(report.seconds / 60 for report in reports)
    curves = []
    for kind in reports[0].losses if reports else ():
        raw = [report.losses[kind] for report in reports]
        windows = (raw[max(0, end - _SMOOTH) : end] for end in range(1, len(raw) + 1))
        curves.append(Curve(kind, minutes, tuple(sum(window) / len(window) for window in windows), task))
    return tuple(curves)


def minutes_to_target(curve: Curve) -> float | None:
    """Return the minutes after which a curve first reached its target, or None."""
    return next((at for at, value in zip(curve.minutes, curve.values, strict=True) if value >= curve.target), None)


def make_cards(examples: Sequence[Example], snapshot: Snapshot, task: str) -> tuple[Card, ...]:
    """Return every example with what each runner answers at a moment."""
    answers = RACE_TASKS[task].answers
    cards = []
    for row, example in enumerate(examples):
        replies = []
        for kind, table in snapshot.probabilities.items():
            best = max(range(len(answers)), key=table[row].__getitem__)
            is_right = answers[best] == example.answer
            replies.append(Reply(kind, answers[best], table[row][best], is_right, RUNNERS[kind].short))
        cards.append(Card(example, tuple(replies)))
    return tuple(cards)


def describe_race_result(curves: Sequence[Curve], floor: float | None, group: str) -> str:
    """Return what the race figure shows, for people who cannot see it."""
    if not curves:
        return f"Accuracy on {GROUPS[group]} questions; the race has not begun."
    ends = ", ".join(f"{curve.name} {curve.values[-1]:.0f} %" for curve in curves)
    guessing = "" if floor is None else f"; guessing gives {floor:.0f} %"
    return f"Accuracy on {GROUPS[group]} questions after {60 * curves[0].minutes[-1]:.0f} s: {ends}{guessing}."

"""The runs of a session side by side: what is kept of each, as a table, CSV, and a picture for print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pages._lab.saving import write_csv, write_figure
from pages._lab.train.state import GROUPS, groups_of
from pages._lab.train.view import TARGET, Curve, mean_share, minutes_to_target, race_curves, target_of
from pages._lab.train.words import describe_race, format_clock
from rn_core.race.records import RACE_TASKS, RUNNERS, RaceConfig, Snapshot
from rn_core.tasks.domain import MEAN

if TYPE_CHECKING:
    from pages._lab.train.jobs import JobView

#: Runs that a session keeps; the oldest go first.
MOST_RUNS = 12


@dataclass(frozen=True)
class RunRecord:
    """The record that a session keeps of a run.

    Attributes:
        number: 1 for a session's first run.
        token: the run's.
        config: what it was asked for.
        status: the last one seen.
        snapshots: its looks, without examples and pairs.
    """

    number: int
    token: str
    config: RaceConfig
    status: str
    snapshots: tuple[Snapshot, ...]

    @property
    def title(self) -> str:
        """Return the run's name."""
        return f"Run {self.number}"

    def curves(self, group: str) -> tuple[Curve, ...]:
        """Return each runner's accuracy on a group of question types; none for a group that the run was not asked."""
        return race_curves(self.snapshots, group, self.config.task) if group in groups_of(self.config) else ()


def remember_run(runs: Sequence[RunRecord], token: str, config: RaceConfig, view: JobView) -> tuple[RunRecord, ...]:
    """Return a session's runs with the latest of one of them; a run that has not looked yet is left out."""
    if not view.snapshots:
        return tuple(runs)
    lean = view.lean_snapshots
    known = {record.token: record.number for record in runs}
    number = known.get(token, max(known.values(), default=0) + 1)
    record = RunRecord(number, token, config, view.status, lean)
    kept = [record if old.token == token else old for old in runs]
    return tuple(kept if token in known else [*kept, record])[-MOST_RUNS:]


def table_rows(runs: Sequence[RunRecord]) -> list[dict[str, str]]:
    """Return one line per run: column -> text; accuracies are those of the last look.

    All lines have the columns of all runs, which stay empty where a run has nothing of the kind.
    """
    rows = [_table_row(record) for record in runs]
    columns = dict.fromkeys((name for row in rows for name in row), "")
    return [columns | row for row in rows]


def _table_row(record: RunRecord) -> dict[str, str]:
    """Return one run's line."""
    last, task = record.snapshots[-1], record.config.task
    row = {
        "Run": str(record.number),
        "Settings": describe_race(record.config),
        "Steps": f"{last.step:,}",
        "Time": format_clock(last.seconds),
    }
    groups = groups_of(record.config)
    for group in (MEAN,) if MEAN in groups else groups:
        for kind in RACE_TASKS[task].race.models:
            found = last.groups.get(kind)
            share = None if found is None else mean_share(found) if group == MEAN else found[group]
            row[f"{RUNNERS[kind].short} {GROUPS[group]}"] = "" if share is None else f"{100 * share:.0f} %"
    reached = {curve.model: minutes_to_target(curve) for curve in record.curves(next(iter(groups)))}
    minutes = reached.get("rn")
    row[f"RN at {target_of(task):.0f} % after"] = "" if minutes is None else format_clock(60 * minutes)
    return row


def export_csv(runs: Sequence[RunRecord]) -> bytes:
    """Return one line for each run, look, runner and group of questions."""
    rows = (
        [record.number, settings, look.step, f"{look.seconds:.2f}", kind, group, share]
        for record, settings in ((record, describe_race(record.config)) for record in runs)
        for look in record.snapshots
        for kind, groups in look.groups.items()
        for group, share in groups.items()
    )
    return write_csv(["run", "settings", "step", "seconds", "model", "questions", "accuracy"], rows)


def export_png(runs: Sequence[RunRecord], group: str = "relational") -> bytes:
    """Return the curves of all runs as a picture; Matplotlib is loaded when it is asked for."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    axes = figure.subplots()
    for record in runs:
        for curve in record.curves(group):
            label = f"{record.number} {curve.name}: {describe_race(record.config)}"
            dash, color = "-" if curve.model == "rn" else "--", f"C{(record.number - 1) % 10}"
            axes.plot(curve.minutes, curve.values, linewidth=2, label=label, linestyle=dash, color=color)
            axes.annotate(f" {record.number} {curve.name}", (curve.minutes[-1], curve.values[-1]), va="center")
    target = max((curve.target for record in runs for curve in record.curves(group)), default=TARGET)
    axes.axhline(target, color="#888888", linewidth=1, linestyle=":")
    axes.set(xlabel="minutes of training", ylabel=f"accuracy on {GROUPS[group]} questions, %", ylim=(0, 100))
    axes.set_xlim(left=0)
    figure.legend(loc="outside lower center", fontsize=8)
    return write_figure(figure)

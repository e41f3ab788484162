"""A short race that really took place, and jobs that play it back in any status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pages._lab.train.jobs import JobView
from rn_core.common.errors import RNCoreError
from rn_core.race.race import Race
from rn_core.race.records import RaceConfig, usual_config
from rn_core.training.processes import make_fabric

#: Steps after which the recorded races are looked at.
LOOKS = (0, 2, 4)


@dataclass
class FakeJob:
    """A job whose status a test sets; it notes what it is told."""

    config: RaceConfig
    shown: JobView
    folder: Path
    token: str = "a-token"
    owner: str = "somebody"
    told: list[str] = field(default_factory=list)

    def view(self) -> JobView:
        return self.shown

    def watch(self, session: str | None) -> None:
        self.told.append("watch")

    def pause(self) -> None:
        self._follow("pause", "paused")

    def resume(self) -> None:
        self._follow("resume", "running")

    def step(self) -> None:
        self._follow("step", "paused")

    def stop(self) -> None:
        self._follow("stop", "stopped")

    def bundle(self, kind: str) -> bytes:
        if not self.shown.has_weights:
            raise RNCoreError("This run has no weights yet.")
        return (self.folder / f"{kind}.safetensors").read_bytes()

    def _follow(self, told: str, status: str) -> None:
        self.told.append(told)
        self.shown = replace(self.shown, status=status)


@pytest.fixture(scope="session")
def play(tmp_path_factory) -> Callable[..., FakeJob]:
    """Return `play(status, **view) -> FakeJob` of a short race; `config` holds changes to `RaceConfig`."""
    races: dict[tuple, FakeJob] = {}

    def make(status: str = "running", config: dict[str, object] | None = None, **view: object) -> FakeJob:
        changes = {"size": "tiny", "n_scenes": 2, "n_questions": 4, **(config or {})}
        if changes.get("task") == "babi":
            changes = {**usual_config("babi").to_dict(), "head_start": 20, **changes, "n_questions": 1}
        key = tuple(sorted(changes.items()))
        if key not in races:
            races[key] = _record(RaceConfig(**changes), tmp_path_factory.mktemp("race"))
        recorded = races[key]
        shown = replace(recorded.shown, **{"status": status, "has_weights": True, **view})
        return FakeJob(recorded.config, shown, recorded.folder)

    return make


def _record(config: RaceConfig, folder: Path) -> FakeJob:
    """Let a race run for a few steps."""
    race = Race(config, make_fabric("cpu", "32-true"))
    steps, looks, progress = race.train(), [race.look()], []
    while race.step < LOOKS[-1]:
        progress.append(next(steps))
        if race.step in LOOKS:
            looks.append(race.look())
    race.save(folder)
    view = JobView("running", progress=tuple(progress), snapshots=tuple(looks), examples=race.examples)
    return FakeJob(config, view, folder)

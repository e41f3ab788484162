"""One race in a process of its own: `python -m rn_core.race.worker`.

Lines of JSON go in and out. The first line on standard input is the order, `{"config": {...}, "folder": "..."}`;
each further line is a command, `{"do": "pause" | "resume" | "step" | "stop" | "make way"}`. Standard output has events,
each with its `kind`: "hello", "progress", "snapshot", "saved", "status", "problem". A run that makes way keeps all that
needs in its folder, says "kept" and ends; the same order resumes it as if it had never stopped. When
standard input ends, the owner is gone, and the process ends at once, whatever it is doing: no process outlives
a server that died.
"""

from __future__ import annotations

import json
import queue
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import torch

from rn_core.common.children import count_threads, follow_owner, keep_freed_memory, lower_priority, take_output
from rn_core.common.device import choose_device, has_fast_bf16
from rn_core.common.errors import RNCoreError
from rn_core.race.own_race import OwnRace, OwnRaceConfig
from rn_core.race.race import Race
from rn_core.race.records import Progress, RaceConfig
from rn_core.training.config import Precision
from rn_core.training.processes import make_fabric

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Seconds between reports of progress, between evaluations (at least), and between checkpoints; the first comes early,
#: so that a run stopped at once has something to show.
REPORT_EVERY, LOOK_EVERY, SAVE_EVERY, FIRST_SAVE = 0.4, 2.0, 20.0, 3.0
#: An evaluation may take this share of the time.
_LOOK_SHARE = 0.1
#: Folder beside the weights with the checkpoint of a run that made way.
_KEPT = "kept"


class Commands:
    """The owner's commands."""

    def __init__(self, stream: Iterable[str]) -> None:
        """Start to read commands from a stream; the process ends with it."""
        self._waiting = follow_owner(stream)

    def next(self, wait: bool) -> str | None:
        """Return the next command; if there is none, wait for one or return None."""
        try:
            command: str = json.loads(self._waiting.get(block=wait))["do"]
            return command
        except queue.Empty:
            return None


class Worker:
    """Runs a race, reports it, saves its weights, and handles commands between two steps."""

    def __init__(self, order: dict[str, Any], commands: Commands, out: IO[str]) -> None:
        """Take the order; raises RNCoreError if its config cannot be trained."""
        device = choose_device()
        precision: Precision = "bf16-mixed" if has_fast_bf16(device) else "32-true"
        self.race = _make_race(order["config"], make_fabric(device.type, precision), precision)
        torch.set_num_threads(count_threads(self.race.all_cores))
        self.folder = Path(order["folder"])
        self.commands, self.out = commands, out
        self._reported = self._looked = self._saved = time.monotonic()
        self._saved -= SAVE_EVERY - FIRST_SAVE
        self._look_every = LOOK_EVERY
        self._shown_step = -1
        self.paused = self.stopped = self.makes_way = False

    def run(self) -> None:
        """Run the race to its end or until it is stopped; the weights are on disk before the end is reported."""
        examples = [asdict(example) for example in self.race.examples]
        self.emit("hello", examples=examples, n_validation=len(self.race.validation.inputs[0]))
        if self.race.go_on(self.folder / _KEPT):
            self._shown_step = self.race.step
        self.look()
        self.emit("status", status="running")
        for progress in self.race.train():
            self._report(progress)
            self._handle_commands(progress)
            if self.stopped or self.makes_way:
                break
        self.look()
        self.save()
        self.emit("status", status=self._end())

    def _end(self) -> str:
        """Return how the run ends; one that makes way has then saved its checkpoint."""
        if self.stopped or self.race.step == self.race.config.steps or not self.makes_way:
            return "stopped" if self.stopped else "finished"
        self.race.keep(self.folder / _KEPT)
        return "kept"

    def save(self) -> None:
        """Write the weights and report it."""
        self.race.save(self.folder)
        self.emit("saved")

    def emit(self, kind: str, **values: Any) -> None:
        """Send one event."""
        self.out.write(json.dumps({"kind": kind, **values}) + "\n")
        self.out.flush()

    def look(self) -> None:
        """Send an evaluation of the runners, unless it was sent already."""
        if self._shown_step == self.race.step:
            return
        started = time.monotonic()
        self.emit("snapshot", **asdict(self.race.look()))
        self._shown_step, self._looked = self.race.step, time.monotonic()
        self._look_every = max(LOOK_EVERY, (self._looked - started) / _LOOK_SHARE)

    def _report(self, progress: Progress) -> None:
        """Report progress, evaluate and save, each when it is due."""
        now = time.monotonic()
        if now - self._reported >= REPORT_EVERY:
            self._reported = now
            self.emit("progress", **asdict(progress))
        if now - self._looked >= self._look_every:
            self.look()
        if now - self._saved >= SAVE_EVERY:
            self._saved = now
            self.save()

    def _handle_commands(self, progress: Progress) -> None:
        """Handle commands between two steps; return when the next may be taken or the race is stopped."""
        if self.paused:
            self._show(progress)
        while command := self.commands.next(wait=self.paused):
            if command in ("stop", "make way"):
                self.stopped, self.makes_way = command == "stop", command == "make way"
                return
            self.paused = command != "resume"
            self.emit("status", status="paused" if self.paused else "running")
            if command == "step":
                return
            if self.paused:
                self._show(progress)

    def _show(self, progress: Progress) -> None:
        """Send and keep the status of the race."""
        self.emit("progress", **asdict(progress))
        self.look()
        self.save()


def _make_race(values: dict[str, Any], fabric: Fabric, precision: Precision) -> Race:
    """Return the race of a config: on a set of anybody's, if it names one."""
    if "data" in values:
        return OwnRace(OwnRaceConfig.from_dict(values), fabric, precision)
    return Race(RaceConfig.from_dict(values), fabric, precision)


def main() -> int:
    """Run one order; return 0, or 1 after a problem that was reported in one sentence."""
    out = take_output("w")
    lower_priority()
    keep_freed_memory()
    order = json.loads(sys.stdin.readline() or "{}")
    try:
        Worker(order, Commands(sys.stdin), out).run()
    except (RNCoreError, KeyError) as err:
        return _fail(out, str(err))
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        return _fail(out, "The training ran out of memory; choose a smaller size or fewer scenes per step.")
    except Exception as err:  # the page always gets a sentence, and the log the traceback
        traceback.print_exc()
        return _fail(out, f"The training failed ({type(err).__name__}: {str(err)[:200]}); start it again.")
    return 0


def _fail(out: IO[str], sentence: str) -> int:
    """Send a problem; return the exit status."""
    out.write(json.dumps({"kind": "problem", "sentence": sentence}) + "\n")
    out.flush()
    return 1


if __name__ == "__main__":
    sys.exit(main())

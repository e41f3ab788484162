"""A race in a process of its own, as a page sees it; no Streamlit.

A `Job` talks to one `rn_core.race.worker`. A worker that loses its server ends by itself, because its input ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pages._lab.processes import pipes_of
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Example
from rn_core.race.records import Progress, RaceConfig, Snapshot

ROOT = Path(__file__).resolve().parents[3]
#: Seconds that a worker has to end normally.
GRACE = 0.9
#: Longest histories that a page is given.
MAX_PROGRESS, MAX_SNAPSHOTS = 300, 120
ACTIVE = ("waiting", "starting", "running", "paused", "stopping")
Record = TypeVar("Record")


@dataclass(frozen=True)
class JobView:
    """A job at one moment, safe to keep.

    Attributes:
        status: "waiting", "starting", "running", "paused", "stopping", "stopped", "finished" or "failed".
        place: its place in the line, 1 is next; 0 if it does not wait.
        line: how many jobs wait.
        made_way: whether others got its turn and what it needs to go on is on disk.
        report: number of the last report of its worker or change of its status; equal numbers mean equal contents.
        looks: how many looks it has had.
        problem: what went wrong, in one sentence.
        progress: at most 300 of all reports, first and last among them.
        snapshots: at most 120 of all looks, first and last among them.
        examples: the example questions; empty until they are known.
        n_validation: scenes behind each accuracy.
        steps_per_second: lately; 0 while nothing moves.
        has_weights: whether there are weights to use or download.
    """

    status: str
    place: int = 0
    line: int = 0
    made_way: bool = False
    report: int = 0
    looks: int = 0
    problem: str | None = None
    progress: tuple[Progress, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    examples: tuple[Example, ...] = ()
    n_validation: int = 0
    steps_per_second: float = 0.0
    has_weights: bool = False

    @property
    def is_active(self) -> bool:
        """Return whether it can still go on."""
        return self.status in ACTIVE

    @cached_property
    def lean_snapshots(self) -> tuple[Snapshot, ...]:
        """Return the looks without examples and pairs, made once for all who compare runs."""
        return tuple(replace(snapshot, probabilities={}, contributions=None) for snapshot in self.snapshots)


class Job:
    """One race. Its methods return at once and may be called from any thread."""

    def __init__(
        self,
        config: RaceConfig,
        owner: str,
        folder: Path,
        find_place: Callable[[Job], tuple[int, int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what is to be trained; the board starts it.

        Args:
            config: the race.
            owner: whose it is.
            folder: where its weights go; made here, deleted when the job is forgotten.
            find_place: job -> its place in the line (1 is next, 0 not in it) and the line's length.
            clock: seconds that never go back.
        """
        self.config, self.owner, self.folder, self._find_place = config, owner, folder, find_place
        self.token = secrets.token_urlsafe(9)
        self.status, self.made_way, self._clock = "waiting", False, clock
        #: When it was last watched, entered its status, and came into the line or got its turn.
        self.touched = self.moved = self.queued = self.began = clock()
        #: Sessions that watch it; and whether it was told to make way and has not yet.
        self.watchers: set[str | None] = set()
        self._report = self._looks = 0
        self._view: JobView | None = None
        self._has_weights = self.gives_way = False
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._problem: str | None = None
        self._progress: list[Progress] = []
        self._snapshots: list[Snapshot] = []
        self._examples: tuple[Example, ...] = ()
        self._n_validation = 0
        self._stop_asked = False
        folder.mkdir(parents=True)

    @property
    def has_worker(self) -> bool:
        """Return whether a process trains or ends, so that the job takes a place."""
        return self._process is not None and self.status in ACTIVE

    def watch(self, session: str | None) -> None:
        """Note that a session watches this job; the job continues while one of them is connected."""
        self.watchers.add(session)
        self.touched = self._clock()

    def pause(self) -> None:
        """Pause after the present step."""
        self._send("pause")

    def resume(self) -> None:
        """Go on; a run that made way while it was paused goes to the end of the line."""
        with self._lock:
            if self.status == "paused" and self._process is None:
                self._settle("waiting")
                self.queued = self._clock()
                return
        self._send("resume")

    def make_way(self) -> None:
        """Keep what the run needs to go on and end its worker: a moving run waits again, a paused one stays paused."""
        self.gives_way = True
        self._send("make way")

    def step(self) -> None:
        """Take one step, then stay paused."""
        self._send("step")

    def stop(self, reason: str | None = None) -> None:
        """End the race within a second; what it has learned by then stays usable.

        Args:
            reason: a sentence for the page, if not its own person asked for this.
        """
        with self._lock:
            if self.status not in ACTIVE or self._stop_asked:
                return
            self._stop_asked, self._problem = True, reason
            self._settle("stopped" if self._process is None else "stopping")
            if self._process is None:
                return
        self._send("stop")
        ender = threading.Timer(GRACE, self._process.kill)
        ender.daemon = True
        ender.start()

    def bundle(self, kind: str) -> bytes:
        """Return the last weights of a runner ("rn" or "mlp") as one file; see `rn_core.weights.bundles`.

        Raises:
            RNCoreError: if there are none yet.
        """
        path = self.folder / f"{kind}.safetensors"
        if not path.exists():
            raise RNCoreError(f"This run has no weights of '{kind}' yet; let it train for a few seconds more.")
        return path.read_bytes()

    def view(self) -> JobView:
        """Return the state of the job; the same object until something changes, for all who ask."""
        place, line = self._find_place(self)
        with self._lock:
            known = self._view
            if known is not None and (known.report, known.place, known.line) == (self._report, place, line):
                return known
            self._view = JobView(
                status=self.status,
                place=place,
                line=line,
                made_way=self.made_way,
                report=self._report,
                looks=self._looks,
                problem=self._problem,
                progress=tuple(self._progress),
                snapshots=tuple(self._snapshots),
                examples=self._examples,
                n_validation=self._n_validation,
                steps_per_second=self._speed(),
                has_weights=self._has_weights,
            )
            return self._view

    def start(self, on_end: Callable[[], None]) -> None:
        """Start the worker; `on_end` is called, from another thread, when it has ended."""
        with self._lock:
            self._settle("starting")
            self.made_way, self.began = False, self._clock()
            with (self.folder / "log.txt").open("w") as log:
                process = self._process = subprocess.Popen(
                    [sys.executable, "-m", "rn_core.race.worker"],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                )
        _write(process, {"config": self.config.to_dict(), "folder": str(self.folder)})
        threading.Thread(target=self._listen, args=(process, on_end), daemon=True).start()

    def forget(self) -> None:
        """End the worker at once, if there is one, and delete the job's files."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, command: str) -> None:
        """Send a command to the worker; one that has ended needs none."""
        if self._process is not None:
            _write(self._process, {"do": command})

    def _listen(self, process: subprocess.Popen[str], on_end: Callable[[], None]) -> None:
        """Process events until the worker ends, then determine how it ended."""
        stdin, stdout = pipes_of(process)
        with stdout:
            for line in stdout:
                event = json.loads(line)
                with self._lock:
                    self._take_in(event.pop("kind"), event)
        code = process.wait()
        with contextlib.suppress(OSError):  # what could not be written is not wanted any more
            stdin.close()
        with self._lock:
            self._judge(code)
            self._report += 1
        on_end()

    def _take_in(self, kind: str, event: dict[str, Any]) -> None:
        """Process one event."""
        self._report += 1
        if kind == "progress":
            _append_thinned(self._progress, Progress(**event), MAX_PROGRESS)
        elif kind == "saved":
            self._has_weights = True
        elif kind == "snapshot":
            self._looks += 1
            _append_thinned(self._snapshots, Snapshot(**event), MAX_SNAPSHOTS)
        elif kind == "hello":
            self._examples = tuple(Example(**example) for example in event["examples"])
            self._n_validation = event["n_validation"]
        elif kind == "status" and event["status"] == "kept":
            self.made_way = True
        elif kind == "status" and self.status == "stopping" and event["status"] in ACTIVE:
            pass  # said before it heard of the stop
        elif kind == "status":
            self._settle(event["status"])
        else:
            self.status, self._problem = "failed", event["sentence"]

    def _settle(self, status: str) -> None:
        """Set a status."""
        self.status, self.moved = status, self._clock()
        self._report += 1

    def _judge(self, code: int) -> None:
        """Settle the status of a worker that has ended."""
        if self.status not in ACTIVE:
            return
        if self._stop_asked:
            self._settle("stopped")
            return
        if self.made_way:
            self._process, self.gives_way, self.queued = None, False, self._clock()
            self._settle("paused" if self.status == "paused" else "waiting")
            return
        self.status, self._problem = "failed", _describe_end(code)

    def _speed(self) -> float:
        """Return the steps per second over the last reports."""
        recent = [one for one in self._progress[-8:] if one.head_start is None]
        if self.status != "running" or len(recent) < 2 or recent[-1].seconds == recent[0].seconds:
            return 0.0
        return (recent[-1].step - recent[0].step) / (recent[-1].seconds - recent[0].seconds)


def _write(process: subprocess.Popen[str], values: dict[str, Any]) -> None:
    """Write one line to a worker."""
    stdin, _ = pipes_of(process)
    with contextlib.suppress(OSError, ValueError):  # if it has ended, `_listen` says how
        stdin.write(json.dumps(values) + "\n")
        stdin.flush()


def _describe_end(code: int) -> str:
    """Return the sentence for a worker that ended without a report."""
    kept = "What it had learned at its last checkpoint can still be used; start again to continue."
    if os.name == "posix" and code == -signal.SIGKILL:
        return f"The training was killed, most likely because memory ran out: choose a smaller size. {kept}"
    return f"The training process ended unexpectedly (status {code}). {kept}"


def _append_thinned(records: list[Record], record: Record, most: int) -> None:
    """Append a record; a list that grows too long loses every second one between its first and its last."""
    records.append(record)
    if len(records) > most:
        records[:] = [*records[:-1:2], records[-1]]

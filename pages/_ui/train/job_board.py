"""All races of a server: a few run at once, the rest wait in a line; who is gone is forgotten.

Nothing here knows Streamlit.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import threading
import time
from pathlib import Path

from pages._ui.train.jobs import ACTIVE, Job
from rn_core.race_records import RaceConfig

#: Seconds without a sign of life from its page after which a job ends.
FORGOTTEN_AFTER = 100.0
#: Seconds that a job may stay paused while others wait.
PAUSED_AT_MOST = 60.0
_MADE_WAY = "This run was stopped: it was paused for a minute while others waited. What it has learned can be used."


class JobBoard:
    """All jobs of a server."""

    def __init__(self, limit: int | None = None, forgotten_after: float = FORGOTTEN_AFTER) -> None:
        """Start with no jobs.

        Args:
            limit: how many run at once; None takes all cores but one, and one at least.
            forgotten_after: seconds without a sign of life after which a job ends.
        """
        self.limit = limit or max(1, (os.cpu_count() or 2) - 1)
        self.forgotten_after = forgotten_after
        self._folder = tempfile.TemporaryDirectory(prefix="relation-network-runs-", ignore_cleanup_errors=True)
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._keeper: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Return how many jobs wait in the line."""
        with self._lock:
            return sum(job.status == "waiting" for job in self._jobs.values())

    def submit(self, config: RaceConfig, owner: str) -> Job:
        """Put a race into the line; whatever else its owner runs is stopped.

        Args:
            config: what to train.
            owner: the session's own token.
        """
        with self._lock:
            for job in self._jobs.values():
                if job.owner == owner:
                    job.stop()
            job = Job(config, owner, Path(self._folder.name) / secrets.token_hex(8), self._find_place)
            self._jobs[job.token] = job
            self._start_next()
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, daemon=True)
                self._keeper.start()
        return job

    def find(self, token: str) -> Job | None:
        """Return the job of a token, or None if there is none any more."""
        with self._lock:
            return self._jobs.get(token)

    def _find_place(self, job: Job) -> tuple[int, int]:
        """Return a job's place in the line, 0 if it is not in it, and the line's length."""
        with self._lock:
            line = [one.token for one in self._jobs.values() if one.status == "waiting"]
        return (line.index(job.token) + 1 if job.token in line else 0), len(line)

    def close(self) -> None:
        """End all jobs and delete their files."""
        with self._lock:
            for job in self._jobs.values():
                job.forget()
            self._jobs.clear()
        self._folder.cleanup()

    def _start_next(self) -> None:
        """Start jobs from the line while there is room."""
        with self._lock:
            running = sum(job.status in ACTIVE[1:] for job in self._jobs.values())
            line = [job for job in self._jobs.values() if job.status == "waiting"]
            for job in line[: max(0, self.limit - running)]:
                job.start(self._start_next)

    def _keep(self) -> None:
        """Once a second, forget the jobs that nobody asks about."""
        while True:
            time.sleep(1)
            self.sweep()

    def sweep(self) -> None:
        """Forget the jobs that nobody has asked about for too long, stop those that hold up a line, start others."""
        now = time.monotonic()
        with self._lock:
            for job in self._jobs.values():
                if self.waiting and job.status == "paused" and now - job.moved > PAUSED_AT_MOST:
                    job.stop(_MADE_WAY)
            late = [job for job in self._jobs.values() if now - job.touched > self.forgotten_after]
            for job in late:
                del self._jobs[job.token]
                job.forget()
        self._start_next()

"""All races of a server: a few run at once, the rest wait in a line; turns are shared, and who is gone is forgotten.

Nothing here knows Streamlit.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable

from pages._lab.train.jobs import Job
from pages._lab.train.leftovers import RunFolder
from rn_core.race.records import RaceConfig

#: Seconds without anybody connected that watches it after which a job is stopped, and forgotten with its weights.
GONE_AFTER, FORGOTTEN_AFTER = 10.0, 100.0
#: Seconds of a turn, and of a pause, after which a job makes way for those that wait.
TURN, PAUSED_AT_MOST = 600.0, 60.0
_LEFT = "This run was stopped because no page was watching it. What it had learned by then can be used."


class JobBoard:
    """All jobs of a server."""

    def __init__(
        self,
        limit: int | None = None,
        is_connected: Callable[[str | None], bool] = lambda session: True,
        clock: Callable[[], float] = time.monotonic,
        make_job: Callable[..., Job] = Job,
    ) -> None:
        """Start with no jobs.

        Args:
            limit: how many run at once; None takes all cores but one, and one at least.
            is_connected: session -> whether its browser is still there.
            clock: seconds that never go back.
            make_job: what makes a job, called as `Job`.
        """
        self.limit = limit or max(1, (os.cpu_count() or 2) - 1)
        self._is_connected, self._clock, self._make_job = is_connected, clock, make_job
        self._folder = RunFolder()
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._keeper: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Return how many jobs wait in the line."""
        return len(self._line())

    def submit(self, config: RaceConfig, owner: str, session: str | None = None) -> Job:
        """Append a race to the line; all other races of its owner are stopped.

        Args:
            config: what to train.
            owner: the visitor's own token.
            session: who watches it from the beginning; None is always connected.
        """
        with self._lock:
            for job in self._jobs.values():
                if job.owner == owner:
                    job.stop()
            job = self._make_job(
                config, owner, self._folder.path / secrets.token_hex(8), self._find_place, clock=self._clock
            )
            job.watch(session)
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

    def _line(self) -> list[Job]:
        """Return the jobs that wait, the next one first."""
        with self._lock:
            return sorted((job for job in self._jobs.values() if job.status == "waiting"), key=lambda job: job.queued)

    def _find_place(self, job: Job) -> tuple[int, int]:
        """Return a job's place in the line, 0 if it is not in it, and the line's length."""
        line = [one.token for one in self._line()]
        return (line.index(job.token) + 1 if job.token in line else 0), len(line)

    def close(self) -> None:
        """End all jobs and delete their files."""
        with self._lock:
            for job in self._jobs.values():
                job.forget()
            self._jobs.clear()
        self._folder.close()

    def _start_next(self) -> None:
        """Start jobs from the line while there is room."""
        with self._lock:
            running = sum(job.has_worker for job in self._jobs.values())
            for job in self._line()[: max(0, self.limit - running)]:
                job.start(self._start_next)

    def _keep(self) -> None:
        """Once per second, check which watchers are gone and which turns are over."""
        while True:
            time.sleep(1)
            self.sweep()

    def sweep(self) -> None:
        """End unwatched jobs, let long turns make way for waiting jobs, and start others."""
        with self._lock:
            self._leave_out_the_gone()
            self._share_turns()
        self._start_next()

    def _leave_out_the_gone(self) -> None:
        """Stop jobs without connected watchers, and forget those without watchers for long."""
        now = self._clock()
        for job in [*self._jobs.values()]:
            if any(self._is_connected(session) for session in job.watchers):
                job.touched = now
            elif now - job.touched > FORGOTTEN_AFTER:
                del self._jobs[job.token]
                job.forget()
            elif now - job.touched > GONE_AFTER:
                job.stop(_LEFT)

    def _share_turns(self) -> None:
        """Let as many jobs make way as are waiting: those with the longest overdue turn or pause first."""
        now, jobs = self._clock(), [job for job in self._jobs.values() if job.has_worker]
        wanted = self.waiting - sum(job.gives_way for job in jobs) - max(0, self.limit - len(jobs))
        late = [job for job in jobs if not job.gives_way and _is_late(job, now)]
        for job in sorted(late, key=lambda job: job.began)[: max(0, wanted)]:
            job.make_way()


def _is_late(job: Job, now: float) -> bool:
    """Return whether a job's turn is over."""
    if job.status == "paused":
        return now - job.moved > PAUSED_AT_MOST or now - job.began > TURN
    return job.status == "running" and now - job.began > TURN

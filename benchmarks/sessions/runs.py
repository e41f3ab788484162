"""Which run of the script answers which request of a session.

The server folds requests together, lets a run of the whole script replace whatever runs, and drops requests for
fragments that are gone; so an answer is told by the run that began after the request and covers it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


@dataclass(eq=False)
class Request:
    """One request to run the script, or one fragment of it.

    Attributes:
        fragment: the fragment asked for; empty is the whole script.
        sent: when, on the clock of `Runs`.
        run: the run that is expected to answer it.
        is_handed_on: whether a run broke off that it was expected from, so that the next run answers it: a
            callback may have chosen another fragment.
        seconds: from sending to the end of that run; None until then.
        done: is set at that moment.
    """

    fragment: str
    sent: float
    run: str | None = None
    is_handed_on: bool = False
    seconds: float | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Runs:
    """The requests of one session that wait for an answer."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begin with none."""
        self.clock = clock
        self._waiting: list[Request] = []
        self._current = ""

    def ask(self, fragment: str = "") -> Request:
        """Note a request that is sent now."""
        request = Request(fragment, self.clock())
        self._waiting.append(request)
        return request

    def take(self, message: ForwardMsg) -> None:
        """Note when a run begins and ends."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._begin(message.metadata.run.script_run_id, frozenset(message.metadata.run.fragment_ids))
        elif kind == "script_finished":
            early = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
            self._end(message.metadata.run.script_run_id or self._current, early)

    def _begin(self, run: str, fragments: frozenset[str]) -> None:
        """Expect answers from a run: a full one answers all that waits, one of fragments what asked for them."""
        self._current = run
        for request in self._waiting:
            is_covered = request.is_handed_on or request.fragment in fragments
            if not fragments or (request.run is None and is_covered):
                request.run = run

    def _end(self, run: str, early: bool) -> None:
        """Answer what waited for a run; one that breaks off leaves its requests to the next."""
        for request in [request for request in self._waiting if request.run == run]:
            request.run, request.is_handed_on = None, early
            if not early:
                self._waiting.remove(request)
                request.seconds = self.clock() - request.sent
                request.done.set()

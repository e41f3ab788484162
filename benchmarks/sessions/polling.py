"""What a page's browser side sends by itself, when it is due, and how much of it the server answers.

A browser runs a timer for every `auto_rerun` message, keeps it while messages with the same interval come, and clears
these timers when a run of the whole script begins. A component keeps its own timer as long as it is drawn.
`find_poll` is the one place to change when a page polls in another way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.sessions.runs import Request

#: Components that poll: name -> the event that they send, and the key of their data that holds the seconds.
POLLING_COMPONENTS: Mapping[str, tuple[str, str]] = MappingProxyType({"poll": ("asked", "every")})
#: Seconds after which an unanswered poll counts as lost.
PATIENCE = 10.0
#: Share of polls that must be answered.
LEAST_ANSWERED = 0.95


def trigger_id(component: str) -> str:
    """Return the widget id under which a component of this id sends its events."""
    return f"$$STREAMLIT_INTERNAL_KEY_{component}__events"


def add_event(rerun: ClientState, component: str, event: str, value: object) -> None:
    """Add an event that a component sends to a request."""
    state = rerun.widget_states.widgets.add()
    state.id = trigger_id(component)
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])


@dataclass(frozen=True)
class Poll:
    """One thing that the browser asks every so often.

    Attributes:
        key: what it belongs to: a fragment or a component.
        every: seconds.
        fragment: the fragment to run; empty runs the whole script.
        event: what a component sends; empty for a fragment's own timer.
    """

    key: str
    every: float
    fragment: str = ""
    event: str = ""

    def fill(self, rerun: ClientState) -> None:
        """Write the request."""
        rerun.fragment_id = self.fragment
        if self.event:
            add_event(rerun, self.key, self.event, 1)
        else:
            rerun.is_auto_rerun = True


def find_poll(message: ForwardMsg) -> Poll | None:
    """Return the poll that a message of the server asks for, if it asks for one."""
    kind = message.WhichOneof("type")
    if kind == "auto_rerun":
        timer = message.auto_rerun
        return Poll(timer.fragment_id, timer.interval, timer.fragment_id)
    if kind != "delta" or message.delta.new_element.WhichOneof("type") != "bidi_component":
        return None
    component = message.delta.new_element.bidi_component
    name = component.component_name.rpartition(".")[2]
    if name not in POLLING_COMPONENTS:
        return None
    event, interval = POLLING_COMPONENTS[name]
    every = json.loads(component.json or "{}").get(interval)
    return Poll(component.id, float(every), message.delta.fragment_id, event) if every else None


class Timers:
    """The timers of one open page."""

    def __init__(self) -> None:
        """Begin without any."""
        self._due: dict[str, tuple[Poll, float]] = {}
        self._drawn: set[str] | None = None  # what the full run that is under way has drawn so far

    def __len__(self) -> int:
        """Return how many run."""
        return len(self._due)

    def take(self, message: ForwardMsg, now: float) -> None:
        """Do what a browser does with a message: set timers and stop those of what is no longer there.

        Args:
            message: the server's.
            now: seconds on any clock, the same as for `due`.
        """
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._due = {key: timer for key, timer in self._due.items() if timer[0].event}
            self._drawn = set()
        elif kind == "script_finished" and self._drawn is not None:
            if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._due = {key: timer for key, timer in self._due.items() if key in self._drawn}
            self._drawn = None
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._due.pop(fragment, None)
        elif (poll := find_poll(message)) is not None:
            if self._drawn is not None:
                self._drawn.add(poll.key)
            before = self._due.get(poll.key)
            if before is None or before[0] != poll:
                self._due[poll.key] = (poll, now + poll.every)

    def clear(self) -> None:
        """Stop all, as opening another page does."""
        self._due.clear()

    def due(self, now: float) -> list[Poll]:
        """Return the polls whose time has come and set their timers anew."""
        found = [poll for poll, at in self._due.values() if at <= now]
        for poll in found:
            self._due[poll.key] = (poll, now + poll.every)
        return found


@dataclass
class Tally:
    """Polls that were sent while something was measured."""

    requests: list[Request] = field(default_factory=list)

    def count(self, patience: float = PATIENCE) -> PollCount:
        """Return how many were asked, and answered within `patience` seconds."""
        answered = [r for r in self.requests if r.seconds is not None and r.seconds <= patience]
        return PollCount(len(self.requests), len(answered))

    async def settle(self, patience: float = PATIENCE) -> None:
        """Wait until every poll is answered or lost; nothing is asked meanwhile."""
        waits = [
            asyncio.wait_for(request.done.wait(), patience) for request in self.requests if request.seconds is None
        ]
        await asyncio.gather(*waits, return_exceptions=True)


@dataclass(frozen=True)
class PollCount:
    """How many polls were asked and answered in time."""

    asked: int = 0
    answered: int = 0

    @property
    def share(self) -> float | None:
        """Return the share 0 to 1 that was answered; None if nothing was asked."""
        return self.answered / self.asked if self.asked else None


def find_lost_polls(counts: Iterable[tuple[str, PollCount]], must_poll: Iterable[str] = ()) -> list[str]:
    """Return a sentence for every situation in which the polling was not real.

    Args:
        counts: name of a situation, and its polls.
        must_poll: situations in which there must have been some.
    """
    sentences = []
    for name, count in counts:
        if count.share is None:
            if name in must_poll:
                sentences.append(
                    f"Nothing polled in '{name}', so that it was not watched; did the race end or not start?"
                )
        elif count.share < LEAST_ANSWERED:
            sentences.append(
                f"Only {count.answered} of {count.asked} polls were answered within {PATIENCE:g} s in '{name}', "
                f"and {100 * LEAST_ANSWERED:.0f} % must be: its other figures do not say what watching costs."
            )
    return sentences

"""One open session, as a browser tab holds it: a WebSocket, what the page shows, and its timers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.sessions.polling import Poll, Tally, Timers, add_event
from benchmarks.sessions.runs import Request, Runs

#: Seconds until a run that a person waits for counts as failed.
LONGEST = 180.0
#: Seconds between two looks at the timers.
_TICK = 0.05


class SessionError(Exception):
    """The app did not do what a visitor asked; one sentence."""


@dataclass(frozen=True)
class Widget:
    """A button or component on the page: its id, its fragment ("" for none) and its JSON data."""

    id: str
    fragment: str
    data: Any = None


class Screen:
    """What the page shows, as far as visitors here use it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.session_id = ""
        self.pages: dict[str, str] = {}
        self.buttons: dict[str, Widget] = {}
        self.components: dict[str, Widget] = {}
        self.query = ""
        self.problem = ""

    def take(self, message: ForwardMsg) -> None:
        """Note what a message shows."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session_id = message.new_session.initialize.session_id or self.session_id
            if not message.metadata.run.fragment_ids:
                self.buttons, self.components, self.problem = {}, {}, ""
        elif kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta":
            self._take_element(message)

    def _take_element(self, message: ForwardMsg) -> None:
        """Note a button, a component or an error."""
        element, fragment = message.delta.new_element, message.delta.fragment_id
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = Widget(element.button.id, fragment)
        elif kind == "bidi_component":
            component = element.bidi_component
            data = json.loads(component.json or component.mixed.json or "null")
            self.components[component.id.rpartition("-")[2]] = Widget(component.id, fragment, data)
        elif kind == "exception":
            self.problem = element.exception.message or element.exception.type


class Client:
    """One open session."""

    def __init__(self, socket: ClientConnection) -> None:
        """Take an open connection."""
        self.socket = socket
        self.screen = Screen()
        self.runs = Runs()
        self.timers = Timers()
        self.page_hash = ""
        self._watches: list[tuple[Callable[[ForwardMsg], bool], asyncio.Event]] = []

    async def listen(self) -> None:
        """Take in what the server sends, until the connection ends."""
        async for content in self.socket:
            self.take(ForwardMsg.FromString(content))

    def take(self, message: ForwardMsg) -> None:
        """Take in one message."""
        self.screen.take(message)
        self.timers.take(message, time.monotonic())
        self.runs.take(message)
        for is_it, seen in self._watches:
            if is_it(message):
                seen.set()
        self._watches = [watch for watch in self._watches if not watch[1].is_set()]

    def watch(self, is_it: Callable[[ForwardMsg], bool]) -> asyncio.Event:
        """Return what is set when the first message that `is_it` accepts comes."""
        seen = asyncio.Event()
        self._watches.append((is_it, seen))
        return seen

    def open_page(self, page: str) -> None:
        """Turn to another page, "" for the first one; the next run draws it."""
        self.page_hash = self.screen.pages[page]
        self.screen.query = ""
        self.timers.clear()

    async def run(self, query: str | None = None) -> float:
        """Let the whole script run; return the seconds until it has finished.

        Args:
            query: the query string of an edited URL; None leaves the one that is there.
        """
        if query is not None:
            self.screen.query = query  # the address bar has it, until the page puts another one there
        message = self._new_message()
        return await self._finish(await self._send(message))

    async def press(self, label: str) -> float:
        """Press the button whose label begins so; return the seconds until the run has finished."""
        found = [button for name, button in self.screen.buttons.items() if name.startswith(label)]
        if not found:
            shown = ", ".join(self.screen.buttons) or "none"
            raise SessionError(f"The page has no button '{label}', only: {shown}.")
        message = self._new_message()
        message.rerun_script.fragment_id = found[0].fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = found[0].id, True
        return await self._finish(await self._send(message))

    async def send_event(self, key: str, value: object, event: str = "event") -> float:
        """Let the component of this key report what a person did; return the seconds until the run has finished."""
        if key not in self.screen.components:
            raise SessionError(
                f"The page has no component '{key}', only: {', '.join(self.screen.components) or 'none'}."
            )
        component = self.screen.components[key]
        message = self._new_message()
        message.rerun_script.fragment_id = component.fragment
        add_event(message.rerun_script, component.id, event, value)
        return await self._finish(await self._send(message))

    async def poll(self, poll: Poll) -> Request:
        """Ask what a timer asks; the answer comes later."""
        message = self._new_message()
        poll.fill(message.rerun_script)
        return await self._send(message)

    async def keep_polling(self, tally: Tally) -> None:
        """Poll as the page's timers say, forever."""
        while True:
            for poll in self.timers.due(time.monotonic()):
                tally.requests.append(await self.poll(poll))
            await asyncio.sleep(_TICK)

    def _new_message(self) -> BackMsg:
        """Return a request to run the page that is open."""
        message = BackMsg()
        message.rerun_script.query_string = self.screen.query
        message.rerun_script.page_script_hash = self.page_hash
        return message

    async def _send(self, message: BackMsg) -> Request:
        """Send a request to run."""
        request = self.runs.ask(message.rerun_script.fragment_id)
        await self.socket.send(message.SerializeToString())
        return request

    async def _finish(self, request: Request) -> float:
        """Wait for a request's answer; raises SessionError if there is none, or an error instead."""
        try:
            await asyncio.wait_for(request.done.wait(), LONGEST)
        except TimeoutError as err:
            raise SessionError(f"The server did not answer within {LONGEST:g} s.") from err
        if self.screen.problem:
            raise SessionError(f"The page shows an error: {self.screen.problem[:200]}")
        return request.seconds or 0.0


@contextlib.asynccontextmanager
async def open_session(address: str, path: str = "", **options: Any) -> AsyncIterator[Client]:
    """Open one session, with nothing asked yet.

    Args:
        address: "host:port".
        path: of the page beneath the server's root, "/prefix" where the server has one.
        options: more of `websockets.connect`.
    """
    options = {"subprotocols": ["streamlit"], "max_size": None, **options}
    async with connect(f"ws://{address}{path}/_stcore/stream", **options) as socket:
        client = Client(socket)
        listening = asyncio.create_task(client.listen())
        try:
            yield client
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@contextlib.asynccontextmanager
async def open_sessions(address: str, n_sessions: int) -> AsyncIterator[list[Client]]:
    """Open sessions one after the other, each with the first page drawn once."""
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for _ in range(n_sessions):
            clients.append(await stack.enter_async_context(open_session(address)))
            await clients[-1].run()
        yield clients


@contextlib.asynccontextmanager
async def polled(clients: list[Client]) -> AsyncIterator[Tally]:
    """Let the tabs poll; the tally holds what they asked, and is complete when the context ends."""
    tally = Tally()
    tasks = [asyncio.create_task(client.keep_polling(tally)) for client in clients]
    try:
        yield tally
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await tally.settle()

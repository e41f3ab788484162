"""A session's script is asked to run in the server's own thread, where the requests of browsers are made too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

from pages._ui import presence


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Return a loop that runs in a thread of its own."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


class Session(AppSession):
    """A session of Streamlit that notes what it is asked for, and in which thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._event_loop = loop
        self.asked: list[tuple[str, threading.Thread]] = []
        self.done = threading.Event()

    def __del__(self) -> None:
        """End without what a session that has served has to end."""

    def request_rerun(self, client_state: ClientState | None) -> None:
        self.asked.append((client_state.query_string, threading.current_thread()))
        self.done.set()


def test_a_run_is_requested_in_the_thread_of_the_server(monkeypatch, loop):
    session = Session(loop)
    instance = SimpleNamespace(get_app_session={"here": session}.get)
    monkeypatch.setattr(presence.runtime, "get_instance", lambda: instance)
    assert presence._run("here", ClientState(query_string="seed=3"))
    assert session.done.wait(20)
    ((query, thread),) = session.asked
    assert query == "seed=3"
    assert thread is not threading.current_thread()
    assert not presence._run("gone", ClientState())
    assert len(session.asked) == 1


def test_after_the_server_nobody_is_connected(monkeypatch):
    def stopped() -> None:
        raise RuntimeError

    monkeypatch.setattr(presence.runtime, "get_instance", stopped)
    assert not presence._run("here", ClientState())

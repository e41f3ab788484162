"""What a class feels while one of them trains: `python -m benchmarks.sessions`.

Starts the app, opens sessions as browsers do (a WebSocket each, Streamlit's own messages), lets each ask for another
scene on Explore every few seconds, first with nothing else going on, then while one more session trains the default
race. Run it on idle cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 60
START_BUTTON = "Start"


class Client:
    """One open session."""

    def __init__(self, socket: ClientConnection) -> None:
        """Take an open connection."""
        self.socket = socket
        self.pages: dict[str, str] = {}
        self.buttons: dict[str, str] = {}
        self.page_hash = ""
        self.timers: dict[str, float] = {}

    async def run(self, query: str = "", press: str | None = None, fragment: str = "") -> float:
        """Let the script run once; return the seconds until it has finished.

        Args:
            query: the URL's query string.
            press: label of a button to press, as far as it begins so.
            fragment: run this fragment alone.
        """
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash, rerun.fragment_id = query, self.page_hash, fragment
        if press is not None:
            state = rerun.widget_states.widgets.add()
            state.id = next(name for label, name in self.buttons.items() if label.startswith(press))
            state.trigger_value = True
        started = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        async for content in self.socket:
            if self._take_in(ForwardMsg.FromString(content)):
                break
        return time.perf_counter() - started

    def _take_in(self, message: ForwardMsg) -> bool:
        """Note what a message says of pages, buttons and timers; return whether the script has finished."""
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "button":
            button = message.delta.new_element.button
            self.buttons[button.label] = button.id
        elif kind == "auto_rerun":
            self.timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        return kind == "script_finished"

    async def keep_polling(self) -> None:
        """Run the page's timed fragments as a browser would."""
        due = {fragment: time.monotonic() for fragment in self.timers}
        while True:
            await asyncio.sleep(0.05)
            for fragment, every in [*self.timers.items()]:
                if time.monotonic() >= due.setdefault(fragment, time.monotonic() + every):
                    due[fragment] = time.monotonic() + every
                    await self.run(fragment=fragment)


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Start the app on a free port; yields "host:port"."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _is_healthy(port):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit("The app did not start.")
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _is_healthy(port: int) -> bool:
    """Return whether the server answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextlib.asynccontextmanager
async def open_sessions(address: str, n_sessions: int) -> AsyncIterator[list[Client]]:
    """Open sessions one after the other, each with the page drawn once."""
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for _ in range(n_sessions):
            connection = connect(f"ws://{address}/_stcore/stream", subprotocols=["streamlit"], max_size=None)
            clients.append(Client(await stack.enter_async_context(connection)))
            await clients[-1].run()
        yield clients


async def interact(clients: list[Client], seconds: float, period: float, first_seed: int) -> np.ndarray:
    """Let every session ask for a scene that nobody has seen, once a period, spread evenly.

    Args:
        clients: open sessions on Explore.
        seconds: how long.
        period: seconds between two interactions of one session.
        first_seed: scenes are counted from here.

    Returns:
        the seconds that each interaction took.
    """
    rounds = max(1, round(seconds / period))

    async def act(number: int, client: Client) -> list[float]:
        await asyncio.sleep(period * number / len(clients))
        taken = []
        for turn in range(rounds):
            taken.append(await client.run(f"seed={first_seed + turn * len(clients) + number}"))
            await asyncio.sleep(max(0.0, period - taken[-1]))
        return taken

    found = await asyncio.gather(*(act(number, client) for number, client in enumerate(clients)))
    return np.concatenate([np.array(taken) for taken in found])


async def start_training(client: Client) -> asyncio.Task[None]:
    """Open the Train page, start the default race and go on polling; the task ends the polling."""
    client.page_hash = client.pages["train"]
    await client.run()
    await client.run(press=START_BUTTON)
    if not client.timers:
        raise SystemExit("The race did not start: the Train page polls for nothing.")
    return asyncio.create_task(client.keep_polling())


async def measure(options: argparse.Namespace, report: Callable[[str, np.ndarray], None]) -> None:
    """Measure both situations."""
    with serve() as address:
        async with open_sessions(address, options.sessions + 1) as (trainer, *others):
            report("idle", await interact(others, options.seconds, options.period, 10_000))
            polling = await start_training(trainer)
            await asyncio.sleep(options.settle)
            report("one race training", await interact(others, options.seconds, options.period, 20_000))
            polling.cancel()


def main() -> None:
    """Print one line a situation, and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=30, help="open sessions, the one that trains not counted")
    parser.add_argument("--seconds", type=float, default=60, help="how long each situation is measured")
    parser.add_argument("--period", type=float, default=10, help="seconds between two interactions of one session")
    parser.add_argument("--settle", type=float, default=8, help="seconds between the start of the race and measuring")
    medians = []

    def report(name: str, taken: np.ndarray) -> None:
        middle, most = np.quantile(taken, [0.5, 0.9])
        medians.append(middle)
        print(
            f"| {name} | {len(taken)} | {1000 * middle:.0f} | {1000 * most:.0f} | {1000 * taken.max():.0f} |",
            flush=True,
        )

    options = parser.parse_args()
    print(f"{options.sessions} sessions, one interaction each every {options.period:g} s, {os.cpu_count()} cores\n")
    print("| situation | interactions | median, ms | 90 %, ms | longest, ms |\n| --- | --- | --- | --- | --- |")
    asyncio.run(measure(options, report))
    print(f"\nmedian with a race / median without: {medians[1] / medians[0]:.2f}")


if __name__ == "__main__":
    main()

"""Drive a drag in Chromium and print how often the page follows: `python -m benchmarks.dragging`, on idle cores.

An object is held and led around for some seconds. Counted are the answers of the page while it is held, and the
requests in flight, as they stand in Streamlit's own messages. Chromium must be installed.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.sessions.server import serve

#: What is dragged -> the page's address and the element.
DRAGS = {
    "explore": ("/?model=rn-objects", '.scene .object[data-object="red"] .shape'),
    "explore-pixels": ("/?model=rn-pixels", '.scene .object[data-object="red"] .shape'),
    "clevr": ("/clevr?show=plan", '.scene .object[data-object="C"] .shape'),
    "physics": ("/physics?seed=13", '.table [data-ball="6"] .body'),
}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--no-sandbox", "--disable-gpu")
#: Pixels of the screen around which an object is led, per turn, and seconds between two moves.
_REACH, _MOVES_PER_TURN, _PAUSE = 40, 120, 1 / 60
#: Seconds that a server which has just started has for its first page.
_PATIENCE = 180
#: Seconds from the first sight of an element to the drag.
_SETTLE = 3


@dataclass
class Traffic:
    """What went over a page's WebSocket.

    Attributes:
        sent_at: when each request of a run left, in seconds.
        waits: seconds from each request to the end of its run.
        most: the most requests in flight at one time.
    """

    sent_at: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    most: int = 0

    def note_sent(self, payload: str | bytes) -> None:
        """Note a message to the server."""
        if isinstance(payload, bytes) and BackMsg.FromString(payload).WhichOneof("type") == "rerun_script":
            self.sent_at.append(time.monotonic())
            self.most = max(self.most, len(self.sent_at) - len(self.waits))

    def note_received(self, payload: str | bytes) -> None:
        """Note a message from the server; one that ends a run answers the oldest request."""
        if not isinstance(payload, bytes) or len(self.waits) == len(self.sent_at):
            return
        message = ForwardMsg.FromString(payload)
        if message.WhichOneof("type") != "script_finished":
            return
        if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.waits.append(time.monotonic() - self.sent_at[len(self.waits)])


@contextmanager
def open_browser() -> Iterator[Page]:
    """Start Chromium with a fresh profile and yield its one blank page; raises SystemExit where none is installed."""
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        raise SystemExit(f"No browser found: none of {', '.join(_BROWSERS)} is on the path; install one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        page = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce").new_page()
        page.set_default_timeout(1000 * _PATIENCE)
        yield page
        browser.close()


@contextmanager
def open_page(address: str) -> Iterator[tuple[Page, Traffic]]:
    """Open a page in Chromium and note its traffic from now on."""
    with open_browser() as page:
        traffic = Traffic()
        page.context.add_cookies([{"name": "rn_opening", "value": "seen", "domain": "127.0.0.1", "path": "/"}])
        page.on("websocket", lambda socket: socket.on("framesent", traffic.note_sent))
        page.on("websocket", lambda socket: socket.on("framereceived", traffic.note_received))
        page.goto(address)
        yield page, traffic


def lead(page: Page, element: str, seconds: float) -> None:
    """Hold an element and lead it around in a circle; it is still held at the end."""
    box = page.locator(element).bounding_box()
    if box is None:
        raise SystemExit(f"The page shows no {element}.")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    end, step = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        step += 1
        angle = 2 * math.pi * step / _MOVES_PER_TURN
        page.mouse.move(x + _REACH * (math.cos(angle) - 1), y + _REACH * math.sin(angle))
        page.wait_for_timeout(1000 * _PAUSE)


def measure(name: str, address: str, seconds: float) -> str:
    """Return a row: what is dragged, updates per second, the median wait for one, and the most requests in flight."""
    path, element = DRAGS[name]
    with open_page(f"http://{address}{path}") as (page, traffic):
        page.locator(element).wait_for()
        page.wait_for_timeout(1000 * _SETTLE)
        traffic.sent_at.clear()
        traffic.waits.clear()
        traffic.most = 0
        lead(page, element, seconds)
        waits = sorted(traffic.waits)
        page.mouse.up()
        page.wait_for_timeout(1000)
    median = f"{1000 * waits[len(waits) // 2]:.0f} ms" if waits else "none"
    return f"| {name} | {len(waits) / seconds:.1f} | {median} | {traffic.most} |"


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drags", nargs="+", choices=list(DRAGS), default=list(DRAGS), metavar="NAME",
                        help=f"any of {', '.join(DRAGS)}")  # fmt: skip
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each object is held")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before.\n")
    print("| drag | updates per second | median wait | most requests in flight |\n| --- | --- | --- | --- |")
    with serve() as server:
        for name in options.drags:
            print(measure(name, server.address, options.seconds), flush=True)


if __name__ == "__main__":
    main()

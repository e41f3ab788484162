"""A real browser and a real server for the tests of this folder; they skip where no browser is installed.

A page of the app costs 5 to 8 s of processor time to open, most of it for Plotly's script; so tests open few.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from benchmarks.sessions.server import find_port, is_healthy

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = (
    "--no-sandbox",  # continuous integration runs as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SERVER_OPTIONS = (
    "--server.headless=true",
    "--server.address=127.0.0.1",
    "--server.fileWatcherType=none",
    "--browser.gatherUsageStats=false",
)
START_SECONDS = 60
#: Milliseconds until a condition that a test waits for counts as failed; generous, because cores are shared.
PATIENCE = 90_000
#: A visitor who asked for less motion: painting skeletons that pulse and balls that move, without a graphics card,
#: costs a third of the time. Tests of what moves by itself ask for it.
VISITOR = {"viewport": {"width": 1440, "height": 1000}, "reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a running chromium; without one skip with the reason, or fail under `CI=true`.

    One for each file: Playwright's event loop runs in this thread while it is open, and the files that follow in
    the same process run loops of their own.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(f"no browser found: none of {', '.join(BROWSERS)} is on PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=list(BROWSER_FLAGS))
        expect.set_options(timeout=PATIENCE)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return `page(url, **options) -> Page`: a fresh browser profile, hence a fresh session of the app, each time.

    Options are those of playwright's `new_context`, by default `VISITOR`, and `first` for a browser that was never here
    before. The test fails if any such page raised a script error.
    """
    contexts, errors = [], []

    def open_page(url: str, first: bool = False, **options: object) -> Page:
        contexts.append(_new_context(browser, **options))
        if not first:
            contexts[-1].add_cookies([{"name": "rn_opening", "value": "seen", "domain": "127.0.0.1", "path": "/"}])
        return _open(contexts[-1], url, errors)

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def _new_context(browser: Browser, **options: object) -> BrowserContext:
    """Return a fresh profile."""
    return browser.new_context(**{**VISITOR, **options})


def _open(context: BrowserContext, url: str, errors: list[str]) -> Page:
    """Open a page that notes its script errors."""
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(url)
    return opened


@dataclass
class ComponentApp:
    """A small app with one component, which begins anew in the page where a test before it was.

    The script draws `begin_anew()` of `component_app.py` and gives its component the key that it returns.
    """

    browser: Browser
    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def open(self, query: str, viewport: dict[str, int] = VISITOR["viewport"], **options: object) -> Page:
        """Return the page with a component that was never touched, and with a fresh state of the session.

        Args:
            query: what the script reads, as in a link.
            viewport: size of the window in pixels.
            options: those of playwright's `new_context`; pages of other ones are others.
        """
        profile = repr(sorted(options.items()))
        if profile not in self.pages:
            self.pages[profile] = _open(_new_context(self.browser, **options), self.url, self.errors)
        opened, number = self.pages[profile], next(self.numbers)
        opened.set_viewport_size(viewport)
        opened.mouse.move(0, 0)
        box = opened.get_by_role("textbox", name="Begin anew")
        box.fill(f"{number}?{query}")
        box.press("Enter")
        opened.locator(f".st-key-component-{number}").wait_for()
        expect(opened.locator("[class*='st-key-component-']")).to_have_count(1)
        box.blur()
        return opened

    def close(self) -> None:
        """Close all pages; the next tests open new ones."""
        for opened in self.pages.values():
            opened.context.close()
        self.pages.clear()


@pytest.fixture(scope="module")
def component_apps(browser: Browser) -> Iterator[dict[str, ComponentApp]]:
    """Return url -> its app, of this module."""
    apps: dict[str, ComponentApp] = {}
    yield apps
    for app in apps.values():
        app.close()


@pytest.fixture
def component(request, browser, component_apps) -> Iterator[Callable[..., Page]]:
    """Return `component(url, query, **options) -> Page`: a component's small app, as `ComponentApp.open` opens it.

    The test fails if the page raised a script error, and a test that fails leaves its page to nobody.
    """
    failed = request.session.testsfailed

    def open_app(url: str, query: str = "", **options: object) -> Page:
        return component_apps.setdefault(url, ComponentApp(browser, url)).open(query, **options)

    yield open_app
    errors = [error for app in component_apps.values() for error in app.errors]
    if errors or request.session.testsfailed != failed:
        for app in component_apps.values():
            app.close()
            app.errors.clear()
    assert errors == []


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Return `serve(script_path) -> url`: start a Streamlit server for a script, once per script.

    Servers run in the repository's root with it on the import path and stop at the end of the session.
    """
    logs = tmp_path_factory.mktemp("servers")
    servers: dict[Path, tuple[subprocess.Popen, str]] = {}

    def start(script_path: Path) -> str:
        script_path = Path(script_path).resolve()
        if script_path not in servers:
            servers[script_path] = _start_server(script_path, logs / f"{len(servers)}.log")
        return servers[script_path][1]

    yield start
    for process, _ in servers.values():
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _start_server(script_path: Path, log: Path) -> tuple[subprocess.Popen, str]:
    """Start one server on a free port and wait until it is healthy."""
    port = find_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script_path), f"--server.port={port}", *SERVER_OPTIONS]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=stream, stderr=stream
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(url):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"The server for {script_path.name} did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)
    return process, url

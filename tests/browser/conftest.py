"""A real browser and a real server for the tests of this folder; they skip where no browser is installed.

One browser, and one server for each script, serve all files of the folder, which run one after another in one process.
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
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.sessions.server import find_port, is_healthy
from tests.browser.visiting import PATIENCE, VISITOR, Visitor, new_context, open_page

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


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return a running chromium; without one skip with the reason, or fail under `CI=true`.

    It ends with this folder: Playwright's event loop runs in this thread while it is open, and the files that follow
    in the same process run loops of their own.
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

    That is costly: tests that need none `visit`. Options are those of playwright's `new_context`, by default `VISITOR`,
    and `first` for a browser that was never here before. The test fails if any such page raised a script error.
    """
    contexts, errors = [], []

    def open_fresh(url: str, first: bool = False, **options: object) -> Page:
        contexts.append(new_context(browser, **options))
        if first:
            contexts[-1].clear_cookies()
        return open_page(contexts[-1], url, errors)

    yield open_fresh
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="package")
def visitors(browser: Browser) -> Iterator[tuple[Visitor, Visitor]]:
    """Return two sessions of the app, each in a profile of its own."""
    both = Visitor(browser), Visitor(browser)
    yield both
    for visitor in both:
        visitor.close()


@pytest.fixture
def visit(request: pytest.FixtureRequest, visitors: tuple[Visitor, Visitor]) -> Iterator[Callable[..., Page]]:
    """Return `visit(address, **options) -> Page`: a link as it is shown in a page that stays open, by `Visitor.visit`.

    The test fails if the page raised a script error, and a test that fails leaves its page to nobody.
    """
    yield from _lend(request, visitors[0], visitors[0].visit)


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, visitors: tuple[Visitor, Visitor]) -> Iterator[Callable[..., Page]]:
    """Return a `visit` of another session in another browser profile, which knows nothing of the first one."""
    yield from _lend(request, visitors[1], visitors[1].visit)


def _lend(
    request: pytest.FixtureRequest, owner: Visitor | ComponentApp, opens: Callable[..., Page]
) -> Iterator[Callable[..., Page]]:
    """Lend a page that stays open to one test."""
    failed = request.session.testsfailed
    yield opens
    errors, owner.errors[:] = [*owner.errors], []
    if errors or request.session.testsfailed > failed:
        owner.close()
    assert errors == []


@dataclass
class ComponentApp:
    """The app of `component_app.py`, which begins anew in the page where a test before it was."""

    browser: Browser
    url: str
    page: Page | None = None
    errors: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def open(self, query: str, viewport: dict[str, int] = VISITOR["viewport"], reduced_motion: str = "reduce") -> Page:
        """Return the page with a component that was never touched, and with a fresh state of the session.

        Args:
            query: the component's name, and behind "&" what its script reads, as in a link.
            viewport: size of the window in pixels.
            reduced_motion: "reduce" or "no-preference".
        """
        if self.page is None:
            self.page = open_page(new_context(self.browser), self.url, self.errors)
        opened, number = self.page, next(self.numbers)
        opened.set_viewport_size(viewport)
        opened.emulate_media(reduced_motion=reduced_motion)
        opened.mouse.move(0, 0)
        box = opened.get_by_role("textbox", name="Begin anew")
        box.fill(f"{number}?{query}")
        box.press("Enter")
        opened.locator(f".st-key-component-{number}").wait_for()
        expect(opened.locator("[class*='st-key-component-']")).to_have_count(1)
        box.blur()
        return opened

    def close(self) -> None:
        """Close the page; the next test opens a new one."""
        if self.page is not None:
            self.page.context.close()
        self.page = None


@pytest.fixture(scope="package")
def component_app(browser: Browser, serve: Callable[[Path], str]) -> Iterator[ComponentApp]:
    """Return the app of components."""
    app = ComponentApp(browser, serve(Path(__file__).with_name("component_app.py")))
    yield app
    app.close()


@pytest.fixture
def component(request: pytest.FixtureRequest, component_app: ComponentApp) -> Iterator[Callable[..., Page]]:
    """Return `component(query, **options) -> Page`: a component in its small app, as `ComponentApp.open` opens it.

    The test fails if the page raised a script error, and a test that fails leaves its page to nobody.
    """
    yield from _lend(request, component_app, component_app.open)


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

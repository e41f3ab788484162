"""A real browser and a real server for the tests of this folder; they skip where no browser is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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

    Options are those of playwright's `new_context`, and `first` for a browser that was never here before. The test
    fails if any such page raised a script error.
    """
    contexts, errors = [], []

    def open_page(url: str, first: bool = False, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 1000}, **options})
        if not first:
            context.add_cookies([{"name": "rn_opening", "value": "seen", "domain": "127.0.0.1", "path": "/"}])
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE)
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.goto(url)
        return opened

    yield open_page
    for context in contexts:
        context.close()
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

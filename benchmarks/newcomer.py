"""Time a newcomer's way from `pip install` to the first lesson: `python -m benchmarks.newcomer`, on idle cores.

Builds the wheel, installs it into a fresh virtual environment, starts its `rn-lab` from an empty folder, and goes on in
Chromium through the opening to the first lesson, whose quiz is answered. A download takes
what the network takes, so a line below the table says how many packages pip fetched and how many it had at hand, in its
cache or in a folder of wheels. Chromium must be installed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.dragging import open_browser
from benchmarks.sessions.server import ROOT, find_port, is_healthy
from pages._lab.lessons.file import FOLDER, read_folder

#: Seconds that each step may take.
_PATIENCE = 900


@dataclass
class Steps:
    """What was done, in order: name -> seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Take the time of a step and print it."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        print(f"| {name} | {self.seconds[name]:.1f} |", flush=True)


def run(*command: str | Path) -> str:
    """Run a command and return its output; raises SystemExit with it where the command fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=_PATIENCE)
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def count_sources(output: str) -> str:
    """Return in words where pip's packages came from.

    Args:
        output: of `pip install`, with one line per file.
    """
    fetched = len(re.findall(r"^ *Downloading \S+\.(?:whl|gz)", output, flags=re.MULTILINE))
    at_hand = len(re.findall(r"^ *(?:Using cached|Processing) \S+\.(?:whl|gz)", output, flags=re.MULTILINE))
    return f"pip downloaded {fetched} packages and had {at_hand} in its cache or in a folder."


@contextmanager
def start_lab(command: Path, folder: Path) -> Iterator[str]:
    """Start an installed `rn-lab` in a folder and stop it at the end; yields its address."""
    port = find_port()
    options = (f"--port={port}", "--server.headless=true", "--server.address=127.0.0.1")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(command), *options], cwd=folder, stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def wait_until_healthy(url: str) -> None:
    """Wait until a server answers; raises SystemExit where it does not."""
    end = time.monotonic() + _PATIENCE
    while not is_healthy(url):
        if time.monotonic() > end:
            raise SystemExit("The installed rn-lab did not start.")
        time.sleep(0.1)


def visit(page: Page, url: str, steps: Steps) -> None:
    """Open the app as a first-time visitor, leave the opening, and answer the first lesson."""
    lesson = read_folder(FOLDER).lessons[0]
    page.set_default_timeout(1000 * _PATIENCE)
    expect.set_options(timeout=1000 * _PATIENCE)
    with steps.time("the first page shows the opening"):
        page.goto(url)
        page.locator(".scene .object").first.wait_for()
    with steps.time("skip the opening, the first answer stands there"):
        page.get_by_role("button", name="Skip").click()
        page.locator(".rn-said").first.wait_for()
    with steps.time("open Lessons, the first one stands there"):
        page.get_by_role("link", name="Lessons").click()
        expect(page.locator(".rn-lesson")).to_have_text(lesson.title)
        page.locator(".st-key-lessons-choices button").first.wait_for()
    with steps.time("choose an answer, the verdict stands there"):
        page.locator(".st-key-lessons-choices").get_by_role("button", name=lesson.quiz.right).click()
        page.locator(".rn-verdict").first.wait_for()


def measure(folder: Path, pip_options: list[str]) -> None:
    """Go the whole way in an empty folder and print the table."""
    steps, venv, empty = Steps(), folder / "venv", folder / "empty"
    empty.mkdir()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before.\n\n| step | seconds |\n| --- | --- |")
    with steps.time("build the wheel"):
        run(sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps", "--quiet", "--wheel-dir", folder, *pip_options)
    (wheel,) = folder.glob("*.whl")
    with steps.time("make a virtual environment"):
        run(sys.executable, "-m", "venv", venv)
    with steps.time("pip install the wheel"):
        output = run(venv / "bin" / "python", "-m", "pip", "install", wheel, *pip_options)
    with start_lab(venv / "bin" / "rn-lab", empty) as url:
        with steps.time("start rn-lab until it serves"):
            wait_until_healthy(url)
        with open_browser() as page:
            visit(page, url, steps)
    whole = sum(steps.seconds.values()) - steps.seconds["build the wheel"]
    print(f"| all from the virtual environment on | {whole:.1f} |\n\n{count_sources(output)}")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.newcomer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pip", nargs="*", default=[], metavar="OPTION", help="more of pip, such as --pip=--no-index")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.pip)


if __name__ == "__main__":
    main()

"""From a new CSV to its matrix on the page Your data: `python -m benchmarks.own_data`, on two idle cores.

Some 3,000 made-up questions about relations are written as CSV, uploaded in Chromium, trained on live, and explained.
The table says how long each stage took, and how much processor time the server and its training needed for it, to which
other work on the same cores does not add. Chromium must be installed.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from benchmarks.dragging import open_page
from benchmarks.sessions.server import measure_cpu_seconds, serve
from rn_core.common.seeding import make_rng
from rn_core.tasks.own.bundled.making import write_csv_files
from rn_core.tasks.own.scene import OwnObject, OwnQuestion, OwnScene, SceneRecord

#: Objects of a scene, and their categories.
_NAMES, _METALS = "ABCDEF", ("copper", "iron", "silver", "zinc")
_PER_SCENE = 6
#: What is nearer than this is near: half of all pairs on a table of ten by ten.
_NEAR = 5.0
#: Milliseconds until something that is waited for counts as missing.
_PATIENCE = 900_000
HEAD = "| stage | seconds | processor seconds |\n| --- | --- | --- |"


def make_records(seed: int, n_questions: int) -> Iterator[SceneRecord]:
    """Yield scenes of six weights on a table, with six questions each."""
    rng = make_rng(seed, "explore", 20)
    for number in range(math.ceil(n_questions / _PER_SCENE)):
        places, kilograms = rng.uniform(0, 10, (len(_NAMES), 2)).round(2), rng.uniform(1, 9, len(_NAMES)).round(2)
        metals = rng.choice(_METALS, len(_NAMES)).tolist()
        objects = tuple(
            OwnObject(name, {"east": x, "north": y, "kilograms": kg, "metal": metal}, (x, y))
            for name, (x, y), kg, metal in zip(_NAMES, places.tolist(), kilograms.tolist(), metals, strict=True)
        )
        asked = [*_ask(rng, places, kilograms, metals)]
        yield SceneRecord(OwnScene(f"table {number + 1}", objects), tuple(asked))


def _ask(
    rng: np.random.Generator, places: np.ndarray, kilograms: np.ndarray, metals: list[str]
) -> Iterator[OwnQuestion]:
    """Yield two questions of each of three kinds, with true answers and the objects that decide them."""
    far = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    for _ in range(2):
        a, b = rng.permutation(len(_NAMES))[:2].tolist()
        names = _NAMES[a], _NAMES[b]
        near = "yes" if far[a, b] < _NEAR else "no"
        yield OwnQuestion(f"Are {{{names[0]}}} and {{{names[1]}}} near each other?", near, "near", names)
        heavier = "yes" if kilograms[a] > kilograms[b] else "no"
        yield OwnQuestion(f"Is {{{names[0]}}} heavier than {{{names[1]}}}?", heavier, "heavier", names)
        nearest = int(far[a].argmin())
        decide = (names[0], _NAMES[nearest])
        yield OwnQuestion(f"Which metal is nearest to {{{names[0]}}}?", metals[nearest], "nearest metal", decide)


class Watch:
    """Prints a row per stage: its seconds, and the processor seconds of the server with all that it started."""

    def __init__(self, pid: int) -> None:
        """Start the clock of a server's process."""
        self.pid = pid
        self._begun = self._last = self._read()

    def _read(self) -> tuple[float, float]:
        """Return the time and the processor time until now."""
        return time.monotonic(), measure_cpu_seconds(self.pid)

    def note(self, stage: str) -> None:
        """Print the stage that ends now."""
        now = self._read()
        self._print(stage, self._last, now)
        self._last = now

    def finish(self) -> None:
        """Print all stages together."""
        self._print("upload to matrix", self._begun, self._last)

    def _print(self, stage: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Print one row."""
        print(f"| {stage} | {end[0] - start[0]:.1f} | {end[1] - start[1]:.1f} |", flush=True)


def upload(page: Page, paths: list[Path]) -> None:
    """Upload the files of a set, and wait until the page shows it."""
    page.get_by_role("button", name="Your own").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(paths)
    page.wait_for_function("location.search.includes('set=set-')")
    page.keyboard.press("Escape")
    page.get_by_text("No network has learned this set").wait_for()


def train(page: Page) -> None:
    """Train both networks live, and wait until they have learned."""
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="Stop and use what they have learned").wait_for()
    page.wait_for_function("location.search.includes('model=own-')")


def see_matrix(page: Page) -> None:
    """Wait for the answers and the matrix of pairs."""
    page.locator(".rn-answers").wait_for()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def read_accuracies(page: Page) -> str:
    """Return the page's table of accuracies, beside baseline and floors, as text."""
    page.get_by_text("Accuracy", exact=True).first.click()
    floors = page.get_by_text("Without looking at a scene")
    floors.wait_for()
    rows = page.locator("table", has_text="all questions").locator("tr").all_inner_texts()
    return "\n".join([*(" | ".join(row.split("\t")) for row in rows), floors.inner_text()])


def main(arguments: list[str] | None = None) -> None:
    """Write the set, take it through the page and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=3_000, help="of the new set")
    parser.add_argument("--seed", type=int, default=0, help="of the new set")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; {options.questions:,} questions.\n\n{HEAD}")
    with tempfile.TemporaryDirectory() as folder, serve() as server:
        paths = []
        for name, content in write_csv_files("weights", [*make_records(options.seed, options.questions)]):
            paths.append(Path(folder) / name)
            paths[-1].write_bytes(content)
        with open_page(f"http://{server.address}/own") as (page, _):
            page.set_default_timeout(_PATIENCE)
            expect.set_options(timeout=_PATIENCE)
            page.get_by_role("button", name="Your own").wait_for()
            watch = Watch(server.process.pid)
            stages: dict[str, Callable[[], None]] = {
                "upload and check": lambda: upload(page, paths),
                "train both networks": lambda: train(page),
                "answers and matrix": lambda: see_matrix(page),
            }
            for stage, go_through in stages.items():
                go_through()
                watch.note(stage)
            watch.finish()
            print(f"\n{read_accuracies(page)}")


if __name__ == "__main__":
    main()

"""What all tests share: one thread, seeded hypothesis and global generators, and the data beside the checkout."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import tarfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("same_every_run", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("same_every_run")

#: Where browser tests lie, as in their ids.
BROWSER_TESTS = "tests/browser"
SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"

# Also where the environment says that nothing compiled is kept: each process of the suite would compile the project.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave tests that read the real data out of the quick part."""
    if "shared_data" in getattr(item, "fixturenames", ()):
        item.add_marker("weights")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let every other process begin with the last file: each compiles half of the tests and reads the other half."""
    report = yield
    if isinstance(collector, pytest.Directory) and _worker_number(collector.config) % 2:
        report.result.reverse()
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, since at the end one process would wait for the other.

    First come the browser tests, which take one process long, then the checkers, then files that start processes or use
    weights, and last the quick ones.
    """
    slow = {*_list_files(items, "process", "weights")}

    def rank(item: pytest.Item) -> int:
        if item.get_closest_marker("browser"):
            return 0
        if item.get_closest_marker("check"):
            return 1
        return 2 if item.path in slow else 3

    if _worker_number(config) >= 0:
        items.sort(key=lambda item: item.path.parts)  # in the same order in all processes
    items.sort(key=rank)


def _worker_number(config: pytest.Config) -> int:
    """Return the number of this process among those that share the tests, or -1 where there is one alone."""
    return int(getattr(config, "workerinput", {}).get("workerid", "gw-1").removeprefix("gw"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all browser tests to one process, as if they were one file: they share a browser, open pages and servers."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER_TESTS if nodeid.startswith(f"{BROWSER_TESTS}/") else super()._split_scope(nodeid)

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def _list_files(items: list[pytest.Item], *markers: str) -> list[Path]:
    """Return the files of the tests that have any of the markers; without markers, of all tests."""
    found = (item for item in items if not markers or any(map(item.get_closest_marker, markers)))
    return [*dict.fromkeys(item.path for item in found)]


def pytest_collectstart() -> None:
    """Look for no garbage while modules are imported, which makes hardly any: it takes a fifth of that time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Take one thread, and let the garbage collector pass over the modules and tests that are here now and stay.

    It looks seldom, too: at the usual threshold of 700 objects it takes 7 % of the time of tests of pages. All loggers
    pass their records on to the root, where pytest catches them; else it adds handlers to a hundred of Streamlit's and
    PyTorch's and takes them away again, six times per test.
    """
    import torch  # here and below: the process that hands tests out would load it for nothing

    torch.set_num_threads(1)
    gc.enable()
    gc.freeze()
    gc.set_threshold(20_000)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.propagate = True


@pytest.fixture(autouse=True)
def seeded_torch() -> Iterator[None]:
    """Seed torch's global generator before each test and put it back after it.

    `torch.manual_seed` would note the whole stack for each device that is not in use yet, which takes 1 ms.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        yield


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """Put `__main__` back after each test: Streamlit's pages take its place, and new processes would start as them."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """Let SIGINT interrupt this process and those it starts, also where it is ignored, as in background jobs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data that lies beside the checkout; its tests skip where it is missing, not in CI."""
    if not SHARED_DATA.is_dir():
        reason = f"no real data at {SHARED_DATA.parent.name}/{SHARED_DATA.name} beside the checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED_DATA


@pytest.fixture(scope="session")
def babi_folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder en-valid-10k of bAbI; its tests skip where the archive is missing."""
    archive = shared_data / "babi/tasks_1-20_v1-2_train_valid.tar.xz"
    if not archive.is_file():
        pytest.skip(f"no {archive.name} beside the checkout")
    folder = tmp_path_factory.mktemp("babi")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "tasks_1-20_v1-2/en-valid-10k"

"""The published bAbI files, unpacked and read once."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from rn_core.tasks.babi.files import load_stories
from rn_core.tasks.babi.story import Story


@pytest.fixture(scope="session")
def babi_folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder en-valid-10k; its tests skip where the archive is missing."""
    archive = shared_data / "babi/tasks_1-20_v1-2_train_valid.tar.xz"
    if not archive.is_file():
        pytest.skip(f"no {archive.name} beside the checkout")
    folder = tmp_path_factory.mktemp("babi")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "tasks_1-20_v1-2/en-valid-10k"


@pytest.fixture(scope="session")
def published(babi_folder: Path) -> Callable[[int], list[Story]]:
    """Return the function task -> its published stories, for training (of task 3 a tenth) and validation."""

    @cache
    def load(task: int) -> list[Story]:
        paths = sorted(babi_folder.glob(f"qa{task}_*.txt"))
        return [story for path in paths for story in load_stories(path, task)]

    return load

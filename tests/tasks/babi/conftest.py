"""The published bAbI stories, read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from rn_core.tasks.babi.files import load_stories
from rn_core.tasks.babi.story import Story


@pytest.fixture(scope="session")
def published(babi_folder: Path) -> Callable[[int], list[Story]]:
    """Return the function task -> its published stories, for training (of task 3 a tenth) and validation."""

    @cache
    def load(task: int) -> list[Story]:
        paths = sorted(babi_folder.glob(f"qa{task}_*.txt"))
        return [story for path in paths for story in load_stories(path, task)]

    return load

"""Own stories in bAbI's published layout: a folder with one file a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rn_core.errors import RNCoreError, lookup
from rn_core.files import write_whole
from rn_core.seeding import make_rng
from rn_core.tasks.babi.story import TASK_NAMES
from rn_core.tasks.babi.worlds import sample_story

#: Split of our seeds -> its name in the files of layout en-valid-10k.
FILE_SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def write_stories(
    root: Path, seed: int, split: str, n_stories: int, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter
) -> None:
    """Write stories of all twenty tasks, such as qa1_train.txt; `files.load_stories` reads them back.

    Args:
        root: folder to write into, made if it is not there.
        seed: root seed.
        split: "train", "validation" or "test", whose seeds to use.
        n_stories: stories a task, 1 or more; the first k of n are the same for every n >= k.
        progress: wraps the iteration over tasks (a progress bar).

    Raises:
        RNCoreError: if there is to be no story, or a file cannot be written.
    """
    name = lookup(split, FILE_SPLITS, "split of published files")
    if n_stories < 1:
        raise RNCoreError(f"The number of stories must be 1 or more, got {n_stories!r}.")
    for task in progress(TASK_NAMES):
        rng = make_rng(seed, split, task)
        text = "".join(sample_story(rng, task).to_text() for _ in range(n_stories))
        write_whole(root / f"qa{task}_{name}.txt", text.encode())

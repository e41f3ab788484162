"""Generated stories in bAbI's published layout: a folder with one file per task."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rn_core.common.errors import RNCoreError, lookup
from rn_core.common.files import clear_leftovers, write_whole
from rn_core.common.locks import hold_folder
from rn_core.common.seeding import check_seed, make_rng
from rn_core.tasks.babi.story import TASK_NAMES
from rn_core.tasks.babi.worlds import sample_story
from rn_core.tasks.made import check_made, read_made, write_made

#: Split of our seeds -> its name in the files of layout en-valid-10k.
FILE_SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def write_stories(
    root: Path, seed: int, split: str, n_stories: int, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter
) -> None:
    """Write stories of all twenty tasks, such as qa1_train.txt; `files.load_stories` reads them back.

    `made_train.json` beside them records how they were made. The same call continues after an interruption; one with
    another seed or number of stories is refused.

    Args:
        root: folder to write into, created if needed.
        seed: root seed.
        split: "train", "validation" or "test", whose seeds to use.
        n_stories: stories per task, 1 or more; the first k of n are the same for every n >= k.
        progress: wraps the iteration over tasks (a progress bar).

    Raises:
        RNCoreError: if no story is asked for, a file cannot be written, the folder holds other data, or another
            process writes there.
    """
    name = lookup(split, FILE_SPLITS, "split of published files")
    if n_stories < 1:
        raise RNCoreError(f"The number of stories must be 1 or more, got {n_stories!r}.")
    made = {"task": "babi", "seed": check_seed(seed), "split": split, "stories": n_stories}
    with hold_folder(root):
        _check_folder(root, name, made)
        clear_leftovers(root, f"*_{name}.*")
        write_made(_record(root, name), made)
        for task in progress(TASK_NAMES):
            rng = make_rng(seed, split, task)
            text = "".join(sample_story(rng, task).to_text() for _ in range(n_stories))
            write_whole(root / f"qa{task}_{name}.txt", text.encode())


def _check_folder(root: Path, name: str, made: dict[str, Any]) -> None:
    """Raise RNCoreError if a folder holds differently made stories of this split, or another task's data."""
    if (root / "images").exists():
        raise RNCoreError(f"'{root}' holds pictures of task clevr; choose another folder for stories.")
    record = _record(root, name)
    if record.exists():
        check_made(record, read_made(record), made)
    elif any(root.glob(f"qa*_{name}.txt")):
        check_made(root, None, made)


def _record(root: Path, name: str) -> Path:
    """Return the path of the record of how the stories of a split were made."""
    return root / f"made_{name}.json"

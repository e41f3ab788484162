"""Folders of data that a run is trained on, where its task reads one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rn_core.common.errors import RNCoreError
from rn_core.tasks import TASKS
from rn_core.tasks.base import FolderTrained
from rn_core.tasks.pools import Source

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def open_source(
    name: str,
    task: str,
    root: Path | None,
    cache: Path | None,
    fabric: Fabric,
    progress: Callable[[Iterable[Any]], Iterable[Any]],
) -> Source | None:
    """Return the data folder to train on; None where none is given. One process per machine fills its caches.

    Args:
        name: of the recipe, for the sentence about one that reads no folder.
        task: key of `TASKS`.
        root: the folder.
        cache: where to keep what is read of it; None keeps it in the folder.
        fabric: of the run.
        progress: wraps iterations (a progress bar).

    Raises:
        RNCoreError: if the task reads no folder, or the folder cannot be used.
    """
    if root is None:
        return None
    reader = TASKS[task]
    if not isinstance(reader, FolderTrained):
        raise no_folder(name)
    with fabric.rank_zero_first(local=True):
        return reader.open_source(root, progress, cache)


def no_folder(name: str) -> RNCoreError:
    """Return the error for a task that reads no folder."""
    return RNCoreError(f"'{name}' generates its own scenes and reads no folder; leave --data out.")

"""Locks between processes; a process that cannot get one is told at once which process holds it.

The kernel releases a lock when its process ends, however it ends, so no lock is ever left behind.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import platform
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import filelock

from rn_core.common.errors import RNCoreError

#: Name of the lock file of a whole folder.
FOLDER_LOCK = ".lock"
#: Errors of file systems that have no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder, created if needed, while the block runs; errors as `hold`."""
    with hold(folder / FOLDER_LOCK, "folder", str(folder)):
        yield


@contextlib.contextmanager
def hold(lock: Path, kind: str, name: str) -> Iterator[None]:
    """Keep other processes from using a resource while the block runs; the lock's files are then deleted.

    Where the file system has no locks the block runs without one, after a warning.

    Args:
        lock: the lock file; its folder is created if needed.
        kind: kind of resource, such as "folder".
        name: its name in messages.

    Raises:
        RNCoreError: in one sentence, with the process that holds the lock, or why there can be none.
    """
    guard, holder = filelock.FileLock(lock, timeout=0), lock.with_name(f"{lock.name}.holder")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        guard.acquire()
    except filelock.Timeout as err:
        raise RNCoreError(
            f"'{name}' is in use by {_read_holder(holder)}; wait until it ends, end it, or choose another {kind}."
        ) from err
    except OSError as err:
        if err.errno not in _NO_LOCKS:
            raise RNCoreError(f"Could not write to '{name}': {err.strerror}; choose another {kind}.") from err
        logging.getLogger(__name__).warning(
            "The file system of '%s' has no locks (%s); take care that only one process writes there.",
            name,
            err.strerror,
        )
        yield
        return
    try:
        _write_holder(holder)
        yield
    finally:
        for path in (holder, lock):  # while it is held, so that no other process's is deleted
            with contextlib.suppress(OSError):
                path.unlink()
        guard.release()


def _write_holder(path: Path) -> None:
    """Record this process in a file beside its lock; the lock also holds without it."""
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    with contextlib.suppress(OSError):
        path.write_text(json.dumps({"pid": os.getpid(), "host": platform.node(), "since": since}), encoding="utf-8")


def _read_holder(path: Path) -> str:
    """Return a description of the process that holds a lock."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return f"process {found['pid']} on {found['host']} since {found['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"

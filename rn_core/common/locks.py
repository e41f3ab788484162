"""Locks between processes: who comes second is told at once who was first.

The kernel ends a lock with its process, however that ends, so that no lock is ever left behind.
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

#: Name of the lock of a whole folder.
FOLDER_LOCK = ".lock"
#: What file systems say that have no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder, which is made if need be, while the block runs; errors as `hold`."""
    with hold(folder / FOLDER_LOCK, "folder", str(folder)):
        yield


@contextlib.contextmanager
def hold(lock: Path, kind: str, name: str) -> Iterator[None]:
    """Keep other processes from something while the block runs; the lock's files are gone after it.

    Where the file system has no locks the block runs without one, after a warning.

    Args:
        lock: file of the lock; its folder is made if need be.
        kind: what it is, such as "folder".
        name: what sentences call it.

    Raises:
        RNCoreError: in one sentence, naming the process that has it, or why there can be no lock.
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
        for path in (holder, lock):  # while it is held, so that nobody else's is deleted
            with contextlib.suppress(OSError):
                path.unlink()
        guard.release()


def _write_holder(path: Path) -> None:
    """Note this process beside its lock; a lock without a note holds as well."""
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    with contextlib.suppress(OSError):
        path.write_text(json.dumps({"pid": os.getpid(), "host": platform.node(), "since": since}), encoding="utf-8")


def _read_holder(path: Path) -> str:
    """Return in words which process holds a lock."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return f"process {found['pid']} on {found['host']} since {found['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"

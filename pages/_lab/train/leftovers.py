"""Where a server keeps its runs, and what servers that died have left; no Streamlit."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO

if os.name == "posix":
    import fcntl

#: How the folder of a server's runs is called, in the folder of temporary files.
PREFIX = "relation-network-runs-"
#: File in it that its server holds locked for as long as it lives; the system releases it however the server ends.
LOCK = "server.lock"
#: Seconds that a folder is left alone for: its server may be about to lock it.
YOUNGEST = 60.0


class RunFolder:
    """A server's own folder, which other servers leave alone while this one lives."""

    def __init__(self, parent: Path | None = None) -> None:
        """Clear what dead servers left, then make the folder.

        Args:
            parent: where; None takes the system's folder of temporary files.
        """
        parent = parent or Path(tempfile.gettempdir())
        clear_leftovers(parent, time.time())
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self._lock = (self.path / LOCK).open("w")
        _try_lock(self._lock)

    def close(self) -> None:
        """Delete the folder."""
        _delete(self.path)
        self._lock.close()


def clear_leftovers(parent: Path, now: float) -> list[Path]:
    """Delete the folders of runs whose server is gone, and nothing else; returns those that were deleted.

    A folder goes only if it is this user's, older than `YOUNGEST`, and its lock is held by nobody. One without a lock,
    which servers before locks made, stays, as nobody can tell whether its server lives.

    Args:
        parent: where servers make their folders.
        now: seconds since the epoch, as files' times.
    """
    if os.name != "posix":  # nobody knows there whose a folder is
        return []
    return [folder for folder in sorted(parent.glob(f"{PREFIX}*")) if _is_left(folder, now) and _delete(folder)]


def _is_left(folder: Path, now: float) -> bool:
    """Return whether a folder's server is gone."""
    try:
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != os.getuid() or now - found.st_mtime < YOUNGEST:
            return False
        with (folder / LOCK).open("r+") as lock:
            return _try_lock(lock)
    except OSError:
        return False


def _try_lock(lock: IO[str]) -> bool:
    """Return whether a file could be locked, which lasts until it is closed; where no locks are, it could."""
    if os.name != "posix":
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _delete(folder: Path) -> bool:
    """Delete a folder, its lock last, so that what cannot be deleted now is found again; returns whether it is gone."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name != LOCK:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        if [path.name for path in folder.iterdir()] == [LOCK]:
            shutil.rmtree(folder)
    return not folder.exists()

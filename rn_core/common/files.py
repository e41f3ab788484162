"""Files that are whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import os
import platform
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from rn_core.common.errors import RNCoreError

#: Seconds after which a half-written file is a leftover, even if a process with its writer's number is running.
LEFTOVER_AGE = 24 * 3600.0
_HOST = re.sub(r"[^\w-]", "-", platform.node())[:64]
#: What `tempfile` inserts between prefix and suffix.
_RANDOM = "[a-z0-9_]{8}"
_LEFTOVER = re.compile(rf"\.(?P<name>.+?)\.{_RANDOM}(\.(?P<pid>\d+)@(?P<host>[\w-]*)\.tmp)?")


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that no reader, crash or full disk leaves a half-written file.

    Raises:
        RNCoreError: with the file and the system's reason; the previous file is untouched.
    """
    write_parts(path, (content,))


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file too large for memory part by part; otherwise as `write_whole`.

    Raises:
        RNCoreError: with the file and the system's reason; the previous file is untouched.
    """
    handle, beside = _open_beside(path)
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as err:
        raise _cannot_write(path, err) from err
    finally:
        beside.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Create the folder of `path`; raise RNCoreError, with the system's reason, if a file cannot be written there."""
    if path.is_dir():
        raise RNCoreError(f"'{path}' is a folder, but a file is to be written there; choose another folder.")
    if path.parent.exists() and not path.parent.is_dir():
        raise RNCoreError(f"'{path.parent}' is a file, but a folder is needed; choose another folder.")
    handle, beside = _open_beside(path)
    os.close(handle)
    beside.unlink(missing_ok=True)


def clear_leftovers(folder: Path, name: str) -> list[str]:
    """Delete this user's half-written files whose writers were killed, and return their names.

    A file is a leftover if `write_parts` named it and its writer has ended or it is `LEFTOVER_AGE` old; only the age
    counts where the writer ran on another machine, or where the name does not say.

    Args:
        folder: searched without its subfolders; it need not exist.
        name: pattern, as for `fnmatch`, of the files that were to be written.
    """
    cleared = []
    for path in sorted(folder.glob(".*")):
        match = _LEFTOVER.fullmatch(path.name)
        if match is None or not fnmatch.fnmatchcase(match["name"], name):
            continue
        with contextlib.suppress(OSError):
            if _is_left(path, match["pid"], match["host"]):
                path.unlink()
                cleared.append(path.name)
    return cleared


def _is_left(path: Path, pid: str | None, host: str | None) -> bool:
    """Return whether a file is this user's and no process is writing it any more."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or (sys.platform != "win32" and found.st_uid != os.getuid()):
        return False
    if pid is not None and host == _HOST and os.name == "posix" and not _is_running(int(pid)):
        return True
    return time.time() - found.st_mtime > LEFTOVER_AGE


def _is_running(pid: int) -> bool:
    """Return whether a process of that number is running on this machine, which has POSIX signals."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _open_beside(path: Path) -> tuple[int, Path]:
    """Return an open file next to a path, whose name identifies its writer, and its path; may raise RNCoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = f".{os.getpid()}@{_HOST}.tmp"
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=suffix)
    except OSError as err:
        raise _cannot_write(path, err) from err
    return handle, Path(beside)


def _cannot_write(path: Path, err: OSError) -> RNCoreError:
    """Return the error for a failed write."""
    return RNCoreError(
        f"Could not write '{path.name}': {err.strerror}; free some space or choose another folder. "
        "The previous file is untouched."
    )


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()

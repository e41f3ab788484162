"""Files that are whole or absent: written beside their place, then renamed into it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rn_core.errors import RNCoreError


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader, a crash or a full disk never sees half of it.

    Raises:
        RNCoreError: naming the file and the system's reason; what was there before is untouched.
    """
    write_parts(path, (content,))


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file, too large for memory, part after part; otherwise as `write_whole`.

    Raises:
        RNCoreError: naming the file and the system's reason; what was there before is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as err:
        raise _cannot_write(path, err) from err
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except OSError as err:
        raise _cannot_write(path, err) from err
    finally:
        Path(beside).unlink(missing_ok=True)


def _cannot_write(path: Path, err: OSError) -> RNCoreError:
    """Return the one sentence for a failed write."""
    return RNCoreError(
        f"Could not write '{path.name}': {err.strerror}; free some space or choose another folder. "
        "What was there before is untouched."
    )


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()

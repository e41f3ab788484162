"""Helpers for child processes: they yield the processor to others and end when their owner ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Literal, overload

#: How much sooner than its owner the kernel ends such a process when memory runs out (Linux, -1000 to 1000).
_OOM_SCORE = "1000"
_NICENESS = 10
#: glibc's settings for memory that was freed, and their values (mallopt(3), malloc.h): nothing is mapped by itself,
#: 2 GiB are kept, and 64 MiB are claimed at a time.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_KEPT_MEMORY = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 64 << 20))


def follow_owner(stream: Iterable[str]) -> queue.SimpleQueue[str]:
    """Yield the lines of a stream as they arrive; when it ends, its owner is gone, and the process exits at once."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


@overload
def take_output(mode: Literal["w"]) -> IO[str]: ...


@overload
def take_output(mode: Literal["wb"]) -> IO[bytes]: ...


def take_output(mode: str) -> IO[Any]:
    """Return standard output for messages only; anything else printed goes to standard error.

    Args:
        mode: "w" for UTF-8 text, "wb" for bytes.
    """
    out = os.fdopen(os.dup(sys.stdout.fileno()), mode, encoding=None if "b" in mode else "utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def lower_priority() -> None:
    """Lower this process's CPU priority, and make it the first that the kernel ends when memory runs out."""
    if sys.platform != "win32":
        os.nice(_NICENESS)
    score = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError):
        if score.exists():
            score.write_text(_OOM_SCORE)


def count_threads(all_cores: bool) -> int:
    """Return how many threads such a process computes with: all cores or half of them, at least 1 and at most 4."""
    cores = os.cpu_count() or 1
    return max(1, min(4, cores if all_cores else cores // 2))


def keep_freed_memory() -> None:
    """Let this process keep memory that it frees, so that a training step need not claim its tensors' memory anew.

    Each claim costs a page fault for every 4 KiB; without them a step on a CPU takes up to half the time. It works
    with glibc (Linux) and does nothing elsewhere.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        set_option = ctypes.CDLL(None).mallopt
        for option, value in _KEPT_MEMORY:
            set_option(option, value)

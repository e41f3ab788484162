"""Pictures from users: decoded under limits, in a process that ends with the page that asked for it.

A decoder runs for as long as a file makes it, and cannot be stopped inside a thread. So each picture is decoded by
`rn_core.common.picture_decoder` in a process of its own, a few at once; that module holds the limits on the content.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from rn_core.common.errors import RNCoreError, SceneError

#: Largest file, in bytes.
MAX_BYTES = 10_000_000
#: Seconds of wall-clock time that a picture may take and may wait for its turn; the limit on processor time
#: is lower, but other work runs too.
MAX_SECONDS, MAX_WAIT = 40.0, 40.0
#: Pictures decoded at once per server: the largest allowed take 300 MB for some seconds.
AT_ONCE = 2
#: Seconds between checks whether the caller still wants the picture.
_LOOK_EVERY = 0.2
_TURNS = threading.BoundedSemaphore(AT_ONCE)
_ROOT = Path(__file__).resolve().parents[2]


def read_picture(content: bytes, name: str, keep_going: Callable[[], bool] = lambda: True) -> np.ndarray:
    """Return the pixels of a PNG or JPEG file, (H, W, 3) uint8, RGB, upright.

    Args:
        content: the file.
        name: its name in messages.
        keep_going: returns whether the picture is still wanted; called a few times per second.

    Raises:
        SceneError: in one sentence, for a file that is too large, not a complete PNG or JPEG, has sides, pixels,
            scans or frames beyond the limits, or takes too long.
        RNCoreError: if no turn came in time, or the picture is no longer wanted.
    """
    shown = f"'{name[:60]}'"
    if len(content) > MAX_BYTES:
        raise SceneError(f"{shown} has {len(content) / 1e6:.1f} MB, and the limit is 10 MB; make it smaller.")
    with _take_turn(shown, keep_going):
        return _parse(_run_decoder(content, shown, keep_going), shown)


@contextlib.contextmanager
def _take_turn(shown: str, keep_going: Callable[[], bool]) -> Iterator[None]:
    """Wait until few enough pictures are being decoded; raises RNCoreError if that takes too long or nobody waits."""
    end = time.monotonic() + MAX_WAIT
    while not _TURNS.acquire(timeout=_LOOK_EVERY):
        _check_wanted(shown, keep_going)
        if time.monotonic() > end:
            raise RNCoreError(f"{shown} was not read: other pictures are being read; choose it again in a minute.")
    try:
        yield
    finally:
        _TURNS.release()


def _run_decoder(content: bytes, shown: str, keep_going: Callable[[], bool]) -> bytes:
    """Return what the decoder wrote; kill it when its time is over or the picture is no longer wanted."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rn_core.common.picture_decoder"],
        cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    written: list[bytes] = []
    talk = threading.Thread(target=lambda: written.append(process.communicate(content)[0]), daemon=True)
    talk.start()
    end = time.monotonic() + MAX_SECONDS
    try:
        while talk.is_alive():
            talk.join(_LOOK_EVERY)
            _check_wanted(shown, keep_going)
            if time.monotonic() > end:
                raise _too_long(shown)
    finally:
        process.kill()
        talk.join()
    return written[0]


def _check_wanted(shown: str, keep_going: Callable[[], bool]) -> None:
    """Raise RNCoreError if the picture is no longer wanted."""
    if not keep_going():
        raise RNCoreError(f"{shown} was not read completely, because its page was closed; open it again.")


def _parse(written: bytes, shown: str) -> np.ndarray:
    """Return the pixels that the decoder wrote; raises SceneError for the problem it reported, or if it was ended."""
    head, _, pixels = written.partition(b"\n")
    try:
        found = json.loads(head)
    except ValueError as err:
        raise _too_long(shown) from err
    if "problem" in found:
        raise SceneError(f"{shown} {found['problem']}")
    shape = (found["height"], found["width"], 3)
    if len(pixels) != np.prod(shape):
        raise _too_long(shown)
    return np.frombuffer(pixels, dtype=np.uint8).reshape(shape)


def _too_long(shown: str) -> SceneError:
    """Return the message for a decoder that was ended by the system or by its owner."""
    return SceneError(f"{shown} takes too much time or memory to decode; save it as a plain PNG or baseline JPEG.")

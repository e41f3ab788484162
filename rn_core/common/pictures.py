"""Pictures from people: decoded under limits, in a process that ends with whoever asked for it.

Decoders run for as long as a file makes them, and cannot be stopped inside a thread. So each picture is decoded by
`rn_core.common.picture_decoder` in a process of its own, a few at once; the limits on what is in a file are told there.
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
#: Seconds that a picture may take and that it may wait for its turn, by the clock; the processor time that it may take
#: is less, but other work goes on, too.
MAX_SECONDS, MAX_WAIT = 40.0, 40.0
#: Pictures that are decoded at once in one server: the largest that are read take 300 MB for some seconds.
AT_ONCE = 2
#: Seconds between looks whether whoever asked is still there.
_LOOK_EVERY = 0.2
_TURNS = threading.BoundedSemaphore(AT_ONCE)
_ROOT = Path(__file__).resolve().parents[2]


def read_picture(content: bytes, name: str, keep_going: Callable[[], bool] = lambda: True) -> np.ndarray:
    """Return the pixels of a PNG or JPEG file, (H, W, 3) uint8, RGB, upright.

    Args:
        content: the file.
        name: what sentences call it.
        keep_going: returns whether anybody still wants the picture; it is asked a few times per second.

    Raises:
        SceneError: in one sentence, for a file that is too large, no whole PNG or JPEG, or has other sides, pixels,
            scans or frames than are read, or takes too long.
        RNCoreError: if no turn came in time, or nobody wants the picture any more.
    """
    shown = f"'{name[:60]}'"
    if len(content) > MAX_BYTES:
        raise SceneError(f"{shown} has {len(content) / 1e6:.1f} MB; a picture may have 10 MB, make it smaller.")
    with _take_turn(shown, keep_going):
        return _parse(_run_decoder(content, shown, keep_going), shown)


@contextlib.contextmanager
def _take_turn(shown: str, keep_going: Callable[[], bool]) -> Iterator[None]:
    """Wait until few enough pictures are decoded; raises RNCoreError if that takes too long or nobody waits."""
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
    """Return what the decoder wrote; it is killed when its time is over or nobody wants the picture any more."""
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
    """Raise RNCoreError if nobody wants the picture any more."""
    if not keep_going():
        raise RNCoreError(f"{shown} was not read to its end: the page that asked for it was closed; open it again.")


def _parse(written: bytes, shown: str) -> np.ndarray:
    """Return the pixels that the decoder wrote; raises SceneError for its sentence, or if it was ended."""
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
    """Return the sentence for a decoder that the system or its owner ended."""
    return SceneError(
        f"{shown} takes more time or memory to decode than a picture may; save it as a plain PNG or baseline JPEG."
    )

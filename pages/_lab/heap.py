"""How the server's memory stays flat: what the garbage collector passes over, and what goes back to the system.

Walking every object of the process, modules and models that stay until the server ends among them, takes 0.2 s of a
core. So Streamlit's collection after each run is off (`runner.postScriptGC`); a thread collects every minute,
passes over what stays, and has the C library give back pages that nobody uses.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import threading
import time
from functools import cache

#: Seconds between two collections.
EVERY = 60.0


def freeze_heap() -> None:
    """Let later collections pass over all that is here now; what has become garbage since the last call is freed."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    _start_tidying()


def tidy_heap() -> None:
    """Free what has become garbage, and give unused pages back to the system where its C library can (glibc)."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)


@cache
def _start_tidying() -> None:
    """Begin to tidy, once per server."""
    threading.Thread(target=_keep_tidy, name="tidy-heap", daemon=True).start()


def _keep_tidy() -> None:
    """Tidy for as long as the server lives."""
    while True:
        time.sleep(EVERY)
        tidy_heap()

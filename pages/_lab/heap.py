"""What the garbage collector need not look through again.

Walking every object of the process, modules and models that stay until the server ends among them, takes 0.2 s of a
core. So Streamlit's collection after each run is off (`runner.postScriptGC`), and Python's own passes over what stays.
"""

from __future__ import annotations

import gc


def freeze_heap() -> None:
    """Let later collections pass over all that is here now; what has become garbage since the last call is freed."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()

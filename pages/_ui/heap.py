"""What the garbage collector need not look through again after every run of a page.

Streamlit collects all garbage after each run (`runner.postScriptGC`), which keeps memory flat but walks every object
of the process: modules and models, which stay until the server ends, take a third of a page's processor time.
"""

from __future__ import annotations

import gc


def freeze_heap() -> None:
    """Let later collections pass over all that is here now; what has become garbage since the last call is freed."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()

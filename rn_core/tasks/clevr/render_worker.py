"""Draws CLEVR's pictures in a process of its own: `python -m rn_core.tasks.clevr.render_worker`.

Each line on standard input is a request, `{"scene": {...}, "seed": 3}`. The reply on standard output is a line,
`{"shape": [320, 480, 3]}` and as many bytes behind it, or `{"problem": "..."}`. When standard input ends, the owner is
gone, and the process ends at once.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO

from rn_core.common.children import follow_owner, lower_priority, take_output
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr.rendering import render_scene, use_threads
from rn_core.tasks.clevr.scene import ClevrScene


def main() -> None:
    """Draw until the owner is gone."""
    out = take_output("wb")
    lower_priority()
    use_threads(max(1, (os.cpu_count() or 1) - 1))
    requests = follow_owner(sys.stdin)
    while True:
        _reply(requests.get(), out)


def _reply(request: str, out: IO[bytes]) -> None:
    """Answer one request."""
    values = json.loads(request)
    try:
        picture = render_scene(ClevrScene.from_json(values["scene"]), values["seed"])
    except RNCoreError as err:
        out.write(json.dumps({"problem": str(err)}).encode() + b"\n")
    else:
        out.write(json.dumps({"shape": picture.shape}).encode() + b"\n" + picture.tobytes())
    out.flush()


if __name__ == "__main__":
    main()

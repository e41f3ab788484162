"""What a folder or file of generated data was made with, so that nothing else is mixed into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rn_core.common.errors import RNCoreError
from rn_core.common.files import write_whole


def check_made(path: Path, found: Any, wanted: Mapping[str, Any]) -> None:
    """Raise RNCoreError unless data was made with the arguments that are given.

    Args:
        path: of the data.
        found: argument -> value that it was made with, as read from a file; anything else is no record.
        wanted: argument -> value given now.
    """
    if not isinstance(found, dict):
        raise RNCoreError(f"'{path}' is damaged or was not made by this command; delete it or choose another place.")
    changed = [key for key in {**wanted, **found} if found.get(key) != wanted.get(key)]
    if changed:
        raise RNCoreError(
            f"'{path}' was made with {_say(found, changed)}, not {_say(wanted, changed)}; give what it was made with, "
            "or choose another place."
        )


def read_made(path: Path) -> Any:
    """Return what a record says, None where there is none or it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_made(path: Path, made: Mapping[str, Any]) -> None:
    """Write a record; raises RNCoreError if it cannot be written."""
    write_whole(path, (json.dumps(dict(made)) + "\n").encode())


def _say(values: Mapping[str, Any], names: list[str]) -> str:
    """Return some arguments in words."""
    return ", ".join(f"{name} {values.get(name, 'unknown')}" for name in names)

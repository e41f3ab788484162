"""Checks shared by scenes, programs and folders: the type of a JSON value, and how messages quote it."""

from __future__ import annotations

import math
import reprlib
from typing import Any

from rn_core.common.errors import SceneError

_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 60
_BRIEF.maxlevel = 3
#: Most characters of a value that a message quotes.
_MOST_SHOWN = 200


def shown(value: Any) -> str:
    """Return a value as a message quotes it: at most a few dozen characters, however deep or long it is."""
    try:
        text = " ".join(_BRIEF.repr(value).split())
    except (ValueError, RecursionError):  # a whole number of thousands of digits has no text
        return f"a huge {type(value).__name__}"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def is_whole(value: Any) -> bool:
    """Return whether a JSON value is a whole number; booleans are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_number(value: Any, what: str, low: float, high: float) -> float:
    """Return a JSON number as a float.

    Args:
        value: what was read.
        what: its name in the message ("Object 3's rotation").
        low: smallest value allowed.
        high: largest value allowed.

    Raises:
        SceneError: if it is not a finite number from `low` to `high`.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value if isinstance(value, float) else 0) or not low <= value <= high:
        raise SceneError(f"{what} must be a number from {low:g} to {high:g}, got {shown(value)}; change it.")
    return float(value)


def check_numbers(value: Any, what: str, low: float, high: float) -> tuple[float, float, float]:
    """Return a JSON list of three numbers as floats; raises SceneError as `check_number` does."""
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise SceneError(f"{what} must be a list of three numbers, got {shown(value)}; change it.")
    one, two, three = (check_number(part, what, low, high) for part in value)
    return one, two, three

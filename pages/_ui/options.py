"""How a choice shows its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

Option = TypeVar("Option")


def named(names: Mapping[Option, str]) -> Callable[[Option], str]:
    """Return what names the options of a choice: their names in a table, and others as they are."""
    return lambda option: names.get(option, str(option))

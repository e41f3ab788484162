"""What the Class page shows, as one value that fits in a URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pages._lab.links import Field, format_switch, parse_switch, read_query, write_query


@dataclass(frozen=True)
class ClassState:
    """Everything that decides what the Class page shows, apart from the room: large type."""

    projector: bool = False

    def change(self, **changes: Any) -> ClassState:
        """Return the state with new values."""
        return replace(self, **changes)

    def to_query(self) -> dict[str, str]:
        """Return the URL parameters, without those at their default."""
        return write_query(self, FIELDS)

    @staticmethod
    def from_query(query: Mapping[str, str]) -> tuple[ClassState, list[str]]:
        """Read URL parameters; also return a sentence for each one that could not be used."""
        return read_query(ClassState, FIELDS, query)


FIELDS = (Field("projector", "projector", parse_switch, format_switch),)

"""What the Class page shows, as one value that fits in a URL."""

from __future__ import annotations

from dataclasses import dataclass

from pages._lab.links import Field, PageState, format_switch, parse_switch


@dataclass(frozen=True)
class ClassState(PageState):
    """Everything that decides what the Class page shows, apart from the room: large type."""

    projector: bool = False

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS


FIELDS = (Field("projector", "projector", parse_switch, format_switch),)

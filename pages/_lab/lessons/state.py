"""What the Lessons page shows, as one value that fits in a URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pages._lab.lessons import file as lesson_file
from pages._lab.links import Field, format_switch, parse_switch, read_query, write_query
from rn_core.common.errors import lookup


@dataclass(frozen=True)
class LessonsState:
    """Everything that decides what the Lessons page shows, apart from the answers given.

    Attributes:
        lesson: name of the open lesson; empty for the first one.
        teacher: whether all answers are shown.
        projector: large type.
    """

    lesson: str = ""
    teacher: bool = False
    projector: bool = False

    def change(self, **changes: Any) -> LessonsState:
        """Return the state with new values."""
        return replace(self, **changes)

    def to_query(self) -> dict[str, str]:
        """Return the URL parameters, without those at their default."""
        return write_query(self, FIELDS)

    @staticmethod
    def from_query(query: Mapping[str, str]) -> tuple[LessonsState, list[str]]:
        """Read URL parameters; also return a sentence for each one that could not be used."""
        return read_query(LessonsState, FIELDS, query)


def _parse_lesson(text: str) -> str:
    """Read a lesson's name; it must be that of a file."""
    lookup(text, dict.fromkeys(lesson_file.list_slugs(lesson_file.FOLDER)), "lesson")
    return text


FIELDS = (
    Field("lesson", "lesson", _parse_lesson),
    Field("teacher", "teacher", parse_switch, format_switch),
    Field("projector", "projector", parse_switch, format_switch),
)

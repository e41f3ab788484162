"""What the Lessons page shows, as one value that fits in a URL."""

from __future__ import annotations

from dataclasses import dataclass

from pages._lab.lessons import file as lesson_file
from pages._lab.links import Field, PageState, format_switch, parse_switch
from rn_core.common.errors import lookup


@dataclass(frozen=True)
class LessonsState(PageState):
    """Everything that decides what the Lessons page shows, apart from the answers given.

    Attributes:
        lesson: name of the open lesson; empty for the first one.
        teacher: whether all answers are shown.
        projector: large type.
    """

    lesson: str = ""
    teacher: bool = False
    projector: bool = False

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS


def _parse_lesson(text: str) -> str:
    """Read a lesson's name; it must be that of a file."""
    lookup(text, dict.fromkeys(lesson_file.list_slugs(lesson_file.FOLDER)), "lesson")
    return text


FIELDS = (
    Field("lesson", "lesson", _parse_lesson),
    Field("teacher", "teacher", parse_switch, format_switch),
    Field("projector", "projector", parse_switch, format_switch),
)

"""A story of a bAbI file that a person opens; nothing here knows Streamlit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pages._ui.babi.stories import Line, read_written, tidy_question
from rn_core.errors import RNCoreError
from rn_core.tasks.babi.files import MAX_BYTES, parse_stories

#: Published files begin with their task, such as qa1_single-supporting-fact_train.txt.
_TASK = re.compile(r"qa([1-9]|1\d|20)_")


@dataclass(frozen=True)
class StoryFromFile:
    """The last question of a story, with all that was told before it."""

    task: int
    told: tuple[Line, ...]
    question: str


def read_story_file(content: bytes, name: str, number: int, task: int) -> StoryFromFile:
    """Return one story of a file in bAbI's format.

    Args:
        content: of the file.
        name: its name, which says the task where it begins as the published ones do.
        number: which of its stories, from 1.
        task: 1 to 20, where the name does not say it.

    Raises:
        RNCoreError: if it is no such file, has fewer stories, or the story asks nothing.
    """
    if len(content) > MAX_BYTES:
        raise RNCoreError(f"'{name}' has {len(content):,} bytes, bAbI's files at most {MAX_BYTES:,}; split it.")
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as err:
        raise RNCoreError(
            f"'{name}' is no bAbI file: these are plain ASCII text, got the byte {content[err.start]:#04x}; "
            "choose one such as qa1_train.txt."
        ) from err
    named = _TASK.match(name)
    task = int(named[1]) if named else task
    stories = parse_stories(text, task, name)
    if not 1 <= number <= len(stories):
        raise RNCoreError(
            f"'{name}' has {len(stories):,} stories, got number {number:,}; choose 1 to {len(stories):,}."
        )
    asked = list(stories[number - 1].questions())
    if not asked:
        raise RNCoreError(f"Story {number:,} of '{name}' asks no question; choose another one.")
    return StoryFromFile(task, read_written("\n".join(asked[-1].statements)), tidy_question(asked[-1].text))

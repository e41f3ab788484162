"""A story of a bAbI file that a person opens; no Streamlit."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from pages._lab.babi.stories import Line, read_written, tidy_question
from rn_core.common.errors import RNCoreError
from rn_core.tasks.babi.files import MAX_BYTES, parse_stories
from rn_core.tasks.babi.solvers.any_task import find_answer
from rn_core.tasks.babi.story import Story
from rn_core.tasks.babi.words import ANSWERS

#: Published files begin with their task, such as qa1_single-supporting-fact_train.txt.
_TASK = re.compile(r"qa([1-9]|1\d|20)_")
#: A line numbered 1 begins a story.
_FIRST_LINE = re.compile(r"^1(?!\d)", re.MULTILINE)
#: Most lines of a story that is parsed, and letters of a text that holds none; the published ones have 228 at most.
_MOST_LINES, _MOST_LETTERS = 2_000, 100_000


@dataclass(frozen=True)
class StoryFromFile:
    """The last question of a story, with all that was told before it, and its answer if it is one of bAbI's."""

    task: int
    told: tuple[Line, ...]
    question: str
    answer: str | None


def read_story_file(content: bytes, name: str, number: int, task: int) -> StoryFromFile:
    """Return one story of a file in bAbI's format.

    Args:
        content: of the file.
        name: its name, which says the task where it begins as the published ones do.
        number: which of its stories, from 1.
        task: 1 to 20, where neither the name nor the question says it.

    Raises:
        RNCoreError: if it is no such file, has fewer stories, or the story asks nothing.
    """
    if len(content) > MAX_BYTES:
        raise RNCoreError(f"'{name}' has {len(content):,} bytes, and the limit is {MAX_BYTES:,}; split it.")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("ascii")
    except UnicodeDecodeError as err:
        raise RNCoreError(
            f"'{name}' is not a bAbI file, which is plain ASCII text: it has the byte {err.object[err.start]:#04x}; "
            "choose one such as qa1_train.txt."
        ) from err
    named = _TASK.match(name)
    task = int(named[1]) if named else task
    story = _find_story(text, name, number, task)
    asked = [(row, line) for row, line in enumerate(story.lines) if not isinstance(line, str)]
    if not asked:
        raise RNCoreError(f"Story {number:,} of '{name}' asks no question; choose another one.")
    place, question = asked[-1]
    told = read_written("\n".join(line for line in story.lines[:place] if isinstance(line, str)))
    text = tidy_question(question.text)
    task = task if named else _find_task(told, text, task)
    return StoryFromFile(task, told, text, question.answer if question.answer in ANSWERS else None)


def _find_task(told: tuple[Line, ...], question: str, task: int) -> int:
    """Return the task that asks a question about a story; where the rules find none, the one that is given."""
    try:
        return find_answer([line.text for line in told], question, task)[0]
    except RNCoreError:
        return task


def _find_story(text: str, name: str, number: int, task: int) -> Story:
    """Return one story of a text; only its own lines are parsed, so a large file costs no more than a small one."""
    starts = [match.start() for match in _FIRST_LINE.finditer(text)]
    if not starts or starts[0]:
        parse_stories(text[: starts[0] if starts else _MOST_LETTERS], task, name)
    if not 1 <= number <= len(starts):
        raise RNCoreError(f"'{name}' has {len(starts):,} stories, got number {number:,}; choose 1 to {len(starts):,}.")
    part = text[starts[number - 1] : (*starts, len(text))[number]]
    if part.count("\n") > _MOST_LINES:
        raise RNCoreError(
            f"Story {number:,} of '{name}' has more than {_MOST_LINES:,} lines; choose another one, or shorten it."
        )
    return parse_stories(part, task, name, text.count("\n", 0, starts[number - 1]) + 1)[0]

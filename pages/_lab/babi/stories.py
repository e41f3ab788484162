"""Stories on the page: drawn by seed, written, edited, and in a URL; no Streamlit."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.encoding import encode_questions, encode_sentence, read_story
from rn_core.tasks.babi.solvers import solve
from rn_core.tasks.babi.story import Story, StoryQuestion
from rn_core.tasks.babi.worlds import sample_story

#: Stories whose questions are suggested, and suggestions at most.
_N_SAMPLED, _MOST_ASKED = 40, 40
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Line:
    """One sentence of a story on the page.

    Attributes:
        text: such as "Mary moved to the bathroom.".
        dropped: whether it is left out; it keeps its place, to be restored.
    """

    text: str
    dropped: bool = False


@functools.lru_cache(maxsize=256)
def sampled_story(task: int, seed: int) -> Story:
    """Return a story of a task, the same for a seed on every machine."""
    return sample_story(make_rng(seed, "explore", task), task)


@functools.lru_cache(maxsize=256)
def sampled_questions(task: int, seed: int) -> tuple[StoryQuestion, ...]:
    """Return the questions of `sampled_story`, each with the statements before it."""
    return tuple(sampled_story(task, seed).questions())


@functools.lru_cache(maxsize=64)
def known_questions(task: int) -> tuple[str, ...]:
    """Return questions that stories of a task ask, in alphabetical order."""
    asked = (each.text for seed in range(_N_SAMPLED) for each in sampled_questions(task, seed))
    return tuple(sorted(dict.fromkeys(asked)))


@functools.lru_cache(maxsize=64)
def suggest_questions(task: int, seed: int, statements: tuple[str, ...]) -> tuple[str, ...]:
    """Return questions that have a true answer in a story, those of the drawn story first.

    Args:
        task: whose rules answer.
        seed: of the drawn story.
        statements: what is told; none of another task's stories has an answer.
    """
    own = (question.text for question in sampled_questions(task, seed))
    candidates = dict.fromkeys((*own, *known_questions(task)))
    return tuple(text for text in candidates if _has_answer(task, statements, text))[:_MOST_ASKED]


def _has_answer(task: int, statements: tuple[str, ...], text: str) -> bool:
    """Return whether the task's rules answer a question."""
    try:
        solve(task, statements, text)
    except RNCoreError:
        return False
    return True


def tidy_sentence(text: str, end: str = ".") -> str:
    """Return a sentence as bAbI writes it: one space between words, a capital in front, one mark behind.

    Args:
        text: its words.
        end: the mark.

    Raises:
        RNCoreError: if it has no word, too many, or an unknown one, naming the nearest known ones.
    """
    encode_sentence(text)
    sentence = " ".join(_WORD.findall(text))
    return f"{sentence[0].upper()}{sentence[1:]}{end}"


def tidy_question(text: str) -> str:
    """Return a question as bAbI writes it; raises QuestionError if it is empty or has an unknown word."""
    encode_questions([text])
    return tidy_sentence(text, "?")


def read_written(text: str) -> tuple[Line, ...]:
    """Return the sentences of a text with a sentence a line.

    Raises:
        SceneError: for no sentence or too many, or naming the first one that cannot be read.
    """
    return tuple(Line(tidy_sentence(sentence)) for sentence in read_story(text))


def move_line(lines: tuple[Line, ...], start: int, end: int) -> tuple[tuple[Line, ...], list[int]]:
    """Return the lines with one of them at another place, and which old place each new one had."""
    order = list(range(len(lines)))
    order.insert(end, order.pop(start))
    return tuple(lines[place] for place in order), order


def mark_line(lines: tuple[Line, ...], place: int, dropped: bool) -> tuple[Line, ...]:
    """Return the lines with one of them dropped or restored."""
    return (*lines[:place], replace(lines[place], dropped=dropped), *lines[place + 1 :])


def format_lines(lines: tuple[Line, ...]) -> str:
    """Return lines as URL text, such as `Mary-moved-to-the-bathroom_.John-went-to-the-hallway`; a dot means dropped."""
    return "_".join(f"{'.' * line.dropped}{format_sentence(line.text)}" for line in lines)


def format_sentence(text: str) -> str:
    """Return a sentence or a question as URL text."""
    return text[:-1].replace(" ", "-")


def parse_lines(text: str) -> tuple[Line, ...]:
    """Read what `format_lines` wrote; errors as `read_written`."""
    parts = text.split("_")
    lines = read_written("\n".join(part.removeprefix(".").replace("-", " ") or "?" for part in parts))
    return tuple(replace(line, dropped=part.startswith(".")) for line, part in zip(lines, parts, strict=True))


def parse_question(text: str) -> str:
    """Read what `format_sentence` wrote of a question; errors as `tidy_question`."""
    return tidy_question(text.replace("-", " "))

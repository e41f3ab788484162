"""Stories on the page: drawn by seed, written, edited, and in a URL; no Streamlit."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.encoding import encode_questions, encode_sentence, read_story, tokenize
from rn_core.tasks.babi.known import suggest_question, write_out
from rn_core.tasks.babi.solvers.any_task import find_answer, list_tasks
from rn_core.tasks.babi.story import Story, StoryQuestion
from rn_core.tasks.babi.synonyms import WORDING
from rn_core.tasks.babi.words import NAMES, RELATIONS, WORDS
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
        task: whose questions come first.
        seed: of the drawn story.
        statements: what is told; of another task, its questions are suggested.
    """
    own = (question.text for question in sampled_questions(task, seed))
    found = _answered(statements, (*own, *known_questions(task)))
    if found:
        return found
    others = list_tasks(statements)
    return _answered(statements, (text for other in others for text in known_questions(other)))


@functools.cache
def word_groups() -> dict[str, tuple[str, ...]]:
    """Return what words are for -> the words of stories and questions, and the synonyms that are understood."""
    named, related = tuple(sorted(NAMES)), tuple(word for word in RELATIONS if word not in NAMES)
    others = tuple(word for word in WORDS if word not in NAMES and word not in RELATIONS)
    return {
        "Names": named,
        "Places and sizes": related,
        "Other words": others,
        "Also understood": WORDING.list_synonyms(),
    }


def _answered(statements: tuple[str, ...], texts: Iterable[str]) -> tuple[str, ...]:
    """Return the first questions of some that have a true answer in a story, each once."""
    answered = (text for text in dict.fromkeys(texts) if _has_answer(statements, text))
    return tuple(itertools.islice(answered, _MOST_ASKED))


def _has_answer(statements: tuple[str, ...], text: str) -> bool:
    """Return whether the rules of any task answer a question."""
    try:
        find_answer(statements, text)
    except RNCoreError:
        return False
    return True


def tidy_sentence(text: str, end: str = ".") -> str:
    """Return a sentence as bAbI writes it: its words, one space between them, a capital in front, one mark behind.

    Args:
        text: its words; synonyms, and articles that are missing, are replaced where that makes it a known sentence.
        end: the mark.

    Raises:
        RNCoreError: if it has no word, too many, or an unknown one, naming the nearest known one.
    """
    encode_sentence(text)
    typed = _WORD.findall(text)
    words = typed if [word.lower() for word in typed] == tokenize(text) else tokenize(text)
    sentence = " ".join(words)
    sentence = f"{sentence[0].upper()}{sentence[1:]}{end}"
    known = write_out(text, is_question=end == "?")
    return sentence if known is None or known.lower() == sentence.lower() else known


def tidy_question(text: str) -> str:
    """Return a question as bAbI writes it.

    Raises:
        QuestionError: if it is empty or has an unknown word, with the nearest known question.
    """
    try:
        encode_questions([text])
    except QuestionError as err:
        raise QuestionError(str(err), suggest_question(text)) from err
    return tidy_sentence(text, "?")


def read_written(text: str) -> tuple[Line, ...]:
    """Return the sentences of a text, one per line or several, each up to its full stop; line numbers are left out.

    Raises:
        SceneError: for no sentence or too many, or naming the first one that cannot be read.
    """
    return _read_lines(text)


def _read_lines(story: str | tuple[str, ...]) -> tuple[Line, ...]:
    """Return the sentences of a text, or of a list of them; errors as `read_written`."""
    return tuple(Line(tidy_sentence(sentence)) for sentence in read_story(story))


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
    lines = _read_lines(tuple(part.removeprefix(".").replace("-", " ") or "?" for part in parts))
    return tuple(replace(line, dropped=part.startswith(".")) for line, part in zip(lines, parts, strict=True))


def parse_question(text: str) -> str:
    """Read what `format_sentence` wrote of a question; errors as `tidy_question`."""
    return tidy_question(text.replace("-", " "))

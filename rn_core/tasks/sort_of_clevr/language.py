"""Questions of Sort-of-CLEVR in plain English, both ways."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from types import MappingProxyType

from rn_core.common.errors import QuestionError, cut, quote
from rn_core.common.wording import nearest_word
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES, Question
from rn_core.tasks.sort_of_clevr.scene import COLORS
from rn_core.tasks.sort_of_clevr.synonyms import WORDING

TEMPLATES = MappingProxyType(
    {
        "shape": "What is the shape of the {} object?",
        "left": "Is the {} object on the left?",
        "top": "Is the {} object at the top?",
        "closest_shape": "What is the shape of the object closest to the {} object?",
        "furthest_shape": "What is the shape of the object furthest from the {} object?",
        "count_same_shape": "How many other objects have the same shape as the {} object?",
    }
)
ALL_TEXTS = tuple(TEMPLATES[kind].format(color) for kind in QUESTION_TYPES for color in COLORS)
#: Words without which a question still says the same.
_OPTIONAL = frozenset("the a an object objects one of to from at on in".split())


def text(question: Question) -> str:
    """Return the question in English."""
    return TEMPLATES[question.type].format(question.color)


def parse(sentence: str) -> Question:
    """Read an English question; case, spaces, articles, synonyms and the question mark do not matter.

    Each text is read once.

    Raises:
        QuestionError: naming a word it does not know, and suggesting the question nearest in meaning.
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise QuestionError(f"Type a question, such as '{ALL_TEXTS[0]}'")
    return _parse(sentence)


@functools.lru_cache(maxsize=256)
def _parse(sentence: str) -> Question:
    """Return what a text asks; raises QuestionError as `parse`."""
    typed = _words(sentence)
    words = WORDING.replace(typed)
    known = _NUMBERS.get(_gist(words))
    if known is not None:
        return Question.from_index(known)
    nearest = _nearest(words)
    strange = next((word for word in words if word not in _VOCABULARY), None)
    if strange is None:
        raise QuestionError(
            f"'{cut(' '.join(sentence.split()), 80)}' is not one of the 36 questions. Did you mean '{nearest}'", nearest
        )
    raise QuestionError(
        f"The word {quote(WORDING.as_typed(strange, typed))} is not in this task's language{_say_hint(strange)} "
        f"Ask, for example, '{nearest}'",
        nearest,
    )


def _say_hint(strange: str) -> str:
    """Return the end of a sentence about a strange word, with the nearest known one where there is one."""
    if strange in WORDING.related:
        return f", which asks about '{WORDING.related[strange]}'."
    near = nearest_word(strange, _VOCABULARY)
    return "." if near is None else f". Did you mean '{near}'?"


def _words(sentence: str) -> list[str]:
    """Return the lower-cased words without punctuation."""
    return re.findall(r"[\w']+", sentence.lower().replace("\u2019", "'"))


def _gist(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that tell questions apart."""
    return tuple(word for word in words if word not in _OPTIONAL)


def _nearest(words: Sequence[str]) -> str:
    """Return the known question that shares most words with `words`, strange ones taken for what they may mean."""
    meant = _gist([WORDING.hint(word, _VOCABULARY) or word if word not in _VOCABULARY else word for word in words])
    return ALL_TEXTS[max(_NUMBERS.values(), key=lambda k: _overlap(meant, _GISTS[k]))]


def _overlap(words: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Return the shared words over all words (Jaccard)."""
    return len({*words} & {*known}) / max(len({*words} | {*known}), 1)


_GISTS = tuple(_gist(_words(sentence)) for sentence in ALL_TEXTS)
_NUMBERS = {gist: number for number, gist in enumerate(_GISTS)}
_VOCABULARY = frozenset(word for sentence in ALL_TEXTS for word in _words(sentence)) | _OPTIONAL
#: The words of the 36 questions, in alphabetical order.
WORDS = tuple(sorted({word for sentence in ALL_TEXTS for word in _words(sentence)}))

"""Questions of Sort-of-CLEVR in plain English, both ways."""

from __future__ import annotations

import functools
import re
from types import MappingProxyType

from rn_core.common.errors import QuestionError, cut, did_you_mean, quote
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES, Question
from rn_core.tasks.sort_of_clevr.scene import COLORS

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
#: Other spellings that a person types.
_SYNONYMS = MappingProxyType(
    {"grey": "gray", "nearest": "closest", "farthest": "furthest", "colour": "color", "what's": "what is"}
)


def text(question: Question) -> str:
    """Return the question in English."""
    return TEMPLATES[question.type].format(question.color)


def parse(sentence: str) -> Question:
    """Read an English question; case, spaces and the question mark do not matter. Each text is read once.

    Raises:
        QuestionError: naming a word it does not know, or the nearest question it does know.
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise QuestionError(f"Type a question, such as '{ALL_TEXTS[0]}'")
    return _parse(sentence)


@functools.lru_cache(maxsize=256)
def _parse(sentence: str) -> Question:
    """Return what a text asks; raises QuestionError as `parse`."""
    words = _words(sentence)
    for index, known in enumerate(_KNOWN):
        if words == known:
            return Question.from_index(index)
    strange = next((word for word in words if word not in _VOCABULARY), None)
    if strange is not None:
        raise QuestionError(
            f"The word {quote(strange)} is not in this task's language.{did_you_mean(strange, sorted(_VOCABULARY))} "
            f"Ask, for example, '{_nearest(words)}'"
        )
    raise QuestionError(
        f"'{cut(' '.join(sentence.split()), 80)}' is not one of the 36 questions. Did you mean '{_nearest(words)}'"
    )


def _words(sentence: str) -> tuple[str, ...]:
    """Return the lower-cased words without punctuation, synonyms replaced."""
    words = re.findall(r"[\w']+", sentence.lower().replace("\u2019", "'"))
    return tuple(" ".join(_SYNONYMS.get(word, word) for word in words).split())


def _nearest(words: tuple[str, ...]) -> str:
    """Return the known question that shares most words with `words`."""
    return ALL_TEXTS[max(range(len(_KNOWN)), key=lambda k: _overlap(words, _KNOWN[k]))]


def _overlap(words: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Return the shared words over all words (Jaccard)."""
    return len({*words} & {*known}) / len({*words} | {*known})


_KNOWN = tuple(_words(sentence) for sentence in ALL_TEXTS)
_VOCABULARY = frozenset(word for words in _KNOWN for word in words)

"""Questions of Sort-of-CLEVR in plain English, both ways."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.tasks.sort_of_clevr.phrasebook import Phrasebook
from rn_core.tasks.sort_of_clevr.questions import N_QUESTIONS, QUESTION_TYPES, Question
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
_PHRASEBOOK = Phrasebook(ALL_TEXTS, N_QUESTIONS)
#: The words of the 36 questions, in alphabetical order.
WORDS = _PHRASEBOOK.words


def text(question: Question) -> str:
    """Return the question in English."""
    return TEMPLATES[question.type].format(question.color)


def parse(sentence: str) -> Question:
    """Read an English question; case, spaces, articles, synonyms and the question mark do not matter.

    Each text is read once.

    Raises:
        QuestionError: naming a word it does not know, and suggesting the question nearest in meaning.
    """
    return Question.from_index(_PHRASEBOOK.find(sentence))

"""Questions about two named objects in plain English, both ways."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.tasks.sort_of_clevr.phrasebook import Phrasebook
from rn_core.tasks.sort_of_clevr.triples import LINE_REACH, N_TRIPLE_QUESTIONS, TripleQuestion

TRIPLE_TEMPLATES = MappingProxyType(
    {
        "between": "How many objects are in the box between the {} and the {} object?",
        "line": f"Is any object within {LINE_REACH} pixels of the line through the {{}} and the {{}} object?",
        "obtuse": "How many objects form an obtuse triangle with the {} and the {} object?",
    }
)


def triple_text(question: TripleQuestion) -> str:
    """Return the question in English."""
    return TRIPLE_TEMPLATES[question.type].format(question.first, question.second)


def _turned(question: TripleQuestion) -> str:
    """Return the question with its colors the other way round."""
    return TRIPLE_TEMPLATES[question.type].format(question.second, question.first)


_QUESTIONS = tuple(TripleQuestion.from_index(index) for index in range(N_TRIPLE_QUESTIONS))
TRIPLE_TEXTS = tuple(map(triple_text, _QUESTIONS))
_PHRASEBOOK = Phrasebook((*TRIPLE_TEXTS, *map(_turned, _QUESTIONS)), N_TRIPLE_QUESTIONS)


def parse_triple(sentence: str) -> TripleQuestion:
    """Read an English question; case, spaces, the question mark and the order of the two colors do not matter.

    Raises:
        QuestionError: naming a word it does not know, or the nearest question it does know.
    """
    return _QUESTIONS[_PHRASEBOOK.find(sentence) % N_TRIPLE_QUESTIONS]

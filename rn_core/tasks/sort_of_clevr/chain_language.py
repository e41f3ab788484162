"""Questions about chains in plain English, both ways."""

from __future__ import annotations

from rn_core.tasks.sort_of_clevr.chain import N_CHAIN_QUESTIONS, ChainQuestion
from rn_core.tasks.sort_of_clevr.phrasebook import Phrasebook

_TEMPLATE = "What is the {} of the object that is {} {} from the {} one, each to the nearest object not yet visited?"


def chain_text(question: ChainQuestion) -> str:
    """Return the question in English."""
    return _fill(question, "jump" if question.jumps == 1 else "jumps")


def _fill(question: ChainQuestion, word: str) -> str:
    """Return the question with "jump" or "jumps"."""
    return _TEMPLATE.format(question.asks, question.jumps, word, question.start)


_QUESTIONS = tuple(ChainQuestion.from_index(index) for index in range(N_CHAIN_QUESTIONS))
CHAIN_TEXTS = tuple(map(chain_text, _QUESTIONS))
_TURNED = tuple(_fill(question, "jumps" if question.jumps == 1 else "jump") for question in _QUESTIONS)
_PHRASEBOOK = Phrasebook((*CHAIN_TEXTS, *_TURNED), N_CHAIN_QUESTIONS)


def parse_chain(sentence: str) -> ChainQuestion:
    """Read an English question; case, spaces, articles, synonyms and the question mark do not matter.

    Raises:
        QuestionError: naming a word it does not know, or the nearest question it does know.
    """
    return _QUESTIONS[_PHRASEBOOK.find(sentence) % N_CHAIN_QUESTIONS]

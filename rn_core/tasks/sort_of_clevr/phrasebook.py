"""English questions of a fixed list, read whatever their case, spacing, articles and synonyms."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rn_core.common.errors import QuestionError, cut, quote
from rn_core.common.wording import nearest_word, overlap
from rn_core.tasks.sort_of_clevr.synonyms import WORDING

#: Words without which a question still says the same.
_OPTIONAL = frozenset("the a an object objects one of to from at on in image picture".split())


@dataclass(frozen=True)
class Phrasebook:
    """The questions of one task as texts.

    Attributes:
        texts: every text that is known; a question may have several.
        n_questions: the number of different questions, for messages.
    """

    texts: tuple[str, ...]
    n_questions: int

    def find(self, sentence: str) -> int:
        """Return the index in `texts` of an English question; case, spaces, articles and synonyms do not matter.

        Each text is read once.

        Raises:
            QuestionError: naming a word it does not know, and suggesting the question nearest in meaning.
        """
        if not isinstance(sentence, str) or not sentence.strip():
            raise QuestionError(f"Type a question, such as '{self.texts[0]}'")
        return _find(self, sentence)

    def look_up(self, words: Sequence[str]) -> int | None:
        """Return the index of the text that says the same as some words, or None."""
        return self._numbers.get(_gist(words))

    def refuse(self, sentence: str) -> QuestionError:
        """Return the error for a text that is no question of this list."""
        typed = split_words(sentence)
        words = WORDING.replace(typed)
        nearest = self._find_nearest(words)
        strange = next((word for word in words if word not in self._vocabulary), None)
        if strange is None:
            return QuestionError(
                f"'{cut(' '.join(sentence.split()), 80)}' is not one of the {self.n_questions} questions. "
                f"Did you mean '{nearest}'",
                nearest,
            )
        return QuestionError(
            f"The word {quote(WORDING.as_typed(strange, typed))} is not in this task's language"
            f"{self._say_hint(strange)} Ask, for example, '{nearest}'",
            nearest,
        )

    @functools.cached_property
    def words(self) -> tuple[str, ...]:
        """Return the words of all texts, in alphabetical order."""
        return tuple(sorted({word for sentence in self.texts for word in split_words(sentence)}))

    @functools.cached_property
    def _gists(self) -> tuple[tuple[str, ...], ...]:
        return tuple(_gist(WORDING.replace(split_words(sentence))) for sentence in self.texts)

    @functools.cached_property
    def _numbers(self) -> dict[tuple[str, ...], int]:
        return {gist: number for number, gist in enumerate(self._gists)}

    @functools.cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(self.words).union(*self._gists) | _OPTIONAL

    def _say_hint(self, strange: str) -> str:
        """Return the end of a sentence about a strange word, with the nearest known one where there is one."""
        if strange in WORDING.related:
            return f", which asks about '{WORDING.related[strange]}'."
        near = nearest_word(strange, self._vocabulary)
        return "." if near is None else f". Did you mean '{near}'?"

    def _find_nearest(self, words: Sequence[str]) -> str:
        """Return the known text that shares most words with `words`, strange ones taken for what they may mean."""
        meant = _gist(WORDING.guess(words, self._vocabulary))
        return self.texts[max(self._numbers.values(), key=lambda k: overlap(meant, self._gists[k]))]


@functools.lru_cache(maxsize=512)
def _find(phrasebook: Phrasebook, sentence: str) -> int:
    """Return the index of a text; raises QuestionError as `Phrasebook.find`."""
    known = phrasebook.look_up(WORDING.replace(split_words(sentence)))
    if known is None:
        raise phrasebook.refuse(sentence)
    return known


def split_words(sentence: str) -> list[str]:
    """Return the lower-cased words without punctuation."""
    return re.findall(r"[\w']+", sentence.lower().replace("\u2019", "'"))


def _gist(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that tell questions apart."""
    return tuple(word for word in words if word not in _OPTIONAL)

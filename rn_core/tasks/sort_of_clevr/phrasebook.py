"""English questions of a fixed list, read whatever their case, spacing and punctuation."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType

from rn_core.common.errors import QuestionError, cut, did_you_mean, quote

#: Other spellings that a person types.
_SYNONYMS = MappingProxyType(
    {"grey": "gray", "nearest": "closest", "farthest": "furthest", "colour": "color", "what's": "what is"}
)


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
        """Return the index in `texts` of an English question; case, spaces and the question mark do not matter.

        Each text is read once.

        Raises:
            QuestionError: naming a word it does not know, or the nearest question it does know.
        """
        if not isinstance(sentence, str) or not sentence.strip():
            raise QuestionError(f"Type a question, such as '{self.texts[0]}'")
        return _find(self, sentence)

    def explain(self, sentence: str, words: tuple[str, ...]) -> str:
        """Return why a text is no question of this list."""
        strange = next((word for word in words if word not in self._vocabulary), None)
        if strange is not None:
            return (
                f"The word {quote(strange)} is not in this task's language."
                f"{did_you_mean(strange, sorted(self._vocabulary))} Ask, for example, '{self._nearest(words)}'"
            )
        return (
            f"'{cut(' '.join(sentence.split()), 80)}' is not one of the {self.n_questions} questions. "
            f"Did you mean '{self._nearest(words)}'"
        )

    @functools.cached_property
    def known(self) -> tuple[tuple[str, ...], ...]:
        """Return the words of each text."""
        return tuple(_words(sentence) for sentence in self.texts)

    @functools.cached_property
    def _vocabulary(self) -> frozenset[str]:
        """Return all words."""
        return frozenset(word for words in self.known for word in words)

    def _nearest(self, words: tuple[str, ...]) -> str:
        """Return the known question that shares most words with `words`."""
        return self.texts[max(range(len(self.known)), key=lambda k: _overlap(words, self.known[k]))]


@functools.lru_cache(maxsize=512)
def _find(phrasebook: Phrasebook, sentence: str) -> int:
    """Return the index of a text; raises QuestionError as `Phrasebook.find`."""
    words = _words(sentence)
    for index, known in enumerate(phrasebook.known):
        if words == known:
            return index
    raise QuestionError(phrasebook.explain(sentence, words))


def _words(sentence: str) -> tuple[str, ...]:
    """Return the lower-cased words without punctuation, synonyms replaced."""
    words = re.findall(r"[\w']+", sentence.lower().replace("\u2019", "'"))
    return tuple(" ".join(_SYNONYMS.get(word, word) for word in words).split())


def _overlap(words: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Return the shared words over all words (Jaccard)."""
    return len({*words} & {*known}) / len({*words} | {*known})

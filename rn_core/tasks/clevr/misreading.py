"""What to say about a question that is not understood: where reading stopped, and what could stand there."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr.vocabulary import WORD_NUMBERS, WORDS

_SHOWN_WORDS = 4
_SHOWN_LETTERS = 40
#: Ratios of `difflib`, 0 to 1, from which two words are alike.
_CLOSE, _VERY_CLOSE = 0.6, 0.8
#: Words that make a good example of how to go on.
_TYPICAL = ("things", "thing", "the", "a", "many", "is")


class Misreading:
    """The furthest word that could not be read on any way, and the words that could have stood there."""

    def __init__(self, words: list[str]) -> None:
        """Start at the first of a question's words."""
        self._words = words
        self._index = 0
        self._allowed: set[str] = set()
        self._ends: set[int] = set()

    def note(self, index: int, allowed: Collection[str]) -> None:
        """Remember that one of the words allowed should have stood at a place."""
        if index > self._index:
            self._index, self._allowed = index, set()
        if index == self._index:
            self._allowed.update(allowed)

    def note_end(self, index: int) -> None:
        """Remember that the question could have ended before a place."""
        self._ends.add(index)

    def error(self) -> QuestionError:
        """Return one sentence with the first word that is not understood and another one to say instead."""
        before = " ".join(word[:_SHOWN_LETTERS] for word in self._words[: self._index][-_SHOWN_WORDS:])
        if self._index == len(self._words):
            return QuestionError(
                f"The question breaks off after '{before}'; go on with '{self._typical()}', for example."
            )
        word = self._words[self._index][:_SHOWN_LETTERS]
        place = f"after '{before}'" if before else "at the start of a question"
        if self._index not in self._ends:
            return QuestionError(f"The word '{word}' is not understood {place}; did you mean '{self._nearest(word)}'?")
        instead = f" or say '{self._nearest(word)}' instead" if self._allowed else ""
        return QuestionError(
            f"The word '{word}' is not understood {place}, where the question is complete; leave it out{instead}."
        )

    def _nearest(self, word: str) -> str:
        """Return the word most like one that is not understood: one that fits here, or one that is very like it."""
        here = sorted(self._allowed)
        close = difflib.get_close_matches(word, here, n=1, cutoff=_CLOSE)
        if not close and word not in WORD_NUMBERS:
            close = difflib.get_close_matches(word, WORDS, n=1, cutoff=_VERY_CLOSE)
        return (close or difflib.get_close_matches(word, here, n=1, cutoff=0))[0]

    def _typical(self) -> str:
        """Return a word that could stand at the end."""
        return next((word for word in _TYPICAL if word in self._allowed), min(self._allowed))

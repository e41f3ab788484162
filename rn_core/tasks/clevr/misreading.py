"""What to say about a question that is not understood: where reading stopped, and what could stand there."""

from __future__ import annotations

from collections.abc import Collection

from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr.synonyms import WORDING
from rn_core.tasks.clevr.vocabulary import WORD_NUMBERS

_SHOWN_WORDS = 4
_SHOWN_LETTERS = 40
#: Words that make a good example of how to go on.
_TYPICAL = ("things", "thing", "what", "the", "a", "many", "is")


class Misreading:
    """The furthest word that could not be read on any way, and the words that could have stood there.

    Attributes:
        index: of that word among the question's; their number where the question breaks off.
        allowed: the words that could have stood there.
        ends: places where the question could have ended.
    """

    def __init__(self, words: list[str]) -> None:
        """Start at the first of a question's words."""
        self._words = words
        self.index = 0
        self.allowed: set[str] = set()
        self.ends: set[int] = set()

    def note(self, index: int, allowed: Collection[str]) -> None:
        """Remember that one of the words allowed should have stood at a place."""
        if index > self.index:
            self.index, self.allowed = index, set()
        if index == self.index:
            self.allowed.update(allowed)

    def note_end(self, index: int) -> None:
        """Remember that the question could have ended before a place."""
        self.ends.add(index)

    def error(self, typed: Collection[str] = ()) -> QuestionError:
        """Return one sentence with the first word that is not understood and another one to say instead.

        Args:
            typed: the words as they were typed, before synonyms were replaced.
        """
        before = " ".join(word[:_SHOWN_LETTERS] for word in self._words[: self.index][-_SHOWN_WORDS:])
        if self.index == len(self._words):
            return QuestionError(
                f"The question breaks off after '{before}'; go on with '{self._typical()}', for example."
            )
        word = WORDING.as_typed(self._words[self.index], typed)[:_SHOWN_LETTERS]
        place = f"after '{before}'" if before else "at the start of a question"
        near = self.hint()
        if self.index not in self.ends:
            instead = f"did you mean '{near}'?" if near else f"go on with '{self._typical()}', for example."
            return QuestionError(f"The word '{word}' is not understood {place}; {instead}")
        instead = f" or say '{near}' instead" if near else ""
        return QuestionError(
            f"The word '{word}' is not understood {place}, where the question is complete; leave it out{instead}."
        )

    def hint(self) -> str | None:
        """Return the word most like the one that is not understood: one that fits here, or one of CLEVR's."""
        word = self._words[self.index]
        return WORDING.hint(word, self.allowed) or (None if word in WORD_NUMBERS else WORDING.hint(word, WORD_NUMBERS))

    def _typical(self) -> str:
        """Return a word that could stand here."""
        return next((word for word in _TYPICAL if word in self.allowed), min(self.allowed))

"""Sentence forms: a pattern with slots and the words of each, which writes a sentence and reads it back."""

from __future__ import annotations

import re
from collections.abc import Sequence


class Form:
    """One pattern of sentences.

    Attributes:
        pattern: such as "The {} is {} of the {}.", a pair of braces a slot.
        slots: the words or phrases that each slot may hold, in the pattern's order; no two slots touch.
    """

    def __init__(self, pattern: str, *slots: Sequence[str]) -> None:
        """Make the form of `pattern` whose slots hold one of `slots` each."""
        self.pattern = pattern
        self.slots = tuple(tuple(slot) for slot in slots)
        self.write = pattern.format
        # Longest first: "box of chocolates" is no "box".
        choices = ("|".join(map(re.escape, sorted(slot, key=len, reverse=True))) for slot in self.slots)
        fixed = [re.escape(part) for part in pattern.split("{}")]
        self._regex = re.compile(fixed[0] + "".join(f"({words}){part}" for words, part in zip(choices, fixed[1:])))

    def read(self, text: str) -> tuple[str, ...] | None:
        """Return the words in the slots of a sentence, or None if it has another form."""
        match = self._regex.fullmatch(text)
        return match.groups() if match else None

    def example(self) -> str:
        """Return a sentence of this form, with the first words that leave no two slots alike."""
        words: list[str] = []
        for slot in self.slots:
            words.append(next((word for word in slot if word not in words), slot[0]))
        return self.write(*words)

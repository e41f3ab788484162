"""How people say what a language of questions says in its own words: synonyms, and hints by meaning or spelling."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

#: Ratio of `difflib`, 0 to 1, from which a word counts as misspelled; for words of at most three letters.
_CLOSE, _CLOSE_SHORT, _SHORT = 0.7, 0.85, 3
#: Letters of a word that are compared.
_MOST_LETTERS = 40


@dataclass(frozen=True)
class Wording:
    """The words of people beside those of one language.

    Attributes:
        synonyms: what people say -> what the language says for the same, each of one word or more, in lower case.
        related: a word that the language lacks -> one of its words that asks about something near or opposite.
    """

    synonyms: Mapping[str, str]
    related: Mapping[str, str]

    def replace(self, words: Sequence[str]) -> list[str]:
        """Return the words with synonyms replaced from left to right, the longest first; nothing is replaced twice."""
        if self._first_words.isdisjoint(words):
            return list(words)
        said: list[str] = []
        start = 0
        while start < len(words):
            length = self._match(words, start) if words[start] in self._first_words else 0
            said += self._phrases[tuple(words[start : start + length])] if length else words[start : start + 1]
            start += length or 1
        return said

    def _match(self, words: Sequence[str], start: int) -> int:
        """Return the length of the longest synonym that stands at a place; 0 if none does."""
        return next((n for n in self._lengths if tuple(words[start : start + n]) in self._phrases), 0)

    def guess(self, words: Sequence[str], allowed: Collection[str]) -> list[str]:
        """Return words with strange ones taken for what they may mean, where there is a hint."""
        return [word if word in allowed else self.hint(word, allowed) or word for word in words]

    def as_typed(self, word: str, typed: Collection[str]) -> str:
        """Return how a person wrote a word of the language: the synonym that stands in `typed`, or the word itself."""
        if word in typed:
            return word
        return next((said for said in typed if self.synonyms.get(said) == word), word)

    def list_synonyms(self) -> tuple[str, ...]:
        """Return each synonym with what it stands for, such as "grey = gray"."""
        return tuple(f"{said} = {meant}" for said, meant in self.synonyms.items())

    def hint(self, word: str, allowed: Collection[str]) -> str | None:
        """Return the allowed word nearest to one that is not understood: by meaning, else by spelling, else None."""
        meant = self.related.get(word)
        return meant if meant in allowed else nearest_word(word, allowed)

    @cached_property
    def _phrases(self) -> dict[tuple[str, ...], list[str]]:
        return {tuple(said.split()): meant.split() for said, meant in self.synonyms.items()}

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(phrase) for phrase in self._phrases}, reverse=True)

    @cached_property
    def _first_words(self) -> frozenset[str]:
        return frozenset(phrase[0] for phrase in self._phrases)


def overlap(one: Collection[str], other: Collection[str]) -> float:
    """Return the words that two texts share over all their words (Jaccard), 0 to 1."""
    return len({*one} & {*other}) / max(len({*one} | {*other}), 1)


def nearest_word(word: str, allowed: Collection[str]) -> str | None:
    """Return the allowed word that `word` is a misspelling of, or None: both begin alike and differ in little."""
    word = word[:_MOST_LETTERS]
    alike = sorted(each for each in allowed if each[:1] == word[:1])
    cutoff = _CLOSE_SHORT if len(word) <= _SHORT else _CLOSE
    return next(iter(difflib.get_close_matches(word, alike, n=1, cutoff=cutoff)), None)

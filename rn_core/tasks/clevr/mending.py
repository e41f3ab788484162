"""Questions that leave out an article or a plural, and the question nearest to one that is not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rn_core.tasks.clevr.language import ANY_SHAPE, words_of
from rn_core.tasks.clevr.misreading import Misreading
from rn_core.tasks.clevr.synonyms import WORDING
from rn_core.tasks.clevr.vocabulary import EXAMPLE, WORD_NUMBERS, split_words
from rn_core.tasks.clevr.world import VALUES

#: Words -> None if they are a question, else how far they could be read.
Check = Callable[[Sequence[str]], Misreading | None]
_ARTICLES = ("the", "a")
#: What ends a question that breaks off.
_ENDS = (("are", "there"), ("thing",), ("the", "thing"))
_ADJECTIVES = frozenset(
    word for name, values in VALUES.items() if name != "shape" for value in values for word in words_of(value)
)
_SINGULAR = (*ANY_SHAPE, *(word for value in VALUES["shape"] for word in words_of(value)))
_NOUNS = frozenset((*_SINGULAR, *(f"{word}s" for word in _SINGULAR)))
#: Steps from a question to one that is understood, at most.
_MOST_MENDED, _MOST_SUGGESTED = 8, 10
#: A longer question that is not understood is answered by an example: what is near to it takes long to find.
_LONGEST_SUGGESTED = 30


@dataclass(frozen=True)
class Said:
    """A question's words.

    Attributes:
        words: as CLEVR says them.
        places: of each word, the place of the typed word that it belongs to.
    """

    words: tuple[str, ...]
    places: tuple[int, ...]

    def put(self, start: int, end: int, new: Sequence[str]) -> Said:
        """Return the words with those from `start` to `end` replaced by new ones."""
        place = self.places[min(start, len(self.places) - 1)]
        return Said(
            (*self.words[:start], *new, *self.words[end:]),
            (*self.places[:start], *(place for _ in new), *self.places[end:]),
        )


def mend(words: Sequence[str], misreading: Misreading, check: Check) -> tuple[Said, Misreading | None]:
    """Return a question with missing articles put in and nouns in the number that fits, and what is still misread."""
    return _change(as_typed(words), misreading, check, _complete, _MOST_MENDED)


def suggest(words: Sequence[str], check: Check) -> str:
    """Return the question in CLEVR's language that is nearest in meaning to words that are none."""
    if len(words) > _LONGEST_SUGGESTED:
        return EXAMPLE
    for start in (tuple(words), _count_described(words)):
        found, misreading = _change(as_typed(start), check(start), check, _rephrase, _MOST_SUGGESTED)
        if misreading is None:
            return f"{' '.join(found.words).capitalize()}?"
    return EXAMPLE


def as_typed(words: Sequence[str]) -> Said:
    """Return words that each belong to their own place."""
    return Said(tuple(words), tuple(range(len(words))))


def _count_described(words: Sequence[str]) -> tuple[str, ...]:
    """Return a question that counts what words describe first; the example if they describe nothing."""
    meant = WORDING.guess(words, WORD_NUMBERS)
    noun = next((place for place, word in enumerate(meant) if word in _NOUNS), len(meant))
    named = [word for word in meant[:noun] if word in _ADJECTIVES]
    if not named and noun == len(meant):
        return tuple(split_words(EXAMPLE))
    return "how", "many", *named, meant[noun] if noun < len(meant) else "things", "are", "there"


def _change(
    said: Said,
    misreading: Misreading | None,
    check: Check,
    offer: Callable[[Said, Misreading], Iterator[Said]],
    most: int,
) -> tuple[Said, Misreading | None]:
    """Return words changed step by step until they are a question, and what is misread; each step reads on further."""
    for _ in range(most):
        if misreading is None:
            break
        for changed in offer(said, misreading):
            then = check(changed.words)
            gained = len(changed.words) - len(said.words)
            if then is None or then.index - misreading.index > gained:
                said, misreading = changed, then
                break
        else:
            break
    return said, misreading


def _complete(said: Said, misreading: Misreading) -> Iterator[Said]:
    """Yield what says the same: an article before a word, or a noun in the other number."""
    place = misreading.index
    if place == len(said.words):
        return
    for article in _ARTICLES:
        if article in misreading.allowed:
            yield said.put(place, place, (article,))
    word = said.words[place]
    for other in (f"{word}s", word.removesuffix("s")):
        if other != word and other in misreading.allowed:
            yield said.put(place, place + 1, (other,))


def _rephrase(said: Said, misreading: Misreading) -> Iterator[Said]:
    """Yield what is near: also a word of like meaning or spelling, one word less, or the end that is missing."""
    yield from _complete(said, misreading)
    place = misreading.index
    if place == len(said.words):
        for end in _ENDS:
            yield said.put(place, place, end)
        return
    hint = misreading.hint()
    if hint is not None:
        yield said.put(place, place + 1, (hint,))
    if place in misreading.ends and place > 0:
        yield said.put(place, len(said.words), ())
    if len(said.words) > 1:
        yield said.put(place, place + 1, ())

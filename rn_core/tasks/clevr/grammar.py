"""From English to programs: every text of the 90 families, and things distinguished by where they are.

The grammar is a tree of words made from the same templates that questions are generated from, so the two cannot drift
apart. Beyond CLEVR's own texts, every thing may be described by its place ("the cube left of the red ball behind
..."), and where a text does so, the place may be left out; CLEVR's own readings come first.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr.expressions import RELATION_SLOTS, Description, Expression, Slots, make_program
from rn_core.tasks.clevr.language import ANY_SHAPE, RELATION_PHRASES, words_of
from rn_core.tasks.clevr.mending import Said, as_typed, mend, suggest
from rn_core.tasks.clevr.misreading import Misreading
from rn_core.tasks.clevr.templates import Template, load_templates, text_variants
from rn_core.tasks.clevr.vocabulary import split_parts, split_words, typed_words
from rn_core.tasks.clevr.world import VALUES

_TOKEN = re.compile(r"\{([A-Z])}(s?)|([A-Za-z]+)")
_ATTRIBUTES = tuple(VALUES)
_SHAPE = _ATTRIBUTES.index("shape")
#: Word for an attribute before the noun -> (which attribute, its value).
_ADJECTIVES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        word: (index, value)
        for index, name in enumerate(_ATTRIBUTES)
        if index != _SHAPE
        for value in VALUES[name]
        for word in words_of(value)
    }
)
#: Noun in the singular -> its shape, None for "thing".
_NOUNS: Mapping[str, str | None] = MappingProxyType(
    {**dict.fromkeys(ANY_SHAPE), **{word: shape for shape in VALUES["shape"] for word in words_of(shape)}}
)
#: Nouns by whether they are plural.
_NOUNS_OF: Mapping[bool, Mapping[str, str | None]] = MappingProxyType(
    {False: _NOUNS, True: MappingProxyType({f"{word}s": shape for word, shape in _NOUNS.items()})}
)
#: A thing and its place in a template's text: the thing with its letter, the relation's, what the place is told by.
_PLACE = re.compile(r"(\{([A-D])}s?)(?: that (?:is|are))? \{([R-T])} the (?=\{([A-D])})")
_SCENE = Expression("scene")
_RELATION_WORDS = tuple(
    (tuple(phrase.split()), relation) for relation, phrases in RELATION_PHRASES.items() for phrase in phrases
)


class _Reading(NamedTuple):
    """What a text says.

    Attributes:
        template: the family that it belongs to.
        program: the family's program, or what is left of it.
        slots: the program's slots in the order of the text.
    """

    template: Template
    program: Expression
    slots: tuple[str, ...]


@dataclass(eq=False)
class _Branch:
    """A place in the tree of texts.

    Attributes:
        words: next word -> where it leads.
        things: whether the next thing is plural -> where it leads.
        relation: where a relation leads.
        readings: what a text that ends here says.
    """

    words: dict[str, _Branch] = field(default_factory=dict)
    things: dict[bool, _Branch] = field(default_factory=dict)
    relation: _Branch | None = None
    readings: list[_Reading] = field(default_factory=list)


def parse(text: str) -> list[dict[str, Any]]:
    """Read an English question in CLEVR's language; case, spaces and punctuation do not matter. Each text is read once.

    Synonyms are understood, as are missing articles and a noun in the other number.

    Args:
        text: such as "What color is the small metal cube that is left of the sphere?".

    Returns:
        CLEVR's program: nodes with "type", "inputs" and "value_inputs".

    Raises:
        QuestionError: in one sentence, naming the first word that is not understood and suggesting another question.
    """
    return make_program(*_read(_split(text))[:2])


def write_out(text: str) -> str:
    """Return a question in CLEVR's own words: synonyms replaced, articles put in, parts joined by "; "; no end mark.

    Raises:
        QuestionError: as `parse`.
    """
    said = _read(_split(text))[2]
    parts = split_parts(text)
    starts = [0, *itertools.accumulate(len(split_words(part)) for part in parts)]
    return "; ".join(
        " ".join(word for word, place in zip(said.words, said.places, strict=True) if start <= place < end)
        for start, end in itertools.pairwise(starts)
    )


def _split(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a text's words in CLEVR's spelling, and as they were typed."""
    return tuple(split_words(text)), tuple(typed_words(text))


@functools.lru_cache(maxsize=256)
def _read(asked: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[Expression, Slots, Said]:
    """Return the program that a question's words ask for, its slots, and the words; raises QuestionError as `parse`."""
    words, typed = asked
    reader = _Reader(list(words))
    found = reader.read(_tree(), 0, ())
    if found is not None:
        return *found, as_typed(words)
    said, misreading = mend(words, reader.misreading, _misread)
    if misreading is not None:
        raise QuestionError(str(misreading.error(typed)), suggest(words, _misread))
    return *_read((said.words, typed))[:2], said


def _misread(words: Sequence[str]) -> Misreading | None:
    """Return how far words could be read; None if they are a question."""
    reader = _Reader(list(words))
    return None if reader.read(_tree(), 0, ()) is not None else reader.misreading


class _Reader:
    """Reads one question from left to right and remembers how far it got."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.misreading = Misreading(words)
        self._failed: set[tuple[_Branch, int]] = set()

    def read(
        self, branch: _Branch, start: int, filled: tuple[Description | str, ...]
    ) -> tuple[Expression, Slots] | None:
        """Return the program and the slots of the whole question, or None if the words cannot continue from here.

        Args:
            branch: where in the tree the words before have led.
            start: index of the next word.
            filled: the slots so far.
        """
        if (branch, start) in self._failed:
            return None
        if branch.readings:
            if start == len(self.words):
                return _choose_reading(branch, filled)
            self.misreading.note_end(start)
        for end, child, filling in self._steps(branch, start):
            found = self.read(child, end, (*filled, *filling))
            if found is not None:
                return found
        self._failed.add((branch, start))
        return None

    def _steps(self, branch: _Branch, start: int) -> Iterator[tuple[int, _Branch, tuple[Description | str, ...]]]:
        """Yield what the next words can be: (where they end, where they lead, the slot they fill)."""
        if self._sees(start, branch.words):
            yield start + 1, branch.words[_canonical(self.words[start])], ()
        for is_plural, child in branch.things.items():
            for end, thing in self._things(start, is_plural):
                yield end, child, (thing,)
        if branch.relation is not None:
            for end, relation in self._relations(start):
                yield end, branch.relation, (relation,)

    def _things(self, start: int, is_plural: bool) -> Iterator[tuple[int, Description]]:
        """Yield the things that the next words can describe, the shortest first: "cube", "cube left of the ball"."""
        values: list[str | None] = [None] * len(VALUES)
        end, nouns = start, _NOUNS_OF[is_plural]
        while self._sees(end, [word for word, (index, _) in _ADJECTIVES.items() if values[index] is None]):
            index, value = _ADJECTIVES[self.words[end]]
            values[index] = value
            end += 1
        if not self._sees(end, nouns):
            return
        values[_SHAPE] = nouns[self.words[end]]
        end += 1
        yield end, Description(tuple(values))
        if self._sees(end, ("that",)):
            if not self._sees(end + 1, ("are" if is_plural else "is",)):
                return
            end += 2
        for middle, relation in self._relations(end):
            if self._sees(middle, ("the",)):
                for last, landmark in self._things(middle + 1, is_plural=False):
                    yield last, Description(tuple(values), (relation, landmark))

    def _relations(self, start: int) -> Iterator[tuple[int, str]]:
        """Yield the relation that the next words name, if they do."""
        for phrase, relation in _RELATION_WORDS:
            if all(self._sees(start + k, (word,)) for k, word in enumerate(phrase)):
                yield start + len(phrase), relation

    def _sees(self, index: int, allowed: Collection[str]) -> bool:
        """Return whether a word is one of those allowed; if not, remember that these were."""
        if index < len(self.words) and _canonical(self.words[index]) in allowed:
            return True
        self.misreading.note(index, allowed)
        return False


@functools.cache
def _tree() -> _Branch:
    """Return the tree of all texts of all families."""
    root = _Branch()
    shortened = []
    for template in load_templates():
        for text in template.texts:
            for variant in dict.fromkeys(text_variants(text, says_other=True) + text_variants(text, says_other=False)):
                _grow(root, template, template.program, variant)
                shortened += [(template, *shorter) for shorter in _shorten(template.program, variant)]
    for template, program, variant in shortened:
        _grow(root, template, program, variant)
    return root


def _shorten(program: Expression, variant: str) -> Iterator[tuple[Expression, str]]:
    """Yield a program and its text with more and more places left out, inner ones first."""
    for match in _PLACE.finditer(variant):
        said, thing, relation, landmark = match.groups()
        place = Expression(relation, (Expression("unique", (Expression(landmark, (_SCENE,)),)),))
        shorter = _replace(program, Expression(thing, (place,)), Expression(thing, (_SCENE,)))
        if shorter != program:
            text = variant[: match.start()] + said + variant[match.end() + len("{A}") :]
            yield shorter, text
            yield from _shorten(shorter, text)


def _replace(program: Expression, old: Expression, new: Expression) -> Expression:
    """Return a program with one part of it replaced."""
    if program == old:
        return new
    return Expression(program.function, tuple(_replace(part, old, new) for part in program.inputs))


def _grow(root: _Branch, template: Template, program: Expression, variant: str) -> None:
    """Add one text without choices to the tree."""
    branch = root
    slots: list[str] = []
    for slot, plural, word in _TOKEN.findall(variant):
        if word:
            branch = branch.words.setdefault(_canonical(word.lower()), _Branch())
            continue
        slots.append(slot)
        if slot in RELATION_SLOTS:
            branch.relation = branch.relation or _Branch()
            branch = branch.relation
        else:
            branch = branch.things.setdefault(plural == "s", _Branch())
    branch.readings.append(_Reading(template, program, tuple(slots)))


def _choose_reading(branch: _Branch, filled: tuple[Description | str, ...]) -> tuple[Expression, Slots]:
    """Return the program of the first family that lets the things be named so, or else of the first, and its slots."""
    readings = [(reading, dict(zip(reading.slots, filled, strict=True))) for reading in branch.readings]
    reading, slots = next((each for each in readings if _allows(each[0].template, each[1])), readings[0])
    return reading.program, slots


def _allows(template: Template, slots: Slots) -> bool:
    """Return whether the descriptions name what the family lets them name."""
    named = {
        slot: {name for name, value in zip(VALUES, thing.values, strict=True) if value}
        for slot, thing in slots.items()
        if isinstance(thing, Description)
    }
    keeps_quiet = all(named.get(slot, set()).isdisjoint(names) for slot, names in template.unnamed.items())
    return keeps_quiet and all(named[slot] == {name} for slot, name in template.names.items())


def _canonical(word: str) -> str:
    """Return the word that stands for this one in the tree: CLEVR says "a object", people "an object"."""
    return "a" if word == "an" else word

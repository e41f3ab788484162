"""The words of CLEVR's questions: how things and relations are called, and how a template becomes a sentence."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from types import MappingProxyType

from rn_core.tasks.clevr.draws import Draws
from rn_core.tasks.clevr.templates import Template, text_variants
from rn_core.tasks.clevr.world import RELATIONS, VALUES

#: Value -> the words for it; values that are not here have one word, their own.
SYNONYMS = MappingProxyType(
    {
        "large": ("large", "big"),
        "small": ("small", "tiny"),
        "rubber": ("rubber", "matte"),
        "metal": ("metal", "metallic", "shiny"),
        "cube": ("cube", "block"),
        "sphere": ("sphere", "ball"),
    }
)
#: Noun for a thing whose shape is not named.
ANY_SHAPE = ("thing", "object")
#: Relation -> the phrases for it.
RELATION_PHRASES = MappingProxyType(
    {
        "left": ("left of", "to the left of", "on the left side of"),
        "right": ("right of", "to the right of", "on the right side of"),
        "front": ("in front of",),
        "behind": ("behind",),
    }
)
#: All 324 descriptions of an object: (size, color, material, shape), None where it is not named; the shape
#: changes fastest.
DESCRIPTIONS: tuple[tuple[str | None, ...], ...] = tuple(
    itertools.product(*((None, *values) for values in VALUES.values()))
)
_SLOT = re.compile(r"\{([A-Z])}(s?)")


def words_of(value: str) -> tuple[str, ...]:
    """Return the words for a value, such as "large" and "big"."""
    return SYNONYMS.get(value, (value,))


@functools.cache
def description_phrases(number: int, plural: bool) -> tuple[str, ...]:
    """Return all ways to say a description, such as "small cube", "tiny cube", "small block" and "tiny block".

    Args:
        number: index into `DESCRIPTIONS`.
        plural: whether there may be more than one such thing.
    """
    *named, shape = DESCRIPTIONS[number]
    nouns = words_of(shape) if shape else ANY_SHAPE
    choices = [words_of(value) for value in named if value]
    choices.append(tuple(f"{noun}s" for noun in nouns) if plural else nouns)
    return tuple(" ".join(chosen) for chosen in itertools.product(*choices))


def clash(one: int, other: int) -> bool:
    """Return whether two descriptions name different values of an attribute; an unnamed shape ("thing") counts as one.

    Args:
        one: index into `DESCRIPTIONS`.
        other: index into `DESCRIPTIONS`.
    """
    *named, shape = zip(DESCRIPTIONS[one], DESCRIPTIONS[other], strict=True)
    return shape[0] != shape[1] or any(a and b and a != b for a, b in named)


def draw_text(template: Template, slots: Mapping[str, int], draws: Draws) -> str:
    """Draw one of a family's texts and the words for what fills its slots.

    Args:
        template: the family.
        slots: A to D -> index into `DESCRIPTIONS`, R to T -> index into `RELATIONS`.
        draws: the source of randomness.
    """
    says_other = not ("A" in slots and "B" in slots and clash(slots["A"], slots["B"]))
    variants = draws.choice(_sentences(template.texts, says_other))
    sentence, marks = draws.choice(variants)
    return sentence % tuple(draws.choice(_phrases(slots[slot], plural)) for slot, plural in marks)


def _phrases(number: int, plural: bool | None) -> tuple[str, ...]:
    """Return the phrases for a description, or (plural None) for a relation."""
    return RELATION_PHRASES[RELATIONS[number]] if plural is None else description_phrases(number, plural)


@functools.cache
def _sentences(
    texts: tuple[str, ...], says_other: bool
) -> tuple[tuple[tuple[str, tuple[tuple[str, bool | None], ...]], ...], ...]:
    """Return, for each text, its variants with "%s" for slots, and the slots: (letter, is plural; None: relation)."""
    return tuple(
        tuple((_SLOT.sub("%s", variant), _marks(variant)) for variant in text_variants(text, says_other))
        for text in texts
    )


def _marks(variant: str) -> tuple[tuple[str, bool | None], ...]:
    """Return the slots of a sentence from left to right: (letter, is plural), None in place of it for relations."""
    return tuple((slot, None if slot >= "R" else plural == "s") for slot, plural in _SLOT.findall(variant))

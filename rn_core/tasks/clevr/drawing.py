"""Fills the slots of a family's program for one scene, so that the question is well-posed.

Every slot is drawn where the program needs it, inner ones first, among what fits the scene: "the small cube" only
where there is one small cube. Rules as in CLEVR's generator (Johnson et al. 2017, arXiv 1612.06890, section 3.2).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from rn_core.tasks.clevr.draws import Draws
from rn_core.tasks.clevr.expressions import DESCRIPTION_SLOTS, RELATION_SLOTS, Expression
from rn_core.tasks.clevr.language import DESCRIPTIONS
from rn_core.tasks.clevr.masks import RelatedOptions, SceneMasks, allowed, naming_only
from rn_core.tasks.clevr.templates import Template
from rn_core.tasks.clevr.world import RELATIONS, VALUES


class DeadEnd(Exception):
    """The draws so far lead to no question."""


class Attempt:
    """One attempt to ask about one scene.

    Attributes:
        masks: the scene.
        draws: the source of randomness.
        slots: A to D -> index into `DESCRIPTIONS`, R to T -> index into `RELATIONS`, filled as they are drawn.
        results: slot -> what the function around it gave, for the two slots that must differ.
    """

    __slots__ = ("draws", "masks", "results", "slots")

    def __init__(self, masks: SceneMasks, draws: Draws) -> None:
        """Start with nothing drawn."""
        self.masks = masks
        self.draws = draws
        self.slots: dict[str, int] = {}
        self.results: dict[str, Any] = {}


Step = Callable[[Attempt], Any]


def _the_one(masks: SceneMasks, objects: int) -> int:
    """Return the object of a set of one; raises DeadEnd for any other set."""
    if objects.bit_count() != 1:
        raise DeadEnd
    return objects.bit_length() - 1


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    """Return a function of a program that compares its two inputs."""
    return lambda masks, one, other: compare(one, other)


def _query(attribute: str) -> Callable[..., str]:
    """Return the function that says an object's attribute."""
    return lambda masks, index: masks.words[attribute][index]


def _same(attribute: str) -> Callable[..., int]:
    """Return the function that finds the other objects with an object's attribute."""
    return lambda masks, index: masks.same[attribute][index]


#: Function -> what it makes of a scene and its inputs; sets are masks, objects indices, values words.
_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "scene": lambda masks: masks.everything,
        "unique": _the_one,
        "union": lambda masks, one, other: one | other,
        "intersect": lambda masks, one, other: one & other,
        "count": lambda masks, objects: objects.bit_count(),
        "exist": lambda masks, objects: objects > 0,
        "equal_integer": _comparison(operator.eq),
        "less_than": _comparison(operator.lt),
        "greater_than": _comparison(operator.gt),
        **{f"equal_{attribute}": _comparison(operator.eq) for attribute in VALUES},
        **{f"query_{attribute}": _query(attribute) for attribute in VALUES},
        **{f"same_{attribute}": _same(attribute) for attribute in VALUES},
    }
)
#: Functions of one set whose result counts for slots that must differ.
_OF_ONE_SET = ("unique", "count", "exist")


def build_drawing(template: Template) -> Step:
    """Return the step that draws a family's slots and returns the program's result.

    A step raises `DeadEnd` where what it drew leads to no question.
    """
    return _build(template.program, template, "")


def evaluate(expression: Expression, masks: SceneMasks, slots: Mapping[str, int], ignored: str = "") -> Any:
    """Return what a program with filled slots gives.

    Args:
        expression: the program.
        masks: the scene.
        slots: what fills its slots, as in `Attempt`.
        ignored: a relation slot that is taken to hold for all objects.

    Raises:
        DeadEnd: if "the" thing is none or more than one.
    """
    function, inputs = expression
    if function == ignored:
        return masks.everything
    given = [evaluate(part, masks, slots, ignored) for part in inputs]
    if function in DESCRIPTION_SLOTS:
        return given[0] & masks.found[slots[function]]
    if function in RELATION_SLOTS:
        return masks.related[slots[function]][given[0]]
    return _FUNCTIONS[function](masks, *given)


def _build(expression: Expression, template: Template, around: str) -> Step:
    """Return the step of one expression; `around` is the function whose input it is."""
    function, inputs = expression
    if function in DESCRIPTION_SLOTS:
        step = _build_description(expression, template, around)
        return step if around in _OF_ONE_SET else _must_differ(step, function, template)
    steps = [_build(part, template, function) for part in inputs]
    if function in RELATION_SLOTS:
        return _draw_relation(function, steps[0])
    # A description inside "unique" is drawn to fit one object, and gives it.
    step = steps[0] if function == "unique" else _apply(_FUNCTIONS[function], steps)
    return _must_differ(step, inputs[0].function, template) if function in _OF_ONE_SET else step


def _apply(function: Callable[..., Any], steps: list[Step]) -> Step:
    """Return the step that gives its steps' results to a function."""

    def step(attempt: Attempt) -> Any:
        return function(attempt.masks, *[part(attempt) for part in steps])

    return step


def _must_differ(step: Step, slot: str, template: Template) -> Step:
    """Return the step with a dead end where it gives the same as the slot that it must differ from."""
    if slot not in template.differ:
        return step
    (other,) = set(template.differ) - {slot}

    def checked(attempt: Attempt) -> Any:
        result = step(attempt)
        if other in attempt.results and attempt.results[other] == result:
            raise DeadEnd
        attempt.results[slot] = result
        return result

    return checked


def _draw_relation(slot: str, landmark: Step) -> Step:
    """Return the step that draws a relation and gives all that stands in it to the landmark."""

    def step(attempt: Attempt) -> int:
        index = landmark(attempt)
        attempt.slots[slot] = relation = attempt.draws.integer(len(RELATIONS))
        return attempt.masks.related[relation][index]

    return step


def _build_description(expression: Expression, template: Template, around: str) -> Step:
    """Return the step that draws a description, alone or with the relation that its things stand in."""
    slot, (among,) = expression
    unnamed = template.unnamed.get(slot, ())
    if among.function in RELATION_SLOTS:
        landmark = _build(among.inputs[0], template, among.function)
        return _draw_related(slot, among.function, landmark, unnamed, around)
    if slot in template.names:
        return _draw_value(slot, _build(among, template, slot), naming_only(template.names[slot]))
    source = None if among.function == "scene" else _build(among, template, slot)
    draw = _draw_one if around == "unique" else _draw_some
    return draw(slot, source, unnamed, around)


def _draw_one(slot: str, source: Step | None, unnamed: tuple[str, ...], around: str) -> Step:
    """Return the step that describes one object of a set (None: of the scene) and gives it."""

    def step(attempt: Attempt) -> int:
        masks = attempt.masks
        among: int | None = None if source is None else source(attempt)
        options = masks.fits_one(unnamed, among)
        if not options:
            raise DeadEnd
        attempt.slots[slot] = number = attempt.draws.choice(options)
        found = masks.found[number] if among is None else masks.found[number] & among
        return found.bit_length() - 1

    return step


def _draw_some(slot: str, source: Step | None, unnamed: tuple[str, ...], around: str) -> Step:
    """Return the step that describes things of a set (None: of the scene), maybe none, and gives those there are.

    Half of the descriptions (for "exist"; fewer for sets that are counted) are made up, and fit an object by chance.
    """
    fits = allowed(unnamed).tolist()

    def step(attempt: Attempt) -> int:
        masks, integer = attempt.masks, attempt.draws.integer
        among: int | None = None if source is None else source(attempt)
        real = masks.real
        n_made_up = len(real if around == "exist" else masks.fits_one((), among))
        while True:
            drawn = integer(len(real) + n_made_up)
            number = real[drawn] if drawn < len(real) else integer(len(DESCRIPTIONS))
            if fits[number]:
                break
        attempt.slots[slot] = number
        return masks.found[number] if among is None else masks.found[number] & among

    return step


def _draw_value(slot: str, source: Step, options: list[int]) -> Step:
    """Return the step that draws one of a few descriptions and gives what of a set fits it."""

    def step(attempt: Attempt) -> int:
        among: int = source(attempt)
        attempt.slots[slot] = number = attempt.draws.choice(options)
        return among & attempt.masks.found[number]

    return step


def _draw_related(slot: str, relation_slot: str, landmark: Step, unnamed: tuple[str, ...], around: str) -> Step:
    """Return the step that describes things by a relation to the landmark: one, which it gives, or a set of them.

    Sets that are counted or asked for may be empty, sets that are joined may not.
    """
    fewest = 0 if around in ("count", "exist") else 1

    def step(attempt: Attempt) -> int:
        masks, index = attempt.masks, landmark(attempt)
        one = around == "unique"
        options = masks.related_one(index, unnamed) if one else masks.related_some(index, unnamed, fewest)
        relation, number = divmod(_draw_option(options, attempt.draws), len(DESCRIPTIONS))
        attempt.slots[relation_slot], attempt.slots[slot] = relation, number
        found = masks.related[relation][index] & masks.found[number]
        return found.bit_length() - 1 if one else found

    return step


def _draw_option(options: RelatedOptions, draws: Draws) -> int:
    """Return one of the options; raises DeadEnd if there is none."""
    if not options.n_options:
        raise DeadEnd
    drawn = draws.integer(options.n_options)
    return options.telling[drawn] if drawn < len(options.telling) else draws.choice(options.trivial)

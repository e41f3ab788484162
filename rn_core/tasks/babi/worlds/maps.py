"""Places on a map: tasks 4 (two argument relations) and 19 (path finding)."""

from __future__ import annotations

import numpy as np

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.language import ROOMS
from rn_core.tasks.babi.rule_forms import (
    COMPASS,
    OPPOSITE,
    PLACE_FACT,
    WHAT_IS_DIRECTION_OF,
    WHAT_IS_PLACE_DIRECTION_OF,
    WHICH_WAY,
)
from rn_core.tasks.babi.story import QuestionLine, Story

_DIRECTIONS = tuple(COMPASS)
#: place -> (direction to go in -> the place there).
_Map = dict[str, dict[str, str]]
#: The place told of, its direction, and the place that it is seen from.
_Fact = tuple[str, str, str]


def sample_relations(rng: np.random.Generator) -> Story:
    """Draw a story of task 4: three places in a row, told as two facts, one of which is asked back."""
    draw = RandomDraws(rng)
    one, middle, other = draw.sample(ROOMS, 3)
    direction = draw.choice(_DIRECTIONS)
    places = _join({}, one, direction, middle)
    _join(places, middle, direction, other)
    facts = _tell(draw, places, 2)
    asked = draw.integer(2)
    place, direction, seen_from = facts[asked]
    if draw.chance(0.5):
        question = QuestionLine(WHAT_IS_DIRECTION_OF.write(direction, seen_from), place, (asked,))
    else:
        # The published stories tell this one the other way round: "The hall is north of ..."; what is that south of?
        question = QuestionLine(WHAT_IS_PLACE_DIRECTION_OF.write(seen_from, OPPOSITE[direction]), place, (asked,))
    return Story(4, (*(PLACE_FACT.write(*fact) for fact in facts), question))


def sample_path(rng: np.random.Generator) -> Story:
    """Draw a story of task 19: a way over one place between, and three places beside any of those three."""
    draw = RandomDraws(rng)
    start, middle, end, *beside = draw.shuffled(ROOMS)
    first = draw.choice(_DIRECTIONS)
    second = draw.choice([direction for direction in _DIRECTIONS if direction != OPPOSITE[first]])
    places = _join({}, start, first, middle)
    _join(places, middle, second, end)
    free = [(place, d) for place in (start, middle, end) for d in _DIRECTIONS if d not in places[place]]
    for new, (place, direction) in zip(beside, draw.sample(free, len(beside)), strict=True):
        _join(places, place, direction, new)
    facts = _tell(draw, places, 5)
    told = [{place, seen_from} for place, _, seen_from in facts]
    support = told.index({start, middle}), told.index({middle, end})
    question = QuestionLine(WHICH_WAY.write(start, end), f"{first[0]},{second[0]}", support)
    return Story(19, (*(PLACE_FACT.write(*fact) for fact in facts), question))


def _join(places: _Map, place: str, direction: str, new: str) -> _Map:
    """Lay the way from `place` to `new` on the map, and back; returns the map."""
    places.setdefault(place, {})[direction] = new
    places.setdefault(new, {})[OPPOSITE[direction]] = place
    return places


def _tell(draw: RandomDraws, places: _Map, n_facts: int) -> list[_Fact]:
    """Return each way once: of any place, as seen from any of its neighbors, unless that way has been told."""
    facts: list[_Fact] = []
    told: set[frozenset[str]] = set()
    names = list(places)
    while len(facts) < n_facts:
        place = draw.choice(names)
        direction, seen_from = draw.choice(list(places[place].items()))
        if (way := frozenset((place, seen_from))) not in told:
            told.add(way)
            facts.append((place, OPPOSITE[direction], seen_from))
    return facts

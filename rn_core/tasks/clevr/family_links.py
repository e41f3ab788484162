"""How far one pair of objects shows what a family asks about: its links, and the sides that its answer is read from.

A link is a step from one object to others, by a relation or by what is the same: in "count(A(R(unique(B))))" the pairs
(i, j) of link R are those where i fits A, j fits B, and i stands in relation R to j. A side is a set of objects that
the answer is read from; most are shown by the pairs of one link or by single objects.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from rn_core.tasks.clevr.expressions import DESCRIPTION_SLOTS, RELATION_SLOTS, Expression
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.templates import load_templates
from rn_core.tasks.clevr.world import VALUES

#: Slots of descriptions and of relations, in the order of every table here.
DESCRIPTIONS_ORDER, RELATIONS_ORDER = tuple(sorted(DESCRIPTION_SLOTS)), tuple(sorted(RELATION_SLOTS))
#: The links: R, S, T and "the same".
N_LINKS = len(RELATIONS_ORDER) + 1
#: Where a link's description stands in a table of the four descriptions, "any object" and "none".
ANY, NONE = len(DESCRIPTIONS_ORDER), len(DESCRIPTIONS_ORDER) + 1
#: What can show a side: the four links, the four descriptions of single objects, "A or B", "A and (B or C)", nothing.
EITHER, BOTH, UNSEEN = (N_LINKS + len(DESCRIPTIONS_ORDER) + k for k in range(3))
_SAME = "same_"
_LAST_STEPS = ("query", "count", "exist", "unique")


class FamilyTables:
    """Tables over the 90 families F, read-only.

    Attributes:
        links: (F, 4, 2) int64, the descriptions of i and of j in each link: 0 to 3, `ANY` or `NONE`.
        same: (F,) int64, the attribute, in the order of `VALUES`, of the link "the same"; 0 where there is none.
        sides: (F, 2) int64, what shows each side: a link 0 to 3, a description 4 to 7, `EITHER`, `BOTH`, `UNSEEN`.
        asked: (F, 4) bool, the attribute that is queried or compared, none for numbers and for yes or no.
        types: (F,) int64, index into `QUESTION_TYPES`.
    """

    def __init__(self) -> None:
        """Read the tables from the programs of all families."""
        programs = [template.program for template in load_templates()]
        self.links = np.full((len(programs), N_LINKS, 2), NONE)
        self.same = np.zeros(len(programs), dtype=np.int64)
        self.sides = np.full((len(programs), 2), UNSEEN)
        for family, program in enumerate(programs):
            for function, above, below in _links(program, None):
                link = _link_number(function)
                self.links[family, link] = ANY if above is None else DESCRIPTIONS_ORDER.index(above), below
                if link == N_LINKS - 1:
                    self.same[family] = tuple(VALUES).index(function.removeprefix(_SAME))
            for side, expression in enumerate(program.inputs):
                self.sides[family, side] = _shown_by(expression)
        self.types = np.array([QUESTION_TYPES.index(program.function) for program in programs])
        self.asked = np.array([[program.function.endswith(f"_{name}") for name in VALUES] for program in programs])
        for table in (self.links, self.same, self.sides, self.types, self.asked):
            table.setflags(write=False)


@functools.cache
def family_tables() -> FamilyTables:
    """Return the tables of all families."""
    return FamilyTables()


def _is_link(function: str) -> bool:
    """Return whether a function goes from one object to others."""
    return function in RELATION_SLOTS or function.startswith(_SAME)


def _link_number(function: str) -> int:
    """Return which link a function is."""
    return RELATIONS_ORDER.index(function) if function in RELATION_SLOTS else N_LINKS - 1


def _links(expression: Expression, above: str | None) -> Iterator[tuple[str, str | None, int]]:
    """Yield function, description above it (or None) and number of the description below it, of all links within."""
    function, inputs = expression
    if _is_link(function):
        landmark = inputs[0].inputs[0]  # under "unique"
        yield function, above, DESCRIPTIONS_ORDER.index(landmark.function)
    if function in DESCRIPTION_SLOTS:
        above = function
    elif function not in ("union", "intersect"):
        above = None
    for part in inputs:
        yield from _links(part, above)


def _shown_by(expression: Expression) -> int:
    """Return what shows the objects of a side; `UNSEEN` where no single pair does."""
    function, inputs = expression
    if function.partition("_")[0] in _LAST_STEPS:
        return _shown_by(inputs[0])
    if _is_link(function):
        return _link_number(function)
    within = [part.inputs[0].function for part in inputs if part.function in DESCRIPTION_SLOTS]
    if function == "union":
        return EITHER if within == ["scene", "scene"] else UNSEEN
    if function not in DESCRIPTION_SLOTS:
        return UNSEEN
    (among,) = inputs
    if among.function == "scene":
        return N_LINKS + DESCRIPTIONS_ORDER.index(function)
    if _is_link(among.function):
        return _link_number(among.function)
    return BOTH if among.function == "union" else UNSEEN

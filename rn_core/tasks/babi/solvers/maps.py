"""Places on a map: tasks 4 (two argument relations) and 19 (path finding)."""

from __future__ import annotations

from collections.abc import Sequence

from rn_core.common.errors import QuestionError, SceneError
from rn_core.tasks.babi.rule_forms import LANGUAGES, OPPOSITE, WHAT_IS_DIRECTION_OF
from rn_core.tasks.babi.solvers.base import Solution
from rn_core.tasks.babi.solvers.conflicts import check_order

#: place -> next place -> (direction to go in, the first statement that says so).
_Ways = dict[str, dict[str, tuple[str, int]]]


def solve_relation(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 4 by the one statement that gives it, stated from either place.

    Raises:
        SceneError: for a statement that the task does not know, or that contradicts an earlier one.
        QuestionError: for a question that the task does not know, or that has no answer or several.
    """
    ways = _lay_ways(4, statements)
    asked = LANGUAGES[4].read_question(question)
    if asked.form is WHAT_IS_DIRECTION_OF:
        direction, place = asked.words
    else:
        # "What is the garden east of?" asks for what is west of the garden.
        place, direction = asked.words[0], OPPOSITE[asked.words[1]]
    found = [(other, told) for other, (way, told) in ways.get(place, {}).items() if way == direction]
    if not found:
        raise QuestionError(f"The story does not say what is {direction} of the {place}; add a statement that does.")
    if len(found) > 1:
        several = " and ".join(f"the {other}" for other, _ in found)
        raise QuestionError(f"The story says that {several} are {direction} of the {place}; keep one of them.")
    ((answer, told),) = found
    return Solution(answer, (told,))


def solve_path(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 19 by the shortest way along the stated connections, of any length.

    Raises:
        SceneError: for a statement that the task does not know, or that contradicts an earlier one.
        QuestionError: for a question that the task does not know, or where there is no way, or several as short.
    """
    ways = _lay_ways(19, statements)
    start, end = LANGUAGES[19].read_question(question).words
    routes: list[tuple[str, Solution]] = [(start, Solution("", ()))]
    seen = {start}
    while routes and end not in seen:
        routes = [
            (other, Solution(f"{route.answer},{direction[0]}".lstrip(","), (*route.support, told)))
            for place, route in routes
            for other, (direction, told) in ways.get(place, {}).items()
            if other not in seen
        ]
        seen.update(place for place, _ in routes)
    found = [route for place, route in routes if place == end]
    if not found:
        raise QuestionError(f"The story gives no way from the {start} to the {end}; add the statements between them.")
    if len(found) > 1:
        several = " and ".join(route.answer for route in found)
        raise QuestionError(f"From the {start} to the {end} several ways are equally short, {several}; keep one.")
    return found[0]


def _lay_ways(task: int, statements: Sequence[str]) -> _Ways:
    """Return the ways between places, both ways round; raises SceneError for statements that contradict each other."""
    ways: _Ways = {}
    said = LANGUAGES[task].read_statements(statements)
    for told, read in enumerate(said):
        place, direction, seen_from = read.words
        known, earlier = ways.setdefault(seen_from, {}).setdefault(place, (direction, told))
        ways.setdefault(place, {}).setdefault(seen_from, (OPPOSITE[direction], told))
        if known != direction:
            raise SceneError(
                f"Statement {told + 1} contradicts statement {earlier + 1}, the {place} cannot be {direction} and "
                f"{known} of the {seen_from}; drop one of them."
            )
    for axis in (("north", "south"), ("east", "west")):
        steps = [(read.words, told) for told, read in enumerate(said) if read.words[1] in axis]
        ordered = [((a, b) if way == axis[0] else (b, a), told) for (a, way, b), told in steps]
        check_order(((*pair, told) for pair, told in ordered), f"{axis[0]} of")
    return ways

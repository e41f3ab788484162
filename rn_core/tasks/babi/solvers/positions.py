"""Things beside and above each other: task 17 (positional reasoning)."""

from __future__ import annotations

from collections.abc import Sequence

from rn_core.common.errors import QuestionError, SceneError
from rn_core.tasks.babi.forms import Read
from rn_core.tasks.babi.rule_forms import LANGUAGES, RELATIONS
from rn_core.tasks.babi.solvers.base import Solution

#: Place (x, y) seen from the thing asked about, and the statements that lead there.
_Placed = tuple[tuple[int, int], tuple[int, ...]]


def solve_position(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 17: each statement is one step on a grid, and a chain of any length adds up.

    Raises:
        SceneError: for a statement that the task does not know, or that contradicts others.
        QuestionError: for a question that the task does not know, or on things that no statements connect.
    """
    read = LANGUAGES[17].read_statements(statements)
    thing, relation, other = LANGUAGES[17].read_question(question).words
    placed = _place(read, thing)
    for told_of in {one.words[0] for one in read} - placed.keys():
        _place(read, told_of)
    if other not in placed:
        raise QuestionError(f"No statements connect the {thing} with the {other}; add one that does.")
    (x, y), support = placed[other]
    step_x, step_y = RELATIONS[relation]
    return Solution("yes" if x * step_x + y * step_y < 0 else "no", support)


def _place(read: Sequence[Read], start: str) -> dict[str, _Placed]:
    """Return all things that statements connect with `start`, the fewest of them each.

    Raises:
        SceneError: if two ways lead a thing to two places.
    """
    placed: dict[str, _Placed] = {start: ((0, 0), ())}
    reached = [start]
    for thing in reached:  # grows on the way
        (x, y), support = placed[thing]
        for told, one in enumerate(read):
            subject, relation, seen_from = one.words
            if thing not in (subject, seen_from):
                continue
            step_x, step_y = RELATIONS[relation]
            other, sign = (subject, 1) if thing == seen_from else (seen_from, -1)
            there = (x + sign * step_x, y + sign * step_y)
            if other not in placed:
                placed[other] = there, (*support, told)
                reached.append(other)
            elif placed[other][0] != there:
                raise SceneError(
                    f"Statement {told + 1} contradicts the others, which do not put the {subject} one step "
                    f"{relation} the {seen_from}; drop one of them."
                )
    return placed

"""Things that fit inside each other: task 18 (size reasoning)."""

from __future__ import annotations

from collections.abc import Sequence

from rn_core.errors import QuestionError, SceneError
from rn_core.tasks.babi.rule_forms import DOES_FIT, FITS, LANGUAGES
from rn_core.tasks.babi.solvers.base import Solution

#: Thing -> the next larger ones, with the first statement that says so.
_Larger = dict[str, dict[str, int]]


def solve_size(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 18 by a chain of any number of steps, each to a larger thing.

    As published, a chain of two steps is the support even where one statement says the same.

    Raises:
        SceneError: for a statement that the task does not know, or if each of the two things is the larger.
        QuestionError: for a question that the task does not know, or if no chain joins the two things.
    """
    larger: _Larger = {}
    for told, read in enumerate(LANGUAGES[18].read_statements(statements)):
        small, large = read.words if read.form is FITS else reversed(read.words)
        larger.setdefault(small, {}).setdefault(large, told)
    asked = LANGUAGES[18].read_question(question)
    small, large = asked.words if asked.form is DOES_FIT else reversed(asked.words)
    up, down = _find_chain(larger, small, large), _find_chain(larger, large, small)
    if up and down:
        several = ", ".join(str(told + 1) for told in sorted({*up, *down}))
        raise SceneError(
            f"Statements {several} contradict each other, the {small} and the {large} cannot each be the larger; "
            "drop one of them."
        )
    if not up and not down:
        raise QuestionError(
            f"The story does not tell which is larger, the {small} or the {large}; add a statement that does."
        )
    return Solution("yes", up[::-1]) if up else Solution("no", down)


def _find_chain(larger: _Larger, small: str, large: str) -> tuple[int, ...]:
    """Return the statements of a shortest chain from `small` up to `large`, of two steps if there is one, or ()."""
    two_steps = [
        (lower, larger[middle][large])
        for middle, lower in larger.get(small, {}).items()
        if large in larger.get(middle, {})
    ]
    if two_steps:
        return min(two_steps, key=max)
    chains = {small: ()}
    reached = [small]
    for thing in reached:  # grows on the way
        for other, told in larger.get(thing, {}).items():
            if other not in chains:
                chains[other] = (*chains[thing], told)
                reached.append(other)
    return chains.get(large, ())

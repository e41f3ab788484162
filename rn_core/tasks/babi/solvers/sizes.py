"""Things that fit inside each other: task 18 (size reasoning)."""

from __future__ import annotations

from collections.abc import Sequence

from rn_core.common.errors import QuestionError
from rn_core.tasks.babi.rule_forms import DOES_FIT, FITS, LANGUAGES
from rn_core.tasks.babi.solvers.base import Solution
from rn_core.tasks.babi.solvers.conflicts import check_order

#: Whence and where to, in each statement's order: from the larger thing to the smaller, or the other way.
_Steps = list[tuple[str, ...]]


def solve_size(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 18 by a chain of any number of steps, all of them to smaller or to larger things.

    Raises:
        SceneError: for a statement that the task does not know, or if statements contradict each other.
        QuestionError: for a question that the task does not know, or if no chain joins the two things.
    """
    read = LANGUAGES[18].read_statements(statements)
    larger = [one.words if one.form is FITS else one.words[::-1] for one in read]
    smaller = [step[::-1] for step in larger]
    check_order(((words[0], words[1], told) for told, words in enumerate(larger)), "smaller than")
    asked = LANGUAGES[18].read_question(question)
    content, container = asked.words if asked.form is DOES_FIT else asked.words[::-1]
    down, up = _find_chain(smaller, container, content), _find_chain(larger, container, content)
    if not down and not up:
        raise QuestionError(
            f"The story does not say which is larger, the {content} or the {container}; add a statement that does."
        )
    return Solution("yes", down) if down else Solution("no", up)


def _find_chain(steps: _Steps, start: str, end: str) -> tuple[int, ...]:
    """Return the statements of a chain from `start` to `end`, or ().

    It is the chain that is published, wherever the story has it: the last step from `start`, and the first other
    statement on the thing where that leads, if this one leads on to `end`; elsewhere one of the shortest.
    """
    for near in reversed(range(len(steps))):
        middle = steps[near][1]
        far = next((other for other, step in enumerate(steps) if middle in step and other != near), None)
        if steps[near][0] == start and far is not None and steps[far] == (middle, end):
            return near, far
    chains: dict[str, tuple[int, ...]] = {start: ()}
    reached = [start]
    for thing in reached:  # grows on the way
        for told, (origin, other) in enumerate(steps):
            if origin == thing and other not in chains:
                chains[other] = (*chains[thing], told)
                reached.append(other)
    return chains.get(end, ())

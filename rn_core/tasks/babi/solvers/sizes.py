"""Things that fit inside each other: task 18 (size reasoning)."""

from __future__ import annotations

from collections.abc import Sequence

from rn_core.errors import QuestionError, SceneError
from rn_core.tasks.babi.rule_forms import DOES_FIT, FITS, LANGUAGES
from rn_core.tasks.babi.solvers.base import Solution

#: Thing -> the next smaller, or larger, ones, each with all statements that say so.
_Steps = dict[str, dict[str, list[int]]]


def solve_size(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 18 by a chain of any number of steps, all of them to smaller or to larger things.

    The support begins at the thing that might hold the other. As published, it is a chain of two steps even where
    one statement says the same.

    Raises:
        SceneError: for a statement that the task does not know, or if each of the two things is the larger.
        QuestionError: for a question that the task does not know, or if no chain joins the two things.
    """
    smaller: _Steps = {}
    larger: _Steps = {}
    for told, read in enumerate(LANGUAGES[18].read_statements(statements)):
        small, large = read.words if read.form is FITS else reversed(read.words)
        smaller.setdefault(large, {}).setdefault(small, []).append(told)
        larger.setdefault(small, {}).setdefault(large, []).append(told)
    asked = LANGUAGES[18].read_question(question)
    content, container = asked.words if asked.form is DOES_FIT else reversed(asked.words)
    down, up = _find_chain(smaller, container, content), _find_chain(larger, container, content)
    if down and up:
        several = ", ".join(str(told + 1) for told in sorted({*down, *up}))
        raise SceneError(
            f"Statements {several} contradict each other, the {content} and the {container} cannot each be the larger; "
            "drop one of them."
        )
    if not down and not up:
        raise QuestionError(
            f"The story does not tell which is larger, the {content} or the {container}; add a statement that does."
        )
    return Solution("yes", down) if down else Solution("no", up)


def _find_chain(steps: _Steps, start: str, end: str) -> tuple[int, ...]:
    """Return the statements of a shortest chain, of two steps if there is one, or ().

    Of statements repeated, those that are published most often: the far step's first, and the near step's first if
    that comes earlier, otherwise its last.
    """
    middles = [middle for middle in steps.get(start, {}) if end in steps.get(middle, {})]
    if middles:
        middle = min(middles, key=lambda thing: steps[thing][end][0])
        near, far = steps[start][middle], steps[middle][end][0]
        return near[0] if near[0] < far else near[-1], far
    chains: dict[str, tuple[int, ...]] = {start: ()}
    reached = [start]
    for thing in reached:  # grows on the way
        for other, told in steps.get(thing, {}).items():
            if other not in chains:
                chains[other] = (*chains[thing], told[0])
                reached.append(other)
    return chains.get(end, ())

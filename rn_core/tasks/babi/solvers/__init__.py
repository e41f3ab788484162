"""Rule solvers: the truth for any statements in a task's language, also those of a story that was edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rn_core.tasks.babi.solvers import persons, rules, things
from rn_core.tasks.babi.solvers.base import Solution, Solver
from rn_core.tasks.babi.story import check_task

__all__ = ["SOLVERS", "Solution", "solve"]

#: Task -> its solver.
SOLVERS: Mapping[int, Solver] = MappingProxyType(
    dict(sorted((persons.SOLVERS | things.SOLVERS | rules.SOLVERS).items()))
)


def solve(task: int, statements: Sequence[str], text: str) -> Solution:
    """Return the answer to a question and the statements that it follows from.

    On the published stories that is the published answer (task 5: of 99.8 % of the questions) and support.

    Args:
        task: 1 to 20.
        statements: what was told before the question, the oldest first.
        text: the question.

    Raises:
        SceneError: naming the first statement that the task's language does not hold, or that points to nobody.
        QuestionError: if it does not hold the question, or the statements do not answer it.
        RNCoreError: if there is no such task.
    """
    return SOLVERS[check_task(task)](statements, text)

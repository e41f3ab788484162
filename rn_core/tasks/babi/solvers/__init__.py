"""Rule solvers: the true answer for any statements in a task's language, including edited stories."""

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

    For the published stories this is the published answer (task 5: of 99.8 % of the questions) and support.

    Args:
        task: 1 to 20.
        statements: the statements before the question, the oldest first.
        text: the question.

    Raises:
        SceneError: with the first statement that is not in the task's language, or refers to nobody.
        QuestionError: if the question is not in it, or the statements do not answer it.
        RNCoreError: if there is no such task.
    """
    return SOLVERS[check_task(task)](statements, text)

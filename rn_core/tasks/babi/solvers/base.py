"""The interface of solvers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rn_core.tasks.babi.language import LANGUAGES, Sentence


@dataclass(frozen=True)
class Solution:
    """An answer and its support.

    Attributes:
        answer: one word, or several joined by commas, as in the published files.
        support: the statements that it follows from, as indices, in the published files' order.
    """

    answer: str
    support: tuple[int, ...]


#: Statements and a question's text -> its solution; raises SceneError or QuestionError.
Solver = Callable[[Sequence[str], str], Solution]
#: The same of statements and a question that have been read.
Rule = Callable[[Sequence[Sentence], Sentence], Solution]


def make_solver(task: int, rule: Rule) -> Solver:
    """Return the solver of a task that reads the sentences and keeps to the rule."""

    def solve(statements: Sequence[str], text: str) -> Solution:
        """Return the solution."""
        asked = LANGUAGES[task].read_question(text)
        return rule(LANGUAGES[task].read_statements(statements), asked)

    return solve

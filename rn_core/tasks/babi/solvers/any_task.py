"""The true answer whichever task asks: found from question and story, which may hold sentences of several tasks."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rn_core.common.errors import QuestionError, cut
from rn_core.tasks.babi.forms import Language
from rn_core.tasks.babi.known import LANGUAGES, suggest_question
from rn_core.tasks.babi.language import KINDS, Sentence, mixed_language
from rn_core.tasks.babi.solvers import persons, rules, things
from rn_core.tasks.babi.solvers.base import Rule, Solution

_RULES: Mapping[int, Rule] = MappingProxyType({**persons.RULES, **things.RULES})
_CARRYING = ("get", "drop", "give")
_MOVING = ("move", "goes on", "both move", "go on", "is in")
_PERHAPS = ("is out", "is either")
#: Task -> kinds of statements that its rule is right about. No task's rule follows what is given away, nor times
#: of the day beside moves without one.
_FOLLOWED: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys((1, 11, 12, 13), (*_MOVING, *_CARRYING)),
        **dict.fromkeys((5, 6, 7, 8, 9, 10), (*_MOVING, *_PERHAPS, *_CARRYING)),
        **{task: KINDS[task][0] for task in (2, 3, 14)},
    }
)


def find_answer(statements: Sequence[str], text: str, first: int = 1) -> tuple[int, Solution]:
    """Return the task that a question belongs to, and its answer.

    Args:
        statements: the statements before the question, the oldest first.
        text: the question.
        first: the task that is tried before all others, 1 to 20; answers do not depend on it.

    Raises:
        QuestionError: if no task asks this, or the statements do not answer it.
        SceneError: with the first statement that a task which asks this cannot read.
    """
    asking = sorted(_asking(text), key=lambda each: (each != first, each))
    if not asking:
        near = suggest_question(text)
        hint = f"Did you mean '{near}'" if near else "Choose one of the questions that are offered."
        raise QuestionError(f"No task of bAbI asks {cut(text, 80)!r}. {hint}", near)
    for task in asking:
        if _follows(task, tuple(statements)):
            return task, _solve(task, statements, text)
    return asking[0], _solve(asking[0], statements, text)


def asks(task: int, text: str) -> bool:
    """Return whether a task's language has a question, about anybody."""
    return _language(task).knows_question(text)


def list_tasks(statements: Sequence[str]) -> tuple[int, ...]:
    """Return the tasks whose rules follow all statements."""
    return tuple(task for task in LANGUAGES if _follows(task, tuple(statements)))


@functools.lru_cache(maxsize=1024)
def _asking(text: str) -> tuple[int, ...]:
    """Return the tasks that ask a question: one story is asked many."""
    return tuple(task for task in LANGUAGES if asks(task, text))


@functools.lru_cache(maxsize=64)
def _follows(task: int, statements: tuple[str, ...]) -> bool:
    """Return whether a task's rule follows all statements."""
    return _language(task).knows_statements(statements)


def _solve(task: int, statements: Sequence[str], text: str) -> Solution:
    """Return the solution by a task's rule; errors as `find_answer`."""
    if task not in _RULES:
        return rules.SOLVERS[task](statements, text)
    mixed = _mixed(task)
    asked = mixed.read_question(text)
    return _RULES[task](mixed.read_statements(statements), asked)


def _language(task: int) -> Language[Sentence]:
    """Return what a task reads here: of the tasks about persons more than its own sentences."""
    return _mixed(task) if task in _RULES else LANGUAGES[task]


@functools.cache
def _mixed(task: int) -> Language[Sentence]:
    """Return the language of a task about persons with all statements that its rule is right about."""
    return mixed_language(task, _FOLLOWED[task], KINDS[task][1])

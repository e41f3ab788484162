"""Rules for where persons are: tasks 1, 6 and 9 to 14."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rn_core.common.errors import QuestionError, SceneError
from rn_core.tasks.babi.language import PRONOUNS, TIMES, Sentence
from rn_core.tasks.babi.solvers.base import Rule, Solution, Solver, make_solver
from rn_core.tasks.babi.solvers.conflicts import check_one_value


@dataclass(frozen=True)
class _News:
    """What one statement says about one person, with its support."""

    person: str
    said: Sentence
    support: tuple[int, ...]


def _news(statements: Sequence[Sentence]) -> Iterator[_News]:
    """Yield what the statements say about each person, in order; "he", "she" and "they" are resolved.

    Raises:
        SceneError: if such a word refers to nobody.
    """
    named: dict[str, tuple[tuple[str, ...], int]] = {}  # pronoun -> the last it can mean, and where they were named
    for index, said in enumerate(statements):
        pronoun = "they" if said.kind == "go on" else said.pronoun
        if pronoun:
            if pronoun not in named:
                raise SceneError(
                    f"Statement {index + 1} says '{pronoun}', but no statement before it names a person; add one."
                )
            persons, before = named[pronoun]
            support: tuple[int, ...] = (before, index)
        else:
            persons = (said.person, said.other) if said.other else (said.person,)
            named["they" if said.other else PRONOUNS.get(said.person, "")] = (persons, index)
            support = (index,)
        for person in persons:
            yield _News(person, said, support)


def _latest(statements: Sequence[Sentence], person: str) -> _News:
    """Return the last statement about a person that names a place.

    Raises:
        QuestionError: if there is none.
    """
    about = [news for news in _news(statements) if news.person == person and news.said.place]
    if not about:
        raise QuestionError(f"The story does not say where {person} is; add a statement, or ask about somebody else.")
    return about[-1]


def _where(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Tasks 1 and 11 to 13: the place that the last statement on the person names."""
    news = _latest(statements, asked.person)
    return Solution(news.said.place, news.support)


def _is_there(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Tasks 6, 9 and 10: the last statement on where the person is or is not decides."""
    news = _latest(statements, asked.person)
    said = news.said
    if said.kind == "is either":
        return Solution("maybe" if asked.place in (said.place, said.second) else "no", news.support)
    if said.kind != "is out":
        return Solution("yes" if asked.place == said.place else "no", news.support)
    if asked.place != said.place:
        raise QuestionError(
            f"The story says last that {said.person} is not in the {said.place}, but not where instead; ask about the "
            f"{said.place}."
        )
    return Solution("no", news.support)


def _where_before(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Task 14: in the order of time, the place just before the person's latest visit to the place asked about."""
    check_one_value(
        (f"{said.person} {said.time}", f"in the {said.place}", index) for index, said in enumerate(statements)
    )
    visits = [(index, said) for index, said in enumerate(statements) if said.person == asked.person]
    visits.sort(key=lambda visit: TIMES.index(visit[1].time))
    latest = max((n for n, (_, said) in enumerate(visits) if said.place == asked.place), default=0)
    if latest == 0:
        raise QuestionError(
            f"The story does not say where {asked.person} was before the {asked.place}; add statements that do, or "
            "ask about another place."
        )
    (before, said), (at, _) = visits[latest - 1 : latest + 1]
    return Solution(said.place, (at, before))


#: Task -> its rule.
RULES: dict[int, Rule] = {
    **dict.fromkeys((1, 11, 12, 13), _where),
    **dict.fromkeys((6, 9, 10), _is_there),
    14: _where_before,
}
#: Task -> its solver.
SOLVERS: dict[int, Solver] = {task: make_solver(task, rule) for task, rule in RULES.items()}

"""Rules for things that persons take, carry, drop and give: tasks 2, 3, 5, 7 and 8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rn_core.common.errors import QuestionError, SceneError
from rn_core.tasks.babi.language import NUMBERS, Sentence
from rn_core.tasks.babi.solvers.base import Rule, Solution, Solver, make_solver


@dataclass(frozen=True)
class _Visit:
    """A place, and the statement that tells who went there."""

    place: str
    move: int


def _follow(statements: Sequence[Sentence], thing: str) -> tuple[int, list[_Visit]]:
    """Return the last statement that names a thing, and the places it was in, the oldest first.

    It is still in the last of them, as all moves of its holders are stated. Two in a row are never the same.

    Raises:
        QuestionError: if no statement names it.
    """
    fact, holder = -1, ""
    at: dict[str, _Visit] = {}
    visits: list[_Visit] = []
    for index, said in enumerate(statements):
        if said.kind == "move":
            at[said.person] = _Visit(said.place, index)
        elif said.thing == thing:
            fact = index
            holder = said.person if said.kind == "get" else ""
        if said.person in at and (fact == index or said.person == holder):
            now = at[said.person]
            stays = bool(visits) and visits[-1].place == now.place
            visits[len(visits) - stays :] = [now]
    if fact < 0:
        raise QuestionError(f"No statement names the {thing}; add one, or ask about another thing.")
    return fact, visits


def _where(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Task 2: where the holder went last, or was when they dropped it."""
    fact, visits = _follow(statements, asked.thing)
    if not visits:
        raise QuestionError(f"No statement says where anybody who had the {asked.thing} went; add one that does.")
    return Solution(visits[-1].place, (fact, visits[-1].move))


def _where_before(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Task 3: the place just before the thing's latest visit to the place asked about."""
    fact, visits = _follow(statements, asked.thing)
    latest = max((n for n, visit in enumerate(visits) if visit.place == asked.place), default=0)
    if latest == 0:
        raise QuestionError(
            f"The story does not say where the {asked.thing} was before the {asked.place}; add statements that do, or "
            "ask about another place."
        )
    before, at = visits[latest - 1 : latest + 1]
    return Solution(before.place, (fact, at.move, before.move))


def _gift(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Task 5: the last giving that fits all that the question names."""
    for index in reversed(range(len(statements))):
        said = statements[index]
        if said.kind == "give" and all(
            wanted in ("", told)
            for wanted, told in ((asked.person, said.person), (asked.other, said.other), (asked.thing, said.thing))
        ):
            answer = {"given": said.thing, "giver": said.person, "receiver": said.other}[asked.kind]
            return Solution(answer, (index,))
    raise QuestionError("No statement describes such a gift; add one, or ask about another.")


def _how_many(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Task 7: how many things the person got or was given and neither gave nor dropped."""
    histories = _histories(statements, asked.person)
    n_held = sum(history[-1][1] for history in histories.values())
    return Solution(NUMBERS[n_held], tuple(sorted(index for history in histories.values() for index, _ in history)))


def _which(statements: Sequence[Sentence], asked: Sentence) -> Solution:
    """Task 8: what the person holds, in the order in which they first had it; so is the support."""
    histories = _histories(statements, asked.person)
    held = [thing for thing, history in histories.items() if history[-1][1]]
    return Solution(",".join(held) or "nothing", tuple(index for history in histories.values() for index, _ in history))


def _histories(statements: Sequence[Sentence], person: str) -> dict[str, list[tuple[int, bool]]]:
    """Return each thing that a person ever had: statements that change it, and whether the person has it then.

    Raises:
        QuestionError: if there is none.
    """
    histories: dict[str, list[tuple[int, bool]]] = {}
    for index, said in enumerate(statements):
        history = histories.get(said.thing, [])
        takes = person == (said.other or said.person) and said.kind in ("get", "give")
        if said.thing and (person in (said.person, said.other) or (history and history[-1][1])):
            histories[said.thing] = [*history, (index, takes)]
    if not histories:
        raise QuestionError(
            f"The story does not mention anything that {person} got, dropped or gave; add a statement that does, or "
            "ask about somebody else."
        )
    return histories


def _keep(rule: Rule) -> Rule:
    """Return a rule that refuses stories in which somebody takes, drops or gives what they cannot."""

    def checked(statements: Sequence[Sentence], asked: Sentence) -> Solution:
        """Return the solution."""
        _check_holders(statements)
        _check_places(statements)
        return rule(statements, asked)

    return checked


def _check_holders(statements: Sequence[Sentence]) -> None:
    """Raise SceneError where a person takes, drops or gives a thing that another one has."""
    holders: dict[str, tuple[str, int]] = {}
    for index, said in enumerate(statements):
        if not said.thing:
            continue
        holder, told = holders.pop(said.thing, (said.person, index))
        if holder != said.person:
            raise SceneError(
                f"Statement {index + 1} contradicts statement {told + 1}, by which {holder} has the {said.thing}, not "
                f"{said.person}; drop one of them."
            )
        if said.kind in ("get", "give"):
            holders[said.thing] = (said.other or said.person, index)


def _check_places(statements: Sequence[Sentence]) -> None:
    """Raise SceneError where a thing, or who receives it, is not where the person is who takes, drops or gives it."""
    at: dict[str, tuple[str, int]] = {}
    left: dict[str, tuple[str, int]] = {}
    for index, said in enumerate(statements):
        if said.kind == "move":
            at[said.person] = said.place, index
        if not said.thing:
            continue
        here, found = at.get(said.person), left.pop(said.thing, None)
        for what, there in ((f"the {said.thing}", found), (said.other, at.get(said.other))):
            if here is not None and there is not None and here[0] != there[0]:
                raise SceneError(
                    f"Statement {index + 1} contradicts statement {there[1] + 1}, by which {what} is in the "
                    f"{there[0]}, not in the {here[0]} with {said.person}; drop one of them."
                )
        if said.kind == "drop" and here is not None:
            left[said.thing] = here[0], index


#: Task -> its rule.
RULES: dict[int, Rule] = {
    task: _keep(rule) for task, rule in ((2, _where), (3, _where_before), (5, _gift), (7, _how_many), (8, _which))
}
#: Task -> its solver.
SOLVERS: dict[int, Solver] = {task: make_solver(task, rule) for task, rule in RULES.items()}

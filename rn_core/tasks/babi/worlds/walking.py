"""Worlds in which persons only change places: tasks 1 and 9 to 13."""

from __future__ import annotations

from dataclasses import dataclass

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.language import FORMS, OPENERS, PRONOUNS
from rn_core.tasks.babi.story import QuestionLine
from rn_core.tasks.babi.worlds.telling import WINDOW, Teller, World, WorldMaker, make_teller


@dataclass(frozen=True)
class _Stay:
    """What the reader last heard of a person: "in" a place, "out" of it, or "either" there or in a second one."""

    knowledge: str
    place: str
    support: tuple[int, ...]
    second: str = ""


class _Walk(World):
    """Persons in places; each act moves one or more of them to another place."""

    def __init__(self, draw: RandomDraws, task: int) -> None:
        super().__init__(draw, task)
        self.at = {person: draw.choice(self.places) for person in self.persons}
        self.heard: dict[str, _Stay] = {}
        self.latest: list[str] = []  # whom each fact told was about; a statement on two persons tells two

    def hear(self, knowledge: str, *persons: str, place: str, before: int = 0, second: str = "") -> None:
        """Note what the last statement says about persons, supported by it and `before` earlier ones."""
        last = len(self.told) - 1
        for person in persons:
            self.heard[person] = _Stay(knowledge, place, tuple(range(last - before, last + 1)), second)
            self.latest.append(person)

    def anyone(self) -> str:
        """Return whom one of the latest facts was about."""
        return self.draw.choice(self.latest[-WINDOW:])

    def ask(self) -> QuestionLine:
        """Ask where somebody is."""
        person = self.anyone()
        return QuestionLine(FORMS["where"][0].format(person=person), self.at[person], self.heard[person].support)


class _Moves(_Walk):
    """Task 1: one person after the other moves."""

    def act(self) -> None:
        person = self.draw.choice(self.persons)
        self.move(person)

    def move(self, person: str) -> None:
        """Let a person move and say so."""
        place = self.at[person] = self.elsewhere(self.at[person])
        self.write_move("move", person=person, place=place)
        self.hear("in", person, place=place)

    def state(self, person: str, place: str) -> None:
        """Say in which place a person is now."""
        self.told.append(FORMS["is in"][0].format(person=person, place=place))
        self.hear("in", person, place=place)

    def ask_whether(self, person: str, place: str, answer: str) -> QuestionLine:
        """Return the question whether a person is in a place."""
        return QuestionLine(FORMS["is there"][0].format(person=person, place=place), answer, self.heard[person].support)

    def ask_known(self, person: str) -> QuestionLine:
        """Ask whether somebody is in a place, where it is known; yes and no are equally likely."""
        place = self.at[person]
        if self.draw.chance(0.5):
            return self.ask_whether(person, place, "yes")
        return self.ask_whether(person, self.elsewhere(place), "no")


class _Negation(_Moves):
    """Task 9: half of the moves are told as such, a quarter as the new place, a quarter as not being in the old one."""

    def act(self) -> None:
        person, told = self.draw.choice(self.persons), self.draw.integer(4)
        if told < 2:
            return self.move(person)
        old, new = self.at[person], self.elsewhere(self.at[person])
        self.at[person] = new
        if told == 2:
            return self.state(person, new)
        self.told.append(self.draw.choice(FORMS["is out"]).format(person=person, place=old))
        return self.hear("out", person, place=old)

    def ask(self) -> QuestionLine:
        person = self.anyone()
        stay = self.heard[person]
        return self.ask_whether(person, stay.place, "no") if stay.knowledge == "out" else self.ask_known(person)


class _Indefinite(_Moves):
    """Task 10: half of the moves are told as such, a quarter as the new place, a quarter as one of two places."""

    def act(self) -> None:
        person, told = self.draw.choice(self.persons), self.draw.integer(4)
        if told < 2:
            return self.move(person)
        new = self.at[person] = self.elsewhere(self.at[person])
        if told == 2:
            return self.state(person, new)
        place, second = self.draw.shuffled((new, self.draw.choice(self.places)))  # may be one place twice, as published
        self.told.append(FORMS["is either"][0].format(person=person, place=place, second=second))
        return self.hear("either", person, place=place, second=second)

    def ask(self) -> QuestionLine:
        person = self.anyone()
        stay = self.heard[person]
        if stay.knowledge == "in":
            return self.ask_known(person)
        told = (stay.place, stay.second)
        asked = self.draw.choice(told) if self.draw.chance(0.5) else self.elsewhere(self.at[person])
        return self.ask_whether(person, asked, "maybe" if asked in told else "no")


class _Coreference(_Walk):
    """Task 11: somebody moves, and a second sentence says "he" or "she"."""

    def act(self) -> None:
        if len(self.told) % 2 == 0:
            self.person = self.draw.choice(self.persons)
        place = self.at[self.person] = self.elsewhere(self.at[self.person])
        if len(self.told) % 2 == 0:
            self.write_move("move", person=self.person, place=place)
            self.hear("in", self.person, place=place)
        else:
            self.write_move("goes on", opener=self.draw.choice(OPENERS), pronoun=PRONOUNS[self.person], place=place)
            self.hear("in", self.person, place=place, before=1)


class _Conjunction(_Walk):
    """Task 12: two persons move together."""

    def act(self) -> None:
        self.move_two(*self.draw.sample(self.persons, 2))

    def move_two(self, person: str, other: str) -> None:
        """Let two persons move to a place where neither is, and say so."""
        place = self.at[person] = self.at[other] = self.elsewhere(self.at[person], self.at[other])
        self.write_move("both move", person=person, other=other, place=place)
        self.hear("in", person, other, place=place)


class _CompoundCoreference(_Conjunction):
    """Task 13: two persons move together, and a second sentence says "they"."""

    def act(self) -> None:
        if len(self.told) % 2 == 0:
            self.pair = self.draw.sample(self.persons, 2)
            return self.move_two(*self.pair)
        place = self.elsewhere(self.at[self.pair[0]])
        self.at |= dict.fromkeys(self.pair, place)
        self.write_move("go on", opener=self.draw.choice(OPENERS), place=place)
        return self.hear("in", *self.pair, place=place, before=1)


_KINDS: dict[int, WorldMaker] = {
    1: _Moves,
    9: _Negation,
    10: _Indefinite,
    11: _Coreference,
    12: _Conjunction,
    13: _CompoundCoreference,
}


#: Task -> the function that samples a story of it.
WORLDS: dict[int, Teller] = {task: make_teller(task, kind) for task, kind in _KINDS.items()}

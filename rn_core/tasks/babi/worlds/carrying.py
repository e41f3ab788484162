"""Worlds in which persons also take, carry, drop and give things: tasks 2, 3 and 5 to 8."""

from __future__ import annotations

import itertools

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.language import DROP, FORMS, GET, GIVE, KINDS, NUMBERS, THINGS
from rn_core.tasks.babi.story import QuestionLine
from rn_core.tasks.babi.worlds.telling import WINDOW, Teller, World, WorldMaker, make_teller

#: Chance that a sentence ends with "there"; whoever gets something gets it there, but in task 3.
_THERE = 0.2
_SCARCE_THERE = 3


class _Carry(World):
    """Persons and things in places; each act is drawn until it is possible, as the published shares suggest."""

    def __init__(self, draw: RandomDraws, task: int) -> None:
        super().__init__(draw, task)
        self.at = {person: draw.choice(self.places) for person in self.persons}
        self.lies: dict[str, str] = {thing: draw.choice(self.places) for thing in THINGS}
        self.holder: dict[str, str] = {}
        acts = {"move": self._move, "get": self._get, "drop": self._drop, "give": self._give}
        self.acts = tuple(acts[kind] for kind in KINDS[task][0])
        self.events: list[tuple[str, str, str]] = []  # a statement's kind, person and thing, if it has one
        self.latest_move: dict[str, int] = {}  # person -> the last statement that tells where they went
        self.latest_fact: dict[str, int] = {}  # thing -> the last statement of it
        self.trail: dict[str, list[tuple[str, int]]] = {}  # thing -> places it was carried to since it was got
        self.dropped: dict[str, int | None] = {}  # thing that lies -> the statement that told where its dropper was

    def act(self) -> None:
        while not self.draw.choice(self.acts)():
            pass

    def _move(self) -> bool:
        """Let a person go to a random place, if it is another one."""
        person, place = self.draw.choice(self.persons), self.draw.choice(self.places)
        if self.at[person] == place:
            return False
        self.at[person] = place
        self.latest_move[person] = len(self.told)
        for thing in self.held(person):
            self.trail[thing].append((place, len(self.told)))
        self.events.append(("move", person, ""))
        self.write_move("move", person=person, place=place)
        return True

    def _get(self) -> bool:
        """Let a person take a thing that lies where they are, if one does."""
        person = self.draw.choice(self.persons)
        near = [thing for thing, place in self.lies.items() if place == self.at[person]]
        if not near:
            return False
        thing = self.draw.choice(near)
        del self.lies[thing]
        self.dropped.pop(thing, None)
        self.holder[thing] = person
        self.trail[thing] = []
        there = self.task != _SCARCE_THERE or self.draw.chance(_THERE)
        self._write_thing("get", there, person=person, thing=thing, get=self.draw.choice(GET))
        return True

    def _drop(self) -> bool:
        """Let a person drop a thing that they hold, if they hold one."""
        person = self.draw.choice(self.persons)
        if not (held := self.held(person)):
            return False
        thing = self.draw.choice(held)
        del self.holder[thing]
        self.lies[thing] = self.at[person]
        self.dropped[thing] = self.latest_move.get(person)
        self._write_thing("drop", self.draw.chance(_THERE), person=person, thing=thing, drop=self.draw.choice(DROP))
        return True

    def _give(self) -> bool:
        """Let the first thing that can change hands do so: to the first of the cast, as in the published stories."""
        for thing, person, other in itertools.product(THINGS, self.persons, self.persons):
            if self.holder.get(thing) == person != other and self.at[other] == self.at[person]:
                self.holder[thing] = other
                self._write_thing("give", False, person=person, thing=thing, other=other, give=self.draw.choice(GIVE))
                return True
        return False

    def _write_thing(self, kind: str, there: bool, person: str, thing: str, **slots: str) -> None:
        """Tell a sentence about a thing."""
        self.latest_fact[thing] = len(self.told)
        self.note(kind, person, thing, slots.get("other", ""))
        self.events.append((kind, person, thing))
        self.told.append(FORMS[kind][there].format(person=person, thing=thing, **slots))

    def note(self, kind: str, person: str, thing: str, other: str) -> None:
        """Note what the next statement says about a thing, if the task's questions need more."""

    def held(self, person: str) -> list[str]:
        """Return what a person holds."""
        return [thing for thing, holder in self.holder.items() if holder == person]

    def recent(self, *kinds: str) -> list[tuple[str, str, str]]:
        """Return those of the last events that are of some kinds; a question is about one of them."""
        return [event for event in self.events[-WINDOW:] if event[0] in kinds]


class _WhereThing(_Carry):
    """Task 2: where a thing is that was dropped in a known place, or carried on since it was got."""

    def ask(self) -> QuestionLine | None:
        known: dict[str, int] = {}  # thing -> the statement of the place it is in
        things = [thing for _, _, thing in self.recent("get", "drop")]
        for thing in things:
            dropped = self.dropped.get(thing)
            if dropped is not None:
                known[thing] = dropped
            elif thing in self.holder and self.trail[thing]:
                known[thing] = self.trail[thing][-1][1]
        if not known:
            return None
        thing = self.draw.choice([thing for thing in things if thing in known])
        place = self.lies[thing] if thing in self.lies else self.at[self.holder[thing]]
        support = (self.latest_fact[thing], known[thing])
        return QuestionLine(FORMS["where thing"][0].format(thing=thing), place, support)


class _WhereThingBefore(_Carry):
    """Task 3: where a thing was before a place that it was carried to by its last holder."""

    def ask(self) -> QuestionLine | None:
        known = [thing for _, _, thing in self.recent("get", "drop") if len(self.trail[thing]) > 1]
        if not known:
            return None
        thing = self.draw.choice(known)
        trail = self.trail[thing]
        latest = {place: index for index, (place, _) in enumerate(trail)}
        index = self.draw.choice([latest[place] for place, _ in trail if latest[place]])
        (before, first), (place, second) = trail[index - 1 : index + 1]
        text = FORMS["where thing before"][0].format(thing=thing, place=place)
        return QuestionLine(text, before, (self.latest_fact[thing], second, first))


class _Giving(_Carry):
    """Task 5: who gave what to whom."""

    def __init__(self, draw: RandomDraws, task: int) -> None:
        super().__init__(draw, task)
        self.gifts: dict[str, tuple[int, str, str]] = {}  # thing -> when it was last given, by whom, to whom
        self.exchanged: dict[tuple[str, str], tuple[int, str]] = {}  # giver, receiver -> when they last did, what

    def note(self, kind: str, person: str, thing: str, other: str) -> None:
        if kind == "give":
            self.gifts[thing] = (len(self.told), person, other)
            self.exchanged[person, other] = (len(self.told), thing)

    def ask(self) -> QuestionLine | None:
        if not (recent := self.recent("give")):
            return None
        _, _, thing = self.draw.choice(recent)
        when, person, other = self.gifts[thing]
        kind = self.draw.choice(KINDS[self.task][1])
        answer = {"giver": person, "receiver": other}.get(kind)
        if answer is None:  # the two may have exchanged something else since
            when, answer = self.exchanged[person, other]
        text = self.draw.choice(FORMS[kind]).format(person=person, other=other, thing=thing)
        return QuestionLine(text, answer, (when,))


class _IsThere(_Carry):
    """Task 6: whether a person is in a place; yes and no are equally likely."""

    def ask(self) -> QuestionLine | None:
        if not (recent := self.recent("move")):
            return None
        _, person, _ = self.draw.choice(recent)
        yes = self.draw.chance(0.5)
        place = self.at[person] if yes else self.elsewhere(self.at[person])
        text = FORMS["is there"][0].format(person=person, place=place)
        return QuestionLine(text, "yes" if yes else "no", (self.latest_move[person],))


class _Belongings(_Carry):
    """What tasks 7 and 8 share: each person's whole history of things got, given and dropped."""

    def __init__(self, draw: RandomDraws, task: int) -> None:
        super().__init__(draw, task)
        self.history: dict[str, list[int]] = {person: [] for person in self.persons}
        self.first_got: dict[str, list[str]] = {person: [] for person in self.persons}

    def note(self, kind: str, person: str, thing: str, other: str) -> None:
        self.history[person].append(len(self.told))
        if other:
            self.history[other].append(len(self.told))
        if thing not in self.first_got[person]:
            self.first_got[person].append(thing)

    def ask(self) -> QuestionLine | None:
        if not (recent := self.recent("get", "drop", "give")):
            return None
        _, person, _ = self.draw.choice(recent)
        (kind,) = KINDS[self.task][1]
        return QuestionLine(FORMS[kind][0].format(person=person), self.answer(person), self.support(person))

    def answer(self, person: str) -> str:
        """Return how many things a person carries."""
        return NUMBERS[len(self.held(person))]

    def support(self, person: str) -> tuple[int, ...]:
        """Return a person's history, the oldest statement first."""
        return tuple(self.history[person])


class _Lists(_Belongings):
    """Task 8: what a person carries, in the order in which they first got it."""

    def answer(self, person: str) -> str:
        held = self.held(person)
        return ",".join(thing for thing in self.first_got[person] if thing in held) or "nothing"

    def support(self, person: str) -> tuple[int, ...]:
        things = self.first_got[person]
        return tuple(sorted(self.history[person], key=lambda statement: things.index(self.events[statement][2])))


_KINDS: dict[int, WorldMaker] = {
    2: _WhereThing,
    3: _WhereThingBefore,
    5: _Giving,
    6: _IsThere,
    7: _Belongings,
    8: _Lists,
}


#: Task -> the function that samples a story of it.
WORLDS: dict[int, Teller] = {task: make_teller(task, kind) for task, kind in _KINDS.items()}

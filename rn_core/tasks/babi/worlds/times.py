"""The world of task 14: statements say when somebody went where, and are not told in the order of time."""

from __future__ import annotations

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.language import FORMS, MOVE, TIMES
from rn_core.tasks.babi.story import QuestionLine
from rn_core.tasks.babi.worlds.telling import WINDOW, Teller, World, make_teller


class _Days(World):
    """Each person's days: the places they went to, one a time, the earliest first."""

    def __init__(self, draw: RandomDraws, task: int) -> None:
        super().__init__(draw, task)
        self.days: dict[str, list[tuple[str, int]]] = {person: [] for person in self.persons}  # place, event
        self.events: list[str] = []  # who moved, in the order drawn
        self.statement_of: list[int] = []  # event -> the statement that tells it
        self.n_settled = 0  # events whose statements have found their place

    def act(self) -> None:
        person = self.draw.choice([person for person, day in self.days.items() if len(day) < len(TIMES)])
        day = self.days[person]
        place = self.elsewhere(*(day[-1][:1] if day else ()))
        time = TIMES[len(day)]
        day.append((place, len(self.events)))
        self.statement_of.append(len(self.events))
        self.events.append(person)
        form = self.draw.choice(FORMS["move then"])
        move = self.draw.choice(MOVE)
        self.told.append(form.format(person=person, move=move, place=place, time=time, Time=time.capitalize()))

    def ask(self) -> QuestionLine | None:
        known = [
            (person, index)
            for person, day in self.days.items()
            for index, (place, event) in enumerate(day)
            if index and len(self.events) - event <= WINDOW and place not in [later for later, _ in day[index + 1 :]]
        ]
        if not known:
            return None
        self._mix()
        person, index = self.draw.choice(known)
        (before, first), (place, second) = self.days[person][index - 1 : index + 1]
        text = FORMS["where before"][0].format(person=person, place=place)
        return QuestionLine(text, before, (self.statement_of[second], self.statement_of[first]))

    def _mix(self) -> None:
        """Tell what happened since the last question in another order: a random cycle, so no statement stays."""
        start, n = self.n_settled, len(self.events) - self.n_settled
        order = list(range(n))
        for index in range(n - 1, 0, -1):
            other = self.draw.integer(index)
            order[index], order[other] = order[other], order[index]
        told = self.told[start:]
        for statement, event in enumerate(order):
            self.told[start + statement] = told[event]
            self.statement_of[start + event] = start + statement
        self.n_settled = len(self.events)


#: Task -> the function that samples a story of it.
WORLDS: dict[int, Teller] = {14: make_teller(14, _Days)}

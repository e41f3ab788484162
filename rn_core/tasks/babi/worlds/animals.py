"""Persons that are animals: tasks 15 (basic deduction) and 16 (basic induction)."""

from __future__ import annotations

import numpy as np

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.forms import Form
from rn_core.tasks.babi.rule_forms import (
    ANIMALS,
    COLORS,
    DEDUCTION_PERSONS,
    FEAR,
    INDUCTION_PERSONS,
    IS_ANIMAL,
    IS_COLOR,
    IS_PREY,
    PREY,
    WHAT_COLOR,
    WHAT_FEARS,
)
from rn_core.tasks.babi.story import QuestionLine, Story

_PREY = tuple(PREY)


def sample_deduction(rng: np.random.Generator) -> Story:
    """Draw a story of task 15: what each animal fears, who is which animal, and four questions."""
    draw = RandomDraws(rng)
    told: list[str] = []
    fears: dict[str, tuple[str, int]] = {}  # animal -> the one it fears, and the statement that says so
    animals: dict[str, tuple[str, int]] = {}  # person -> animal, and the statement that says so
    while len(fears) < len(PREY) or len(animals) < len(DEDUCTION_PERSONS):
        animal = draw.choice(_PREY)
        if draw.chance(0.5):
            if animal not in fears:
                feared = draw.choice([other for other in _PREY if other != animal])
                fears[animal] = feared, len(told)
                told.append(FEAR.write(PREY[animal].capitalize(), PREY[feared]))
        elif animal in fears and (person := draw.choice(DEDUCTION_PERSONS)) not in animals:
            animals[person] = animal, len(told)
            told.append(IS_PREY.write(person, animal))
    questions = []
    for _ in range(4):
        person = draw.choice(DEDUCTION_PERSONS)
        animal, is_told = animals[person]
        feared, fear_told = fears[animal]
        questions.append(QuestionLine(WHAT_FEARS.write(person.lower()), feared, (is_told, fear_told)))
    return Story(15, (*told, *questions))


def sample_induction(rng: np.random.Generator) -> Story:
    """Draw a story of task 16: who is which animal and of which color; one color is left to the question.

    As in the published stories, the one left over has an animal in common with 1, 3 or 4 others, never with 2.
    """
    draw = RandomDraws(rng)
    while True:
        herd = _Herd(draw)
        while len(herd.colors) < len(INDUCTION_PERSONS) - 1 or len(herd.animals) < len(INDUCTION_PERSONS):
            person = draw.choice(INDUCTION_PERSONS)
            if draw.chance(0.5):
                herd.tell_animal(person)
            elif len(herd.colors) < len(INDUCTION_PERSONS) - 1:
                herd.tell_color(person)
        asked = next(person for person in INDUCTION_PERSONS if person not in herd.colors)
        alike = [person for person in herd.alike(asked) if person != asked]
        if len(alike) in (1, 3, 4):
            model = alike[-1]
            support = herd.places[IS_ANIMAL, asked], herd.places[IS_ANIMAL, model], herd.places[IS_COLOR, model]
            return Story(16, (*herd.told, QuestionLine(WHAT_COLOR.write(asked), herd.colors[model], support)))


class _Herd:
    """Persons whose animals and colors are stated one by one.

    A color told passes on to all persons known to be the same animal, who are then told to have it. Only with t
    persons of that animal told and u not yet, the next of these has a color of its own with probability
    (u - 1) / (t + u), as measured in the published stories.
    """

    def __init__(self, draw: RandomDraws) -> None:
        self._draw = draw
        self.told: list[str] = []
        self.animals: dict[str, str] = {}  # in order
        self.colors: dict[str, str] = {}
        self.places: dict[tuple[Form, str], int] = {}  # form and person -> statement
        self._passed_on: dict[str, str] = {}

    def alike(self, person: str) -> list[str]:
        """Return the known persons that have a person's animal, the person among them."""
        return [other for other, animal in self.animals.items() if animal == self.animals[person]]

    def tell_animal(self, person: str) -> None:
        """Tell a person's animal, if that is news."""
        if person not in self.animals:
            self.animals[person] = self._draw.choice(ANIMALS)
            self._tell(IS_ANIMAL, person, self.animals[person])

    def tell_color(self, person: str) -> None:
        """Tell the color of a person whose animal is known, if that is news."""
        if person not in self.animals or person in self.colors:
            return
        untold = [other for other in self.alike(person) if other not in self.colors]
        color = self._draw.choice(COLORS)
        if person in self._passed_on and not self._draw.chance((len(untold) - 1) / len(self.alike(person))):
            color = self._passed_on[person]
        self._passed_on |= dict.fromkeys(untold, color)
        self.colors[person] = color
        self._tell(IS_COLOR, person, color)

    def _tell(self, form: Form, person: str, word: str) -> None:
        self.places[form, person] = len(self.told)
        self.told.append(form.write(person, word))

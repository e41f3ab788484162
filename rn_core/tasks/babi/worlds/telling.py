"""The pattern of the tasks about people and places: two statements, then a question if possible, five in all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.language import CASTS, FORMS, MOVE
from rn_core.tasks.babi.story import QuestionLine, Story

_QUESTIONS = 5
_BLOCK = 2
#: Latest facts that a question may be about, as measured on the published stories.
WINDOW = 5
#: A generator over `PCG64` -> a story.
Teller = Callable[[np.random.Generator], Story]


class World(ABC):
    """What is true, and what the reader has been told.

    Attributes:
        draw: the source of randomness.
        persons, places: of the task's cast.
        told: statements so far.
    """

    def __init__(self, draw: RandomDraws, task: int) -> None:
        """Begin a story of a task."""
        self.draw = draw
        self.task = task
        self.persons, self.places = CASTS[task].persons, CASTS[task].places
        self.told: list[str] = []

    @abstractmethod
    def act(self) -> None:
        """Let something happen and tell it."""

    @abstractmethod
    def ask(self) -> QuestionLine | None:
        """Return a question that what has been told answers, if there is one."""

    def tell(self) -> Story:
        """Return a whole story."""
        lines: list[str | QuestionLine] = []
        n_told = 0
        for _ in range(_QUESTIONS):
            question = None
            while question is None:
                for _ in range(_BLOCK):
                    self.act()
                question = self.ask()
            lines += [*self.told[n_told:], question]
            n_told = len(self.told)
        return Story(self.task, tuple(lines))

    def elsewhere(self, *places: str) -> str:
        """Return a random place other than the given ones."""
        return self.draw.choice([place for place in self.places if place not in places])

    def write_move(self, kind: str, **slots: str) -> None:
        """Tell a sentence with a verb of moving."""
        self.told.append(FORMS[kind][0].format(move=self.draw.choice(MOVE), **slots))


#: Makes the world of a story from its source of randomness and its task.
WorldMaker = Callable[[RandomDraws, int], World]


def make_teller(task: int, kind: WorldMaker) -> Teller:
    """Return the function that samples a story of one task."""

    def sample(rng: np.random.Generator) -> Story:
        """Sample a story."""
        return kind(RandomDraws(rng), task).tell()

    return sample

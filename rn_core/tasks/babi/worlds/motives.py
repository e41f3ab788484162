"""Persons who go where their motive leads: task 20 (agent's motivations)."""

from __future__ import annotations

import numpy as np

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.language import GET, MOVE
from rn_core.tasks.babi.rule_forms import (
    FETCHES,
    GOES,
    HAS_MOTIVE,
    MOTIVE_PERSONS,
    MOTIVES,
    WHERE_WILL_GO,
    WHY_GET,
    WHY_GO,
)
from rn_core.tasks.babi.story import QuestionLine, Story


def sample_motives(rng: np.random.Generator) -> Story:
    """Draw a story of task 20: four persons feel, go and fetch in turns, with a question after each statement.

    What one person has fetched nobody else fetches.
    """
    draw = RandomDraws(rng)
    motives: dict[str, str] = {}
    causes: dict[str, int] = {}  # person -> the statement that says the motive
    gone: set[str] = set()
    fetched: set[str] = set()
    lines: list[str | QuestionLine] = []
    active = list(MOTIVE_PERSONS)
    while active:
        person = draw.choice(active)
        called = person.lower()
        if person not in motives:
            motive = motives[person] = draw.choice(tuple(MOTIVES))
            causes[person] = len(lines) // 2
            told, asked, answer = HAS_MOTIVE.write(person, motive), WHERE_WILL_GO.write(called), MOTIVES[motive][0]
        else:
            answer = motives[person]
            place, wanted = MOTIVES[answer]
            if person not in gone:
                gone.add(person)
                told, asked = GOES.write(person, draw.choice(MOVE), place), WHY_GO.write(called, place)
            else:
                fetched.add(wanted)
                told, asked = FETCHES.write(person, draw.choice(GET), wanted), WHY_GET.write(called, wanted)
        lines += [told, QuestionLine(asked, answer, (causes[person],))]
        active = [one for one in active if one not in gone or MOTIVES[motives[one]][1] not in fetched]
    return Story(20, tuple(lines))

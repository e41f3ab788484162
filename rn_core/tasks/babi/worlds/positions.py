"""Things beside and above each other: task 17 (positional reasoning)."""

from __future__ import annotations

import numpy as np

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.rule_forms import IS_THING, RELATIONS, THING_FACT, THINGS
from rn_core.tasks.babi.story import QuestionLine, Story

_N_QUESTIONS = 8
#: The relation of two things, the other way round.
_TURNED = {name: next(r for r, other in RELATIONS.items() if other == (-x, -y)) for name, (x, y) in RELATIONS.items()}


def sample_positions(rng: np.random.Generator) -> Story:
    """Draw a story of task 17: two things, each one step from a third, and questions about the two."""
    draw = RandomDraws(rng)
    middle, *ends = draw.sample(THINGS, 3)
    first = draw.choice(tuple(RELATIONS))
    second = draw.choice([relation for relation in RELATIONS if relation != first])
    # In the published stories the middle is the subject of 2 statements in 3.
    told = [
        THING_FACT.write(middle, _TURNED[relation], end)
        if draw.chance(2 / 3)
        else THING_FACT.write(end, relation, middle)
        for end, relation in zip(ends, (first, second), strict=True)
    ]
    (x, y), (other_x, other_y) = RELATIONS[first], RELATIONS[second]
    gap = (x - other_x, y - other_y)
    return Story(17, (*told, *(_sample_question(draw, ends, gap) for _ in range(_N_QUESTIONS))))


def _sample_question(draw: RandomDraws, ends: list[str], gap: tuple[int, int]) -> QuestionLine:
    """Draw a question about two things, the first of which stands `gap` = (x, y) steps from the second."""
    asked = draw.integer(2)
    sign = 1 - 2 * asked
    true = [name for name, (x, y) in RELATIONS.items() if sign * (x * gap[0] + y * gap[1]) > 0]
    answer = draw.choice(("yes", "no"))
    relation = draw.choice(true if answer == "yes" else [name for name in RELATIONS if name not in true])
    return QuestionLine(IS_THING.write(ends[asked], relation, ends[1 - asked]), answer, (asked, 1 - asked))

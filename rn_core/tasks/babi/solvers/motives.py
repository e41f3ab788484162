"""Persons who go where their motive leads: task 20 (agent's motivations)."""

from __future__ import annotations

from collections.abc import Sequence

from rn_core.common.errors import QuestionError
from rn_core.tasks.babi.rule_forms import HAS_MOTIVE, LANGUAGES, MOTIVES, WHERE_WILL_GO
from rn_core.tasks.babi.solvers.base import Solution


def solve_motive(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 20 by a person's last motive, or the last that leads to the place or thing asked about.

    Raises:
        SceneError: for a statement that the task does not know.
        QuestionError: for a question that the task does not know, or if no such motive is told.
    """
    read = LANGUAGES[20].read_statements(statements)
    asked = LANGUAGES[20].read_question(question)
    person = asked.words[0].capitalize()
    aim = "" if asked.form is WHERE_WILL_GO else asked.words[1]
    fitting = [motive for motive, aims in MOTIVES.items() if not aim or aim in aims]
    told_of = [
        (told, one.words[1])
        for told, one in enumerate(read)
        if one.form is HAS_MOTIVE and one.words[0] == person and one.words[1] in fitting
    ]
    if not told_of:
        reason = f" that leads to the {aim}" if aim else ""
        example = HAS_MOTIVE.write(person, fitting[0])
        raise QuestionError(f"The story gives no motive of {person}{reason}; add a statement such as '{example}'")
    told, motive = told_of[-1]
    return Solution(motive if aim else MOTIVES[motive][0], (told,))

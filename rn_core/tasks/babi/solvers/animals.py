"""Persons that are animals: tasks 15 (basic deduction) and 16 (basic induction)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rn_core.common.errors import QuestionError
from rn_core.tasks.babi.forms import Form, Read
from rn_core.tasks.babi.rule_forms import FEAR, IS_ANIMAL, IS_COLOR, IS_PREY, LANGUAGES, PREY
from rn_core.tasks.babi.solvers.base import Solution
from rn_core.tasks.babi.solvers.conflicts import check_one_value

_SINGULAR = {plural: animal for animal, plural in PREY.items()}
#: Form -> how a sentence says its second word.
_DESCRIBED: Mapping[Form, Callable[[str], str]] = {
    IS_PREY: "a {}".format,
    FEAR: "afraid of {}".format,
    IS_ANIMAL: "a {}".format,
    IS_COLOR: "{}".format,
}


def solve_deduction(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 15: what a person's animal fears.

    Raises:
        SceneError: for a statement that the task does not know, or that contradicts an earlier one.
        QuestionError: for a question that the task does not know, or that the story does not answer.
    """
    read = LANGUAGES[15].read_statements(statements)
    (called,) = LANGUAGES[15].read_question(question).words
    person = called.capitalize()
    animals, fears = _note(read, IS_PREY), _note(read, FEAR)
    if person not in animals:
        raise QuestionError(f"The story does not say which animal {person} is; add a statement that does.")
    animal, is_told = animals[person]
    animal_plural = PREY[animal].capitalize()
    if animal_plural not in fears:
        raise QuestionError(f"The story does not say what {PREY[animal]} are afraid of; add a statement that does.")
    feared, fear_told = fears[animal_plural]
    return Solution(_SINGULAR[feared], (is_told, fear_told))


def solve_induction(statements: Sequence[str], question: str) -> Solution:
    """Answer a question of task 16: a person has the color stated for it, or that of the same animal.

    The rule of the published stories: among several of the same animal, the one counts whose animal was told last.

    Raises:
        SceneError: for a statement that the task does not know, or that contradicts an earlier one.
        QuestionError: for a question that the task does not know, or that the story does not answer.
    """
    read = LANGUAGES[16].read_statements(statements)
    (person,) = LANGUAGES[16].read_question(question).words
    animals, colors = _note(read, IS_ANIMAL), _note(read, IS_COLOR)
    if person in colors:
        color, told = colors[person]
        return Solution(color, (told,))
    if person not in animals:
        raise QuestionError(
            f"The story gives neither the color of {person} nor which animal {person} is; add a statement that does."
        )
    animal, is_told = animals[person]
    alike = [(told, other) for other, (kind, told) in animals.items() if kind == animal and other in colors]
    if not alike:
        raise QuestionError(f"The story mentions no other {animal} with a color; add statements that do.")
    model_told, model = max(alike)
    color, color_told = colors[model]
    return Solution(color, (is_told, model_told, color_told))


def _note(read: list[Read], form: Form) -> dict[str, tuple[str, int]]:
    """Return first word -> (second word, statement) of a form's statements, the last one of equal ones.

    Raises:
        SceneError: if two statements say different things of a first word.
    """
    found = [(one.words[0], one.words[1], told) for told, one in enumerate(read) if one.form is form]
    check_one_value((what, _DESCRIBED[form](value), told) for what, value, told in found)
    return {what: (value, told) for what, value, told in found}

"""Questions about scenes: all 90 families, answers balanced in each, every question well-posed.

Source: Johnson et al. 2017 (arXiv 1612.06890), section 3.2 and supplement B. As there, a scene is asked by the
families used least so far, and an answer that a family has given too often is refused, so that the question alone
does not tell it. Where we differ: what leads nowhere is drawn again from the start, not from the last choice.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from rn_core.common.checks import is_whole, shown
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr.drawing import Attempt, DeadEnd, Step, build_drawing, evaluate
from rn_core.tasks.clevr.draws import Draws
from rn_core.tasks.clevr.execution import answer_text, deciding_objects
from rn_core.tasks.clevr.expressions import DESCRIPTION_SLOTS, RELATION_SLOTS, Description, Expression, make_program
from rn_core.tasks.clevr.language import DESCRIPTIONS, draw_text
from rn_core.tasks.clevr.masks import SceneMasks
from rn_core.tasks.clevr.scene import ClevrScene
from rn_core.tasks.clevr.templates import Template, load_templates
from rn_core.tasks.clevr.world import RELATIONS, VALUES

QUESTIONS_PER_SCENE = 10
#: After so many scenes CLEVR forgets which families and answers it has used.
SCENES_PER_ROUND = 250
_N_ATTEMPTS = 40
#: An answer may be given at most so many times as often as the second most frequent one...
_OVER_SECOND = 1.1
#: ...and so many times as often as the median one, which counts as at least so many.
_OVER_MEDIAN, _LEAST_MEDIAN = 5, 5
#: All slots: A to D, R to T.
SLOTS = (*sorted(DESCRIPTION_SLOTS), *sorted(RELATION_SLOTS))
_YES_NO = ("yes", "no")
_NUMBERS = tuple(str(number) for number in range(11))


@dataclass(frozen=True)
class ClevrQuestion:
    """One question about one scene.

    Attributes:
        text: in English.
        answer: in CLEVR's spelling: "yes", "3", "red".
        template: its family.
        slots: (7,) what fills the family's slots: index into `DESCRIPTIONS` for A to D, into `RELATIONS` for R to T;
            -1 for a slot that it has not.
        scene: what it is about.
    """

    text: str
    answer: str
    template: Template
    slots: tuple[int, ...]
    scene: ClevrScene

    @property
    def family(self) -> int:
        """Return CLEVR's official number of its family, 0 to 89."""
        return self.template.family

    @property
    def group(self) -> str:
        """Return its group, a key of `rn_core.tasks.clevr.program.GROUPS`."""
        return self.template.group

    @property
    def type(self) -> str:
        """Return its type, one of `rn_core.tasks.clevr.program.QUESTION_TYPES`."""
        return self.template.program.function

    @functools.cached_property
    def program(self) -> list[dict[str, Any]]:
        """Return CLEVR's nodes, each with "type", "inputs" and "value_inputs"."""
        filled = {
            slot: RELATIONS[number] if slot in RELATION_SLOTS else Description(DESCRIPTIONS[number])
            for slot, number in zip(SLOTS, self.slots, strict=True)
            if number >= 0
        }
        return make_program(self.template.program, filled)

    @functools.cached_property
    def deciding(self) -> tuple[int, ...]:
        """Return the objects that its answer is read from, as `deciding_objects` names them."""
        return deciding_objects(self.program, self.scene)


class _Family:
    """A family, and what it has been used for in this round."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.draw, self.bare_relations = _prepare(template.family)
        self.forget()

    def forget(self) -> None:
        """Start a new round."""
        self.n_asked = 0
        self.answers = dict.fromkeys(_answers_of(self.template.program.function), 0)

    def is_too_frequent(self, answer: str) -> bool:
        """Return whether this answer would unbalance the family."""
        *_, second, _ = ordered = sorted(self.answers.values())
        given = self.answers[answer]
        median = max(ordered[len(ordered) // 2], _LEAST_MEDIAN)
        return given > _OVER_SECOND * second or given > _OVER_MEDIAN * median

    def note(self, answer: str) -> None:
        """Remember that the family has been asked with this answer."""
        self.n_asked += 1
        self.answers[answer] += 1


class QuestionGenerator:
    """Asks about one scene after another and keeps families and answers balanced over them."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw everything from `rng`, a generator over PCG64."""
        self._draws = Draws(rng)
        self._families = [_Family(template) for template in load_templates()]
        self._n_scenes = 0

    def ask(self, scene: ClevrScene, n_questions: int = QUESTIONS_PER_SCENE) -> list[ClevrQuestion]:
        """Ask about one scene, each time by another family, those first that have been used least.

        Args:
            scene: what to ask about.
            n_questions: 1 to 90.

        Returns:
            the questions; fewer where the scene allows fewer.

        Raises:
            RNCoreError: if `n_questions` is out of range.
        """
        if not is_whole(n_questions) or not 1 <= n_questions <= len(self._families):
            raise RNCoreError(
                f"A scene can be asked 1 to {len(self._families)} questions, got {shown(n_questions)}; change that."
            )
        if self._n_scenes % SCENES_PER_ROUND == 0:
            self._start_round()
        self._n_scenes += 1
        masks = SceneMasks(scene)
        questions: list[ClevrQuestion] = []
        for family in sorted(self._families, key=lambda family: family.n_asked):
            question = self._try_to_ask(family, masks, is_balanced=True)
            if question is not None:
                family.note(question.answer)
                questions.append(question)
            if len(questions) == n_questions:
                break
        return questions

    def ask_family(self, scene: ClevrScene, family: int) -> ClevrQuestion | None:
        """Ask a question of one family about a scene, whatever its answer.

        Args:
            scene: what to ask about.
            family: official number, 0 to 89.

        Returns:
            the question, or None where the scene allows none that was found.

        Raises:
            RNCoreError: if there is no such family.
        """
        for known in self._families:
            if known.template.family == family:
                return self._try_to_ask(known, SceneMasks(scene), is_balanced=False)
        raise RNCoreError(
            f"A question family is a number from 0 to {len(self._families) - 1}, got {shown(family)}; change it."
        )

    def _start_round(self) -> None:
        """Forget what has been asked and put the families in a new order, which decides between equals."""
        for family in self._families:
            family.forget()
        for last in range(len(self._families) - 1, 0, -1):
            other = self._draws.integer(last + 1)
            self._families[last], self._families[other] = self._families[other], self._families[last]

    def _try_to_ask(self, family: _Family, masks: SceneMasks, is_balanced: bool) -> ClevrQuestion | None:
        """Return a question of a family about a scene, or None if some attempts have led nowhere."""
        for _ in range(_N_ATTEMPTS):
            attempt = Attempt(masks, self._draws)
            try:
                result = family.draw(attempt)
            except DeadEnd:
                continue
            answer = answer_text(result)
            too_frequent = is_balanced and family.is_too_frequent(answer)
            if not too_frequent and not _is_degenerate(family, attempt, result):
                return self._make_question(family.template, attempt, answer)
        return None

    def _make_question(self, template: Template, attempt: Attempt, answer: str) -> ClevrQuestion:
        """Return the question of slots that are filled."""
        text = draw_text(template, attempt.slots, self._draws)
        slots = tuple(attempt.slots.get(slot, -1) for slot in SLOTS)
        return ClevrQuestion(text, answer, template, slots, attempt.masks.scene)


@functools.cache
def _prepare(family: int) -> tuple[Step, tuple[str, ...]]:
    """Return what draws a family's slots, and its bare relations; they hold no state, so all generators share them."""
    template = load_templates()[family]
    return build_drawing(template), _bare_relations(template.program)


def _is_degenerate(family: _Family, attempt: Attempt, result: Any) -> bool:
    """Return whether a bare relation could be left out without changing the result."""
    for slot in family.bare_relations:
        try:
            if evaluate(family.template.program, attempt.masks, attempt.slots, ignored=slot) == result:
                return True
        except DeadEnd:
            continue
    return False


def _bare_relations(expression: Expression, around: str = "") -> tuple[str, ...]:
    """Return the relation slots without a description around them, which were drawn whatever their effect."""
    function, inputs = expression
    below = [slot for part in inputs for slot in _bare_relations(part, function)]
    return (function, *below) if function in RELATION_SLOTS and around not in DESCRIPTION_SLOTS else (*below,)


def _answers_of(function: str) -> tuple[str, ...]:
    """Return the answers that the last function of a program can give."""
    kind, _, attribute = function.partition("_")
    if kind == "query":
        return VALUES[attribute]
    return _NUMBERS if function == "count" else _YES_NO

"""What is true of a question on a scene: each step of its program, the answer, and the objects and pairs behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pages._lab.clevr.things import LETTERS
from rn_core.tasks.clevr import ClevrScene, deciding_objects, last_links, parse
from rn_core.tasks.clevr.execution import Output, answer_text, describe_misfit, execute_partly
from rn_core.tasks.clevr.program import GROUPS, question_type
from rn_core.tasks.clevr.scene import MAX_OBJECTS, VALUES


@dataclass(frozen=True)
class Truth:
    """What a question's program gives on a scene.

    Attributes:
        program: CLEVR's nodes.
        outputs: what each node gives, as far as the program runs.
        answer: the true answer; None if unknown.
        deciding: indices of the objects that it is read from; none without an answer.
        links: pairs (i, j) of such an object and the one that it was found by; none without an answer.
        trouble: a sentence about why there is no true answer, or None.
        warning: the same as `Answer.warnings` has it, where objects have numbers; None where it has none.
    """

    program: tuple[Mapping[str, Any], ...]
    outputs: tuple[Output, ...]
    answer: str | None
    deciding: tuple[int, ...]
    links: tuple[tuple[int, int], ...]
    trouble: str | None
    warning: str | None = None

    @property
    def type(self) -> str:
        """Return the question type, the program's last function."""
        return question_type(self.program)

    @property
    def is_comparison(self) -> bool:
        """Return whether attributes of two objects are compared."""
        return self.type in GROUPS["compare_attribute"]


def find_truth(question: str, scene: ClevrScene | None) -> Truth:
    """Return what a question's program gives on a scene; nothing on an uploaded picture, whose scene nobody knows.

    Raises:
        QuestionError: if the question is not in CLEVR's language.
    """
    program = tuple(parse(question))
    if scene is None:
        trouble = "An uploaded picture has no scene graph, so the answer cannot be checked."
        return Truth(program, (), None, (), (), trouble)
    outputs, misfit = execute_partly(program, scene)
    if misfit is not None:
        trouble, warning = describe_misfit(misfit, LETTERS), describe_misfit(misfit)
        return Truth(program, outputs, None, (), (), trouble, warning)
    decides = deciding_objects(program, scene), last_links(program, scene)
    answer = outputs[-1]
    return Truth(program, outputs, None if isinstance(answer, list) else answer_text(answer), *decides, None)


def allowed_answers(kind: str) -> tuple[str, ...]:
    """Return the answers that a question type allows."""
    if kind == "count":
        return tuple(map(str, range(MAX_OBJECTS + 1)))
    return VALUES[kind.removeprefix("query_")] if kind.startswith("query_") else ("yes", "no")

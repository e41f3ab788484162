"""What is true of a question on a scene: each step of its program, the answer, and the objects and pairs behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pages._ui.clevr.things import LETTERS
from pages._ui.words import join_words
from rn_core.errors import QuestionError
from rn_core.tasks.clevr import ClevrScene, deciding_objects, execute_nodes, last_links, parse
from rn_core.tasks.clevr.execution import Output, answer_text
from rn_core.tasks.clevr.program import GROUPS, question_type
from rn_core.tasks.clevr.scene import MAX_OBJECTS, VALUES


@dataclass(frozen=True)
class Truth:
    """What a question's program gives on a scene.

    Attributes:
        program: CLEVR's nodes.
        outputs: what each node gives, as far as the program runs.
        answer: the true answer; None where nobody knows it.
        deciding: indices of the objects that it is read from; none without an answer.
        links: pairs (i, j) of such an object and the one that it was found by; none without an answer.
        trouble: a sentence about why there is no true answer, or None.
    """

    program: tuple[Mapping[str, Any], ...]
    outputs: tuple[Output, ...]
    answer: str | None
    deciding: tuple[int, ...]
    links: tuple[tuple[int, int], ...]
    trouble: str | None

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
        trouble = "An uploaded picture has no scene graph, so nobody here knows the truth."
        return Truth(program, (), None, (), (), trouble)
    outputs: tuple[Output, ...] = ()
    try:
        for end in range(1, len(program) + 1):
            outputs = tuple(execute_nodes(program[:end], scene))
    except QuestionError:
        said = "none" if not outputs[-1] else f"{join_words([LETTERS[k] for k in outputs[-1]])}"
        trouble = f"This question has no true answer here: it asks for the one thing where there is {said}."
        return Truth(program, outputs, None, (), (), trouble)
    decides = deciding_objects(program, scene), last_links(program, scene)
    return Truth(program, outputs, answer_text(outputs[-1]), *decides, None)


def allowed_answers(kind: str) -> tuple[str, ...]:
    """Return the answers that a question type allows."""
    if kind == "count":
        return tuple(map(str, range(MAX_OBJECTS + 1)))
    return VALUES[kind.removeprefix("query_")] if kind.startswith("query_") else ("yes", "no")

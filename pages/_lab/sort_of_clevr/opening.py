"""The first minute: one scene, told in a few steps; no Streamlit.

In its scene the MLP is wrong and the Relation Network right, one pair has the largest share by far, and without the
object that holds the answer the answer is another one; `tests/pages/test_opening.py` holds the shipped weights to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import ExploreView
from pages._lab.words import format_signed
from rn_core.tasks.sort_of_clevr import Question
from rn_core.tasks.sort_of_clevr.language import text

OPENING = ExploreState(seed=250, question=Question("closest_shape", "yellow"))


@dataclass(frozen=True)
class Step:
    """One step of the first minute.

    Attributes:
        name: what it is about, in one or two words.
        sentence: what there is to know.
        pairs: whether the pairs are drawn over the scene.
        alone: whether the pair with the largest share is drawn alone.
        answers: whether truth and answers are shown.
    """

    name: str
    sentence: str
    pairs: bool = False
    alone: bool = False
    answers: bool = False


def strongest_pair(view: ExploreView) -> tuple[int, int]:
    """Return the nodes (i, j) of the pair with the largest share, for or against."""
    place = int(abs(view.matrix).argmax())
    return divmod(place, len(view.nodes.labels))


def make_steps(view: ExploreView) -> tuple[Step, ...]:
    """Return the steps with the numbers of a view."""
    i, j = strongest_pair(view)
    first, second = view.nodes.labels[i], view.nodes.labels[j]
    share, n_objects = format_signed(float(view.matrix[i, j])), len(view.nodes.labels)
    other = view.reading.other
    beside = "" if other is None else f" An MLP, which has no pairs, says {other.text}."
    right = "right" if view.reading.answer.text == view.reading.truth else "wrong"
    return (
        Step("A question", text(view.state.question)),
        Step("Objects", f"The network sees {n_objects} objects: each is a color, a shape and a place."),
        Step(
            "Pairs",
            f"It looks at every pair of objects, {n_objects} × {n_objects}, one by one, with the question in mind.",
            pairs=True,
        ),
        Step(
            "A share",
            f"Each pair adds its share to the score of an answer. The pair ({first}, {second}) adds {share}, "
            "more than any other.",
            pairs=True,
            alone=True,
        ),
        Step(
            "The answer",
            f"The sum of all shares decides: {view.reading.answer.text}, which is {right}.{beside}",
            pairs=True,
            alone=True,
            answers=True,
        ),
        Step(
            "Your turn",
            f"Drag the {second} object away, or change its shape with a double click, and watch answer and pairs.",
            pairs=True,
            answers=True,
        ),
    )

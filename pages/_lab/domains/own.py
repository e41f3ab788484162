"""Anybody's own sets in the app: what is asked of a scene, what is true of it, and which objects decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from pages._lab.components.stage import DrawnStage, PairLayer
from pages._lab.domains.base import PairDomain, Seen, ShownObject
from pages._lab.layout import cards_html
from pages._lab.own.examples import OwnExamples
from pages._lab.own.models import list_answering
from pages._lab.own.sets import find_set
from pages._lab.own.stage import make_own_stage, paint_objects
from pages._lab.own.state import OWN_SECTIONS, OwnState
from pages._lab.pairs.view import PairView
from pages._lab.plain import escape_math
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Answer
from rn_core.tasks.own.scene import OwnScene, make_template
from rn_core.tasks.own.spec import NAME

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What the explained network and the one beside it are called.
_TITLES = ("RN", "MLP")
_DOUBT = (
    "None of the scenes shown here is asked this question. The networks read it word by word, whether or not it means "
    "anything."
)


@dataclass(frozen=True)
class OwnCase:
    """One question about one scene of a set.

    Attributes:
        state: what was asked for.
        scene: as it is asked about.
        question: the text.
        answer: the file's; None for a question that the file does not ask of this scene.
        deciding: names of the objects that decide; none where the file does not say.
    """

    state: OwnState
    scene: OwnScene
    question: str
    answer: str | None
    deciding: tuple[str, ...]


@dataclass(frozen=True)
class OwnView(PairView):
    """What the page draws of an `OwnCase`."""

    case: OwnCase

    @property
    def scene_title(self) -> str:
        """Return what a saved picture calls the scene."""
        return f"Scene {self.case.scene.name}"

    def answers_html(self) -> str:
        """Return the answers as HTML, each with its mark where the truth is known."""
        answers = {
            title: self._add_doubt(answer) for title, answer in zip(_TITLES, self.model_answers.values(), strict=False)
        }
        return cards_html(answers, self.reading.truth)

    def _add_doubt(self, answer: Answer | None) -> Answer | None:
        """Return an answer with a warning if the question was read word by word and is none of the set's."""
        held = find_set(self.case.state.data)
        if answer is None or not held.schema.words:
            return answer
        asked = {make_template(one.text) for record in held.records for one in record.questions}
        return (
            answer
            if make_template(self.case.question) in asked
            else replace(answer, warnings=(*answer.warnings, _DOUBT))
        )

    def scene_content(self) -> Any:
        """Return the scene as JSON values."""
        return self.case.scene.to_dict()

    def draw_scene(self, axes: Axes) -> None:
        """Draw the objects' names at their places, or one per line."""
        axes.axis("off")
        things = self.case.scene.objects
        if any(thing.place is None for thing in things):
            axes.text(0.5, 0.5, "\n".join(map(escape_math, self.nodes.names)), ha="center", va="center", fontsize=12)
            return
        places = np.array([thing.place for thing in things])
        axes.scatter(places[:, 0], places[:, 1], s=60)
        axes.margins(0.2)
        for thing, (x, y) in zip(things, places, strict=True):
            axes.annotate(escape_math(thing.name), (x, y), xytext=(5, 5), textcoords="offset points", fontsize=9)


class OwnDomain(PairDomain[OwnState, OwnCase, OwnView]):
    """The app's side of sets of anybody's; see `Domain`."""

    name, state, view = NAME, OwnState, OwnView
    sections: Mapping[str, str] = OWN_SECTIONS

    @property
    def examples(self) -> OwnExamples:
        """Return what draws many examples of one question type."""
        return OwnExamples(self)

    def sample(self, state: OwnState) -> OwnState:
        """Return the state with the next scene of the set."""
        return state.change(seed=(state.seed + 1) % len(find_set(state.data).records))

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for; raises QuestionError if braces do not close."""
        make_template(text)
        return {"question": text}

    def list_suggested(self, state: OwnState) -> tuple[str, ...]:
        """Return the questions that the file asks of the scene."""
        return tuple(asked.text for asked in state.record.questions)

    def ask(self, state: OwnState) -> OwnCase:
        """Return what a state asks, and what is true of it; RNCoreError for a question that networks cannot read."""
        return self._ask(state, ())

    def _ask(self, state: OwnState, without: Collection[str]) -> OwnCase:
        """Return what a state asks of its scene without the objects of some labels."""
        record, text = state.record, state.text
        gone = [thing.name for label, thing in zip(state.labels, record.scene.objects, strict=True) if label in without]
        scene = record.scene.without(gone) if gone else record.scene
        scene = scene.asked(text)
        find_set(state.data).task.check_answerable(scene, text)
        known = None if gone else next((asked for asked in record.questions if asked.text == text), None)
        if known is None:
            return OwnCase(state, scene, text, None, ())
        return OwnCase(state, scene, text, known.answer, known.deciding)

    def list_models(self, case: OwnCase) -> tuple[str, ...]:
        """Return the Relation Network and the MLP beside it, if it has one."""
        if not case.state.model:
            raise RNCoreError("No network has learned this set yet; train one, or open its weights.")
        return list_answering(case.state.model)

    def show(self, case: OwnCase, model: str) -> Seen:
        """Return the scene, which both models see as it is."""
        return Seen(case.scene, f"{case.state.data} {case.scene.to_json()}")

    def list_objects(self, state: OwnState) -> tuple[ShownObject, ...]:
        """Return the scene's objects."""
        scene = state.record.scene
        colors = paint_objects(find_set(state.data).schema, scene)
        named = zip(state.labels, (thing.name for thing in scene.objects), colors, strict=True)
        return tuple(ShownObject(label, name, color) for label, name, color in named)

    def take_away(self, view: OwnView) -> OwnCase:
        """Return the view's case without the objects of `state.without`; what is true then is not known."""
        return self._ask(view.case.state, view.state.without)

    def find_true_pairs(self, case: OwnCase) -> tuple[tuple[int, int], ...]:
        """Return all pairs of the objects that decide; one that decides alone is a pair with itself."""
        names = [thing.name for thing in case.scene.objects]
        places = [names.index(name) for name in case.deciding]
        return ((places[0], places[0]),) if len(places) == 1 else tuple(permutations(places, 2))

    def make_stage(self, case: OwnCase, view: OwnView | None) -> DrawnStage:
        """Return the objects at their places, or on a ring, with their pairs."""
        shown = self.list_objects(case.state)
        layer = PairLayer(np.zeros((len(shown), len(shown)))) if view is None else view.layer
        objects = [(each.label, each.name, each.color) for each in shown]
        return make_own_stage(case.scene, objects, layer, case.state.projector)


DOMAIN = OwnDomain()

"""Sort-of-CLEVR in the app: scenes of up to six colored shapes, seen as images or as rows."""

from __future__ import annotations

from typing import Any

from pages._lab.components.scene_view import SceneView
from pages._lab.domains.base import PairDomain, Seen, ShownObject
from pages._lab.layout import MODEL_NAMES
from pages._lab.models import MODELS, baseline_of, view_of
from pages._lab.pairs.nodes import Nodes
from pages._lab.pairs.state import BASELINES
from pages._lab.pairs.view import PairReading
from pages._lab.sort_of_clevr.examples import ShapesExamples
from pages._lab.sort_of_clevr.nodes import find_true_pairs, make_nodes
from pages._lab.sort_of_clevr.picture import make_plain_view, make_saved_stage, make_scene_view
from pages._lab.sort_of_clevr.state import SECTIONS, ExploreState
from pages._lab.sort_of_clevr.view import (
    ExploreView,
    ShapesCase,
    choose_target,
    make_case,
    make_reading,
    remove_objects,
)
from rn_core.attribution.base import Attribution, Target
from rn_core.common.errors import SceneError
from rn_core.common.records import Answer
from rn_core.tasks.sort_of_clevr import Question
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS, parse, text
from rn_core.tasks.sort_of_clevr.rendering import PALETTE


class ShapesDomain(PairDomain[ExploreState, ShapesCase, ExploreView]):
    """The app's side of Sort-of-CLEVR; see `Domain`."""

    name, state, view = "sort-of-clevr", ExploreState, ExploreView
    sections = SECTIONS
    baselines = tuple(BASELINES)

    @property
    def examples(self) -> ShapesExamples:
        """Return what draws many examples of one question type."""
        return ShapesExamples(self)

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for; raises QuestionError."""
        return {"question": parse(text)}

    def list_suggested(self, state: ExploreState) -> tuple[str, ...]:
        """Return the questions that the scene's objects answer."""
        colors = [thing.color for thing in state.scene.objects]
        known = [Question.from_index(index) for index in range(len(ALL_TEXTS))]
        asked = [each for each in known if each.color in colors and (len(colors) > 1 or not each.is_relational)]
        return tuple(map(text, asked))

    def ask(self, state: ExploreState) -> ShapesCase:
        """Return what a state asks, and what is true of it; SceneError without the object asked about."""
        return make_case(state)

    def offered_models(self, state: ExploreState) -> dict[str, str]:
        """Return the shipped Relation Networks -> what they see."""
        return {name: MODEL_NAMES[name] for name in MODELS}

    def list_models(self, case: ShapesCase) -> tuple[str, ...]:
        """Return the Relation Network and the MLP that sees the same."""
        return case.state.model, baseline_of(case.state.model)

    def show(self, case: ShapesCase, model: str) -> Seen:
        """Return the scene, which models of both views read; image models see the person's own picture instead."""
        if case.picture is not None and view_of(model) != "objects":
            return Seen(case.picture.pixels, case.picture.digest)
        scene = case.state.scene
        return Seen(scene, scene.to_json())

    def list_objects(self, state: ExploreState) -> tuple[ShownObject, ...]:
        """Return the scene's objects by their colors; none of an own picture, from which none can be taken away."""
        if state.picture is not None:
            return ()
        colors = [thing.color for thing in state.scene.objects]
        return tuple(ShownObject(color, color, PALETTE[color]) for color in colors)

    def take_away(self, view: ExploreView) -> ShapesCase:
        """Return the question about the scene without some objects; raises SceneError if it cannot be asked."""
        state = view.state
        if state.picture is not None:
            raise SceneError("Objects cannot be taken out of an own picture; go back to the scene first.")
        return make_case(state.edit(remove_objects(state.scene, state.without)))

    def choose_target(self, case: ShapesCase, answer: Answer) -> Target:
        """Return the model's answer against the next best one that the question allows, unless the state differs."""
        return choose_target(case.state, answer)

    def make_view(
        self, case: ShapesCase, reading: PairReading, attribution: Attribution, second: Attribution
    ) -> ExploreView:
        """Put together what a page shows, with what is true of the case beside what models say."""
        return super().make_view(case, make_reading(case, reading), attribution, second)

    def find_true_pairs(self, case: ShapesCase) -> tuple[tuple[int, int], ...]:
        """Return the pairs of nodes that decide the answer."""
        return find_true_pairs(case.state, case.targets)

    def make_nodes(self, case: ShapesCase, reading: PairReading) -> Nodes:
        """Return the objects or cells, as the state's view has them."""
        return make_nodes(case.state, reading.places)

    def make_stage(self, case: ShapesCase, view: ExploreView | None) -> SceneView:
        """Return the scene with its pairs; without a view, the scene alone."""
        return make_plain_view(case.state) if view is None else make_scene_view(view)

    def make_saved_stage(self, view: ExploreView) -> SceneView:
        """Return the scene for a saved page."""
        return make_saved_stage(view)


DOMAIN = ShapesDomain()

"""CLEVR in the app: scenes of up to ten bodies, seen as pictures or as rows, and questions in English."""

from __future__ import annotations

from typing import Any

from pages._lab.clevr.examples import ClevrExamples
from pages._lab.clevr.models import locates_objects, models_beside, offered_models, sees_picture
from pages._lab.clevr.nodes import PALETTE, find_true_pairs, make_nodes
from pages._lab.clevr.pictures import Picture, read_picture
from pages._lab.clevr.questions import ANY_FAMILY, sample_question, tidy_question
from pages._lab.clevr.stages import make_picture_stage, make_plan_stage, make_saved_stage
from pages._lab.clevr.state import BASELINES, SECTIONS, ClevrState
from pages._lab.clevr.things import LETTERS, name_things, opened_things
from pages._lab.clevr.truth import allowed_answers, find_truth
from pages._lab.clevr.view import ClevrCase, ClevrView
from pages._lab.components.stage import DrawnStage
from pages._lab.domains.base import PairDomain, Seen, ShownObject
from pages._lab.pairs.nodes import Nodes
from pages._lab.pairs.view import PairReading, pick_target
from rn_core.attribution.base import Target
from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.records import Answer
from rn_core.common.seeding import next_seed
from rn_core.tasks.clevr.scene_file import FoundScene


class ClevrDomain(PairDomain[ClevrState, ClevrCase, ClevrView]):
    """The app's side of CLEVR; see `Domain`. Pictures are drawn elsewhere and put into a case once they exist."""

    name, state, view = "clevr", ClevrState, ClevrView
    sections = SECTIONS
    baselines = BASELINES

    @property
    def examples(self) -> ClevrExamples:
        """Return what draws many examples of one group of questions."""
        return ClevrExamples(self)

    def sample(self, state: ClevrState) -> ClevrState:
        """Return the state with the next seed's scene, and another question where that one has no true answer there."""
        return self._ask_anew(state.change(seed=next_seed(state.seed)))

    def open_scene(self, state: ClevrState, found: FoundScene) -> ClevrState:
        """Return the state with a file's scene, and another question where that one has no true answer there."""
        x, y, z = found.camera.round(3).tolist()
        opened = state.open(opened_things(found.scene), (x, y, z))
        try:
            return self._ask_anew(opened)
        except QuestionError:  # few objects allow few questions
            return opened

    def _ask_anew(self, state: ClevrState) -> ClevrState:
        """Return the state with another question where its own has no true answer; raises QuestionError if none has."""
        if find_truth(state.question, state.scene).answer is not None:
            return state
        return state.change(question=sample_question(state.known_scene, ANY_FAMILY, state.seed))

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for; raises QuestionError."""
        return {"question": tidy_question(text)}

    def suggest(self, state: ClevrState, turn: int, family: int = ANY_FAMILY) -> str:
        """Return a question drawn again per turn; raises QuestionError if the scene allows none of its family."""
        return sample_question(state.known_scene, family, turn)

    def ask(self, state: ClevrState) -> ClevrCase:
        """Return what a state asks, and what is true of it, without a picture."""
        return ClevrCase(state, find_truth(state.question, state.scene))

    def offered_models(self, state: ClevrState) -> dict[str, str]:
        """Return the Relation Networks that can be chosen -> what they see."""
        return offered_models(state.source == "scene")

    def list_models(self, case: ClevrCase) -> tuple[str, ...]:
        """Return the Relation Network and those that answer beside it."""
        return case.state.model, *models_beside(case.state.model, case.state.source == "scene")

    def show(self, case: ClevrCase, model: str) -> Seen:
        """Return the scene or its picture; raises SceneError if there is nothing of the kind."""
        if not sees_picture(model):
            scene = case.state.known_scene
            return Seen(scene, scene.to_json())
        if case.picture is None:
            raise SceneError("This network sees the picture, and there is none yet; wait until it is drawn.")
        return Seen(case.picture.pixels, case.picture.digest)

    def list_objects(self, state: ClevrState) -> tuple[ShownObject, ...]:
        """Return the scene's objects by their letters; of an uploaded picture, for a network that finds them."""
        if state.source == "image" and not locates_objects(state.model):
            return ()
        named = zip(state.letters, name_things(state.things), state.things, strict=True)
        return tuple(ShownObject(letter, name, PALETTE[thing.color]) for letter, name, thing in named)

    def take_away(self, view: ClevrView) -> ClevrCase:
        """Return the question about the scene without some objects; raises SceneError if none is left."""
        left = tuple(thing for k, thing in enumerate(view.state.things) if LETTERS[k] not in view.state.without)
        if not left:
            raise SceneError("No object is left; keep at least one.")
        return self.ask(view.state.edit(left))

    def choose_target(self, case: ClevrCase, answer: Answer) -> Target:
        """Return the model's answer against the next best one that the question allows, unless the state differs."""
        return pick_target(case.state, answer, allowed_answers(case.truth.type))

    def find_true_pairs(self, case: ClevrCase) -> tuple[tuple[int, int], ...]:
        """Return the pairs of nodes that decide the answer."""
        return find_true_pairs(case.state, case.truth)

    def make_nodes(self, case: ClevrCase, reading: PairReading) -> Nodes:
        """Return the objects or cells, as the state's view has them."""
        return make_nodes(case.state, reading.places)

    def make_stage(self, case: ClevrCase, view: ClevrView | None) -> DrawnStage:
        """Return the picture or, where there is none or it is asked for, the plan, with its pairs."""
        state, picture = case.state, case.picture
        if picture is None or state.stage == "plan":
            return make_plan_stage(state, view)
        return make_picture_stage(state, picture, view)

    def make_saved_stage(self, view: ClevrView) -> DrawnStage:
        """Return the picture, or the plan where there is none, for a saved page."""
        return make_saved_stage(view)

    def read_file(self, content: bytes, name: str) -> Picture:
        """Return an uploaded picture; raises RNCoreError, naming the file."""
        return read_picture(content, name)


DOMAIN = ClevrDomain()

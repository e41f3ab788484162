"""bAbI in the app: stories whose sentences are the objects, and a question that they answer."""

from __future__ import annotations

from typing import Any

from pages._lab.babi.examples import BabiExamples
from pages._lab.babi.files import StoryFromFile, read_story_file
from pages._lab.babi.models import models_beside, offered_models
from pages._lab.babi.nodes import find_true_pairs, make_nodes
from pages._lab.babi.stage import StoryStage, make_saved_stage, make_story_stage
from pages._lab.babi.state import BASELINES, LABELS, SECTIONS, BabiState
from pages._lab.babi.stories import suggest_questions, tidy_question
from pages._lab.babi.truth import find_truth
from pages._lab.babi.view import BabiCase, BabiView
from pages._lab.domains.base import PairDomain, Seen, ShownObject
from pages._lab.pairs.nodes import Nodes
from pages._lab.pairs.view import PairReading
from rn_core.common.errors import QuestionError
from rn_core.common.seeding import make_rng, uniform_integers


class BabiDomain(PairDomain[BabiState, BabiCase, BabiView]):
    """The app's side of bAbI; see `Domain`."""

    name, state, view = "babi", BabiState, BabiView
    sections = SECTIONS
    baselines = BASELINES

    @property
    def examples(self) -> BabiExamples:
        """Return what draws many examples of one task."""
        return BabiExamples(self)

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for; raises QuestionError."""
        return {"question": tidy_question(text)}

    def list_suggested(self, state: BabiState) -> tuple[str, ...]:
        """Return questions that have a true answer in the story."""
        return suggest_questions(state.task, state.seed, state.statements)

    def suggest(self, state: BabiState, turn: int) -> str:
        """Return another question that the story answers, drawn again per turn; QuestionError if there is none."""
        asked = [text for text in self.list_suggested(state) if text != state.text]
        if not asked:
            raise QuestionError(
                "This story answers no other question of this task; write one, or choose another story."
            )
        return asked[int(uniform_integers(make_rng(turn, "explore", state.task), len(asked), (1,))[0])]

    def ask(self, state: BabiState) -> BabiCase:
        """Return what a state asks, and what is true of it."""
        return BabiCase(state, find_truth(state))

    def offered_models(self, state: BabiState) -> dict[str, str]:
        """Return the Relation Networks that can be chosen -> their names on the page."""
        return offered_models()

    def list_models(self, case: BabiCase) -> tuple[str, ...]:
        """Return the Relation Network and those that answer beside it."""
        return case.state.model, *models_beside(case.state.model)

    def show(self, case: BabiCase, model: str) -> Seen:
        """Return the sentences that are told."""
        return Seen(case.state.statements, "\n".join(case.state.statements))

    def list_objects(self, state: BabiState) -> tuple[ShownObject, ...]:
        """Return the sentences that the networks see."""
        nodes = make_nodes(state)
        return tuple(map(ShownObject, nodes.labels, nodes.names))

    def take_away(self, view: BabiView) -> BabiCase:
        """Return the question about the story without some sentences."""
        state = view.state
        for label in view.state.without:
            state = state.mark(LABELS.index(label), dropped=True)
        return self.ask(state)

    def find_true_pairs(self, case: BabiCase) -> tuple[tuple[int, int], ...]:
        """Return the pairs of sentences that decide the answer."""
        return find_true_pairs(case.state, case.truth)

    def make_nodes(self, case: BabiCase, reading: PairReading) -> Nodes:
        """Return the sentences that the networks see."""
        return make_nodes(case.state)

    def make_stage(self, case: BabiCase, view: BabiView | None, dark: bool | None = None) -> StoryStage:
        """Return the story with its pairs; `dark` says what page it lies on, None takes the colors around it."""
        return make_story_stage(case.state, case.truth, view, dark=dark)

    def make_saved_stage(self, view: BabiView) -> StoryStage:
        """Return the story for a saved page."""
        return make_saved_stage(view)

    def read_file(self, content: bytes, name: str, number: int = 1, task: int = 1) -> StoryFromFile:
        """Return one story of a published file; see `read_story_file`."""
        return read_story_file(content, name, number, task)


DOMAIN = BabiDomain()

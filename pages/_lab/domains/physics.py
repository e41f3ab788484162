"""Balls on a table in the app: which are connected, how many connected groups there are, and where they go next."""

from __future__ import annotations

import hashlib
from itertools import combinations
from typing import Any

import numpy as np

from pages._lab.components.stage import DrawnStage
from pages._lab.domains.base import PairDomain, Seen, ShownObject
from pages._lab.pairs.nodes import Nodes
from pages._lab.pairs.state import BASELINES
from pages._lab.pairs.view import PairReading
from pages._lab.physics.examples import PhysicsExamples
from pages._lab.physics.models import MODELS, QUESTIONS, describe_training, find_models
from pages._lab.physics.nodes import find_true_pairs, make_nodes
from pages._lab.physics.scenes import pulled_scene, read_scene_file, take_balls_away
from pages._lab.physics.stage import make_table_stage
from pages._lab.physics.state import ANSWERED_COLORS, SOURCES, PhysicsState
from pages._lab.physics.view import PhysicsCase, PhysicsView
from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.common.seeding import next_seed
from rn_core.tasks.physics import COLORS, PhysicsScene
from rn_core.tasks.physics.task import Connections, Count, connection_question


class PhysicsDomain(PairDomain[PhysicsState, PhysicsCase, PhysicsView]):
    """The app's side of physics; see `Domain`. Scenes of files are a session's own: it makes their cases itself."""

    name, state, view = "physics", PhysicsState, PhysicsView
    baselines = tuple(BASELINES)

    @property
    def examples(self) -> PhysicsExamples:
        """Return what draws many examples of connections or of counts."""
        return PhysicsExamples(self)

    def sample(self, state: PhysicsState) -> PhysicsState:
        """Return the state with the scene of the next seed."""
        return state.change(**SOURCES, seed=next_seed(state.seed))

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for; raises QuestionError."""
        task = Connections()
        known: dict[str, dict[str, Any]] = {
            Count.question: {"question": "count"},
            task.question: {"question": "connections", "connection": None},
        }
        if text in known:
            return known[text]
        connection = task.find_label(text)
        if connection is None:
            raise QuestionError(f"'{text[:60]}' cannot be asked here; ask '{Count.question}' or {task.asked}.")
        first, second = task.answers[connection].split("-")
        return {"question": "connections", "connection": (first, second)}

    def list_suggested(self, state: PhysicsState) -> tuple[str, ...]:
        """Return how many groups there are, and whether two of the scene's balls are connected."""
        labels = [label for label in state.labels if label in ANSWERED_COLORS]
        return (Count.question, *(connection_question(*pair) for pair in combinations(labels, 2)))

    def ask(self, state: PhysicsState) -> PhysicsCase:
        """Return what a state asks of a drawn or bundled scene; of the first two balls where it names no connection.

        Raises:
            RNCoreError: if the state asks what happens next, shows a file's scene, or cannot be simulated.
        """
        if state.opened is not None:
            raise RNCoreError("A scene from a file belongs to the session that opened it; choose a generated one.")
        if state.question == "predict":
            raise RNCoreError(f"'{QUESTIONS[state.question]}' has no pairs; ask about a connection or the count.")
        connection = None if state.question == "count" else state.connection or (ANSWERED_COLORS[0], ANSWERED_COLORS[1])
        return PhysicsCase(state, pulled_scene(state.drawn_scene, state.pulls), connection)

    def offered_models(self, state: PhysicsState) -> dict[str, str]:
        """Return the one Relation Network that answers the question."""
        return {MODELS[state.question][0]: QUESTIONS[state.question]}

    def list_models(self, case: PhysicsCase) -> tuple[str, ...]:
        """Return the networks that are here and take so many balls; raises RNCoreError without the first of them."""
        models = find_models(case.state.question, len(case.rows))
        if MODELS[case.state.question][0] not in models:
            raise RNCoreError(describe_training(case.state.question))
        return models

    def show(self, case: PhysicsCase, model: str) -> Seen:
        """Return the rows of the balls that are there."""
        return see_rows(case.rows)

    def list_objects(self, state: PhysicsState) -> tuple[ShownObject, ...]:
        """Return the balls by their colors."""
        return tuple(ShownObject(label, label, COLORS[label]) for label in state.labels)

    def take_away(self, view: PhysicsView) -> PhysicsCase:
        """Return the question about the table without some balls; raises SceneError if none is left."""
        take_balls_away(view.scene, view.state.without)
        return PhysicsCase(view.state, view.scene, view.connection, view.state.without)

    def find_true_pairs(self, case: PhysicsCase) -> tuple[tuple[int, int], ...]:
        """Return the pairs of balls that decide the answer."""
        return find_true_pairs(case.scene, case.connection)

    def make_nodes(self, case: PhysicsCase, reading: PairReading) -> Nodes:
        """Return the balls."""
        return make_nodes(case.state)

    def make_stage(self, case: PhysicsCase, view: PhysicsView | None) -> DrawnStage:
        """Return the balls where they were last seen, with the pairs among them."""
        return make_table_stage(case.state, case.scene, view)

    def read_file(self, content: bytes, name: str) -> PhysicsScene:
        """Return the scene of a file; see `read_scene_file`."""
        return read_scene_file(content, name)


def see_rows(rows: np.ndarray) -> Seen:
    """Return rows (n, 35) float32 as what a network is shown."""
    return Seen(rows, f"{len(rows)}-{hashlib.sha256(rows.tobytes()).hexdigest()}")


DOMAIN = PhysicsDomain()

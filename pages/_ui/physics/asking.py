"""Asks the networks that are here, through the caches, and puts together what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from pages._ui.cache import (
    cached_answer_beside,
    cached_group_attribution,
    cached_group_ranking,
    cached_group_reading,
    cached_paths,
)
from pages._ui.pairs.view import GroupReading, second_method
from pages._ui.physics.guess import Guess, Paths, make_guess, make_paths
from pages._ui.physics.models import MODELS, describe_training, find_models, full_name
from pages._ui.physics.scenes import make_rows, take_balls_away
from pages._ui.physics.session import find_scene
from pages._ui.physics.state import PhysicsState
from pages._ui.physics.view import PhysicsView, choose_target, find_truth, make_physics_view
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet
from rn_core.errors import RNCoreError
from rn_core.records import Answer
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.world import N_FRAMES


@dataclass(frozen=True)
class Heard:
    """What the networks say of a scene, as far as it is asked.

    Attributes:
        guesses: model -> which balls it takes for tied, the Relation Network first.
        view: the count and its pairs.
        paths: where the balls go.
        problem: a sentence about why there is no answer to what is asked.
    """

    guesses: Mapping[str, Guess] = field(default_factory=dict)
    view: PhysicsView | None = None
    paths: Paths | None = None
    problem: str | None = None

    @property
    def guess(self) -> Guess | None:
        """Return the Relation Network's guess, or None."""
        return self.guesses.get(MODELS["connections"][0])


def ask(state: PhysicsState, scene: PhysicsScene) -> Heard:
    """Ask what a state asks of its scene."""
    try:
        return _ASK[state.question](state, scene)
    except RNCoreError as err:
        return Heard(problem=str(err))


def _ask_connections(state: PhysicsState, scene: PhysicsScene) -> Heard:
    """Return the guesses of all networks that are here; raises RNCoreError without the Relation Network."""
    answers = _answer("connections", make_rows(scene))
    return Heard(guesses={model: make_guess(said, scene) for model, said in answers.items() if said is not None})


def _ask_count(state: PhysicsState, scene: PhysicsScene) -> Heard:
    """Return the count with its pairs and, where that network is here, the guess; errors as `_ask_connections`."""
    try:
        beside = _ask_connections(state, scene)
    except RNCoreError:
        beside = Heard()
    return replace(beside, view=read_view(state, scene))


def _ask_paths(state: PhysicsState, scene: PhysicsScene) -> Heard:
    """Return the paths of all networks that are here; raises RNCoreError if there is none."""
    models = find_models("predict", scene.n_balls)
    if not models:
        raise RNCoreError(describe_training("predict"))
    if scene.n_frames <= N_FRAMES:
        raise RNCoreError(
            f"This scene ends with the {N_FRAMES} frames that the networks see: nothing tells what is next."
        )
    rows = make_rows(scene)
    return Heard(paths=make_paths(scene, {model: cached_paths(full_name(model), rows) for model in models}))


_ASK: Mapping[str, Callable[[PhysicsState, PhysicsScene], Heard]] = MappingProxyType(
    {"connections": _ask_connections, "count": _ask_count, "predict": _ask_paths}
)


def _answer(question: str, rows: np.ndarray) -> dict[str, Answer | None]:
    """Return what the networks that are here say, the Relation Network first; raises RNCoreError without that."""
    first = MODELS[question][0]
    models = find_models(question, len(rows))
    if first not in models:
        raise RNCoreError(describe_training(question))
    others = {model: cached_answer_beside(full_name(model), "", rows) for model in models if model != first}
    return {first: cached_group_reading(full_name(first), "", rows).answer, **others}


def read_count(rows: np.ndarray, links: np.ndarray) -> GroupReading:
    """Return how many systems the networks find among balls.

    Args:
        rows: (N, 35), what they see.
        links: (N, N) bool, which are tied.

    Raises:
        RNCoreError: without the Relation Network.
    """
    first, *_ = answers = _answer("count", rows)
    reading = cached_group_reading(full_name(first), "", rows)
    others = {model: said for model, said in answers.items() if model != first}
    return replace(reading, truth=find_truth(links), others=others)


def read_view(state: PhysicsState, scene: PhysicsScene) -> PhysicsView:
    """Ask the networks that count and put together what the page shows; raises RNCoreError if they cannot answer."""
    rows = make_rows(scene)
    reading = read_count(rows, scene.links)
    asked = (full_name(state.model), "", rows, choose_target(state, reading.answer))
    methods = (state.method, second_method(state.method))
    parts = (cached_group_attribution(*asked, method, state.baseline) for method in methods)
    return make_physics_view(state, reading, scene, *parts)


def read_smaller(view: PhysicsView) -> GroupReading:
    """Return the reading of the scene without the balls taken away; raises RNCoreError if none is left."""
    scene, without = find_scene(view.state), view.state.without
    links = take_balls_away(scene, without)
    return read_count(make_rows(scene, without), links)


def rank(view: PhysicsView) -> tuple[Faithfulness, KeepingSet]:
    """Return how well the ranking of the view's pairs holds up."""
    state = view.state
    return cached_group_ranking(
        full_name(state.model), "", make_rows(view.scene), view.target, state.method, state.baseline
    )

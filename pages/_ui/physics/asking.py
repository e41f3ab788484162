"""Asks the networks that are here, through the caches, and puts together what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from pages._lab.pairs.view import GroupReading, second_method
from pages._lab.physics.guess import Guess, Paths, make_guess, make_paths
from pages._lab.physics.models import MODELS, describe_training, find_models, full_name
from pages._lab.physics.scenes import make_rows, take_balls_away
from pages._lab.physics.state import TIED_COLORS, PhysicsState
from pages._lab.physics.view import PhysicsView, choose_target, find_question, find_truth, make_physics_view
from pages._ui.cache import (
    cached_answer_beside,
    cached_group_attribution,
    cached_group_ranking,
    cached_group_reading,
    cached_paths,
)
from pages._ui.physics.session import find_scene
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Answer
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.world import N_FRAMES


@dataclass(frozen=True)
class Heard:
    """What the networks say of a scene, as far as it is asked.

    Attributes:
        guesses: model -> which balls it takes for tied, the Relation Network first.
        view: the count, or one tie, and its pairs.
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


def _find_guesses(scene: PhysicsScene) -> dict[str, Guess]:
    """Return the guesses of all networks that are here; raises RNCoreError without the Relation Network."""
    answers = _answer("connections", "", make_rows(scene))
    return {model: make_guess(said, scene) for model, said in answers.items() if said is not None}


def _ask_connections(state: PhysicsState, scene: PhysicsScene) -> Heard:
    """Return the guesses, and one tie with its pairs; errors as `_find_guesses`."""
    guesses = _find_guesses(scene)
    tie = state.tie or _surest_tie(guesses[MODELS["connections"][0]])
    return Heard(guesses=guesses, view=read_view(state, scene, tie))


def _surest_tie(guess: Guess) -> tuple[str, str]:
    """Return the colours of the two balls that the network is surest to be tied."""
    i, j = guess.surest_tie(min(len(guess.links), len(TIED_COLORS)))
    return TIED_COLORS[i], TIED_COLORS[j]


def _ask_count(state: PhysicsState, scene: PhysicsScene) -> Heard:
    """Return the count with its pairs and, where that network is here, the guess; errors as `_find_guesses`."""
    try:
        guesses = _find_guesses(scene)
    except RNCoreError:
        guesses = {}
    return Heard(guesses=guesses, view=read_view(state, scene, None))


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


def _answer(question: str, text: str, rows: np.ndarray) -> dict[str, Answer | None]:
    """Return what the networks that are here say, the Relation Network first; raises RNCoreError without that.

    Args:
        question: key of `QUESTIONS`.
        text: what they are asked in English; empty for all that they answer.
        rows: (N, 35), what they see.
    """
    first = MODELS[question][0]
    models = find_models(question, len(rows))
    if first not in models:
        raise RNCoreError(describe_training(question))
    others = {model: cached_answer_beside(full_name(model), text, rows) for model in models if model != first}
    return {first: cached_group_reading(full_name(first), text, rows).answer, **others}


def read_answers(
    state: PhysicsState, scene: PhysicsScene, tie: tuple[str, str] | None, without: tuple[str, ...] = ()
) -> GroupReading:
    """Return what the networks say of one tie, or how many systems they find.

    Args:
        state: what was asked for.
        scene: what they see.
        tie: two colours, or None for the count.
        without: colours of balls that are not there.

    Raises:
        RNCoreError: without the Relation Network, or if an asked ball or all balls are not there.
    """
    text, rows = find_question(tie), make_rows(scene, without)
    links, labels = take_balls_away(scene, without), [label for label in state.labels if label not in without]
    first, *_ = answers = _answer(state.question, text, rows)
    reading = cached_group_reading(full_name(first), text, rows)
    others = {model: said for model, said in answers.items() if model != first}
    return replace(reading, truth=find_truth(links, labels, tie), others=others)


def read_view(state: PhysicsState, scene: PhysicsScene, tie: tuple[str, str] | None) -> PhysicsView:
    """Ask the networks and put together what the page shows; arguments and errors as `read_answers`."""
    reading = read_answers(state, scene, tie)
    asked = (full_name(state.model), find_question(tie), make_rows(scene), choose_target(state, reading.answer))
    methods = (state.method, second_method(state.method))
    parts = (cached_group_attribution(*asked, method, state.baseline) for method in methods)
    return make_physics_view(state, reading, scene, tie, *parts)


def read_smaller(view: PhysicsView) -> GroupReading:
    """Return the reading of the scene without the balls taken away; errors as `read_answers`."""
    return read_answers(view.state, find_scene(view.state), view.tie, view.state.without)


def rank(view: PhysicsView) -> tuple[Faithfulness, KeepingSet]:
    """Return how well the ranking of the view's pairs holds up."""
    state = view.state
    return cached_group_ranking(
        full_name(state.model), view.question_text, make_rows(view.scene), view.target, state.method, state.baseline
    )

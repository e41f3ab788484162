"""Asks the networks that are here, through the caches, and puts together what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import torch

from pages._lab.domains.physics import DOMAIN, see_rows
from pages._lab.physics.guess import Guess, Paths, make_guess, make_paths
from pages._lab.physics.models import MODELS, describe_training, find_models, full_name
from pages._lab.physics.scenes import make_rows
from pages._lab.physics.state import ANSWERED_COLORS, PhysicsState
from pages._lab.physics.view import PhysicsCase, PhysicsView
from pages._ui.cache import cached_answer, find_answer_or_none, find_pass
from pages._ui.pairs.reading import read_view
from rn_core.common.errors import RNCoreError
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.prediction import decode_paths, seen_positions
from rn_core.tasks.physics.world import N_FRAMES


@dataclass(frozen=True)
class Answers:
    """What the networks say of a scene, as far as it is asked.

    Attributes:
        guesses: model -> which balls it takes for connected, the Relation Network first.
        view: the count, or one connection, and its pairs.
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


def ask(state: PhysicsState, scene: PhysicsScene, is_passing: bool = False) -> Answers:
    """Ask what a state asks of its scene; `is_passing` as in `pages._ui.pairs.reading.read_view`."""
    try:
        return _ASK[state.question](state, scene, is_passing)
    except RNCoreError as err:
        return Answers(problem=str(err))


def _find_guesses(scene: PhysicsScene) -> dict[str, Guess]:
    """Return the guesses of all networks that are here; raises RNCoreError without the Relation Network."""
    case = PhysicsCase(PhysicsState(question="connections"), scene, None)
    first, *others = DOMAIN.list_models(case)
    answers = {first: cached_answer(full_name(first), "", DOMAIN.show(case, first))}
    beside = {model: find_answer_or_none(full_name(model), "", DOMAIN.show(case, model)) for model in others}
    return {model: make_guess(said, scene) for model, said in (answers | beside).items() if said is not None}


def _ask_connections(state: PhysicsState, scene: PhysicsScene, is_passing: bool) -> Answers:
    """Return the guesses, and one connection with its pairs; errors as `_find_guesses`."""
    guesses = _find_guesses(scene)
    connection = state.connection or _surest_connection(guesses[MODELS["connections"][0]])
    return Answers(guesses=guesses, view=read_view(DOMAIN, PhysicsCase(state, scene, connection), is_passing))


def _surest_connection(guess: Guess) -> tuple[str, str]:
    """Return the colors of the two balls that the network is surest to be connected."""
    i, j = guess.surest_connection(min(len(guess.probabilities), len(ANSWERED_COLORS)))
    return ANSWERED_COLORS[i], ANSWERED_COLORS[j]


def _ask_count(state: PhysicsState, scene: PhysicsScene, is_passing: bool) -> Answers:
    """Return the count with its pairs and, where that network is here, the guess; errors as `_find_guesses`."""
    try:
        guesses = _find_guesses(scene)
    except RNCoreError:
        guesses = {}
    return Answers(guesses=guesses, view=read_view(DOMAIN, PhysicsCase(state, scene, None), is_passing))


def _ask_paths(state: PhysicsState, scene: PhysicsScene, _: bool) -> Answers:
    """Return the paths of all networks that are here; raises RNCoreError if there is none."""
    models = find_models("predict", scene.n_balls)
    if not models:
        raise RNCoreError(describe_training("predict"))
    rows = make_rows(scene)
    return Answers(paths=make_paths(scene, {model: find_paths(full_name(model), rows) for model in models}))


def find_paths(name: str, rows: np.ndarray) -> np.ndarray:
    """Return where a network says that balls go, (K, N, 2) float32 in meters.

    Args:
        name: full name of the model.
        rows: (N, 35) float32, what it sees of the balls.

    Raises:
        RNCoreError: if the weights cannot be used, or cannot take so many balls.
    """
    last = seen_positions(torch.from_numpy(rows)[None])[:, -1]
    # An MLP also has paths for the balls that are missing; they come last.
    logits = find_pass(name, "", see_rows(rows)).logits[: len(rows) * 2 * N_FRAMES]
    return decode_paths(logits[None].float(), last)[0].numpy()


_ASK: Mapping[str, Callable[[PhysicsState, PhysicsScene, bool], Answers]] = MappingProxyType(
    {"connections": _ask_connections, "count": _ask_count, "predict": _ask_paths}
)

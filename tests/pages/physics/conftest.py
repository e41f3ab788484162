"""Networks with random weights and views over them: what is drawn does not depend on training."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pages._ui.pairs.view import GroupReading, second_method
from pages._ui.physics.models import full_name
from pages._ui.physics.scenes import make_rows, pulled_scene, sampled_scene
from pages._ui.physics.state import PhysicsState
from pages._ui.physics.view import PhysicsView, choose_target, find_truth, make_physics_view
from rn_core.answering import Answerer
from rn_core.attribution.pairs import attribute_pairs
from rn_core.models import build_model
from rn_core.recipes import RECIPES, make_recipe
from rn_core.tasks import TASKS


@pytest.fixture(scope="session")
def random_answerer() -> Callable[[str], Answerer]:
    """Return `random_answerer(name)`, a network that was never trained, by the full name of one like it."""
    made: dict[str, Answerer] = {}

    def make(name: str) -> Answerer:
        if name not in made:
            built = build_model(make_recipe(name).model, seed=3).eval().requires_grad_(False)
            card = {"name": name, "parameters": built.count_parameters(), "bytes": 1}
            mean = torch.zeros(1, built.config.core.g_widths[-1]) if built.has_pairs else None
            made[name] = Answerer(name, card, built, TASKS[RECIPES[name][0]], mean)
        return made[name]

    return make


@pytest.fixture(scope="session")
def make_view(random_answerer) -> Callable[..., PhysicsView]:
    """Return `make_view(**changes)`: the count of `PhysicsState().change(**changes)` by the random networks."""

    def make(**changes: object) -> PhysicsView:
        state = PhysicsState().change(**changes)
        scene = pulled_scene(sampled_scene(state.seed, state.balls), state.pulls)
        answerer, rows = random_answerer(full_name(state.model)), make_rows(scene)
        answer, relations = answerer.answer(rows, ""), answerer.trace(rows, "").relations[0].clone()
        reading = GroupReading(answer, relations, find_truth(scene.links), {"mlp-count": None})
        target = choose_target(state, answer)
        methods = (state.method, second_method(state.method))
        parts = (attribute_pairs(answerer.model.core.f_phi, relations, target, method) for method in methods)
        return make_physics_view(state, reading, scene, *parts)

    return make

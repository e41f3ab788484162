"""Networks with random weights and views over them: what is drawn does not depend on training."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pages._lab.domains.physics import DOMAIN
from pages._lab.pairs.view import PairReading
from pages._lab.physics.models import MODELS, full_name
from pages._lab.physics.scenes import make_rows, pulled_scene, sampled_scene
from pages._lab.physics.state import PhysicsState
from pages._lab.physics.view import PhysicsCase, PhysicsView, find_question, find_truth
from rn_core.answering import Answerer
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.training.recipes import RECIPES, make_recipe
from tests.cards import make_card
from tests.pages.pair_views import make_pair_view


@pytest.fixture(scope="session")
def random_answerer() -> Callable[[str], Answerer]:
    """Return `random_answerer(name)`, a network that was never trained, by the full name of one like it."""
    made: dict[str, Answerer] = {}

    def make(name: str) -> Answerer:
        if name not in made:
            built = build_model(make_recipe(name).model, seed=3).eval().requires_grad_(False)
            card = make_card(name, model=built.config, parameters=built.count_parameters(), n_bytes=1)
            mean = torch.zeros(1, built.config.core.g_widths[-1]) if built.has_pairs else None
            made[name] = Answerer(name, card, built, TASKS[RECIPES[name].task], mean)
        return made[name]

    return make


@pytest.fixture(scope="session")
def make_view(random_answerer) -> Callable[..., PhysicsView]:
    """Return `make_view(**changes)`: what the random networks make of `PhysicsState().change(**changes)`.

    It is the count unless `question` says otherwise; connections are asked about by `connection`.
    """

    def make(**changes: object) -> PhysicsView:
        state = PhysicsState().change(**{"question": "count", **changes})
        scene = pulled_scene(sampled_scene(state.seed, state.balls), state.pulls)
        answerer, rows = random_answerer(full_name(state.model)), make_rows(scene)
        text = find_question(state.connection)
        answer, relations = answerer.answer(rows, text), answerer.trace(rows, text).relations[0].clone()
        truth = find_truth(scene.links, state.labels, state.connection)
        reading = PairReading(answer, relations, truth, {MODELS[state.question][1]: None})
        case = PhysicsCase(state, scene, state.connection)
        return make_pair_view(DOMAIN, case, reading, answerer.f_phi(text))

    return make

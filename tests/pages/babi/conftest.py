"""Views of the bAbI page over models with random weights: what is drawn does not depend on training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pages._lab.babi.models import full_name
from pages._lab.babi.state import BabiState
from pages._lab.babi.truth import find_truth
from pages._lab.babi.view import BabiCase, BabiView
from pages._lab.domains.babi import DOMAIN
from pages._lab.pairs.view import PairReading
from rn_core.answering import Answerer
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.registry import model_config
from tests.cards import make_card
from tests.pages.pair_views import make_pair_view

_KINDS = {"rn-joint": "rn", "rn-2hop": "rn-2hop", "rn-3hop": "rn-3hop", "lstm-joint": "lstm"}


@pytest.fixture(scope="session")
def random_answerer() -> Callable[[str], Answerer]:
    """Return `random_answerer(model)`, a model that was never trained, by the page's name for one like it."""
    made: dict[str, Answerer] = {}

    def make(model: str) -> Answerer:
        if model not in made:
            built = build_model(model_config("babi", _KINDS[model]), seed=3).eval().requires_grad_(False)
            card = make_card(full_name(model), model=built.config, parameters=built.count_parameters(), n_bytes=1)
            made[model] = Answerer(full_name(model), card, built, TASKS["babi"], None)
        return made[model]

    return make


@pytest.fixture(scope="session")
def make_view(random_answerer) -> Callable[..., BabiView]:
    """Return `make_view(**changes)`: the page of `BabiState().change(**changes)` over the random models."""

    def make(**changes: object) -> BabiView:
        state = BabiState().change(**changes)
        answerer = random_answerer(state.model)
        truth = find_truth(state)
        answer = answerer.answer(state.statements, state.text)
        (passed,) = answerer.passes([state.statements], [state.text])
        reading = PairReading(answer, passed.relations, truth.answer, {"lstm-joint": None}, picks=passed.picks)
        return make_pair_view(DOMAIN, BabiCase(state, truth), reading, answerer.model.core.f_phi)

    return make

"""Views of the bAbI page over models with random weights: what is drawn does not depend on training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pages._lab.babi.models import full_name
from pages._lab.babi.state import BabiState
from pages._lab.babi.truth import find_truth
from pages._lab.babi.view import BabiCase, BabiView, choose_target, make_babi_view
from pages._lab.pairs.view import PairReading, second_method
from rn_core.answering import Answerer
from rn_core.attribution.pairs import attribute_pairs
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.registry import model_config
from tests.cards import make_card

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
        relations = passed.relations
        reading = PairReading(answer, relations, truth.answer, {"lstm-joint": None}, picks=passed.picks)
        f_phi = answerer.model.core.f_phi
        target = choose_target(state, answer)
        methods = (state.method, second_method(state.method))
        parts = (attribute_pairs(f_phi, relations, target, method) for method in methods)
        return make_babi_view(BabiCase(state, truth), reading, *parts)

    return make

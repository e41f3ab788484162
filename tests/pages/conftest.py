"""Views of the Explore page over models with random weights: what is drawn does not depend on training."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import pytest
import torch
from streamlit.components.v2 import manifest_scanner

from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.pairs.view import PairReading
from pages._lab.sort_of_clevr import view
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import ExploreView, Reading, make_case
from pages._ui import cache
from rn_core.answering import Answerer
from rn_core.models import ModelConfig, build_model
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr.language import text
from tests.cards import make_card
from tests.pages.pair_views import make_pair_view

_ENCODERS = {"rn-pixels": (ImageEncoderConfig((8, 8, 8, 8)), 10), "rn-objects": (RowEncoderConfig(10), 10)}


@pytest.fixture(autouse=True)
def heap_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a model load without a walk over the heap: a process of tests holds far more than a server, and loads often.

    What the walk is for is tested by `test_costs.py`.
    """
    monkeypatch.setattr(cache, "freeze_heap", lambda: None)


@pytest.fixture(scope="session", autouse=True)
def packages_looked_through_once() -> Iterator[None]:
    """Look for components among the installed packages once per process: Streamlit's `AppTest` does so for each page.

    None of them has any that the app uses, and reading what they all say of themselves takes 0.4 s.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture(scope="session")
def random_answerer() -> Callable[[str], Answerer]:
    """Return `random_answerer(model)`, a small Relation Network that was never trained."""
    made: dict[str, Answerer] = {}

    def make(model: str) -> Answerer:
        if model not in made:
            encoder, d_object = _ENCODERS[model]
            core = RelationNetworkConfig(d_object, 11, 10, g_widths=(32, 32), f_widths=(24, 16))
            task = TASKS[f"sort-of-clevr/{model.removeprefix('rn-')}"]
            built = build_model(ModelConfig(encoder, core), seed=3).eval().requires_grad_(False)
            made[model] = Answerer(task.name, make_card(), built, task, torch.zeros(36, 32))
        return made[model]

    return make


@pytest.fixture(scope="session")
def make_reading(random_answerer) -> Callable[[ExploreState], Reading]:
    """Return `make_reading(state)`: what the random models say."""

    def make(state: ExploreState) -> Reading:
        answerer, sentence = random_answerer(state.model), text(state.question)
        answer = answerer.answer(state.scene, sentence)
        relations = answerer.trace(state.scene, sentence).relations[0].clone()
        return view.make_reading(make_case(state), PairReading(answer, relations, None, {"mlp": answer}))

    return make


@pytest.fixture(scope="session")
def make_view(random_answerer, make_reading) -> Callable[..., ExploreView]:
    """Return `make_view(**fields)`: the page of `ExploreState(**fields)` over the random models."""

    def make(**fields: object) -> ExploreView:
        state = ExploreState(**fields)
        f_phi = random_answerer(state.model).model.core.f_phi
        return make_pair_view(DOMAIN, make_case(state), make_reading(state), f_phi)

    return make

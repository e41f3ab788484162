"""Views of the CLEVR page over models with random weights: what is drawn does not depend on training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pages._lab.clevr.models import CELLS, PICTURE_BASELINES, full_name, sees_picture, sees_pixels
from pages._lab.clevr.pictures import Picture, bundled_picture
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.truth import find_truth
from pages._lab.clevr.view import ClevrCase, ClevrView
from pages._lab.domains.clevr import DOMAIN
from pages._lab.models import finds_objects
from pages._lab.pairs.view import PairReading
from rn_core.answering import Answerer
from rn_core.models import ModelConfig, build_model
from rn_core.models.attention import StackedAttentionConfig
from rn_core.models.baselines import MLPConfig, QuestionMLPConfig
from rn_core.models.cells import CellEncoderConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks import TASKS
from rn_core.tasks.clevr.encoding import ANSWERS, D_COORDINATES, N_VALUES
from rn_core.tasks.clevr.tokens import TOKENS
from tests.cards import make_card
from tests.pages.pair_views import make_pair_view

_QUESTION = QuestionEncoderConfig(len(TOKENS), d_word=8, d_question=12)
_ROWS, _IMAGE = RowEncoderConfig(18), ImageEncoderConfig((8, 8, 8, 8), 128)
_SLOTS = SlotEncoderConfig((4, 4, 4), 160, 10, N_VALUES, image_width=240, n_coordinates=D_COORDINATES, soft=True)
_CELLS = CellEncoderConfig(_SLOTS, n_kept=12)
_SHAPE = {"d_question": 12, "n_answers": len(ANSWERS)}


def _view_of(model: str) -> str:
    """Return what one of the page's models sees, as tasks call it."""
    if model in (CELLS, *PICTURE_BASELINES):
        return "cells"
    return "pixels" if sees_pixels(model) else "slots" if finds_objects(model) else "states"


def _make_config(model: str) -> ModelConfig:
    """Return a small model that sees what one of the page's models sees."""
    kind = model.partition("-")[0]
    encoder = {"pixels": _IMAGE, "slots": _SLOTS, "cells": _CELLS, "states": _ROWS}[_view_of(model)]
    sizes = {"d_object": encoder.d_object, **_SHAPE}
    if kind == "mlp":
        n_objects = encoder.n_objects if isinstance(encoder, CellEncoderConfig) else 10
        return ModelConfig(encoder, MLPConfig(**sizes, n_objects=n_objects, widths=(16,)), _QUESTION)
    if kind == "sa":
        return ModelConfig(encoder, StackedAttentionConfig(**sizes, d_attention=8, widths=(16,)), _QUESTION)
    if kind == "lstm":
        return ModelConfig(encoder, QuestionMLPConfig(**sizes, widths=(16,)), _QUESTION)
    return ModelConfig(encoder, RelationNetworkConfig(**sizes, g_widths=(16, 16), f_widths=(24, 16)), _QUESTION)


@pytest.fixture(scope="session")
def random_answerer() -> Callable[[str], Answerer]:
    """Return `random_answerer(model)`, a small model that was never trained, by the page's name for one like it."""
    made: dict[str, Answerer] = {}

    def make(model: str) -> Answerer:
        if model not in made:
            task = TASKS[f"clevr/{_view_of(model)}"]
            built = build_model(_make_config(model), seed=3).eval().requires_grad_(False)
            card = make_card(full_name(model), model=built.config, parameters=built.count_parameters(), n_bytes=1)
            made[model] = Answerer(full_name(model), card, built, task, None)
        return made[model]

    return make


@pytest.fixture(scope="session")
def make_view(random_answerer) -> Callable[..., ClevrView]:
    """Return `make_view(**fields)`: the page of `ClevrState(**fields)` over the random models."""

    def make(picture: Picture | None = None, **fields: object) -> ClevrView:
        state = ClevrState(**fields)
        answerer = random_answerer(state.model)
        picture = picture or bundled_picture()
        seen = picture.pixels if sees_picture(state.model) else state.scene
        truth = find_truth(state.question, state.scene)
        answer = answerer.answer(seen, state.question)
        (found,) = answerer.passes([seen], [state.question])
        reading = PairReading(answer, found.relations, truth.answer, {"mlp-states": None}, places=found.places)
        return make_pair_view(DOMAIN, ClevrCase(state, truth, picture), reading, answerer.model.core.f_phi)

    return make


@pytest.fixture(scope="session")
def own_picture() -> Picture:
    """Return a picture of other proportions than CLEVR's."""
    return Picture(np.arange(60 * 100 * 3, dtype=np.uint8).reshape(60, 100, 3))

"""Asked about one pair, a network for all pairs says no or yes, and its pairs have exact shares in that."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from rn_core.answering import Answerer
from rn_core.attribution import Target, attribute_pairs
from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.models import build_model
from rn_core.models.layers import make_mlp, read_alone
from rn_core.tasks import TASKS
from rn_core.tasks.physics import sample_scenes
from rn_core.tasks.physics.encoding import encode_rows, find_colors
from rn_core.tasks.physics.task import connection_question
from rn_core.tasks.registry import model_config
from tests.cards import make_card

CONNECTIONS = TASKS["physics/connections"]
SCENE = sample_scenes(make_rng(5, "test"), 1).scene(0)
ROWS = encode_rows(sample_scenes(make_rng(5, "test"), 1))[0][0]


def make_answerer(kind: str) -> Answerer:
    """An untrained network: what is tested here holds for any weights."""
    model = build_model(model_config("physics/connections", kind), 0).eval()
    return Answerer(f"physics/{kind}-connections", make_card(), model, CONNECTIONS, None)


def test_reading_one_logit_alone_keeps_its_sigmoid_in_either_answer():
    f_phi = make_mlp((6, 9, 4)).double()
    inputs = torch.randn(5, 6, dtype=torch.float64)
    alone = read_alone(f_phi, 2)(inputs)
    torch.testing.assert_close(alone[:, 1] - alone[:, 0], f_phi(inputs)[:, 2])
    torch.testing.assert_close(alone.softmax(dim=1)[:, 1], f_phi(inputs)[:, 2].sigmoid())
    torch.testing.assert_close(alone.sum(dim=1), torch.zeros(5, dtype=torch.float64))
    assert f_phi[-1].out_features == 4  # which stays as it was


@pytest.mark.parametrize("kind", ["rn", "mlp"])
def test_one_connection_has_the_probability_that_it_has_among_all(kind):
    answerer = make_answerer(kind)
    every = answerer.answer(SCENE, "")
    for name, share in every.probabilities.items():
        said = answerer.answer(SCENE, connection_question(*name.split("-")))
        assert [*said.probabilities] == ["no", "yes"]
        assert said.probabilities["yes"] == pytest.approx(share, abs=1e-6)
        assert said.text == ("yes" if share > 0.5 else "no")


def test_a_connection_has_no_direction_and_names_may_be_written_large():
    assert CONNECTIONS.find_label("Is red connected to blue?") == CONNECTIONS.find_label("is Blue connected to RED")
    assert CONNECTIONS.answers[CONNECTIONS.find_label("Is blue connected to red?")] == "red-blue"
    for text in ("Is the red ball connected to the blue one?", "is red linked with the blue ball"):
        assert CONNECTIONS.find_label(text) == CONNECTIONS.find_label("Is red connected to blue?")


@pytest.mark.parametrize(
    ("name", "text"), [("connections", "which balls are connected"), ("count", "How many connected groups?")]
)
def test_a_question_about_the_whole_scene_may_be_put_in_other_words(name, text):
    task = TASKS[f"physics/{name}"]
    assert torch.equal(task.encode_questions([text]), task.encode_questions([""]))
    with pytest.raises(QuestionError, match="asks only"):
        task.encode_questions([f"{text} now?"])
    assert CONNECTIONS.find_label(CONNECTIONS.question) is CONNECTIONS.find_label("") is None
    asked = [CONNECTIONS.find_label(connection_question(*name.split("-"))) for name in CONNECTIONS.answers]
    assert asked == list(range(45))


def test_the_shares_of_all_pairs_add_up_to_the_connection_s_logit_above_no_pairs_at_all():
    answerer, question = make_answerer("rn"), "Is green connected to red?"
    thing = CONNECTIONS.find_label(question)
    trace = answerer.trace(SCENE, question)
    found = attribute_pairs(answerer.f_phi(question), trace.relations[0], Target(1, 0))
    f_phi = answerer.model.core.f_phi.double()
    empty = f_phi(torch.zeros(f_phi[0].in_features, dtype=torch.float64))[thing].item()
    assert found.contributions.sum().item() == pytest.approx(trace.logits[0, thing].item() - empty, abs=1e-5)
    said = make_answerer("rn").answer(SCENE, question)
    np.testing.assert_allclose(np.abs(said.contributions), np.abs(found.contributions.numpy()) / 2, atol=1e-6)


@pytest.mark.parametrize("text", ["Is red connected to red?", "Is red connected to wine?", "Is <b> connected to red?"])
def test_other_pairs_get_one_sentence(text):
    with pytest.raises(QuestionError) as err:
        make_answerer("rn").answer(SCENE, text)
    assert str(err.value).count("; ") == 1
    assert re.search("name two of them|ask that", str(err.value))


def test_a_ball_that_is_not_there_gets_one_sentence():
    answerer = make_answerer("rn")
    colors = find_colors(ROWS)
    assert colors == [*dict.fromkeys(colors)]
    with pytest.raises(SceneError, match=f"^The scene has no {colors[3]} ball; ask about "):
        answerer.answer(ROWS[:3], connection_question(colors[0], colors[3]))
    assert answerer.answer(ROWS[1:4], connection_question(colors[1], colors[3])).text in ("no", "yes")

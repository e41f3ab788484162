"""Ask a model in English; what comes back adds up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rn_core.answering import Answerer, load
from rn_core.common.errors import QuestionError, RNCoreError, SceneError, WeightsError
from rn_core.common.seeding import make_rng
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.clevr import sample_scenes as sample_clevr_scenes
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr import sample_scenes, stack_scenes
from rn_core.tasks.sort_of_clevr.encoding import encode_rows
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS
from rn_core.tasks.sort_of_clevr.rendering import render_scene
from tests.cards import make_card

CLOSEST = "What is the shape of the object closest to the red object?"
SCENES = [sample_scenes(make_rng(1, "test"), 4).scene(row) for row in range(4)]


def make_answerer(view: str, kind: str) -> Answerer:
    """An untrained model: what is tested here holds for any weights."""
    task = f"sort-of-clevr/{view}"
    model = build_model(model_config(task, kind), 0).eval()
    mean = torch.zeros(36, model.core.f_phi[0].in_features) if model.has_pairs else None
    return Answerer(f"sort-of-clevr/{kind}-{view}", make_card(), model, TASKS[task], mean)


@pytest.fixture(params=["pixels", "objects"])
def relation_network(request) -> Answerer:
    return make_answerer(request.param, "rn")


def test_shares_add_up_to_the_logit_above_an_empty_sum(relation_network):
    answer = relation_network.answer(SCENES[0], CLOSEST)
    f_phi = relation_network.model.core.f_phi.double()
    empty = f_phi(torch.zeros(f_phi[0].in_features, dtype=torch.float64))
    winner = int(answer.logits.argmax())
    assert answer.contributions.sum() == pytest.approx(answer.logits[winner] - empty[winner].item(), abs=1e-4)
    assert abs(answer.completeness_gap) < 1e-9
    n_objects = {"pixels": 25, "objects": 6}[relation_network.task.view]
    assert answer.contributions.shape == (n_objects**2,)
    assert answer.pair_index.tolist() == [[i, j] for i in range(n_objects) for j in range(n_objects)]


def test_probabilities_are_the_softmax_of_the_logits(relation_network):
    answer = relation_network.answer(SCENES[0], CLOSEST)
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert answer.text == max(answer.probabilities, key=answer.probabilities.get)
    assert list(answer.probabilities) == ["square", "circle", "yes", "no", "0", "1", "2", "3", "4", "5"]


def test_logits_are_those_of_the_answer(relation_network):
    answer = relation_network.answer(SCENES[0], CLOSEST)
    np.testing.assert_allclose(relation_network.logits(SCENES[0], CLOSEST).numpy(), answer.logits, rtol=1e-5)


def test_many_answers_are_the_single_ones(relation_network):
    questions = list(ALL_TEXTS[::9])
    together = relation_network.answer_many(SCENES, questions)
    for scene, question, answer in zip(SCENES, questions, together, strict=True):
        alone = relation_network.answer(scene, question)
        np.testing.assert_allclose(answer.logits, alone.logits, atol=1e-4)
        np.testing.assert_allclose(answer.contributions, alone.contributions, atol=1e-4)


def test_a_scene_its_image_and_its_rows_are_one_input():
    scene = SCENES[1]
    pixels, objects = make_answerer("pixels", "rn"), make_answerer("objects", "rn")
    from_image = pixels.answer(render_scene(scene), CLOSEST)
    np.testing.assert_allclose(from_image.logits, pixels.answer(scene, CLOSEST).logits, atol=1e-5)
    rows = encode_rows(stack_scenes([scene]))[0][0].numpy()
    np.testing.assert_allclose(objects.answer(rows, CLOSEST).logits, objects.answer(scene, CLOSEST).logits, atol=1e-5)


def test_rows_that_are_left_out_take_no_part():
    objects = make_answerer("objects", "rn")
    scene = SCENES[1].remove("blue")
    rows = encode_rows(stack_scenes([SCENES[1]]))[0][0].numpy()
    without_blue = np.delete(rows, 2, axis=0)
    np.testing.assert_allclose(
        objects.answer(without_blue, CLOSEST).logits, objects.answer(scene, CLOSEST).logits, atol=1e-5
    )


@pytest.mark.parametrize("view", ["pixels", "objects"])
def test_an_mlp_answers_without_pairs(view):
    answerer = make_answerer(view, "mlp")
    answer = answerer.answer(SCENES[0], CLOSEST)
    assert answer.contributions is None
    assert answer.text in answerer.task.answers
    with pytest.raises(RNCoreError, match="has no pairs"):
        answerer.trace(SCENES[0], CLOSEST)


def test_the_trace_gives_the_answers_logits(relation_network):
    trace = relation_network.trace(SCENES[2], CLOSEST)
    np.testing.assert_allclose(trace.logits[0].numpy(), relation_network.answer(SCENES[2], CLOSEST).logits, atol=1e-5)
    assert relation_network.mean_aggregate(CLOSEST).shape == trace.aggregate[0].shape


def test_an_answer_read_from_a_trace_is_the_answer_without_shares(relation_network):
    trace = relation_network.trace(SCENES[2], CLOSEST)
    said, whole = (
        relation_network.read(SCENES[2], CLOSEST, trace.logits[0]),
        relation_network.answer(SCENES[2], CLOSEST),
    )
    assert (said.text, said.probabilities, said.contributions) == (whole.text, whole.probabilities, None)
    assert np.array_equal(said.logits, whole.logits)


def test_questions_that_give_the_network_the_same_have_one_code(relation_network):
    code = relation_network.question_code(CLOSEST)
    assert relation_network.question_code(CLOSEST.lower()) == code
    assert relation_network.question_code("Is the red object on the left?") != code
    connections = TASKS["physics/connections"]
    texts = ("", "Is red connected to blue?")
    assert len({replace(relation_network, task=connections).question_code(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("scene", "question", "error", "sentence"),
    [
        (SCENES[0], "Is the pink object on the left?", QuestionError, "The word 'pink' is not"),
        (SCENES[0].remove("red"), CLOSEST, SceneError, "has no red object"),
        (np.zeros((64, 64, 3), np.uint8), CLOSEST, SceneError, r"\(75, 75, 3\), got uint8 \(64, 64, 3\)"),
        (np.zeros((75, 75, 3)), CLOSEST, SceneError, "got float64"),
        ("picture.png", CLOSEST, SceneError, "got str"),
    ],
)
def test_bad_input_gets_a_sentence(scene, question, error, sentence):
    with pytest.raises(error, match=sentence):
        make_answerer("pixels", "rn").answer(scene, question)


def test_one_lone_object_has_no_neighbour():
    lone = SCENES[0]
    for color in ("green", "blue", "orange", "gray", "yellow"):
        lone = lone.remove(color)
    with pytest.raises(SceneError, match="needs at least two objects"):
        make_answerer("objects", "rn").answer(lone, CLOSEST)


def test_bad_rows_and_uneven_lists_get_a_sentence():
    objects = make_answerer("objects", "rn")
    with pytest.raises(SceneError, match="Object rows must be finite"):
        objects.answer(np.full((6, 10), np.nan), CLOSEST)
    with pytest.raises(RNCoreError, match="got 2 scenes and 1 questions"):
        objects.answer_many(SCENES[:2], [CLOSEST])
    with pytest.raises(SceneError, match="not both"):
        objects.answer_many([SCENES[0], encode_rows(stack_scenes(SCENES))[0][1].numpy()], [CLOSEST, CLOSEST])
    assert objects.answer_many([], []) == []


@pytest.mark.parametrize("kind", ["rn", "mlp", "lstm"])
def test_states_of_clevr_are_answered_from_scene_json(kind):
    model = build_model(model_config("clevr/states", kind), 0).eval()
    answerer = Answerer(f"clevr/{kind}-states", make_card(), model, TASKS["clevr/states"], None)
    scenes = sample_clevr_scenes(make_rng(2, "test"), 4)
    questions = [
        "Is there a cube?",
        "There is a cube; what color is it?",
        "How many things are there?",
        "Are there any balls?",
    ]
    together = answerer.answer_many([scene.to_dict() for scene in scenes], questions)
    for scene, question, answer in zip(scenes, questions, together, strict=True):
        alone = answerer.answer(scene.to_json(), question)
        np.testing.assert_allclose(answer.logits, alone.logits, atol=1e-4)
        assert len(answer.probabilities) == 28
        if kind == "rn":
            n_objects = len(scene.to_dict()["objects"])
            assert alone.contributions.shape == (n_objects**2,)
            assert answer.contributions.sum() == pytest.approx(alone.contributions.sum(), abs=1e-4)
    with pytest.raises(SceneError):
        answerer.answer({"objects": "none"}, questions[0])
    with pytest.raises(QuestionError, match="pyramid"):
        answerer.answer(scenes[0], "Is there a pyramid?")


def test_a_wrong_name_or_device_gets_a_sentence():
    with pytest.raises(WeightsError, match="No weights named 'sort-of-clevr/rn-pixel'"):
        load("sort-of-clevr/rn-pixel")


def test_answerers_are_read_only_records():
    answerer = make_answerer("objects", "rn")
    with pytest.raises(AttributeError):
        answerer.name = "other"
    assert replace(answerer, name="other").name == "other"

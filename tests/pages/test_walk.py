"""The forward pass taken apart: every piece against the model's own, and against loops written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pages._lab.sort_of_clevr.state import sampled_scene
from pages._lab.walk.forward import (
    choose_stops,
    deal_order,
    largest_change,
    make_thought,
    make_walk,
    rank_pairs,
)
from rn_core.answering import Answerer, load
from rn_core.attribution.tracing import follow_pair, follow_sum, grow_sum
from rn_core.common.errors import SceneError
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import Question, Scene, stack_scenes
from rn_core.tasks.sort_of_clevr.encoding import VIEWS
from rn_core.tasks.sort_of_clevr.language import text
from rn_core.tasks.sort_of_clevr.questions import N_QUESTIONS, question_codes
from tests.cards import make_card

ENCODERS = {"pixels": ImageEncoderConfig((8, 8, 8, 8)), "objects": RowEncoderConfig(10)}
CORES = {
    "sum": {},
    "mean": {"aggregate": "mean", "aggregate_scale": 3.0},
    "late question": {"question_layer": 1},
}
QUESTION = Question("closest_shape", "red")


def build(view: str, core: RelationNetworkConfig | MLPConfig) -> Answerer:
    """Return a network that was never trained, with batch norms that are not the identity."""
    model = build_model(ModelConfig(ENCODERS[view], core), seed=5).eval().requires_grad_(False)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer += torch.linspace(-0.2, 0.3, len(buffer))
    return Answerer(view, make_card(), model, TASKS[f"sort-of-clevr/{view}"], None)


@pytest.fixture(scope="module", params=[(view, kind) for view in ENCODERS for kind in CORES], ids="-".join)
def network(request) -> Answerer:
    view, kind = request.param
    core = RelationNetworkConfig(10, 11, 10, g_widths=(24, 20, 16), f_widths=(18, 12), **CORES[kind])
    return build(view, core)


@pytest.fixture(scope="module", params=["pixels", "objects"])
def mlp(request) -> Answerer:
    n_objects = {"pixels": 25, "objects": 6}[request.param]
    return build(request.param, MLPConfig(n_objects, 10, 11, 10, widths=(30, 20)))


def few_objects() -> Scene:
    """Return a scene that lacks two colors."""
    return Scene(tuple(thing for thing in sampled_scene(3).objects if thing.color not in ("green", "gray")))


@pytest.fixture(params=["all", "few"])
def scene(request) -> Scene:
    return sampled_scene(2) if request.param == "all" else few_objects()


def test_the_walk_ends_where_the_model_does(network, scene):
    walk = make_walk(network, scene, QUESTION)
    answer = network.answer(scene, text(QUESTION))
    np.testing.assert_allclose(walk.logits, answer.logits, rtol=1e-5, atol=1e-6)


def test_relations_add_up_to_what_f_phi_is_given(network, scene):
    walk = make_walk(network, scene, QUESTION)
    np.testing.assert_allclose(walk.relations.sum(axis=0), walk.aggregate, rtol=1e-4, atol=1e-5)
    trace = network.trace(scene, text(QUESTION))
    np.testing.assert_array_equal(walk.aggregate, trace.aggregate[0].numpy())


def test_objects_are_the_encoders_and_none_is_padding(network, scene):
    walk = make_walk(network, scene, QUESTION)
    trace = network.trace(scene, text(QUESTION))
    np.testing.assert_array_equal(walk.objects, trace.objects[0, trace.object_mask[0]].numpy())
    assert len(walk.relations) == len(walk.objects) ** 2 == len(walk.slots) ** 2


def test_the_last_map_is_what_objects_are_made_of(network):
    walk = make_walk(network, sampled_scene(2), QUESTION)
    if network.task.view == "objects":
        assert walk.maps == ()
        return
    assert [layer.shape for layer in walk.maps] == [(8, 38, 38), (8, 19, 19), (8, 10, 10), (8, 5, 5)]
    cells = walk.maps[-1].reshape(8, 25).T
    np.testing.assert_allclose(cells, walk.objects[:, :8], rtol=1e-6)


def test_every_pair_followed_alone_is_its_row_of_the_relations(network, scene):
    walk = make_walk(network, scene, QUESTION, deal=4)
    n = len(walk.objects)
    for i, j in [(0, 0), (0, 1), (1, 0), (n - 1, 2), (n - 1, n - 1)]:
        steps = follow_pair(network.model.core, walk, i, j)
        np.testing.assert_allclose(steps.layers[-1] * walk.weight, walk.relations[i * n + j], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(np.maximum(steps.terms.sum(axis=0), 0), steps.layers[0], rtol=1e-4, atol=1e-6)
        start = np.concatenate([walk.objects[i], walk.objects[j]])
        np.testing.assert_array_equal(steps.inputs[: len(start)], start)
        assert len(steps.inputs) == network.model.core.g_theta[0].in_features
        assert [len(layer) for layer in steps.layers] == [24, 20, 16]


def test_a_question_that_enters_later_has_no_term_in_the_first_layer():
    core = RelationNetworkConfig(10, 11, 10, g_widths=(24, 16), f_widths=(18,), question_layer=1)
    network = build("objects", core)
    walk = make_walk(network, sampled_scene(2), QUESTION)
    assert len(follow_pair(network.model.core, walk, 0, 1).terms) == 2


def test_following_the_sum_ends_at_the_logits(network, scene):
    walk = make_walk(network, scene, QUESTION)
    *hidden, logits = follow_sum(network.model.core.f_phi, walk.aggregate)
    np.testing.assert_allclose(logits, walk.logits, rtol=1e-5, atol=1e-6)
    assert [len(layer) for layer in hidden] == [18, 12]
    assert all((layer >= 0).all() for layer in hidden)


@settings(max_examples=25)
@given(deal=st.integers(1, 2**32 - 1), seed=st.integers(0, 50), index=st.integers(0, N_QUESTIONS - 1))
def test_no_order_of_the_objects_changes_a_relation_network(network, deal, seed, index):
    question = Question.from_index(index)
    plain = make_walk(network, sampled_scene(seed), question)
    dealt = make_walk(network, sampled_scene(seed), question, deal)
    assert largest_change(dealt.logits, plain.logits) < 1e-4
    np.testing.assert_array_equal(dealt.objects, plain.objects[dealt.slots])
    n = len(plain.objects)
    moved = plain.relations.reshape(n, n, -1)[np.ix_(dealt.slots, dealt.slots)].reshape(n * n, -1)
    np.testing.assert_allclose(dealt.relations, moved, rtol=1e-4, atol=1e-6)


def test_a_new_order_changes_an_mlp(mlp):
    plain, dealt = (make_thought(mlp, sampled_scene(2), QUESTION, deal) for deal in (0, 1))
    assert largest_change(dealt.logits, plain.logits) > 1e-3


@settings(max_examples=60)
@given(n_slots=st.integers(2, 30), seed=st.integers(1, 2**32 - 1))
def test_a_deal_is_another_order_of_the_same_objects(n_slots, seed):
    order = deal_order(n_slots, seed)
    assert sorted(order.tolist()) == list(range(n_slots))
    assert order.tolist() != list(range(n_slots))
    assert deal_order(n_slots, 0).tolist() == list(range(n_slots))


def test_every_deal_is_another_one():
    assert len({tuple(deal_order(6, seed)) for seed in range(1, 41)}) > 35


def test_the_mlps_way_ends_where_the_model_does(mlp, scene):
    thought = make_thought(mlp, scene, QUESTION)
    np.testing.assert_allclose(thought.logits, mlp.answer(scene, text(QUESTION)).logits, rtol=1e-5, atol=1e-6)
    assert [len(layer) for layer in thought.layers] == [30, 20]


@pytest.mark.parametrize("deal", [0, 7])
def test_the_mlp_is_given_all_objects_end_to_end(mlp, scene, deal):
    thought = make_thought(mlp, scene, QUESTION, deal)
    objects, mask = mlp.model.encoder(*VIEWS[mlp.task.view](stack_scenes([scene])))
    rows = objects[0] if mask is None else objects[0] * mask[0, :, None]
    order = deal_order(len(rows), deal)
    expected = np.concatenate([*rows.numpy()[order], question_codes()[QUESTION.index]])
    np.testing.assert_array_equal(thought.inputs, expected)


@pytest.mark.parametrize("order", ["strongest", "weakest", "rows", "random"])
def test_a_growing_sum_is_a_loop_over_pairs(network, order):
    walk = make_walk(network, sampled_scene(1), QUESTION)
    ranking = rank_pairs(order, walk.relations.sum(axis=1) - 0.5, seed=1)
    growth = grow_sum(network.model.core.f_phi, walk.relations, ranking, choose_stops(len(ranking), 20, 13))
    total, count = np.zeros_like(walk.aggregate), 0
    for stop, until in enumerate(growth.counts):
        for pair in ranking[count:until]:
            total = total + walk.relations[pair]
        count = until
        logits = network.model.core.f_phi(torch.from_numpy(total))
        np.testing.assert_allclose(growth.sums[stop], total, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(growth.logits[stop], logits.numpy(), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(growth.probabilities[stop], logits.softmax(dim=0).numpy(), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(growth.logits[-1], walk.logits, rtol=1e-3, atol=1e-4)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_every_order_takes_every_pair_once(contributions, seed):
    values = np.array(contributions)
    for order in ("strongest", "weakest", "rows", "random"):
        assert sorted(rank_pairs(order, values, seed).tolist()) == list(range(len(values)))
    falling = np.abs(values[rank_pairs("strongest", values, seed)])
    rising = np.abs(values[rank_pairs("weakest", values, seed)])
    assert (np.diff(falling) <= 0).all()
    assert (np.diff(rising) >= 0).all()
    assert rank_pairs("rows", values, seed).tolist() == list(range(len(values)))


@given(st.integers(1, 700), st.integers(4, 80), st.data())
def test_stops_rise_from_none_to_all_and_are_few(n_pairs, most, data):
    always = data.draw(st.integers(0, n_pairs))
    stops = choose_stops(n_pairs, most, always)
    assert (stops[0], stops[-1]) == (0, n_pairs)
    assert (np.diff(stops) > 0).all()
    assert always in stops
    assert len(stops) <= most + 2
    assert stops[: min(most // 2, n_pairs)].tolist() == list(range(min(most // 2, n_pairs)))


def test_a_scene_without_the_asked_object_is_one_sentence(network, mlp):
    for make, answerer in ((make_walk, network), (make_thought, mlp)):
        with pytest.raises(SceneError, match="no green object"):
            make(answerer, few_objects(), Question("shape", "green"))


@pytest.mark.weights
@pytest.mark.parametrize("view", ["pixels", "objects"])
def test_the_shipped_models_say_here_what_they_say_on_explore(view):
    network, mlp = load(f"sort-of-clevr/rn-{view}"), load(f"sort-of-clevr/mlp-{view}")
    scene = sampled_scene(0)
    walk = make_walk(network, scene, QUESTION, deal=1)
    np.testing.assert_allclose(walk.logits, network.answer(scene, text(QUESTION)).logits, rtol=1e-4, atol=1e-3)
    thought = make_thought(mlp, scene, QUESTION)
    np.testing.assert_allclose(thought.logits, mlp.answer(scene, text(QUESTION)).logits, rtol=1e-4, atol=1e-3)
    assert largest_change(make_thought(mlp, scene, QUESTION, deal=1).logits, thought.logits) > 0.1


# Objects found in an image


@pytest.fixture(scope="module")
def finder() -> Answerer:
    """Return a network that finds objects, never trained, with batch norms that are not the identity."""
    core = RelationNetworkConfig(10, 11, 10, g_widths=(24, 20, 16), f_widths=(18, 12))
    model = build_model(ModelConfig(SlotEncoderConfig((8, 8, 8), n_slots=5), core), seed=5).eval()
    for name, buffer in model.requires_grad_(False).named_buffers():
        if name.endswith("running_mean"):
            buffer += torch.linspace(-0.2, 0.3, len(buffer))
    return Answerer("slots", make_card(), model, TASKS["sort-of-clevr/pixels"], None)


@pytest.mark.parametrize("deal", [0, 4])
def test_found_objects_are_the_encoders_and_the_walk_ends_where_the_model_does(finder, deal):
    scene = sampled_scene(2)
    walk = make_walk(finder, scene, QUESTION, deal)
    images = VIEWS["pixels"](stack_scenes([scene]))[0]
    objects, mask = finder.model.encoder(images)
    np.testing.assert_array_equal(walk.objects, objects[0][walk.slots].numpy())
    assert sorted(walk.slots) == np.flatnonzero(mask[0]).tolist()
    np.testing.assert_allclose(walk.logits, finder.answer(scene, text(QUESTION)).logits, rtol=1e-5, atol=1e-6)
    features = finder.model.encoder.read_pixels(images)
    for layer in finder.model.encoder.layers:
        features = layer(features)
    np.testing.assert_array_equal(walk.maps[-1], features[0].numpy())


@pytest.mark.parametrize("deal", [0, 4])
def test_each_found_object_is_read_at_its_peak(finder, deal):
    """Every row is worked out anew from what the trace says of its peak."""
    scene = sampled_scene(2)
    walk = make_walk(finder, scene, QUESTION, deal)
    found, maps = walk.found, finder.model.encoder.find_maps(VIEWS["pixels"](stack_scenes([scene]))[0])
    centers = maps.centers[0].numpy()
    np.testing.assert_allclose(found.heatmap, 1 / (1 + np.exp(-centers)), rtol=1e-5)
    assert (np.diff(found.probabilities) <= 0).all()
    assert len({*map(tuple, found.cells)}) == 5
    for row, peak in zip(walk.objects, found.peaks, strict=True):
        (column, line), offset, values = found.cells[peak], found.offsets[peak], found.values[peak]
        assert found.probabilities[peak] == found.heatmap[line, column] > 0.3
        around = found.heatmap[max(0, line - 1) : line + 2, max(0, column - 1) : column + 2]
        assert found.heatmap[line, column] == around.max()
        np.testing.assert_array_equal(values, maps.attributes[0, :, line, column])
        np.testing.assert_array_equal(offset, maps.offsets[0, :, line, column])
        expected = np.zeros(8)
        expected[values[:6].argmax()] = expected[6 + values[6:].argmax()] = 1
        np.testing.assert_allclose(row[:8], expected, atol=1e-6)
        place = 4 * (np.array([column, line]) + offset)
        np.testing.assert_allclose(row[8:], place / 37 - 1, atol=1e-6)


def test_networks_that_are_given_cells_or_rows_find_nothing(network):
    assert make_walk(network, sampled_scene(2), QUESTION).found is None

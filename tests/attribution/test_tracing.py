"""The forward pass taken apart against the model's own `forward`, for networks of all kinds with random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from rn_core.attribution.tracing import follow_pair, follow_sum, grow_sum, trace_forward, trace_mlp
from rn_core.common.errors import RNCoreError
from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.paths import PathEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_layers import StackedRelationNetworkConfig
from rn_core.models.relation_network import RelationNetworkConfig

INK, LIGHT = (ImageEncoderConfig((4, 6), image_size=12, pixel_values=name) for name in ("ink", "light"))
PATHS = PathEncoderConfig(d_row=11, n_frames=4, compares=True)
SMALL = {"g_widths": (9, 8, 7), "f_widths": (10, 6), "aggregate_scale": 0.3}
NETWORKS = {
    "rows": ModelConfig(RowEncoderConfig(5), RelationNetworkConfig(5, 3, 4, **SMALL)),
    "mean, late question": ModelConfig(
        RowEncoderConfig(5), RelationNetworkConfig(5, 3, 4, question_layer=1, aggregate="mean", **SMALL)
    ),
    "words": ModelConfig(
        RowEncoderConfig(5), RelationNetworkConfig(5, 3, 4, **SMALL), QuestionEncoderConfig(9, d_word=4, d_question=3)
    ),
    "ink": ModelConfig(INK, RelationNetworkConfig(INK.d_object, 3, 4, **SMALL)),
    "light": ModelConfig(LIGHT, RelationNetworkConfig(LIGHT.d_object, 3, 4, **SMALL)),
    "paths": ModelConfig(PATHS, RelationNetworkConfig(PATHS.d_object, 0, 4, d_pair=PATHS.d_pair, **SMALL)),
    "paths, late question": ModelConfig(
        PATHS, RelationNetworkConfig(PATHS.d_object, 3, 4, question_layer=2, d_pair=PATHS.d_pair, **SMALL)
    ),
    "two hops": ModelConfig(
        RowEncoderConfig(5), StackedRelationNetworkConfig(5, 3, 4, hop_widths=(7, 6), d_hop=3, **SMALL)
    ),
    "two hops over paths": ModelConfig(
        PATHS,
        StackedRelationNetworkConfig(
            PATHS.d_object, 3, 4, hop_widths=(7, 6), d_hop=3, d_pair=PATHS.d_pair, **SMALL
        ),
    ),
}  # fmt: skip


def build(config: ModelConfig) -> QuestionAnsweringModel:
    """Return a network with random weights, biases and batch norms away from 0."""
    model = build_model(config, 3).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(4)
    for name, values in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith(("bias", "running_mean")):
            values += 0.2 * torch.randn(values.shape, generator=generator)
    return model


def sample_scene(config: ModelConfig) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return one scene, with a padded row among six where rows can be, and a question."""
    generator = torch.Generator().manual_seed(5)
    question = torch.randn(1, config.core.d_question, generator=generator)
    if config.question is not None:
        question = torch.tensor([[1, 4, 2, 7]])
    if isinstance(config.encoder, ImageEncoderConfig):
        return (torch.randint(0, 256, (1, 12, 12, 3), generator=generator, dtype=torch.uint8),), question
    d_row = config.encoder.d_row if isinstance(config.encoder, PathEncoderConfig) else config.encoder.d_object
    mask = torch.tensor([[True, True, False, True, True, True]])
    return (torch.randn(1, 6, d_row, generator=generator), mask), question


@pytest.fixture(scope="module", params=[*NETWORKS])
def traced(request):
    config = NETWORKS[request.param]
    model, (inputs, question) = build(config), sample_scene(config)
    return model, trace_forward(model, inputs, question), model(inputs, question)[0].numpy()


def test_the_sum_of_the_relations_through_f_phi_is_what_forward_says(traced):
    model, trace, logits = traced
    np.testing.assert_allclose(trace.logits, logits, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(trace.relations.sum(axis=0), trace.aggregate, rtol=1e-5, atol=1e-6)
    *hidden, said = follow_sum(model.pair_core.f_phi, trace.relations.sum(axis=0))
    np.testing.assert_allclose(said, logits, rtol=1e-5, atol=1e-6)
    assert [len(layer) for layer in hidden] == [10, 6]


def test_every_pair_ends_as_its_relation_and_its_terms_add_up_to_what_the_first_relu_is_given(traced):
    model, trace, _ = traced
    network, n_objects = model.pair_core.last_hop, len(trace.objects)
    for i in range(n_objects):
        for j in range(n_objects):
            steps = follow_pair(network, trace, i, j)
            relation = trace.relations[i * n_objects + j]
            np.testing.assert_allclose(steps.layers[-1] * trace.weight, relation, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(np.maximum(steps.terms.sum(axis=0), 0), steps.layers[0], rtol=1e-4, atol=1e-5)
            assert len(steps.inputs) == network.first_layer.in_features
    assert trace.relations.any(axis=1).all(), "or nothing was compared"


def test_no_row_of_padding_is_left(traced):
    _, trace, _ = traced
    n_objects = 9 if trace.image else 5
    assert trace.objects.shape[0] == n_objects == len(trace.slots)
    assert trace.relations.shape == (n_objects**2, 7)
    assert trace.slots.tolist() == ([*range(9)] if trace.image else [0, 1, 3, 4, 5])


@pytest.mark.parametrize("name", [*NETWORKS])
def test_another_order_moves_objects_and_relations_and_leaves_the_logits(name):
    model, (inputs, question) = build(NETWORKS[name]), sample_scene(NETWORKS[name])
    plain = trace_forward(model, inputs, question)
    moved = trace_forward(model, inputs, question, lambda n_rows: np.roll(np.arange(n_rows), 2))
    places = [plain.slots.tolist().index(slot) for slot in moved.slots]
    np.testing.assert_allclose(moved.logits, plain.logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(moved.objects, plain.objects[places], rtol=1e-4, atol=1e-5)
    n_objects = len(places)
    grid = plain.relations.reshape(n_objects, n_objects, -1)[np.ix_(places, places)]
    np.testing.assert_allclose(moved.relations, grid.reshape(n_objects**2, -1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "numbers"), [("ink", lambda image: (255.0 - image) * 2 / 255), ("light", lambda image: image / 255.0)]
)
def test_pixels_become_the_numbers_that_the_encoder_says(name, numbers):
    model, (inputs, question) = build(NETWORKS[name]), sample_scene(NETWORKS[name])
    trace = trace_forward(model, inputs, question)
    expected = numbers(inputs[0][0].double().numpy()).transpose(2, 0, 1)
    np.testing.assert_allclose(trace.image.pixels, expected, rtol=1e-6)
    assert trace.image.pixel_values == name
    first = torch.from_numpy(trace.image.pixels)[None]
    for layer in model.encoder.layers[:3]:
        first = layer(first)
    np.testing.assert_allclose(trace.maps[0], first[0].numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(trace.maps[-1].reshape(6, 9).T, trace.objects[:, :6], rtol=1e-6)


def test_what_pairs_show_is_that_of_their_objects_alone():
    config = NETWORKS["paths"]
    model, (inputs, question) = build(config), sample_scene(config)
    trace = trace_forward(model, inputs, question)
    one, other = (torch.from_numpy(trace.objects[k]) for k in (1, 3))
    np.testing.assert_allclose(trace.pair_features[1 * 5 + 3], model.encoder.compare(one, other).numpy(), rtol=1e-5)
    start = [len(one), 2 * len(one), 2 * len(one) + PATHS.d_pair]
    parts = np.split(follow_pair(model.core, trace, 1, 3).inputs, start)
    for part, expected in zip(parts, (one, other, trace.pair_features[8], []), strict=True):
        np.testing.assert_array_equal(part, np.asarray(expected))


def test_a_growing_sum_is_a_loop_over_pairs(traced):
    model, trace, logits = traced
    ranking = np.arange(len(trace.relations))[::-1]
    counts = np.array([0, 1, 4, len(ranking)])
    growth = grow_sum(model.pair_core.f_phi, trace.relations, ranking, counts)
    for stop, count in enumerate(counts):
        total = np.zeros_like(trace.aggregate)
        for pair in ranking[:count]:
            total = total + trace.relations[pair]
        np.testing.assert_allclose(growth.sums[stop], total, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(growth.logits[-1], logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(growth.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("encoder", [RowEncoderConfig(5), INK], ids=["rows", "pixels"])
def test_an_mlps_way_ends_where_forward_does(encoder):
    n_objects = 9 if encoder is INK else 6
    config = ModelConfig(encoder, MLPConfig(n_objects, encoder.d_object, 3, 4, widths=(8, 7)))
    model, (inputs, question) = build(config), sample_scene(config)
    trace = trace_mlp(model, inputs, question)
    np.testing.assert_allclose(trace.logits, model(inputs, question)[0].numpy(), rtol=1e-5, atol=1e-6)
    assert [len(layer) for layer in trace.layers] == [8, 7]
    assert len(trace.inputs) == n_objects * encoder.d_object + 3
    with pytest.raises(RNCoreError, match=r"^A MLP has no pairs to examine"):
        trace_forward(model, inputs, question)


def test_a_network_with_pairs_is_no_mlp():
    config = NETWORKS["rows"]
    with pytest.raises(RNCoreError, match=r"^Only an MLP takes its whole input as one row, got RelationNetwork"):
        trace_mlp(build(config), *sample_scene(config))

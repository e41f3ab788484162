"""The fast Relation Network against the formula written as two loops, and its invariances."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig, make_pair_index

D_OBJECT, D_QUESTION, N_ANSWERS, N_OBJECTS, N_SCENES, D_PAIR = 5, 3, 4, 6, 3, 2
SCENE_INDEX = torch.tensor([0, 0, 1, 2, 2, 2])
CONFIG = RelationNetworkConfig(D_OBJECT, D_QUESTION, N_ANSWERS, g_widths=(8, 9, 10, 7), f_widths=(11, 6))


def build_network(**changes: object) -> RelationNetwork:
    """Return a small network in float64, every bias away from 0."""
    network = RelationNetwork(replace(CONFIG, **changes)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.uniform_(-0.5, 0.5)
    return network


def sample_pair_features() -> Tensor:
    """Return what pairs show beyond their objects, in float64."""
    return torch.randn(N_SCENES, N_OBJECTS, N_OBJECTS, D_PAIR, dtype=torch.float64)


def sample_input(
    masked: bool, n_objects: int = N_OBJECTS, d_object: int = D_OBJECT
) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:
    """Return objects, mask, questions and the scene of each, in float64."""
    objects = torch.randn(N_SCENES, n_objects, d_object, dtype=torch.float64)
    question = torch.randn(len(SCENE_INDEX), D_QUESTION, dtype=torch.float64)
    mask = torch.ones(N_SCENES, n_objects, dtype=torch.bool)
    mask[0, 1] = mask[2, 0] = mask[2, 4] = False
    return objects, mask if masked else None, question, SCENE_INDEX


def loop_over_pairs(
    network: RelationNetwork,
    objects: Tensor,
    mask: Tensor | None,
    question: Tensor,
    scene_index: Tensor,
    pair_features: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return logits (M, A) and relations (M, N * N, D_g): the formula, one pair at a time."""
    config = network.config
    logits, all_relations = [], []
    for row, scene in enumerate(scene_index.tolist()):
        n_objects = objects.shape[1]
        exists = [True] * n_objects if mask is None else mask[scene].tolist()
        relations = torch.zeros(n_objects * n_objects, config.g_widths[-1], dtype=objects.dtype)
        for i in range(n_objects):
            for j in range(n_objects):
                if exists[i] and exists[j]:
                    shown = [] if pair_features is None else [pair_features[scene, i, j]]
                    hidden = torch.cat([objects[scene, i], objects[scene, j], *shown])
                    for k, layer in enumerate(network.g_theta):
                        if k == config.question_layer:
                            hidden = torch.cat([hidden, question[row]])
                        hidden = functional.linear(hidden, layer.weight, layer.bias).clamp(min=0)
                    relations[i * n_objects + j] = hidden * config.aggregate_scale
        if config.aggregate == "mean":
            relations = relations / sum(exists) ** 2
        hidden = relations.sum(dim=0)
        *hidden_layers, last = [layer for layer in network.f_phi if isinstance(layer, torch.nn.Linear)]
        for layer in hidden_layers:
            hidden = functional.linear(hidden, layer.weight, layer.bias).clamp(min=0)
        logits.append(functional.linear(hidden, last.weight, last.bias))
        all_relations.append(relations)
    return torch.stack(logits), torch.stack(all_relations)


@pytest.mark.parametrize("masked", [False, True], ids=["all objects", "masked"])
@pytest.mark.parametrize("aggregate", ["sum", "mean"])
@pytest.mark.parametrize("question_layer", range(4))
def test_forward_and_trace_equal_a_double_loop(question_layer, aggregate, masked):
    network = build_network(question_layer=question_layer, aggregate=aggregate, aggregate_scale=0.3)
    given = sample_input(masked)
    logits, relations = loop_over_pairs(network, *given)
    trace = network.trace(*given)
    torch.testing.assert_close(network(*given), logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(trace.logits, logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(trace.relations, relations, rtol=0, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True], ids=["all objects", "masked"])
@pytest.mark.parametrize("question_layer", [0, 2])
@pytest.mark.parametrize("chunk", [None, 9])
def test_what_pairs_show_beyond_their_objects_is_read_by_the_first_layer(question_layer, masked, chunk):
    network = build_network(question_layer=question_layer, d_pair=D_PAIR, pair_chunk=chunk)
    given, shown = sample_input(masked), sample_pair_features()
    logits, relations = loop_over_pairs(network, *given, shown)
    torch.testing.assert_close(network(*given, shown), logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(network.trace(*given, shown).relations, relations, rtol=0, atol=1e-12)
    objects, _, question, scene_index = given
    pairs = torch.tensor([[2, 3], [5, 5], [3, 2]])
    chosen = shown[scene_index][:, pairs[:, 0], pairs[:, 1]]
    found = network.relate(objects[scene_index], None, pairs.expand(len(question), -1, -1), question, chosen)
    torch.testing.assert_close(found, relations[:, [15, 35, 20]], rtol=0, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("chunk", [None, 9])
def test_gradients_of_what_pairs_show_equal_those_of_a_double_loop(masked, chunk):
    network, shown = build_network(d_pair=D_PAIR, pair_chunk=chunk), sample_pair_features().requires_grad_()
    given, leaves = sample_input(masked), [shown, *network.parameters()]
    logits, slow = network(*given, shown), loop_over_pairs(network, *given, shown)[0]
    for one, other in zip(*(torch.autograd.grad(x.square().sum(), leaves) for x in (logits, slow)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_memory_grows_with_the_chunk_and_not_with_what_pairs_show():
    """Rows that the layer after the first sees at once, pair features given whole or not."""
    network, rows = build_network(d_pair=D_PAIR, pair_chunk=N_OBJECTS), []
    network.g_theta[1].register_forward_hook(lambda module, inputs, result: rows.append(inputs[0].shape[0]))
    with torch.no_grad():
        network(*sample_input(masked=False), sample_pair_features())
    assert rows == [N_OBJECTS] * (N_OBJECTS * len(SCENE_INDEX))


@pytest.mark.parametrize("question_layer", [0, 2])
def test_gradients_equal_those_of_a_double_loop(question_layer):
    network = build_network(question_layer=question_layer)
    objects, mask, question, scene_index = sample_input(masked=True)
    leaves = [objects.requires_grad_(), question.requires_grad_(), *network.parameters()]
    fast = network(objects, mask, question, scene_index)
    slow, _ = loop_over_pairs(network, objects, mask, question, scene_index)
    for one, other in zip(*(torch.autograd.grad(x.square().sum(), leaves) for x in (fast, slow)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_no_scene_index_means_one_question_a_scene():
    network = build_network()
    objects, _, question, _ = sample_input(masked=False)
    alone = torch.cat([network(objects[k : k + 1], None, question[k : k + 1]) for k in range(N_SCENES)])
    torch.testing.assert_close(network(objects, None, question[:N_SCENES]), alone, rtol=0, atol=1e-12)


def test_questions_in_any_order_of_scenes_are_answered():
    network = build_network()
    objects, mask, question, _ = sample_input(masked=True)
    mixed = torch.tensor([2, 0, 1, 0, 2, 1])
    logits, _ = loop_over_pairs(network, objects, mask, question, mixed)
    torch.testing.assert_close(network(objects, mask, question, mixed), logits, rtol=0, atol=1e-12)


def test_a_task_without_questions():
    network = build_network(d_question=0)
    objects, mask, _, _ = sample_input(masked=True)
    nothing = torch.zeros(N_SCENES, 0, dtype=torch.float64)
    logits, _ = loop_over_pairs(network, objects, mask, nothing, torch.arange(N_SCENES))
    torch.testing.assert_close(network(objects, mask, nothing), logits, rtol=0, atol=1e-12)


@pytest.mark.parametrize("question_layer", [0, 2])
@pytest.mark.parametrize("masked", [False, True])
def test_permuting_objects_permutes_relations_and_leaves_logits(question_layer, masked):
    network = build_network(question_layer=question_layer)
    objects, mask, question, scene_index = sample_input(masked)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    before = network.trace(objects, mask, question, scene_index)
    after = network.trace(objects[:, order], None if mask is None else mask[:, order], question, scene_index)
    grid = before.relations.unflatten(1, (N_OBJECTS, N_OBJECTS))
    moved = grid[:, order][:, :, order].flatten(1, 2)
    torch.testing.assert_close(after.relations, moved, rtol=0, atol=1e-12)
    torch.testing.assert_close(after.logits, before.logits, rtol=0, atol=1e-12)
    assert not torch.allclose(after.relations, before.relations)


def test_the_order_inside_a_pair_matters():
    network = build_network()
    relations = network.trace(*sample_input(masked=False)).relations.unflatten(1, (N_OBJECTS, N_OBJECTS))
    assert not torch.allclose(relations, relations.transpose(1, 2))


@pytest.mark.parametrize("aggregate", ["sum", "mean"])
@pytest.mark.parametrize("question_layer", [0, 2])
def test_padding_changes_nothing(question_layer, aggregate):
    network = build_network(question_layer=question_layer, aggregate=aggregate)
    objects, _, question, scene_index = sample_input(masked=False)
    mask = torch.ones(N_SCENES, N_OBJECTS + 2, dtype=torch.bool)
    mask[:, N_OBJECTS:] = False
    padded = torch.cat([objects, 100 * torch.randn(N_SCENES, 2, D_OBJECT, dtype=torch.float64)], dim=1)
    results = []
    for rows, row_mask in ((objects, None), (padded, mask)):
        rows = rows.clone().requires_grad_()
        trace = network.trace(rows, row_mask, question, scene_index)
        logits = network(rows, row_mask, question, scene_index)
        gradients = torch.autograd.grad(logits.square().sum(), [rows, *network.parameters()])
        results.append((trace, logits, gradients))
    (plain, plain_logits, plain_gradients), (trace, logits, gradients) = results
    torch.testing.assert_close(logits, plain_logits, rtol=0, atol=1e-12)
    grid = trace.relations.unflatten(1, (N_OBJECTS + 2, N_OBJECTS + 2))
    plain_grid = plain.relations.unflatten(1, (N_OBJECTS, N_OBJECTS))
    torch.testing.assert_close(grid[:, :N_OBJECTS, :N_OBJECTS], plain_grid, rtol=0, atol=1e-12)
    assert not grid[:, N_OBJECTS:].any()
    assert not grid[:, :, N_OBJECTS:].any()
    assert not gradients[0][:, N_OBJECTS:].any()
    torch.testing.assert_close(gradients[0][:, :N_OBJECTS], plain_gradients[0], rtol=1e-9, atol=1e-10)
    for one, other in zip(gradients[1:], plain_gradients[1:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("aggregate", ["sum", "mean"])
def test_a_scene_of_padding_alone_has_finite_logits(aggregate):
    network = build_network(aggregate=aggregate)
    objects, _, question, scene_index = sample_input(masked=False)
    nothing = torch.zeros(N_SCENES, N_OBJECTS, dtype=torch.bool)
    logits = network(objects, nothing, question, scene_index)
    torch.testing.assert_close(logits, network.f_phi(torch.zeros(len(question), 7, dtype=torch.float64)))


@pytest.mark.parametrize("aggregate", ["sum", "mean"])
@pytest.mark.parametrize("masked", [False, True])
def test_trace_adds_up(aggregate, masked):
    network = build_network(aggregate=aggregate, aggregate_scale=0.1)
    given = sample_input(masked)
    trace = network.trace(*given)
    torch.testing.assert_close(trace.relations.sum(dim=1), trace.aggregate, rtol=0, atol=1e-12)
    torch.testing.assert_close(network.f_phi(trace.aggregate), trace.logits, rtol=0, atol=1e-12)
    assert trace.objects is given[0]
    assert torch.equal(trace.object_mask, torch.ones(N_SCENES, N_OBJECTS, dtype=torch.bool) if not masked else given[1])


def test_pair_index_names_the_rows_that_an_object_is_in():
    network = build_network()
    objects, _, question, scene_index = sample_input(masked=False)
    pair_index = make_pair_index(N_OBJECTS)
    assert pair_index.tolist() == [list(pair) for pair in itertools.product(range(N_OBJECTS), repeat=2)]
    before = network.trace(objects, None, question, scene_index).relations
    for k in range(N_OBJECTS):
        changed = objects.clone()
        changed[:, k] += 1
        after = network.trace(changed, None, question, scene_index).relations
        moved = (before != after).any(dim=2)
        assert torch.equal(moved.all(dim=0), (pair_index == k).any(dim=1))
        assert torch.equal(moved.any(dim=0), (pair_index == k).any(dim=1))


def test_i_is_the_first_half_of_the_first_layer_and_j_the_second():
    network = build_network()
    with torch.no_grad():
        network.g_theta[0].weight[:, D_OBJECT : 2 * D_OBJECT] = 0  # o_j is not seen
    relations = network.trace(*sample_input(masked=False)).relations.unflatten(1, (N_OBJECTS, N_OBJECTS))
    torch.testing.assert_close(relations, relations[:, :, :1].expand_as(relations), rtol=0, atol=1e-12)
    assert not torch.allclose(relations[:, 0], relations[:, 1])


def test_a_scene_goes_through_the_layers_before_the_question_once():
    """Rows that each layer of g_theta sees: scenes before the question enters, questions after."""
    network = build_network(question_layer=2)
    rows = []
    for layer in (network.g_theta[1], network.g_theta[3]):
        layer.register_forward_hook(lambda module, inputs, result: rows.append(inputs[0].shape[0]))
    network(*sample_input(masked=False))
    assert rows == [N_SCENES * N_OBJECTS**2, len(SCENE_INDEX) * N_OBJECTS**2]


def test_bf16_autocast_stays_within_two_percent_of_the_largest_logit():
    network = RelationNetwork(replace(CONFIG, g_widths=(64,) * 4, f_widths=(64, 64)))
    given = [part.float() if part is not None and part.is_floating_point() else part for part in sample_input(True)]
    exact = network(*given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = network(*given)
        traced = network.trace(*given)
    assert rounded.dtype == torch.float32
    assert (rounded - exact).abs().max() < 0.02 * exact.abs().max()
    assert (traced.logits - exact).abs().max() < 0.02 * exact.abs().max()
    assert (rounded - exact).abs().max() > 0
    assert traced.relations.dtype == torch.float32


def test_many_equal_relations_are_added_up_in_32_bits():
    """In bf16, 256 + 1 is 256: a sum of 400 ones would stop there."""
    network = RelationNetwork(replace(CONFIG, g_widths=(1,), f_widths=(1,)))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0)
        network.g_theta[0].bias.fill_(1)
        network.f_phi[0].weight.fill_(1)
        network.f_phi[2].weight.fill_(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(torch.randn(1, 21, D_OBJECT), None, torch.randn(1, D_QUESTION))
    assert logits.tolist() == [[441.0] * N_ANSWERS]


def test_dropout_acts_in_training_only():
    network = build_network(f_dropout=0.5)
    given = sample_input(masked=False)
    assert not torch.equal(network(*given), network(*given))
    network.eval()
    assert torch.equal(network(*given), network(*given))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"d_object": 0}, "d_object must be a whole number of 1 or more, got 0"),
        ({"d_object": 2.5}, r"d_object must be a whole number of 1 or more, got 2\.5"),
        ({"d_question": -1}, "d_question must be a whole number of 0 or more, got -1"),
        ({"n_answers": True}, "n_answers must be a whole number of 1 or more, got True"),
        ({"g_widths": ()}, "g_widths must list one or more layer sizes, got none"),
        ({"g_widths": (8, 0)}, "Each of g_widths must be a whole number of 1 or more, got 0"),
        ({"f_widths": (8, "a")}, "Each of f_widths must be a whole number of 1 or more, got 'a'"),
        ({"question_layer": 4}, "question_layer must be 0 to 3 for 4 layers of g_theta, got 4"),
        ({"question_layer": -1}, "question_layer must be a whole number of 0 or more, got -1"),
        ({"aggregate": "max"}, "aggregate must be one of sum, mean, got 'max'"),
        ({"aggregate_scale": 0}, "aggregate_scale must be above 0 and finite, got 0"),
        ({"aggregate_scale": float("nan")}, "aggregate_scale must be above 0 and finite, got nan"),
        ({"f_dropout": 1}, "f_dropout must be at least 0 and below 1, got 1"),
        ({"pair_chunk": 0}, "pair_chunk must be a whole number of 1 or more, got 0"),
    ],
)
def test_a_size_that_cannot_be_built_is_one_sentence(changes, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        replace(CONFIG, **changes)


def ragged_input() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return objects of 4, 0 and 6 rows, padding anywhere, and questions out of the order of their scenes."""
    objects, mask, question, _ = sample_input(masked=True)
    mask[0, :4] = mask[1] = False
    mask[0, [0, 2]] = mask[2] = True
    return objects, mask, question, torch.tensor([2, 0, 1, 0, 2, 2])


@pytest.mark.parametrize("aggregate", ["sum", "mean"])
@pytest.mark.parametrize("question_layer", [0, 2])
def test_without_its_padding_a_scene_has_the_values_and_gradients_that_it_has_with_it(question_layer, aggregate):
    network = build_network(question_layer=question_layer, aggregate=aggregate)
    given = ragged_input()
    padded = network.trace(*given)
    torch.testing.assert_close(network(*given), padded.logits, rtol=0, atol=1e-12)
    wanted = torch.autograd.grad(padded.logits.square().sum(), list(network.parameters()))
    found = torch.autograd.grad(network(*given).square().sum(), list(network.parameters()))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("chunk", [None, 7])
def test_the_work_is_that_of_the_pairs_that_exist(chunk):
    network = build_network(pair_chunk=chunk)
    rows: list[int] = []
    network.g_theta[1].register_forward_hook(lambda module, inputs, result: rows.append(len(inputs[0])))
    objects, mask, question, scene_index = ragged_input()
    network(objects, mask, question, scene_index)
    sizes = mask.sum(dim=1)[scene_index]
    assert sum(rows) == int(sizes.square().sum()) == 3 * 36 + 2 * sizes[1] ** 2


def test_a_scene_of_no_objects_is_an_empty_sum():
    network = build_network()
    objects, mask, question, scene_index = ragged_input()
    logits = network(objects, mask, question, scene_index)
    torch.testing.assert_close(logits[2], network.f_phi(torch.zeros(7, dtype=torch.float64)))


@pytest.mark.parametrize("question_layer", [0, 1, 3])
def test_chosen_pairs_have_the_relations_of_the_trace(question_layer):
    network = build_network(question_layer=question_layer)
    objects, _, question, scene_index = sample_input(masked=False)
    relations = network.trace(objects, None, question, scene_index).relations  # (M, N * N, D_g)
    pairs = torch.tensor([(0, 3), (5, 5), (2, 1)])
    found = network.relate(objects[scene_index], None, pairs.expand(len(question), -1, -1), question)
    rows = pairs[:, 0] * N_OBJECTS + pairs[:, 1]
    torch.testing.assert_close(found, relations[:, rows], rtol=0, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("chunk", [None, 7])
def test_held_relations_give_the_same_logits_and_f_phi_alone_learns(chunk, masked):
    network, given = build_network(pair_chunk=chunk), sample_input(masked)
    objects = given[0].requires_grad_()
    held = network(*given, hold_relations=True)
    torch.testing.assert_close(held, network(*given), rtol=0, atol=0)
    held.sum().backward()
    assert objects.grad is None
    assert all(parameter.grad is None for parameter in network.g_theta.parameters())
    assert all(parameter.grad is not None for parameter in network.f_phi.parameters())

"""Relation networks of several layers and recurrent ones against their formulas written as loops over objects."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from rn_core.common.errors import RNCoreError
from rn_core.models import ModelConfig, build_model
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.multi_layer import MultiLayerRelationNetwork, MultiLayerRelationNetworkConfig
from rn_core.models.recurrent import RecurrentRelationNetwork, RecurrentRelationNetworkConfig
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig

D_OBJECT, D_QUESTION, N_ANSWERS, N_OBJECTS = 4, 5, 3, 4
NAMED = {"names_at": (1,), "d_name": 2}
#: Scene of each question; the middle scene lacks two objects where there is a mask.
SCENE_INDEX = torch.tensor([0, 0, 1, 2])
MASK = torch.tensor([[True] * 4, [True, False, True, False], [True, True, False, True]])


def layered(**changes):
    sizes = {"n_layers": 3, "g_widths": (7, 6), "f_widths": (5,), "aggregate_scale": 0.5, **NAMED, **changes}
    return stir(MultiLayerRelationNetwork(MultiLayerRelationNetworkConfig(D_OBJECT, D_QUESTION, N_ANSWERS, **sizes)))


def recurrent(**changes):
    sizes = {"n_steps": 3, "d_state": 6, "e_widths": (8,), "message_widths": (7, 5), "f_widths": (9,), **NAMED}
    sizes |= {"message_scale": 0.5, **changes}
    return stir(RecurrentRelationNetwork(RecurrentRelationNetworkConfig(D_OBJECT, D_QUESTION, N_ANSWERS, **sizes)))


def stir(network):
    """Return the network in float64, no bias 0."""
    network.double()
    for parameter in network.parameters():
        if parameter.ndim == 1:
            nn.init.uniform_(parameter, -0.5, 0.5)
    return network


def sample_given():
    generator = torch.Generator().manual_seed(3)
    objects = torch.randn(3, N_OBJECTS, D_OBJECT, dtype=torch.float64, generator=generator)
    return objects, torch.randn(4, D_QUESTION, dtype=torch.float64, generator=generator)


def mark(objects, question):
    """Return rows with 1 where the two columns of a name are nearest to the question's."""
    nearest = max(range(len(objects)), key=lambda k: float(objects[k, :2] @ question[1:3]))
    return [torch.cat([row, torch.tensor([float(k == nearest)])]) for k, row in enumerate(objects)]


def through(linears, hidden):
    for layer in linears:
        hidden = torch.relu(layer.weight @ hidden + layer.bias)
    return hidden


def add_messages(layers, states, question, edges=None):
    """Return for each object i the sum over j of g(state_i, state_j, edge_ij, question)."""
    sums = []
    for i, one in enumerate(states):
        shown = [question[:0] if edges is None else edges[i, j] for j in range(len(states))]
        found = (torch.cat([one, other, edge, question]) for other, edge in zip(states, shown, strict=True))
        sums.append(sum(through(layers, given) for given in found))
    return sums


def layers_in_loops(network, objects, question):
    """Return the logits of every layer."""
    states, logits = mark(objects, question), []
    for layers in (*(layer.g_theta for layer in network.layers), network.last.g_theta):
        sums = [0.5 * found for found in add_messages(layers, states, question)]
        logits.append(network.f_phi(sum(sums)))
        states = [torch.cat(each) for each in zip(states, sums, strict=True)]
    return torch.stack(logits)


def steps_in_loops(network, objects, question, edges=None):
    """Return the logits of every step; the gated unit as Cho et al. write it, with torch's order of gates."""
    last = network.config.asks_last
    inputs = [network.encode(row if last else torch.cat([row, question])) for row in mark(objects, question)]
    states, logits, unit = inputs, [], network.update
    for _ in range(network.config.n_steps):
        after = []
        messages = add_messages(network.message.g_theta, states, question[:0], edges)
        for x, h, m in zip(inputs, states, messages, strict=True):
            if network.config.u_widths:
                first, _, second = unit
                hidden = torch.relu(first.weight @ torch.cat([h, x, 0.5 * m]) + first.bias)
                after.append(h + second.weight @ hidden + second.bias)
                continue
            given = unit.weight_ih @ torch.cat([x, 0.5 * m]) + unit.bias_ih
            (r_x, z_x, n_x), (r_h, z_h, n_h) = (part.chunk(3) for part in (given, unit.weight_hh @ h + unit.bias_hh))
            update = torch.sigmoid(z_x + z_h)
            after.append((1 - update) * torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h) + update * h)
        states = after
        logits.append(network.f_phi(torch.cat([sum(states), question]) if last else sum(states)))
    return torch.stack(logits)


NETWORKS = [
    pytest.param(lambda: layered(every_layer=True), layers_in_loops, id="layers"),
    pytest.param(recurrent, steps_in_loops, id="steps"),
    pytest.param(lambda: recurrent(asks_last=True), steps_in_loops, id="steps, asked last"),
    pytest.param(lambda: recurrent(u_widths=(6,)), steps_in_loops, id="steps, added"),
]


@pytest.mark.parametrize("mask", [None, MASK], ids=["all objects", "masked"])
@pytest.mark.parametrize(("build", "loops"), NETWORKS)
def test_every_step_is_the_formula_written_as_loops(build, loops, mask):
    network, (objects, question) = build(), sample_given()
    rows = [slice(None) if mask is None else mask[scene] for scene in SCENE_INDEX]
    wanted = [loops(network, objects[s][row], q) for s, row, q in zip(SCENE_INDEX, rows, question, strict=True)]
    found = network.answer_steps(objects, mask, question, SCENE_INDEX)
    torch.testing.assert_close(found, torch.stack(wanted, dim=1))
    torch.testing.assert_close(network(objects, mask, question, SCENE_INDEX), found[-1])


@pytest.mark.parametrize(("build", "loops"), NETWORKS)
def test_order_and_padding_change_nothing(build, loops):
    network, (objects, question), order = build(), sample_given(), torch.tensor([2, 5, 0, 3, 1, 4])
    padded = torch.cat([objects, torch.full((3, 2, D_OBJECT), 9.0).double()], dim=1)[:, order]
    mask = (torch.arange(6) < N_OBJECTS).expand(3, -1)[:, order]
    wanted = network(objects, None, question, SCENE_INDEX)
    torch.testing.assert_close(network(padded, mask, question, SCENE_INDEX), wanted)
    assert not torch.allclose(network(objects.flip(0), None, question, SCENE_INDEX), wanted)


@pytest.mark.parametrize(("build", "loops"), NETWORKS)
def test_a_question_alone_and_its_scene_by_index_are_the_same(build, loops):
    network, (objects, question) = build(), sample_given()
    each = network(objects[SCENE_INDEX], MASK[SCENE_INDEX], question)
    torch.testing.assert_close(each, network(objects, MASK, question, SCENE_INDEX))


def test_one_layer_is_the_relation_network():
    network, (objects, question) = layered(n_layers=1, names_at=(), d_name=0), sample_given()
    sizes = {"g_widths": (7, 6), "f_widths": (5,), "aggregate_scale": 0.5}
    plain = RelationNetwork(RelationNetworkConfig(D_OBJECT, D_QUESTION, N_ANSWERS, **sizes)).double()
    plain.load_state_dict(network.last.state_dict())
    given = objects, MASK, question, SCENE_INDEX
    torch.testing.assert_close(network(*given), plain(*given))


def test_the_last_layer_s_pairs_add_up_to_the_answer_and_can_be_chosen():
    network, (objects, question) = layered(), sample_given()
    trace = network.trace(objects, MASK, question, SCENE_INDEX)
    torch.testing.assert_close(network.f_phi(trace.relations.sum(dim=1)), network(objects, MASK, question, SCENE_INDEX))
    assert not trace.relations[2].view(4, 4, -1)[[1, 3]].any()  # absent objects
    pairs = torch.tensor([[[0, 2], [2, 2]]]).expand(4, -1, -1)
    chosen = network.relate(objects[SCENE_INDEX], MASK[SCENE_INDEX], pairs, question)
    torch.testing.assert_close(0.5 * chosen[:3], trace.relations[:3, [2, 10]])


@pytest.mark.parametrize("mask", [None, MASK], ids=["all objects", "masked"])
@pytest.mark.parametrize("asks_last", [True, False])
def test_messages_read_the_features_of_their_pair(asks_last, mask):
    network, (objects, question) = recurrent(asks_last=asks_last, d_pair=2), sample_given()
    edges = torch.randn(3, N_OBJECTS, N_OBJECTS, 2, generator=torch.Generator().manual_seed(4)).double()
    rows = [slice(None) if mask is None else mask[scene] for scene in SCENE_INDEX]
    wanted = [
        steps_in_loops(network, objects[s][row], q, edges[s][row][:, row])
        for s, row, q in zip(SCENE_INDEX, rows, question, strict=True)
    ]
    found = network.answer_steps(objects, mask, question, SCENE_INDEX, edges)
    torch.testing.assert_close(found, torch.stack(wanted, dim=1))
    torch.testing.assert_close(network(objects, mask, question, SCENE_INDEX, edges), found[-1])
    torch.testing.assert_close(network.answer_steps(objects, mask, question, SCENE_INDEX, edges, 2), found[:2])


def test_a_network_of_more_steps_begins_with_the_layers_of_one_of_fewer():
    few, many, (objects, question) = recurrent(n_steps=2), recurrent(n_steps=5), sample_given()
    many.init_from(few)
    found = many.answer_steps(objects, MASK, question, SCENE_INDEX)
    torch.testing.assert_close(found[:2], few.answer_steps(objects, MASK, question, SCENE_INDEX))
    with pytest.raises(RNCoreError, match="must have the sizes of the network that they start from"):
        many.init_from(recurrent(d_state=7))


@pytest.mark.parametrize(("asks_last", "n_rows"), [(True, 3), (False, 5)])
def test_questions_that_name_the_same_object_of_a_scene_share_their_steps(asks_last, n_rows):
    network, (objects, _) = recurrent(asks_last=asks_last), sample_given()
    question = torch.randn(5, D_QUESTION, dtype=torch.float64)
    scene_index = torch.tensor([0, 0, 0, 1, 1])
    for row, named in enumerate((2, 2, 1, 0, 0)):
        question[row, 1:3] = 9 * objects[scene_index[row], named, :2]
    objects[..., :2] /= objects[..., :2].norm(dim=2, keepdim=True)  # so that an object is nearest to its own name
    seen = []
    network.message.register_forward_hook(lambda module, given, made: seen.append(len(made)))
    together = network(objects, None, question, scene_index)
    assert seen == [n_rows] * 3
    alone = [network(objects[s][None], None, q[None]) for s, q in zip(scene_index, question, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_steps_share_their_weights_and_layers_do_not():
    counts = [sum(p.numel() for p in recurrent(n_steps=n).parameters()) for n in (1, 8)]
    assert counts[0] == counts[1]
    sizes = [len(list(layered(n_layers=n).parameters())) for n in (1, 2, 3)]
    assert all(more - fewer == 4 for fewer, more in pairwise(sizes))  # two linear layers with a bias each


def test_training_has_a_loss_at_every_layer_only_where_it_is_asked_for():
    objects, question = sample_given()
    assert layered().answer_steps(objects, None, question[:3]).shape == (1, 3, N_ANSWERS)
    assert layered(every_layer=True).answer_steps(objects, None, question[:3]).shape == (3, 3, N_ANSWERS)


@pytest.mark.parametrize(
    ("core", "changes"),
    [
        (MultiLayerRelationNetworkConfig, {}),
        (RecurrentRelationNetworkConfig, {}),
        (RecurrentRelationNetworkConfig, {"asks_last": True}),
    ],
)
def test_a_model_is_built_from_its_config_and_back_and_all_of_it_learns(core, changes):
    config = ModelConfig(RowEncoderConfig(D_OBJECT), core(D_OBJECT, D_QUESTION, N_ANSWERS, **NAMED, **changes))
    assert ModelConfig.from_dict(config.to_dict()) == config and config.kind == "rn"
    model, (objects, question) = build_model(config, 0), sample_given()
    given = (objects.float(), MASK), question.float(), SCENE_INDEX
    steps = model(*given, in_steps=True)
    assert steps.shape[1:] == (4, N_ANSWERS) and torch.equal(steps[-1], model(*given))
    steps.logsumexp(dim=2).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())
    assert model.has_pairs == (core is MultiLayerRelationNetworkConfig)


@pytest.mark.parametrize(
    ("build", "changes", "message"),
    [
        (layered, {"n_layers": 0}, "n_layers must be a whole number of 1 or more, got 0"),
        (layered, {"names_at": (4,)}, "A name of 2 columns at 4 must fit a question of 5 features"),
        (layered, {"aggregate_scale": 0}, "aggregate_scale must be above 0"),
        (recurrent, {"n_steps": 0}, "n_steps must be a whole number of 1 or more, got 0"),
        (recurrent, {"d_name": 0}, "d_name must be a whole number of 1 or more, got 0"),
        (recurrent, {"message_widths": ()}, "message_widths must list one or more"),
    ],
)
def test_sizes_that_cannot_be_are_refused(build, changes, message):
    with pytest.raises(RNCoreError, match=message):
        build(**changes)


def test_layers_start_from_new_weights():
    with pytest.raises(RNCoreError, match="A network of 3 relation layers starts from new weights"):
        layered().init_from(RelationNetwork(RelationNetworkConfig(D_OBJECT, D_QUESTION, N_ANSWERS)))

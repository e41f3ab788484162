"""Tuples of any order against plain loops, and pairs against the pair layers."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.models import ModelConfig, build_model
from rn_core.models.blocks import PairInputs
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_layers import RelationLayer
from rn_core.models.tuple_network import TupleNetwork, TupleNetworkConfig
from rn_core.models.tuples import TupleInputs, TupleLayers, make_tuple_index

D_OBJECT, D_QUESTION, WIDTHS = 5, 4, (7, 6)
#: Order, fixed positions and the tuples that N objects then make.
KINDS = [(1, 0, 4), (2, 0, 16), (3, 0, 64), (2, 1, 4), (3, 2, 4), (3, 1, 16), (2, 2, 1)]
#: Names are columns 0-1 and 2-3 of the question, and 0-1 of an object.
NAMED = {"names_at": (0, 2), "d_name": 2}


def given(n_fixed, n_objects=4, dtype=torch.float64, n_scenes=3):
    scene_index = torch.tensor([0, 0, 1, 2, 2])
    fixed = torch.randint(n_objects, (5, n_fixed)) if n_fixed else None
    objects = torch.randn(n_scenes, n_objects, D_OBJECT, dtype=dtype)
    return TupleInputs(objects, torch.randn(5, D_QUESTION, dtype=dtype), scene_index, fixed)


def add_in_loops(layers, inputs):
    """Return the sum over tuples of g_theta, one tuple after the other, and by the first free object."""
    rows = []
    for m, scene in enumerate(inputs.scene_index):
        objects = inputs.objects[scene]
        named = [] if inputs.fixed is None else inputs.fixed[m].tolist()
        total = torch.zeros(WIDTHS[-1], dtype=objects.dtype)
        for free in product(range(len(objects)), repeat=layers.order - len(named)):
            hidden = torch.cat([*[objects[k] for k in (*named, *free)], inputs.question[m]])
            for layer in layers:
                hidden = torch.relu(layer.weight @ hidden + layer.bias)
            total = total + hidden
        rows.append(total)
    return torch.stack(rows)


@pytest.mark.parametrize(("order", "n_fixed", "n_tuples"), KINDS)
def test_a_sum_over_tuples_equals_plain_loops_in_any_chunk(order, n_fixed, n_tuples):
    layers, inputs = TupleLayers(D_OBJECT, D_QUESTION, WIDTHS, order).double(), given(n_fixed)
    wanted = add_in_loops(layers, inputs)
    for chunk in (None, 1, 5, 1000):
        torch.testing.assert_close(layers.sum_tuples(inputs, chunk), wanted)
        with torch.no_grad():
            torch.testing.assert_close(layers.sum_tuples(inputs, chunk), wanted)
    relations = layers.relations(layers.split(inputs))
    assert relations[0, ..., 0].numel() == n_tuples


@pytest.mark.parametrize("order", [2, 3])
def test_chunks_have_the_same_gradients(order):
    layers, inputs = TupleLayers(D_OBJECT, D_QUESTION, WIDTHS, order).double(), given(order - 1)
    found = []
    for chunk in (None, 3):
        layers.zero_grad()
        layers.sum_tuples(inputs, chunk).square().sum().backward()
        found.append([parameter.grad.clone() for parameter in layers.parameters()])
    for whole, part in zip(*found, strict=True):
        torch.testing.assert_close(whole, part)


@pytest.mark.parametrize("chunk", [None, 40, 8])
@pytest.mark.parametrize("shared", [True, False])
def test_a_pair_network_is_the_case_of_order_two_to_the_bit(chunk, shared):
    relation = RelationLayer(D_OBJECT, D_QUESTION, WIDTHS)
    layers = TupleLayers(D_OBJECT, D_QUESTION, WIDTHS, 2)
    layers.load_state_dict(relation.g_theta.state_dict())
    inputs = given(0, n_objects=9, dtype=torch.float32, n_scenes=3 if shared else 5)
    inputs = inputs if shared else inputs._replace(scene_index=None)
    pairs = PairInputs(inputs.objects, None, inputs.question, inputs.scene_index)
    assert torch.equal(layers.sum_tuples(inputs, chunk), relation.g_theta.sum_pairs(pairs, chunk))
    asked = inputs.question[:1], torch.zeros(1, dtype=torch.int64)
    torch.testing.assert_close(  # one question about one scene is laid out there
        layers.sum_tuples(TupleInputs(inputs.objects[:1], *asked)),
        relation.g_theta.sum_pairs(PairInputs(inputs.objects[:1], None, *asked)),
    )


@pytest.mark.parametrize(("order", "n_fixed", "n_tuples"), KINDS)
def test_relations_stand_in_the_order_of_the_tuple_index(order, n_fixed, n_tuples):
    layers, inputs = TupleLayers(D_OBJECT, D_QUESTION, WIDTHS, order).double(), given(n_fixed)
    fixed = torch.zeros(5, 0, dtype=torch.int64) if inputs.fixed is None else inputs.fixed
    index = make_tuple_index(4, fixed, order)  # (M, T, r)
    assert index.shape == (5, n_tuples, order) and len({*map(tuple, index[0].tolist())}) == n_tuples
    members = inputs.objects[inputs.scene_index][torch.arange(5)[:, None, None], index]  # (M, T, r, D_o)
    asked = inputs.question[:, None].expand(-1, n_tuples, -1)
    relations = layers.relations(layers.split(inputs)).reshape(5, n_tuples, -1)
    torch.testing.assert_close(relations, layers(members, asked))


def network(**changes):
    sizes = {"order": 3, "n_fixed": 2, **NAMED, "g_widths": WIDTHS, "f_widths": (6,), **changes}
    return TupleNetwork(TupleNetworkConfig(D_OBJECT, D_QUESTION, 3, **sizes)).double()


def named_scenes(n_scenes=3, n_objects=4):
    """Return objects whose first two features are names, questions that name two of each, and which those are."""
    objects = torch.randn(n_scenes, n_objects, D_OBJECT, dtype=torch.float64)
    angle = torch.rand(n_scenes, 1) * 6 + torch.arange(n_objects) * (2 * torch.pi / n_objects)
    objects[..., :2] = torch.stack([angle.cos(), angle.sin()], dim=2)
    named = torch.stack([torch.randperm(n_objects)[:2] for _ in range(n_scenes)])
    question = objects[..., :2].take_along_dim(named[..., None], dim=1).flatten(1)
    return objects, question, named


VARIANTS = [{}, {"order": 2, "n_fixed": 1}, {"order": 2, "n_fixed": 0}, {"n_fixed": 1}, {"aggregate_scale": 0.5}]


@pytest.mark.parametrize("changes", VARIANTS)
def test_the_network_equals_the_formula_written_out(changes):
    core, (objects, question, named) = network(**changes), named_scenes()
    config = core.config
    for row in range(3):
        marks = torch.stack([(torch.arange(4) == name).double() for name in named[row]], dim=1)
        rows, total = torch.cat([objects[row], marks], dim=1), 0
        places = {2: [(0, 1)], 1: [(0,), (1,)], 0: [()]}[config.n_fixed]
        for chosen in places:
            for free in product(range(4), repeat=config.order - config.n_fixed):
                members = [*(int(named[row, k]) for k in chosen), *free]
                total = total + core.g_theta(rows[members], question[row])
        wanted = core.f_phi(total * config.aggregate_scale)
        torch.testing.assert_close(core(objects[row : row + 1], None, question[row : row + 1])[0], wanted)


@pytest.mark.parametrize("changes", [*VARIANTS, {"tuple_chunk": 2}, {"names_at": (), "d_name": 0, "n_fixed": 0}])
def test_a_trace_adds_up_and_padding_and_order_change_nothing(changes):
    core, (objects, question, _) = network(**changes), named_scenes()
    scene_index = torch.tensor([0, 1, 1, 2])
    asked = question[scene_index]
    logits = core(objects, None, asked, scene_index)
    order, padded = torch.randperm(6), torch.cat([objects, torch.randn(3, 2, D_OBJECT).double()], dim=1)
    mask = (torch.arange(6) < 4).expand(3, -1)[:, order]
    padded = torch.where(mask[..., None], padded[:, order], 9.0)
    torch.testing.assert_close(core(padded, mask, asked, scene_index), logits)
    for trace in (core.trace(objects, None, asked, scene_index), core.trace(padded, mask, asked, scene_index)):
        torch.testing.assert_close(trace.logits, logits)
        torch.testing.assert_close(trace.relations.sum(dim=1), trace.aggregate)
        assert trace.members.shape[:2] == trace.relations.shape[:2]


def test_a_model_over_tuples_is_built_from_its_config_and_back():
    core = TupleNetworkConfig(D_OBJECT, D_QUESTION, 3, **NAMED, n_fixed=2, g_widths=WIDTHS, f_widths=(6,))
    config = ModelConfig(RowEncoderConfig(D_OBJECT), core)
    assert ModelConfig.from_dict(config.to_dict()) == config and config.kind == "rn"
    model = build_model(config, 0)
    objects, question, _ = named_scenes()
    model((objects.float(), torch.ones(3, 4, dtype=torch.bool)), question.float()).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert not model.has_pairs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_fixed": 3}, "n_fixed must be 0 to 2 for tuples of 3 and 2 names, got 3"),
        ({"names_at": (0, 3)}, "A name of 2 columns at 3 must fit a question of 4 features"),
        ({"names_at": (0, -1)}, "Each of names_at must be a whole number of 0 or more, got -1"),
        ({"d_name": 0}, "d_name must be a whole number of 1 or more, got 0"),
        ({"order": 0}, "order must be a whole number of 1 or more"),
        ({"aggregate_scale": 0}, "aggregate_scale must be above 0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(changes, message):
    with pytest.raises(RNCoreError, match=message):
        network(**changes)

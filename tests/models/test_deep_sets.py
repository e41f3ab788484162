"""Deep sets: a sum over objects by themselves, whatever their order, as large as the Relation Network beside it."""

from __future__ import annotations

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.models import build_model
from rn_core.models.deep_sets import DeepSet, DeepSetConfig
from rn_core.tasks.own.bundled import BUNDLED
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.files import find_files
from rn_core.tasks.own.spec import make_models

CONFIG = DeepSetConfig(d_object=5, d_question=3, n_answers=4, phi_widths=(8, 7), rho_widths=(6,))
N_SCENES, N_OBJECTS = 3, 6
SCENE_INDEX = torch.tensor([0, 0, 1, 2, 2])


@pytest.fixture
def network() -> DeepSet:
    torch.manual_seed(0)
    return DeepSet(CONFIG).double().eval()


@pytest.fixture
def sample() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return objects, their mask and questions."""
    generator = torch.Generator().manual_seed(1)
    objects = torch.randn(N_SCENES, N_OBJECTS, CONFIG.d_object, dtype=torch.float64, generator=generator)
    mask = torch.arange(N_OBJECTS) < torch.tensor([[6], [4], [1]])
    return objects, mask, torch.randn(len(SCENE_INDEX), 3, dtype=torch.float64, generator=generator)


def test_the_order_of_objects_and_what_stands_in_padding_change_nothing(network, sample):
    objects, mask, question = sample
    logits = network(objects, mask, question, SCENE_INDEX)
    order = torch.randperm(N_OBJECTS, generator=torch.Generator().manual_seed(2))
    permuted = network(objects[:, order], mask[:, order], question, SCENE_INDEX)
    torch.testing.assert_close(permuted, logits, rtol=0, atol=1e-12)
    filled = torch.where(mask[..., None], objects, 1e3)
    torch.testing.assert_close(network(filled, mask, question, SCENE_INDEX), logits, rtol=0, atol=1e-12)


def test_it_is_what_a_loop_over_objects_gives(network, sample):
    objects, mask, question = sample
    logits = network(objects, mask, question, SCENE_INDEX)
    for row, scene in enumerate(SCENE_INDEX):
        total = torch.zeros(7, dtype=torch.float64)
        for thing in objects[scene][mask[scene]]:
            total += network.phi(torch.cat([thing, question[row]])).relu()
        torch.testing.assert_close(network.rho(total), logits[row], rtol=0, atol=1e-12)


def test_the_sum_of_a_scene_is_that_of_its_parts_so_that_no_layer_sees_two_objects(network, sample):
    sums: list[torch.Tensor] = []
    network.rho.register_forward_pre_hook(lambda _, inputs: sums.append(inputs[0]))
    objects, question = sample[0], sample[2][:N_SCENES]
    whole, one, other = (network(part, None, question) for part in (objects, objects[:, :2], objects[:, 2:]))
    torch.testing.assert_close(sums[0], sums[1] + sums[2], rtol=0, atol=1e-12)
    assert not torch.allclose(whole, one + other), "rho is linear"


@pytest.mark.parametrize("name", BUNDLED)
def test_baselines_have_as_many_parameters_as_the_relation_network_and_hardly_more(name):
    models = make_models(OwnData(find_files(BUNDLED[name].path)).schema)
    with torch.device("meta"):
        sizes = {kind: sum(p.numel() for p in build_model(each, 0).parameters()) for kind, each in models.items()}
    assert all(sizes["rn"] <= sizes[kind] < 1.25 * sizes["rn"] for kind in ("mlp", "ds")), sizes


def test_a_size_that_cannot_be_built_is_refused():
    with pytest.raises(RNCoreError, match="phi_widths must list one or more"):
        DeepSetConfig(5, 3, 4, phi_widths=())

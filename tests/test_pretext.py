"""The warm start: cells name what they hold, and are read as object rows."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rn_core.common.seeding import make_rng
from rn_core.models import build_model
from rn_core.pretraining.cells import PretextConfig, naming_loss, read_cells_as_rows, read_cells_with, warm_start
from rn_core.tasks import TASKS
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr import Scene, SceneObject, stack_scenes
from rn_core.tasks.sort_of_clevr.cells import cell_facts, cell_reading
from rn_core.tasks.sort_of_clevr.scene import COLORS

PIXELS = TASKS["sort-of-clevr/pixels"]


@pytest.mark.parametrize("kind", ["rn", "mlp"])
def test_the_first_layer_sees_of_a_cell_what_its_row_says_and_no_more(kind):
    torch.manual_seed(0)
    model = build_model(model_config("sort-of-clevr/pixels", kind), 0)
    naming = nn.Linear(64, 24)
    read_cells_as_rows(model, naming, cell_reading())
    first, d_object = model.core.first_layer, model.core.config.d_object
    matrix = cell_reading().matrix
    to_row = torch.cat([matrix[:, :24] @ naming.weight, matrix[:, 24:]], dim=1)  # (10, 66)
    _, _, rest = torch.linalg.svd(to_row)
    unseen, seen = rest[-1], rest[0]
    for block in range(model.core.n_blocks):
        weight = first.weight[:, block * d_object : (block + 1) * d_object]
        assert (weight @ unseen).norm() < 1e-4
        assert (weight @ seen).norm() > 1e-2


def test_naming_is_learned_and_statistics_stand_still_afterwards():
    model = build_model(model_config("sort-of-clevr/pixels", "rn"), 0)
    untaught = warm_start(build_model(model.config, 0), PIXELS, PretextConfig(steps=1, n_scenes=16))
    assert warm_start(model, PIXELS, PretextConfig(steps=50, n_scenes=16)) < 0.6 * untaught
    model.train()
    images, _ = PIXELS.sample_cells(make_rng(0, "validation"), 8)
    before = model.encoder(images)[0]
    assert torch.equal(model.encoder(images)[0], before)
    model.eval()
    assert torch.equal(model.encoder(images)[0], before)


def test_naming_nothing_costs_what_the_facts_weigh():
    _, facts = PIXELS.sample_cells(make_rng(0, "validation"), 8)
    assert naming_loss(facts, facts) == 0
    assert naming_loss(torch.zeros_like(facts), facts) == pytest.approx(facts.square().sum().item() / 48, rel=1e-5)


def test_an_absent_color_does_not_hide_a_present_one():
    """Absent colors sit at the image's middle, in cell 12; so may the only object."""
    middle = stack_scenes([Scene((SceneObject("red", "square", 37, 37),))])
    facts = cell_facts(middle)[0]
    assert facts[12, COLORS.index("red"), 0] == 1
    assert facts.count_nonzero() == facts[12, COLORS.index("red")].count_nonzero()


def test_a_learned_core_sees_cells_as_it_saw_rows_and_stays_silent_about_empty_ones():
    pixels = build_model(model_config("sort-of-clevr/pixels", "rn"), 0)
    learned = build_model(model_config("sort-of-clevr/objects", "rn"), 1).core
    reading, naming = cell_reading(), nn.Linear(64, 24)
    read_cells_with(pixels, learned, naming, reading)
    facts = torch.zeros(2, 24)
    facts[0, [4, 5, 6, 7]] = torch.tensor([1, -1, 0.5, -0.25])  # a green square here, nothing there
    features = torch.linalg.lstsq(naming.weight, (facts - naming.bias).T).solution.T
    cells = torch.cat([features, torch.tensor([[0.5, -0.5], [1.0, 0.0]])], dim=1)
    row = reading.matrix @ torch.cat([facts[0], cells[0, 64:]]) + reading.offset
    question = torch.rand(1, 11)
    seen = pixels.core.first_layer(torch.cat([cells[0], cells[0], question[0]]))
    torch.testing.assert_close(seen, learned.first_layer(torch.cat([row, row, question[0]])), rtol=1e-3, atol=1e-3)
    for i, j in ((0, 1), (1, 0), (1, 1)):
        assert pixels.core.first_layer(torch.cat([cells[i], cells[j], question[0]])).max() < 0
    relations = pixels.core.trace(cells[None], None, question).relations[0]
    assert torch.equal(relations[1], relations[3]), "every pair with an empty cell says the same"
    torch.testing.assert_close(pixels.core.f_phi.state_dict(), learned.f_phi.state_dict())

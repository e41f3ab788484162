"""The warm start: cells name what they hold, and are read as object rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from rn_core.models import build_model
from rn_core.models.configs import model_config
from rn_core.models.encoders import make_coordinates
from rn_core.pretext import PretextConfig, naming_loss, read_cells_as_rows, warm_start
from rn_core.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import Scene, SceneObject, sample_scenes, stack_scenes
from rn_core.tasks.sort_of_clevr.cells import cell_facts, cell_reading, keep_cells, object_cells
from rn_core.tasks.sort_of_clevr.encoding import encode_rows

PIXELS = TASKS["sort-of-clevr/pixels"]


def test_a_cell_with_one_object_reads_as_its_row():
    scenes = sample_scenes(make_rng(0, "test"), 50)
    facts, cells = cell_facts(scenes), object_cells(scenes)
    rows, _ = encode_rows(scenes)
    matrix, offset, present = cell_reading()
    seen = 0
    for s in range(50):
        for k in range(6):
            if (cells[s] == cells[s, k]).sum() > 1:
                continue
            cell = torch.cat([facts[s, cells[s, k]].flatten(), make_coordinates(5)[cells[s, k]]])
            torch.testing.assert_close(matrix @ cell + offset, rows[s, k])
            assert present @ cell == 1
            seen += 1
    assert seen > 200


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


def test_kept_cells_hold_every_object_and_differ_otherwise():
    scenes = sample_scenes(make_rng(0, "test"), 40)
    kept = keep_cells(make_rng(1, "train"), scenes, 9).numpy()
    for s in range(40):
        assert set(object_cells(scenes)[s]) <= set(kept[s])
        assert len(set(kept[s])) == 9
    assert len(np.unique(kept)) == 25


def test_an_absent_colour_does_not_hide_a_present_one():
    """Absent colours sit at the image's middle, in cell 12; so may the only object."""
    middle = stack_scenes([Scene((SceneObject("red", "square", 37, 37),))] * 50)
    assert all(12 in row for row in keep_cells(make_rng(0, "train"), middle, 6))

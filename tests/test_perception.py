"""Finding objects, learned from labels; whose object is whose; and types of questions that come first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rn_core.attribution.cells import found_weights
from rn_core.common.errors import RNCoreError
from rn_core.common.records import LabeledPictures
from rn_core.models import build_model
from rn_core.models.slots import STRIDE, SlotEncoderConfig, SlotMaps
from rn_core.pretraining.cells import PretextConfig
from rn_core.pretraining.slots import learn_objects, perception_loss
from rn_core.tasks import TASKS
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr.scene import COLORS, SHAPES
from rn_core.training.config import count_cells, learning_rate, type_weights
from rn_core.training.processes import make_fabric
from rn_core.training.recipes import make_recipe
from rn_core.training.trainer import Trainer

PIXELS = TASKS["sort-of-clevr/pixels"]
GRID = SlotEncoderConfig().grid_size


def make_pictures(places: list[tuple[float, float]], values: list[tuple[int, int]]) -> LabeledPictures:
    """Return one blank picture that is said to show objects, and one slot of padding."""
    padded = [*places, (0.0, 0.0)]
    return LabeledPictures(
        images=torch.zeros(1, 75, 75, 3, dtype=torch.uint8),
        places=torch.tensor([padded]),
        values=torch.tensor([[*values, (0, 0)]]),
        mask=torch.tensor([[True] * len(places) + [False]]),
    )


def perfect_maps(pictures: LabeledPictures, sureness: float = 60.0) -> SlotMaps:
    """Return maps that say what is true, written apart from the loss."""
    centers = torch.full((1, GRID, GRID), -sureness)
    attributes, offsets = torch.zeros(1, 8, GRID, GRID), torch.zeros(1, 2, GRID, GRID)
    for (x, y), (color, shape), there in zip(
        pictures.places[0].tolist(), pictures.values[0].tolist(), pictures.mask[0], strict=True
    ):
        if there:
            column, row = round(x / STRIDE), round(y / STRIDE)
            centers[0, row, column] = sureness
            attributes[0, color, row, column] = attributes[0, len(COLORS) + shape, row, column] = sureness
            offsets[0, :, row, column] = torch.tensor([x / STRIDE - column, y / STRIDE - row])
    return SlotMaps(centers, attributes, offsets)


def test_the_loss_is_zero_for_the_truth_and_grows_with_each_error():
    pictures = make_pictures([(10.0, 20.0), (61.0, 33.0)], [(2, 1), (5, 0)])
    truth = perfect_maps(pictures)
    sizes = (len(COLORS), len(SHAPES))
    assert perception_loss(truth, pictures, sizes).item() == pytest.approx(0, abs=1e-6)
    lost = truth._replace(centers=torch.full_like(truth.centers, -60.0))
    assert perception_loss(lost, pictures, sizes) > 50
    extra = truth._replace(centers=truth.centers.clone())
    extra.centers[0, 0, 0] = 60.0
    assert perception_loss(extra, pictures, sizes).item() == pytest.approx(60 / 2, rel=1e-3)  # per object
    moved = truth._replace(offsets=truth.offsets + 0.5)
    assert perception_loss(moved, pictures, sizes).item() == pytest.approx(4 * 0.5, rel=1e-5)
    swapped = replace(pictures, values=pictures.values.flip(1).roll(-1, dims=1))
    assert perception_loss(truth, swapped, sizes) > 50


def test_an_encoder_learns_to_find_objects_and_takes_over_relations():
    config = model_config("sort-of-clevr/pixels", "rn-slots")
    untaught, model = build_model(config, 0), build_model(config, 0)
    first = learn_objects(untaught, PIXELS, PretextConfig(steps=1, n_scenes=4))
    learned = build_model(model_config("sort-of-clevr/objects", "rn"), 1).core
    assert learn_objects(model, PIXELS, PretextConfig(steps=30, n_scenes=4, learning_rate=0.02), learned) < 0.6 * first
    for ours, theirs in zip(model.core.state_dict().values(), learned.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)


def test_an_encoder_that_finds_none_is_refused():
    model = build_model(model_config("sort-of-clevr/pixels", "rn"), 0)
    with pytest.raises(RNCoreError, match="A ImageEncoder finds no objects; choose a model of slots"):
        learn_objects(model, PIXELS, PretextConfig(steps=1))


def test_relations_of_other_sizes_are_refused():
    model = build_model(model_config("sort-of-clevr/pixels", "rn-slots"), 0)
    other = build_model(model_config("sort-of-clevr/objects", "rn", "tiny"), 0).core
    with pytest.raises(RNCoreError, match="The core must have the sizes of"):
        learn_objects(model, PIXELS, PretextConfig(steps=1), other)


def test_a_found_object_is_the_one_whose_pixels_its_center_lies_on():
    masks = np.zeros((2, 75, 75), dtype=bool)
    masks[0, 10:20, 30:40] = masks[1, 50:60, 5:15] = True
    places = torch.tensor([[34.6, 12.2], [8.0, 55.0], [70.0, 70.0], [-3.0, 80.0]])
    assert found_weights(places, masks).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]


def test_masks_of_another_kind_are_refused():
    with pytest.raises(RNCoreError, match=r"object_masks must be \(K, H, W\) bool"):
        found_weights(torch.zeros(1, 2), np.zeros((2, 75, 75)))


def test_the_first_steps_ask_only_the_first_types():
    config = make_recipe(
        "sort-of-clevr/rn-objects", "tiny", first_types=("left", "top"), first_steps=3, steps=6, n_questions=6
    )
    trainer, asked = Trainer(config, make_fabric("cpu", "32-true")), []
    for _ in range(config.steps):
        batch = trainer.sample()
        asked.append({trainer.task.question_types[k] for k in batch.type_index.tolist()})
        trainer.step(batch)
    assert all(kinds <= {"left", "top"} for kinds in asked[:3])
    assert all(kinds > {"left", "top"} for kinds in asked[3:])


def test_weights_change_at_the_step_that_ends_the_first_types():
    config = make_recipe("sort-of-clevr/rn-objects", "tiny", first_types=("shape",), first_steps=5)
    half = np.full(6, 0.5)
    before, after = type_weights(config, half, 4), type_weights(config, half, 5)
    assert before[0] == after[0] == 0.5
    assert before[1:].max() < 1e-6
    assert (after == 0.5).all()


@pytest.mark.parametrize("changes", [{"first_steps": 5}, {"first_types": ("shape",)}, {"first_steps": -1}])
def test_first_types_and_steps_come_together(changes):
    with pytest.raises(RNCoreError, match="give both or neither"):
        make_recipe("sort-of-clevr/rn-objects", "tiny", **changes)


def test_the_optimizer_begins_anew_when_the_first_types_end():
    """What Adam kept of the small gradients of learned questions would throw the network back at the first new one."""
    changes = {"first_types": ("left",), "first_steps": 3, "steps": 80, "n_questions": 6, "warmup_steps": 4}
    config = make_recipe("sort-of-clevr/rn-objects", "tiny", **changes)
    rates = [learning_rate(config, step) / config.learning_rate for step in range(8)]
    assert rates[0] < rates[1] < rates[2]
    assert rates[3] < rates[0]
    assert rates[3] < rates[4] < rates[5]
    trainer = Trainer(config, make_fabric("cpu", "32-true"))
    taken = []
    for _ in range(5):
        trainer.step(trainer.sample())
        taken.append({int(state["step"]) for state in trainer.optimizer.optimizer.state.values()})
    assert taken == [{1}, {2}, {3}, {1}, {2}]


def test_few_cells_take_part_except_in_every_so_many_steps_and_at_the_end():
    config = make_recipe(
        "sort-of-clevr/rn-pixels-end-to-end", "tiny", steps=20, n_cells=12, all_cells_every=4, all_cells_from=0.8
    )
    counts = [count_cells(config, step) for step in range(20)]
    assert [step for step, count in enumerate(counts) if count is None] == [0, 4, 8, 12, 16, 17, 18, 19]
    assert {*counts} == {None, 12}
    assert [count_cells(replace(config, all_cells_every=0), step) for step in (0, 15, 16)] == [12, 12, None]
    with pytest.raises(RNCoreError, match="all_cells_every must be 0 or more, got -1"):
        replace(config, all_cells_every=-1)


def test_networks_without_pairs_see_every_cell_of_the_same_batches():
    changes = {"steps": 3, "n_scenes": 2, "n_questions": 2, "n_cells": 12, "all_cells_from": 1.0}
    mlp, rn = (
        Trainer(
            make_recipe(f"sort-of-clevr/{kind}-pixels-end-to-end", "tiny", **changes), make_fabric("cpu", "32-true")
        )
        for kind in ("mlp", "rn")
    )
    for _ in range(2):
        batches = mlp.sample(), rn.sample()
        assert batches[0].kept.shape == (2, 12)
        assert torch.equal(batches[0].inputs[0], batches[1].inputs[0])
        assert all(trainer.step(batch).isfinite() for trainer, batch in zip((mlp, rn), batches, strict=True))
